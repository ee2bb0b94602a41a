/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ListInstances: who runs on which version
 *
 * What an instance is, and what state it is in, everybody may know; what it said about a config only who may
 * read that.
 */
#include "daemon/authority.h"
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"

#include <errno.h>
#include <string.h>

/* A list that would be larger than a message may be has less of them. */
#define MAX_MESSAGES_SIZE (8U * 1024 * 1024)
/* What a row takes beside its texts. */
#define ROW_SIZE 400U

static int append_details(sd_bus_message *m, const Instance *instance, bool with_message)
{
        const Program *program = instance->program;
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && with_message)
                r = sd_bus_message_append(m, "{sv}", "message", "s", instance->message);
        if (r >= 0 && instance->name)
                r = sd_bus_message_append(m, "{sv}", "name", "s", instance->name);
        if (r >= 0 && instance->reported > 0)
                r = sd_bus_message_append(m, "{sv}", "reported", "t", instance->reported);
        if (r >= 0 && program->uid != (uid_t) -1)
                r = sd_bus_message_append(m, "{sv}", "uid", "u", (uint32_t) program->uid);
        if (r >= 0 && program->unit)
                r = sd_bus_message_append(m, "{sv}", "unit", "s", program->unit);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "vote", "b", (int) (instance->acks && instance->votes));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_row(sd_bus_message *m, const Instance *instance, bool with_message)
{
        const Program *program = instance->program;
        InstancePath path;
        int r = sd_bus_message_open_container(m, 'r', "osuststa{sv}");

        instance_bus_path(instance, &path);
        if (r >= 0)
                r = sd_bus_message_append(m, "osustst", path.text, config_name(instance->config),
                                          (uint32_t) program->pid, program->facts.name,
                                          program->facts.start_time,
                                          instance_state_to_string(instance->state), instance->version);
        if (r >= 0)
                r = append_details(m, instance, with_message);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* A list while it is being written. */
typedef struct Listing {
        const Bus *bus;
        const Caller *caller;
        sd_bus_message *reply;
        bool is_of_all; /* the caller was let in without being asked about any */
        uint64_t size;
        uint64_t messages_size;
} Listing;

static int append_config(Listing *listing, const Config *config)
{
        const GPtrArray *instances = instances_of(listing->bus->instances, config);
        const Caller *caller = listing->caller;
        bool allowed = instances && (caller->reach != REACH_NONE ||
                                     (listing->is_of_all &&
                                      authority_may_read(listing->bus, caller->credentials, config)));
        int r = 0;

        for (guint i = 0; instances && i < instances->len && r >= 0; i++) {
                const Instance *instance = g_ptr_array_index(instances, i);
                size_t length = allowed && instance->message ? strlen(instance->message) : 0;

                if (listing->messages_size + length > MAX_MESSAGES_SIZE)
                        length = 0;
                listing->messages_size += length;
                listing->size += ROW_SIZE + length + strlen(config_name(config)) +
                                 (instance->name ? strlen(instance->name) : 0);
                if (listing->size > CONFIG_BUS_MAX_REPLY_SIZE)
                        return -EMSGSIZE;
                r = append_row(listing->reply, instance, length > 0);
        }
        return r;
}

int instance_bus_reply_list(Bus *bus, const Config *config, const Caller *caller, sd_bus_message *call,
                            sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(GPtrArray) all = config ? NULL : manager_list(bus->manager, NULL);
        Listing listing = { .bus = bus, .caller = caller, .is_of_all = !config };
        int r = sd_bus_message_new_method_return(call, &reply);

        listing.reply = reply;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(osuststa{sv})");
        if (r >= 0 && config)
                r = append_config(&listing, config);
        for (guint i = 0; all && i < all->len && r >= 0; i++)
                r = append_config(&listing, g_ptr_array_index(all, i));
        if (r == -EMSGSIZE)
                return failure_bus_take_error(
                                error, failure_new(FAILURE_TOO_LARGE,
                                                   "the list would be larger than %u MiB; ask for one "
                                                   "config at a time",
                                                   CONFIG_BUS_MAX_REPLY_SIZE / 1024 / 1024));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
