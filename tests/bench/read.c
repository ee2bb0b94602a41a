/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-read: what a read costs
 *
 * An integer three deep in a document of 1000, from several threads at once, beside g_settings_get_int() of
 * a key of the same value (the memory backend, the quickest there is), and in documents that are large and
 * deep. A sample is what a read takes a thread's processor, on the average of a batch: with more threads
 * than processors, waiting for a turn is no part of it.
 */
/* GLib shows the memory backend to those who ask for backends. */
#define G_SETTINGS_ENABLE_BACKEND

#include "tests/bench/client.h"
#include "tests/bench/samples.h"

#include <errno.h>
#include <gio/gsettingsbackend.h>
#include <reconf/reconf.h>
#include <stdlib.h>
#include <time.h>

#define BATCH 2000U
#define BATCHES 200U
/* Batches of what is slow. */
#define FEW_BATCHES 20U

#define SCHEMA_ID "org.reconf.Bench"

typedef struct Reader Reader;
typedef gint64 (*Read)(const Reader *reader, unsigned number);

struct Reader {
        Read read;
        ReconfConfig *config;
        GSettings *settings;
        const char **paths; /* as many as n_paths, all of integers */
        unsigned n_paths;
        unsigned n_batches;
        GArray *samples;
        GMutex *lock;
};

static uint64_t thread_nsec(void)
{
        struct timespec now;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}

static gint64 read_config(const Reader *reader, unsigned number)
{
        return reconf_config_get_int(reader->config, reader->paths[number % reader->n_paths], -1);
}

static gint64 read_settings(const Reader *reader, unsigned number)
{
        return g_settings_get_int(reader->settings, reader->paths[number % reader->n_paths]);
}

static void *run_reader(void *data)
{
        const Reader *reader = data;

        for (unsigned i = 0; i < reader->n_batches; i++) {
                uint64_t start = thread_nsec();
                gint64 low = 0;
                uint64_t taken;

                for (unsigned j = 0; j < BATCH; j++)
                        low = MIN(low, reader->read(reader, j));
                taken = thread_nsec() - start;
                if (low < 0)
                        die("a read found nothing", ENOENT);
                g_mutex_lock(reader->lock);
                samples_add(reader->samples, taken / BATCH);
                g_mutex_unlock(reader->lock);
        }
        return NULL;
}

static void measure(const char *label, Reader reader, unsigned n_threads)
{
        g_autoptr(GArray) samples = samples_new();
        g_autofree GThread **threads = g_new(GThread *, n_threads);
        GMutex lock;

        g_mutex_init(&lock);
        reader.samples = samples;
        reader.lock = &lock;
        for (unsigned i = 0; i < n_threads; i++)
                threads[i] = g_thread_new("reader", run_reader, &reader);
        for (unsigned i = 0; i < n_threads; i++)
                g_thread_join(threads[i]);
        samples_print(samples, label);
        g_mutex_clear(&lock);
}

static ReconfConfig *make_config(const char *text)
{
        g_autoptr(GError) error = NULL;
        ReconfConfig *config = reconf_config_new_for_data(text, -1, "json", &error);

        if (!config)
                die(error->message, EINVAL);
        return config;
}

