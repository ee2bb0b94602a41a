/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * org.reconf.Reconf1.Instance
 *
 * Documented in introspection/org.reconf.Reconf1.Instance.xml.
 */
#include "daemon/authority.h"
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"
#include "daemon/log.h"
#include "daemon/objects-bus.h"
#include "introspection/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void instance_bus_path(const Instance *instance, InstancePath *ret)
{
        (void) snprintf(ret->text, sizeof ret->text, "%s/%s", RECONF_INSTANCE_PATH_PREFIX, instance->id);
}

static Instance *find(const Bus *bus, const char *path)
{
        const char *id = g_str_has_prefix(path, RECONF_INSTANCE_PATH_PREFIX "/")
                                         ? path + strlen(RECONF_INSTANCE_PATH_PREFIX "/")
                                         : "";

        return instances_find(bus->instances, id);
}

/* Of a call whose caller is known by now. */
static Failure *find_called(sd_bus_message *m, const Bus *bus, Instance **ret)
{
        *ret = find(bus, sd_bus_message_get_path(m));
        return *ret ? NULL : failure_new(FAILURE_NO_SUCH_INSTANCE, "the instance is gone");
}

static bool is_own(const Instance *instance, const char *client)
{
        return !instance->is_unit && g_str_equal(peer_name(&instance->program->hold), client);
}

bool instance_bus_is_own(sd_bus_message *call, const Bus *bus)
{
        const Instance *instance = find(bus, sd_bus_message_get_path(call));

        return instance && is_own(instance, sd_bus_message_get_sender(call));
}

/* Units are listed by the daemon, which alone takes them out. */
static Failure *check_is_no_unit(const Instance *instance)
{
        if (instance->is_unit)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "%s is a unit that is reloaded as the drop-in of %s says",
                                   instance->program->unit, config_name(instance->config));
        return NULL;
}

static Failure *read_report(sd_bus_message *m, uint64_t *ret_version, InstanceStatus *ret_status,
                            const char **ret_message)
{
        const char *status;
        int r = sd_bus_message_read(m, "tss", ret_version, &status, ret_message);

        if (r < 0)
                return failure_new(FAILURE_INVALID_ARGUMENT, "the report cannot be read: %s",
                                   g_strerror(-r));
        if (!instance_status_from_string(status, ret_status))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "the status must be applied, failed or partial, not '%s'", status);
        if (strlen(*ret_message) > INSTANCE_MAX_MESSAGE)
                return failure_new(FAILURE_INVALID_ARGUMENT, "the message has at most %u bytes, not %zu",
                                   INSTANCE_MAX_MESSAGE, strlen(*ret_message));
        return NULL;
}

int instance_bus_method_report_applied(sd_bus_message *m, const Caller *caller, void *userdata,
                                       sd_bus_error *error)
{
        InstanceStatus status;
        const char *message;
        uint64_t version;
        Instance *instance;
        Failure *failure = find_called(m, userdata, &instance);

        if (!failure && !is_own(instance, sd_bus_message_get_sender(m)))
                failure = failure_new(FAILURE_ACCESS_DENIED, "only the instance itself can report");
        if (!failure)
                failure = read_report(m, &version, &status, &message);
        if (!failure)
                failure = instance_report(instance, version, status, message);
        if (failure)
                return failure_bus_take_error(error, failure);
        return sd_bus_reply_method_return(m, NULL);
}

int instance_bus_method_unregister(sd_bus_message *m, const Caller *caller, void *userdata,
                                   sd_bus_error *error)
{
        Bus *bus = userdata;
        Instance *instance;
        Failure *failure = find_called(m, bus, &instance);

        if (!failure)
                failure = check_is_no_unit(instance);
        if (failure)
                return failure_bus_take_error(error, failure);
        instances_remove(bus->instances, instance);
        return sd_bus_reply_method_return(m, NULL);
}

/* A call that waits for a document. */
typedef struct Renotification {
        Bus *bus;
        KeptCall *call;
        uint64_t previous;
} Renotification;

/* As the program, or whoever was let in once, may know it: the active version, and the one before. */
static Failure *find_what_it_may_know(Bus *bus, const Instance *instance, uint64_t previous, bool *ret)
{
        Config *config = instance->config;
        g_auto(GStrv) files = NULL;
        bool is_public = true;
        Failure *failure = NULL;
        Reach reach = REACH_ALL;

        if (previous > 0)
                failure = config_list_files(config, previous, &files, &is_public);
        if (failure)
                return failure;
        if (!instance->is_granted)
                reach = authority_reach(bus, instance->program->credentials, config, files);
        *ret = reach == REACH_ALL ||
               (is_public && (reach == REACH_ACTIVE || config_version_is_public(config)));
        return NULL;
}

