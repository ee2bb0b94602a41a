/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.reconf.Reconf1.Config
 *
 * Documented in introspection/org.reconf.Reconf1.Config.xml. Reading is here, subscribing in
 * config-bus-compare.c, signals in config-bus-signals.c.
 */
#include "daemon/bus.h"
#include "daemon/config-bus-private.h"
#include "daemon/document-bus.h"
#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"
#include "daemon/objects-bus.h"
#include "daemon/options-bus.h"
#include "introspection/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* It is kept in the history, and part of signals. */
#define MAX_MESSAGE_LENGTH 4096U

char *config_bus_path(const Config *config)
{
        char *encoded = NULL;
        char *path;

        if (sd_bus_path_encode(RECONF_CONFIG_PATH_PREFIX, config_name(config), &encoded) < 0)
                g_error("out of memory");
        path = g_strdup(encoded);
        free(encoded);
        return path;
}

Config *config_bus_find(const Bus *bus, const char *path)
{
        char *name = NULL;
        Config *config = NULL;

        if (sd_bus_path_decode(path, RECONF_CONFIG_PATH_PREFIX, &name) > 0)
                config = manager_find(bus->manager, name);
        free(name);
        return config;
}

Failure *config_bus_check_size(uint64_t size)
{
        if (size <= CONFIG_BUS_MAX_REPLY_SIZE)
                return NULL;
        return failure_new(
                        FAILURE_TOO_LARGE,
                        "the answer would be larger than %u MiB; use GetSnapshot, or ask for a smaller part",
                        CONFIG_BUS_MAX_REPLY_SIZE / 1024 / 1024);
}

Failure *config_bus_check_list(uint64_t size)
{
        if (size <= CONFIG_BUS_MAX_REPLY_SIZE)
                return NULL;
        return failure_new(FAILURE_TOO_LARGE,
                           "the list would be larger than %u MiB; ask for one config at a time",
                           CONFIG_BUS_MAX_REPLY_SIZE / 1024 / 1024);
}

Failure *config_bus_find_called(sd_bus_message *m, const Bus *bus, Config **ret)
{
        *ret = config_bus_find(bus, sd_bus_message_get_path(m));
        if (!*ret)
                return failure_new(FAILURE_NO_SUCH_CONFIG, "the config was unregistered");
        return NULL;
}

Failure *config_bus_find_loaded(sd_bus_message *m, const Bus *bus, Config **ret)
{
        Failure *failure = config_bus_find_called(m, bus, ret);

        if (failure || config_document(*ret))
                return failure;
        return failure_new(FAILURE_NOT_LOADED,
                           "%s has no version yet: its files have been bad since it was registered",
                           config_name(*ret));
}

int config_bus_reload(Config *config, const uint32_t *confirm_ms, KeptCall *call, const Author *author)
{
        ConfigRequest request = {
                .origin = ORIGIN_RELOAD,
                .author = *author,
                .confirm_ms = confirm_ms,
                .done = bus_reply_version,
                .userdata = call,
        };

        config_reload(config, &request);
        return 1;
}

int config_bus_rollback(Bus *bus, Config *config, uint64_t version, const char *message,
                        const uint32_t *confirm_ms, KeptCall *call, const Author *author)
{
        ConfigRequest request = {
                .origin = ORIGIN_ROLLBACK,
                .author = *author,
                .message = message,
                .confirm_ms = confirm_ms,
                .done = bus_reply_version,
                .userdata = call,
        };

        manager_rollback(bus->manager, config, version, &request);
        return 1;
}

int config_bus_method_reload(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        static const char *const known[] = { "confirm-ms", "u", NULL };
        g_autoptr(GVariant) options = NULL;
        uint32_t confirm_ms;
        KeptCall *call;
        Config *config;
        Failure *failure = config_bus_find_called(m, userdata, &config);

        if (!failure)
                failure = config_bus_check_not_asked(userdata, config, m);
        if (!failure)
                failure = options_bus_read_known(m, known, &options);
        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        return config_bus_reload(config,
                                 g_variant_lookup(options, "confirm-ms", "u", &confirm_ms) ? &confirm_ms
                                                                                           : NULL,
                                 call, &caller->author);
}

