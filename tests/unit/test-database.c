/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of opening a database: made anew or set aside
 */
#include "daemon/store/database.h"
#include "tests/support/store-scene.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *make_history_and_tell_epoch(const StoreScene *scene)
{
        g_autoptr(Store) store = NULL;

        store_scene_make_history(scene);
        store = store_scene_open(scene->directory);
        return g_strdup(store_epoch(store));
}

static mode_t mode_of(const char *path)
{
        GStatBuf st;

        g_assert_cmpint(g_stat(path, &st), ==, 0);
        return st.st_mode & 07777;
}

/* The name that something was set aside under, after a look that there is one such only. */
static char *find_set_aside(const StoreScene *scene)
{
        g_autoptr(GDir) entries = g_dir_open(scene->directory, 0, NULL);
        char *found = NULL;
        const char *name;

        g_assert_nonnull(entries);
        while ((name = g_dir_read_name(entries))) {
                if (!strstr(name, ".set-aside-") || g_str_has_suffix(name, "-wal") ||
                    g_str_has_suffix(name, "-shm"))
                        continue;
                g_assert_null(found);
                found = g_build_filename(scene->directory, name, NULL);
        }
        return found;
}

/* Opens, expecting that what is there is set aside for that reason. Gives the name. */
static char *assert_set_aside(const StoreScene *scene, const char *reason)
{
        g_autofree char *message = NULL, *name = NULL;
        g_autoptr(Store) store = NULL;

        assert_no_failure(store_open(scene->directory, &store, &message));
        g_assert_nonnull(message);
        name = find_set_aside(scene);
        g_assert_nonnull(name);
        if (!strstr(message, reason) || !strstr(message, scene->database) || !strstr(message, name))
                g_error("\"%s\" does not say \"%s\"", message, reason);

        /* What takes its place works, now and from now on. */
        assert_history(store, "app", "");
        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
        store = store_close(store);
        store = store_scene_open(scene->directory);
        assert_history(store, "app", "1 active");
        return g_steal_pointer(&name);
}

static void test_modes(StoreScene *scene, const void *data)
{
        g_autofree char *parent = g_path_get_dirname(scene->directory);
        g_autofree char *log = g_strconcat(scene->database, "-wal", NULL);
        mode_t mask = umask(0);
        g_autoptr(Store) store = store_scene_open(scene->directory);

        (void) add_content(store, "app", "a: 1\n");
        umask(mask);
        g_assert_cmpint(mode_of(parent), ==, 0700);
        g_assert_cmpint(mode_of(scene->directory), ==, 0700);
        g_assert_cmpint(mode_of(scene->database), ==, 0600);
        g_assert_cmpint(mode_of(log), ==, 0600);

        store = store_close(store);
        g_assert_cmpint(g_chmod(scene->database, 0644), ==, 0);
        store = store_scene_open(scene->directory);
        g_assert_cmpint(mode_of(scene->database), ==, 0600);
}

static void test_header(StoreScene *scene, const void *data)
{
        g_autofree char *content = NULL;
        size_t length;

        store_scene_make_history(scene);
        g_assert_true(g_file_get_contents(scene->database, &content, &length, NULL));
        g_assert_cmpmem(content + 60, 4, "\0\0\0\2", 4);
        g_assert_cmpmem(content + 68, 4, "Rcnf", 4);
        /* The log is in use. */
        g_assert_cmpint(content[18], ==, 2);
}

/* As a kill leaves it that comes before the first transaction. */
static void test_empty_file(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = NULL;

        g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
        g_assert_true(g_file_set_contents(scene->database, "", 0, NULL));
        store = store_scene_open(scene->directory);
        g_assert_cmpuint(add_content(store, "app", "a: 1\n"), ==, 1);
}

typedef void (*Damage)(const StoreScene *scene);

typedef struct DamageCase {
        const char *name;
        const char *reason;
        Damage damage;
} DamageCase;

static void write_random(const StoreScene *scene)
{
        uint32_t noise[4096];

        for (size_t i = 0; i < G_N_ELEMENTS(noise); i++)
                noise[i] = (uint32_t) g_test_rand_int();
        g_assert_true(g_file_set_contents(scene->database, (const char *) noise, sizeof(noise), NULL));
}

static void write_text(const StoreScene *scene)
{
        g_assert_true(g_file_set_contents(scene->database, "a: 1\n", -1, NULL));
}

