/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registrations of single configs, from the bus and from the store
 */
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* Whoever waits for a registration. */
typedef struct Waiter {
        ManagerRegistered done;
        void *userdata;
} Waiter;

/* A registration whose first load is under way. */
struct Registering {
        Manager *manager;
        GQueue waiters; /* of Waiter: more than one may ask for the same */
};

static void add_waiter(Registering *registering, ManagerRegistered done, void *userdata)
{
        Waiter *waiter = g_new(Waiter, 1);

        *waiter = (Waiter){ .done = done, .userdata = userdata };
        g_queue_push_tail(&registering->waiters, waiter);
}

static void tell_waiters(Registering *registering, Config *config, const Failure *failure)
{
        Waiter *next;

        while ((next = g_queue_pop_head(&registering->waiters))) {
                g_autofree Waiter *waiter = next;

                waiter->done(failure ? NULL : config, failure, waiter->userdata);
        }
}

Failure *manager_save_registration(Manager *manager, const Entry *entry)
{
        const Config *config = entry->config;
        g_autoptr(GVariant) settings = g_variant_ref_sink(options_to_variant(config_options(config)));
        Registration registration = {
                .name = (char *) config_name(config),
                .files = (char **) config_files(config),
                .settings = settings,
                .uid = entry->uid,
        };

        if (entry->source != ENTRY_REGISTRATION || !config_options(config)->persist)
                return NULL;
        return store_save_registration(manager->context.store, &registration);
}

static void on_registered(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        g_autofree Registering *registering = userdata;
        Manager *manager = registering->manager;
        Entry *entry = manager_entry_of(manager, config);
        g_autoptr(Failure) save_failure = NULL;
        /* A drop-in may have taken it over meanwhile; then it stays whatever its files are. */
        bool stays = entry && entry->source != ENTRY_REGISTRATION;

        if (!failure && entry)
                failure = save_failure = manager_save_registration(manager, entry);
        if (entry && (stays || !failure))
                manager_announce(manager, entry);
        if (entry)
                entry->registering = NULL;
        tell_waiters(registering, config, failure);
        if (entry && failure && !stays)
                manager_remove(manager, entry);
}

/* Hot reload may have been switched since; who registers again then is not asking for anything else. */
static bool is_same(const Entry *entry, char *const *files, const Options *given)
{
        const Options *present = config_options(entry->config);
        g_autoptr(Options) options = options_copy(given);

        options->hot_reload = present->hot_reload;
        return g_strv_equal((const char *const *) config_files(entry->config),
                            (const char *const *) files) &&
               options_equal(present, options);
}

void manager_register(Manager *manager, const char *name, char *const *files, GVariant *given,
                      const Author *author, ManagerRegistered done, void *userdata)
{
        g_autoptr(Options) options = NULL;
        g_autoptr(Failure) failure = config_check_name(name);
        Entry *entry = manager_entry(manager, name);
        ConfigRequest request;

        if (!failure)
                failure = options_from_variant(given, &options);
        if (!failure)
                failure = config_check_files(files, options, NULL);
        if (!failure && entry && entry->announced && is_same(entry, files, options)) {
                done(entry->config, NULL, userdata);
                return;
        }
        if (!failure && entry && entry->registering && is_same(entry, files, options)) {
                add_waiter(entry->registering, done, userdata);
                return;
        }
        if (!failure && (entry || g_hash_table_contains(manager->directories, name)))
                failure = failure_new(FAILURE_ALREADY_REGISTERED,
                                      "%s is registered with other files or options; unregister it first",
                                      name);
        if (!failure)
                failure = manager_add(manager, name, files, g_steal_pointer(&options), ENTRY_REGISTRATION,
                                      author->uid, &entry);
        if (failure) {
                manager_audit(manager, author, AUDIT_REGISTER, name, 0, NULL, failure);
                done(NULL, failure, userdata);
                return;
        }

        entry->registering = g_new(Registering, 1);
        *entry->registering = (Registering){ .manager = manager };
        add_waiter(entry->registering, done, userdata);
        request = (ConfigRequest){
                .origin = ORIGIN_REGISTER,
                .author = *author,
                .done = on_registered,
                .userdata = entry->registering,
        };
        config_start(entry->config, &request);
}

void manager_restore(Manager *manager, const Registration *registration)
{
        g_autoptr(Options) options = NULL;
        g_autoptr(Failure) failure = config_check_name(registration->name);
        const Author author = { .uid = registration->uid };
        Entry *entry;

        /* A drop-in of the name has it already. */
        if (manager_entry(manager, registration->name) ||
            g_hash_table_contains(manager->directories, registration->name))
                return;

        /* The state is only as good as whoever can write it. */
        if (!failure)
                failure = options_from_variant(registration->settings, &options);
        if (!failure && !registration->directory)
                failure = config_check_files(registration->files, options, NULL);
        if (!failure && registration->directory)
                failure = manager_add_directory(manager, registration->name, registration->directory,
                                                registration->pattern ?: "", g_steal_pointer(&options), NULL,
                                                ENTRY_REGISTRATION, &author, NULL, NULL);
        else if (!failure)
                failure = manager_add(manager, registration->name, registration->files,
                                      g_steal_pointer(&options), ENTRY_REGISTRATION, author.uid, &entry);
        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, registration->name, failure, "Failed to restore %s",
                            registration->name);
        else if (!registration->directory)
                manager_start_config(manager, entry, ORIGIN_STARTUP);
}

