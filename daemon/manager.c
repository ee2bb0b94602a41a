/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/manager.h"

#include "daemon/log.h"
#include "daemon/manager-private.h"
#include "daemon/recover.h"

#include <string.h>

static void entry_free(void *data)
{
        Entry *entry = data;

        config_stop(entry->config);
        config_unref(entry->config);
        g_strfreev(entry->dropin_files);
        options_free(entry->dropin_options);
        g_free(entry);
}

static int compare_due(const void *a, const void *b, void *userdata)
{
        const Entry *first = a, *second = b;
        int32_t first_priority = config_options(first->config)->priority;
        int32_t second_priority = config_options(second->config)->priority;

        /* Equal ones keep the order in which they came: the sequence inserts behind them. */
        return (first_priority < second_priority) - (first_priority > second_priority);
}

static int run_due(sd_event_source *source, void *userdata);

/* While the log is written back these would wait for the disk, and calls with them. */
static void run_queues(Manager *manager)
{
        if (manager->store_is_busy)
                return;
        if (!manager->due_source && !g_sequence_is_empty(manager->due) &&
            sd_event_add_defer(manager->context.event, &manager->due_source, run_due, manager) < 0)
                g_error("out of memory");
        if (!g_queue_is_empty(&manager->untidy))
                (void) sd_event_source_set_enabled(manager->tidy_source, SD_EVENT_ONESHOT);
}

/*
 * One config a turn. Calls have theirs in between, and neither keeps the other waiting, however many there
 * are: among sources of one priority goes first what was pending first, which a deferred one is from when it
 * was made. So each turn has a new one.
 */
static int run_due(sd_event_source *source, void *userdata)
{
        Manager *manager = userdata;
        GSequenceIter *first = g_sequence_get_begin_iter(manager->due);

        manager->due_source = sd_event_source_disable_unref(manager->due_source);
        if (!g_sequence_iter_is_end(first)) {
                Entry *entry = g_sequence_get(first);

                g_sequence_remove(first);
                entry->due = NULL;
                config_run_due(entry->config);
        }
        run_queues(manager);
        return 0;
}

static void on_due(Config *config, void *userdata)
{
        Manager *manager = userdata;
        Entry *entry = manager_entry_of(manager, config);

        if (!entry || entry->due)
                return;
        entry->due = g_sequence_insert_sorted(manager->due, entry, compare_due, NULL);
        run_queues(manager);
}

static void want_tidy(Manager *manager, Entry *entry)
{
        if (entry->untidy)
                return;
        entry->untidy = true;
        g_queue_push_tail(&manager->untidy, entry);
        run_queues(manager);
}

static void run_checkpoint(void *data)
{
        const Manager *manager = data;

        store_run_checkpoint(manager->context.store);
}

static void finish_checkpoint(void *data)
{
        Manager *manager = data;
        g_autoptr(Failure) failure = store_end_checkpoint(manager->context.store);

        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, NULL, failure,
                            "Failed to write the log back, trying again after the next version");
        manager->store_is_busy = false;
        run_queues(manager);
}

static int run_tidy(sd_event_source *source, void *userdata)
{
        Manager *manager = userdata;
        Entry *entry = g_queue_pop_head(&manager->untidy);
        g_autoptr(Failure) failure = NULL;

        if (entry) {
                entry->untidy = false;
                failure = config_tidy(entry->config);
        }
        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, config_name(entry->config), failure,
                            "Failed to tidy the history, trying again after the next version");
        if (store_begin_checkpoint(manager->context.store)) {
                manager->store_is_busy = true;
                worker_submit(manager->store_worker, manager, run_checkpoint, finish_checkpoint);
        }
        run_queues(manager);
        return 0;
}

/* What it went back to by itself may have been made of other files, in another way. */
static void save_what_came_back(Manager *manager, const Entry *entry, Origin origin)
{
        g_autoptr(Failure) failure = NULL;

        if (origin == ORIGIN_TIMEOUT || origin == ORIGIN_FAILURE)
                failure = manager_save_registration(manager, entry);
        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, config_name(entry->config), failure,
                            "Failed to save the registration, ignoring");
}

static void on_changed(Config *config, const ConfigUpdate *update, void *userdata)
{
        Manager *manager = userdata;
        Entry *entry = manager_entry_of(manager, config);

        if (!entry)
                return;
        manager_announce(manager, entry);
        save_what_came_back(manager, entry, update->origin);
        manager->observer->changed(config, update, manager->userdata);
        want_tidy(manager, entry);
}