static void truncate_to_half(const StoreScene *scene)
{
        GStatBuf st;

        g_assert_cmpint(g_stat(scene->database, &st), ==, 0);
        g_assert_cmpint(truncate(scene->database, st.st_size / 2), ==, 0);
}

/* Keeps the first page, so that it looks well from outside. */
static void overwrite_pages(const StoreScene *scene)
{
        g_autofree char *content = NULL;
        size_t length;

        g_assert_true(g_file_get_contents(scene->database, &content, &length, NULL));
        memset(content + 4096, 0x5a, length - 4096);
        g_assert_true(g_file_set_contents(scene->database, content, length, NULL));
}

static void raise_version(const StoreScene *scene)
{
        store_scene_run(scene->database, "PRAGMA user_version = 99");
}

static void lower_version(const StoreScene *scene)
{
        store_scene_run(scene->database, "PRAGMA user_version = 0");
}

static void claim_first_form(const StoreScene *scene)
{
        store_scene_run(scene->database, "PRAGMA user_version = 1");
}

static void change_application(const StoreScene *scene)
{
        store_scene_run(scene->database, "PRAGMA application_id = 1234");
}

static void drop_table(const StoreScene *scene)
{
        store_scene_run(scene->database, "DROP TABLE layers");
}

static void drop_column(const StoreScene *scene)
{
        store_scene_run(scene->database, "ALTER TABLE versions DROP COLUMN label");
}

static void drop_epoch(const StoreScene *scene)
{
        store_scene_run(scene->database, "DELETE FROM meta");
}

static void change_epoch(const StoreScene *scene)
{
        store_scene_run(scene->database, "UPDATE meta SET value = 'a\nb'");
}

static void add_bad_settings(const StoreScene *scene)
{
        store_scene_run(scene->database, "INSERT INTO registrations VALUES('a', NULL, NULL, '[]', '{', 0)");
}

static void add_bad_files(const StoreScene *scene)
{
        store_scene_run(scene->database,
                        "INSERT INTO registrations VALUES('a', NULL, NULL, '[1]', '{}', 0)");
}

static void add_bad_name(const StoreScene *scene)
{
        store_scene_run(scene->database, "INSERT INTO registrations VALUES(CAST(x'ff' AS TEXT), NULL, NULL, "
                                         "'@as []', '@a{sv} {}', 0)");
}

static void add_bad_uid(const StoreScene *scene)
{
        store_scene_run(scene->database, "INSERT INTO registrations VALUES('a', NULL, NULL, "
                                         "'@as []', '@a{sv} {}', 4294967295)");
}

static void make_directory(const StoreScene *scene)
{
        g_assert_cmpint(g_unlink(scene->database), ==, 0);
        g_assert_cmpint(g_mkdir(scene->database, 0700), ==, 0);
}

static void make_fifo(const StoreScene *scene)
{
        g_assert_cmpint(g_unlink(scene->database), ==, 0);
        g_assert_cmpint(mkfifo(scene->database, 0600), ==, 0);
}

static const DamageCase damage_cases[] = {
        { "random", "is damaged", write_random },
        { "text", "is damaged", write_text },
        { "truncated", "is damaged", truncate_to_half },
        { "overwritten", "is damaged", overwrite_pages },
        { "newer", "is from a newer release (form 99, this release knows 2)", raise_version },
        { "older", "has a form that no release had (0)", lower_version },
        { "misnamed", "is damaged (its tables are not of the form that it says)", claim_first_form },
        { "foreign", "was not made by reconfd", change_application },
        { "no-table", "is damaged (no such table: layers)", drop_table },
        { "no-column", "is damaged", drop_column },
        { "no-epoch", "is damaged (in its content)", drop_epoch },
        { "bad-epoch", "is damaged (in its content)", change_epoch },
        { "bad-settings", "is damaged (in its content)", add_bad_settings },
        { "bad-files", "is damaged (in its content)", add_bad_files },
        { "bad-name", "is damaged (in its content)", add_bad_name },
        { "bad-uid", "is damaged (in its content)", add_bad_uid },
        { "directory", "is not a regular file", make_directory },
        { "fifo", "is not a regular file", make_fifo },
};

static void test_set_aside(StoreScene *scene, const void *data)
{
        const DamageCase *damage = data;
        g_autofree char *epoch = make_history_and_tell_epoch(scene);
        g_autofree char *name = NULL;
        g_autoptr(Store) store = NULL;

        damage->damage(scene);
        name = assert_set_aside(scene, damage->reason);
        store = store_scene_open(scene->directory);
        g_assert_cmpstr(store_epoch(store), !=, epoch);
}

