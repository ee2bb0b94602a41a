/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/presence.h"

#include "introspection/names.h"

#include <errno.h>

#define SHORTEST_RETRY_USEC (1000 * 1000U)
#define LONGEST_RETRY_USEC (30 * 1000 * 1000U)
#define LAST_REPORT_USEC (5 * 1000 * 1000)

struct Presence {
        Context *context;
        sd_event *event;
        const char *config;
        const char *name;
        PresenceHandlers handlers;

        bool accepted;          /* at least once */
        bool refused;           /* instead of ever accepted */
        char *owner;            /* the service's unique name; NULL while it is not there */
        char *object;           /* the instance; NULL while it is not registered */
        sd_bus_slot *asking;    /* RegisterInstance, then Subscribe */
        sd_bus_slot *reporting; /* ReportApplied */
        sd_event_source *retry;
        uint64_t retry_usec;
        char *noted;      /* what was said last of the service's absence; NULL while it is there */
        uint64_t version; /* heard last */

        uint64_t reported_version; /* 0: nothing to report */
        char *failure;
        bool heard; /* the service answered the report */
};

Presence *presence_new(Context *context, sd_event *event, const char *config, const char *name,
                       const PresenceHandlers *handlers)
{
        Presence *presence = g_new0(Presence, 1);

        presence->context = context;
        presence->event = sd_event_ref(event);
        presence->config = config;
        presence->name = name;
        presence->handlers = *handlers;
        presence->retry_usec = SHORTEST_RETRY_USEC;
        return presence;
}

/* The service is not there, or not as it was. */
static void forget_service(Presence *presence)
{
        presence->asking = sd_bus_slot_unref(presence->asking);
        presence->reporting = sd_bus_slot_unref(presence->reporting);
        presence->retry = sd_event_source_disable_unref(presence->retry);
        g_clear_pointer(&presence->owner, g_free);
        g_clear_pointer(&presence->object, g_free);
        presence->heard = false;
}

Presence *presence_free(Presence *presence)
{
        if (!presence)
                return NULL;

        forget_service(presence);
        if (presence->context->bus)
                sd_bus_detach_event(presence->context->bus);
        sd_event_unref(presence->event);
        g_free(presence->noted);
        g_free(presence->failure);
        g_free(presence);
        return NULL;
}

/* What was said already is not said again. */
static void note_absence(Presence *presence, const char *text)
{
        g_autofree char *note = NULL;

        if (g_strcmp0(presence->noted, text) == 0)
                return;
        g_free(presence->noted);
        presence->noted = g_strdup(text);
        note = g_strconcat(text, "; the program goes on", NULL);
        context_note(presence->context, presence->config, note);
}

static int on_retry(sd_event_source *source, uint64_t time, void *userdata);

/* The longer the more often it was in vain. */
static void come_back(Presence *presence)
{
        presence->retry = sd_event_source_disable_unref(presence->retry);
        if (sd_event_add_time_relative(presence->event, &presence->retry, CLOCK_BOOTTIME,
                                       presence->retry_usec, 0, on_retry, presence) < 0)
                g_error("Out of memory");
        presence->retry_usec = MIN(presence->retry_usec * 2, LONGEST_RETRY_USEC);
}

/* Of the first call, the answer is all there is; later there is a program that goes on. */
static void take_refusal(Presence *presence, const sd_bus_error *bus_error, int r)
{
        GError *error = NULL;

        if (presence->accepted) {
                note_absence(presence,
                             bus_error && bus_error->message ? bus_error->message : g_strerror(-r));
                come_back(presence);
        } else if (!presence->refused) {
                presence->refused = true;
                ctl_error_set_bus(&error, presence->config, bus_error, r);
                presence->handlers.refused(presence->handlers.userdata, error);
        }
}

static int on_reported(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Presence *presence = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        presence->reporting = sd_bus_slot_unref(presence->reporting);
        presence->heard = true;
        /* Versions may be gone by the time that they are reported on. */
        if (error && !sd_bus_error_has_name(error, RECONF_ERROR_PREFIX "NoSuchVersion"))
                context_note(presence->context, presence->config, error->message);
        return 0;
}

