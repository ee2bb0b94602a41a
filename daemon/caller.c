/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/caller.h"

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-login.h>

typedef struct Identification {
        sd_bus_message *call;
        CallerHandler handler;
        void *userdata;
} Identification;

static void identification_free(void *data)
{
        Identification *identification = data;

        sd_bus_message_unref(identification->call);
        g_free(identification);
}

static char *find_unit(pid_t pid)
{
        char *unit = NULL;
        char *copy;

        /* To sd-login 0 is ourselves. */
        if (pid <= 0 || (sd_pid_get_user_unit(pid, &unit) < 0 && sd_pid_get_unit(pid, &unit) < 0))
                return NULL;
        copy = g_strdup(unit);
        free(unit);
        return copy;
}

/* Answer of GetConnectionCredentials. */
static int read_credentials(sd_bus_message *m, Author *author)
{
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name;
                uint32_t value;

                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0 && g_str_equal(name, "UnixUserID")) {
                        r = sd_bus_message_read(m, "v", "u", &value);
                        author->uid = value;
                } else if (r >= 0 && g_str_equal(name, "ProcessID")) {
                        r = sd_bus_message_read(m, "v", "u", &value);
                        author->pid = (pid_t) value;
                } else if (r >= 0) {
                        r = sd_bus_message_skip(m, "v");
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

static int on_credentials(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Identification *identification = userdata;
        sd_bus_message *call = identification->call;
        Caller caller = { .name = sd_bus_message_get_sender(call), .author = { .uid = (uid_t) -1 } };
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        /* One that has left gets no answer; but the bus may have other reasons. */
        if (sd_bus_message_is_method_error(reply, NULL))
                r = -EACCES;
        else
                r = read_credentials(reply, &caller.author);
        if (r >= 0 && caller.author.uid == (uid_t) -1)
                r = -EACCES;
        if (r >= 0) {
                caller.author.unit = find_unit(caller.author.pid);
                r = identification->handler(call, &caller, identification->userdata, &error);
                g_free(caller.author.unit);
        }

        if (sd_bus_error_is_set(&error))
                r = sd_bus_reply_method_error(call, &error);
        else if (r < 0)
                r = sd_bus_reply_method_errno(call, r, NULL);
        sd_bus_error_free(&error);
        return r;
}

int caller_identify(sd_bus_message *m, CallerHandler handler, void *userdata, sd_bus_error *error)
{
        Identification *identification = g_new(Identification, 1);
        sd_bus_slot *slot = NULL;
        int r;

        *identification = (Identification){
                .call = sd_bus_message_ref(m),
                .handler = handler,
                .userdata = userdata,
        };
        r = sd_bus_call_method_async(sd_bus_message_get_bus(m), &slot, "org.freedesktop.DBus",
                                     "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                     "GetConnectionCredentials", on_credentials, identification, "s",
                                     sd_bus_message_get_sender(m));
        if (r < 0) {
                identification_free(identification);
                return r;
        }
        sd_bus_slot_set_destroy_callback(slot, identification_free);
        /* The bus keeps it until the answer. */
        sd_bus_slot_set_floating(slot, 1);
        sd_bus_slot_unref(slot);
        return 1;
}
