/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-instances DIRECTORY ACKNOWLEDGE ROUNDS INSTANCES: one change, many who take it and say so
 *
 * Opens a connection for each instance, registers it, and has it report each version as applied as soon as
 * it hears of it. From a save to the answer to the last report ("reconf"); in turn, from a call to the
 * answer to the last report where bench-acknowledge puts as many messages on the bus ("bus"). Tells, too,
 * how long a registration took ("register"), and the bytes of private memory that each instance costs the
 * daemon
 * ("memory").
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"

#include "introspection/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* As in bench-save: longer than the daemon's window for bursts. */
#define ROUND_USEC 125000U
#define TIMEOUT_MSEC 60000

typedef struct Crowd {
        sd_bus *bus; /* of none of them */
        struct Instance *instances;
        unsigned count;
        unsigned answered;
        int epoll;
} Crowd;

typedef struct Instance {
        Crowd *crowd;
        sd_bus *bus;
        char *path;
} Instance;

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *error)
{
        Crowd *crowd = userdata;

        if (sd_bus_message_is_method_error(reply, NULL))
                die(sd_bus_message_get_error(reply)->message, sd_bus_message_get_errno(reply));
        crowd->answered++;
        return 0;
}

static void report(Instance *instance, uint64_t version)
{
        check("cannot report",
              sd_bus_call_method_async(instance->bus, NULL, RECONF_BUS_NAME, instance->path,
                                       RECONF_INSTANCE_INTERFACE, "ReportApplied", on_answer,
                                       instance->crowd, "tss", version, "applied", ""));
}

static uint64_t read_version(sd_bus_message *m)
{
        uint64_t version;

        check("cannot read the signal", sd_bus_message_read(m, "st", NULL, &version));
        return version;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        report(userdata, read_version(m));
        return 0;
}

static int on_bench_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Instance *instance = userdata;

        return sd_bus_call_method_async(instance->bus, NULL, BENCH_NAME, BENCH_PATH, BENCH_INTERFACE,
                                        "Report", on_answer, instance->crowd, "tss", read_version(m),
                                        "applied", "");
}

static void drain(sd_bus *bus)
{
        while (check("cannot read from the bus", sd_bus_process(bus, NULL)) > 0)
                ;
        check("cannot send", sd_bus_flush(bus));
}

static void wait_for_all(Crowd *crowd)
{
        struct epoll_event events[64];

        while (crowd->answered < crowd->count) {
                int n = epoll_wait(crowd->epoll, events, G_N_ELEMENTS(events), TIMEOUT_MSEC);

                if (n == 0)
                        die("not all were answered", ETIMEDOUT);
                for (int i = 0; i < n; i++)
                        drain(((Instance *) events[i].data.ptr)->bus);
        }
        crowd->answered = 0;
}

static Crowd *crowd_new(unsigned count, const char *config)
{
        Crowd *crowd = g_new(Crowd, 1);

        *crowd = (Crowd){ .bus = client_open(), .instances = g_new0(Instance, count), .count = count };
        crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
        for (unsigned i = 0; i < count; i++) {
                Instance *instance = &crowd->instances[i];
                struct epoll_event event = { .events = EPOLLIN, .data.ptr = instance };

                instance->crowd = crowd;
                instance->bus = client_open();
                check("cannot listen",
                      sd_bus_match_signal(instance->bus, NULL, NULL, config, RECONF_CONFIG_INTERFACE,
                                          "ConfigChanged", on_changed, instance));
                check("cannot listen",
                      sd_bus_match_signal(instance->bus, NULL, NULL, BENCH_PATH, BENCH_INTERFACE,
                                          BENCH_SIGNAL, on_bench_changed, instance));
                if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, sd_bus_get_fd(instance->bus), &event) < 0)
                        die("cannot wait for all", errno);
        }
        return crowd;
}

static void crowd_free(Crowd *crowd)
{
        for (unsigned i = 0; i < crowd->count; i++) {
                sd_bus_flush_close_unref(crowd->instances[i].bus);
                g_free(crowd->instances[i].path);
        }
        sd_bus_flush_close_unref(crowd->bus);
        close(crowd->epoll);
        g_free(crowd->instances);
        g_free(crowd);
}