/* What an earlier form did not keep is unknown; all that it kept is there. */
static void test_first_form(StoreScene *scene, const void *data)
{
        static const char to_first_form[] = "ALTER TABLE registrations DROP COLUMN uid;"
                                            "ALTER TABLE intents DROP COLUMN uid;"
                                            "ALTER TABLE intents DROP COLUMN pid;"
                                            "ALTER TABLE intents DROP COLUMN unit;"
                                            "PRAGMA user_version = 1;";
        g_autofree char *epoch = make_history_and_tell_epoch(scene);
        Store *store = store_scene_open(scene->directory);

        g_assert_null(store_scene_register(store, "app"));
        store_close(store);
        store_scene_run(scene->database, to_first_form);

        /* Once more, to find it in this form. */
        for (unsigned i = 0; i < 2; i++) {
                g_autoptr(GPtrArray) registrations = NULL;

                store = store_scene_open(scene->directory);
                g_assert_cmpstr(store_epoch(store), ==, epoch);
                assert_history(store, "app", STORE_SCENE_HISTORY);
                g_assert_null(store_list_registrations(store, &registrations));
                g_assert_cmpuint(registrations->len, ==, 1);
                g_assert_true(((Registration *) g_ptr_array_index(registrations, 0))->uid == (uid_t) -1);
                store_close(store);
        }
}

/* Leaves what it writes in the log, as a kill does. */
static void run_and_leave_log(const char *database, const char *sql)
{
        sqlite3 *connection = NULL;

        g_assert_cmpint(sqlite3_open(database, &connection), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), ==,
                        SQLITE_OK);
        g_assert_cmpint(sqlite3_exec(connection, sql, NULL, NULL, NULL), ==, SQLITE_OK);
        g_assert_cmpint(sqlite3_close(connection), ==, SQLITE_OK);
}

/* The log that belongs to it goes along: nothing is lost, and the new one does not get to see it. */
static void test_set_aside_with_log(StoreScene *scene, const void *data)
{
        g_autofree char *epoch = make_history_and_tell_epoch(scene);
        g_autofree char *saved = g_build_filename(scene->root, "saved", NULL);
        g_autofree char *saved_database = g_build_filename(saved, DATABASE_FILE, NULL);
        g_autofree char *saved_log = g_strconcat(saved_database, "-wal", NULL);
        g_autofree char *name = NULL, *log = NULL;
        g_autoptr(Store) store = NULL;

        run_and_leave_log(scene->database, "PRAGMA user_version = 99");
        name = assert_set_aside(scene, "is from a newer release");
        log = g_strconcat(name, "-wal", NULL);

        g_assert_cmpint(g_mkdir(saved, 0700), ==, 0);
        g_assert_cmpint(g_rename(name, saved_database), ==, 0);
        g_assert_cmpint(g_rename(log, saved_log), ==, 0);
        store_scene_run(saved_database, "PRAGMA user_version = 2");
        store = store_scene_open(saved);
        assert_history(store, "app", STORE_SCENE_HISTORY);
        g_assert_cmpstr(store_epoch(store), ==, epoch);
}

static void test_set_aside_twice(StoreScene *scene, const void *data)
{
        g_autoptr(GDir) entries = NULL;
        unsigned count = 0;
        const char *name;

        for (unsigned i = 0; i < 3; i++) {
                g_autofree char *message = NULL;
                g_autoptr(Store) store = NULL;

                g_assert_cmpint(g_mkdir_with_parents(scene->directory, 0700), ==, 0);
                write_text(scene);
                assert_no_failure(store_open(scene->directory, &store, &message));
                g_assert_nonnull(message);
        }
        entries = g_dir_open(scene->directory, 0, NULL);
        while ((name = g_dir_read_name(entries)))
                count += strstr(name, ".set-aside-") != NULL;
        g_assert_cmpuint(count, ==, 3);
}

