/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-save: from a save to the subscriber's callback
 *
 * Saves a file of each subject in turn, so that all of them meet the same moments of the machine: the
 * daemon, the floor (bench-floor), a peer. The clock starts right before rename(), or before the writing
 * open() of a save in place, and is read in the callback that has the change; the peer reads the same clock
 * itself. With
 * --scan, each round also times libyaml alone on the same bytes, in this process.
 *
 * A round is longer than the daemon's window for bursts, which is thus left at its default; all that a save
 * runs through has had time to leave the processor's caches. With --warm there is no window and a fresh save
 * almost as soon as the last was heard: what the same steps cost while everything is at hand.
 *
 * With --schema there is a second config in the daemon that has one. Between saves of either there is as
 * much time as between those of the other, and the same number of other subjects, if there are both a floor
 * and a peer.
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"
#include "tests/bench/scan.h"

#include "introspection/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_USEC 125000U
#define WARM_ROUND_USEC 9000U
#define TIMEOUT_USEC (UINT64_C(30) * 1000000)

typedef struct Subject {
        const char *label;
        Saved *saved;
        Helper *helper; /* which also hears, where there is no signal */
        bool has_signal;
        uint64_t heard;
        GArray *samples;
} Subject;

static char *directory, *style = (char *) "rename", *floor_program, *peer_program, *schema;
static int size = 1000, rounds = 100;
static gboolean with_scan, warm;

static const GOptionEntry entries[] = {
        { "directory", 0, 0, G_OPTION_ARG_FILENAME, &directory, "where files are made", "PATH" },
        { "size", 0, 0, G_OPTION_ARG_INT, &size, "bytes of the file", "N" },
        { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "saves of each", "N" },
        { "style", 0, 0, G_OPTION_ARG_STRING, &style, "how to save", "rename|in-place" },
        { "floor", 0, 0, G_OPTION_ARG_FILENAME, &floor_program, "bench-floor", "PATH" },
        { "peer", 0, 0, G_OPTION_ARG_FILENAME, &peer_program, "a peer", "PATH" },
        { "schema", 0, 0, G_OPTION_ARG_FILENAME, &schema, "measure a config with this schema, too", "PATH" },
        { "warm", 0, 0, G_OPTION_ARG_NONE, &warm, "no window for bursts, no time between saves", NULL },
        { "scan", 0, 0, G_OPTION_ARG_NONE, &with_scan, "time libyaml alone, too", NULL },
        { NULL },
};

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Subject *subject = userdata;

        subject->heard = now_nsec();
        return 0;
}

/* A third of a round; there is nothing to wait for, this is the pace of the saves. */
static void pause_between_saves(void)
{
        g_usleep((warm ? WARM_ROUND_USEC : ROUND_USEC) / 3);
}

static void wait_for_signal(Subject *subject, sd_bus *bus)
{
        while (subject->heard == 0) {
                int r = check("cannot read from the bus", sd_bus_process(bus, NULL));

                if (r == 0 && subject->heard == 0 &&
                    check("cannot wait for the bus", sd_bus_wait(bus, TIMEOUT_USEC)) == 0)
                        die(subject->label, ETIMEDOUT);
        }
}

static void wait_for_line(Subject *subject)
{
        g_autofree char *line = helper_read_line(subject->helper, TIMEOUT_USEC / 1000);

        if (!line || !g_str_has_prefix(line, "T="))
                die(subject->label, ETIMEDOUT);
        subject->heard = g_ascii_strtoull(line + 2, NULL, 10);
}

static void measure(Subject *subject, sd_bus *bus, bool in_place)
{
        uint64_t begin;

        subject->heard = 0;
        if (in_place)
                corpus_change(subject->saved->corpus);
        else
                saved_prepare(subject->saved);
        pause_between_saves();

        begin = now_nsec();
        if (in_place)
                saved_overwrite(subject->saved);
        else
                saved_rename(subject->saved);
        if (subject->has_signal)
                wait_for_signal(subject, bus);
        else
                wait_for_line(subject);
        samples_add(subject->samples, subject->heard - begin);
}

static Subject subject_new(const char *label, const char *program, bool has_signal)
{
        Subject subject = {
                .label = label,
                .saved = saved_new(directory, label, (size_t) size),
                .has_signal = has_signal,
                .samples = samples_new(),
        };

        if (program)
                subject.helper = helper_start(program, subject.saved->directory, NULL);
        return subject;
}

static void subject_end(Subject *subject)
{
        samples_print(subject->samples, subject->label);
        g_array_unref(subject->samples);
        helper_stop(subject->helper);
        saved_free(subject->saved);
}

static void listen_for(sd_bus *bus, const char *path, const char *interface, const char *member,
                       Subject *subject)
{
        check("cannot listen",
              sd_bus_match_signal(bus, NULL, NULL, path, interface, member, on_signal, subject));
}

static void time_scan(const Saved *saved, GArray *samples)
{
        uint64_t begin = now_nsec();

        if (!scan_yaml(saved->corpus->text, saved->corpus->length))
                die("libyaml", EINVAL);
        samples_add(samples, now_nsec() - begin);
}

static void run(sd_bus *bus, Subject *subjects, unsigned count)
{
        g_autoptr(GArray) scans = samples_new();
        bool in_place = g_str_equal(style, "in-place");

        for (int round = 0; round < rounds; round++) {
                for (unsigned i = 0; i < count; i++)
                        measure(&subjects[i], bus, in_place);
                /* With fewer subjects than three the round is as long. */
                for (unsigned i = count; i < 3; i++)
                        pause_between_saves();
                if (with_scan)
                        time_scan(subjects[0].saved, scans);
        }
        if (with_scan)
                samples_print(scans, "scan");
}

/* A config of the daemon's; label is its name, too. */
static void subject_register(Subject *subject, sd_bus *bus, const char *schema_path)
{
        g_autofree char *path = client_register(bus, subject->label, subject->saved->path, true,
                                                warm ? 0 : CLIENT_DEFAULT_DEBOUNCE, schema_path);

        listen_for(bus, path, RECONF_CONFIG_INTERFACE, "ConfigChanged", subject);
}

int main(int argc, char **argv)
{
        g_autoptr(GOptionContext) context = g_option_context_new(NULL);
        Subject subjects[4];
        unsigned count = 0;
        sd_bus *bus;

        g_option_context_add_main_entries(context, entries, NULL);
        if (!g_option_context_parse(context, &argc, &argv, NULL) || !directory)
                return 2;

        bus = client_open();
        subjects[count] = subject_new("reconf", NULL, true);
        subject_register(&subjects[count++], bus, NULL);
        if (floor_program) {
                subjects[count] = subject_new("floor", floor_program, true);
                listen_for(bus, BENCH_PATH, BENCH_INTERFACE, BENCH_SIGNAL, &subjects[count]);
                count++;
        }
        if (schema) {
                subjects[count] = subject_new("schema", NULL, true);
                subject_register(&subjects[count++], bus, schema);
        }
        if (peer_program)
                subjects[count++] = subject_new("peer", peer_program, false);

        run(bus, subjects, count);
        client_unregister(bus, "reconf");
        if (schema)
                client_unregister(bus, "schema");
        for (unsigned i = 0; i < count; i++)
                subject_end(&subjects[i]);
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