static void on_failed(Config *config, const Failure *failure, bool is_public, void *userdata)
{
        Manager *manager = userdata;
        Entry *entry = manager_entry_of(manager, config);

        if (!entry)
                return;
        /* What programs say about a version may quote it, and a log has readers that the config does not
         * have. */
        if (!is_public &&
            (failure->stage == FAILURE_STAGE_VALIDATOR || failure->stage == FAILURE_STAGE_INSTANCE))
                log_config(G_LOG_LEVEL_WARNING, config_name(config), "%s: reload failed at stage %s",
                           config_name(config), failure_stage_to_string(failure->stage));
        else
                log_failure(G_LOG_LEVEL_WARNING, config_name(config), failure,
                            "%s: reload failed at stage %s", config_name(config),
                            failure_stage_to_string(failure->stage));
        /* Those who register it are told by the answer. */
        if (!entry->announced && entry->source != ENTRY_MEMBER)
                return;
        manager_announce(manager, entry);
        manager->observer->failed(config, failure, is_public, manager->userdata);
}

static void on_properties_changed(Config *config, ConfigProperty properties, void *userdata)
{
        Manager *manager = userdata;
        Entry *entry = manager_entry_of(manager, config);

        if (!entry || !entry->announced)
                return;
        manager->observer->properties_changed(config, properties, manager->userdata);
        manager_drop_if_gone(manager, entry);
}

static bool on_has_validators(Config *config, void *userdata)
{
        Manager *manager = userdata;

        return manager->observer->has_validators(config, manager->userdata);
}

static void on_ask(Config *config, const ConfigCandidate *candidate, ConfigAsked asked, void *operation,
                   void *userdata)
{
        Manager *manager = userdata;

        manager->observer->ask(config, candidate, asked, operation, manager->userdata);
}

static void on_cancel_ask(Config *config, void *userdata)
{
        Manager *manager = userdata;

        manager->observer->cancel_ask(config, manager->userdata);
}

static void on_audited(Config *config, const AuditEntry *entry, bool recorded, void *userdata)
{
        manager_record_audit(userdata, entry, recorded);
}

static const ConfigObserver config_observer = {
        .due = on_due,
        .changed = on_changed,
        .failed = on_failed,
        .properties_changed = on_properties_changed,
        .has_validators = on_has_validators,
        .ask = on_ask,
        .cancel_ask = on_cancel_ask,
        .audited = on_audited,
};

/* Queues that run when events and calls have been taken in; off while there is nothing in them. */
static int add_queues(Manager *manager)
{
        sd_event *event = manager->context.event;
        int r;

        r = sd_event_add_defer(event, &manager->tidy_source, run_tidy, manager);
        if (r >= 0)
                r = sd_event_source_set_enabled(manager->tidy_source, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(manager->tidy_source, SD_EVENT_PRIORITY_IDLE);
        return r;
}

Failure *manager_new(sd_event *event, const Settings *settings, Manager **ret)
{
        g_autoptr(Manager) manager = g_new0(Manager, 1);
        g_autofree char *set_aside = NULL;
        Failure *failure;
        int r;

        manager->settings = settings;
        manager->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
        manager->directories = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, managed_directory_end);
        manager->by_user = user_count_new();
        manager->due = g_sequence_new(NULL);
        g_queue_init(&manager->untidy);
        statistics_init(&manager->statistics, NULL);
        manager->context = (ConfigContext){
                .event = sd_event_ref(event),
                .statistics = &manager->statistics,
                .hot_reload = settings->hot_reload,
                .return_limit = settings->suspend_after,
                .return_period_usec = settings->suspend_within_usec,
                .observer = &config_observer,
                .userdata = manager,
        };

        failure = store_open(settings->state_directory, &manager->context.store, &set_aside);
        if (failure)
                return failure;
        if (set_aside)
                log_config(G_LOG_LEVEL_CRITICAL, NULL, "%s", set_aside);

        r = watcher_new(event, &manager->context.watcher);
        if (r >= 0)
                r = worker_new(event, &manager->context.worker);
        if (r >= 0)
                r = worker_new(event, &manager->store_worker);
        if (r >= 0)
                manager->context.schemas = schema_cache_new(event, manager->context.watcher);
        if (r >= 0)
                r = add_queues(manager);
        if (r >= 0)
                r = manager_begin_audit(manager);
        if (r < 0)
                return failure_new(FAILURE_LIMIT_EXCEEDED, "cannot set up watching: %s", g_strerror(-r));

        *ret = g_steal_pointer(&manager);
        return NULL;
}

