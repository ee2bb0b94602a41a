/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Commands as transient services
 *
 * Each has a connection of its own to the service manager, which takes care of the unit as long as that is
 * open: without such a reference a unit is forgotten, with its result, the moment it ends. The manager is
 * asked now and then rather than listened to, since who waits looks after the output and the clock at the
 * same time anyway.
 *
 * env(1) starts the program: it alone takes away what the manager, a user's above all, gives to every
 * service. It would take a program with a '=' in its path for a variable; such a one is run as a child.
 */
#include "daemon/command-private.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon/bus-cleanup.h"
#include "daemon/systemd.h"

#define CALL_USEC (2 * G_USEC_PER_SEC)
/* How long a unit may take to be gone. */
#define GRACE_USEC G_USEC_PER_SEC

typedef struct Service {
        sd_bus *bus;
        char *name;
        char *path; /* of its object */
} Service;

static void service_clear(Service *service)
{
        /* The reference goes with the connection, and the unit with the reference. */
        sd_bus_flush_close_unref(service->bus);
        g_free(service->name);
        g_free(service->path);
}

static int service_connect(Service *service, Scope scope)
{
        g_autofree char *uuid = g_uuid_string_random();
        int r = scope == SCOPE_SYSTEM ? sd_bus_open_system(&service->bus) : sd_bus_open_user(&service->bus);

        if (r < 0)
                return r;
        service->name = g_strdup_printf("reconf-command-%s.service", uuid);
        r = sd_bus_set_method_call_timeout(service->bus, CALL_USEC);
        return r < 0 ? r : sd_bus_path_encode(SYSTEMD_UNIT_PATH, service->name, &service->path);
}

static int append_program(sd_bus_message *m, const Command *command)
{
        int r = sd_bus_message_open_container(m, 'r', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", "ExecStartEx");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(sasas)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sasas)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sasas");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "/usr/bin/env");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", "/usr/bin/env", "-i");
        for (const char *const *variable = command_environment; r >= 0 && *variable; variable++)
                r = sd_bus_message_append(m, "s", *variable);
        for (char *const *word = command->words; r >= 0 && *word; word++)
                r = sd_bus_message_append(m, "s", *word);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "as", 1, "no-env-expand");
        for (int level = 0; r >= 0 && level < 4; level++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int append_streams(sd_bus_message *m, const Streams *streams)
{
        return sd_bus_message_append(m, "(sv)(sv)(sv)", "StandardInputFileDescriptor", "h",
                                     streams->theirs[0], "StandardOutputFileDescriptor", "h",
                                     streams->theirs[1], "StandardErrorFileDescriptor", "h",
                                     streams->theirs[2]);
}

static int append_limits(sd_bus_message *m, const Command *command)
{
        /* Ours comes first; that one is for a daemon that is no more. */
        uint64_t timeout = command->timeout_usec + G_USEC_PER_SEC;

        return sd_bus_message_append(
                        m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "RuntimeMaxUSec", "t", timeout,
                        "TimeoutStopUSec", "t", (uint64_t) G_USEC_PER_SEC, "KillSignal", "i",
                        (int32_t) SIGKILL, "MemoryMax", "t", (uint64_t) COMMAND_MAX_MEMORY, "MemorySwapMax",
                        "t", UINT64_C(0), "TasksMax", "t", (uint64_t) COMMAND_MAX_TASKS, "LimitNOFILE", "t",
                        (uint64_t) COMMAND_MAX_FILES, "LimitFSIZE", "t", (uint64_t) COMMAND_MAX_FILE_SIZE,
                        "LimitCORE", "t", UINT64_C(0), "UMask", "u", UINT32_C(077));
}

static int append_sandbox(sd_bus_message *m, const Command *command)
{
        g_autofree char *user = g_strdup_printf("%u", (unsigned) command->uid);
        g_autofree char *group = g_strdup_printf("%u", (unsigned) command->gid);
        int r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)", "NoNewPrivileges", "b", true,
                                      "ProtectSystem", "s", "strict", "ProtectHome", "s", "read-only",
                                      "PrivateTmp", "b", true, "PrivateNetwork", "b", true,
                                      "WorkingDirectory", "s", "/");

        if (r >= 0 && command->directory)
                r = sd_bus_message_append(m, "(sv)", "BindReadOnlyPaths", "a(ssbt)", 1, command->directory,
                                          command->directory, false, UINT64_C(0));
        /* A user's manager has no right to any of this but in a name space of users. */
        if (r >= 0 && command->scope == SCOPE_USER)
                return sd_bus_message_append(m, "(sv)", "PrivateUsers", "b", true);
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)", "PrivateDevices", "b", true,
                                          "CapabilityBoundingSet", "t", UINT64_C(0), "AmbientCapabilities",
                                          "t", UINT64_C(0));
        if (r >= 0 && command->uid != 0)
                r = sd_bus_message_append(m, "(sv)(sv)", "User", "s", user, "Group", "s", group);
        return r;
}

static int service_start(const Service *service, const Command *command, const Streams *streams)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r = sd_bus_message_new_method_call(service->bus, &m, SYSTEMD_NAME, SYSTEMD_PATH,
                                               SYSTEMD_MANAGER_INTERFACE, "StartTransientUnit");

        if (r >= 0) /* on a bus where no service manager is, none is to be started */
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", service->name, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0) /* started is what was executed, so that a sandbox that cannot be had shows */
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "Description", "s",
                                          "Command of a Reconf drop-in", "Type", "s", "exec", "CollectMode",
                                          "s", "inactive-or-failed", "AddRef", "b", true);
        if (r >= 0)
                r = append_program(m, command);
        if (r >= 0)
                r = append_streams(m, streams);
        if (r >= 0)
                r = append_limits(m, command);
        if (r >= 0)
                r = append_sandbox(m, command);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        return r < 0 ? r : sd_bus_call(service->bus, m, 0, NULL, NULL);
}

