/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/ctl-error.h"

#include "client/ctl/text.h"
#include "introspection/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

typedef struct Meaning {
        const char *name; /* of the bus error; in our own, without the prefix */
        CtlExit status;
        const char *advice; /* with NAME in place of the config's */
} Meaning;

static const Meaning own_errors[] = {
        { "NoSuchConfig", CTL_EXIT_NOT_FOUND, "'reconfctl list' shows the configs there are." },
        { "NoSuchPath", CTL_EXIT_NOT_FOUND, "'reconfctl get NAME' shows the whole document." },
        { "NoSuchVersion", CTL_EXIT_NOT_FOUND, "'reconfctl history NAME' shows the versions there are." },
        { "NoSuchInstance", CTL_EXIT_NOT_FOUND, "'reconfctl instances' shows those there are." },
        { "InvalidName", CTL_EXIT_USAGE, NULL },
        { "InvalidPath", CTL_EXIT_USAGE, NULL },
        { "InvalidArgument", CTL_EXIT_USAGE, NULL },
        { "NotLoaded", CTL_EXIT_BAD_FILE, "'reconfctl status NAME' shows what is wrong with its files." },
        { "FileNotFound", CTL_EXIT_BAD_FILE, NULL },
        { "FileUnreadable", CTL_EXIT_BAD_FILE, NULL },
        { "TooLarge", CTL_EXIT_BAD_FILE, NULL },
        { "TooDeep", CTL_EXIT_BAD_FILE, NULL },
        { "ParseFailed", CTL_EXIT_BAD_FILE, NULL },
        { "ValidationFailed", CTL_EXIT_BAD_FILE, NULL },
        { "VersionConflict", CTL_EXIT_FAILURE,
          "The files hold something newer; 'reconfctl reload NAME' makes it a version first." },
        { "NotUnconfirmed", CTL_EXIT_FAILURE, "'reconfctl status NAME' shows what waits for confirmation." },
};

static const Meaning bus_errors[] = {
        { SD_BUS_ERROR_ACCESS_DENIED, CTL_EXIT_ACCESS_DENIED,
          "Run it as root, or with --user talk to your own service." },
        { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, CTL_EXIT_ACCESS_DENIED, NULL },
        { SD_BUS_ERROR_AUTH_FAILED, CTL_EXIT_ACCESS_DENIED, NULL },
        /* What is answered for the object of a config that is not there. */
        { SD_BUS_ERROR_UNKNOWN_OBJECT, CTL_EXIT_NOT_FOUND, "'reconfctl list' shows the configs there are." },
        { SD_BUS_ERROR_SERVICE_UNKNOWN, CTL_EXIT_UNREACHABLE,
          "Is Reconf installed for this bus? --user and --system choose the bus." },
        { SD_BUS_ERROR_NAME_HAS_NO_OWNER, CTL_EXIT_UNREACHABLE, NULL },
        { SD_BUS_ERROR_NO_REPLY, CTL_EXIT_UNREACHABLE, NULL },
        { SD_BUS_ERROR_TIMEOUT, CTL_EXIT_UNREACHABLE, NULL },
        { SD_BUS_ERROR_DISCONNECTED, CTL_EXIT_UNREACHABLE, NULL },
        { SD_BUS_ERROR_NO_SERVER, CTL_EXIT_UNREACHABLE, NULL },
};

G_DEFINE_QUARK(reconfctl - error - quark, ctl_error)

static const Meaning *find_meaning(const char *name)
{
        static const Meaning not_started = { NULL, CTL_EXIT_UNREACHABLE,
                                             "The journal of reconfd tells why it does not start." };

        if (g_str_has_prefix(name, RECONF_ERROR_PREFIX)) {
                for (size_t i = 0; i < G_N_ELEMENTS(own_errors); i++)
                        if (g_str_equal(name + strlen(RECONF_ERROR_PREFIX), own_errors[i].name))
                                return &own_errors[i];
                return NULL;
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bus_errors); i++)
                if (g_str_equal(name, bus_errors[i].name))
                        return &bus_errors[i];
        if (g_str_has_prefix(name, "org.freedesktop.DBus.Error.Spawn.") ||
            g_str_has_prefix(name, "org.freedesktop.systemd1."))
                return &not_started;
        return NULL;
}

/* An answer that never came leaves an errno and no name. */
static CtlExit status_of_errno(int r)
{
        switch (r) {
        case -EACCES:
        case -EPERM:
                return CTL_EXIT_ACCESS_DENIED;
        case -ECONNRESET:
        case -ENOTCONN:
        case -ESHUTDOWN:
        case -ETIMEDOUT:
                return CTL_EXIT_UNREACHABLE;
        default:
                return CTL_EXIT_FAILURE;
        }
}

void ctl_error_set_bus(GError **error, const char *subject, const sd_bus_error *bus_error, int r)
{
        bool named = bus_error && bus_error->name;
        const Meaning *meaning = named ? find_meaning(bus_error->name) : NULL;
        CtlExit status = meaning ? meaning->status : named ? CTL_EXIT_FAILURE : status_of_errno(r);
        g_autoptr(GString) message = g_string_new(NULL);

        if (subject)
                g_string_append_printf(message, "%s: ", subject);
        if (subject && named && g_str_equal(bus_error->name, SD_BUS_ERROR_UNKNOWN_OBJECT))
                g_string_append(message, "there is no config of that name");
        else
                g_string_append(message,
                                bus_error && bus_error->message ? bus_error->message : g_strerror(-r));

        if (meaning && meaning->advice) {
                g_autoptr(GString) advice = g_string_new(meaning->advice);

                if (subject)
                        g_string_replace(advice, "NAME", subject, 0);
                g_string_append_printf(message, "\n%s", advice->str);
        }
        g_set_error_literal(error, CTL_ERROR, status, message->str);
}

bool ctl_error_check_answer(int r, GError **error)
{
        if (r >= 0)
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_FAILURE, "the service's answer cannot be understood: %s",
                    g_strerror(-r));
        return false;
}

bool ctl_error_check_request(int r, GError **error)
{
        if (r >= 0)
                return true;
        g_set_error(error, CTL_ERROR, status_of_errno(r), "the call cannot be put together: %s",
                    g_strerror(-r));
        return false;
}

int ctl_error_report(GError *error)
{
        GString *text = g_string_new("reconfctl: ");
        int status = error->domain == CTL_ERROR ? error->code : CTL_EXIT_FAILURE;

        text_append(text, error->message, TEXT_LINES);
        fprintf(stderr, "%s\n", text->str);
        g_string_free(text, TRUE);
        g_error_free(error);
        return status;
}
