/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registered directories: a config for each file that matches
 *
 * A member's file may be bad or go away; that is the member's state, and harms no other. The history of a
 * member whose file went stays in the store until the directory is unregistered, so that a file that comes
 * back finds it.
 */
#include "daemon/log.h"
#include "daemon/manager-private.h"

#include <string.h>

GPtrArray *manager_directory_members(const Manager *manager, const ManagedDirectory *directory)
{
        GPtrArray *members = g_ptr_array_new();
        GHashTableIter iterator;
        void *value;

        g_hash_table_iter_init(&iterator, manager->entries);
        while (g_hash_table_iter_next(&iterator, NULL, &value)) {
                const Entry *entry = value;

                if (entry->directory == directory)
                        g_ptr_array_add(members, entry->config);
        }
        return members;
}

static int compare_members(const void *a, const void *b)
{
        return strcmp(config_name(*(Config *const *) a), config_name(*(Config *const *) b));
}

/* Everybody who waited for the first scan hears of its end once the last member was loaded. */
static void finish_first_scan(ManagedDirectory *directory, const Failure *failure)
{
        g_autoptr(GPtrArray) members = NULL;
        ManagerDirectoryRegistered done = g_steal_pointer(&directory->done);

        if (!done)
                return;
        if (failure) {
                done(NULL, failure, directory->userdata);
                return;
        }
        members = manager_directory_members(directory->manager, directory);
        g_ptr_array_sort(members, compare_members);
        done(members, NULL, directory->userdata);
}

static void on_member_loaded(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        Manager *manager = userdata;
        Entry *entry = manager_entry(manager, config_name(config));

        if (!entry || entry->config != config)
                return;
        manager_announce(manager, entry);
        entry->directory->loading--;
        if (entry->directory->scanned && entry->directory->loading == 0)
                finish_first_scan(entry->directory, NULL);
}

/* NAME@STEM, where the stem is the file's name without its last suffix. */
static char *member_name(const ManagedDirectory *directory, const char *file)
{
        const char *base = strrchr(file, '/') + 1;
        const char *dot = strrchr(base, '.');
        size_t length = dot && dot > base ? (size_t) (dot - base) : strlen(base);

        return g_strdup_printf("%s@%.*s", directory->name, (int) length, base);
}

static void add_member(ManagedDirectory *directory, char *file)
{
        Manager *manager = directory->manager;
        g_autofree char *name = member_name(directory, file);
        char *files[] = { file, NULL };
        g_autoptr(Failure) failure = config_check_name(name);
        ConfigRequest request = {
                .origin = directory->scanned ? ORIGIN_FILE : ORIGIN_REGISTER,
                .author = directory->author,
                .done = on_member_loaded,
                .userdata = manager,
        };
        Entry *entry = manager_entry(manager, name);

        if (entry && g_str_equal(config_files(entry->config)[0], file))
                return;
        if (!failure && entry)
                failure = failure_new(FAILURE_ALREADY_REGISTERED, "%s is the config %s already",
                                      config_files(entry->config)[0], name);
        if (!failure)
                failure = config_check_files(files, directory->options);
        if (!failure)
                failure = manager_add(manager, name, files, options_copy(directory->options), ENTRY_MEMBER,
                                      &entry);
        if (failure) {
                log_failure(G_LOG_LEVEL_WARNING, directory->name, failure, "Passing over %s", file);
                return;
        }
        entry->directory = directory;
        directory->loading++;
        config_start(entry->config, &request);
}

static void on_scanned(Directory *watched, const GPtrArray *files, const Failure *failure, void *userdata)
{
        ManagedDirectory *directory = userdata;
        Manager *manager = directory->manager;
        g_autoptr(Failure) owned = failure ? failure_copy(failure) : NULL;
        bool first = !directory->scanned;
        bool asked = directory->done != NULL;

        for (guint i = 0; files && i < files->len; i++)
                add_member(directory, g_ptr_array_index(files, i));
        directory->scanned = true;
        if (!first)
                return;

        if (failure && !asked)
                log_failure(G_LOG_LEVEL_WARNING, directory->name, failure, "Waiting for the directory of %s",
                            directory->name);
        if (failure) {
                finish_first_scan(directory, owned);
                /* One that somebody asks for has to be there; one that is configured may come later. */
                if (asked)
                        manager_remove_directory(manager, directory);
                return;
        }
        if (directory->loading == 0)
                finish_first_scan(directory, NULL);
}

