/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/load.h"

#include "daemon/file.h"
#include "daemon/load-command.h"
#include "daemon/load-schema.h"
#include "daemon/model/redecode.h"

#include <string.h>
#include <sys/stat.h>

/* What is decoded sooner than handed to another thread and back. */
#define SMALL_SIZE (64U * 1024)
/* What is decoded anew so fast that its text is not worth keeping. */
#define TINY_SIZE (4U * 1024)

static void release_layer(void *layer)
{
        layer_free(layer);
}

Format load_format(const char *file, Format fallback)
{
        Format format = format_from_file(file);

        return format == FORMAT_NONE ? fallback : format;
}

Load *load_new(char *const *files, Format format, MergeMode merge, const char *separator, uint64_t max_size)
{
        Load *load = g_new0(Load, 1);

        load->sources = g_ptr_array_new_with_free_func(release_layer);
        for (; *files; files++)
                g_ptr_array_add(load->sources, layer_new(*files, load_format(*files, format), NULL));
        load->merge = merge;
        load->separator = g_strdup(separator);
        load->max_size = max_size;
        return load;
}

void load_set_base(Load *load, Format format, GBytes *bytes)
{
        Layer *base = g_ptr_array_index(load->sources, 0);

        base->format = format;
        base->bytes = g_bytes_ref(bytes);
}

void load_set_user(Load *load, uid_t uid, gid_t gid)
{
        load->has_user = true;
        load->uid = uid;
        load->gid = gid;
}

Load *load_new_stored(const Version *version)
{
        Load *load = g_new0(Load, 1);

        load->stored = true;
        load->is_public = version->is_public;
        load->sources = g_ptr_array_ref(version->layers);
        load->merge = version->merge;
        load->separator = g_strdup(version->separator);
        return load;
}

Load *load_free(Load *load)
{
        if (!load)
                return NULL;

        g_ptr_array_unref(load->sources);
        g_free(load->separator);
        g_clear_pointer(&load->known, g_array_unref);
        g_clear_pointer(&load->former_text, g_bytes_unref);
        document_unref(load->former_document);
        g_clear_pointer(&load->layers, g_ptr_array_unref);
        g_clear_pointer(&load->hashes, g_array_unref);
        g_free(load->schema_path);
        schema_unref(load->schema);
        config_commands_unref(load->commands);
        document_unref(load->document);
        g_clear_pointer(&load->filled, g_ptr_array_unref);
        failure_free(load->failure);
        g_free(load);
        return NULL;
}

void load_set_schema(Load *load, const char *path, Schema *schema, uint64_t generation, bool defaults)
{
        load->schema_path = g_strdup(path);
        load->schema = schema ? schema_ref(schema) : NULL;
        load->schema_generation = generation;
        load->defaults = defaults;
}

void load_set_commands(Load *load, ConfigCommands *commands)
{
        load->commands = config_commands_ref(commands);
}

bool load_has_commands(const Load *load)
{
        if (!load->commands)
                return false;
        if (load->commands->validate && !load->lenient)
                return true;
        for (guint i = 0; load->commands->decode && i < load->sources->len; i++)
                if (((const Layer *) g_ptr_array_index(load->sources, i))->format == FORMAT_NONE)
                        return true;
        return false;
}

void load_cancel(Load *load)
{
        g_atomic_int_set(&load->cancelled, true);
}

bool load_is_cancelled(const Load *load)
{
        return g_atomic_int_get(&load->cancelled);
}

static uint64_t size_of(const char *file)
{
        struct stat status;

        return stat(file, &status) < 0 ? 0 : (uint64_t) MAX(status.st_size, 0);
}

bool load_is_small(const Load *load)
{
        uint64_t size = 0;

        if (load_has_commands(load))
                return false;
        for (guint i = 0; i < load->sources->len; i++) {
                const Layer *source = g_ptr_array_index(load->sources, i);

                if (source->bytes)
                        size += g_bytes_get_size(source->bytes);
                else if (!load->stored)
                        size += size_of(source->file);
        }
        if (load->schema_path && !load->schema)
                size += size_of(load->schema_path);
        return size <= SMALL_SIZE;
}

Hash load_hash(GBytes *bytes)
{
        Hash hash = { { 0, 0 } };

        return bytes ? hash_bytes(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes)) : hash;
}

