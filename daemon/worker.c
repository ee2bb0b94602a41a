/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The worker's threads
 *
 * A thread is made when a job comes and none is free, and ends when there is nothing left to do: starting
 * one takes some tens of microseconds, which is little beside the jobs that are worth handing over, and a
 * thread that does not exist cannot wake up. With MAX_THREADS jobs that hang, as on a dead network file
 * system, the others wait. Where there is no thread to be had, the loop waits for the job.
 */
#include "daemon/worker.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_THREADS 4U

typedef struct Task {
        void *job;
        WorkerRun run;
        WorkerDone done;
} Task;

struct Worker {
        sd_event_source *source;
        int fd; /* counts finished tasks */
        unsigned pending;

        GMutex lock; /* guards what is below */
        GCond idle;  /* the last thread has ended */
        unsigned threads;
        GQueue waiting;  /* of Task */
        GQueue finished; /* of Task, in the order in which they ended */
};

/* Takes the next task and runs it; false where there is none, and then this thread is no longer counted. */
static bool run_next(Worker *worker)
{
        static const uint64_t one = 1;
        Task *task;

        g_mutex_lock(&worker->lock);
        task = g_queue_pop_head(&worker->waiting);
        if (!task && --worker->threads == 0)
                g_cond_signal(&worker->idle);
        g_mutex_unlock(&worker->lock);
        if (!task)
                return false;

        task->run(task->job);

        g_mutex_lock(&worker->lock);
        g_queue_push_tail(&worker->finished, task);
        /* An eventfd is never full with so few to count. */
        if (write(worker->fd, &one, sizeof(one)) < 0)
                g_assert_not_reached();
        g_mutex_unlock(&worker->lock);
        return true;
}

static void *run_all(void *data)
{
        while (run_next(data))
                ;
        return NULL;
}

/* Tells of everything that has ended. */
static void tell(Worker *worker)
{
        for (;;) {
                g_autofree Task *task = NULL;

                g_mutex_lock(&worker->lock);
                task = g_queue_pop_head(&worker->finished);
                g_mutex_unlock(&worker->lock);
                if (!task)
                        return;
                worker->pending--;
                task->done(task->job);
        }
}

static int handle_finished(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        uint64_t count;

        if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
                return -errno;
        tell(userdata);
        return 0;
}

int worker_new(sd_event *event, Worker **ret)
{
        Worker *worker = g_new0(Worker, 1);
        int r;

        g_mutex_init(&worker->lock);
        g_cond_init(&worker->idle);
        g_queue_init(&worker->waiting);
        g_queue_init(&worker->finished);

        worker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        r = worker->fd < 0 ? -errno
                           : sd_event_add_io(event, &worker->source, worker->fd, EPOLLIN, handle_finished,
                                             worker);
        if (r < 0) {
                worker_free(worker);
                return r;
        }
        *ret = worker;
        return 0;
}

Worker *worker_free(Worker *worker)
{
        if (!worker)
                return NULL;

        /* What is told may submit more, and a thread lives a little longer than its last job. */
        for (;;) {
                g_mutex_lock(&worker->lock);
                while (worker->threads > 0)
                        g_cond_wait(&worker->idle, &worker->lock);
                g_mutex_unlock(&worker->lock);
                if (worker->pending == 0)
                        break;
                tell(worker);
        }

        sd_event_source_disable_unref(worker->source);
        if (worker->fd >= 0)
                close(worker->fd);
        g_cond_clear(&worker->idle);
        g_mutex_clear(&worker->lock);
        g_free(worker);
        return NULL;
}

/* A thread that is counted already. */
static void start_thread(Worker *worker)
{
        GThread *thread = g_thread_try_new("reconf-worker", run_all, worker, NULL);
        bool alone;

        if (thread) {
                g_thread_unref(thread);
                return;
        }
        g_mutex_lock(&worker->lock);
        alone = worker->threads == 1;
        if (!alone)
                worker->threads--;
        g_mutex_unlock(&worker->lock);
        if (alone)
                run_all(worker);
}

void worker_submit(Worker *worker, void *job, WorkerRun run, WorkerDone done)
{
        Task *task = g_new(Task, 1);
        bool start;

        *task = (Task){ .job = job, .run = run, .done = done };
        worker->pending++;

        g_mutex_lock(&worker->lock);
        g_queue_push_tail(&worker->waiting, task);
        start = worker->threads < MAX_THREADS;
        if (start)
                worker->threads++;
        g_mutex_unlock(&worker->lock);
        if (start)
                start_thread(worker);
}

unsigned worker_pending(const Worker *worker)
{
        return worker->pending;
}
