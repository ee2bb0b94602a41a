/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-flooder NAME KIND FILE: calls the service of that name as fast as it can
 *
 * Until it is ended. FILE is what is registered, in the floods that do so. Those of calls with answers have
 * some outstanding at any time; those without have as many as the bus takes, as do those whose answers are
 * never read. Whom the bus throws out comes again.
 */
#include "tests/bench/client.h"
#include "tests/bench/flood.h"

#include <errno.h>
#include <stdio.h>
#include <systemd/sd-event.h>

/* Of a connection. */
#define OUTSTANDING 100U
/* Calls between two looks whether the bus has room for them. */
#define AT_ONCE 64U
#define MANY 50U

typedef enum Style { ANSWERED, UNANSWERED, UNREAD } Style;

typedef struct Call {
        const char *path, *interface, *member;
        const char *types;
        const char *string; /* for all the types that start with one */
} Call;

typedef struct Kind {
        const char *label;
        Style style;
        unsigned connections;
        bool is_root; /* where we are */
        bool is_to_bus;
        Call calls[2]; /* one after the other; the second may be missing */
} Kind;

typedef struct Flooder {
        const Kind *kind;
        const char *name;
        const char *file;
} Flooder;

typedef struct Connection {
        const Flooder *flooder;
        sd_bus *bus;
        unsigned sent;
} Connection;

#define OF_CONFIG(name, ...)                                                  \
        {                                                                     \
                FLOOD_CONFIG_PATH(name), RECONF_CONFIG_INTERFACE, __VA_ARGS__ \
        }
#define OF_MANAGER(...)                                                    \
        {                                                                  \
                RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE, __VA_ARGS__ \
        }
#define GET OF_CONFIG(FLOOD_SMALL, "Get", "s", "")
#define SUBSCRIBE OF_CONFIG(FLOOD_SMALL, "Subscribe", "ta{sv}"), OF_CONFIG(FLOOD_SMALL, "Unsubscribe")
#define REGISTER OF_MANAGER("RegisterConfig", "sasa{sv}", FLOOD_REGISTERED)
#define PROPERTIES                                                                                \
        {                                                                                         \
                FLOOD_CONFIG_PATH(FLOOD_SMALL), "org.freedesktop.DBus.Properties", "GetAll", "s", \
                                RECONF_CONFIG_INTERFACE                                           \
        }