/* Damage to the history shows when it is read, and is acted on at the next start. */
static void test_damage_found_later(StoreScene *scene, const void *data)
{
        const char *sql = data;
        g_autofree char *name = NULL;
        g_autoptr(GPtrArray) versions = NULL;
        g_autoptr(Version) version = NULL;
        g_autoptr(Store) store = NULL;
        Failure *failure;

        store_scene_make_history(scene);
        store_scene_run(scene->database, sql);
        store = store_scene_open(scene->directory);
        failure = store_list_versions(store, "app", &versions);
        if (!failure)
                failure = store_load_version(store, "app", 2, &version);
        assert_failed(failure, FAILURE_FILE_UNREADABLE,
                      "it is damaged, and will be set aside at the next start");
        g_assert_null(version);
        store = store_close(store);

        name = assert_set_aside(scene, "was found damaged when it was last used");
}

static const char *const bad_rows[] = {
        "UPDATE versions SET origin = 'nothing' WHERE number = 2",
        "UPDATE versions SET state = 'gone' WHERE number = 2",
        "UPDATE versions SET merge = 'none' WHERE number = 2",
        "UPDATE versions SET number = -2 WHERE number = 2",
        "UPDATE versions SET time = -1 WHERE number = 2",
        "UPDATE versions SET size = 9223372036854775807 WHERE number = 2",
        "UPDATE versions SET from_version = -1 WHERE number = 2",
        "UPDATE versions SET uid = 4294967295 WHERE number = 2",
        "UPDATE versions SET pid = -1 WHERE number = 2",
        "UPDATE versions SET pid = 2147483648 WHERE number = 2",
        "UPDATE versions SET message = CAST(x'ff' AS TEXT) WHERE number = 2",
        "UPDATE versions SET unit = CAST(x'610062' AS TEXT) WHERE number = 2",
        "UPDATE versions SET digest = 'abc' WHERE number = 2",
        "UPDATE versions SET n_layers = 2 WHERE number = 2",
        "UPDATE versions SET first_layer = 9223372036854775807 WHERE number = 2",
        "UPDATE layers SET format = 'toml'",
        "UPDATE layers SET file = CAST(x'ff' AS TEXT)",
        "DELETE FROM layers",
};

static void test_numbers_out_of_range(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = NULL;
        g_autoptr(Version) version = version_of("a: 3\n", NULL);

        store_scene_make_history(scene);
        store_scene_run(scene->database, "UPDATE configs SET next = 9223372036854775807");
        store = store_scene_open(scene->directory);
        assert_failed(store_add_version(store, "app", version, VERSION_SUPERSEDED), FAILURE_WRITE_FAILED,
                      "it is damaged");
        g_assert_cmpuint(version->number, ==, 0);
}

/* What is found wrong halfway through undoes what was done before. */
static void test_ids_used_up(StoreScene *scene, const void *data)
{
        g_autoptr(Store) store = NULL;
        g_autoptr(Version) version = version_of("a: 3\n", "b: 3\n", NULL);

        store_scene_make_history(scene);
        store_scene_run(scene->database,
                        "UPDATE layers SET id = 9223372036854775807 WHERE id = 2;"
                        "UPDATE versions SET first_layer = 9223372036854775807 WHERE number = 2");
        store = store_scene_open(scene->directory);
        assert_failed(store_add_version(store, "app", version, VERSION_SUPERSEDED), FAILURE_WRITE_FAILED,
                      "it is damaged");
        g_assert_cmpuint(version->number, ==, 0);
        g_assert_cmpuint(add_content(store, "app", "a: 3\n"), ==, 3);
        assert_layers(store, "app", 1, "a: 1\n");
        assert_layers(store, "app", 3, "a: 3\n");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        store_scene_add("/database/modes", test_modes, NULL);
        store_scene_add("/database/header", test_header, NULL);
        store_scene_add("/database/empty-file", test_empty_file, NULL);
        store_scene_add("/database/first-form", test_first_form, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(damage_cases); i++) {
                g_autofree char *path = g_strconcat("/database/set-aside/", damage_cases[i].name, NULL);

                store_scene_add(path, test_set_aside, &damage_cases[i]);
        }
        store_scene_add("/database/set-aside-with-log", test_set_aside_with_log, NULL);
        store_scene_add("/database/set-aside-twice", test_set_aside_twice, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(bad_rows); i++) {
                g_autofree char *path = g_strdup_printf("/database/damage-found-later/%zu", i);

                store_scene_add(path, test_damage_found_later, bad_rows[i]);
        }
        store_scene_add("/database/numbers-out-of-range", test_numbers_out_of_range, NULL);
        store_scene_add("/database/ids-used-up", test_ids_used_up, NULL);
        return g_test_run();
}