/* Ten maps of ten maps of ten integers; all of them are read. */
static void measure_ordinary(unsigned n_threads)
{
        static const char *const tops[] = { "cache",   "client", "database", "features", "limits",
                                            "logging", "mail",   "metrics",  "server",   "storage" };
        static const char *const middles[] = { "backup", "cluster", "options", "pool", "primary",
                                               "queue",  "replica", "retry",   "tls",  "worker" };
        static const char *const leaves[] = { "age",  "burst",   "count", "limit",   "maximum",
                                              "rate", "retries", "size",  "timeout", "window" };
        g_autoptr(GString) text = g_string_new("{");
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(ReconfConfig) config = NULL;
        Reader reader = { .read = read_config, .n_batches = BATCHES };

        for (unsigned i = 0; i < 1000; i++) {
                unsigned top = i / 100, middle = i / 10 % 10, leaf = i % 10;

                if (i % 100 == 0)
                        g_string_append_printf(text, "%s\"%s\": {", i > 0 ? "}}, " : "", tops[top]);
                if (i % 10 == 0)
                        g_string_append_printf(text, "%s\"%s\": {", i % 100 > 0 ? "}, " : "",
                                               middles[middle]);
                g_string_append_printf(text, "%s\"%s\": %u", leaf > 0 ? ", " : "", leaves[leaf], i);
                g_ptr_array_add(paths,
                                g_strdup_printf("%s.%s.%s", tops[top], middles[middle], leaves[leaf]));
        }
        g_string_append(text, "}}}");
        config = make_config(text->str);
        reader.config = config;
        reader.paths = (const char **) paths->pdata;
        reader.n_paths = paths->len;
        measure("read-1", reader, 1);
        measure("read", reader, n_threads);
}

static void measure_large(unsigned n_threads)
{
        g_autoptr(GString) text = g_string_new("{\"users\": {\"all\": {");
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(ReconfConfig) config = NULL;
        Reader reader = { .read = read_config, .n_batches = FEW_BATCHES };

        for (unsigned i = 0; i < 200000; i++) {
                g_string_append_printf(text, "%s\"user-%u\": %u", i > 0 ? ", " : "", i, i);
                if (i % 199 == 0) /* in no order */
                        g_ptr_array_add(paths, g_strdup_printf("users.all.user-%u", (i * 7919U) % 200000));
        }
        g_string_append(text, "}}}");
        config = make_config(text->str);
        reader.config = config;
        reader.paths = (const char **) paths->pdata;
        reader.n_paths = paths->len;
        measure("large", reader, n_threads);
}

static void measure_deep(unsigned n_threads)
{
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) path = g_string_new(NULL);
        g_autoptr(ReconfConfig) config = NULL;
        const char *paths[1];
        Reader reader = { .read = read_config, .n_batches = FEW_BATCHES, .paths = paths, .n_paths = 1 };

        for (unsigned i = 0; i < 20; i++) {
                g_string_append(text, "{\"and-so-on\": 1, \"level\": ");
                g_string_append(path, i > 0 ? ".level" : "level");
        }
        g_string_append_c(text, '1');
        for (unsigned i = 0; i < 20; i++)
                g_string_append_c(text, '}');
        config = make_config(text->str);
        reader.config = config;
        paths[0] = path->str;
        measure("deep", reader, n_threads);
}

static GSettings *make_settings(const char *directory)
{
        g_autoptr(GSettingsSchemaSource) source = NULL;
        g_autoptr(GSettingsSchema) schema = NULL;
        g_autoptr(GSettingsBackend) backend = NULL;
        g_autoptr(GError) error = NULL;

        source = g_settings_schema_source_new_from_directory(directory, NULL, FALSE, &error);
        if (!source)
                die(error->message, EINVAL);
        schema = g_settings_schema_source_lookup(source, SCHEMA_ID, FALSE);
        backend = g_memory_settings_backend_new();
        return g_settings_new_full(schema, backend, NULL);
}

static void measure_settings(const char *directory, unsigned n_threads)
{
        g_autoptr(GSettings) settings = make_settings(directory);
        const char *paths[] = { "size" };
        Reader reader = {
                .read = read_settings,
                .settings = settings,
                .paths = paths,
                .n_paths = 1,
                .n_batches = FEW_BATCHES,
        };

        g_settings_set_int(settings, "size", 20);
        measure("settings-1", reader, 1);
        measure("settings", reader, n_threads);
}

int main(int argc, char **argv)
{
        unsigned n_threads;

        if (argc != 3)
                die("usage: bench-read SCHEMA-DIRECTORY THREADS", EINVAL);
        n_threads = (unsigned) atoi(argv[2]);
        measure_ordinary(n_threads);
        measure_settings(argv[1], n_threads);
        measure_large(n_threads);
        measure_deep(n_threads);
        return EXIT_SUCCESS;
}
