/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-flood DIRECTORY FLOODER FLOOR ROUNDS KIND: one who floods the bus, and another who does not
 *
 * A good client makes one call at a time, Get, and waits a little after each answer: for a while alone
 * ("reconf"), then beside a flood of this kind ("reconf-flooded"), then alone again. In turn, the same with
 * a service that only answers, flooded itself ("floor" and "floor-flooded"). The bus reads all that a client
 * has sent before it looks at the next, and the processors are few, so a flood is felt even there; to show
 * that, calls of the bus itself are timed next to those of the daemon ("bus" and "bus-flooded").
 */
#include "tests/bench/flood.h"
#include "tests/bench/client.h"
#include "tests/bench/samples.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define OTHERS 10U
#define SMALL_SIZE 1000U
#define LARGE_SIZE 100000U

/* Between an answer and the next call. */
#define PAUSE_USEC 200U
/* What has no answer by then counts as having had it. */
#define LONGEST_USEC 1000000U
#define ALONE_USEC 150000U
/* A flood needs some time to fill what it can. */
#define RISING_USEC 250000U
#define BESIDE_USEC 500000U
/* A process is at rest that takes no more of this than that. */
#define LOOK_USEC 20000U
#define REST_USEC 400U
/* Until all are. */
#define FALLING_USEC (UINT64_C(60) * 1000000)
/* Calls between two versions, where signals are to go out. */
#define CALLS_A_VERSION 10U

typedef struct Bench {
        const char *flooder, *floor; /* programs */
        const char *kind;
        const char *file; /* for the flooder to register */
        pid_t daemon, bus;
        sd_bus *owner; /* of the configs */
        sd_bus *good;
        Saved *changing; /* what the good client reads; NULL where it stays as it is */
} Bench;

typedef struct Service {
        const char *label, *name;
        const char *program; /* NULL where it runs anyway */
        Helper *helper;      /* what runs */
        GArray *alone, *beside;
} Service;

/* A call that the bus refuses, which it does when a queue is full, is made again. */
static uint64_t time_call(sd_bus *bus, const char *name, const char *path, const char *interface,
                          const char *method, const char *argument)
{
        uint64_t begin = now_nsec(), taken;

        for (;;) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = sd_bus_call_method(bus, name, path, interface, method, &error, NULL,
                                           argument ? "s" : NULL, argument);

                taken = now_nsec() - begin;
                if (r >= 0)
                        return taken;
                if (r != -ETIMEDOUT && !sd_bus_error_has_name(&error, SD_BUS_ERROR_LIMITS_EXCEEDED))
                        die(error.message ?: method, r);
                sd_bus_error_free(&error);
                if (taken >= UINT64_C(1000) * LONGEST_USEC)
                        return taken;
                g_usleep(PAUSE_USEC);
        }
}

static uint64_t time_get(const Bench *bench, const char *name)
{
        return time_call(bench->good, name, FLOOD_CONFIG_PATH(FLOOD_GOOD), RECONF_CONFIG_INTERFACE, "Get",
                         "");
}

static uint64_t time_bus(const Bench *bench)
{
        return time_call(bench->good, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                         "org.freedesktop.DBus", "GetId", NULL);
}

/* Announced to everybody. */
static void make_version(const Bench *bench)
{
        saved_prepare(bench->changing);
        saved_rename(bench->changing);
        check("cannot reload",
              sd_bus_call_method(bench->owner, RECONF_BUS_NAME, FLOOD_CONFIG_PATH(FLOOD_GOOD),
                                 RECONF_CONFIG_INTERFACE, "Reload", NULL, NULL, "a{sv}", 0));
}

/* bus may be NULL. */
static void call_for(const Bench *bench, const char *name, uint64_t usec, GArray *samples, GArray *bus)
{
        uint64_t end = now_nsec() + usec * 1000;

        for (unsigned i = 0; now_nsec() < end; i++) {
                if (bench->changing && i % CALLS_A_VERSION == 0)
                        make_version(bench);
                samples_add(samples, time_get(bench, name));
                g_usleep(PAUSE_USEC);
                if (!bus)
                        continue;
                samples_add(bus, time_bus(bench));
                g_usleep(PAUSE_USEC);
        }
}

static uint64_t processor_nsec(pid_t pid)
{
        struct timespec used;
        clockid_t clock;

        if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) < 0)
                die("cannot tell what a process takes", ESRCH);
        return (uint64_t) used.tv_sec * UINT64_C(1000000000) + (uint64_t) used.tv_nsec;
}

/* A flood leaves behind what nobody has come to. */
static void wait_for_rest(pid_t pid)
{
        uint64_t end = now_nsec() + FALLING_USEC * 1000, before, after = processor_nsec(pid);

        do {
                if (now_nsec() > end)
                        die("a process does not come to rest", ETIMEDOUT);
                before = after;
                g_usleep(LOOK_USEC);
                after = processor_nsec(pid);
        } while (after - before > UINT64_C(1000) * REST_USEC);
}

/* The first call is that of a stranger. */
static void start_service(const Bench *bench, Service *service)
{
        if (service->program)
                service->helper = helper_start(service->program, NULL);
        (void) time_get(bench, service->name);
}

