/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-batch DIRECTORY ROUNDS CONFIGS: everything changes at once, as in a git checkout
 *
 * Saves a file of each config, one right after the other, and waits until a subscriber has heard of all of
 * them ("told"); in turn, the least that can be done about as many files: read each, run libyaml's events
 * over it, broadcast a signal ("floor"). Another thread calls the daemon all the while, Get and Peer.Ping in
 * turn, each call as soon as the last is answered; its calls count from the first save until some time after
 * the last signal, when the daemon tidies up ("get" and "ping"), and, to compare, while nothing happens
 * ("get-idle" and "ping-idle").
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"
#include "tests/bench/scan.h"

#include "introspection/names.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE 1000U
#define TIMEOUT_USEC (UINT64_C(60) * 1000000)
/* Longer than the daemon's window for bursts: each save is the first of its config for a while. */
#define ROUND_USEC 250000U
#define TIDY_USEC 500000U

typedef enum Phase { PHASE_IDLE, PHASE_BATCH, PHASE_OTHER, PHASE_END } Phase;

/* What the calling thread is given. */
typedef struct Calls {
        const char *path; /* of a config */
        int phase;        /* atomic */
        GArray *get[PHASE_END], *ping[PHASE_END];
} Calls;

typedef struct Scene {
        sd_bus *bus;   /* hears */
        sd_bus *other; /* tells, for the floor */
        Saved **saved;
        unsigned count;
        unsigned heard;
} Scene;

static uint64_t time_call(sd_bus *bus, const char *path, const char *interface, const char *method,
                          const char *argument)
{
        uint64_t begin = now_nsec();
        sd_bus_message *reply = NULL;

        check(method, sd_bus_call_method(bus, RECONF_BUS_NAME, path, interface, method, NULL, &reply,
                                         argument ? "s" : NULL, argument));
        sd_bus_message_unref(reply);
        return now_nsec() - begin;
}

/* A call counts for the phase in which it was made: one that waits is all the longer for it. */
static void *call_all_the_while(void *data)
{
        Calls *calls = data;
        sd_bus *bus = client_open();
        Phase phase;

        while ((phase = (Phase) g_atomic_int_get(&calls->phase)) != PHASE_END) {
                samples_add(calls->get[phase],
                            time_call(bus, calls->path, RECONF_CONFIG_INTERFACE, "Get", ""));
                samples_add(calls->ping[phase],
                            time_call(bus, calls->path, "org.freedesktop.DBus.Peer", "Ping", NULL));
        }
        sd_bus_flush_close_unref(bus);
        return NULL;
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Scene *scene = userdata;

        scene->heard++;
        return 0;
}

static void wait_for_all(Scene *scene)
{
        while (scene->heard < scene->count) {
                int r = check("cannot read from the bus", sd_bus_process(scene->bus, NULL));

                if (r == 0 && check("cannot wait for the bus", sd_bus_wait(scene->bus, TIMEOUT_USEC)) == 0)
                        die("not all was heard", ETIMEDOUT);
        }
        scene->heard = 0;
}

/* Reading and libyaml for each, and what the bus needs for as many signals. */
static void tell_of_all(Scene *scene)
{
        static int64_t version;

        for (unsigned i = 0; i < scene->count; i++) {
                g_autofree char *text = NULL;
                size_t length;

                version++;
                if (!g_file_get_contents(scene->saved[i]->path, &text, &length, NULL) ||
                    !scan_yaml(text, length))
                        die(scene->saved[i]->path, EIO);
                check("cannot send", sd_bus_emit_signal(scene->other, BENCH_PATH, BENCH_INTERFACE,
                                                        BENCH_SIGNAL, "stta(ssvv)a{sv}", "/", version,
                                                        version - 1, 1, "region.tenant.timeout", "modified",
                                                        "x", version - 1, "x", version, 0));
        }
        check("cannot send", sd_bus_flush(scene->other));
}

static void save_all(Scene *scene)
{
        for (unsigned i = 0; i < scene->count; i++)
                saved_rename(scene->saved[i]);
}

