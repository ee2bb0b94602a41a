/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include "daemon/config-private.h"

#include <string.h>
#include <unistd.h>

#define MAX_NAME_LENGTH 128U
/* How soon to look again after a version could not be recorded. */
#define RETRY_USEC (5 * G_USEC_PER_SEC)

static const char *const state_names[N_CONFIG_STATES] = {
        [CONFIG_ACTIVE] = "active",       [CONFIG_INVALID] = "invalid",
        [CONFIG_MISSING] = "missing",     [CONFIG_UNCONFIRMED] = "unconfirmed",
        [CONFIG_SUSPENDED] = "suspended", [CONFIG_DIVERGED] = "diverged",
};

const char *config_state_to_string(ConfigState state)
{
        return state_names[state];
}

Failure *config_check_name(const char *name)
{
        size_t length = strlen(name);

        if (length == 0 || length > MAX_NAME_LENGTH)
                return failure_new(FAILURE_INVALID_NAME, "a config's name has 1 to %u characters, not %zu",
                                   MAX_NAME_LENGTH, length);
        if (!g_ascii_isalnum(name[0]))
                return failure_new(FAILURE_INVALID_NAME, "a config's name begins with a letter or digit");
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_isalnum(name[i]) && !strchr("_.@:-", name[i]))
                        return failure_new(FAILURE_INVALID_NAME,
                                           "a config's name is made of letters, digits and '_.@:-'; "
                                           "character %zu "
                                           "is none of these",
                                           i + 1);
        return NULL;
}

static Failure *check_file(const char *file)
{
        g_autofree char *canonical = NULL;

        if (*file != '/')
                return failure_new(FAILURE_INVALID_PATH, "the path '%s' is not absolute", file);
        if (!g_utf8_validate(file, -1, NULL))
                return failure_new(FAILURE_INVALID_PATH, "the path is not valid UTF-8");
        canonical = g_canonicalize_filename(file, "/");
        if (!g_str_equal(canonical, file))
                return failure_new(FAILURE_INVALID_PATH, "the path '%s' is not in its plain form, '%s'",
                                   file, canonical);
        if (strlen(file) >= PATH_MAX)
                return failure_new(FAILURE_INVALID_PATH, "the path is longer than %d bytes", PATH_MAX - 1);
        return NULL;
}

Failure *config_check_files(char *const *files, const Options *options, const ConfigCommands *commands)
{
        guint count = g_strv_length((char **) files);

        if (count == 0)
                return failure_new(FAILURE_INVALID_ARGUMENT, "no file is given");
        if (count > MERGE_MAX_LAYERS)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "a config has at most %u layers, not %u",
                                   MERGE_MAX_LAYERS, count);

        for (guint i = 0; i < count; i++) {
                Failure *failure = check_file(files[i]);

                if (failure)
                        return failure;
                for (guint j = 0; j < i; j++)
                        if (g_str_equal(files[i], files[j]))
                                return failure_new(FAILURE_INVALID_ARGUMENT, "the file %s is given twice",
                                                   files[i]);
                if (load_format(files[i], options->format) == FORMAT_NONE && !(commands && commands->decode))
                        return failure_new(FAILURE_INVALID_ARGUMENT,
                                           "the name of %s does not tell its format; give the option format "
                                           "(yaml, "
                                           "json, env or ini), or have a drop-in with a [Decode] Command=",
                                           files[i]);
        }
        return NULL;
}

Config *config_new(const ConfigContext *context, const char *name, char *const *files, Options *options)
{
        Config *config = g_new0(Config, 1);

        config->references = 1;
        config->context = context;
        config->name = g_strdup(name);
        config->files = g_strdupv((char **) files);
        config->options = options;
        config->snapshot = -1;
        statistics_init(&config->statistics, context->statistics);
        config->returns = g_array_new(FALSE, FALSE, sizeof(uint64_t));
        g_queue_init(&config->waiting);
        config_init_debounce(config);
        return config;
}