static Failure *check_message(const char *message)
{
        if (message && strlen(message) > MAX_MESSAGE_LENGTH)
                return failure_new(FAILURE_INVALID_ARGUMENT, "message has at most %u bytes, not %zu",
                                   MAX_MESSAGE_LENGTH, strlen(message));
        return NULL;
}

int config_bus_method_rollback(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        static const char *const known[] = { "confirm-ms", "u", "message", "s", NULL };
        g_autoptr(GVariant) options = NULL;
        const char *message = NULL;
        uint32_t confirm_ms;
        uint64_t version;
        KeptCall *call;
        Config *config;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "t", &version);
        if (r < 0)
                return r;
        failure = config_bus_find_called(m, userdata, &config);
        if (!failure)
                failure = config_bus_check_not_asked(userdata, config, m);
        if (!failure)
                failure = options_bus_read_known(m, known, &options);
        if (!failure && g_variant_lookup(options, "message", "&s", &message))
                failure = check_message(message);
        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        return config_bus_rollback(userdata, config, version, message,
                                   g_variant_lookup(options, "confirm-ms", "u", &confirm_ms) ? &confirm_ms
                                                                                             : NULL,
                                   call, &caller->author);
}

int config_bus_method_set_files(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        g_auto(GStrv) files = NULL;
        ConfigRequest request;
        KeptCall *call;
        Config *config;
        Failure *failure;
        int r;

        r = sd_bus_message_read_strv(m, &files);
        if (r < 0)
                return r;
        failure = config_bus_find_called(m, bus, &config);
        if (!failure)
                failure = config_bus_check_not_asked(bus, config, m);
        if (!failure)
                failure = bus_keep_call(bus, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        if (!files)
                files = g_new0(char *, 1);
        request = (ConfigRequest){
                .origin = ORIGIN_RELOAD,
                .author = caller->author,
                .done = bus_reply_version,
                .userdata = call,
        };
        manager_set_files(bus->manager, config, files, &request);
        return 1;
}

int config_bus_method_set_hot_reload(sd_bus_message *m, const Caller *caller, void *userdata,
                                     sd_bus_error *error)
{
        Bus *bus = userdata;
        Config *config;
        Failure *failure;
        int hot_reload, r;

        r = sd_bus_message_read(m, "b", &hot_reload);
        if (r < 0)
                return r;
        failure = config_bus_find_called(m, bus, &config);
        if (!failure)
                failure = config_bus_check_not_asked(bus, config, m);
        if (!failure)
                failure = manager_set_config_hot_reload(bus->manager, config, hot_reload, &caller->author);
        if (failure)
                return failure_bus_take_error(error, failure);
        return sd_bus_reply_method_return(m, NULL);
}

int config_bus_method_list_instances(sd_bus_message *m, const Caller *caller, void *userdata,
                                     sd_bus_error *error)
{
        Config *config;
        Failure *failure = config_bus_find_called(m, userdata, &config);

        if (failure)
                return failure_bus_take_error(error, failure);
        return instance_bus_reply_list(userdata, config, caller, m, error);
}

int config_bus_method_get(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(Path) path = NULL;
        const Node *node = NULL;
        const char *text;
        Config *config;
        Failure *failure;
        int r;

        r = sd_bus_message_read(m, "s", &text);
        if (r < 0)
                return r;
        failure = path_parse(text, &path);
        if (!failure)
                failure = config_bus_find_loaded(m, userdata, &config);
        if (!failure)
                node = path_find(path, document_root(config_document(config)));
        if (!failure && !node)
                failure = failure_new(FAILURE_NO_SUCH_PATH, "there is nothing at '%s' in %s", text,
                                      config_name(config));
        if (!failure)
                failure = config_bus_check_size(node_size(node));
        if (failure)
                return failure_bus_take_error(error, failure);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = document_bus_append_variant(reply, node);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int config_bus_method_get_all(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        Config *config;
        Failure *failure = config_bus_find_loaded(m, userdata, &config);
        int r;

        if (!failure)
                failure = config_bus_check_size(node_size(document_root(config_document(config))));
        if (failure)
                return failure_bus_take_error(error, failure);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "t", config_version(config));
        if (r >= 0)
                r = document_bus_append_map(reply, document_root(config_document(config)));
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static void reply_snapshot(Config *config, uint64_t version, int fd, void *userdata)
{
        g_autoptr(KeptCall) call = userdata;
        g_autoptr(Failure) failure = NULL;

        if (fd >= 0) {
                (void) sd_bus_reply_method_return(call->message, "th", version, fd);
                return;
        }
        if (fd != -EMFILE && fd != -ENFILE) {
                (void) sd_bus_reply_method_errno(call->message, fd, NULL);
                return;
        }
        failure = failure_new(FAILURE_LIMIT_EXCEEDED, "no descriptors are left for a snapshot");
        (void) failure_bus_reply(call->message, failure);
}

int config_bus_method_get_snapshot(sd_bus_message *m, const Caller *caller, void *userdata,
                                   sd_bus_error *error)
{
        KeptCall *call;
        Config *config;
        Failure *failure = config_bus_find_loaded(m, userdata, &config);

        if (!failure)
                failure = bus_keep_call(userdata, caller, m, &call);
        if (failure)
                return failure_bus_take_error(error, failure);
        config_get_snapshot(config, reply_snapshot, call);
        return 1;
}

int config_bus_method_get_problems(sd_bus_message *m, const Caller *caller, void *userdata,
                                   sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        Config *config;
        Failure *failure = config_bus_find_called(m, userdata, &config);
        int r;

        if (failure)
                return failure_bus_take_error(error, failure);
        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = failure_bus_append_problems(reply, config_failure(config));
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int config_bus_method_get_statistics(sd_bus_message *m, const Caller *caller, void *userdata,
                                     sd_bus_error *error)
{
        Bus *bus = userdata;
        const GPtrArray *subscriptions, *instances;
        BusCounts counts;
        Config *config;
        Failure *failure = config_bus_find_called(m, bus, &config);

        if (failure)
                return failure_bus_take_error(error, failure);
        subscriptions = subscriptions_of(bus->subscriptions, config);
        instances = instances_of(bus->instances, config);
        counts = (BusCounts){
                .configs = 1,
                .instances = instances ? instances->len : 0,
                .subscribers = subscriptions ? subscriptions->len : 0,
        };
        return bus_reply_statistics(m, config_statistics(config), &counts);
}

/* All of a config's properties, in one place each. */
static int property_get(sd_bus *connection, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const Config *config = config_bus_find(userdata, path);

        if (g_str_equal(property, "Name"))
                return sd_bus_message_append(reply, "s", config_name(config));
        if (g_str_equal(property, "Files"))
                return sd_bus_message_append_strv(reply, (char **) config_files(config));
        if (g_str_equal(property, "Format"))
                return sd_bus_message_append(reply, "s", format_to_string(config_format(config)));
        if (g_str_equal(property, "State"))
                return sd_bus_message_append(reply, "s", config_state_to_string(config_state(config)));
        if (g_str_equal(property, "Public"))
                return sd_bus_message_append(reply, "b", (int) config_is_public(config));
        if (g_str_equal(property, "HotReload"))
                return sd_bus_message_append(reply, "b", (int) config_hot_reload(config));
        if (g_str_equal(property, "Pending"))
                return sd_bus_message_append(reply, "b", (int) config_is_pending(config));
        if (g_str_equal(property, "Version"))
                return sd_bus_message_append(reply, "t", config_version(config));
        if (g_str_equal(property, "LastReload"))
                return sd_bus_message_append(reply, "t", config_last_reload(config));
        if (g_str_equal(property, "Schema"))
                return sd_bus_message_append(reply, "s", config_options(config)->schema ?: "");
        return sd_bus_message_append(reply, "t", config_confirm_deadline(config));
}

static int property_get_options(sd_bus *connection, const char *path, const char *interface,
                                const char *property, sd_bus_message *reply, void *userdata,
                                sd_bus_error *error)
{
        const Config *config = config_bus_find(userdata, path);

        return options_bus_append(reply, config_options(config));
}

static int find_object(sd_bus *connection, const char *path, const char *interface, void *userdata,
                       void **ret_found, sd_bus_error *error)
{
        if (!config_bus_find(userdata, path))
                return 0;
        *ret_found = userdata;
        return 1;
}

static int enumerate_objects(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                             sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GPtrArray) configs = manager_list(bus->manager, NULL);
        char **nodes = calloc(configs->len + 1, sizeof *nodes);

        if (!nodes)
                return -ENOMEM;
        for (guint i = 0; i < configs->len; i++)
                if (sd_bus_path_encode(RECONF_CONFIG_PATH_PREFIX, config_name(g_ptr_array_index(configs, i)),
                                       &nodes[i]) < 0)
                        g_error("out of memory");
        *ret_nodes = nodes;
        return 0;
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Name", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Files", "as", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Format", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Schema", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("State", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Version", "t", property_get, 0, 0),
        SD_BUS_PROPERTY("Public", "b", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("HotReload", "b", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Pending", "b", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastReload", "t", property_get, 0, 0),
        SD_BUS_PROPERTY("ConfirmDeadline", "t", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Options", "a{sv}", property_get_options, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),

        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("t", version),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Rollback", SD_BUS_ARGS("t", version, "a{sv}", options),
                                SD_BUS_RESULT("t", new_version),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetVersionHistory", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ttsssa{sv})", versions),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Label", SD_BUS_ARGS("t", version, "s", label), SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListInstances", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(osuststa{sv})", instances),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Diff", SD_BUS_ARGS("t", from, "t", to), SD_BUS_RESULT("a(ssvv)", changes),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Get", SD_BUS_ARGS("s", path), SD_BUS_RESULT("v", value),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetAll", SD_BUS_NO_ARGS, SD_BUS_RESULT("t", version, "a{sv}", document),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetSnapshot", SD_BUS_NO_ARGS, SD_BUS_RESULT("t", version, "h", snapshot),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetFiles", SD_BUS_ARGS("as", files), SD_BUS_RESULT("t", version),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetHotReload", SD_BUS_ARGS("b", enabled), SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Confirm", SD_BUS_ARGS("t", version), SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ExtendConfirm", SD_BUS_ARGS("t", version, "u", ms),
                                SD_BUS_RESULT("t", deadline),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Validate", SD_BUS_ARGS("s", content, "s", format),
                                SD_BUS_RESULT("a(suus)", problems),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AddValidator", SD_BUS_ARGS("o", object, "a{sv}", options), SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveValidator", SD_BUS_ARGS("o", object), SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetProblems", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(suus)", problems),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_ARGS("t", since, "a{sv}", options),
                                SD_BUS_RESULT("t", version, "a(ssvv)", changes, "a{sv}", details),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetStatistics", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", statistics),
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),

        SD_BUS_SIGNAL_WITH_ARGS("ConfigChanged",
                                SD_BUS_ARGS("s", root, "t", version, "t", previous, "a(ssvv)", changes,
                                            "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ReloadFailed", SD_BUS_ARGS("s", stage, "a(suus)", problems), 0),
        SD_BUS_SIGNAL_WITH_ARGS("InstanceStateChanged",
                                SD_BUS_ARGS("o", instance, "s", state, "t", version), 0),

        SD_BUS_VTABLE_END,
};
/* clang-format on */

/* Paths are what can be long; a schema's stands in the options, too. */
static size_t properties_size(const Bus *bus, const char *path)
{
        const Config *config = config_bus_find(bus, path);
        const char *schema = config_options(config)->schema;
        size_t size = 1024 + strlen(path) + (schema ? 2 * strlen(schema) : 0);

        for (char *const *file = config_files(config); *file; file++)
                size += strlen(*file);
        return size;
}

const ObjectKind config_bus_objects = {
        .interface = RECONF_CONFIG_INTERFACE,
        .vtable = vtable,
        .find = find_object,
        .enumerate = enumerate_objects,
        .size = properties_size,
};

int config_bus_export(Bus *bus)
{
        int r = sd_bus_add_fallback_vtable(bus->bus, NULL, RECONF_CONFIG_PATH_PREFIX,
                                           RECONF_CONFIG_INTERFACE, vtable, find_object, bus);

        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(bus->bus, NULL, RECONF_CONFIG_PATH_PREFIX, enumerate_objects, bus);
}