/* before is NULL where it is not known any longer. */
static Failure *send_again(Bus *bus, const Instance *instance, uint64_t previous, Document *before)
{
        Config *config = instance->config;
        g_autoptr(Changes) changes = NULL;
        bool may_know;
        Failure *failure = find_what_it_may_know(bus, instance, previous, &may_know);
        int r;

        if (failure)
                return failure;
        if (before && may_know)
                changes = changes_new(before, config_document(config));
        r = config_bus_send_again(bus, config, peer_name(&instance->program->hold), previous, changes);
        return r < 0 ? failure_new(FAILURE_WRITE_FAILED, "the signal cannot be sent: %s", g_strerror(-r))
                     : NULL;
}

static void reply_sent(sd_bus_message *call, const Failure *failure)
{
        if (failure)
                (void) failure_bus_reply(call, failure);
        else
                (void) sd_bus_reply_method_return(call, NULL);
}

static bool may_read(const Bus *bus, const Instance *instance)
{
        return instance->is_granted ||
               authority_may_read(bus, instance->program->credentials, instance->config);
}

static Failure *check_may_read(const Bus *bus, const Instance *instance)
{
        if (may_read(bus, instance))
                return NULL;
        return failure_new(FAILURE_ACCESS_DENIED, "the instance may not read %s any longer",
                           config_name(instance->config));
}

static void after_document(Config *config, Document *before, const Failure *document_failure, void *userdata)
{
        g_autofree Renotification *renotification = userdata;
        g_autoptr(KeptCall) call = renotification->call;
        Bus *bus = renotification->bus;
        Instance *instance;
        g_autoptr(Failure) failure = find_called(call->message, bus, &instance);

        if (!failure)
                failure = check_may_read(bus, instance);
        if (!failure)
                failure = send_again(bus, instance, renotification->previous,
                                     document_failure ? NULL : before);
        reply_sent(call->message, failure);
}

int instance_bus_method_renotify(sd_bus_message *m, const Caller *caller, void *userdata,
                                 sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(Document) nothing = NULL;
        Renotification *renotification;
        KeptCall *call = NULL;
        Instance *instance;
        Failure *failure = find_called(m, bus, &instance);

        if (!failure && instance->is_unit) {
                unit_reloads_retry(bus->units, instance->config);
                return sd_bus_reply_method_return(m, NULL);
        }
        if (!failure)
                failure = check_may_read(bus, instance);
        if (!failure && instance->complete > 0 && instance->complete < config_version(instance->config))
                failure = bus_keep_call(bus, caller, m, &call);
        if (call) {
                renotification = g_new(Renotification, 1);
                *renotification =
                                (Renotification){ .bus = bus, .call = call, .previous = instance->complete };
                config_get_document(instance->config, instance->complete, after_document, renotification);
                return 1;
        }
        if (!failure && instance->complete < config_version(instance->config)) {
                nothing = document_new_empty();
                failure = send_again(bus, instance, 0, nothing);
        }
        return failure ? failure_bus_take_error(error, failure) : sd_bus_reply_method_return(m, NULL);
}

/* What an instance says by itself */

static void warn(const Instance *instance, const char *what, int r)
{
        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, config_name(instance->config),
                           "Failed to announce %s of an instance of %s, ignoring: %s", what,
                           config_name(instance->config), g_strerror(-r));
}

static void on_added(const Instance *instance, void *userdata)
{
        Bus *bus = userdata;
        InstancePath path;

        instance_bus_path(instance, &path);
        warn(instance, "the coming", sd_bus_emit_object_added(bus->bus, path.text));
}

static void on_removed(const Instance *instance, void *userdata)
{
        Bus *bus = userdata;
        InstancePath path;

        instance_bus_path(instance, &path);
        warn(instance, "the end", sd_bus_emit_object_removed(bus->bus, path.text));
}

static void on_renamed(const Instance *instance, void *userdata)
{
        Bus *bus = userdata;
        InstancePath path;

        instance_bus_path(instance, &path);
        warn(instance, "the name",
             sd_bus_emit_properties_changed(bus->bus, path.text, RECONF_INSTANCE_INTERFACE, "Name", NULL));
}

