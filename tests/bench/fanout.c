/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-fanout DIRECTORY FLOOR ROUNDS SUBSCRIBERS: one change, many who hear of it
 *
 * Opens as many connections as there are to be subscribers and counts callbacks until the last has the
 * change. In turn: a broadcast that this process sends itself ("bus": what the bus alone needs), a file
 * saved for the floor, a file saved for the daemon. All connections are in this process, so that one clock
 * and one queue serve them all, and what reading costs is the same for each.
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"

#include "introspection/names.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* As in bench-save: longer than the daemon's window for bursts. */
#define ROUND_USEC 125000U
#define TIMEOUT_MSEC 60000
#define BROADCAST_PATH "/org/reconf/Bench/broadcast"

typedef struct Audience {
        sd_bus **buses;
        unsigned count;
        unsigned heard;
        int epoll;
} Audience;

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Audience *audience = userdata;

        audience->heard++;
        return 0;
}

static void listen_for(sd_bus *bus, const char *path, const char *interface, const char *member,
                       Audience *audience)
{
        check("cannot listen",
              sd_bus_match_signal(bus, NULL, NULL, path, interface, member, on_signal, audience));
}

static void drain(sd_bus *bus)
{
        while (check("cannot read from the bus", sd_bus_process(bus, NULL)) > 0)
                ;
}

static Audience *audience_new(unsigned count, const char *config)
{
        Audience *audience = g_new(Audience, 1);

        *audience = (Audience){ .buses = g_new(sd_bus *, count), .count = count };
        audience->epoll = epoll_create1(EPOLL_CLOEXEC);
        for (unsigned i = 0; i < count; i++) {
                sd_bus *bus = audience->buses[i] = client_open();
                struct epoll_event event = { .events = EPOLLIN, .data.ptr = bus };

                listen_for(bus, BROADCAST_PATH, BENCH_INTERFACE, BENCH_SIGNAL, audience);
                listen_for(bus, BENCH_PATH, BENCH_INTERFACE, BENCH_SIGNAL, audience);
                listen_for(bus, config, RECONF_CONFIG_INTERFACE, "ConfigChanged", audience);
                drain(bus);
                if (epoll_ctl(audience->epoll, EPOLL_CTL_ADD, sd_bus_get_fd(bus), &event) < 0)
                        die("cannot wait for all", errno);
        }
        return audience;
}

static void audience_free(Audience *audience)
{
        for (unsigned i = 0; i < audience->count; i++)
                sd_bus_flush_close_unref(audience->buses[i]);
        close(audience->epoll);
        g_free(audience->buses);
        g_free(audience);
}

static void wait_for_all(Audience *audience)
{
        struct epoll_event events[64];

        while (audience->heard < audience->count) {
                int n = epoll_wait(audience->epoll, events, G_N_ELEMENTS(events), TIMEOUT_MSEC);

                if (n == 0)
                        die("not all have heard it", ETIMEDOUT);
                for (int i = 0; i < n; i++)
                        drain(events[i].data.ptr);
        }
        audience->heard = 0;
}

static void broadcast(sd_bus *bus, Saved *saved)
{
        static int64_t version;

        version++;
        check("cannot send",
              sd_bus_emit_signal(bus, BROADCAST_PATH, BENCH_INTERFACE, BENCH_SIGNAL, "stta(ssvv)a{sv}", "/",
                                 version, version - 1, 1, "region.tenant.timeout", "modified", "x",
                                 version - 1, "x", version, 0));
        check("cannot send", sd_bus_flush(bus));
}

static void save(sd_bus *bus, Saved *saved)
{
        saved_rename(saved);
}

static void measure(Audience *audience, GArray *samples, void (*act)(sd_bus *bus, Saved *saved), sd_bus *bus,
                    Saved *saved)
{
        uint64_t begin;

        if (saved)
                saved_prepare(saved);
        /* Nothing to wait for: this is the pace of the changes. */
        g_usleep(ROUND_USEC / 3);
        begin = now_nsec();
        act(bus, saved);
        wait_for_all(audience);
        samples_add(samples, now_nsec() - begin);
}

int main(int argc, char **argv)
{
        g_autoptr(GArray) alone = samples_new(), floor = samples_new(), reconf = samples_new();
        g_autoptr(Saved) floor_saved = NULL, saved = NULL;
        g_autoptr(Helper) helper = NULL;
        g_autofree char *config = NULL;
        Audience *audience;
        unsigned rounds;
        sd_bus *bus;

        if (argc != 5)
                return 2;
        rounds = (unsigned) g_ascii_strtoull(argv[3], NULL, 10);
        bus = client_open();
        floor_saved = saved_new(argv[1], "floor", 1000);
        saved = saved_new(argv[1], "reconf", 1000);
        helper = helper_start(argv[2], floor_saved->directory, NULL);
        config = client_register(bus, "fanout", saved->path, true, CLIENT_DEFAULT_DEBOUNCE, NULL);
        audience = audience_new((unsigned) g_ascii_strtoull(argv[4], NULL, 10), config);

        for (unsigned i = 0; i < rounds; i++) {
                measure(audience, alone, broadcast, bus, NULL);
                measure(audience, floor, save, NULL, floor_saved);
                measure(audience, reconf, save, NULL, saved);
        }
        client_unregister(bus, "fanout");
        samples_print(alone, "bus");
        samples_print(floor, "floor");
        samples_print(reconf, "reconf");
        audience_free(audience);
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
