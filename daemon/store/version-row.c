/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows: versions and layers as they stand in the tables
 *
 * A file that was not there has NULL for bytes, an empty one a value of no length.
 */
#include "daemon/store/version-row.h"

#include <string.h>

#define DIGEST_LENGTH 64

/* Far from where adding could overflow, and further than anyone can count. */
#define MAX_COUNT (INT64_MAX / 4)

int statement_read_count(Statement *statement, int column, uint64_t *ret)
{
        int64_t value = sqlite3_column_int64(statement, column);

        if (sqlite3_column_type(statement, column) != SQLITE_INTEGER || value < 0 || value > MAX_COUNT)
                return SQLITE_CORRUPT;

        *ret = (uint64_t) value;
        return SQLITE_OK;
}

static int read_id(Statement *statement, int column, uint64_t max, uint64_t none, uint64_t *ret)
{
        int r;

        *ret = none;
        if (sqlite3_column_type(statement, column) == SQLITE_NULL)
                return SQLITE_OK;

        r = statement_read_count(statement, column, ret);
        if (r == SQLITE_OK && *ret > max)
                r = SQLITE_CORRUPT;
        return r;
}

int statement_read_uid(Statement *statement, int column, uid_t *ret)
{
        uint64_t uid;
        int r = read_id(statement, column, UINT32_MAX - 1, UINT32_MAX, &uid);

        if (r == SQLITE_OK)
                *ret = (uid_t) uid;
        return r;
}

void statement_bind_uid(Statement *statement, int index, uid_t uid)
{
        if (uid != (uid_t) -1)
                (void) sqlite3_bind_int64(statement, index, uid);
}

int statement_read_author(Statement *statement, int column, Author *author)
{
        uint64_t pid;
        int r;

        r = statement_read_uid(statement, column, &author->uid);
        if (r == SQLITE_OK)
                r = read_id(statement, column + 1, INT32_MAX, 0, &pid);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, column + 2, &author->unit);
        if (r != SQLITE_OK)
                return r;

        author->pid = (pid_t) pid;
        return SQLITE_OK;
}

static int read_names(Statement *statement, Version *version)
{
        g_autofree char *origin = NULL, *state = NULL, *merge_name = NULL;
        int r;

        r = statement_read_text(statement, VERSION_COLUMN_ORIGIN, &origin);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, VERSION_COLUMN_STATE, &state);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, VERSION_COLUMN_MERGE, &merge_name);
        if (r != SQLITE_OK)
                return r;

        return origin && origin_from_string(origin, &version->origin) && state &&
                                               version_state_from_string(state, &version->state) &&
                                               merge_name &&
                                               merge_mode_from_string(merge_name, &version->merge)
                               ? SQLITE_OK
                               : SQLITE_CORRUPT;
}

static int read_texts(Statement *statement, Version *version)
{
        int r;

        r = statement_read_text(statement, VERSION_COLUMN_MESSAGE, &version->message);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, VERSION_COLUMN_LABEL, &version->label);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, VERSION_COLUMN_SEPARATOR, &version->separator);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, VERSION_COLUMN_DIGEST, &version->digest);
        if (r == SQLITE_OK && version->digest &&
            (strlen(version->digest) != DIGEST_LENGTH ||
             strspn(version->digest, "0123456789abcdef") != DIGEST_LENGTH))
                r = SQLITE_CORRUPT;
        return r;
}

int version_row_read(Statement *statement, Version *version)
{
        int r;

        r = statement_read_count(statement, VERSION_COLUMN_NUMBER, &version->number);
        if (r == SQLITE_OK)
                r = statement_read_count(statement, VERSION_COLUMN_TIME, &version->time);
        if (r == SQLITE_OK)
                r = statement_read_count(statement, VERSION_COLUMN_FROM, &version->from_version);
        if (r == SQLITE_OK)
                r = statement_read_count(statement, VERSION_COLUMN_SIZE, &version->size);
        if (r == SQLITE_OK)
                r = read_names(statement, version);
        if (r == SQLITE_OK)
                r = statement_read_author(statement, VERSION_COLUMN_UID, &version->author);
        if (r == SQLITE_OK)
                r = read_texts(statement, version);
        version->is_public = sqlite3_column_int(statement, VERSION_COLUMN_PUBLIC) == 1;
        return r;
}