/* The floor would serve all that came, however long nobody waits for it any more. */
static void stop_service(const Bench *bench, Service *service)
{
        service->helper = helper_stop(service->helper);
        wait_for_rest(bench->bus);
        wait_for_rest(bench->daemon);
}

/* bus is given where its calls are timed, too. */
static void measure_alone(const Bench *bench, Service *service, const Service *bus)
{
        start_service(bench, service);
        call_for(bench, service->name, ALONE_USEC, service->alone, bus ? bus->alone : NULL);
        stop_service(bench, service);
}

static void measure_beside(const Bench *bench, Service *service, const Service *bus)
{
        g_autoptr(Helper) flooder = NULL;

        start_service(bench, service);
        flooder = helper_start(bench->flooder, service->name, bench->kind, bench->file, NULL);
        g_usleep(RISING_USEC);
        call_for(bench, service->name, BESIDE_USEC, service->beside, bus ? bus->beside : NULL);
        if (waitpid(flooder->pid, NULL, WNOHANG) != 0)
                die("the flooder has gone", ECHILD);
        flooder = helper_stop(flooder);
        stop_service(bench, service);
}

static void measure(const Bench *bench, Service *service, const Service *bus)
{
        measure_alone(bench, service, bus);
        measure_beside(bench, service, bus);
        measure_alone(bench, service, bus);
}

static Service service_new(const char *label, const char *name, const char *program)
{
        return (Service){ .label = label,
                          .name = name,
                          .program = program,
                          .alone = samples_new(),
                          .beside = samples_new() };
}

/* Prints it. */
static void service_end(Service *service)
{
        g_autofree char *flooded = g_strconcat(service->label, "-flooded", NULL);

        samples_print(service->alone, service->label);
        samples_print(service->beside, flooded);
        g_array_unref(service->alone);
        g_array_unref(service->beside);
}

static void run_rounds(const Bench *bench, unsigned rounds)
{
        Service reconf = service_new("reconf", RECONF_BUS_NAME, NULL);
        Service floor = service_new("floor", BENCH_NAME, bench->floor);
        Service bus = service_new("bus", NULL, NULL);

        for (unsigned i = 0; i < rounds; i++) {
                measure(bench, &reconf, &bus);
                measure(bench, &floor, NULL);
        }
        service_end(&reconf);
        service_end(&floor);
        service_end(&bus);
}

static Saved *register_config(sd_bus *bus, const char *directory, const char *name, size_t size)
{
        Saved *saved = saved_new(directory, name, size);

        g_free(client_register(bus, name, saved->path, false, CLIENT_DEFAULT_DEBOUNCE, NULL));
        return saved;
}

/* A flood of registrations may end with one. */
static void unregister_flood(sd_bus *bus)
{
        (void) sd_bus_call_method(bus, RECONF_BUS_NAME, RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                  "UnregisterConfig", NULL, NULL, "s", FLOOD_REGISTERED);
}

static void register_others(sd_bus *bus, const char *directory, Saved **saved)
{
        for (unsigned i = 0; i < OTHERS; i++) {
                g_autofree char *name = g_strdup_printf(FLOOD_OTHER "%u", i);

                saved[i] = register_config(bus, directory, name, SMALL_SIZE);
        }
}

static void unregister_others(sd_bus *bus, Saved **saved)
{
        for (unsigned i = 0; i < OTHERS; i++) {
                g_autofree char *name = g_strdup_printf(FLOOD_OTHER "%u", i);

                client_unregister(bus, name);
                saved_free(saved[i]);
        }
}

int main(int argc, char **argv)
{
        g_autoptr(Saved) good = NULL, small = NULL, large = NULL;
        Saved *others[OTHERS];
        Bench bench;

        if (argc != 6)
                return 2;
        bench = (Bench){
                .flooder = argv[2],
                .floor = argv[3],
                .kind = argv[5],
                .owner = client_open(),
                .good = client_open_as(FLOOD_GOOD_USER),
        };
        check("cannot set the timeout", sd_bus_set_method_call_timeout(bench.good, LONGEST_USEC));
        bench.daemon = client_find_process(bench.owner, RECONF_BUS_NAME);
        bench.bus = client_find_process(bench.owner, "org.freedesktop.DBus");
        good = register_config(bench.owner, argv[1], FLOOD_GOOD, SMALL_SIZE);
        small = register_config(bench.owner, argv[1], FLOOD_SMALL, SMALL_SIZE);
        large = register_config(bench.owner, argv[1], FLOOD_LARGE, LARGE_SIZE);
        register_others(bench.owner, argv[1], others);
        bench.file = small->path;
        bench.changing = g_str_equal(bench.kind, FLOOD_MATCH) ? good : NULL;

        run_rounds(&bench, (unsigned) g_ascii_strtoull(argv[4], NULL, 10));

        client_unregister(bench.owner, FLOOD_GOOD);
        client_unregister(bench.owner, FLOOD_SMALL);
        client_unregister(bench.owner, FLOOD_LARGE);
        unregister_others(bench.owner, others);
        unregister_flood(bench.owner);
        sd_bus_flush_close_unref(bench.owner);
        sd_bus_flush_close_unref(bench.good);
        return EXIT_SUCCESS;
}
