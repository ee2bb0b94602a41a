/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.reconf.Reconf1.Manager
 *
 * Documented in introspection/org.reconf.Reconf1.Manager.xml. Methods that change something find out first
 * who calls: the history and the log tell.
 */
#include "daemon/manager-bus.h"
#include "daemon/audit-bus.h"
#include "daemon/bus.h"
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"
#include "daemon/objects-bus.h"
#include "daemon/options-bus.h"
#include "introspection/names.h"

#include <string.h>

/* Reads the name of a config and finds it; a negative errno with the error set, as a handler returns it. */
static int read_config(sd_bus_message *m, const Bus *bus, Config **ret, sd_bus_error *error)
{
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        *ret = manager_find(bus->manager, name);
        if (!*ret)
                return failure_bus_take_error(
                                error, failure_new(FAILURE_NO_SUCH_CONFIG, "there is no config '%s'", name));
        return 0;
}

static void reply_registered(Config *config, const Failure *failure, void *userdata)
{
        g_autoptr(KeptCall) call = userdata;

        if (failure) {
                (void) failure_bus_reply(call->message, failure);
        } else {
                g_autofree char *path = config_bus_path(config);

                (void) sd_bus_reply_method_return(call->message, "o", path);
        }
}

int manager_bus_method_register_config(sd_bus_message *m, const Caller *caller, void *userdata,
                                       sd_bus_error *error)
{
        Bus *bus = userdata;
        g_auto(GStrv) files = NULL;
        g_autoptr(GVariant) options = NULL;
        KeptCall *call;
        const char *name;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = sd_bus_message_read_strv(m, &files);
        if (r < 0)
                return r;
        failure = options_bus_read(m, &options);
        if (!failure)
                failure = bus_keep_call(bus, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        if (!files)
                files = g_new0(char *, 1);
        manager_register(bus->manager, name, files, options, &caller->author, reply_registered, call);
        return 1;
}

static int append_paths(sd_bus_message *m, const GPtrArray *configs)
{
        int r = sd_bus_message_open_container(m, 'a', "o");

        for (guint i = 0; i < configs->len && r >= 0; i++) {
                g_autofree char *path = config_bus_path(g_ptr_array_index(configs, i));

                r = sd_bus_message_append(m, "o", path);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int reply_paths(sd_bus_message *call, const GPtrArray *configs)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = append_paths(reply, configs);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static void reply_directory_registered(const GPtrArray *configs, const Failure *failure, void *userdata)
{
        g_autoptr(KeptCall) call = userdata;

        if (failure)
                (void) failure_bus_reply(call->message, failure);
        else
                (void) reply_paths(call->message, configs);
}

int manager_bus_method_register_directory(sd_bus_message *m, const Caller *caller, void *userdata,
                                          sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GVariant) options = NULL;
        const char *name, *directory, *pattern;
        KeptCall *call;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "sss", &name, &directory, &pattern);
        if (r < 0)
                return r;
        failure = options_bus_read(m, &options);
        if (!failure)
                failure = bus_keep_call(bus, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        manager_register_directory(bus->manager, name, directory, pattern, options, &caller->author,
                                   reply_directory_registered, call);
        return 1;
}

int manager_bus_method_unregister_config(sd_bus_message *m, const Caller *caller, void *userdata,
                                         sd_bus_error *error)
{
        Bus *bus = userdata;
        const char *name;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        failure = manager_unregister(bus->manager, name, &caller->author);
        if (failure)
                return failure_bus_take_error(error, failure);
        return sd_bus_reply_method_return(m, NULL);
}

int manager_bus_method_get_config(sd_bus_message *m, const Caller *caller, void *userdata,
                                  sd_bus_error *error)
{
        g_autofree char *path = NULL;
        Config *config;
        int r = read_config(m, userdata, &config, error);

        if (r < 0)
                return r;
        path = config_bus_path(config);
        return sd_bus_reply_method_return(m, "o", path);
}

int manager_bus_method_get_config_by_file(sd_bus_message *m, const Caller *caller, void *userdata,
                                          sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) configs = NULL;
        g_autofree char *file = NULL;
        const char *given;
        int r;

        r = sd_bus_message_read(m, "s", &given);
        if (r < 0)
                return r;
        if (*given != '/')
                return failure_bus_take_error(error, failure_new(FAILURE_INVALID_PATH,
                                                                 "the path '%s' is not absolute", given));
        file = g_canonicalize_filename(given, "/");
        configs = manager_list(bus->manager, file);
        return reply_paths(m, configs);
}

static int append_config(sd_bus_message *m, const Config *config)
{
        g_autofree char *path = config_bus_path(config);
        int r = sd_bus_message_open_container(m, 'r', "sossta{sv}");

        if (r >= 0)
                r = sd_bus_message_append(m, "sosst", config_name(config), path, config_files(config)[0],
                                          config_state_to_string(config_state(config)),
                                          config_version(config));
        if (r >= 0)
                r = sd_bus_message_append(m, "a{sv}", 4, "format", "s",
                                          format_to_string(config_format(config)), "hot-reload", "b",
                                          (int) config_hot_reload(config), "pending", "b",
                                          (int) config_is_pending(config), "last-reload", "t",
                                          config_last_reload(config));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static Failure *check_list_size(const GPtrArray *configs)
{
        uint64_t size = 0;

        for (guint i = 0; i < configs->len; i++) {
                const Config *config = g_ptr_array_index(configs, i);

                /* Each byte of a name may be three in a path. */
                size += 256 + 4 * strlen(config_name(config)) + strlen(config_files(config)[0]);
        }
        return config_bus_check_list(size);
}

int manager_bus_method_list_configs(sd_bus_message *m, const Caller *caller, void *userdata,
                                    sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) configs = manager_list(bus->manager, NULL);
        g_autoptr(sd_bus_message) reply = NULL;
        Failure *failure = check_list_size(configs);
        int r;

        if (failure)
                return failure_bus_take_error(error, failure);
        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sossta{sv})");
        for (guint i = 0; i < configs->len && r >= 0; i++)
                r = append_config(reply, g_ptr_array_index(configs, i));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int manager_bus_method_reload(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        KeptCall *call;
        Config *config;
        Failure *failure;
        int r = read_config(m, userdata, &config, error);

        if (r < 0)
                return r;
        failure = config_bus_check_not_asked(userdata, config, m);
        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        return config_bus_reload(config, NULL, call, &caller->author);
}

int manager_bus_method_rollback(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        KeptCall *call;
        uint64_t version;
        Config *config;
        Failure *failure;
        int r = read_config(m, userdata, &config, error);

        if (r >= 0)
                r = sd_bus_message_read(m, "t", &version);
        if (r < 0)
                return r;
        failure = config_bus_check_not_asked(userdata, config, m);
        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        return config_bus_rollback(userdata, config, version, NULL, NULL, call, &caller->author);
}

int manager_bus_method_get_version_history(sd_bus_message *m, const Caller *caller, void *userdata,
                                           sd_bus_error *error)
{
        Config *config;
        int r = read_config(m, userdata, &config, error);

        return r < 0 ? r : config_bus_reply_history(userdata, config, caller, m, error);
}

int manager_bus_method_list_instances(sd_bus_message *m, const Caller *caller, void *userdata,
                                      sd_bus_error *error)
{
        Config *config = NULL;
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r >= 0 && *name != '\0') {
                r = sd_bus_message_rewind(m, true);
                if (r >= 0)
                        r = read_config(m, userdata, &config, error);
        }
        return r < 0 ? r : instance_bus_reply_list(userdata, config, caller, m, error);
}

