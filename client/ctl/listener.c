/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/listener.h"

#include "introspection/names.h"

#define SHORTEST_RETRY_USEC (1000 * 1000U)
#define LONGEST_RETRY_USEC (30 * 1000 * 1000U)

struct Listener {
        Context *context;
        const ListenerHooks *hooks;
        void *userdata;
        sd_event *event;
        char *owner;      /* the service's unique name; NULL while it is not there */
        GPtrArray *slots; /* of sd_bus_slot */
        sd_event_source *retry;
        uint64_t retry_usec;
        bool has_ended;
        int status; /* then */
};

static void destroy_slot(void *slot)
{
        sd_bus_slot_unref(slot);
}

Listener *listener_new(Context *context, const ListenerHooks *hooks, void *userdata)
{
        Listener *listener = g_new0(Listener, 1);

        listener->context = context;
        listener->hooks = hooks;
        listener->userdata = userdata;
        listener->slots = g_ptr_array_new_with_free_func(destroy_slot);
        listener->retry_usec = SHORTEST_RETRY_USEC;
        return listener;
}

Listener *listener_free(Listener *listener)
{
        if (!listener)
                return NULL;

        g_ptr_array_unref(listener->slots);
        sd_event_source_unref(listener->retry);
        if (listener->event)
                sd_bus_detach_event(listener->context->bus);
        sd_event_unref(listener->event);
        g_free(listener->owner);
        g_free(listener);
        return NULL;
}

/* Who has the name now. Should it have changed since it was called, the bus is about to say so. */
static char *find_owner(sd_bus *bus)
{
        sd_bus_creds *creds = NULL;
        const char *name = NULL;
        char *owner = NULL;

        if (sd_bus_get_name_creds(bus, RECONF_BUS_NAME, SD_BUS_CREDS_UNIQUE_NAME, &creds) >= 0 &&
            sd_bus_creds_get_unique_name(creds, &name) >= 0)
                owner = g_strdup(name);
        sd_bus_creds_unref(creds);
        return owner;
}

static bool look(Listener *listener, GError **error)
{
        if (!listener->hooks->look(listener->userdata, error))
                return false;
        g_free(listener->owner);
        listener->owner = find_owner(listener->context->bus);
        return true;
}

static void try_again(Listener *listener);

static int on_retry(sd_event_source *source, uint64_t time, void *userdata)
{
        Listener *listener = userdata;
        g_autoptr(GError) error = NULL;

        listener->retry = sd_event_source_unref(listener->retry);
        if (listener->owner || look(listener, &error))
                return 0;
        listener->hooks->lost(error->message, listener->userdata);
        try_again(listener);
        return 0;
}

/* Calls the service after a while, the longer the more often it was in vain. */
static void try_again(Listener *listener)
{
        listener->retry = sd_event_source_unref(listener->retry);
        if (sd_event_add_time_relative(listener->event, &listener->retry, CLOCK_BOOTTIME,
                                       listener->retry_usec, 0, on_retry, listener) < 0)
                listener_end(listener, CTL_EXIT_FAILURE);
        listener->retry_usec = MIN(listener->retry_usec * 2, LONGEST_RETRY_USEC);
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Listener *listener = userdata;
        const char *name, *old_owner, *new_owner;
        g_autoptr(GError) error = NULL;

        if (sd_bus_message_read(m, "sss", &name, &old_owner, &new_owner) < 0 ||
            g_strcmp0(new_owner, listener->owner) == 0)
                return 0;

        g_clear_pointer(&listener->owner, g_free);
        if (!*new_owner) {
                listener->hooks->lost("the service left the bus; it is called again", listener->userdata);
                listener->retry_usec = SHORTEST_RETRY_USEC;
                try_again(listener);
                return 0;
        }
        listener->retry = sd_event_source_unref(listener->retry);
        if (look(listener, &error))
                return 0;
        listener->hooks->lost(error->message, listener->userdata);
        try_again(listener);
        return 0;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *unused)
{
        Listener *listener = userdata;

        if (listener->owner && g_strcmp0(sd_bus_message_get_sender(m), listener->owner) == 0)
                listener->hooks->hear(m, listener->userdata);
        return 0;
}

static int add_match(Listener *listener, const char *rule, sd_bus_message_handler_t handler)
{
        sd_bus_slot *slot = NULL;
        int r;

        r = sd_bus_add_match(listener->context->bus, &slot, rule, handler, listener);
        if (r >= 0)
                g_ptr_array_add(listener->slots, slot);
        return r;
}

static int add_matches(Listener *listener)
{
        static const char owner_rule[] =
                        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                        "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                        "arg0='" RECONF_BUS_NAME "'";
        int r;

        r = add_match(listener, owner_rule, on_owner_changed);
        for (const char *const *rule = listener->hooks->rules; r >= 0 && *rule; rule++) {
                g_autofree char *whole =
                                g_strconcat("type='signal',sender='" RECONF_BUS_NAME "',", *rule, NULL);

                r = add_match(listener, whole, on_signal);
        }
        return r;
}

static int prepare(Listener *listener)
{
        sd_bus *bus = listener->context->bus;
        int r;

        r = sd_event_default(&listener->event);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, listener->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        return add_matches(listener);
}

bool listener_start(Listener *listener, GError **error)
{
        return context_connect(listener->context, error) &&
               ctl_error_check_request(prepare(listener), error) && look(listener, error);
}

sd_event *listener_event(Listener *listener)
{
        return listener->event;
}

void listener_end(Listener *listener, int status)
{
        listener->has_ended = true;
        listener->status = status;
}

bool listener_run(Listener *listener, int *ret_status, GError **error)
{
        int r = 0;

        while (r >= 0 && !listener->has_ended && sd_bus_is_open(listener->context->bus) > 0)
                r = sd_event_run(listener->event, UINT64_MAX);
        if (r < 0)
                g_set_error(error, CTL_ERROR, CTL_EXIT_FAILURE, "cannot wait for events: %s",
                            g_strerror(-r));
        else if (!listener->has_ended)
                g_set_error(error, CTL_ERROR, CTL_EXIT_UNREACHABLE, "the bus went away");
        else
                *ret_status = listener->status;
        return r >= 0 && listener->has_ended;
}
