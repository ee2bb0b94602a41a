/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfd: the process
 *
 * Options, the loop, signals, and the way out. The bus starts it when it is called, systemd where there is
 * one; it leaves when nothing is registered and nobody called for a while.
 */
#include "daemon/bus.h"
#include "daemon/log.h"
#include "daemon/recover.h"
#include "introspection/names.h"

#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

typedef struct Process {
        const Settings *settings;
        sd_event *event;
        sd_bus *connection;
        Manager *manager;
        Bus *bus;
        sd_event_source *idle_timer;
        bool is_idle;
        bool was_called; /* since the last event */
        unsigned calls;
        unsigned calls_before; /* it was found that nobody needs us */
        bool leaving;
        bool is_managed; /* somebody was told so */
        bool finishing;  /* the name is gone */
} Process;

static int fail(const char *what, int r)
{
        log_config(G_LOG_LEVEL_CRITICAL, NULL, "%s: %s", what, g_strerror(-r));
        return r;
}

/* Worker threads come and go; their heaps should not stay. Large blocks go back to the system when freed. */
static void tune_memory(void)
{
        (void) mallopt(M_ARENA_MAX, 2);
        (void) mallopt(M_MMAP_THRESHOLD, 128 * 1024);
        (void) mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

/* Snapshots that programs hold take a descriptor each. */
static void raise_descriptor_limit(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= limit.rlim_max)
                return;
        limit.rlim_cur = limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
}

static bool is_idle(const Process *process)
{
        return manager_is_idle(process->manager) && !bus_is_busy(process->bus);
}

/* A core would hold values of all configs, and lie where others than their readers may look for it. */
static void forbid_cores(void)
{
        const struct rlimit none = { 0, 0 };

        (void) setrlimit(RLIMIT_CORE, &none);
}

/*
 * A service manager that was told that we stop counts on that: it ends us after a while, whatever else we
 * say. So it is asked for the next one, which finds what is registered, once we are gone.
 */
static int leave_it_to_the_next(sd_bus *connection)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r = sd_bus_message_new_method_call(connection, &m, "org.freedesktop.DBus",
                                               "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                               "StartServiceByName");

        if (r >= 0)
                r = sd_bus_message_append(m, "su", RECONF_BUS_NAME, 0);
        if (r >= 0)
                r = sd_bus_message_set_expect_reply(m, false);
        return r < 0 ? r : sd_bus_send(connection, m, NULL);
}

/* The bus answers in order: what it had for us before has come when it does. */
static int ask_bus(Process *process, sd_bus_message_handler_t done)
{
        int r = sd_bus_call_method_async(process->connection, NULL, "org.freedesktop.DBus",
                                         "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId", done,
                                         process, NULL);

        return r < 0 ? sd_event_exit(process->event, r) : 0;
}

/*
 * With the name gone: stays for those who wait for an answer, which a service manager bounds by the time
 * that it gives us to stop.
 */
static int finish(Process *process)
{
        int r;

        process->finishing = true;
        if (bus_is_busy(process->bus) || worker_pending(manager_worker(process->manager)) > 0)
                return 0;
        r = is_idle(process) ? 0 : leave_it_to_the_next(process->connection);
        return sd_event_exit(process->event, MIN(r, 0));
}

static int on_settled(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Process *process = userdata;

        /* A call that came before the name went may have given us something to do. */
        if (!is_idle(process) && !process->is_managed &&
            sd_bus_request_name(process->connection, RECONF_BUS_NAME, 0) >= 0) {
                process->leaving = false;
                return 0;
        }
        return finish(process);
}

static int on_released(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        /* There is no answer left after this about who made the last calls. */
        return ask_bus(userdata, on_settled);
}

/*
 * Gives up the name first and goes on serving until the bus says that it is gone: a call that arrives after
 * that starts the next daemon, one that arrived before is answered here.
 */
static int leave(Process *process)
{
        int r;

        process->is_managed = sd_notify(0, "STOPPING=1") > 0;
        r = sd_bus_release_name_async(process->connection, NULL, RECONF_BUS_NAME, on_released, process);
        return r < 0 ? sd_event_exit(process->event, r) : 0;
}

static int on_quiet(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Process *process = userdata;

        if (is_idle(process) && process->calls == process->calls_before)
                return leave(process);
        process->leaving = false;
        process->was_called = true;
        return 0;
}

/*
 * The bus is asked for something first: what it answers comes after all calls that it has for us. One that
 * is answered while we leave has all others wait for it.
 */
static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
        Process *process = userdata;

        if (process->leaving || !is_idle(process))
                return 0;
        process->leaving = true;
        process->calls_before = process->calls;
        return ask_bus(process, on_quiet);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Process *process = userdata;

        process->was_called = true;
        if (sd_bus_message_is_method_call(m, NULL, NULL) > 0)
                process->calls++;
        return 0;
}

/*
 * After each event: while nothing needs us, every message starts the wait anew. Signs of change do not: a
 * busy directory that a drop-in might come into would keep us for ever.
 */
static int on_event(sd_event_source *source, void *userdata)
{
        Process *process = userdata;
        bool idle = is_idle(process);

        if (process->finishing)
                return finish(process);
        if (idle && (!process->is_idle || process->was_called)) {
                (void) sd_event_source_set_time_relative(process->idle_timer, process->settings->idle_usec);
                (void) sd_event_source_set_enabled(process->idle_timer, SD_EVENT_ONESHOT);
        }
        if (!idle && process->is_idle)
                (void) sd_event_source_set_enabled(process->idle_timer, SD_EVENT_OFF);
        process->is_idle = idle;
        process->was_called = false;
        return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Process *process = userdata;

        (void) sd_notify(0, "STOPPING=1");
        return sd_event_exit(process->event, 0);
}

