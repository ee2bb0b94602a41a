/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: numbers of versions
 *
 * A number is given at most once, whatever happens. Ordinary versions are committed without a sync, so a
 * power cut may lose the newest; therefore none is given that lies beyond what was reserved with one. Within
 * a boot the kernel keeps what was committed, and numbers go on from the newest version; in another boot
 * they go on after the reserved block. Ending cleanly gives back what was not used.
 */
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"

static void bind_boot(Statement *statement, int index, const Store *store)
{
        (void) sqlite3_bind_blob(statement, index, &store->boot, sizeof(store->boot), SQLITE_STATIC);
}

int numbers_load(Store *store, const char *config, Numbers *ret)
{
        g_autoptr(Statement) find = database_statement(store->database, STATEMENT_FIND_NUMBERS);
        int r;

        *ret = (Numbers){ .next = 1 };
        bind_boot(find, 1, store);
        statement_bind_text(find, 2, config);
        r = sqlite3_step(find);
        if (r != SQLITE_ROW)
                return r == SQLITE_DONE ? SQLITE_OK : r;

        ret->config = sqlite3_column_int64(find, 0);
        r = statement_read_count(find, 1, &ret->next);
        if (r == SQLITE_OK)
                r = statement_read_count(find, 2, &ret->reserved);
        if (r != SQLITE_OK)
                return r;
        if (ret->config <= 0 || ret->next == 0)
                return SQLITE_CORRUPT;
        return SQLITE_OK;
}

uint64_t numbers_left(const Numbers *numbers)
{
        return numbers->reserved > numbers->next ? numbers->reserved - numbers->next : 0;
}

int numbers_reserve(Store *store, const char *config, Numbers *numbers)
{
        bool known = numbers->config != 0;
        g_autoptr(Statement) save = database_statement(store->database,
                                                       known ? STATEMENT_RESERVE : STATEMENT_ADD_CONFIG);
        uint64_t reserved = numbers->next + STORE_NUMBERS_BLOCK;
        int r;

        if (known)
                (void) sqlite3_bind_int64(save, 1, numbers->config);
        else
                statement_bind_text(save, 1, config);
        (void) sqlite3_bind_int64(save, 2, (int64_t) numbers->next);
        (void) sqlite3_bind_int64(save, 3, (int64_t) reserved);
        bind_boot(save, 4, store);
        r = statement_run(save);
        if (r != SQLITE_OK)
                return r;

        numbers->reserved = reserved;
        if (!known)
                numbers->config = database_last_id(store->database);
        return SQLITE_OK;
}

int numbers_reserve_all(Store *store)
{
        g_autoptr(Statement) reserve = database_statement(store->database, STATEMENT_RESERVE_ALL);

        bind_boot(reserve, 1, store);
        (void) sqlite3_bind_int(reserve, 2, STORE_NUMBERS_BLOCK);
        return statement_run(reserve);
}

int numbers_keep(Store *store, const Numbers *numbers)
{
        g_autoptr(Statement) keep = database_statement(store->database, STATEMENT_KEEP_NEXT);

        (void) sqlite3_bind_int64(keep, 1, numbers->config);
        (void) sqlite3_bind_int64(keep, 2, (int64_t) numbers->next);
        return statement_run(keep);
}

int numbers_give_back(Store *store)
{
        g_autoptr(Statement) give_back = database_statement(store->database, STATEMENT_GIVE_BACK);

        bind_boot(give_back, 1, store);
        return statement_run(give_back);
}