static Failure *forget(Manager *manager, const char *config)
{
        return store_forget(manager->context.store, config);
}

static Failure *unregister_directory(Manager *manager, ManagedDirectory *directory)
{
        g_autoptr(GPtrArray) members = manager_directory_members(manager, directory);
        Failure *failure = store_remove_registration(manager->context.store, directory->name);

        for (guint i = 0; i < members->len && !failure; i++)
                failure = forget(manager, config_name(g_ptr_array_index(members, i)));
        if (!failure)
                manager_remove_directory(manager, directory);
        return failure;
}

static Failure *unregister(Manager *manager, const char *name)
{
        ManagedDirectory *directory = g_hash_table_lookup(manager->directories, name);
        Entry *entry = manager_entry(manager, name);
        Failure *failure;

        if ((directory && directory->source == ENTRY_DROPIN) || (entry && entry->source == ENTRY_DROPIN))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "%s is named by the drop-in configs.d/%s.conf; remove or mask that", name,
                                   name);
        if (directory)
                return unregister_directory(manager, directory);
        if (!entry || !entry->announced)
                return failure_new(FAILURE_NO_SUCH_CONFIG, "there is no config %s", name);
        if (entry->source == ENTRY_MEMBER)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "%s comes from the directory %s; unregister that, or remove the file",
                                   name, entry->directory->name);

        failure = store_remove_registration(manager->context.store, name);
        if (!failure)
                failure = forget(manager, name);
        if (!failure)
                manager_remove(manager, entry);
        return failure;
}

Failure *manager_unregister(Manager *manager, const char *name, const Author *author)
{
        g_autofree char *own_name = g_strdup(name); /* it may be the config's, which goes */
        Failure *failure = unregister(manager, name);

        /* There was nothing that anything could have been done to. */
        if (!failure || failure->code != FAILURE_NO_SUCH_CONFIG)
                manager_audit(manager, author, AUDIT_UNREGISTER, own_name, 0, NULL, failure);
        return failure;
}

/* A request of a client that may leave the config with other files or options. */
typedef struct Saving {
        Manager *manager;
        ConfigDone done;
        void *userdata;
} Saving;

static void save_when_done(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        g_autofree Saving *saving = userdata;
        Entry *entry = manager_entry_of(saving->manager, config);
        g_autoptr(Failure) save_failure = NULL;

        if (!failure && entry)
                failure = save_failure = manager_save_registration(saving->manager, entry);
        saving->done(config, version, failure, saving->userdata);
}

/* The same request, with its end held up until the registration is saved. */
static ConfigRequest with_saving(Manager *manager, const ConfigRequest *given)
{
        ConfigRequest request = *given;
        Saving *saving = g_new(Saving, 1);

        *saving = (Saving){ .manager = manager, .done = given->done, .userdata = given->userdata };
        request.done = save_when_done;
        request.userdata = saving;
        return request;
}

void manager_set_files(Manager *manager, Config *config, char *const *files, const ConfigRequest *given)
{
        Entry *entry = manager_entry(manager, config_name(config));
        g_autoptr(Failure) failure =
                        config_check_files(files, config_options(config), config_commands(config));
        ConfigRequest request;

        if (!failure && entry->source != ENTRY_REGISTRATION)
                failure = failure_new(FAILURE_INVALID_ARGUMENT,
                                      "the files of %s are set by a drop-in or a directory, which has to be "
                                      "changed",
                                      config_name(config));
        if (failure) {
                given->done(config, config_version(config), failure, given->userdata);
                return;
        }
        request = with_saving(manager, given);
        config_set_files(config, files, NULL, false, &request);
}

void manager_rollback(Manager *manager, Config *config, uint64_t version, const ConfigRequest *given)
{
        ConfigRequest request = with_saving(manager, given);

        config_rollback(config, version, &request);
}

Failure *manager_set_config_hot_reload(Manager *manager, Config *config, bool hot_reload,
                                       const Author *author)
{
        /* Telling of it may be what makes a member go whose file is gone. */
        g_autoptr(Config) kept = config_ref(config);
        Failure *failure = NULL;
        Entry *entry;

        config_set_hot_reload(kept, hot_reload);
        entry = manager_entry_of(manager, kept);
        if (entry)
                failure = manager_save_registration(manager, entry);
        manager_audit(manager, author, AUDIT_HOT_RELOAD, config_name(kept), 0, hot_reload ? "on" : "off",
                      failure);
        return failure;
}