int manager_bus_method_set_hot_reload(sd_bus_message *m, const Caller *caller, void *userdata,
                                      sd_bus_error *error)
{
        Bus *bus = userdata;
        int hot_reload, r;

        r = sd_bus_message_read(m, "b", &hot_reload);
        if (r < 0)
                return r;
        manager_set_hot_reload(bus->manager, hot_reload, &caller->author);
        return sd_bus_reply_method_return(m, NULL);
}

int manager_bus_method_get_statistics(sd_bus_message *m, const Caller *caller, void *userdata,
                                      sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) configs = manager_list(bus->manager, NULL);
        BusCounts counts = {
                .configs = configs->len,
                .instances = instances_count(bus->instances),
                .subscribers = subscriptions_count(bus->subscriptions),
        };

        return bus_reply_statistics(m, manager_statistics(bus->manager), &counts);
}

static int property_get_version(sd_bus *connection, const char *path, const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                sd_bus_error *error)
{
        return sd_bus_message_append(reply, "s", RECONF_VERSION);
}

static int property_get_epoch(sd_bus *connection, const char *path, const char *interface,
                              const char *property, sd_bus_message *reply, void *userdata,
                              sd_bus_error *error)
{
        Bus *bus = userdata;

        return sd_bus_message_append(reply, "s", manager_epoch(bus->manager));
}

