/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads that read while versions come: whole ones only, and none that is gone
 *
 * Each version holds its number at several places, so that a reader who saw two of them at once would see
 * two numbers. Built a second time with ThreadSanitizer.
 */
#include "client/lib/config-private.h"

#define N_READERS 8U
#define N_VERSIONS 100U

typedef struct Scene {
        ReconfConfig *config;
        atomic_bool ended;
        atomic_uint n_reading;
        atomic_ullong n_reads;
} Scene;

static char *make_text(unsigned number)
{
        return g_strdup_printf("{a: {b: {number: %u}}, list: [%u, %u], text: number-%u}", number, number,
                               number, number);
}

/* What a thread reads never goes back, and what it reads of a snapshot is one version's. */
static void read_once(ReconfConfig *config, gint64 *last)
{
        g_autoptr(ReconfSnapshot) snapshot = NULL;
        g_autofree char *expected = NULL;
        gint64 number = reconf_config_get_int(config, "a.b.number", -1);

        g_assert_cmpint(number, >=, *last);
        snapshot = reconf_config_dup_snapshot(config);
        *last = reconf_snapshot_get_int(snapshot, "a.b.number", -1);
        g_assert_cmpint(*last, >=, number);
        g_assert_cmpint(reconf_snapshot_get_int(snapshot, "list.1", -1), ==, *last);
        expected = g_strdup_printf("number-%" G_GINT64_FORMAT, *last);
        g_assert_cmpstr(reconf_snapshot_get_string(snapshot, "text", NULL), ==, expected);
}

static void *read_all_the_time(void *data)
{
        Scene *scene = data;
        gint64 last = 0;

        atomic_fetch_add(&scene->n_reading, 1);
        while (!atomic_load(&scene->ended)) {
                read_once(scene->config, &last);
                atomic_fetch_add_explicit(&scene->n_reads, 1, memory_order_relaxed);
        }
        return NULL;
}

static void set_number(ReconfConfig *config, unsigned number)
{
        g_autofree char *text = make_text(number);

        g_assert_true(reconf_config_set_data(config, text, -1, "yaml", NULL));
}

static void test_readers(void)
{
        g_autofree char *text = make_text(0);
        g_autoptr(ReconfConfig) config = reconf_config_new_for_data(text, -1, "yaml", NULL);
        Scene scene = { .config = config };
        GThread *threads[N_READERS];

        for (unsigned i = 0; i < N_READERS; i++)
                threads[i] = g_thread_new("reader", read_all_the_time, &scene);
        while (atomic_load(&scene.n_reading) < N_READERS)
                g_thread_yield();
        for (unsigned i = 1; i <= N_VERSIONS; i++) {
                unsigned long long before = atomic_load(&scene.n_reads);

                set_number(config, i);
                /* Somebody reads each version, or at least tries to. */
                while (atomic_load(&scene.n_reads) == before)
                        g_thread_yield();
        }
        atomic_store(&scene.ended, true);
        for (unsigned i = 0; i < N_READERS; i++)
                g_thread_join(threads[i]);
        g_assert_cmpint(reconf_config_get_int(config, "list.0", -1), ==, N_VERSIONS);
}

static void *write_many(void *data)
{
        for (unsigned i = 1; i <= N_VERSIONS; i++)
                set_number(data, i);
        return NULL;
}

/* Several that write: numbers go up, and what is current is one of theirs. */
static void test_writers(void)
{
        g_autoptr(ReconfConfig) config = reconf_config_new_for_data("{a: 1}", -1, "yaml", NULL);
        GThread *threads[2];

        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                threads[i] = g_thread_new("writer", write_many, config);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);
        g_assert_cmpint(reconf_config_get_int(config, "list.0", -1), ==, N_VERSIONS);
        g_assert_cmpuint(reconf_config_get_version(config), >, N_VERSIONS);
}

typedef struct Publishing {
        ReconfConfig *config;
        ReconfSnapshot *snapshots[N_VERSIONS];
        guint64 last; /* of which `changing` has told */
} Publishing;