static void measure(Scene *scene, GArray *samples, void (*act)(Scene *scene))
{
        uint64_t begin = now_nsec();

        act(scene);
        wait_for_all(scene);
        samples_add(samples, now_nsec() - begin);
}

static void run_rounds(Scene *scene, Calls *calls, unsigned rounds)
{
        g_autoptr(GArray) told = samples_new(), floor = samples_new();

        for (unsigned round = 0; round < rounds; round++) {
                for (unsigned i = 0; i < scene->count; i++)
                        saved_prepare(scene->saved[i]);
                g_usleep(ROUND_USEC);
                g_atomic_int_set(&calls->phase, PHASE_IDLE);
                g_usleep(ROUND_USEC);
                g_atomic_int_set(&calls->phase, PHASE_BATCH);
                measure(scene, told, save_all);
                g_usleep(TIDY_USEC);
                g_atomic_int_set(&calls->phase, PHASE_OTHER);
                measure(scene, floor, tell_of_all);
        }
        samples_print(told, "told");
        samples_print(floor, "floor");
}

static Scene *scene_new(const char *directory, unsigned count, char **ret_path)
{
        Scene *scene = g_new(Scene, 1);

        *scene = (Scene){
                .bus = client_open(), .other = client_open(), .saved = g_new(Saved *, count), .count = count
        };
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *name = g_strdup_printf("app-%04u", i);

                scene->saved[i] = saved_new(directory, name, SIZE);
                g_free(*ret_path);
                *ret_path = client_register(scene->other, name, scene->saved[i]->path, true,
                                            CLIENT_DEFAULT_DEBOUNCE, NULL);
        }
        check("cannot listen", sd_bus_match_signal(scene->bus, NULL, NULL, NULL, RECONF_CONFIG_INTERFACE,
                                                   "ConfigChanged", on_signal, scene));
        check("cannot listen", sd_bus_match_signal(scene->bus, NULL, NULL, BENCH_PATH, BENCH_INTERFACE,
                                                   BENCH_SIGNAL, on_signal, scene));
        return scene;
}

static void scene_free(Scene *scene)
{
        for (unsigned i = 0; i < scene->count; i++)
                saved_free(scene->saved[i]);
        g_free(scene->saved);
        sd_bus_flush_close_unref(scene->bus);
        sd_bus_flush_close_unref(scene->other);
        g_free(scene);
}

int main(int argc, char **argv)
{
        g_autofree char *path = NULL;
        Calls calls = { .phase = PHASE_OTHER };
        GThread *thread;
        Scene *scene;

        if (argc != 4)
                return 2;
        for (Phase phase = 0; phase < PHASE_END; phase++) {
                calls.get[phase] = samples_new();
                calls.ping[phase] = samples_new();
        }
        scene = scene_new(argv[1], (unsigned) g_ascii_strtoull(argv[3], NULL, 10), &path);
        calls.path = path;

        thread = g_thread_new("calls", call_all_the_while, &calls);
        run_rounds(scene, &calls, (unsigned) g_ascii_strtoull(argv[2], NULL, 10));
        g_atomic_int_set(&calls.phase, PHASE_END);
        (void) g_thread_join(thread);

        samples_print(calls.get[PHASE_BATCH], "get");
        samples_print_longest(calls.get[PHASE_BATCH], "get-longest");
        samples_print(calls.ping[PHASE_BATCH], "ping");
        samples_print_longest(calls.ping[PHASE_BATCH], "ping-longest");
        samples_print(calls.get[PHASE_IDLE], "get-idle");
        samples_print_longest(calls.get[PHASE_IDLE], "get-idle-longest");
        samples_print(calls.ping[PHASE_IDLE], "ping-idle");
        samples_print_longest(calls.ping[PHASE_IDLE], "ping-idle-longest");
        for (Phase phase = 0; phase < PHASE_END; phase++) {
                g_array_unref(calls.get[phase]);
                g_array_unref(calls.ping[phase]);
        }
        scene_free(scene);
        return EXIT_SUCCESS;
}
