/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/write-back.h"

#include "daemon/file.h"
#include "daemon/store/version.h"

/* A file that is in the way may be larger than any that is accepted; it is still to be given back whole. */
#define MAX_DISPLACED_SIZE (256U * 1024 * 1024)

struct WriteBack {
        GPtrArray *layers;
        GPtrArray *expected; /* of Layer, or NULL */
        mode_t create_mode;
        GPtrArray *displaced; /* of GBytes, by layer; NULL: there was no file */
        guint n_written;      /* layers that are done */
        bool is_public;
        Failure *failure;
};

static void release_bytes(void *bytes)
{
        if (bytes)
                g_bytes_unref(bytes);
}

WriteBack *write_back_new(GPtrArray *layers, mode_t create_mode)
{
        WriteBack *write_back = g_new(WriteBack, 1);

        *write_back = (WriteBack){
                .layers = g_ptr_array_ref(layers),
                .create_mode = create_mode,
                .displaced = g_ptr_array_new_with_free_func(release_bytes),
        };
        return write_back;
}

WriteBack *write_back_free(WriteBack *write_back)
{
        if (!write_back)
                return NULL;

        g_ptr_array_unref(write_back->layers);
        g_clear_pointer(&write_back->expected, g_ptr_array_unref);
        g_ptr_array_unref(write_back->displaced);
        failure_free(write_back->failure);
        g_free(write_back);
        return NULL;
}

void write_back_expect(WriteBack *write_back, GPtrArray *layers)
{
        write_back->expected = g_ptr_array_ref(layers);
}

static bool same_bytes(GBytes *a, GBytes *b)
{
        return a == b || (a && b && g_bytes_equal(a, b));
}

/* A file that no layer speaks of is expected to be absent. */
static bool is_expected(const WriteBack *write_back, const char *file, GBytes *present)
{
        GBytes *expected = NULL;

        for (guint i = 0; write_back->expected && i < write_back->expected->len; i++) {
                const Layer *layer = g_ptr_array_index(write_back->expected, i);

                if (g_str_equal(layer->file, file))
                        expected = layer->bytes;
        }
        return !write_back->expected || same_bytes(present, expected);
}

static Failure *write_layer(WriteBack *write_back, const Layer *layer)
{
        g_autoptr(GBytes) present = NULL;
        g_autoptr(Failure) failure = file_read(layer->file, MAX_DISPLACED_SIZE, &present);

        if (failure && failure->code != FAILURE_FILE_NOT_FOUND)
                return failure_new_at(FAILURE_WRITE_FAILED, FAILURE_STAGE_NONE, layer->file, 0, 0, NULL,
                                      "cannot be replaced: %s",
                                      ((const Problem *) g_ptr_array_index(failure->problems, 0))->message);

        if (!same_bytes(present, layer->bytes) && !is_expected(write_back, layer->file, present))
                return failure_new_at(FAILURE_VERSION_CONFLICT, FAILURE_STAGE_NONE, layer->file, 0, 0, NULL,
                                      "it was saved by somebody else meanwhile, and stays as it is");

        if (!same_bytes(present, layer->bytes)) {
                Failure *write_failure =
                                file_replace(layer->file, present, layer->bytes, write_back->create_mode);

                if (write_failure)
                        return write_failure;
        }
        g_ptr_array_add(write_back->displaced, g_steal_pointer(&present));
        write_back->n_written++;
        return NULL;
}

void write_back_undo(void *data)
{
        WriteBack *write_back = data;

        while (write_back->n_written > 0) {
                guint last = --write_back->n_written;
                const Layer *layer = g_ptr_array_index(write_back->layers, last);
                GBytes *displaced = g_ptr_array_index(write_back->displaced, last);
                g_autoptr(Failure) failure = NULL;

                /* What cannot be put back shows as a change of the file, as anybody's would. */
                if (!same_bytes(displaced, layer->bytes))
                        failure = file_replace(layer->file, layer->bytes, displaced,
                                               write_back->create_mode);
        }
}

void write_back_run(void *data)
{
        WriteBack *write_back = data;

        for (guint i = 0; i < write_back->layers->len && !write_back->failure; i++)
                write_back->failure = write_layer(write_back, g_ptr_array_index(write_back->layers, i));
        if (write_back->failure) {
                write_back_undo(write_back);
                return;
        }

        write_back->is_public = true;
        for (guint i = 0; i < write_back->layers->len && write_back->is_public; i++) {
                const Layer *layer = g_ptr_array_index(write_back->layers, i);

                if (layer->bytes)
                        write_back->is_public = file_is_public(layer->file);
        }
}

Failure *write_back_take_failure(WriteBack *write_back)
{
        return g_steal_pointer(&write_back->failure);
}

bool write_back_is_public(const WriteBack *write_back)
{
        return write_back->is_public;
}