static void send_report(Presence *presence)
{
        bool failed = presence->failure;

        if (!presence->object || presence->reported_version == 0)
                return;
        presence->heard = false;
        presence->reporting = sd_bus_slot_unref(presence->reporting);
        if (sd_bus_call_method_async(presence->context->bus, &presence->reporting, presence->owner,
                                     presence->object, RECONF_INSTANCE_INTERFACE, "ReportApplied",
                                     on_reported, presence, "tss", presence->reported_version,
                                     failed ? "failed" : "applied", failed ? presence->failure : "") < 0)
                context_note(presence->context, presence->config, "cannot tell the service what came of it");
}

void presence_report(Presence *presence, uint64_t version, const char *failure)
{
        presence->reported_version = version;
        g_free(presence->failure);
        presence->failure = g_strdup(failure);
        send_report(presence);
}

static void take_version(Presence *presence, uint64_t version)
{
        presence->version = version;
        presence->handlers.version(presence->handlers.userdata, version);
}

static void settle_in(Presence *presence, uint64_t version)
{
        bool first = !presence->accepted;

        presence->accepted = true;
        presence->retry_usec = SHORTEST_RETRY_USEC;
        g_clear_pointer(&presence->noted, g_free);
        if (first || version != presence->version)
                take_version(presence, version);
        else if (presence->reported_version == version)
                send_report(presence);
}

static bool was_refused(Presence *presence, sd_bus_message *m)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);

        if (error)
                take_refusal(presence, error, -sd_bus_message_get_errno(m));
        return error;
}

static int on_subscribed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Presence *presence = userdata;
        uint64_t version;
        int r;

        presence->asking = sd_bus_slot_unref(presence->asking);
        if (was_refused(presence, m))
                return 0;
        r = sd_bus_message_read(m, "t", &version);
        if (r < 0)
                take_refusal(presence, NULL, r);
        else
                settle_in(presence, version);
        return 0;
}

static void subscribe(Presence *presence)
{
        g_autofree char *path = context_config_path(presence->config);
        int r;

        r = sd_bus_call_method_async(presence->context->bus, &presence->asking, presence->owner, path,
                                     RECONF_CONFIG_INTERFACE, "Subscribe", on_subscribed, presence, "ta{sv}",
                                     presence->version, 0);
        if (r < 0)
                take_refusal(presence, NULL, r);
}

static int on_registered(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Presence *presence = userdata;
        const char *object;
        int r;

        presence->asking = sd_bus_slot_unref(presence->asking);
        if (was_refused(presence, m))
                return 0;
        r = sd_bus_message_read(m, "o", &object);
        if (r < 0) {
                take_refusal(presence, NULL, r);
                return 0;
        }
        g_free(presence->owner);
        presence->owner = g_strdup(sd_bus_message_get_sender(m));
        g_free(presence->object);
        presence->object = g_strdup(object);
        subscribe(presence);
        return 0;
}

/* Calls the service, which starts it where need be. */
static void ask(Presence *presence)
{
        int r;

        presence->retry = sd_event_source_disable_unref(presence->retry);
        if (presence->object) {
                subscribe(presence);
                return;
        }
        r = sd_bus_call_method_async(presence->context->bus, &presence->asking, RECONF_BUS_NAME,
                                     RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE, "RegisterInstance",
                                     on_registered, presence, "sa{sv}", presence->config, 2, "name", "s",
                                     presence->name, "ack", "b", (int) true);
        if (r < 0)
                take_refusal(presence, NULL, r);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Presence *presence = userdata;
        const char *name, *old_owner, *new_owner;

        if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0 ||
            g_strcmp0(new_owner, presence->owner) == 0)
                return 0;
        /* Started by our own call, which it is going to answer. */
        if (!*old_owner && presence->asking)
                return 0;

        forget_service(presence);
        if (*new_owner) {
                ask(presence);
                return 0;
        }
        presence->retry_usec = SHORTEST_RETRY_USEC;
        if (presence->accepted)
                note_absence(presence, "the service left the bus");
        come_back(presence);
        return 0;
}

