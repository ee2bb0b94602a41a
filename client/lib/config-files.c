/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/config-files.h"

#include "client/lib/config-private.h"
#include "client/lib/error-private.h"
#include "client/lib/file-watch.h"
#include "daemon/file.h"
#include "daemon/load-schema.h"
#include "daemon/model/snapshot.h"

struct ConfigFiles {
        GWeakRef config;
        GMainContext *context;
        char **paths;
        char **watched; /* the same, and the schema's */
        Options *options;
        FileWatch *watch;
        Debounce debounce;
        GSource *timer;
        Failure *told; /* the last failure, or NULL where the files are good */
        bool paused;
        bool missed; /* something happened meanwhile */

        GMutex lock; /* guards what follows: one load at a time */
        Document *document;
        bool stopped;
};

static uint64_t now_usec(void)
{
        return (uint64_t) g_get_monotonic_time();
}

/* Reads and decodes one layer; *ret is NULL where there is no such file and need be none. */
static Failure *load_layer(ConfigFiles *files, unsigned index, GPtrArray *layers, Document **ret,
                           bool *has_empty)
{
        const char *path = files->paths[index];
        Format format = format_from_file(path);
        g_autoptr(GBytes) bytes = NULL;
        const char *data;
        gsize length;
        Failure *failure;

        if (format == FORMAT_NONE)
                format = files->options->format;
        if (format == FORMAT_NONE)
                return failure_new_at(FAILURE_INVALID_ARGUMENT, FAILURE_STAGE_DECODE, path, 0, 0, NULL,
                                      "its name does not tell its format; give the option format");

        failure = file_read(path, files->options->max_size, &bytes);
        if (failure && index > 0 && failure->code == FAILURE_FILE_NOT_FOUND)
                failure = failure_free(failure);
        g_ptr_array_add(layers, layer_new(path, format, bytes));
        if (failure || !bytes)
                return failure;

        data = g_bytes_get_data(bytes, &length);
        *has_empty = *has_empty || length == 0;
        return decode(format, path, index, data ?: "", length, files->options->separator, ret);
}

static void release_document(void *document)
{
        document_unref(document);
}

static void release_layer(void *layer)
{
        layer_free(layer);
}

static Failure *apply_schema(ConfigFiles *files, GPtrArray *layers, Document **document)
{
        Load load = {
                .schema_path = files->options->schema,
                .defaults = files->options->defaults,
                .layers = layers,
                .document = *document,
        };
        Failure *failure = load_apply_schema(&load);

        *document = load.document;
        schema_unref(load.schema);
        g_clear_pointer(&load.filled, g_ptr_array_unref);
        return failure;
}

static Failure *load_files(ConfigFiles *files, Document **ret, bool *has_empty)
{
        g_autoptr(GPtrArray) layers = g_ptr_array_new_with_free_func(release_layer);
        g_autoptr(GPtrArray) documents = g_ptr_array_new_with_free_func(release_document);
        g_autoptr(Document) document = NULL;
        Failure *failure;

        for (unsigned i = 0; files->paths[i]; i++) {
                Document *layer = NULL;

                failure = load_layer(files, i, layers, &layer, has_empty);
                if (failure)
                        return failure;
                if (layer)
                        g_ptr_array_add(documents, layer);
        }
        failure = merge(files->options->merge, (Document *const *) documents->pdata, documents->len,
                        &document);
        if (!failure && files->options->schema)
                failure = apply_schema(files, layers, &document);
        if (!failure)
                *ret = g_steal_pointer(&document);
        return failure;
}

/* Under the lock; publishing is for later, when handlers may ask for a reload. */
static void bring(ConfigFiles *files, ReconfConfig *config, Document *document)
{
        g_autoptr(ReconfSnapshot) snapshot = NULL;
        g_autoptr(GBytes) bytes = NULL;
        bool first = !files->document;

        if (files->stopped || (!first && document_equal(files->document, document)))
                return;
        document_unref(files->document);
        files->document = document_ref(document);
        bytes = snapshot_new(document);
        snapshot = snapshot_new_trusted(1, bytes);
        if (first)
                config_publish_first(config, snapshot);
        else
                config_bring(config, snapshot, NULL, PUBLISH_NEXT);
}

/* Reads the files; with one that is empty, which may be about to be written, nothing is published unless
 * told. */
static Failure *reload(ConfigFiles *files, ReconfConfig *config, bool take_empty, bool *ret_empty)
{
        g_autoptr(Document) document = NULL;
        bool has_empty = false;
        Failure *failure;

        g_mutex_lock(&files->lock);
        failure = load_files(files, &document, &has_empty);
        if (!failure && (take_empty || !has_empty))
                bring(files, config, document);
        g_mutex_unlock(&files->lock);
        config_publish_brought(config);
        *ret_empty = has_empty;
        return failure;
}

Failure *config_files_reload(ConfigFiles *files, ReconfConfig *config)
{
        bool has_empty;

        return reload(files, config, true, &has_empty);
}

