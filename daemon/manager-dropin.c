/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The registry as the drop-ins want it
 *
 * After every change all drop-ins are read again and compared with what is there. One that is no good is
 * reported and leaves what it named before as it was.
 */
#include "daemon/log.h"
#include "daemon/manager-private.h"

#include <unistd.h>

#define POLL_USEC (2 * G_USEC_PER_SEC)

/* True if the drop-in says what it said when it was last applied; clients may have changed the config since.
 */
static bool is_applied(const Entry *entry, const Dropin *dropin)
{
        return entry->source == ENTRY_DROPIN &&
               g_strv_equal((const char *const *) entry->dropin_files,
                            (const char *const *) dropin->files) &&
               options_equal(entry->dropin_options, dropin->options) &&
               config_commands_equal(config_commands(entry->config), dropin->commands);
}

static void note_applied(Manager *manager, Entry *entry, const Dropin *dropin)
{
        entry->source = ENTRY_DROPIN;
        entry->directory = NULL;
        manager_set_uid(manager, entry, geteuid());
        g_strfreev(entry->dropin_files);
        entry->dropin_files = g_strdupv(dropin->files);
        options_free(entry->dropin_options);
        entry->dropin_options = options_copy(dropin->options);
        config_set_commands(entry->config, dropin->commands);
        if (entry->announced)
                manager->observer->commands_changed(entry->config, manager->userdata);
}

/* A config by that name that is the drop-in's, made or made over. */
static Failure *apply_config(Manager *manager, const Dropin *dropin, Origin origin)
{
        Entry *entry = manager_entry(manager, dropin->name);
        ConfigRequest request = {
                .origin = origin,
                .author = { .uid = (uid_t) -1 },
        };
        Failure *failure;

        if (!entry) {
                failure = manager_add(manager, dropin->name, dropin->files, options_copy(dropin->options),
                                      ENTRY_DROPIN, geteuid(), &entry);
                if (failure)
                        return failure;
                note_applied(manager, entry, dropin);
                manager_start_config(manager, entry, origin);
                return NULL;
        }

        if (is_applied(entry, dropin))
                return NULL;
        note_applied(manager, entry, dropin);
        config_set_files(entry->config, dropin->files, dropin->options, true, &request);
        return NULL;
}

static void take_over_directory(Manager *manager, ManagedDirectory *directory)
{
        g_autoptr(GPtrArray) members = NULL;

        if (directory->source == ENTRY_DROPIN)
                return;
        directory->source = ENTRY_DROPIN;
        user_count_remove(manager->by_user, directory->uid);
        directory->uid = geteuid();
        user_count_add(manager->by_user, directory->uid);
        members = manager_directory_members(manager, directory);
        for (guint i = 0; i < members->len; i++)
                manager_set_uid(manager, manager_entry_of(manager, g_ptr_array_index(members, i)),
                                directory->uid);
}

static Failure *apply_directory(Manager *manager, const Dropin *dropin)
{
        ManagedDirectory *present = g_hash_table_lookup(manager->directories, dropin->name);
        const Author author = { .uid = geteuid() };

        if (present && g_str_equal(present->path, dropin->directory) &&
            g_str_equal(present->pattern, dropin->pattern) &&
            options_equal(present->options, dropin->options) &&
            config_commands_equal(present->commands, dropin->commands)) {
                take_over_directory(manager, present);
                return NULL;
        }
        if (present)
                manager_remove_directory(manager, present);
        return manager_add_directory(manager, dropin->name, dropin->directory, dropin->pattern,
                                     options_copy(dropin->options), dropin->commands, ENTRY_DROPIN, &author,
                                     NULL, NULL);
}

static void apply(Manager *manager, const Dropin *dropin, Origin origin)
{
        g_autoptr(Failure) failure = NULL;
        ManagedDirectory *directory = g_hash_table_lookup(manager->directories, dropin->name);
        Entry *entry = manager_entry(manager, dropin->name);

        if (dropin->failure) {
                log_failure(G_LOG_LEVEL_WARNING, dropin->name, dropin->failure, "Passing over a drop-in");
                return;
        }
        /* What was a directory and is now one config, or the other way round, starts over. */
        if (directory && !dropin->directory)
                manager_remove_directory(manager, directory);
        if (entry && dropin->directory)
                manager_remove(manager, entry);

        failure = dropin->directory ? apply_directory(manager, dropin)
                                    : apply_config(manager, dropin, origin);
        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, dropin->name, failure, "Failed to apply %s", dropin->path);
}

