/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-register DIRECTORY COUNT: many configs
 *
 * Makes so many files of 1 KB of YAML, each different and in a directory of its own, and registers each as a
 * config. Prints how long a registration took.
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SIZE 1000U

static char *make_file(const char *parent, unsigned index)
{
        g_autoptr(Corpus) corpus = corpus_new(FORMAT_YAML, SIZE, index);
        g_autofree char *name = g_strdup_printf("app-%04u", index);
        g_autofree char *directory = g_build_filename(parent, name, NULL);
        char *file = g_build_filename(directory, "config.yaml", NULL);

        if (mkdir(directory, 0755) < 0)
                die(directory, errno);
        if (!g_file_set_contents_full(file, corpus->text, (gssize) corpus->length, G_FILE_SET_CONTENTS_NONE,
                                      0644, NULL))
                die(file, EIO);
        return file;
}

int main(int argc, char **argv)
{
        g_autoptr(GArray) samples = samples_new();
        unsigned count;
        sd_bus *bus;

        if (argc != 3)
                return 2;
        count = (unsigned) g_ascii_strtoull(argv[2], NULL, 10);
        bus = client_open();
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *file = make_file(argv[1], i);
                g_autofree char *name = g_strdup_printf("app-%04u", i);
                uint64_t begin = now_nsec();

                g_free(client_register(bus, name, file, true, CLIENT_DEFAULT_DEBOUNCE, NULL));
                samples_add(samples, now_nsec() - begin);
        }
        samples_print(samples, "register");
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
