/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Schema: the tables of the state database, and every statement that is run on them
 *
 * A new version touches three pages, whatever the size of the history: one of `versions`, which is ordered
 * by config and number and so holds the one before on the same page, and the last ones of `layers` and
 * `audit`. That is why the number to be given next is not kept in `configs` but found from the newest
 * version; `next` only stands in for versions that are gone.
 *
 * `reserved` is the first number not covered by a full sync, and holds in the boot that wrote it: within a
 * boot nothing that was committed is lost. In another boot the newest versions may be missing, so numbers go
 * on from `reserved`. A row of `configs` stays for ever: it is what keeps a number from coming back.
 *
 * Enumerations are stored by name and settings as text with types, which outlast releases. The tables are
 * STRICT, but what was read from disk is checked by the readers all the same.
 */
#include "daemon/store/schema.h"

#include <glib.h>

static const char tables[] =
                "CREATE TABLE meta("
                " key TEXT PRIMARY KEY,"
                " value TEXT NOT NULL"
                ") STRICT, WITHOUT ROWID;"

                "CREATE TABLE registrations("
                " name TEXT PRIMARY KEY,"
                " directory TEXT,"
                " pattern TEXT,"
                " files TEXT NOT NULL,"    /* as, in GVariant's text form */
                " settings TEXT NOT NULL," /* a{sv}, likewise */
                " uid INTEGER"
                ") STRICT, WITHOUT ROWID;"

                "CREATE TABLE configs("
                " id INTEGER PRIMARY KEY,"
                " name TEXT NOT NULL UNIQUE,"
                " next INTEGER NOT NULL,"
                " reserved INTEGER NOT NULL,"
                " boot BLOB NOT NULL,"
                " suspended INTEGER NOT NULL DEFAULT 0"
                ") STRICT;"

                "CREATE TABLE intents("
                " config INTEGER PRIMARY KEY,"
                " number INTEGER NOT NULL,"
                " instead_of INTEGER NOT NULL,"
                " origin TEXT NOT NULL,"
                " deadline INTEGER NOT NULL,"
                " uid INTEGER,"
                " pid INTEGER,"
                " unit TEXT"
                ") STRICT;"

                "CREATE TABLE versions("
                " config INTEGER NOT NULL,"
                " number INTEGER NOT NULL,"
                " time INTEGER NOT NULL,"
                " origin TEXT NOT NULL,"
                " state TEXT NOT NULL,"
                " public INTEGER NOT NULL,"
                " uid INTEGER,"
                " pid INTEGER,"
                " unit TEXT,"
                " message TEXT,"
                " label TEXT,"
                " from_version INTEGER NOT NULL,"
                " size INTEGER NOT NULL,"
                " digest TEXT,"
                " merge TEXT NOT NULL,"
                " separator TEXT,"
                " first_layer INTEGER NOT NULL,"
                " n_layers INTEGER NOT NULL,"
                " PRIMARY KEY(config, number)"
                ") STRICT, WITHOUT ROWID;"

                /* A version's layers have the ids from its first_layer on, without a gap: no
                   index is needed. */
                "CREATE TABLE layers("
                " id INTEGER PRIMARY KEY,"
                " file TEXT NOT NULL,"
                " format TEXT,"
                " bytes BLOB"
                ") STRICT;"

                /* What failed or was denied (denied is 1 for both) counts by itself: what came to nothing
                   must not push out what was done. */
                "CREATE TABLE audit("
                " denied INTEGER NOT NULL,"
                " id INTEGER NOT NULL,"
                " time INTEGER NOT NULL,"
                " action TEXT NOT NULL,"
                " outcome TEXT NOT NULL,"
                " config TEXT NOT NULL,"
                " version INTEGER NOT NULL,"
                " uid INTEGER,"
                " pid INTEGER,"
                " unit TEXT,"
                " message TEXT,"
                " error TEXT,"
                " PRIMARY KEY(denied, id)"
                ") STRICT, WITHOUT ROWID;"

                "INSERT INTO meta VALUES('epoch', lower(hex(randomblob(16)))), ('checkpoints', '0');";

