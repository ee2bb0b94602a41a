/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/client.h"

#include "introspection/names.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALL_USEC (UINT64_C(120) * 1000000)
#define READY_MSEC 30000

void die(const char *what, int r)
{
        fprintf(stderr, "%s: %s: %s\n", g_get_prgname(), what, g_strerror(r < 0 ? -r : r));
        exit(EXIT_FAILURE);
}

int check(const char *what, int r)
{
        if (r < 0)
                die(what, r);
        return r;
}

sd_bus *client_open(void)
{
        sd_bus *bus = NULL;

        check("cannot connect to the bus", sd_bus_open_user(&bus));
        check("cannot set the timeout", sd_bus_set_method_call_timeout(bus, CALL_USEC));
        return bus;
}

sd_bus *client_open_as(const char *user)
{
        const struct passwd *entry;
        sd_bus *bus;

        if (geteuid() != 0)
                return client_open();
        entry = getpwnam(user);
        if (!entry)
                die(user, ESRCH);
        if (seteuid(entry->pw_uid) < 0)
                die(user, errno);
        /* Whose a connection is does not change after it was made. */
        bus = client_open();
        if (seteuid(0) < 0)
                die("cannot become root again", errno);
        return bus;
}

pid_t client_find_process(sd_bus *bus, const char *name)
{
        sd_bus_message *reply = NULL;
        uint32_t pid;

        check("cannot find a process",
              sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus", "GetConnectionUnixProcessID", NULL, &reply, "s",
                                 name));
        check("cannot read the reply", sd_bus_message_read(reply, "u", &pid));
        sd_bus_message_unref(reply);
        return (pid_t) pid;
}

char *client_register(sd_bus *bus, const char *name, const char *file, bool hot_reload, uint32_t debounce_ms,
                      const char *schema)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *call = NULL, *reply = NULL;
        const char *path;
        char *copy;
        int r;

        check("cannot make a call",
              sd_bus_message_new_method_call(bus, &call, RECONF_BUS_NAME, RECONF_MANAGER_PATH,
                                             RECONF_MANAGER_INTERFACE, "RegisterConfig"));
        check("cannot write a call", sd_bus_message_append(call, "sas", name, 1, file));
        check("cannot write a call", sd_bus_message_open_container(call, 'a', "{sv}"));
        check("cannot write a call",
              sd_bus_message_append(call, "{sv}{sv}", "hot-reload", "b", (int) hot_reload, "debounce-ms",
                                    "u", debounce_ms));
        if (schema)
                check("cannot write a call", sd_bus_message_append(call, "{sv}", "schema", "s", schema));
        check("cannot write a call", sd_bus_message_close_container(call));

        r = sd_bus_call(bus, call, 0, &error, &reply);
        if (r < 0)
                die(error.message ?: "cannot register", r);
        check("cannot read the reply", sd_bus_message_read(reply, "o", &path));
        copy = g_strdup(path);
        sd_bus_message_unref(reply);
        sd_bus_message_unref(call);
        return copy;
}

void client_unregister(sd_bus *bus, const char *name)
{
        check("cannot unregister",
              sd_bus_call_method(bus, RECONF_BUS_NAME, RECONF_MANAGER_PATH, RECONF_MANAGER_INTERFACE,
                                 "UnregisterConfig", NULL, NULL, "s", name));
}

static void write_file(const char *path, const Corpus *corpus)
{
        size_t done = 0;
        int fd;

        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0)
                die(path, errno);
        while (done < corpus->length) {
                ssize_t n = write(fd, corpus->text + done, corpus->length - done);

                if (n < 0)
                        die(path, errno);
                done += (size_t) n;
        }
        close(fd);
}

Saved *saved_new(const char *parent, const char *name, size_t size)
{
        Saved *saved = g_new(Saved, 1);

        saved->corpus = corpus_new(FORMAT_YAML, size, 1);
        saved->directory = g_build_filename(parent, name, NULL);
        saved->path = g_build_filename(saved->directory, "config.yaml", NULL);
        saved->aside = g_build_filename(saved->directory, ".config.yaml.new", NULL);
        if (mkdir(saved->directory, 0755) < 0 && errno != EEXIST)
                die(saved->directory, errno);
        write_file(saved->path, saved->corpus);
        return saved;
}

Saved *saved_free(Saved *saved)
{
        if (!saved)
                return NULL;

        (void) unlink(saved->aside);
        (void) unlink(saved->path);
        (void) rmdir(saved->directory);
        corpus_free(saved->corpus);
        g_free(saved->directory);
        g_free(saved->path);
        g_free(saved->aside);
        g_free(saved);
        return NULL;
}

void saved_prepare(Saved *saved)
{
        corpus_change(saved->corpus);
        write_file(saved->aside, saved->corpus);
}

void saved_rename(Saved *saved)
{
        if (rename(saved->aside, saved->path) < 0)
                die(saved->path, errno);
}

void saved_overwrite(Saved *saved)
{
        write_file(saved->path, saved->corpus);
}

Helper *helper_start(const char *program, ...)
{
        g_autoptr(GPtrArray) command = g_ptr_array_new();
        g_autoptr(Helper) helper = g_new0(Helper, 1);
        g_autofree char *line = NULL;
        va_list arguments;
        int ends[2];

        va_start(arguments, program);
        for (const char *word = program; word; word = va_arg(arguments, const char *))
                g_ptr_array_add(command, (char *) word);
        va_end(arguments);
        g_ptr_array_add(command, NULL);

        helper->lines = g_string_new(NULL);
        if (pipe2(ends, O_CLOEXEC) < 0)
                die("cannot make a pipe", errno);
        helper->output = ends[0];
        helper->pid = fork();
        if (helper->pid < 0)
                die("cannot fork", errno);
        if (helper->pid == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
                (void) dup2(ends[1], STDOUT_FILENO);
                execv(program, (char **) command->pdata);
                _exit(127);
        }
        close(ends[1]);

        line = helper_read_line(helper, READY_MSEC);
        if (!line || !g_str_equal(line, "READY"))
                die(program, ECHILD);
        return g_steal_pointer(&helper);
}

Helper *helper_stop(Helper *helper)
{
        if (!helper)
                return NULL;

        if (helper->pid > 0) {
                (void) kill(helper->pid, SIGTERM);
                (void) waitpid(helper->pid, NULL, 0);
        }
        close(helper->output);
        g_string_free(helper->lines, TRUE);
        g_free(helper);
        return NULL;
}

char *helper_read_line(Helper *helper, int timeout_ms)
{
        struct pollfd ready = { .fd = helper->output, .events = POLLIN };

        for (;;) {
                const char *end = strchr(helper->lines->str, '\n');
                char buffer[512];
                ssize_t n;

                if (end) {
                        gssize length = end - helper->lines->str;
                        char *line = g_strndup(helper->lines->str, (gsize) length);

                        g_string_erase(helper->lines, 0, length + 1);
                        return line;
                }
                if (poll(&ready, 1, timeout_ms) <= 0)
                        return NULL;
                n = read(helper->output, buffer, sizeof(buffer));
                if (n <= 0)
                        return NULL;
                g_string_append_len(helper->lines, buffer, n);
        }
}