static bool is_from_owner(const Presence *presence, sd_bus_message *m)
{
        return presence->owner && g_strcmp0(sd_bus_message_get_sender(m), presence->owner) == 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Presence *presence = userdata;
        const char *root;
        uint64_t version;

        /* One that comes late is no news; the same may be told once more on somebody's demand. */
        if (presence->accepted && is_from_owner(presence, m) &&
            sd_bus_message_read(m, "st", &root, &version) >= 0 && version >= presence->version)
                take_version(presence, version);
        return 0;
}

/* The config comes or goes, and all its instances with it. */
static int on_objects(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Presence *presence = userdata;

        if (!presence->accepted || !is_from_owner(presence, m))
                return 0;
        if (sd_bus_message_is_signal(m, NULL, "InterfacesRemoved") > 0) {
                g_clear_pointer(&presence->object, g_free);
                note_absence(presence, "the config is not registered any longer");
        } else if (!presence->object && !presence->asking)
                ask(presence);
        return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Presence *presence = userdata;

        forget_service(presence);
        if (!presence->accepted) {
                take_refusal(presence, NULL, -ECONNRESET);
                return 0;
        }
        note_absence(presence, "the bus went away");
        presence->retry_usec = SHORTEST_RETRY_USEC;
        come_back(presence);
        return 0;
}

/* The order is that in which the bus gets them, all before the service is asked. */
static int add_matches(Presence *presence)
{
        static const char owner_rule[] =
                        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                        "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                        "arg0='" RECONF_BUS_NAME "'";
        static const char local_rule[] = "type='signal',sender='org.freedesktop.DBus.Local',"
                                         "path='/org/freedesktop/DBus/Local',"
                                         "interface='org.freedesktop.DBus.Local',member='Disconnected'";
        g_autofree char *path = context_config_path(presence->config);
        g_autofree char *config_rule = g_strconcat(
                        "type='signal',sender='" RECONF_BUS_NAME "',path='", path,
                        "',interface='" RECONF_CONFIG_INTERFACE "',member='ConfigChanged'", NULL);
        g_autofree char *object_rule = g_strconcat(
                        "type='signal',sender='" RECONF_BUS_NAME "',path='" RECONF_MANAGER_PATH "',"
                        "interface='org.freedesktop.DBus.ObjectManager',arg0path='",
                        path, "'", NULL);
        const struct {
                const char *rule;
                sd_bus_message_handler_t handler;
        } matches[] = {
                { local_rule, on_disconnected },
                { owner_rule, on_owner_changed },
                { config_rule, on_changed },
                { object_rule, on_objects },
        };
        int r = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(matches) && r >= 0; i++)
                r = sd_bus_add_match_async(presence->context->bus, NULL, matches[i].rule, matches[i].handler,
                                           NULL, presence);
        return r;
}

static int listen_to_bus(Presence *presence)
{
        sd_bus *bus = presence->context->bus;
        int r;

        r = sd_bus_attach_event(bus, presence->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        /* There may be something to report after the loop. */
        r = sd_bus_set_close_on_exit(bus, false);
        if (r < 0)
                return r;
        return add_matches(presence);
}

bool presence_begin(Presence *presence, GError **error)
{
        if (!context_connect(presence->context, error) ||
            !ctl_error_check_request(listen_to_bus(presence), error))
                return false;
        ask(presence);
        return true;
}

static int on_retry(sd_event_source *source, uint64_t time, void *userdata)
{
        Presence *presence = userdata;
        Context *context = presence->context;

        presence->retry = sd_event_source_disable_unref(presence->retry);
        if (sd_bus_is_open(context->bus) > 0) {
                ask(presence);
                return 0;
        }
        context->bus = sd_bus_close_unref(context->bus);
        if (!presence_begin(presence, NULL))
                come_back(presence);
        return 0;
}

static bool is_unheard(const Presence *presence)
{
        return presence->reported_version > 0 && !presence->heard &&
               (presence->asking || presence->reporting);
}

void presence_finish(Presence *presence)
{
        sd_bus *bus = presence->context->bus;
        int64_t end = g_get_monotonic_time() + LAST_REPORT_USEC;
        int r = 0;

        if (!bus)
                return;
        sd_bus_detach_event(bus);
        while (r >= 0 && is_unheard(presence) && g_get_monotonic_time() < end) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, (uint64_t) (end - g_get_monotonic_time()));
        }
}
