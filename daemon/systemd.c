/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/systemd.h"

#include "daemon/bus-cleanup.h"
#include "daemon/log.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define OWNER_RULE                                                                     \
        "type='signal',sender='" BUS_NAME "',path='" BUS_PATH "',interface='" BUS_NAME \
        "',member='NameOwnerChanged',arg0='" SYSTEMD_NAME "'"
#define JOB_RULE                                                      \
        "type='signal',sender='" SYSTEMD_NAME "',path='" SYSTEMD_PATH \
        "',interface='" SYSTEMD_MANAGER_INTERFACE "',member='JobRemoved'"
/* One for all units: of rules, a connection has only so many. */
#define UNIT_RULE                                                                         \
        "type='signal',sender='" SYSTEMD_NAME "',path_namespace='" SYSTEMD_UNIT_PATH "'," \
        "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"         \
        "arg0='" SYSTEMD_SERVICE_INTERFACE "'"

struct Systemd {
        sd_bus *bus;
        sd_event *event;
        Scope scope;
        const SystemdListener *listener;
        void *userdata;
        sd_bus_slot *owner_match, *job_match, *unit_match;
        sd_bus_slot *owner_query;
        char *owner; /* unique name; NULL while unknown */
};

static bool is_from_owner(const Systemd *systemd, sd_bus_message *m)
{
        return systemd->owner && g_strcmp0(sd_bus_message_get_sender(m), systemd->owner) == 0;
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Systemd *systemd = userdata;
        const char *job, *unit, *result;
        uint32_t id;

        if (is_from_owner(systemd, m) && sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) > 0)
                systemd->listener->job_removed(job, result, systemd->userdata);
        return 0;
}

static int on_unit_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Systemd *systemd = userdata;

        if (is_from_owner(systemd, m))
                systemd->listener->unit_changed(sd_bus_message_get_path(m), systemd->userdata);
        return 0;
}

/* A manager sends signals only while somebody wants them. One who wants them already is told so. */
static void subscribe(Systemd *systemd, const char *method)
{
        int r = systemd_call(systemd, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER_INTERFACE, method, NULL, NULL,
                             NULL);

        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, NULL, "Failed to call %s of systemd, ignoring: %s", method,
                           g_strerror(-r));
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Systemd *systemd = userdata;
        const char *name, *before, *now;

        if (g_strcmp0(sd_bus_message_get_sender(m), BUS_NAME) != 0 ||
            sd_bus_message_read(m, "sss", &name, &before, &now) <= 0 || !g_str_equal(name, SYSTEMD_NAME))
                return 0;
        systemd->owner_query = sd_bus_slot_unref(systemd->owner_query);
        g_free(systemd->owner);
        systemd->owner = *now ? g_strdup(now) : NULL;
        if (!systemd->owner)
                return 0;
        subscribe(systemd, "Subscribe");
        systemd->listener->replaced(systemd->userdata);
        return 0;
}

static int on_owner(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Systemd *systemd = userdata;
        const char *owner;

        systemd->owner_query = sd_bus_slot_unref(systemd->owner_query);
        if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "s", &owner) > 0)
                systemd->owner = g_strdup(owner);
        return 0;
}

/* The rules come first, so that nothing can be missed of what is asked for later. */
static int listen_to(Systemd *systemd)
{
        int r = sd_bus_add_match_async(systemd->bus, &systemd->owner_match, OWNER_RULE, on_owner_changed,
                                       NULL, systemd);

        if (r >= 0)
                r = sd_bus_add_match_async(systemd->bus, &systemd->job_match, JOB_RULE, on_job_removed, NULL,
                                           systemd);
        if (r >= 0)
                r = sd_bus_add_match_async(systemd->bus, &systemd->unit_match, UNIT_RULE, on_unit_changed,
                                           NULL, systemd);
        if (r >= 0)
                r = sd_bus_call_method_async(systemd->bus, &systemd->owner_query, BUS_NAME, BUS_PATH,
                                             BUS_NAME, "GetNameOwner", on_owner, systemd, "s", SYSTEMD_NAME);
        return r;
}

Systemd *systemd_new(sd_bus *bus, sd_event *event, Scope scope, const SystemdListener *listener,
                     void *userdata)
{
        Systemd *systemd = g_new(Systemd, 1);
        int r;

        *systemd = (Systemd){
                .bus = bus,
                .event = event,
                .scope = scope,
                .listener = listener,
                .userdata = userdata,
        };
        r = listen_to(systemd);
        /* Only where the connection is closing: then all of us ends. */
        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, NULL, "Failed to listen to systemd, ignoring: %s",
                           g_strerror(-r));
        subscribe(systemd, "Subscribe");
        return systemd;
}

Systemd *systemd_free(Systemd *systemd)
{
        if (!systemd)
                return NULL;

        sd_bus_slot_unref(systemd->owner_match);
        sd_bus_slot_unref(systemd->job_match);
        sd_bus_slot_unref(systemd->unit_match);
        sd_bus_slot_unref(systemd->owner_query);
        if (sd_bus_is_open(systemd->bus) > 0)
                subscribe(systemd, "Unsubscribe");
        g_free(systemd->owner);
        g_free(systemd);
        return NULL;
}

int systemd_call(Systemd *systemd, sd_bus_slot **slot, const char *path, const char *interface,
                 const char *method, sd_bus_message_handler_t reply, void *userdata, ...)
{
        g_autoptr(sd_bus_message) m = NULL;
        const char *argument;
        va_list arguments;
        int r = sd_bus_message_new_method_call(systemd->bus, &m, SYSTEMD_NAME, path, interface, method);

        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        va_start(arguments, userdata);
        while (r >= 0 && (argument = va_arg(arguments, const char *)))
                r = sd_bus_message_append(m, "s", argument);
        va_end(arguments);
        return r < 0 ? r : sd_bus_call_async(systemd->bus, slot, m, reply, userdata, 0);
}

sd_event *systemd_event(const Systemd *systemd)
{
        return systemd->event;
}

const char *systemd_command(const Systemd *systemd)
{
        return systemd->scope == SCOPE_SYSTEM ? "systemctl" : "systemctl --user";
}