/* Forms that can be brought to this one begin here. */
#define FIRST_VERSION 1

/* Who registered, and who asked for what was to be written, were not kept. */
static const char from_first[] = "ALTER TABLE registrations ADD COLUMN uid INTEGER;"
                                 "ALTER TABLE intents ADD COLUMN uid INTEGER;"
                                 "ALTER TABLE intents ADD COLUMN pid INTEGER;"
                                 "ALTER TABLE intents ADD COLUMN unit TEXT;";

#define SELECT_VERSIONS                                                                                   \
        "SELECT number, time, origin, state, public, uid, pid, unit, message, label, from_version, size," \
        " digest, merge, separator, first_layer, n_layers FROM versions"
/* ?1: name */
#define CONFIG_OF_NAME "(SELECT id FROM configs WHERE name = ?1)"
/* The number to be given next, as far as the versions tell. */
#define NEXT_NUMBER                                                                     \
        "max(next, 1 + coalesce((SELECT number FROM versions WHERE config = configs.id" \
        " ORDER BY number DESC LIMIT 1), 0))"
/* The same as far as boot ?1 may tell: what another one reserved may have been given. */
#define NEXT_OF_BOOT "max(" NEXT_NUMBER ", CASE WHEN boot = ?1 THEN 0 ELSE reserved END)"

/* ?1: whether it failed or was denied */
#define LAST_AUDIT "(SELECT id FROM audit WHERE denied = ?1 ORDER BY id DESC LIMIT 1)"