Failure *manager_add_directory(Manager *manager, const char *name, const char *path, const char *pattern,
                               Options *options, EntrySource source, const Author *author,
                               ManagerDirectoryRegistered done, void *userdata)
{
        g_autoptr(Directory) watched = NULL;
        g_autoptr(Options) owned = options;
        ManagedDirectory *directory;
        Failure *failure = directory_check(path, pattern);

        if (failure)
                return failure;

        directory = g_new0(ManagedDirectory, 1);
        failure = directory_new(manager->context.event, manager->context.watcher, manager->context.worker,
                                path, pattern, options->poll_ms * UINT64_C(1000), on_scanned, directory,
                                &watched);
        if (failure) {
                g_free(directory);
                return failure;
        }
        directory->manager = manager;
        directory->name = g_strdup(name);
        directory->path = g_strdup(path);
        directory->pattern = g_strdup(pattern);
        directory->options = g_steal_pointer(&owned);
        directory->source = source;
        directory->directory = directory_ref(watched);
        directory->author = *author;
        directory->author.unit = g_strdup(author->unit);
        directory->done = done;
        directory->userdata = userdata;
        g_hash_table_insert(manager->directories, directory->name, directory);
        directory_scan(watched);
        return NULL;
}

void manager_remove_directory(Manager *manager, ManagedDirectory *directory)
{
        g_autoptr(GPtrArray) members = manager_directory_members(manager, directory);

        for (guint i = 0; i < members->len; i++)
                manager_remove(manager, manager_entry(manager, config_name(g_ptr_array_index(members, i))));
        g_hash_table_remove(manager->directories, directory->name);
}

void manager_drop_if_gone(Manager *manager, Entry *entry)
{
        ManagedDirectory *directory = entry->directory;

        if (entry->source != ENTRY_MEMBER || entry->clients > 0 ||
            config_state(entry->config) != CONFIG_MISSING)
                return;
        manager_remove(manager, entry);
        /* Another file may have waited for the name. */
        directory_scan(directory->directory);
}

/* What was asked for, to be saved once it is there. */
typedef struct Saving {
        Manager *manager;
        char *name;
        ManagerDirectoryRegistered done;
        void *userdata;
} Saving;

static Failure *save(Manager *manager, const ManagedDirectory *directory)
{
        g_autoptr(GVariant) settings = g_variant_ref_sink(options_to_variant(directory->options));
        char *no_files[] = { NULL };
        Registration registration = {
                .name = directory->name,
                .directory = directory->path,
                .pattern = directory->pattern,
                .files = no_files,
                .settings = settings,
        };

        if (!directory->options->persist)
                return NULL;
        return store_save_registration(manager->context.store, &registration);
}

static void on_directory_loaded(const GPtrArray *configs, const Failure *failure, void *userdata)
{
        g_autofree Saving *saving = userdata;
        g_autofree char *name = saving->name;
        ManagedDirectory *directory = g_hash_table_lookup(saving->manager->directories, name);
        g_autoptr(Failure) save_failure = NULL;

        if (!failure && directory)
                failure = save_failure = save(saving->manager, directory);
        saving->done(failure ? NULL : configs, failure, saving->userdata);
        if (save_failure)
                manager_remove_directory(saving->manager, directory);
}

static bool is_same(const ManagedDirectory *directory, const char *path, const char *pattern,
                    const Options *options)
{
        return g_str_equal(directory->path, path) && g_str_equal(directory->pattern, pattern) &&
               options_equal(directory->options, options);
}

void manager_register_directory(Manager *manager, const char *name, const char *path, const char *pattern,
                                GVariant *given, const Author *author, ManagerDirectoryRegistered done,
                                void *userdata)
{
        ManagedDirectory *present = g_hash_table_lookup(manager->directories, name);
        g_autoptr(Options) options = NULL;
        g_autoptr(Failure) failure = config_check_name(name);
        Saving *saving;

        if (!failure)
                failure = options_from_variant(given, &options);
        if (!failure && present && !present->done && is_same(present, path, pattern, options)) {
                g_autoptr(GPtrArray) members = manager_directory_members(manager, present);

                g_ptr_array_sort(members, compare_members);
                done(members, NULL, userdata);
                return;
        }
        if (!failure && (present || manager_entry(manager, name)))
                failure = failure_new(FAILURE_ALREADY_REGISTERED,
                                      "%s is registered in another way; unregister it first", name);
        if (failure) {
                done(NULL, failure, userdata);
                return;
        }

        saving = g_new(Saving, 1);
        *saving = (Saving){ .manager = manager, .name = g_strdup(name), .done = done, .userdata = userdata };
        failure = manager_add_directory(manager, name, path, pattern, g_steal_pointer(&options),
                                        ENTRY_REGISTRATION, author, on_directory_loaded, saving);
        if (failure)
                on_directory_loaded(NULL, failure, saving);
}
