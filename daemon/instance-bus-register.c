/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RegisterInstance: a program makes itself known
 *
 * Who calls is asked of the bus, and its process looked at, by a pid that might be another's by then. So the
 * bus is asked once more, when the pidfd is open: a connection that is still there with this pid had it all
 * the time.
 */
#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"
#include "daemon/options-bus.h"

#include <errno.h>
#include <string.h>

/* A program that waits to be known. */
typedef struct Arrival {
        Bus *bus;
        KeptCall *call;
        char *config;
        char *name; /* or NULL */
        bool acks;
        bool is_granted;
        Program *program;
} Arrival;

static void arrival_free(void *data)
{
        Arrival *arrival = data;

        kept_call_free(arrival->call);
        g_free(arrival->config);
        g_free(arrival->name);
        program_unref(arrival->program);
        g_free(arrival);
}

static Failure *check_name(const char *name)
{
        if (strlen(name) > INSTANCE_MAX_NAME)
                return failure_new(FAILURE_INVALID_ARGUMENT, "name has at most %u bytes, not %zu",
                                   INSTANCE_MAX_NAME, strlen(name));
        for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at))
                if (!g_unichar_isprint(g_utf8_get_char(at)))
                        return failure_new(
                                        FAILURE_INVALID_ARGUMENT,
                                        "name must be of printable characters; the one at byte %zu is none",
                                        (size_t) (at - name));
        return NULL;
}

static Failure *read_arrival(sd_bus_message *m, Arrival *arrival)
{
        static const char *const known[] = { "ack", "b", "name", "s", NULL };
        g_autoptr(GVariant) options = NULL;
        const char *config, *name;
        gboolean acks = FALSE;
        Failure *failure;
        int r = sd_bus_message_read(m, "s", &config);

        if (r < 0)
                return failure_new(FAILURE_INVALID_ARGUMENT, "the name cannot be read: %s", g_strerror(-r));
        failure = options_bus_read_known(m, known, &options);
        if (failure)
                return failure;
        arrival->config = g_strdup(config);
        if (g_variant_lookup(options, "ack", "b", &acks))
                arrival->acks = acks;
        if (g_variant_lookup(options, "name", "&s", &name) && *name != '\0') {
                failure = check_name(name);
                arrival->name = g_strdup(name);
        }
        return failure;
}

static Failure *find_config(const Arrival *arrival, Config **ret)
{
        *ret = manager_find(arrival->bus->manager, arrival->config);
        return *ret ? NULL : failure_new(FAILURE_NO_SUCH_CONFIG, "there is no config '%s'", arrival->config);
}

static int register_now(Arrival *arrival)
{
        Instance *instance;
        InstancePath path;
        Config *config;
        g_autoptr(Failure) failure = find_config(arrival, &config);

        if (!failure)
                failure = instances_add(arrival->bus->instances, config,
                                        sd_bus_message_get_sender(arrival->call->message),
                                        g_steal_pointer(&arrival->program), arrival->name, arrival->acks,
                                        &instance);
        if (failure)
                return failure_bus_reply(arrival->call->message, failure);
        instance->is_granted = instance->is_granted || arrival->is_granted;
        instance_bus_path(instance, &path);
        return sd_bus_reply_method_return(arrival->call->message, "ot", path.text, config_version(config));
}

static int on_pid(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Arrival *arrival = userdata;
        uint32_t pid;

        if (sd_bus_message_is_method_error(reply, NULL) || sd_bus_message_read(reply, "u", &pid) < 0 ||
            (pid_t) pid != arrival->program->pid)
                return sd_bus_reply_method_errno(arrival->call->message, -EACCES, NULL);
        return register_now(arrival);
}

static int check_pid(Arrival *arrival)
{
        sd_bus_slot *slot = NULL;
        int r = sd_bus_call_method_async(arrival->bus->bus, &slot, "org.freedesktop.DBus",
                                         "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                         "GetConnectionUnixProcessID", on_pid, arrival, "s",
                                         sd_bus_message_get_sender(arrival->call->message));

        if (r < 0)
                return r;
        sd_bus_slot_set_destroy_callback(slot, arrival_free);
        /* The bus keeps it until the answer. */
        sd_bus_slot_set_floating(slot, 1);
        sd_bus_slot_unref(slot);
        return 1;
}

int instance_bus_method_register(sd_bus_message *m, const Caller *caller, void *userdata,
                                 sd_bus_error *error)
{
        Bus *bus = userdata;
        Program *known = instances_find_program(bus->instances, caller->name);
        Arrival *arrival = g_new(Arrival, 1);
        Config *config;
        Failure *failure;
        int r;

        *arrival = (Arrival){ .bus = bus, .is_granted = caller->is_granted };
        failure = bus_keep_call(bus, caller, m, &arrival->call);
        if (!failure)
                failure = read_arrival(m, arrival);
        if (!failure)
                failure = find_config(arrival, &config);
        if (!failure && known)
                arrival->program = program_ref(known);
        else if (!failure)
                failure = program_new(&caller->author, caller->credentials, &arrival->program);
        if (failure) {
                arrival_free(arrival);
                return failure_bus_take_error(error, failure);
        }

        /* One that is known is watched; of one without a pid there is nothing to be wrong about. */
        if (!known && caller->author.pid > 0) {
                r = check_pid(arrival);
                if (r >= 0)
                        return r;
        } else {
                r = register_now(arrival);
        }
        arrival_free(arrival);
        return r;
}