static const char *const statements[N_STATEMENTS] = {
        [STATEMENT_BEGIN] = "BEGIN",
        [STATEMENT_COMMIT] = "COMMIT",
        [STATEMENT_ROLLBACK] = "ROLLBACK",
        /* SQLite does not write what stays the same, so there must be something to count */
        [STATEMENT_COUNT_CHECKPOINT] = "UPDATE meta SET value = value + 1 WHERE key = 'checkpoints'",
        /* ?1 boot, ?2 name */
        [STATEMENT_FIND_NUMBERS] =
                        "SELECT id, " NEXT_OF_BOOT
                        ", CASE WHEN boot = ?1 THEN reserved ELSE 0 END FROM configs WHERE name = ?2",
        /* ?1 name, ?2 next, ?3 reserved, ?4 boot */
        [STATEMENT_ADD_CONFIG] = "INSERT INTO configs(name, next, reserved, boot) VALUES(?1, ?2, ?3, ?4)",
        /* ?1 config, ?2 next, ?3 reserved, ?4 boot */
        [STATEMENT_RESERVE] = "UPDATE configs SET next = ?2, reserved = ?3, boot = ?4 WHERE id = ?1",
        /* ?1 boot, ?2 the block's length */
        [STATEMENT_RESERVE_ALL] =
                        "UPDATE configs SET next = " NEXT_OF_BOOT ", reserved = ?2 + " NEXT_OF_BOOT
                        ", boot = ?1 WHERE EXISTS (SELECT * FROM versions WHERE config = configs.id)"
                        " AND reserved < ?2 / 2 + " NEXT_OF_BOOT,
        /* ?1 config, ?2 next */
        [STATEMENT_KEEP_NEXT] = "UPDATE configs SET next = ?2 WHERE id = ?1 AND next < ?2",
        /* ?1 boot; what another boot reserved is not ours to give back */
        [STATEMENT_GIVE_BACK] = "UPDATE configs SET next = " NEXT_NUMBER ", reserved = " NEXT_NUMBER
                                " WHERE boot = ?1 AND reserved > " NEXT_NUMBER,
        /* ?1 file, ?2 format, ?3 bytes */
        [STATEMENT_ADD_LAYER] = "INSERT INTO layers(file, format, bytes) VALUES(?1, ?2, ?3)",
        /* ?1 config, then the columns in their order */
        [STATEMENT_ADD_VERSION] = "INSERT INTO versions VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                                  " ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        /* ?1 config, ?2 its new state */
        [STATEMENT_DEPOSE_ACTIVE] = "UPDATE versions SET state = ?2 WHERE config = ?1 AND number ="
                                    " (SELECT number FROM versions WHERE config = ?1 AND state = 'active'"
                                    " ORDER BY number DESC LIMIT 1)",
        /* ?1 config, ?2 number, ?3 first layer, ?4 layers, ?5 size */
        [STATEMENT_REPLACE_CONTENT] =
                        "UPDATE versions SET first_layer = ?3, n_layers = ?4, size = ?5,"
                        " merge = ?6, separator = ?7,"
                        " public = min(public, ?8), digest = NULL WHERE config = ?1 AND number = ?2",
        /* ?1 name, ?2 number, ?3 digest */
        [STATEMENT_SET_DIGEST] =
                        "UPDATE versions SET digest = ?3 WHERE config = " CONFIG_OF_NAME " AND number = ?2",
        /* ?1 config, ?2 number */
        [STATEMENT_DELETE_LAYERS] =
                        "DELETE FROM layers WHERE"
                        " id >= (SELECT first_layer FROM versions WHERE config = ?1 AND number = ?2)"
                        " AND id < (SELECT first_layer + n_layers FROM versions"
                        " WHERE config = ?1 AND number = ?2)",
        /* ?1 config, ?2 number */
        [STATEMENT_DELETE_VERSION] = "DELETE FROM versions WHERE config = ?1 AND number = ?2",
        /* ?1 name */
        [STATEMENT_LIST_VERSIONS] =
                        SELECT_VERSIONS " WHERE config = " CONFIG_OF_NAME " ORDER BY number DESC",
        /* ?1 name, ?2 number */
        [STATEMENT_LOAD_VERSION] = SELECT_VERSIONS " WHERE config = " CONFIG_OF_NAME " AND number = ?2",
        /* ?1 name, ?2 number */
        [STATEMENT_LOAD_LAYERS] = "SELECT layers.file, layers.format, layers.bytes FROM versions JOIN layers"
                                  " ON layers.id >= first_layer AND layers.id < first_layer + n_layers"
                                  " WHERE config = " CONFIG_OF_NAME " AND number = ?2 ORDER BY layers.id",
        /* ?1 name, ?2 number or 0 for all; file, whether all of these versions were public */
        [STATEMENT_LIST_FILES] = "SELECT layers.file, min(public) FROM versions JOIN layers"
                                 " ON layers.id >= first_layer AND layers.id < first_layer + n_layers"
                                 " WHERE config = " CONFIG_OF_NAME " AND ?2 IN (0, number)"
                                 " GROUP BY layers.file ORDER BY layers.file",
        /* ?1 name */
        [STATEMENT_FIND_ACTIVE] = "SELECT number FROM versions WHERE config = " CONFIG_OF_NAME
                                  " AND state = 'active' ORDER BY number DESC LIMIT 1",
        /* ?1 config, ?2 another that must stay; number, size, whether it must stay, is active, has no digest
           yet */
        [STATEMENT_WEIGH_VERSIONS] =
                        "SELECT number, size, state = 'active' OR label IS NOT NULL OR number = ?2 OR EXISTS"
                        " (SELECT * FROM intents WHERE intents.config = ?1"
                        " AND versions.number IN (intents.number, instead_of)), state = 'active',"
                        " digest IS NULL FROM versions WHERE config = ?1 ORDER BY number DESC",
        /* ?1 name, ?2 number that is wanted with or without a label; number, size, label */
        [STATEMENT_LIST_LABELLED] = "SELECT number, size, label FROM versions WHERE config = " CONFIG_OF_NAME
                                    " AND (number = ?2 OR label IS NOT NULL)",
        /* ?1 name, ?2 number, ?3 label */
        [STATEMENT_SET_LABEL] =
                        "UPDATE versions SET label = ?3 WHERE config = " CONFIG_OF_NAME " AND number = ?2",
        /* ?1 name, ?2 number, ?3 instead of, ?4 origin, ?5 deadline, ?6 uid, ?7 pid, ?8 unit; changes
           nothing where there is no such version */
        [STATEMENT_SAVE_INTENT] =
                        "INSERT OR REPLACE INTO intents SELECT config, number, ?3, ?4, ?5, ?6, ?7, ?8"
                        " FROM versions WHERE config = " CONFIG_OF_NAME " AND number = ?2",
        /* ?1 name */
        [STATEMENT_DELETE_INTENT] = "DELETE FROM intents WHERE config = " CONFIG_OF_NAME,
        /* ?1 name */
        [STATEMENT_LOAD_INTENT] = "SELECT number, instead_of, origin, deadline FROM intents WHERE config "
                                  "= " CONFIG_OF_NAME,
        /* ?1 name */
        [STATEMENT_LOAD_INTENT_AUTHOR] = "SELECT uid, pid, unit FROM intents WHERE config = " CONFIG_OF_NAME,
        [STATEMENT_LIST_INTENTS] = "SELECT name FROM intents JOIN configs ON id = config ORDER BY name",
        /* ?1 name, ?2 whether */
        [STATEMENT_SAVE_SUSPENDED] = "UPDATE configs SET suspended = ?2 WHERE name = ?1",
        /* ?1 name */
        [STATEMENT_LOAD_SUSPENDED] = "SELECT suspended FROM configs WHERE name = ?1",
        /* ?1 name, ?2 directory, ?3 pattern, ?4 files, ?5 settings, ?6 uid */
        [STATEMENT_SAVE_REGISTRATION] =
                        "INSERT OR REPLACE INTO registrations VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        /* ?1 name */
        [STATEMENT_DELETE_REGISTRATION] = "DELETE FROM registrations WHERE name = ?1",
        [STATEMENT_LIST_REGISTRATIONS] = "SELECT name, directory, pattern, files, settings, uid FROM "
                                         "registrations ORDER BY name",
        /* ?1 whether it failed or was denied, then the columns in their order */
        [STATEMENT_ADD_AUDIT] =
                        "INSERT INTO audit VALUES(?1, 1 + coalesce(" LAST_AUDIT ", 0), ?2, ?3, ?4, ?5, ?6,"
                        " ?7, ?8, ?9, ?10, ?11)",
        /* ?1 likewise, ?2 how many to keep */
        [STATEMENT_PRUNE_AUDIT] = "DELETE FROM audit WHERE denied = ?1 AND id <= " LAST_AUDIT " - ?2",
        /* ?1 how many to keep; those that go are of the user who has most */
        [STATEMENT_PRUNE_REFUSED] =
                        "DELETE FROM audit WHERE denied = 1 AND id IN (SELECT id FROM audit WHERE denied = 1"
                        " AND uid IS (SELECT uid FROM audit WHERE denied = 1 GROUP BY uid"
                        " ORDER BY count(*) DESC, min(id) LIMIT 1) ORDER BY id"
                        " LIMIT max(0, (SELECT count(*) FROM audit WHERE denied = 1) - ?1))",
        /* ?1 config or NULL, ?2 the earliest time, ?3 how many */
        [STATEMENT_LIST_AUDIT] =
                        "SELECT time, action, outcome, config, version, uid, pid, unit, message, error"
                        " FROM audit WHERE (?1 IS NULL OR config = ?1) AND time >= ?2"
                        " ORDER BY time DESC, denied, id DESC LIMIT ?3",
        [STATEMENT_LOAD_EPOCH] = "SELECT value FROM meta WHERE key = 'epoch'",
        [STATEMENT_RENEW_EPOCH] = "UPDATE meta SET value = lower(hex(randomblob(16))) WHERE key = 'epoch'",
};

