/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/write-back.h"

#include "daemon/file.h"
#include "daemon/store/version.h"

/* A file that is in the way may be larger than any that is accepted; it is still to be given back whole. */
#define MAX_DISPLACED_SIZE (256U * 1024 * 1024)

/* A file that was replaced. */
typedef struct Written {
        const Layer *layer;
        GBytes *displaced; /* NULL: there was no file */
} Written;

struct WriteBack {
        GPtrArray *layers;
        GPtrArray *expected; /* of Layer, or NULL */
        WriteBackOthers others;
        bool skipped;
        mode_t create_mode;
        GArray *written; /* of Written */
        bool is_public;
        Failure *failure;
};

static void clear_written(void *data)
{
        g_clear_pointer(&((Written *) data)->displaced, g_bytes_unref);
}

WriteBack *write_back_new(GPtrArray *layers, mode_t create_mode)
{
        WriteBack *write_back = g_new(WriteBack, 1);

        *write_back = (WriteBack){
                .layers = g_ptr_array_ref(layers),
                .create_mode = create_mode,
                .written = g_array_new(FALSE, FALSE, sizeof(Written)),
        };
        g_array_set_clear_func(write_back->written, clear_written);
        return write_back;
}

WriteBack *write_back_free(WriteBack *write_back)
{
        if (!write_back)
                return NULL;

        g_ptr_array_unref(write_back->layers);
        g_clear_pointer(&write_back->expected, g_ptr_array_unref);
        g_array_unref(write_back->written);
        failure_free(write_back->failure);
        g_free(write_back);
        return NULL;
}

void write_back_expect(WriteBack *write_back, GPtrArray *layers, WriteBackOthers others)
{
        write_back->expected = g_ptr_array_ref(layers);
        write_back->others = others;
}

static bool same_bytes(GBytes *a, GBytes *b)
{
        return a == b || (a && b && g_bytes_equal(a, b));
}

/* A file that no layer speaks of is expected to be absent. */
static bool is_expected(const WriteBack *write_back, const char *file, GBytes *present)
{
        bool spoken_of = false;

        for (guint i = 0; write_back->expected && i < write_back->expected->len; i++) {
                const Layer *layer = g_ptr_array_index(write_back->expected, i);

                if (!g_str_equal(layer->file, file))
                        continue;
                if (same_bytes(present, layer->bytes))
                        return true;
                spoken_of = true;
        }
        return !write_back->expected || (!spoken_of && !present);
}

static Failure *skip(WriteBack *write_back, const Layer *layer)
{
        if (write_back->others == WRITE_BACK_REFUSE)
                return failure_new_at(FAILURE_VERSION_CONFLICT, FAILURE_STAGE_NONE, layer->file, 0, 0, NULL,
                                      "it was saved by somebody else meanwhile, and stays as it is");
        write_back->skipped = true;
        return NULL;
}

static Failure *write_layer(WriteBack *write_back, const Layer *layer)
{
        g_autoptr(GBytes) present = NULL;
        g_autoptr(Failure) read_failure = file_read(layer->file, MAX_DISPLACED_SIZE, &present);
        Written written = { .layer = layer };
        Failure *failure;

        if (read_failure && read_failure->code != FAILURE_FILE_NOT_FOUND)
                return failure_new_at(
                                FAILURE_WRITE_FAILED, FAILURE_STAGE_NONE, layer->file, 0, 0, NULL,
                                "cannot be replaced: %s",
                                ((const Problem *) g_ptr_array_index(read_failure->problems, 0))->message);
        if (same_bytes(present, layer->bytes))
                return NULL;
        if (!is_expected(write_back, layer->file, present))
                return skip(write_back, layer);
        failure = file_replace(layer->file, present, layer->bytes, write_back->create_mode);
        if (failure && failure->code == FAILURE_VERSION_CONFLICT && write_back->others == WRITE_BACK_SKIP) {
                /* Somebody came in between after all. */
                failure_free(failure);
                return skip(write_back, layer);
        }
        if (failure)
                return failure;
        written.displaced = g_steal_pointer(&present);
        g_array_append_val(write_back->written, written);
        return NULL;
}

void write_back_undo(void *data)
{
        WriteBack *write_back = data;

        for (guint i = write_back->written->len; i > 0; i--) {
                const Written *written = &g_array_index(write_back->written, Written, i - 1);
                g_autoptr(Failure) failure = NULL;

                /* What cannot be put back shows as a change of the file, as anybody's would. */
                failure = file_replace(written->layer->file, written->layer->bytes, written->displaced,
                                       write_back->create_mode);
        }
        g_array_set_size(write_back->written, 0);
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

guint write_back_count(const WriteBack *write_back)
{
        return write_back->written->len;
}

bool write_back_has_skipped(const WriteBack *write_back)
{
        return write_back->skipped;
}

bool write_back_is_public(const WriteBack *write_back)
{
        return write_back->is_public;
}
