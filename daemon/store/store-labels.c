/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: names of versions
 *
 * A version with a label is never pruned, so labels are what could make a history grow beyond every limit.
 * Those that have one get half of the room of a history at most: the other half is for what comes and goes.
 */
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"

#include <string.h>

#define MAX_LABEL_LENGTH 64U

/* What is there before a version gets a label. */
typedef struct Labelled {
        bool found;      /* the version itself */
        char *label;     /* its own, or NULL */
        uint64_t holder; /* another that has the wanted one, or 0 */
        unsigned others; /* that have any */
        uint64_t size;   /* of the version and these */
} Labelled;

static void labelled_clear(Labelled *labelled)
{
        g_free(labelled->label);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Labelled, labelled_clear)

static bool is_printable(const char *label)
{
        if (!g_utf8_validate(label, -1, NULL))
                return false;
        for (const char *p = label; *p; p = g_utf8_next_char(p)) {
                GUnicodeType type = g_unichar_type(g_utf8_get_char(p));

                if (type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
                    type == G_UNICODE_PARAGRAPH_SEPARATOR)
                        return false;
        }
        return true;
}

/* What a shell, a path or a version's number could be confused with is no name. */
static Failure *check_label(const char *label)
{
        size_t length = strlen(label);
        const char *last;

        if (length > MAX_LABEL_LENGTH)
                return failure_new(FAILURE_INVALID_ARGUMENT, "a label has at most %u bytes, not %zu",
                                   MAX_LABEL_LENGTH, length);
        if (!is_printable(label))
                return failure_new(FAILURE_INVALID_ARGUMENT, "a label is UTF-8 without control characters");
        last = g_utf8_find_prev_char(label, label + length);
        if (g_unichar_isspace(g_utf8_get_char(label)) || g_unichar_isspace(g_utf8_get_char(last)))
                return failure_new(FAILURE_INVALID_ARGUMENT, "a label has no space at its beginning or end");
        if (strchr(label, '/'))
                return failure_new(FAILURE_INVALID_ARGUMENT, "a label has no slash in it");
        if (strspn(label, "0123456789") == length)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "a label is not only digits: they would be taken for a version's number");
        return NULL;
}

static int read_labelled(Statement *list, uint64_t number, const char *wanted, Labelled *labelled)
{
        g_autofree char *label = NULL;
        uint64_t found, size;
        int r;

        r = statement_read_count(list, 0, &found);
        if (r == SQLITE_OK)
                r = statement_read_count(list, 1, &size);
        if (r == SQLITE_OK)
                r = statement_read_text(list, 2, &label);
        if (r != SQLITE_OK)
                return r;

        if (!g_uint64_checked_add(&labelled->size, labelled->size, size))
                labelled->size = UINT64_MAX;
        if (found == number) {
                labelled->found = true;
                labelled->label = g_steal_pointer(&label);
                return SQLITE_OK;
        }
        labelled->others++;
        if (g_strcmp0(label, wanted) == 0)
                labelled->holder = found;
        return SQLITE_OK;
}

static int load_labelled(Store *store, const char *config, uint64_t number, const char *wanted,
                         Labelled *labelled)
{
        g_autoptr(Statement) list = database_statement(store->database, STATEMENT_LIST_LABELLED);
        int r;

        statement_bind_text(list, 1, config);
        (void) sqlite3_bind_int64(list, 2, (int64_t) number);
        while ((r = sqlite3_step(list)) == SQLITE_ROW) {
                r = read_labelled(list, number, wanted, labelled);
                if (r != SQLITE_OK)
                        return r;
        }
        return r == SQLITE_DONE ? SQLITE_OK : r;
}

static Failure *check_room(const char *config, const char *label, const Labelled *labelled)
{
        if (labelled->holder != 0)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "version %" G_GUINT64_FORMAT " of %s has the label '%s'; take it away "
                                   "from there first",
                                   labelled->holder, config, label);
        /* One name for another takes no more room. */
        if (labelled->label)
                return NULL;
        if (labelled->others >= STORE_MAX_LABELS)
                return failure_new(FAILURE_LIMIT_EXCEEDED,
                                   "%u versions of %s have a label, which is the limit; take one away first",
                                   labelled->others, config);
        if (labelled->size > STORE_MAX_LABELLED_BYTES)
                return failure_new(FAILURE_LIMIT_EXCEEDED,
                                   "the versions of %s that have a label would take more than %u MiB "
                                   "together, which is the limit; take one away first",
                                   config, STORE_MAX_LABELLED_BYTES / 1024 / 1024);
        return NULL;
}

/* In a transaction. */
static int save_label(Store *store, const char *config, uint64_t number, const char *label)
{
        g_autoptr(Statement) save = database_statement(store->database, STATEMENT_SET_LABEL);

        statement_bind_text(save, 1, config);
        (void) sqlite3_bind_int64(save, 2, (int64_t) number);
        statement_bind_text(save, 3, label);
        return statement_run(save);
}

Failure *store_set_label(Store *store, const char *config, uint64_t number, const char *label)
{
        g_auto(Labelled) labelled = { .found = false };
        const char *wanted = *label ? label : NULL;
        Failure *failure = NULL;
        int r;

        if (wanted)
                failure = check_label(wanted);
        if (failure)
                return failure;

        r = load_labelled(store, config, number, wanted, &labelled);
        if (r != SQLITE_OK)
                return database_read_failure(store->database, r, "The labels of config '%s'", config);
        if (!labelled.found)
                return failure_new(FAILURE_NO_SUCH_VERSION,
                                   "version %" G_GUINT64_FORMAT " of %s is not in the history", number,
                                   config);
        if (g_strcmp0(labelled.label, wanted) == 0)
                return NULL;
        if (wanted)
                failure = check_room(config, wanted, &labelled);
        if (failure)
                return failure;

        r = database_begin(store->database, DURABILITY_FULL);
        if (r == SQLITE_OK)
                r = database_end(store->database, save_label(store, config, number, wanted));
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r,
                                                       "The label of version %" G_GUINT64_FORMAT
                                                       " of config '%s'",
                                                       number, config);
}