static GVariant *problems_of(const Failure *failure)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE("a(suus)"));
        for (guint i = 0; i < failure->problems->len; i++) {
                const Problem *problem = failure->problems->pdata[i];
                bool named = problem->file && *problem->file != '\0';
                g_autofree char *message = named ? g_strdup_printf("%s: %s", problem->file, problem->message)
                                                 : g_strdup(problem->message);

                g_variant_builder_add(&builder, "(suus)", problem->path ?: "", problem->line,
                                      problem->column, message);
        }
        return g_variant_builder_end(&builder);
}

static void tell_failure(ConfigFiles *files, ReconfConfig *config, Failure *failure)
{
        bool known = files->told && failure_equal(files->told, failure);

        failure_free(files->told);
        files->told = failure;
        if (!known)
                config_emit_reload_failed(config, failure_stage_to_string(failure->stage),
                                          problems_of(failure));
}

static void set_timer(ConfigFiles *files);

static void look(ConfigFiles *files, ReconfConfig *config)
{
        bool has_empty;
        Failure *failure;

        debounce_act(&files->debounce, now_usec());
        g_main_context_push_thread_default(files->context);
        while (file_watch_refresh(files->watch))
                ;
        g_main_context_pop_thread_default(files->context);

        failure = reload(files, config, false, &has_empty);
        if (!failure && !has_empty) {
                files->told = failure_free(files->told);
                return;
        }
        if (!debounce_is_still(&files->debounce, now_usec())) {
                failure_free(failure);
                return;
        }
        if (!failure)
                failure = reload(files, config, true, &has_empty);
        if (failure)
                tell_failure(files, config, failure);
        else
                files->told = failure_free(files->told);
}

/* In the config's context. */
static void act(ConfigFiles *files)
{
        g_autoptr(ReconfConfig) config = g_weak_ref_get(&files->config);

        if (files->paused)
                files->missed = true;
        if (!config || files->paused)
                return;
        look(files, config);
        /* A handler may have run the loop. */
        if (!files->stopped)
                set_timer(files);
}

static gboolean on_timer(void *data)
{
        ConfigFiles *files = data;

        g_clear_pointer(&files->timer, g_source_unref);
        act(files);
        return G_SOURCE_REMOVE;
}

static void clear_timer(ConfigFiles *files)
{
        if (files->timer) {
                g_source_destroy(files->timer);
                g_clear_pointer(&files->timer, g_source_unref);
        }
}

static void set_timer(ConfigFiles *files)
{
        uint64_t deadline = debounce_deadline(&files->debounce);

        clear_timer(files);
        if (deadline == DEBOUNCE_NEVER)
                return;
        files->timer = g_timeout_source_new(0);
        g_source_set_ready_time(files->timer, (gint64) deadline);
        g_source_set_static_name(files->timer, "[reconf] files");
        g_source_set_callback(files->timer, on_timer, files, NULL);
        g_source_attach(files->timer, files->context);
}

static void on_event(WatchEvent event, void *data)
{
        ConfigFiles *files = data;

        if (debounce_event(&files->debounce, event, now_usec()) || files->paused)
                act(files);
        else
                set_timer(files);
}

ConfigFiles *config_files_new(ReconfConfig *config, char *const *paths, Options *options)
{
        ConfigFiles *files = g_new0(ConfigFiles, 1);
        g_autoptr(GPtrArray) watched = g_ptr_array_new();

        g_weak_ref_init(&files->config, config);
        files->context = g_main_context_ref(config->context);
        files->paths = g_strdupv((char **) paths);
        files->options = options;
        g_mutex_init(&files->lock);
        for (; *paths; paths++)
                g_ptr_array_add(watched, g_strdup(*paths));
        debounce_init(&files->debounce, (uint64_t) options->debounce_ms * 1000, watched->len > 1);
        if (options->schema)
                g_ptr_array_add(watched, g_strdup(options->schema));
        g_ptr_array_add(watched, NULL);
        files->watched = (char **) g_ptr_array_free(g_steal_pointer(&watched), FALSE);
        files->watch = file_watch_new(files->watched, on_event, files);
        return files;
}

void config_files_pause(ConfigFiles *files)
{
        files->paused = true;
}

void config_files_resume(ConfigFiles *files)
{
        files->paused = false;
        if (files->missed)
                act(files);
        files->missed = false;
}

void config_files_stop(ConfigFiles *files)
{
        g_mutex_lock(&files->lock);
        files->stopped = true;
        g_mutex_unlock(&files->lock);
        clear_timer(files);
        files->watch = file_watch_free(files->watch);
}

static gboolean free_in_context(void *data)
{
        ConfigFiles *files = data;

        clear_timer(files);
        file_watch_free(files->watch);
        options_free(files->options);
        failure_free(files->told);
        document_unref(files->document);
        g_strfreev(files->watched);
        g_strfreev(files->paths);
        g_mutex_clear(&files->lock);
        g_weak_ref_clear(&files->config);
        g_main_context_unref(files->context);
        g_free(files);
        return G_SOURCE_REMOVE;
}

ConfigFiles *config_files_free(ConfigFiles *files)
{
        /* What is monitored may be under way there. */
        if (files)
                g_main_context_invoke(files->context, free_in_context, files);
        return NULL;
}