static void note_changing(ReconfConfig *config, ReconfChange *change, void *data)
{
        Publishing *publishing = data;

        g_assert_cmpuint(reconf_change_get_previous(change), ==, publishing->last);
        g_assert_cmpuint(reconf_config_get_version(config), ==, publishing->last);
        publishing->last = reconf_change_get_version(change);
}

static void *publish_all(void *data)
{
        Publishing *publishing = data;

        for (unsigned i = 0; i < N_VERSIONS; i++) {
                config_publish(publishing->config, publishing->snapshots[i], NULL, PUBLISH_NEWER);
                g_assert_cmpuint(reconf_config_get_version(publishing->config), >=, i + 1);
        }
        return NULL;
}

/* Several that bring the same versions: each is told of once, in order, before anybody can read it. */
static void test_publishers(void)
{
        Publishing publishing = { .config = config_new("") };
        GThread *threads[4];

        for (unsigned i = 0; i < N_VERSIONS; i++) {
                g_autofree char *text = make_text(i);
                g_autoptr(ReconfConfig) source = reconf_config_new_for_data(text, -1, "yaml", NULL);
                g_autoptr(ReconfSnapshot) snapshot = reconf_config_dup_snapshot(source);

                publishing.snapshots[i] = reconf_snapshot_new_from_bytes(i + 1, snapshot->bytes, NULL);
        }
        g_signal_connect(publishing.config, "changing", G_CALLBACK(note_changing), &publishing);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                threads[i] = g_thread_new("publisher", publish_all, &publishing);
        for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
                g_thread_join(threads[i]);
        g_assert_cmpuint(publishing.last, ==, N_VERSIONS);
        for (unsigned i = 0; i < N_VERSIONS; i++)
                reconf_snapshot_unref(publishing.snapshots[i]);
        g_object_unref(publishing.config);
}

static void *read_and_end(void *data)
{
        gint64 last = 0;

        read_once(data, &last);
        return NULL;
}

static size_t count_records(void)
{
        size_t count = 0;

        for (CurrentRecord *record = atomic_load(&current_records); record; record = record->next)
                count++;
        return count;
}

/* Threads that come and go leave nothing that grows. */
static void test_records(void)
{
        g_autofree char *text = make_text(1);
        g_autoptr(ReconfConfig) config = reconf_config_new_for_data(text, -1, "yaml", NULL);
        size_t before;

        g_thread_join(g_thread_new("first", read_and_end, config));
        before = count_records();
        for (unsigned i = 0; i < 20; i++)
                g_thread_join(g_thread_new("next", read_and_end, config));
        g_assert_cmpuint(count_records(), ==, before);
}

/* What a reader looks at outlives its replacement, and is dropped with a later one. */
static void test_stopped_reader(void)
{
        g_autoptr(ReconfConfig) config = reconf_config_new_for_data("{a: 1}", -1, "yaml", NULL);
        CurrentRecord *record;
        ReconfSnapshot *seen = current_enter(&config->current, &record);
        CurrentRecord other = { .used = true };

        /* As if another thread had stopped in the middle. */
        atomic_store(&other.seen, seen);
        current_leave(record);
        other.next = atomic_load(&current_records);
        atomic_store(&current_records, &other);

        set_number(config, 1);
        g_assert_cmpint(reconf_snapshot_get_int(seen, "a", 0), ==, 1);
        g_assert_cmpuint(current_n_retired(), ==, 1);
        atomic_store(&other.seen, NULL);
        set_number(config, 2);
        g_assert_cmpuint(current_n_retired(), ==, 0);
        atomic_store(&current_records, other.next);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/lib-threads/readers", test_readers);
        g_test_add_func("/lib-threads/writers", test_writers);
        g_test_add_func("/lib-threads/publishers", test_publishers);
        g_test_add_func("/lib-threads/records", test_records);
        g_test_add_func("/lib-threads/stopped-reader", test_stopped_reader);
        return g_test_run();
}
