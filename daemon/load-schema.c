/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/load-schema.h"

#include "daemon/file.h"
#include "daemon/identity.h"

#include <unistd.h>

#define MAX_SCHEMA_SIZE (10U * 1024 * 1024)

/* What a schema says is true of it whatever stage it fails at: nothing could be validated. */
static Failure *at_schema_stage(Failure *failure)
{
        if (failure) {
                failure->stage = FAILURE_STAGE_SCHEMA;
                failure->code = FAILURE_VALIDATION_FAILED;
        }
        return failure;
}

/* Somebody, not root, whose file the schema is made of. The file's group may be one that he is not in. */
typedef struct SchemaAuthor {
        uid_t uid;
        gid_t gid;
} SchemaAuthor;

static void add_author(GArray *authors, const struct stat *status)
{
        SchemaAuthor author = { .uid = status->st_uid };

        for (guint i = 0; i < authors->len; i++)
                if (g_array_index(authors, SchemaAuthor, i).uid == author.uid)
                        return;
        if (author.uid == 0 || geteuid() != 0)
                return;
        author.gid = identity_find_group(author.uid);
        g_array_append_val(authors, author);
}

static Failure *read_as(const SchemaAuthor *author, const char *path)
{
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(Failure) failure = NULL;
        Identity identity;

        if (identity_assume(author->uid, author->gid, NULL, 0, &identity) >= 0) {
                failure = file_read(path, MAX_SCHEMA_SIZE, &bytes);
                identity_restore(&identity);
        }
        if (bytes || (failure && failure->code != FAILURE_FILE_UNREADABLE))
                return g_steal_pointer(&failure);
        return failure_new_at(FAILURE_FILE_UNREADABLE, FAILURE_STAGE_READ, path, 0, 0, NULL,
                              "user %u has written what refers to it, and may not read it himself",
                              (unsigned) author->uid);
}

/* What is said about a schema would tell whoever wrote it what the files hold that it names. */
static Failure *read_for_all(const char *path, GArray *authors, GBytes **ret)
{
        struct stat status;
        Failure *failure = NULL;
        int fd = -1;

        for (guint i = 0; authors && i < authors->len && !failure; i++)
                failure = read_as(&g_array_index(authors, SchemaAuthor, i), path);
        if (!failure)
                failure = file_read_open(path, MAX_SCHEMA_SIZE, ret, &fd, &status);
        if (failure)
                return failure;
        if (authors)
                add_author(authors, &status);
        close(fd);
        return NULL;
}

Failure *load_open_schema(const char *path, Document **ret, void *authors)
{
        g_autoptr(GBytes) bytes = NULL;
        Failure *failure = read_for_all(path, authors, &bytes);
        Format format = format_from_file(path);
        gsize length;
        const char *data;

        if (failure)
                return at_schema_stage(failure);
        data = g_bytes_get_data(bytes, &length);
        /* Schemas are JSON by name, whatever the suffix; those that people write by hand are YAML. */
        return at_schema_stage(decode(format == FORMAT_YAML ? FORMAT_YAML : FORMAT_JSON, path, 0, data,
                                      length, NULL, ret));
}

Failure *load_compile_schema(const char *path, Schema **ret)
{
        g_autoptr(GArray) authors = g_array_new(FALSE, FALSE, sizeof(SchemaAuthor));
        g_autoptr(Document) document = NULL;
        Failure *failure = load_open_schema(path, &document, authors);

        return failure ?: schema_new(path, document, load_open_schema, authors, ret);
}

/* Bit n for layer n where its values are all strings by nature. */
static uint32_t text_layers(const GPtrArray *layers)
{
        uint32_t set = 0;

        for (guint i = 0; i < layers->len; i++) {
                const Layer *layer = g_ptr_array_index(layers, i);

                if (layer->format == FORMAT_ENV || layer->format == FORMAT_INI)
                        set |= UINT32_C(1) << i;
        }
        return set;
}

static Failure *validate(const Load *load)
{
        g_autoptr(GPtrArray) files = g_ptr_array_new();

        for (guint i = 0; i < load->layers->len; i++)
                g_ptr_array_add(files, ((const Layer *) g_ptr_array_index(load->layers, i))->file);
        g_ptr_array_add(files, NULL);
        return schema_validate(load->schema, load->document, (char *const *) files->pdata, load->is_public);
}

Failure *load_apply_schema(Load *load)
{
        uint32_t texts = text_layers(load->layers);

        if (!load->schema) {
                Failure *failure = load_compile_schema(load->schema_path, &load->schema);

                /* What was valid in its time is still what it was, if less converted. */
                if (failure && load->lenient) {
                        failure_free(failure);
                        return NULL;
                }
                if (failure)
                        return failure;
        }
        if (texts != 0) {
                g_autoptr(Document) before = g_steal_pointer(&load->document);

                load->document = schema_coerce(load->schema, before, texts);
        }
        if (load->defaults) {
                g_autoptr(Document) before = g_steal_pointer(&load->document);

                load->document = schema_fill_defaults(load->schema, before, &load->filled);
        }
        return load->lenient ? NULL : validate(load);
}
