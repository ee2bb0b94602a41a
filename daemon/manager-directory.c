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

bool manager_find_directory(const Manager *manager, const char *name, char ***ret_files,
                            const char **ret_schema)
{
        const ManagedDirectory *directory = g_hash_table_lookup(manager->directories, name);
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_autoptr(GPtrArray) members = NULL;

        if (!directory)
                return false;
        members = manager_directory_members(manager, directory);
        for (guint i = 0; i < members->len; i++)
                g_strv_builder_add(builder, config_files(g_ptr_array_index(members, i))[0]);
        *ret_files = g_strv_builder_end(builder);
        *ret_schema = directory->options->schema;
        return true;
}

static int compare_members(const void *a, const void *b)
{
        return strcmp(config_name(*(Config *const *) a), config_name(*(Config *const *) b));
}

/* Those that are announced. */
static GPtrArray *sorted_members(const ManagedDirectory *directory)
{
        g_autoptr(GPtrArray) all = manager_directory_members(directory->manager, directory);
        GPtrArray *members = g_ptr_array_new();

        for (guint i = 0; i < all->len; i++) {
                Config *config = g_ptr_array_index(all, i);

                if (manager_find(directory->manager, config_name(config)))
                        g_ptr_array_add(members, config);
        }
        g_ptr_array_sort(members, compare_members);
        return members;
}

/* Whoever waits for the first scan; what he asked for is saved once it is there. */
typedef struct Waiter {
        ManagerDirectoryRegistered done;
        void *userdata;
} Waiter;

static void add_waiter(ManagedDirectory *directory, ManagerDirectoryRegistered done, void *userdata)
{
        Waiter *waiter = g_new(Waiter, 1);

        *waiter = (Waiter){ .done = done, .userdata = userdata };
        g_queue_push_tail(&directory->waiting, waiter);
}

static void tell_waiters(ManagedDirectory *directory, const GPtrArray *members, const Failure *failure)
{
        Waiter *next;

        while ((next = g_queue_pop_head(&directory->waiting))) {
                g_autofree Waiter *waiter = next;

                waiter->done(failure ? NULL : members, failure, waiter->userdata);
        }
}

static void managed_directory_unref(ManagedDirectory *directory)
{
        if (--directory->references > 0)
                return;

        directory_unref(directory->directory);
        g_free(directory->name);
        g_free(directory->path);
        g_free(directory->pattern);
        g_free(directory->author.unit);
        options_free(directory->options);
        config_commands_unref(directory->commands);
        g_free(directory);
}

void managed_directory_end(void *data)
{
        ManagedDirectory *directory = data;
        g_autoptr(Failure) failure =
                        failure_new(FAILURE_NO_SUCH_CONFIG, "%s was unregistered", directory->name);

        user_count_remove(directory->manager->by_user, directory->uid);
        directory_stop(directory->directory);
        tell_waiters(directory, NULL, failure);
        managed_directory_unref(directory);
}

static Failure *save(const ManagedDirectory *directory)
{
        g_autoptr(GVariant) settings = g_variant_ref_sink(options_to_variant(directory->options));
        char *no_files[] = { NULL };
        Registration registration = {
                .name = directory->name,
                .directory = directory->path,
                .pattern = directory->pattern,
                .files = no_files,
                .settings = settings,
                .uid = directory->uid,
        };

        if (!directory->options->persist || directory->source != ENTRY_REGISTRATION)
                return NULL;
        return store_save_registration(directory->manager->context.store, &registration);
}

/* Everybody who waited for the first scan hears of its end once the last member was loaded. */
static void finish_first_scan(ManagedDirectory *directory)
{
        g_autoptr(GPtrArray) members = NULL;
        g_autoptr(Failure) failure = NULL;

        if (g_queue_is_empty(&directory->waiting))
                return;
        failure = save(directory);
        manager_audit(directory->manager, &directory->author, AUDIT_REGISTER, directory->name, 0, NULL,
                      failure);
        members = sorted_members(directory);
        tell_waiters(directory, members, failure);
        if (failure)
                manager_remove_directory(directory->manager, directory);
}

