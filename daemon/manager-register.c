/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registrations of single configs, from the bus and from the store
 */
#include "daemon/log.h"
#include "daemon/manager-private.h"

/* A registration whose first load is under way. */
typedef struct Registering {
        Manager *manager;
        ManagerRegistered done;
        void *userdata;
} Registering;

static Failure *save(Manager *manager, const Entry *entry)
{
        const Config *config = entry->config;
        g_autoptr(GVariant) settings = g_variant_ref_sink(options_to_variant(config_options(config)));
        Registration registration = {
                .name = (char *) config_name(config),
                .files = (char **) config_files(config),
                .settings = settings,
        };

        if (entry->source != ENTRY_REGISTRATION || !config_options(config)->persist)
                return NULL;
        return store_save_registration(manager->context.store, &registration);
}

static void on_registered(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        g_autofree Registering *registering = userdata;
        Manager *manager = registering->manager;
        Entry *entry = manager_entry(manager, config_name(config));
        g_autoptr(Failure) save_failure = NULL;

        if (!failure && entry) {
                failure = save_failure = save(manager, entry);
                if (!failure)
                        manager_announce(manager, entry);
        }
        registering->done(failure ? NULL : config, failure, registering->userdata);
        if (failure && entry && entry->config == config)
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
        Registering *registering;
        ConfigRequest request;

        if (!failure)
                failure = options_from_variant(given, &options);
        if (!failure)
                failure = config_check_files(files, options);
        if (!failure && entry && entry->announced && is_same(entry, files, options)) {
                done(entry->config, NULL, userdata);
                return;
        }
        if (!failure && (entry || g_hash_table_contains(manager->directories, name)))
                failure = failure_new(FAILURE_ALREADY_REGISTERED,
                                      "%s is registered with other files or options; unregister it first",
                                      name);
        if (!failure)
                failure = manager_add(manager, name, files, g_steal_pointer(&options), ENTRY_REGISTRATION,
                                      &entry);
        if (failure) {
                done(NULL, failure, userdata);
                return;
        }

        registering = g_new(Registering, 1);
        *registering = (Registering){ .manager = manager, .done = done, .userdata = userdata };
        request = (ConfigRequest){
                .origin = ORIGIN_REGISTER,
                .author = *author,
                .done = on_registered,
                .userdata = registering,
        };
        config_start(entry->config, &request);
}

void manager_restore(Manager *manager, const Registration *registration)
{
        g_autoptr(Options) options = NULL;
        g_autoptr(Failure) failure = options_from_variant(registration->settings, &options);
        Author nobody = { .uid = (uid_t) -1 };
        Entry *entry;

        /* A drop-in of the name has it already. */
        if (manager_entry(manager, registration->name) ||
            g_hash_table_contains(manager->directories, registration->name))
                return;

        if (!failure && registration->directory)
                failure = manager_add_directory(manager, registration->name, registration->directory,
                                                registration->pattern, g_steal_pointer(&options),
                                                ENTRY_REGISTRATION, &nobody, NULL, NULL);
        else if (!failure)
                failure = manager_add(manager, registration->name, registration->files,
                                      g_steal_pointer(&options), ENTRY_REGISTRATION, &entry);
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

Failure *manager_unregister(Manager *manager, const char *name)
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

/* A request of a client that may leave the config with other files or options. */
typedef struct Saving {
        Manager *manager;
        ConfigDone done;
        void *userdata;
} Saving;

static void save_when_done(Config *config, uint64_t version, const Failure *failure, void *userdata)
{
        g_autofree Saving *saving = userdata;
        Entry *entry = manager_entry(saving->manager, config_name(config));
        g_autoptr(Failure) save_failure = NULL;

        if (!failure && entry)
                failure = save_failure = save(saving->manager, entry);
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
        g_autoptr(Failure) failure = config_check_files(files, config_options(config));
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

Failure *manager_set_config_hot_reload(Manager *manager, Config *config, bool hot_reload)
{
        Entry *entry = manager_entry(manager, config_name(config));

        config_set_hot_reload(config, hot_reload);
        return save(manager, entry);
}
