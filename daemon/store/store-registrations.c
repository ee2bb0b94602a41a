/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: registrations
 *
 * Files and settings are kept as GVariant's text with types: a later release reads it whatever the machine,
 * and a person can read it, too.
 */
#include "daemon/store/store-internal.h"
#include "daemon/store/version-row.h"

Registration *registration_free(Registration *registration)
{
        if (!registration)
                return NULL;

        g_clear_pointer(&registration->settings, g_variant_unref);
        g_strfreev(registration->files);
        g_free(registration->pattern);
        g_free(registration->directory);
        g_free(registration->name);
        g_free(registration);
        return NULL;
}

static Failure *check_registration(const Registration *registration)
{
        bool valid = store_text_is_valid(registration->name) &&
                     store_text_is_valid(registration->directory) &&
                     store_text_is_valid(registration->pattern);

        for (size_t i = 0; valid && registration->files[i]; i++)
                valid = store_text_is_valid(registration->files[i]);
        return valid ? NULL
                     : failure_new(FAILURE_INVALID_ARGUMENT,
                                   "A registration's name, directory, pattern and files must be UTF-8");
}

static int save_registration(Store *store, const Registration *registration)
{
        g_autoptr(Statement) save = NULL;
        g_autoptr(GVariant) files = NULL;
        g_autofree char *files_text = NULL, *settings_text = NULL;

        files = g_variant_ref_sink(g_variant_new_strv((const char *const *) registration->files, -1));
        files_text = g_variant_print(files, TRUE);
        settings_text = g_variant_print(registration->settings, TRUE);

        save = database_statement(store->database, STATEMENT_SAVE_REGISTRATION);
        statement_bind_text(save, 1, registration->name);
        statement_bind_text(save, 2, registration->directory);
        statement_bind_text(save, 3, registration->pattern);
        statement_bind_text(save, 4, files_text);
        statement_bind_text(save, 5, settings_text);
        statement_bind_uid(save, 6, registration->uid);
        return statement_run(save);
}

Failure *store_save_registration(Store *store, const Registration *registration)
{
        Failure *failure;
        int r;

        failure = check_registration(registration);
        if (failure)
                return failure;

        r = database_begin(store->database, DURABILITY_FULL);
        if (r == SQLITE_OK)
                r = database_end(store->database, save_registration(store, registration));
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r, "The registration of '%s'",
                                                       registration->name);
}

static int delete_registration(Store *store, const char *name)
{
        g_autoptr(Statement) delete = database_statement(store->database, STATEMENT_DELETE_REGISTRATION);

        statement_bind_text(delete, 1, name);
        return statement_run(delete);
}

Failure *store_remove_registration(Store *store, const char *name)
{
        int r = database_begin(store->database, DURABILITY_FULL);

        if (r == SQLITE_OK)
                r = database_end(store->database, delete_registration(store, name));
        return r == SQLITE_OK ? NULL
                              : database_write_failure(store->database, r,
                                                       "The end of the registration of '%s'", name);
}

static int read_variant(Statement *statement, int column, const GVariantType *type, GVariant **ret)
{
        g_autofree char *text = NULL;
        int r;

        r = statement_read_text(statement, column, &text);
        if (r != SQLITE_OK)
                return r;
        if (!text)
                return SQLITE_CORRUPT;

        *ret = g_variant_parse(type, text, NULL, NULL, NULL);
        return *ret ? SQLITE_OK : SQLITE_CORRUPT;
}

static int read_registration(Statement *statement, Registration *registration)
{
        g_autoptr(GVariant) files = NULL;
        int r;

        r = statement_read_text(statement, 0, &registration->name);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, 1, &registration->directory);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, 2, &registration->pattern);
        if (r == SQLITE_OK)
                r = read_variant(statement, 3, G_VARIANT_TYPE_STRING_ARRAY, &files);
        if (r == SQLITE_OK)
                r = read_variant(statement, 4, G_VARIANT_TYPE_VARDICT, &registration->settings);
        if (r == SQLITE_OK)
                r = statement_read_uid(statement, 5, &registration->uid);
        if (r != SQLITE_OK)
                return r;

        registration->files = g_variant_dup_strv(files, NULL);
        return registration->name ? SQLITE_OK : SQLITE_CORRUPT;
}

static void free_registration(void *data)
{
        registration_free(data);
}

Failure *store_list_registrations(Store *store, GPtrArray **ret)
{
        g_autoptr(Statement) list = database_statement(store->database, STATEMENT_LIST_REGISTRATIONS);
        g_autoptr(GPtrArray) registrations = g_ptr_array_new_with_free_func(free_registration);
        int r;

        while ((r = sqlite3_step(list)) == SQLITE_ROW) {
                Registration *registration = g_new0(Registration, 1);

                g_ptr_array_add(registrations, registration);
                r = read_registration(list, registration);
                if (r != SQLITE_OK)
                        break;
        }
        if (r != SQLITE_DONE)
                return database_read_failure(store->database, r, "The registrations");

        *ret = g_steal_pointer(&registrations);
        return NULL;
}