static void on_member_loaded(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        ManagedDirectory *directory = userdata;
        Entry *entry = manager_entry_of(directory->manager, config);

        if (entry)
                entry->loading = false;
        /* One that may still be being written is announced when it is known what it is. */
        if (entry && (failure || version > 0))
                manager_announce(directory->manager, entry);
        directory->loading--;
        if (directory->scanned && directory->loading == 0)
                finish_first_scan(directory);
        managed_directory_unref(directory);
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
        bool asked = !g_queue_is_empty(&directory->waiting);
        ConfigRequest request = {
                .origin = directory->scanned ? ORIGIN_FILE
                          : asked            ? ORIGIN_REGISTER
                                             : ORIGIN_STARTUP,
                .author = { .uid = (uid_t) -1 },
                .done = on_member_loaded,
                .userdata = directory,
        };
        Entry *entry = manager_entry(manager, name);

        if (entry && g_str_equal(config_files(entry->config)[0], file))
                return;
        if (!failure && entry)
                failure = failure_new(FAILURE_ALREADY_REGISTERED, "%s is the config %s already",
                                      config_files(entry->config)[0], name);
        if (!failure)
                failure = config_check_files(files, directory->options, directory->commands);
        if (!failure)
                failure = manager_add(manager, name, files, options_copy(directory->options), ENTRY_MEMBER,
                                      directory->uid, &entry);
        if (failure) {
                log_failure(G_LOG_LEVEL_WARNING, directory->name, failure, "Passing over %s", file);
                return;
        }
        config_set_commands(entry->config, directory->commands);
        if (request.origin == ORIGIN_REGISTER)
                request.author = directory->author;
        entry->directory = directory;
        entry->loading = true;
        directory->loading++;
        directory->references++;
        config_start(entry->config, &request);
}

static void on_scanned(Directory *watched, const GPtrArray *files, const Failure *failure, void *userdata)
{
        ManagedDirectory *directory = userdata;
        Manager *manager = directory->manager;
        bool first = !directory->scanned;
        bool asked = !g_queue_is_empty(&directory->waiting);

        for (guint i = 0; files && i < files->len; i++)
                add_member(directory, g_ptr_array_index(files, i));
        directory->scanned = true;
        if (!first)
                return;

        if (failure && !asked)
                log_failure(G_LOG_LEVEL_WARNING, directory->name, failure, "Waiting for the directory of %s",
                            directory->name);
        if (failure) {
                if (asked)
                        manager_audit(manager, &directory->author, AUDIT_REGISTER, directory->name, 0, NULL,
                                      failure);
                tell_waiters(directory, NULL, failure);
                /* One that somebody asks for has to be there; one that is configured may come later. */
                if (asked)
                        manager_remove_directory(manager, directory);
                return;
        }
        if (directory->loading == 0)
                finish_first_scan(directory);
}

Failure *manager_add_directory(Manager *manager, const char *name, const char *path, const char *pattern,
                               Options *options, ConfigCommands *commands, EntrySource source,
                               const Author *author, ManagerDirectoryRegistered done, void *userdata)
{
        g_autoptr(Directory) watched = NULL;
        g_autoptr(Options) owned = options;
        ManagedDirectory *directory;
        Failure *failure = directory_check(path, pattern);

        if (!failure)
                failure = manager_check_room(manager, author->uid);
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
        directory->references = 1;
        directory->manager = manager;
        directory->name = g_strdup(name);
        directory->path = g_strdup(path);
        directory->pattern = g_strdup(pattern);
        directory->options = g_steal_pointer(&owned);
        directory->commands = config_commands_ref(commands);
        directory->source = source;
        directory->directory = directory_ref(watched);
        directory->uid = author->uid;
        directory->author = *author;
        directory->author.unit = g_strdup(author->unit);
        if (done)
                add_waiter(directory, done, userdata);
        user_count_add(manager->by_user, directory->uid);
        g_hash_table_insert(manager->directories, directory->name, directory);
        directory_scan(watched);
        return NULL;
}

void manager_remove_directory(Manager *manager, ManagedDirectory *directory)
{
        g_autoptr(GPtrArray) members = manager_directory_members(manager, directory);

        /* First the directory, so that no member that ends looks like one that was loaded. */
        directory->references++;
        g_hash_table_remove(manager->directories, directory->name);
        for (guint i = 0; i < members->len; i++)
                manager_remove(manager, manager_entry(manager, config_name(g_ptr_array_index(members, i))));
        managed_directory_unref(directory);
}

void manager_drop_if_gone(Manager *manager, Entry *entry)
{
        ManagedDirectory *directory = entry->directory;

        if (entry->source != ENTRY_MEMBER || entry->loading || entry->leaving || entry->clients > 0 ||
            config_state(entry->config) != CONFIG_MISSING)
                return;
        manager_remove(manager, entry);
        /* Another file may have waited for the name. */
        directory_scan(directory->directory);
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

        if (!failure)
                failure = options_from_variant(given, &options);
        if (!failure && present && is_same(present, path, pattern, options)) {
                g_autoptr(GPtrArray) members = NULL;

                if (!g_queue_is_empty(&present->waiting)) {
                        add_waiter(present, done, userdata);
                        return;
                }
                members = sorted_members(present);
                done(members, NULL, userdata);
                return;
        }
        if (!failure && (present || manager_entry(manager, name)))
                failure = failure_new(FAILURE_ALREADY_REGISTERED,
                                      "%s is registered in another way; unregister it first", name);
        if (!failure)
                failure = manager_add_directory(manager, name, path, pattern, g_steal_pointer(&options),
                                                NULL, ENTRY_REGISTRATION, author, done, userdata);
        if (!failure)
                return;
        manager_audit(manager, author, AUDIT_REGISTER, name, 0, NULL, failure);
        done(NULL, failure, userdata);
}
