/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the worker
 */
#include "daemon/worker.h"

#include <dlfcn.h>

/* How many threads there may still be had. */
static int threads_left = G_MAXINT;

/* In the place of GLib's. */
GThread *g_thread_try_new(const char *name, GThreadFunc run, void *data, GError **error)
{
        static GThread *(*real)(const char *, GThreadFunc, void *, GError **);

        if (threads_left-- == 0) {
                threads_left = 0;
                g_set_error_literal(error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "none is left");
                return NULL;
        }
        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "g_thread_try_new");
        return real(name, run, data, error);
}

/* What the tests' jobs share. */
typedef struct Scene {
        sd_event *event;
        Worker *worker;
        GThread *loop;
        GAsyncQueue *gate; /* jobs wait for an entry each */
        GPtrArray *told;   /* of Job */
        int running, peak;
} Scene;

typedef struct Job {
        Scene *scene;
        GThread *ran_on;
        int runs;
        int again; /* submits itself so many times more */
} Job;

static void scene_set_up(Scene *scene, const void *data)
{
        *scene = (Scene){
                .loop = g_thread_self(),
                .gate = g_async_queue_new(),
                .told = g_ptr_array_new(),
        };
        g_assert_cmpint(sd_event_new(&scene->event), >=, 0);
        g_assert_cmpint(worker_new(scene->event, &scene->worker), ==, 0);
        g_assert_cmpuint(worker_pending(scene->worker), ==, 0);
}

static void scene_tear_down(Scene *scene, const void *data)
{
        g_assert_null(worker_free(scene->worker));
        sd_event_unref(scene->event);
        g_async_queue_unref(scene->gate);
        g_ptr_array_unref(scene->told);
}

static void scene_run(Scene *scene, unsigned told)
{
        while (scene->told->len < told)
                g_assert_cmpint(sd_event_run(scene->event, UINT64_MAX), >, 0);
}

static void run_at_once(void *data)
{
        Job *job = data;

        job->ran_on = g_thread_self();
        job->runs++;
}

static void run_at_gate(void *data)
{
        Job *job = data;
        int running = g_atomic_int_add(&job->scene->running, 1) + 1;
        int peak;

        do
                peak = g_atomic_int_get(&job->scene->peak);
        while (running > peak && !g_atomic_int_compare_and_exchange(&job->scene->peak, peak, running));
        g_async_queue_pop(job->scene->gate);
        g_atomic_int_add(&job->scene->running, -1);
        run_at_once(job);
}

static void open_gate(Scene *scene, unsigned n)
{
        for (unsigned i = 0; i < n; i++)
                g_async_queue_push(scene->gate, scene);
}

static void done(void *data)
{
        Job *job = data;

        g_assert_true(g_thread_self() == job->scene->loop);
        g_ptr_array_add(job->scene->told, job);
        if (job->again-- > 0)
                worker_submit(job->scene->worker, job, run_at_once, done);
}

static void test_runs_elsewhere(Scene *scene, const void *data)
{
        Job job = { .scene = scene };

        worker_submit(scene->worker, &job, run_at_once, done);
        g_assert_cmpuint(worker_pending(scene->worker), ==, 1);
        scene_run(scene, 1);
        g_assert_cmpint(job.runs, ==, 1);
        g_assert_true(job.ran_on != scene->loop);
        g_assert_cmpuint(worker_pending(scene->worker), ==, 0);
}

/* Two jobs: the second ends first and is told first. */
static void test_told_in_order_of_ending(Scene *scene, const void *data)
{
        Job held = { .scene = scene };
        Job quick = { .scene = scene };

        worker_submit(scene->worker, &held, run_at_gate, done);
        worker_submit(scene->worker, &quick, run_at_once, done);
        scene_run(scene, 1);
        g_assert_true(g_ptr_array_index(scene->told, 0) == &quick);
        g_assert_cmpuint(worker_pending(scene->worker), ==, 1);
        open_gate(scene, 1);
        scene_run(scene, 2);
        g_assert_true(g_ptr_array_index(scene->told, 1) == &held);
}

static void test_threads_are_bounded(Scene *scene, const void *data)
{
        enum { N_JOBS = 32 };
        g_autofree Job *jobs = g_new0(Job, N_JOBS);

        for (int i = 0; i < N_JOBS; i++) {
                jobs[i].scene = scene;
                worker_submit(scene->worker, &jobs[i], run_at_gate, done);
        }
        g_assert_cmpuint(worker_pending(scene->worker), ==, N_JOBS);
        open_gate(scene, N_JOBS);
        scene_run(scene, N_JOBS);
        g_assert_cmpint(scene->peak, >=, 1);
        g_assert_cmpint(scene->peak, <=, 4);
        for (int i = 0; i < N_JOBS; i++)
                g_assert_cmpint(jobs[i].runs, ==, 1);
}