/* It holds nothing that ListInstances would not tell anybody. */
static void on_changed(const Instance *instance, void *userdata)
{
        Bus *bus = userdata;
        g_autofree char *config = config_bus_path(instance->config);
        InstancePath path;
        int r;

        instance_bus_path(instance, &path);
        r = sd_bus_emit_signal(bus->bus, config, RECONF_CONFIG_INTERFACE, "InstanceStateChanged", "ost",
                               path.text, instance_state_to_string(instance->state), instance->version);
        if (r >= 0)
                STATISTICS_COUNT(config_statistics(instance->config), signals);
        warn(instance, "the state", r);
}

const InstanceObserver instance_bus_observer = {
        .added = on_added,
        .removed = on_removed,
        .renamed = on_renamed,
        .changed = on_changed,
};

/* The objects */

static int property_get(sd_bus *connection, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        const Instance *instance = find(userdata, path);
        const Program *program = instance->program;

        if (g_str_equal(property, "Config"))
                return sd_bus_message_append(reply, "s", config_name(instance->config));
        if (g_str_equal(property, "Pid"))
                return sd_bus_message_append(reply, "u", (uint32_t) program->pid);
        if (g_str_equal(property, "Name"))
                return sd_bus_message_append(reply, "s", instance->name ?: program->facts.name);
        if (g_str_equal(property, "StartTime"))
                return sd_bus_message_append(reply, "t", program->facts.start_time);
        if (g_str_equal(property, "Unit"))
                return sd_bus_message_append(reply, "s", program->unit ?: "");
        if (g_str_equal(property, "State"))
                return sd_bus_message_append(reply, "s", instance_state_to_string(instance->state));
        return sd_bus_message_append(reply, "t", instance->version);
}

static int find_object(sd_bus *connection, const char *path, const char *interface, void *userdata,
                       void **ret_found, sd_bus_error *error)
{
        if (!find(userdata, path))
                return 0;
        *ret_found = userdata;
        return 1;
}

static int enumerate_objects(sd_bus *connection, const char *prefix, void *userdata, char ***ret_nodes,
                             sd_bus_error *error)
{
        const Bus *bus = userdata;
        g_autoptr(GPtrArray) configs = manager_list(bus->manager, NULL);
        char **nodes = calloc(instances_count(bus->instances) + 1, sizeof *nodes);
        size_t count = 0;

        if (!nodes)
                return -ENOMEM;
        for (guint i = 0; i < configs->len; i++) {
                const GPtrArray *instances = instances_of(bus->instances, g_ptr_array_index(configs, i));

                for (guint k = 0; instances && k < instances->len; k++) {
                        InstancePath path;

                        instance_bus_path(g_ptr_array_index(instances, k), &path);
                        nodes[count] = strdup(path.text);
                        if (!nodes[count++])
                                g_error("out of memory");
                }
        }
        *ret_nodes = nodes;
        return 0;
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),

        SD_BUS_PROPERTY("Config", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Pid", "u", property_get, 0, 0),
        SD_BUS_PROPERTY("Name", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StartTime", "t", property_get, 0, 0),
        SD_BUS_PROPERTY("Unit", "s", property_get, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", property_get, 0, 0),
        SD_BUS_PROPERTY("Version", "t", property_get, 0, 0),

        SD_BUS_METHOD_WITH_ARGS("ReportApplied", SD_BUS_ARGS("t", version, "s", status, "s", message),
                                SD_BUS_NO_RESULT,
                                method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Renotify", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Unregister", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_dispatch, SD_BUS_VTABLE_UNPRIVILEGED),

        SD_BUS_VTABLE_END,
};
/* clang-format on */

static size_t properties_size(const Bus *bus, const char *path)
{
        return 1024;
}

const ObjectKind instance_bus_objects = {
        .interface = RECONF_INSTANCE_INTERFACE,
        .vtable = vtable,
        .find = find_object,
        .enumerate = enumerate_objects,
        .size = properties_size,
};

int instance_bus_export(Bus *bus)
{
        int r = sd_bus_add_fallback_vtable(bus->bus, NULL, RECONF_INSTANCE_PATH_PREFIX,
                                           RECONF_INSTANCE_INTERFACE, vtable, find_object, bus);

        if (r < 0)
                return r;
        return sd_bus_add_node_enumerator(bus->bus, NULL, RECONF_INSTANCE_PATH_PREFIX, enumerate_objects,
                                          bus);
}