Manager *manager_free(Manager *manager)
{
        if (!manager)
                return NULL;

        manager->stopping = true;
        g_clear_pointer(&manager->dropin_directories, g_ptr_array_unref);
        g_hash_table_remove_all(manager->directories);
        /* Jobs that still run belong to configs, which end with them. */
        g_hash_table_remove_all(manager->entries);
        worker_free(manager->context.worker);
        worker_free(manager->store_worker);
        schema_cache_free(manager->context.schemas);
        watcher_free(manager->context.watcher);
        sd_event_source_disable_unref(manager->due_source);
        sd_event_source_disable_unref(manager->tidy_source);
        g_hash_table_unref(manager->entries);
        g_hash_table_unref(manager->directories);
        user_count_free(manager->by_user);
        g_sequence_free(manager->due);
        g_queue_clear(&manager->untidy);
        manager_end_audit(manager);
        store_close(manager->context.store);
        statistics_clear(&manager->statistics);
        sd_event_unref(manager->context.event);
        g_free(manager);
        return NULL;
}

void manager_set_observer(Manager *manager, const ManagerObserver *observer, void *userdata)
{
        manager->observer = observer;
        manager->userdata = userdata;
}

static bool any_is_starting(const Manager *manager)
{
        GHashTableIter iterator;
        void *entry;

        g_hash_table_iter_init(&iterator, manager->entries);
        while (g_hash_table_iter_next(&iterator, NULL, &entry))
                if (config_is_starting(((const Entry *) entry)->config))
                        return true;
        return false;
}

/* Whoever calls first would find a config empty that a command is still decoding. */
static void wait_for_commands(const Manager *manager)
{
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + CONFIG_COMMANDS_MAX_SEC * UINT64_C(1000000);

        while (any_is_starting(manager)) {
                uint64_t now = (uint64_t) g_get_monotonic_time();

                if (now >= deadline || sd_event_run(manager->context.event, deadline - now) <= 0)
                        return;
        }
}

static bool is_registered(const char *config, void *userdata)
{
        return manager_entry(userdata, config) != NULL;
}

void manager_start(Manager *manager)
{
        g_autoptr(Failure) failure = manager_watch_dropins(manager);

        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, NULL, failure, "Failed to watch for drop-ins, ignoring");
        manager_read_dropins(manager, ORIGIN_STARTUP);
        wait_for_commands(manager);
        /* One that does not persist is to go back all the same; its history learns of it when it comes
         * again. */
        (void) recover_configs(manager->context.store, is_registered, manager);
}

Entry *manager_entry(const Manager *manager, const char *name)
{
        return g_hash_table_lookup(manager->entries, name);
}

Entry *manager_entry_of(const Manager *manager, const Config *config)
{
        Entry *entry = manager_entry(manager, config_name(config));

        /* One that was unregistered may end its work after another took its name. */
        return entry && entry->config == config ? entry : NULL;
}

Failure *manager_check_room(const Manager *manager, uid_t uid)
{
        if (user_count_get(manager->by_user, uid) < MANAGER_MAX_CONFIGS_PER_USER)
                return NULL;
        return failure_new(
                        FAILURE_LIMIT_EXCEEDED,
                        "a user may have %u configs registered, directories and theirs included, and has; "
                        "unregister some first",
                        MANAGER_MAX_CONFIGS_PER_USER);
}

Failure *manager_add(Manager *manager, const char *name, char *const *files, Options *options,
                     EntrySource source, uid_t uid, Entry **ret)
{
        Failure *failure = manager_check_room(manager, uid);
        Entry *entry;

        if (failure) {
                options_free(options);
                return failure;
        }
        entry = g_new0(Entry, 1);
        entry->config = config_new(&manager->context, name, files, options);
        entry->source = source;
        entry->uid = uid;
        user_count_add(manager->by_user, uid);
        g_hash_table_insert(manager->entries, (char *) config_name(entry->config), entry);
        *ret = entry;
        return NULL;
}

void manager_set_uid(Manager *manager, Entry *entry, uid_t uid)
{
        user_count_remove(manager->by_user, entry->uid);
        user_count_add(manager->by_user, uid);
        entry->uid = uid;
}