Config *config_ref(Config *config)
{
        config->references++;
        return config;
}

Config *config_unref(Config *config)
{
        if (!config || --config->references > 0)
                return NULL;

        config_stop(config);
        g_free(config->name);
        g_strfreev(config->files);
        options_free(config->options);
        document_unref(config->document);
        schema_unref(config->fits);
        config_commands_unref(config->commands);
        config_commands_unref(config->passed);
        g_clear_pointer(&config->text, g_bytes_unref);
        g_clear_pointer(&config->hashes, g_array_unref);
        g_clear_pointer(&config->failed_hashes, g_array_unref);
        g_clear_pointer(&config->reverted_hashes, g_array_unref);
        failure_free(config->failure);
        g_array_unref(config->returns);
        if (config->snapshot >= 0)
                close(config->snapshot);
        statistics_clear(&config->statistics);
        g_free(config);
        return NULL;
}

void config_stop(Config *config)
{
        if (config->stopped)
                return;
        config->stopped = true;

        g_clear_pointer(&config->watches, g_ptr_array_unref);
        config->schema = schema_use_free(config->schema);
        config->timer = sd_event_source_disable_unref(config->timer);
        config_end_trial(config);
        operation_cancel_waiting(config);
        if (config->running && config->running->load)
                load_cancel(config->running->load);
        if (config->asking) {
                config->asking = false;
                config->context->observer->cancel_ask(config, config->context->userdata);
                operation_cancel(config->running);
        }
        operation_end_held(config);
}

ConfigFacts config_facts(const Config *config)
{
        return (ConfigFacts){
                .state = config_state(config),
                .is_public = config_is_public(config),
                .hot_reload = config_hot_reload(config),
                .pending = config->pending,
                .deadline = config->trial.deadline,
        };
}

void config_tell_properties(Config *config, const ConfigFacts *before, ConfigProperty others)
{
        ConfigFacts now = config_facts(config);
        ConfigProperty changed = others;

        if (now.state != before->state)
                changed |= CONFIG_PROPERTY_STATE;
        if (now.is_public != before->is_public)
                changed |= CONFIG_PROPERTY_PUBLIC;
        if (now.hot_reload != before->hot_reload)
                changed |= CONFIG_PROPERTY_HOT_RELOAD;
        if (now.pending != before->pending)
                changed |= CONFIG_PROPERTY_PENDING;
        if (now.deadline != before->deadline)
                changed |= CONFIG_PROPERTY_CONFIRM_DEADLINE;
        if (changed != 0 && !config->stopped)
                config->context->observer->properties_changed(config, changed, config->context->userdata);
}

void config_init_debounce(Config *config)
{
        debounce_init(&config->debounce, config->options->debounce_ms * UINT64_C(1000),
                      g_strv_length(config->files) > 1);
}

static uint64_t now_usec(const Config *config)
{
        uint64_t now = 0;

        sd_event_now(config->context->event, CLOCK_MONOTONIC, &now);
        return now;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        Config *config = userdata;

        config->context->observer->due(config, config->context->userdata);
        return 0;
}

static void arm_timer_at(Config *config, uint64_t deadline)
{
        if (!config->timer) {
                /* Without an accuracy of its own a timer may be a quarter of a second late. */
                if (sd_event_add_time(config->context->event, &config->timer, CLOCK_MONOTONIC, deadline,
                                      1000, on_timer, config) < 0)
                        config->context->observer->due(config, config->context->userdata);
                return;
        }
        (void) sd_event_source_set_time(config->timer, deadline);
        (void) sd_event_source_set_enabled(config->timer, SD_EVENT_ONESHOT);
}

/* Due when the debounce says so. */
static void arm_timer(Config *config)
{
        uint64_t deadline = debounce_deadline(&config->debounce);

        if (deadline != DEBOUNCE_NEVER)
                arm_timer_at(config, deadline);
}