/*
 * What is read whole at a start, and small: damage there is found before it is acted on. To check the
 * history, too, would mean to read all of it; damage in it is found when it is read (see database.h).
 */
static const char *const checked_tables[] = { "meta", "registrations", "configs", "intents" };

const char *schema_statement(StatementId id)
{
        return statements[id];
}

/* The first column of the first row; *ret belongs to the caller. */
static int read_value(sqlite3 *connection, const char *sql, char **ret)
{
        sqlite3_stmt *statement = NULL;
        int r;

        r = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
        if (r == SQLITE_OK) {
                r = sqlite3_step(statement);
                if (r == SQLITE_ROW) {
                        *ret = g_strdup((const char *) sqlite3_column_text(statement, 0));
                        r = *ret ? SQLITE_OK : SQLITE_CORRUPT;
                } else if (r == SQLITE_DONE) {
                        r = SQLITE_CORRUPT;
                }
        }
        sqlite3_finalize(statement);
        return r;
}

static int read_integer(sqlite3 *connection, const char *sql, int64_t *ret)
{
        g_autofree char *text = NULL;
        int r;

        r = read_value(connection, sql, &text);
        if (r == SQLITE_OK)
                *ret = g_ascii_strtoll(text, NULL, 10);
        return r;
}

static int check_tables(sqlite3 *connection, char **ret_fault)
{
        for (size_t i = 0; i < G_N_ELEMENTS(checked_tables); i++) {
                g_autofree char *sql = g_strdup_printf("PRAGMA quick_check(%s)", checked_tables[i]);
                g_autofree char *finding = NULL;
                int r;

                r = read_value(connection, sql, &finding);
                if (r != SQLITE_OK)
                        return r;
                if (!g_str_equal(finding, "ok")) {
                        *ret_fault = g_strdup_printf("is damaged (table %s)", checked_tables[i]);
                        return SQLITE_OK;
                }
        }
        return SQLITE_OK;
}