#define MANAGED                                                                                \
        {                                                                                      \
                RECONF_MANAGER_PATH, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects" \
        }
#define MATCH                                                                           \
        {                                                                               \
                "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s",       \
                                "type='signal',interface='" RECONF_CONFIG_INTERFACE "'" \
        }

/* clang-format off */
static const Kind kinds[] = {
        { "get", ANSWERED, 1, false, false, { GET } },
        { "get-unanswered", UNANSWERED, 1, false, false, { GET } },
        { "properties", ANSWERED, 1, false, false, { PROPERTIES } },
        { "managed", ANSWERED, 1, false, false, { MANAGED } },
        { "register", ANSWERED, 1, true, false,
          { REGISTER, OF_MANAGER("UnregisterConfig", "s", FLOOD_REGISTERED) } },
        { "register-refused", ANSWERED, 1, false, false, { REGISTER } },
        { "subscribe", ANSWERED, 1, false, false, { SUBSCRIBE } },
        { "subscribe-unanswered", UNANSWERED, 1, false, false, { SUBSCRIBE } },
        { FLOOD_MATCH, ANSWERED, 1, false, true, { MATCH } },
        { "get-unread", UNREAD, 1, false, false, { GET } },
        { "all-unread", UNREAD, 1, false, false, { OF_CONFIG(FLOOD_LARGE, "GetAll") } },
        { "get-many", ANSWERED, MANY, false, false, { GET } },
        { "get-unanswered-many", UNANSWERED, MANY, false, false, { GET } },
};
/* clang-format on */

static const Kind *find_kind(const char *label)
{
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (g_str_equal(kinds[i].label, label))
                        return &kinds[i];
        die(label, EINVAL);
}

static int append_arguments(sd_bus_message *m, const Call *call, const char *file)
{
        if (!call->types)
                return 0;
        if (g_str_equal(call->types, "s"))
                return sd_bus_message_append(m, "s", call->string);
        if (g_str_equal(call->types, "ta{sv}"))
                return sd_bus_message_append(m, call->types, UINT64_C(0), 0);
        return sd_bus_message_append(m, call->types, call->string, 1, file, 0);
}

static sd_bus_message *next_call(Connection *connection)
{
        const Flooder *flooder = connection->flooder;
        const Kind *kind = flooder->kind;
        const Call *call = &kind->calls[kind->calls[1].path ? connection->sent % 2 : 0];
        sd_bus_message *m = NULL;

        connection->sent++;
        check("cannot make a call",
              sd_bus_message_new_method_call(connection->bus, &m,
                                             kind->is_to_bus ? "org.freedesktop.DBus" : flooder->name,
                                             call->path, call->interface, call->member));
        check("cannot write a call", append_arguments(m, call, flooder->file));
        return m;
}

/*
 * What was sent to it by then is in sd-bus's own queue, which is never looked into: with something in there
 * it waits for room to write and for nothing else.
 */
static void connect_deaf(Connection *connection)
{
        connection->bus = client_open_as(connection->flooder->kind->is_root ? "root" : FLOOD_FLOODER_USER);
        check("cannot call the bus",
              sd_bus_call_method(connection->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "GetId", NULL, NULL, NULL));
}

static int send_next(Connection *connection)
{
        bool unread = connection->flooder->kind->style == UNREAD;
        sd_bus_message *m = next_call(connection);
        uint64_t cookie;
        int r;

        /* Whoever does not ask for the cookie wants no answer. */
        r = sd_bus_send(connection->bus, m, unread ? &cookie : NULL);
        sd_bus_message_unref(m);
        return r;
}

static void send_some(Connection *connection)
{
        int r = 0;

        for (unsigned i = 0; i < AT_ONCE && r >= 0; i++)
                r = send_next(connection);
        if (r >= 0)
                r = sd_bus_flush(connection->bus);
        if (r < 0) {
                sd_bus_close_unref(connection->bus);
                connect_deaf(connection);
        }
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error);

static int send_answered(Connection *connection)
{
        sd_bus_message *m = next_call(connection);
        int r = sd_bus_call_async(connection->bus, NULL, m, on_answer, connection, 0);

        sd_bus_message_unref(m);
        return r;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        check("cannot call", send_answered(userdata));
        return 1;
}

static void be_ready(void)
{
        puts("READY");
        fflush(stdout);
}

static void flood_answered(Connection *connections, unsigned count)
{
        sd_event *event = NULL;

        check("cannot make a loop", sd_event_default(&event));
        for (unsigned i = 0; i < count; i++) {
                check("cannot wait for answers", sd_bus_attach_event(connections[i].bus, event, 0));
                for (unsigned k = 0; k < OUTSTANDING; k++)
                        check("cannot call", send_answered(&connections[i]));
        }
        be_ready();
        check("cannot go on", sd_event_loop(event));
        die("the bus has thrown it out", ECONNRESET);
}

static void flood_deaf(Connection *connections, unsigned count)
{
        be_ready();
        for (;;)
                for (unsigned i = 0; i < count; i++)
                        send_some(&connections[i]);
}

int main(int argc, char **argv)
{
        Connection connections[MANY];
        Flooder flooder;

        if (argc != 4)
                return 2;
        flooder = (Flooder){ .kind = find_kind(argv[2]), .name = argv[1], .file = argv[3] };
        for (unsigned i = 0; i < flooder.kind->connections; i++) {
                connections[i] = (Connection){ .flooder = &flooder };
                connect_deaf(&connections[i]);
        }
        if (flooder.kind->style == ANSWERED)
                flood_answered(connections, flooder.kind->connections);
        flood_deaf(connections, flooder.kind->connections);
}
