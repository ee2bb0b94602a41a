/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-floor DIRECTORY: the least that can be done about a saved file
 *
 * Waits for config.yaml of a directory to be saved, reads it, runs libyaml's events over it, and broadcasts
 * one signal of the same form as the real one. No chain of links, no debounce, no document, no diff, no
 * version, no access check: whoever watches, parses and tells over a bus cannot take less.
 */
#include "tests/bench/client.h"
#include "tests/bench/scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static char *read_file(const char *path, size_t *ret_length)
{
        g_autofree char *data = NULL;
        struct stat status;
        ssize_t length;
        int fd;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return NULL;
        if (fstat(fd, &status) < 0)
                status.st_size = 0;
        data = g_malloc((size_t) status.st_size + 1);
        length = read(fd, data, (size_t) status.st_size);
        close(fd);
        if (length < 0)
                return NULL;
        *ret_length = (size_t) length;
        return g_steal_pointer(&data);
}

static int tell(sd_bus *bus, uint64_t version)
{
        int r = sd_bus_emit_signal(bus, BENCH_PATH, BENCH_INTERFACE, BENCH_SIGNAL, "stta(ssvv)a{sv}", "/",
                                   version, version - 1, 1, "region.tenant.timeout", "modified", "x",
                                   (int64_t) version - 1, "x", (int64_t) version, 0);

        return r < 0 ? r : sd_bus_flush(bus);
}

static int handle_save(sd_bus *bus, const char *path)
{
        static uint64_t version;
        g_autofree char *text = NULL;
        size_t length;

        text = read_file(path, &length);
        if (!text || length == 0 || !scan_yaml(text, length))
                return 0; /* half of a file: more is to come */
        return tell(bus, ++version);
}

static int serve(sd_bus *bus, int fd, const char *path)
{
        char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

        for (;;) {
                ssize_t length = read(fd, buffer, sizeof(buffer));

                if (length <= 0)
                        return -1;
                for (ssize_t offset = 0; offset < length;) {
                        const struct inotify_event *event = (const void *) (buffer + offset);

                        offset += (ssize_t) (sizeof(*event) + event->len);
                        if (event->len == 0 || strcmp(event->name, "config.yaml") != 0)
                                continue;
                        if (handle_save(bus, path) < 0)
                                return -1;
                }
        }
}

int main(int argc, char **argv)
{
        g_autofree char *path = NULL;
        sd_bus *bus = NULL;
        int fd;

        if (argc != 2)
                return 2;
        path = g_build_filename(argv[1], "config.yaml", NULL);
        fd = inotify_init1(IN_CLOEXEC);
        if (fd < 0 || inotify_add_watch(fd, argv[1], IN_CLOSE_WRITE | IN_MOVED_TO) < 0)
                return EXIT_FAILURE;
        if (sd_bus_open_user(&bus) < 0)
                return EXIT_FAILURE;
        puts("READY");
        fflush(stdout);
        return serve(bus, fd, path) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