static bool is_wanted(const GPtrArray *dropins, const char *name)
{
        for (guint i = 0; i < dropins->len; i++)
                if (g_str_equal(((const Dropin *) g_ptr_array_index(dropins, i))->name, name))
                        return true;
        return false;
}

/* What no drop-in names any longer. */
static void remove_others(Manager *manager, const GPtrArray *dropins)
{
        g_autoptr(GList) directories = g_hash_table_get_values(manager->directories);
        g_autoptr(GList) entries = NULL;

        for (GList *link = directories; link; link = link->next) {
                ManagedDirectory *directory = link->data;

                if (directory->source == ENTRY_DROPIN && !is_wanted(dropins, directory->name))
                        manager_remove_directory(manager, directory);
        }
        entries = g_hash_table_get_values(manager->entries);
        for (GList *link = entries; link; link = link->next) {
                Entry *entry = link->data;

                if (entry->source == ENTRY_DROPIN && !is_wanted(dropins, config_name(entry->config)))
                        manager_remove(manager, entry);
        }
}

/* What a drop-in stood in front of comes forward again. */
static void restore_others(Manager *manager)
{
        g_autoptr(GPtrArray) registrations = NULL;
        g_autoptr(Failure) failure = store_list_registrations(manager->context.store, &registrations);
        g_autoptr(GList) directories = g_hash_table_get_values(manager->directories);

        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, NULL, failure,
                            "Failed to read the registrations, ignoring");
        for (GList *link = directories; link; link = link->next)
                directory_scan(((ManagedDirectory *) link->data)->directory);
        for (guint i = 0; registrations && i < registrations->len; i++)
                manager_restore(manager, g_ptr_array_index(registrations, i));
}

/* One reading of the drop-ins, on whatever thread: they may be links to anywhere. */
typedef struct Reading {
        Manager *manager;
        const Settings *settings;
        Origin origin;
        GPtrArray *dropins;
} Reading;

static void run_reading(void *data)
{
        Reading *reading = data;

        reading->dropins = dropin_list(reading->settings);
}

static void finish_reading(void *data)
{
        g_autofree Reading *reading = data;
        g_autoptr(GPtrArray) dropins = reading->dropins;
        Manager *manager = reading->manager;

        manager->reading_dropins = false;
        if (manager->stopping)
                return;
        remove_others(manager, dropins);
        for (guint i = 0; i < dropins->len; i++)
                apply(manager, g_ptr_array_index(dropins, i), reading->origin);
        restore_others(manager);
        if (manager->read_dropins_again)
                manager_read_dropins(manager, ORIGIN_FILE);
}

static bool any_may_hang(const GPtrArray *directories)
{
        for (guint i = 0; i < directories->len; i++)
                if (directory_may_hang(g_ptr_array_index(directories, i)))
                        return true;
        return false;
}

void manager_read_dropins(Manager *manager, Origin origin)
{
        Reading *reading;

        manager->read_dropins_again = manager->reading_dropins;
        if (manager->reading_dropins)
                return;

        manager->reading_dropins = true;
        reading = g_new(Reading, 1);
        *reading = (Reading){ .manager = manager, .settings = manager->settings, .origin = origin };
        if (origin == ORIGIN_STARTUP && !any_may_hang(manager->dropin_directories)) {
                run_reading(reading);
                finish_reading(reading);
        } else {
                worker_submit(manager->context.worker, reading, run_reading, finish_reading);
        }
}

static void on_scanned(Directory *directory, const GPtrArray *files, const Failure *failure, void *userdata)
{
        manager_read_dropins(userdata, ORIGIN_FILE);
}

static void release_directory(void *directory)
{
        directory_stop(directory);
        directory_unref(directory);
}

Failure *manager_watch_dropins(Manager *manager)
{
        g_auto(GStrv) paths = dropin_directories(manager->settings);

        manager->dropin_directories = g_ptr_array_new_with_free_func(release_directory);
        for (char **path = paths; *path; path++) {
                Directory *directory = NULL;
                Failure *failure;

                failure = directory_new(manager->context.event, manager->context.watcher,
                                        manager->context.worker, *path, "*.conf", POLL_USEC, on_scanned,
                                        manager, &directory);
                if (failure)
                        return failure;
                g_ptr_array_add(manager->dropin_directories, directory);
        }
        return NULL;
}