static GArray *hash_layers(const GPtrArray *layers)
{
        GArray *hashes = g_array_sized_new(FALSE, TRUE, sizeof(Hash), layers->len);

        for (guint i = 0; i < layers->len; i++) {
                const Layer *layer = g_ptr_array_index(layers, i);
                Hash hash = load_hash(layer->bytes);

                g_array_append_val(hashes, hash);
        }
        return hashes;
}

bool load_hashes_equal(const GArray *a, const GArray *b)
{
        return a && b && a->len == b->len && memcmp(a->data, b->data, a->len * sizeof(Hash)) == 0;
}

static Failure *read_layers(Load *load)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new_full(load->sources->len, release_layer);

        load->is_public = true;
        for (guint i = 0; i < load->sources->len; i++) {
                const Layer *source = g_ptr_array_index(load->sources, i);
                g_autoptr(GBytes) bytes = source->bytes ? g_bytes_ref(source->bytes) : NULL;
                g_autoptr(Failure) failure = NULL;
                bool is_public = true;

                if (bytes)
                        is_public = file_is_public(source->file);
                else if (load->is_public)
                        failure = file_read_public(source->file, load->max_size, &bytes, &is_public);
                else
                        failure = file_read(source->file, load->max_size, &bytes);

                /* A layer may come later; the base may not. */
                if (failure && (i == 0 || failure->code != FAILURE_FILE_NOT_FOUND))
                        return g_steal_pointer(&failure);
                if (bytes && g_bytes_get_size(bytes) == 0)
                        load->has_empty = true;
                load->is_public = load->is_public && is_public;
                g_ptr_array_add(layers, layer_new(source->file, source->format, bytes));
        }
        load->layers = g_steal_pointer(&layers);
        return NULL;
}

GBytes *load_text(const Load *load)
{
        const Layer *layer = load->layers->len == 1 ? g_ptr_array_index(load->layers, 0) : NULL;

        if (!layer || layer->format != FORMAT_YAML || !layer->bytes ||
            g_bytes_get_size(layer->bytes) < TINY_SIZE)
                return NULL;
        return layer->bytes;
}

static Text text_of(GBytes *bytes)
{
        Text text;

        text.data = g_bytes_get_data(bytes, &text.length);
        return text;
}

/* Decodes only what changed, where that can be done. */
static Failure *decode_layer(Load *load, unsigned index, Document **ret)
{
        const Layer *layer = g_ptr_array_index(load->layers, index);
        Text text = text_of(layer->bytes);

        if (layer->format == FORMAT_NONE)
                return load_decode_layer(load, index, layer, ret);
        if (load->former_text && load_text(load)) {
                *ret = redecode(layer->file, index, load->former_document, text_of(load->former_text), text);
                if (*ret)
                        return NULL;
        }
        return decode(layer->format, layer->file, index, text.data, text.length, load->separator, ret);
}

static void release_document(void *document)
{
        document_unref(document);
}

static Failure *decode_layers(Load *load)
{
        g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func(release_document);

        for (guint i = 0; i < load->layers->len; i++) {
                const Layer *layer = g_ptr_array_index(load->layers, i);
                g_autoptr(Document) document = NULL;
                Failure *failure = NULL;

                if (!layer->bytes)
                        continue;
                failure = decode_layer(load, i, &document);
                if (failure)
                        return failure;
                g_ptr_array_add(documents, g_steal_pointer(&document));
        }
        /* The base is there when files are read; of what was stored nobody knows. */
        if (documents->len == 0)
                return failure_new_at(FAILURE_FILE_NOT_FOUND, FAILURE_STAGE_READ, NULL, 0, 0, NULL,
                                      "expected a version of one file or more, found none");
        return merge(load->merge, (Document *const *) documents->pdata, documents->len, &load->document);
}

void load_run(void *data)
{
        Load *load = data;

        if (load->stored)
                load->layers = g_ptr_array_ref(load->sources);
        else
                load->failure = read_layers(load);
        if (load->failure)
                return;

        load->hashes = hash_layers(load->layers);
        load->same = load_hashes_equal(load->hashes, load->known);
        if (load->same)
                return;
        load->failure = decode_layers(load);
        if (!load->failure && load->schema_path)
                load->failure = load_apply_schema(load);
        if (!load->failure && load->commands && load->commands->validate && !load->lenient)
                load->failure = load_ask_command(load);
}
