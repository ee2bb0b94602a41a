/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/polkit.h"

#include "daemon/bus-cleanup.h"
#include "daemon/log.h"

#include <stdio.h>

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

#define ALLOW_USER_INTERACTION 1U

typedef struct CancellationId {
        char text[sizeof "reconf-" + 20];
} CancellationId;

struct Polkit {
        sd_bus *bus;
        uint64_t n_asked;
};

struct PolkitCheck {
        Polkit *owner;
        CancellationId id;
        sd_bus_slot *slot;
        PolkitAnswered answered;
        void *userdata;
};

Polkit *polkit_new(sd_bus *bus)
{
        Polkit *polkit = g_new(Polkit, 1);

        *polkit = (Polkit){ .bus = bus };
        return polkit;
}

Polkit *polkit_free(Polkit *polkit)
{
        g_free(polkit);
        return NULL;
}

static void check_free(PolkitCheck *check)
{
        sd_bus_slot_unref(check->slot);
        g_free(check);
}

static bool is_absent(const sd_bus_error *error)
{
        return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER);
}

static PolkitAnswer read_answer(sd_bus_message *reply)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int authorized, challenge;
        int r;

        if (error) {
                if (!is_absent(error))
                        log_config(G_LOG_LEVEL_WARNING, NULL,
                                   "polkit does not answer, which is taken for no: %s",
                                   error->message ?: error->name);
                return POLKIT_ABSENT;
        }
        r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        if (r < 0) {
                log_config(G_LOG_LEVEL_WARNING, NULL,
                           "polkit's answer cannot be read, which is taken for no: %s", g_strerror(-r));
                return POLKIT_ABSENT;
        }
        if (authorized)
                return POLKIT_YES;
        return challenge ? POLKIT_CHALLENGE : POLKIT_NO;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        PolkitCheck *check = userdata;
        PolkitAnswered answered = check->answered;
        void *data = check->userdata;
        PolkitAnswer answer = read_answer(reply);

        check_free(check);
        answered(answer, data);
        return 0;
}

static int append_question(sd_bus_message *m, const char *client, const char *action, const char *config,
                           const char *change, bool interactive, const CancellationId *id)
{
        int r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s", client, action);

        if (r >= 0)
                r = sd_bus_message_append(m, "a{ss}", 2, "config", config, "change", change);
        if (r >= 0)
                r = sd_bus_message_append(m, "us", interactive ? ALLOW_USER_INTERACTION : 0, id->text);
        return r;
}

int polkit_ask(Polkit *polkit, const char *client, const char *action, const char *config,
               const char *change, bool interactive, PolkitAnswered answered, void *userdata,
               PolkitCheck **ret)
{
        g_autoptr(sd_bus_message) m = NULL;
        PolkitCheck *check = g_new(PolkitCheck, 1);
        int r;

        *check = (PolkitCheck){ .owner = polkit, .answered = answered, .userdata = userdata };
        (void) snprintf(check->id.text, sizeof check->id.text, "reconf-%" G_GUINT64_FORMAT,
                        ++polkit->n_asked);
        r = sd_bus_message_new_method_call(polkit->bus, &m, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                           "CheckAuthorization");
        if (r >= 0)
                r = append_question(m, client, action, config, change, interactive, &check->id);
        /* A person takes as long as it takes; when the caller has enough of it, it is taken back. */
        if (r >= 0)
                r = sd_bus_call_async(polkit->bus, &check->slot, m, on_answer, check, UINT64_MAX);
        if (r < 0) {
                check_free(check);
                return r;
        }
        *ret = check;
        return 0;
}

void polkit_cancel(PolkitCheck *check)
{
        if (!check)
                return;

        /* Nobody waits for what comes of it. */
        (void) sd_bus_call_method_async(check->owner->bus, NULL, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                                        "CancelCheckAuthorization", NULL, NULL, "s", check->id.text);
        check_free(check);
}
