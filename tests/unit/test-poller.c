/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/watch/look.h"
#include "daemon/watch/poller.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#define PERIOD_USEC (10 * 1000U)
#define TIMEOUT_USEC (20 * 1000 * 1000U)

typedef struct Scene {
        char *directory;
        char *file;
        sd_event *event;
        Poller *poller;
} Scene;

typedef struct Eye {
        Scene *scene;
        Poll *poll;
        unsigned n_looks, n_changes;
        struct Eye *frees;
} Eye;

static void set_up(Scene *scene, const void *data)
{
        scene->directory = g_dir_make_tmp("reconf-poller-XXXXXX", NULL);
        g_assert_nonnull(scene->directory);
        scene->file = g_build_filename(scene->directory, "f", NULL);
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_assert_cmpint(poller_new(scene->event, &scene->poller), ==, 0);
}

static void tear_down(Scene *scene, const void *data)
{
        poller_free(scene->poller);
        sd_event_unref(scene->event);
        g_unlink(scene->file);
        g_assert_cmpint(g_rmdir(scene->directory), ==, 0);
        g_free(scene->file);
        g_free(scene->directory);
}

static void write_file(const Scene *scene, const char *text)
{
        g_assert_true(g_file_set_contents(scene->file, text, -1, NULL));
}

static void on_look(bool changed, void *userdata)
{
        Eye *eye = userdata;
        Eye *other = g_steal_pointer(&eye->frees);

        eye->n_looks++;
        if (changed)
                eye->n_changes++;
        if (other)
                other->poll = poll_free(other->poll);
}

static void eye_open(Eye *eye, Scene *scene, const char *path, bool entries)
{
        *eye = (Eye){ .scene = scene };
        eye->poll = poller_add(scene->poller, "group", path, entries, PERIOD_USEC, on_look, eye);
}

static void run_until(const Scene *scene, const unsigned *count, unsigned least)
{
        gint64 end = g_get_monotonic_time() + TIMEOUT_USEC;

        while (*count < least) {
                g_assert_cmpint(g_get_monotonic_time(), <, end);
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >=, 0);
        }
}

static void test_changes(Scene *scene, const void *data)
{
        Eye eye;

        eye_open(&eye, scene, scene->file, false);
        run_until(scene, &eye.n_changes, 1);
        g_assert_cmpuint(eye.n_looks, ==, 1);

        /* Some more looks at what does not change, and does not even exist. */
        run_until(scene, &eye.n_looks, 4);
        g_assert_cmpuint(eye.n_changes, ==, 1);

        write_file(scene, "1");
        run_until(scene, &eye.n_changes, 2);
        write_file(scene, "22");
        run_until(scene, &eye.n_changes, 3);
        g_assert_cmpint(g_chmod(scene->file, 0600), ==, 0);
        run_until(scene, &eye.n_changes, 4);
        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        run_until(scene, &eye.n_changes, 5);

        poll_free(eye.poll);
}

static void test_entries(Scene *scene, const void *data)
{
        Eye with, without;
        int fd;

        write_file(scene, "1");
        eye_open(&with, scene, scene->directory, true);
        eye_open(&without, scene, scene->directory, false);
        run_until(scene, &with.n_changes, 1);
        run_until(scene, &without.n_changes, 1);

        /* Written in place: the directory itself is the same. */
        fd = g_open(scene->file, O_WRONLY | O_APPEND | O_CLOEXEC);
        g_assert_cmpint(fd, >=, 0);
        g_assert_cmpint(write(fd, "2", 1), ==, 1);
        g_assert_true(g_close(fd, NULL));
        run_until(scene, &with.n_changes, 2);
        run_until(scene, &without.n_looks, without.n_looks + 2);
        g_assert_cmpuint(without.n_changes, ==, 1);

        g_assert_cmpint(g_unlink(scene->file), ==, 0);
        run_until(scene, &with.n_changes, 3);
        run_until(scene, &without.n_changes, 2);

        poll_free(with.poll);
        poll_free(without.poll);
}

static void test_freed_in_handler(Scene *scene, const void *data)
{
        Eye first, second;

        /* Whichever is told first frees the other; then itself. */
        eye_open(&first, scene, scene->file, false);
        eye_open(&second, scene, scene->file, false);
        first.frees = &second;
        second.frees = &first;
        while (first.n_looks + second.n_looks == 0)
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >, 0);
        g_assert_cmpuint(first.n_looks + second.n_looks, ==, 1);
        g_assert_true((first.poll == NULL) != (second.poll == NULL));

        if (first.poll)
                first.frees = &first;
        else
                second.frees = &second;
        while (first.poll || second.poll)
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >, 0);
        g_assert_cmpuint(first.n_looks + second.n_looks, ==, 2);
}

static void test_idle(Scene *scene, const void *data)
{
        Eye eye;

        eye_open(&eye, scene, scene->file, false);
        run_until(scene, &eye.n_looks, 2);
        eye.poll = poll_free(eye.poll);

        /* A look may still be under way; after that there is nothing to wake up for. */
        while (sd_event_run(scene->event, PERIOD_USEC * 20) > 0)
                continue;
        g_assert_cmpint(sd_event_run(scene->event, PERIOD_USEC * 5), ==, 0);
}

static void test_freed_under_way(Scene *scene, const void *data)
{
        Eye eye;

        /* The look is sent, then nobody is there to take it. */
        for (unsigned i = 0; i < 20; i++) {
                eye_open(&eye, scene, scene->file, false);
                g_assert_cmpint(sd_event_run(scene->event, TIMEOUT_USEC), >, 0);
                poll_free(eye.poll);
        }
}

static void test_status(Scene *scene, const void *data)
{
        Status missing, file, directory, none = { 0 };

        status_take(scene->file, false, &missing);
        g_assert_cmpint(missing.error, ==, ENOENT);
        write_file(scene, "1");
        status_take(scene->file, false, &file);
        g_assert_cmpint(file.error, ==, 0);
        g_assert_cmpuint(file.size, ==, 1);
        status_take(scene->directory, true, &directory);
        g_assert_cmpuint(directory.entries, !=, 0);

        g_assert_false(status_equal(&missing, &none));
        g_assert_false(status_equal(&missing, &file));
        g_assert_true(status_equal(&file, &file));
}

int main(int argc, char *argv[])
{
        static const struct {
                const char *path;
                void (*test)(Scene *, const void *);
        } tests[] = {
                { "/poller/changes", test_changes },
                { "/poller/entries", test_entries },
                { "/poller/freed-in-handler", test_freed_in_handler },
                { "/poller/idle", test_idle },
                { "/poller/freed-under-way", test_freed_under_way },
                { "/poller/status", test_status },
        };

        g_test_init(&argc, &argv, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].path, Scene, NULL, set_up, tests[i].test, tear_down);
        return g_test_run();
}