int schema_examine(sqlite3 *connection, int64_t *ret_version, char **ret_fault)
{
        int64_t application, version, entries;
        int r;

        r = read_integer(connection, "PRAGMA application_id", &application);
        if (r != SQLITE_OK)
                return r;
        r = read_integer(connection, "PRAGMA user_version", &version);
        if (r != SQLITE_OK)
                return r;
        r = read_integer(connection, "SELECT count(*) FROM sqlite_schema", &entries);
        if (r != SQLITE_OK)
                return r;

        /* A kill while it was being made leaves an empty one behind. */
        *ret_version = version;
        if (application == 0 && version == 0 && entries == 0)
                return SQLITE_OK;

        if (application != SCHEMA_APPLICATION_ID) {
                *ret_fault = g_strdup("was not made by reconfd");
                return SQLITE_OK;
        }
        if (version > SCHEMA_VERSION) {
                *ret_fault = g_strdup_printf("is from a newer release (form %" G_GINT64_FORMAT
                                             ", this release knows %d)",
                                             version, SCHEMA_VERSION);
                return SQLITE_OK;
        }
        if (version < FIRST_VERSION) {
                *ret_fault = g_strdup_printf("has a form that no release had (%" G_GINT64_FORMAT ")",
                                             version);
                return SQLITE_OK;
        }
        return check_tables(connection, ret_fault);
}

/* All or nothing; it is of this release's form then. */
static int change(sqlite3 *connection, const char *changes)
{
        g_autofree char *sql = NULL;
        int r;

        sql = g_strdup_printf("BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d; %s COMMIT",
                              SCHEMA_APPLICATION_ID, SCHEMA_VERSION, changes);
        r = sqlite3_exec(connection, sql, NULL, NULL, NULL);
        if (r != SQLITE_OK && !sqlite3_get_autocommit(connection))
                (void) sqlite3_exec(connection, "ROLLBACK", NULL, NULL, NULL);
        return r;
}

int schema_create(sqlite3 *connection)
{
        return change(connection, tables);
}

int schema_upgrade(sqlite3 *connection, int64_t version)
{
        return version == SCHEMA_VERSION ? SQLITE_OK : change(connection, from_first);
}
