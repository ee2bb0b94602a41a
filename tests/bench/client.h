/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Client: what the measuring programs need of the bus, of files and of each other
 *
 * They measure on a bus, a daemon and a directory that the run script has set up. Whatever goes wrong ends
 * the program with a message: a measurement with a mistake in it is none.
 */
#pragma once

#include "tests/bench/corpus.h"

#include <systemd/sd-bus.h>

/* What bench-floor and bench-acknowledge send, and the name of the latter. */
#define BENCH_NAME "org.reconf.Bench"
#define BENCH_PATH "/org/reconf/Bench"
#define BENCH_INTERFACE "org.reconf.Bench"
#define BENCH_SIGNAL "Changed"

G_NORETURN void die(const char *what, int r);
/* Ends the program where r is negative; else returns it. */
int check(const char *what, int r);

sd_bus *client_open(void);
/* As that user, if this is root; else as who this is. The bus wants users that the system knows. */
sd_bus *client_open_as(const char *user);
/* Whose name it is; the bus has one, too. */
pid_t client_find_process(sd_bus *bus, const char *name);

#define CLIENT_DEFAULT_DEBOUNCE 100U

/*
 * Registers file under name, with other options at their defaults; returns the config's object path. schema
 * is that of the config, or NULL.
 */
char *client_register(sd_bus *bus, const char *name, const char *file, bool hot_reload, uint32_t debounce_ms,
                      const char *schema);
void client_unregister(sd_bus *bus, const char *name);

/* A file that is saved again and again, config.yaml in a directory of its own. */
typedef struct Saved {
        Corpus *corpus;
        char *directory;
        char *path;
        char *aside; /* where the next content is written, in the same directory */
} Saved;

/* Makes the directory, below parent, and the file. */
Saved *saved_new(const char *parent, const char *name, size_t size);
/* Removes them. */
Saved *saved_free(Saved *saved);
/* Writes the next content aside; then puts it in place. One key differs from the last. */
void saved_prepare(Saved *saved);
void saved_rename(Saved *saved);
/* Or writes it over the old one. */
void saved_overwrite(Saved *saved);

/* A program that says READY once it is, and goes when this one does. */
typedef struct Helper {
        int pid;
        int output;
        GString *lines; /* what was read and not yet taken */
} Helper;

/* The arguments are strings, and NULL after the last. */
Helper *helper_start(const char *program, ...) G_GNUC_NULL_TERMINATED;
Helper *helper_stop(Helper *helper);
/* The next line, waited for; NULL after timeout_ms. */
char *helper_read_line(Helper *helper, int timeout_ms);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Saved, saved_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Helper, helper_stop)