/* 1: over, 0: not yet. */
static int service_is_over(const Service *service)
{
        g_autoptr(sd_bus_message) reply = NULL;
        g_autofree char *state = NULL;
        uint32_t job;
        int r;

        /* Before its job is done it is just as inactive as afterwards. */
        r = sd_bus_get_property(service->bus, SYSTEMD_NAME, service->path, SYSTEMD_UNIT_INTERFACE, "Job",
                                NULL, &reply, "(uo)");
        if (r >= 0)
                r = sd_bus_message_read(reply, "(uo)", &job, NULL);
        if (r < 0 || job != 0)
                return MIN(r, 0);
        r = sd_bus_get_property_string(service->bus, SYSTEMD_NAME, service->path, SYSTEMD_UNIT_INTERFACE,
                                       "ActiveState", NULL, &state);
        if (r < 0)
                return r;
        return g_str_equal(state, "inactive") || g_str_equal(state, "failed");
}

static void service_kill(const Service *service)
{
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + GRACE_USEC;

        if (sd_bus_call_method(service->bus, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER_INTERFACE,
                               "StopUnit", NULL, NULL, "ss", service->name, "replace") < 0)
                return;
        while (service_is_over(service) == 0 && (uint64_t) g_get_monotonic_time() < deadline)
                g_usleep(COMMAND_TICK_MSEC * 1000);
}

/* What the manager's own part of the process exits with, where it cannot set up what execve() is to find. */
static bool is_manager_status(int32_t status)
{
        return status >= 200 && status < 250;
}

/* False where the command was never executed. */
static bool service_read_result(const Service *service, CommandResult *result)
{
        g_autofree char *why = NULL;
        uint64_t entered = 0;
        int32_t code = 0, status = 0;

        if (sd_bus_get_property_trivial(service->bus, SYSTEMD_NAME, service->path, SYSTEMD_UNIT_INTERFACE,
                                        "ActiveEnterTimestampMonotonic", NULL, 't', &entered) < 0 ||
            sd_bus_get_property_trivial(service->bus, SYSTEMD_NAME, service->path, SYSTEMD_SERVICE_INTERFACE,
                                        "ExecMainCode", NULL, 'i', &code) < 0 ||
            sd_bus_get_property_trivial(service->bus, SYSTEMD_NAME, service->path, SYSTEMD_SERVICE_INTERFACE,
                                        "ExecMainStatus", NULL, 'i', &status) < 0 ||
            sd_bus_get_property_string(service->bus, SYSTEMD_NAME, service->path, SYSTEMD_SERVICE_INTERFACE,
                                       "Result", NULL, &why) < 0) {
                result->end = COMMAND_NOT_STARTED;
                result->status = EIO;
                return true;
        }
        /* One that ends at once may never have been seen active, though it was executed. */
        if (entered == 0 && (code == 0 || (code == CLD_EXITED && is_manager_status(status))))
                return false;

        if (g_str_equal(why, "timeout"))
                result->end = COMMAND_TIMED_OUT;
        else
                result->end = code == CLD_EXITED ? COMMAND_EXITED : COMMAND_KILLED;
        result->status = status;
        /* Something that it had started was killed for want of memory, say. */
        if (command_result_is_good(result) && !g_str_equal(why, "success")) {
                result->end = COMMAND_KILLED;
                result->status = SIGKILL;
        }
        return true;
}

/* Until the service has ended, or has to; false where it was never executed. */
static bool attend(const Service *service, const Command *command, Streams *streams)
{
        uint64_t deadline = (uint64_t) g_get_monotonic_time() + command->timeout_usec;
        CommandResult *result = streams->result;
        int over = 0;

        while (over == 0) {
                struct pollfd fds[2];

                streams_poll(streams, fds);
                (void) poll(fds, G_N_ELEMENTS(fds), COMMAND_TICK_MSEC);
                over = service_is_over(service);
                if (!streams_read(streams)) {
                        result->end = COMMAND_FLOODED;
                        service_kill(service);
                        return true;
                }
                if (over == 0 && command_is_over(command, deadline, result)) {
                        service_kill(service);
                        return true;
                }
        }
        return service_read_result(service, result);
}

static bool is_for_service(const Command *command)
{
        /* Root's own manager, as every user's, runs what it runs as the user that it is. */
        bool changes_user = geteuid() == 0 && command->uid != 0 && command->scope == SCOPE_USER;

        return sd_booted() > 0 && !changes_user && !strchr(command->words[0], '=');
}

bool command_run_service(const Command *command, CommandResult *result)
{
        Service service = { 0 };
        Streams streams;
        bool started = false;

        if (!is_for_service(command) || service_connect(&service, command->scope) < 0) {
                service_clear(&service);
                return false;
        }
        if (streams_open(&streams, command, result) >= 0)
                started = service_start(&service, command, &streams) >= 0;
        streams_close_theirs(&streams);
        if (started)
                started = attend(&service, command, &streams);
        streams_close(&streams);
        if (!started)
                command_result_clear(result);
        service_clear(&service);
        return started;
}