void statement_bind_author(Statement *statement, int index, const Author *author)
{
        statement_bind_uid(statement, index, author->uid);
        if (author->pid > 0)
                (void) sqlite3_bind_int64(statement, index + 1, author->pid);
        statement_bind_text(statement, index + 2, author->unit);
}

int version_row_parameter(VersionColumn column)
{
        /* The first parameter has index 1, and is the config. */
        return 2 + (int) column;
}

void version_row_bind(Statement *statement, const Version *version)
{
        (void) sqlite3_bind_int64(statement, version_row_parameter(VERSION_COLUMN_TIME),
                                  (int64_t) version->time);
        statement_bind_text(statement, version_row_parameter(VERSION_COLUMN_ORIGIN),
                            origin_to_string(version->origin));
        statement_bind_text(statement, version_row_parameter(VERSION_COLUMN_STATE),
                            version_state_to_string(version->state));
        (void) sqlite3_bind_int(statement, version_row_parameter(VERSION_COLUMN_PUBLIC), version->is_public);
        statement_bind_author(statement, version_row_parameter(VERSION_COLUMN_UID), &version->author);
        statement_bind_text(statement, version_row_parameter(VERSION_COLUMN_MESSAGE), version->message);
        statement_bind_text(statement, version_row_parameter(VERSION_COLUMN_LABEL), version->label);
        (void) sqlite3_bind_int64(statement, version_row_parameter(VERSION_COLUMN_FROM),
                                  (int64_t) version->from_version);
        statement_bind_text(statement, version_row_parameter(VERSION_COLUMN_DIGEST), version->digest);
        statement_bind_text(statement, version_row_parameter(VERSION_COLUMN_MERGE),
                            merge_mode_to_string(version->merge));
        statement_bind_text(statement, version_row_parameter(VERSION_COLUMN_SEPARATOR), version->separator);
}

int layer_row_read(Statement *statement, Layer **ret)
{
        g_autofree char *file = NULL, *name = NULL;
        g_autoptr(GBytes) bytes = NULL;
        Format format = FORMAT_NONE;
        int r;

        r = statement_read_text(statement, 0, &file);
        if (r == SQLITE_OK)
                r = statement_read_text(statement, 1, &name);
        if (r != SQLITE_OK)
                return r;
        if (name)
                format = format_from_string(name);
        if (!file || (name && format == FORMAT_NONE))
                return SQLITE_CORRUPT;

        if (sqlite3_column_type(statement, 2) != SQLITE_NULL) {
                const void *data = sqlite3_column_blob(statement, 2);
                int length = sqlite3_column_bytes(statement, 2);

                if (!data && length > 0)
                        return SQLITE_NOMEM;
                bytes = g_bytes_new(data, length);
        }
        *ret = layer_new(file, format, bytes);
        return SQLITE_OK;
}

int layer_row_bind(Statement *statement, const Layer *layer)
{
        const void *data;
        size_t length;

        statement_bind_text(statement, 1, layer->file);
        if (layer->format != FORMAT_NONE)
                statement_bind_text(statement, 2, format_to_string(layer->format));
        if (!layer->bytes)
                return SQLITE_OK;

        /* No data at all would be taken for NULL; too much of it is refused. */
        data = g_bytes_get_data(layer->bytes, &length);
        return sqlite3_bind_blob64(statement, 3, data ?: "", length, SQLITE_STATIC);
}

static bool text_is_valid(const char *text)
{
        return !text || g_utf8_validate(text, -1, NULL);
}

bool version_row_is_valid(const Version *version)
{
        return text_is_valid(version->author.unit) && text_is_valid(version->message) &&
               text_is_valid(version->label) && text_is_valid(version->separator);
}

bool layer_row_is_valid(const Layer *layer)
{
        return text_is_valid(layer->file);
}