/* Returns the version that it is to report on. */
static uint64_t register_instance(Instance *instance, const char *config)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        const char *path;
        uint64_t version;
        int r = sd_bus_call_method(instance->bus, RECONF_BUS_NAME, RECONF_MANAGER_PATH,
                                   RECONF_MANAGER_INTERFACE, "RegisterInstance", &error, &reply, "sa{sv}",
                                   config, 1, "ack", "b", 1);

        if (r < 0)
                die(error.message ?: "cannot register", r);
        check("cannot read the reply", sd_bus_message_read(reply, "ot", &path, &version));
        instance->path = g_strdup(path);
        sd_bus_message_unref(reply);
        return version;
}

/* In bytes. */
static uint64_t private_memory(pid_t pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%d/smaps_rollup", (int) pid);
        g_autofree char *text = NULL;
        uint64_t kilobytes = 0;

        if (!g_file_get_contents(path, &text, NULL, NULL))
                die(path, EIO);
        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (g_str_has_prefix(line, "Private_Clean:") || g_str_has_prefix(line, "Private_Dirty:"))
                        kilobytes += g_ascii_strtoull(strchr(line, ':') + 1, NULL, 10);
        }
        return kilobytes * 1024;
}

/* All report, too: what that leaves behind is part of what they cost. */
static void register_all(Crowd *crowd, const char *config)
{
        g_autoptr(GArray) samples = samples_new();
        pid_t daemon = client_find_process(crowd->bus, RECONF_BUS_NAME);
        uint64_t before = private_memory(daemon);

        for (unsigned i = 0; i < crowd->count; i++) {
                uint64_t begin = now_nsec();
                uint64_t version = register_instance(&crowd->instances[i], config);

                samples_add(samples, now_nsec() - begin);
                report(&crowd->instances[i], version);
                drain(crowd->instances[i].bus);
        }
        wait_for_all(crowd);
        samples_print(samples, "register");
        printf("memory\t%u\t%.2f\t%.2f\n", crowd->count,
               (double) (private_memory(daemon) - before) / crowd->count,
               (double) (private_memory(daemon) - before) / crowd->count);
}

static void run_rounds(Crowd *crowd, Saved *saved, unsigned rounds)
{
        g_autoptr(GArray) bus = samples_new(), reconf = samples_new();

        for (unsigned i = 0; i < rounds; i++) {
                uint64_t begin;

                saved_prepare(saved);
                g_usleep(ROUND_USEC);
                begin = now_nsec();
                saved_rename(saved);
                wait_for_all(crowd);
                samples_add(reconf, now_nsec() - begin);

                g_usleep(ROUND_USEC);
                begin = now_nsec();
                check("cannot tell", sd_bus_call_method_async(crowd->bus, NULL, BENCH_NAME, BENCH_PATH,
                                                              BENCH_INTERFACE, "Tell", NULL, NULL, NULL));
                check("cannot tell", sd_bus_flush(crowd->bus));
                wait_for_all(crowd);
                samples_add(bus, now_nsec() - begin);
                drain(crowd->bus);
        }
        samples_print(bus, "bus");
        samples_print(reconf, "reconf");
}

int main(int argc, char **argv)
{
        g_autoptr(Helper) helper = NULL;
        g_autoptr(Saved) saved = NULL;
        g_autofree char *config = NULL;
        Crowd *crowd;
        sd_bus *bus;

        if (argc != 5)
                return 2;
        bus = client_open();
        saved = saved_new(argv[1], "instances", 1000);
        config = client_register(bus, "instances", saved->path, true, CLIENT_DEFAULT_DEBOUNCE, NULL);
        crowd = crowd_new((unsigned) g_ascii_strtoull(argv[4], NULL, 10), config);
        helper = helper_start(argv[2], argv[4], NULL);

        register_all(crowd, "instances");
        run_rounds(crowd, saved, (unsigned) g_ascii_strtoull(argv[3], NULL, 10));
        crowd_free(crowd);
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