static void test_done_submits_again(Scene *scene, const void *data)
{
        Job job = { .scene = scene, .again = 200 };

        worker_submit(scene->worker, &job, run_at_once, done);
        scene_run(scene, 201);
        g_assert_cmpint(job.runs, ==, 201);
        g_assert_cmpuint(worker_pending(scene->worker), ==, 0);
}

/* Waits for what runs and what waits, and also for what is submitted meanwhile. */
static void test_free_waits(Scene *scene, const void *data)
{
        enum { N_JOBS = 10 };
        Job jobs[N_JOBS];

        for (int i = 0; i < N_JOBS; i++) {
                jobs[i] = (Job){ .scene = scene, .again = 1 };
                worker_submit(scene->worker, &jobs[i], run_at_gate, done);
        }
        open_gate(scene, N_JOBS);
        scene->worker = worker_free(scene->worker);
        g_assert_cmpuint(scene->told->len, ==, 2 * N_JOBS);
        for (int i = 0; i < N_JOBS; i++)
                g_assert_cmpint(jobs[i].runs, ==, 2);
}

static unsigned count_threads(void)
{
        g_autoptr(GDir) directory = g_dir_open("/proc/self/task", 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(directory))
                n++;
        return n;
}

/* Those of earlier tests may still be ending. */
static void wait_for_last_thread(void)
{
        while (count_threads() > 1)
                g_thread_yield();
}

/* No thread is left to wake up, and the loop has nothing to do. */
static void test_idle(Scene *scene, const void *data)
{
        Job job = { .scene = scene };

        wait_for_last_thread();
        worker_submit(scene->worker, &job, run_at_gate, done);
        g_assert_cmpuint(count_threads(), ==, 2);
        open_gate(scene, 1);
        scene_run(scene, 1);
        wait_for_last_thread();
        g_assert_cmpint(sd_event_run(scene->event, 0), ==, 0);
}

/* Rather late than never: the loop does the work where nobody else can. */
static void test_no_threads(Scene *scene, const void *data)
{
        Job job = { .scene = scene, .again = 3 };

        threads_left = 0;
        worker_submit(scene->worker, &job, run_at_once, done);
        scene_run(scene, 4);
        g_assert_cmpint(job.runs, ==, 4);
        g_assert_true(job.ran_on == scene->loop);
        g_assert_cmpuint(worker_pending(scene->worker), ==, 0);

        threads_left = G_MAXINT;
        worker_submit(scene->worker, &job, run_at_once, done);
        scene_run(scene, 5);
        g_assert_true(job.ran_on != scene->loop);
}

/* Those that there are do the work of all. */
static void test_too_few_threads(Scene *scene, const void *data)
{
        enum { N_JOBS = 8 };
        Job jobs[N_JOBS];

        threads_left = 1;
        for (int i = 0; i < N_JOBS; i++) {
                jobs[i] = (Job){ .scene = scene };
                worker_submit(scene->worker, &jobs[i], run_at_gate, done);
        }
        open_gate(scene, N_JOBS);
        scene_run(scene, N_JOBS);
        threads_left = G_MAXINT;
        g_assert_cmpint(scene->peak, ==, 1);
        for (int i = 0; i < N_JOBS; i++)
                g_assert_true(jobs[i].ran_on != scene->loop);
}

static void test_free_takes_null(void)
{
        g_assert_null(worker_free(NULL));
}

static void add(const char *path, void (*test)(Scene *, const void *))
{
        g_test_add(path, Scene, NULL, scene_set_up, test, scene_tear_down);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/worker/runs-elsewhere", test_runs_elsewhere);
        add("/worker/told-in-order-of-ending", test_told_in_order_of_ending);
        add("/worker/threads-are-bounded", test_threads_are_bounded);
        add("/worker/done-submits-again", test_done_submits_again);
        add("/worker/free-waits", test_free_waits);
        add("/worker/no-threads", test_no_threads);
        add("/worker/too-few-threads", test_too_few_threads);
        add("/worker/idle", test_idle);
        g_test_add_func("/worker/free-takes-null", test_free_takes_null);
        return g_test_run();
}