static void on_watch(Watch *watch, WatchEvent event, void *userdata)
{
        Config *config = userdata;
        uint64_t now = now_usec(config);

        STATISTICS_COUNT(&config->statistics, file_events);
        if (config->event_time == 0)
                config->event_time = now;
        if (debounce_event(&config->debounce, event, now))
                config->context->observer->due(config, config->context->userdata);
        else
                arm_timer(config);
}

static void release_watch(void *watch)
{
        watch_free(watch);
}

Failure *config_watch_files(Config *config, char *const *files, const Options *options, GPtrArray **ret)
{
        g_autoptr(GPtrArray) watches = g_ptr_array_new_with_free_func(release_watch);

        for (; *files; files++) {
                Watch *watch = NULL;
                int r = watcher_add_file(config->context->watcher, *files, options->poll_ms * UINT64_C(1000),
                                         on_watch, config, &watch);

                if (r == -ENOSPC)
                        return failure_new(FAILURE_LIMIT_EXCEEDED,
                                           "cannot watch %s: no inotify watches are left "
                                           "(fs.inotify.max_user_watches)",
                                           *files);
                if (r < 0)
                        return failure_new(FAILURE_FILE_UNREADABLE, "cannot watch %s: %s", *files,
                                           g_strerror(-r));
                g_ptr_array_add(watches, watch);
        }
        *ret = g_steal_pointer(&watches);
        return NULL;
}

static void on_schema_changed(SchemaUse *use, void *userdata)
{
        Config *config = userdata;

        if (config->event_time == 0)
                config->event_time = now_usec(config);
        config->context->observer->due(config, config->context->userdata);
}

Failure *config_use_schema(Config *config, const Options *options, SchemaUse **ret)
{
        int r;

        *ret = NULL;
        if (!options->schema)
                return NULL;
        r = schema_cache_use(config->context->schemas, options->schema, on_schema_changed, config, ret);
        if (r < 0)
                return failure_new_at(r == -ENOSPC ? FAILURE_LIMIT_EXCEEDED : FAILURE_FILE_UNREADABLE,
                                      FAILURE_STAGE_SCHEMA, options->schema, 0, 0, NULL,
                                      "the schema cannot be watched: %s", g_strerror(-r));
        return NULL;
}

void config_load_with_schema(const Options *options, const SchemaUse *use, Load *load)
{
        uint64_t generation;
        Schema *schema;

        if (!use)
                return;
        schema = schema_use_get(use, &generation);
        load_set_schema(load, options->schema, schema, generation, options->defaults);
}

void config_take_files(Config *config, Operation *operation)
{
        bool changed = operation->files || operation->options;

        if (operation->files) {
                g_strfreev(config->files);
                config->files = g_steal_pointer(&operation->files);
        }
        if (operation->options || operation->schema) {
                schema_use_free(config->schema);
                config->schema = g_steal_pointer(&operation->schema);
        }
        if (operation->options) {
                options_free(config->options);
                config->options = g_steal_pointer(&operation->options);
        }
        if (operation->watches) {
                g_clear_pointer(&config->watches, g_ptr_array_unref);
                config->watches = g_steal_pointer(&operation->watches);
        }
        if (changed)
                config_init_debounce(config);
}

bool config_will_look(const Config *config)
{
        for (const GList *link = config->waiting.head; link; link = link->next) {
                const Operation *waiting = link->data;

                if (waiting->run == operation_reload && waiting->event_time > 0)
                        return true;
        }
        return false;
}