static int property_get_environment(sd_bus *connection, const char *path, const char *interface,
                                    const char *property, sd_bus_message *reply, void *userdata,
                                    sd_bus_error *error)
{
        Bus *bus = userdata;

        return sd_bus_message_append(reply, "s", manager_settings(bus->manager)->environment);
}

static int property_get_hot_reload(sd_bus *connection, const char *path, const char *interface,
                                   const char *property, sd_bus_message *reply, void *userdata,
                                   sd_bus_error *error)
{
        Bus *bus = userdata;

        return sd_bus_message_append(reply, "b", (int) manager_hot_reload(bus->manager));
}

void manager_bus_hot_reload_changed(void *userdata)
{
        Bus *bus = userdata;

        (void) sd_bus_emit_properties_changed(bus->bus, RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                              "HotReload", NULL);
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Version", "s", property_get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Epoch", "s", property_get_epoch, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Environment", "s", property_get_environment, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("HotReload", "b", property_get_hot_reload, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),

        SD_BUS_METHOD_WITH_ARGS("RegisterConfig",
                                SD_BUS_ARGS("s", name, "as", files, "a{sv}", options), SD_BUS_RESULT("o", config),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RegisterDirectory",
                                SD_BUS_ARGS("s", name, "s", directory, "s", glob, "a{sv}", options),
                                SD_BUS_RESULT("ao", configs),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("UnregisterConfig", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetConfig", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", config),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetConfigByFile", SD_BUS_ARGS("s", file), SD_BUS_RESULT("ao", configs),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListConfigs", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sossta{sv})", configs),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_ARGS("s", name), SD_BUS_RESULT("t", version),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Rollback", SD_BUS_ARGS("s", name, "t", version), SD_BUS_RESULT("t", new_version),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetVersionHistory", SD_BUS_ARGS("s", name),
                                SD_BUS_RESULT("a(ttsssa{sv})", versions),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetAudit", SD_BUS_ARGS("s", name, "a{sv}", options),
                                SD_BUS_RESULT("a(tsstuusa{sv})", entries),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListInstances", SD_BUS_ARGS("s", name),
                                SD_BUS_RESULT("a(osuststa{sv})", instances),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RegisterInstance", SD_BUS_ARGS("s", name, "a{sv}", options),
                                SD_BUS_RESULT("o", instance, "t", version),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetHotReload", SD_BUS_ARGS("b", hot_reload), SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetStatistics", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", statistics),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),

        SD_BUS_VTABLE_END,
};
/* clang-format on */

static int find_object(sd_bus *connection, const char *path, const char *interface, void *userdata,
                       void **ret_found, sd_bus_error *error)
{
        *ret_found = userdata;
        return g_str_equal(path, RECONF_MANAGER_PATH);
}

const ObjectKind manager_bus_objects = {
        .interface = RECONF_MANAGER_INTERFACE,
        .vtable = vtable,
        .find = find_object,
};

int manager_bus_export(Bus *bus)
{
        return sd_bus_add_object_vtable(bus->bus, NULL, RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                        vtable, bus);
}