static int set_up_loop(Process *process)
{
        sigset_t signals;
        int r;

        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        /* A write beyond a limit of file size is an error to be told, not the end. */
        (void) signal(SIGXFSZ, SIG_IGN);

        r = sd_event_default(&process->event);
        if (r >= 0)
                r = sd_event_add_signal(process->event, NULL, SIGTERM, on_signal, process);
        if (r >= 0)
                r = sd_event_add_signal(process->event, NULL, SIGINT, on_signal, process);
        if (r >= 0)
                r = sd_event_set_watchdog(process->event, true);
        if (r >= 0)
                r = sd_event_add_time_relative(process->event, &process->idle_timer, CLOCK_MONOTONIC,
                                               process->settings->idle_usec, 0, on_idle, process);
        if (r >= 0)
                r = sd_event_add_post(process->event, NULL, on_event, process);
        return r;
}

static int connect_bus(Process *process)
{
        int r;

        if (process->settings->scope == SCOPE_SYSTEM)
                r = sd_bus_open_system_with_description(&process->connection, "reconfd");
        else /* where sd-bus trusts all callers: whoever is on a session bus is the user */
                r = sd_bus_open_user_with_description(&process->connection, "reconfd");
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(process->connection, true);
        return r;
}

static int run(Process *process)
{
        g_autoptr(Failure) failure = NULL;
        int r;

        r = set_up_loop(process);
        if (r < 0)
                return fail("Failed to set up the event loop", r);
        r = connect_bus(process);
        if (r < 0)
                return fail("Failed to connect to the bus", r);

        failure = manager_new(process->event, process->settings, &process->manager);
        if (failure) {
                log_failure(G_LOG_LEVEL_CRITICAL, NULL, failure, "Failed to start");
                return -EIO;
        }
        r = bus_new(process->connection, process->manager, &process->bus);
        /* The filter that is added last comes first. */
        if (r >= 0)
                r = sd_bus_add_filter(process->connection, NULL, on_message, process);
        if (r < 0)
                return fail("Failed to set up the bus objects", r);
        r = sd_bus_request_name(process->connection, RECONF_BUS_NAME, 0);
        if (r < 0)
                return fail("Failed to take the name " RECONF_BUS_NAME, r);

        /* With the name taken, what changed while nobody looked can be announced; calls wait until it has
         * been. */
        manager_start(process->manager);
        r = sd_bus_attach_event(process->connection, process->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return fail("Failed to attach the bus to the event loop", r);
        (void) sd_notifyf(0, "READY=1\nSTATUS=Watching on the %s bus",
                          process->settings->scope == SCOPE_SYSTEM ? "system" : "session");
        return sd_event_loop(process->event);
}

static void clean_up(Process *process)
{
        manager_free(process->manager);
        bus_free(process->bus);
        sd_bus_flush_close_unref(process->connection);
        sd_event_source_disable_unref(process->idle_timer);
        sd_event_unref(process->event);
}

static void print_help(void)
{
        printf("reconfd [--system|--user] [--recover]\n\n"
               "Makes configuration live: watches files and tells programs what changed.\n"
               "Started by the bus; see reconfctl for how to use it.\n\n"
               "  --system   serve all users on the system bus (default)\n"
               "  --user     serve one user on the session bus\n"
               "  --recover  put back what nobody confirmed before the system went down, and end\n"
               "  --help     show this help\n"
               "  --version  show the version\n");
}

/* Zero: go on; above: done; negative: wrong. */
static int parse_options(int argc, char **argv, Scope *ret_scope, bool *ret_recover)
{
        *ret_scope = SCOPE_SYSTEM;
        *ret_recover = false;
        for (int i = 1; i < argc; i++) {
                if (g_str_equal(argv[i], "--user")) {
                        *ret_scope = SCOPE_USER;
                } else if (g_str_equal(argv[i], "--system")) {
                        *ret_scope = SCOPE_SYSTEM;
                } else if (g_str_equal(argv[i], "--recover")) {
                        *ret_recover = true;
                } else if (g_str_equal(argv[i], "--help")) {
                        print_help();
                        return 1;
                } else if (g_str_equal(argv[i], "--version")) {
                        printf("reconfd " RECONF_VERSION "\n");
                        return 1;
                } else {
                        fprintf(stderr, "reconfd: there is no option '%s'; see reconfd --help\n", argv[i]);
                        return -EINVAL;
                }
        }
        return 0;
}

int main(int argc, char **argv)
{
        g_autoptr(Settings) settings = NULL;
        g_autoptr(Failure) failure = NULL;
        Process process = { 0 };
        bool recover;
        Scope scope;
        int r;

        (void) setlocale(LC_ALL, "C.UTF-8");
        r = parse_options(argc, argv, &scope, &recover);
        if (r != 0)
                return r < 0 ? 2 : EXIT_SUCCESS;

        tune_memory();
        raise_descriptor_limit();
        if (scope == SCOPE_SYSTEM)
                forbid_cores();
        failure = settings_load(scope, &settings);
        if (failure) {
                log_failure(G_LOG_LEVEL_CRITICAL, NULL, failure, "Failed to read the settings");
                return EXIT_FAILURE;
        }
        if (recover)
                return recover_files(settings->state_directory) ? EXIT_SUCCESS : EXIT_FAILURE;

        process.settings = settings;
        /* Above zero where the bus is gone: whatever waits to be confirmed needs us again. */
        r = run(&process);
        clean_up(&process);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