void manager_announce(Manager *manager, Entry *entry)
{
        if (entry->announced)
                return;
        entry->announced = true;
        manager->observer->added(entry->config, manager->userdata);
}

void manager_start_config(Manager *manager, Entry *entry, Origin origin)
{
        ConfigRequest request = { .origin = origin, .author = { .uid = (uid_t) -1 } };

        config_start(entry->config, &request);
        manager_announce(manager, entry);
}

void manager_remove(Manager *manager, Entry *entry)
{
        g_autoptr(Config) config = config_ref(entry->config);

        /* Its last client leaves because it goes, and would make it go. */
        if (entry->leaving)
                return;
        entry->leaving = true;
        if (entry->due)
                g_sequence_remove(entry->due);
        if (entry->untidy)
                g_queue_remove(&manager->untidy, entry);
        if (entry->announced)
                manager->observer->removed(config, manager->userdata);
        user_count_remove(manager->by_user, entry->uid);
        g_hash_table_remove(manager->entries, config_name(config));
}

Config *manager_find(const Manager *manager, const char *name)
{
        Entry *entry = manager_entry(manager, name);

        return entry && entry->announced ? entry->config : NULL;
}

static int compare_configs(const void *a, const void *b)
{
        return strcmp(config_name(*(Config *const *) a), config_name(*(Config *const *) b));
}

static void release_config(void *config)
{
        config_unref(config);
}

GPtrArray *manager_list(const Manager *manager, const char *file)
{
        GPtrArray *configs = g_ptr_array_new_with_free_func(release_config);
        GHashTableIter iterator;
        void *value;

        g_hash_table_iter_init(&iterator, manager->entries);
        while (g_hash_table_iter_next(&iterator, NULL, &value)) {
                Entry *entry = value;

                if (!entry->announced)
                        continue;
                if (file && !g_strv_contains((const char *const *) config_files(entry->config), file))
                        continue;
                g_ptr_array_add(configs, config_ref(entry->config));
        }
        g_ptr_array_sort(configs, compare_configs);
        return configs;
}

bool manager_hot_reload(const Manager *manager)
{
        return manager->context.hot_reload;
}

void manager_set_hot_reload(Manager *manager, bool hot_reload, const Author *author)
{
        g_autoptr(GPtrArray) configs = NULL;

        if (manager->context.hot_reload == hot_reload)
                return;
        manager_audit(manager, author, AUDIT_HOT_RELOAD, "", 0, hot_reload ? "on" : "off", NULL);
        manager->context.hot_reload = hot_reload;
        manager->observer->hot_reload_changed(manager->userdata);
        configs = manager_list(manager, NULL);
        for (guint i = 0; i < configs->len; i++)
                config_update_hot_reload(g_ptr_array_index(configs, i));
}

void manager_add_client(Manager *manager, Config *config)
{
        Entry *entry = manager_entry_of(manager, config);

        if (entry)
                entry->clients++;
}

void manager_remove_client(Manager *manager, Config *config)
{
        Entry *entry = manager_entry_of(manager, config);

        if (!entry)
                return;
        entry->clients--;
        manager_drop_if_gone(manager, entry);
}

Failure *manager_list_versions(Manager *manager, Config *config, GPtrArray **ret)
{
        return store_list_versions(manager->context.store, config_name(config), ret);
}

Failure *manager_set_label(Manager *manager, Config *config, uint64_t version, const char *label,
                           const Author *author)
{
        Failure *failure = config_set_label(config, version, label);

        manager_audit(manager, author, AUDIT_LABEL, config_name(config), version,
                      failure || !*label ? NULL : label, failure);
        return failure;
}

bool manager_is_idle(const Manager *manager)
{
        return g_hash_table_size(manager->entries) == 0 && g_hash_table_size(manager->directories) == 0 &&
               worker_pending(manager->context.worker) == 0 &&
               g_queue_is_empty((GQueue *) &manager->untidy) && !manager->store_is_busy;
}

bool manager_is_stopping(const Manager *manager)
{
        return manager->stopping;
}

Worker *manager_worker(const Manager *manager)
{
        return manager->context.worker;
}

sd_event *manager_event(const Manager *manager)
{
        return manager->context.event;
}

const Settings *manager_settings(const Manager *manager)
{
        return manager->settings;
}

const char *manager_epoch(const Manager *manager)
{
        return store_epoch(manager->context.store);
}

Statistics *manager_statistics(Manager *manager)
{
        return &manager->statistics;
}