void config_run_due(Config *config)
{
        uint64_t now = now_usec(config);
        Operation *operation;

        if (config->stopped)
                return;

        debounce_act(&config->debounce, now);
        /* What it was set for is done now; a look for nothing would begin another window. */
        if (config->timer)
                (void) sd_event_source_set_enabled(config->timer, SD_EVENT_OFF);
        if (operation_give_way(config)) {
                config->event_time = 0;
                return;
        }
        /* That will see what this one would. */
        if (config_will_look(config)) {
                config->event_time = 0;
                return;
        }

        operation = operation_new(config, operation_reload,
                                  &(ConfigRequest){
                                                  .origin = ORIGIN_FILE,
                                                  .author = { .uid = (uid_t) -1 },
                                  });
        operation->event_time = config->event_time > 0 ? config->event_time : now;
        operation->by_itself = true;
        config->event_time = 0;
        operation_submit(operation);
}

bool config_wait_until_still(Config *config)
{
        if (debounce_is_still(&config->debounce, now_usec(config)))
                return false;
        arm_timer(config);
        return true;
}

void config_retry_later(Config *config)
{
        arm_timer_at(config, now_usec(config) + RETRY_USEC);
}

static void apply_hot_reload(Config *config, const ConfigFacts *before, ConfigProperty others)
{
        config_tell_properties(config, before, others);
        if (config_hot_reload(config) && !before->hot_reload)
                config->context->observer->due(config, config->context->userdata);
}

void config_set_commands(Config *config, ConfigCommands *commands)
{
        config_commands_unref(config->commands);
        config->commands = config_commands_ref(commands);
}

void config_set_hot_reload(Config *config, bool hot_reload)
{
        ConfigFacts before = config_facts(config);

        config->options->hot_reload = hot_reload ? SWITCH_ON : SWITCH_OFF;
        apply_hot_reload(config, &before, CONFIG_PROPERTY_OPTIONS);
}

void config_update_hot_reload(Config *config)
{
        ConfigFacts before = config_facts(config);

        /* The context has changed already: before it was the other way. */
        if (config->options->hot_reload != SWITCH_UNSET)
                return;
        before.hot_reload = !config->context->hot_reload;
        apply_hot_reload(config, &before, 0);
}

Failure *config_tidy(Config *config)
{
        if (config->stopped)
                return NULL;
        return store_tidy(config->context->store, config->name, config->options->max_versions,
                          config->trial.back);
}

const char *config_name(const Config *config)
{
        return config->name;
}

char *const *config_files(const Config *config)
{
        return config->files;
}

const Options *config_options(const Config *config)
{
        return config->options;
}

const ConfigCommands *config_commands(const Config *config)
{
        return config->commands;
}

Format config_format(const Config *config)
{
        return load_format(config->files[0], config->options->format);
}

/* The worst first: what is wrong with the files, whatever becomes of the version. */
ConfigState config_state(const Config *config)
{
        if (config->divergence.number > 0)
                return CONFIG_DIVERGED;
        if (config->suspended)
                return CONFIG_SUSPENDED;
        if (config->files_state == CONFIG_ACTIVE && config->trial.deadline > 0)
                return CONFIG_UNCONFIRMED;
        return config->files_state;
}

bool config_is_public(const Config *config)
{
        return config->files_are_public;
}

bool config_hot_reload(const Config *config)
{
        if (config->options->hot_reload == SWITCH_UNSET)
                return config->context->hot_reload;
        return config->options->hot_reload == SWITCH_ON;
}

bool config_is_starting(const Config *config)
{
        const Operation *running = config->running;

        if (!running)
                return false;
        return running->adopted || running->resumes || running->returns > 0 || running->write_back ||
               (!config->document && running->load && load_has_commands(running->load));
}

bool config_is_pending(const Config *config)
{
        return config->pending;
}

uint64_t config_version(const Config *config)
{
        return config->version;
}

uint64_t config_version_time(const Config *config)
{
        return config->version_time;
}

uint64_t config_last_reload(const Config *config)
{
        return config->last_reload;
}

Document *config_document(const Config *config)
{
        return config->document;
}

const Failure *config_failure(const Config *config)
{
        return config->failure;
}

Statistics *config_statistics(Config *config)
{
        return &config->statistics;
}
