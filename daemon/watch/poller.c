/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Poller: a slow look at what sends no events
 *
 * One timer stands at the earliest time that a poll is due whose group is not being looked at. Polls are
 * named by number in a look, since they may be gone when it comes back.
 */
#include "daemon/watch/poller.h"

#include "daemon/watch/look.h"

#include <sys/epoll.h>
#include <time.h>

/* Part of a period by which a look may be early or late, so that one wakeup serves many. */
#define POLLER_SLACK 8U

struct Poll {
        Poller *poller;
        uint64_t id;
        char *group;
        char *path;
        bool entries;
        uint64_t period;
        uint64_t due;
        Status status;
        PollHandler handler;
        void *userdata;
};

struct Poller {
        sd_event *event;
        sd_event_source *timer;
        sd_event_source *arrival;
        Outbox *outbox;
        uint64_t last_id;
        GHashTable *polls; /* of Poll, by the address of its id */
        GHashTable *busy;  /* names of groups that are being looked at */
};

static bool poll_is_busy(const Poll *poll)
{
        return g_hash_table_contains(poll->poller->busy, poll->group);
}

static void poller_wake(Poller *poller, uint64_t due, uint64_t slack)
{
        (void) sd_event_source_set_time(poller->timer, due);
        (void) sd_event_source_set_time_accuracy(poller->timer, slack);
        (void) sd_event_source_set_enabled(poller->timer, SD_EVENT_ONESHOT);
}

static void poller_arm(Poller *poller)
{
        const Poll *next = NULL;
        GHashTableIter iterator;
        void *data;

        g_hash_table_iter_init(&iterator, poller->polls);
        while (g_hash_table_iter_next(&iterator, NULL, &data)) {
                const Poll *poll = data;

                if (!poll_is_busy(poll) && (!next || poll->due < next->due))
                        next = poll;
        }

        if (next)
                poller_wake(poller, next->due, MAX(next->period / POLLER_SLACK, 1U));
        else
                (void) sd_event_source_set_enabled(poller->timer, SD_EVENT_OFF);
}

/* One look for each group with something due; those that will be due within its slack come along. */
static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
        g_autoptr(GHashTable) looks = g_hash_table_new(g_str_hash, g_str_equal);
        Poller *poller = userdata;
        GHashTableIter iterator;
        void *data;

        g_hash_table_iter_init(&iterator, poller->polls);
        while (g_hash_table_iter_next(&iterator, NULL, &data)) {
                Poll *poll = data;
                Look *look;

                if (poll->due > now + poll->period / POLLER_SLACK || poll_is_busy(poll))
                        continue;

                look = g_hash_table_lookup(looks, poll->group);
                if (!look) {
                        look = look_new(poll->group);
                        g_hash_table_insert(looks, look->group, look);
                }

                look_add(look, poll->id, poll->path, poll->entries);
        }

        g_hash_table_iter_init(&iterator, looks);
        while (g_hash_table_iter_next(&iterator, NULL, &data)) {
                Look *look = data;

                g_hash_table_add(poller->busy, g_strdup(look->group));
                outbox_send(poller->outbox, look);
        }

        poller_arm(poller);
        return 0;
}

static void poller_tell(Poller *poller, const Glance *glance, uint64_t now)
{
        Poll *poll = g_hash_table_lookup(poller->polls, &glance->id);
        bool changed;

        if (!poll)
                return;

        poll->due = now + poll->period;
        if (!glance->status.taken)
                return;

        changed = !status_equal(&poll->status, &glance->status);
        poll->status = glance->status;
        poll->handler(changed, poll->userdata);
}

static int on_arrival(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        Poller *poller = userdata;
        uint64_t now = 0;

        (void) sd_event_now(poller->event, CLOCK_MONOTONIC, &now);

        for (;;) {
                g_autoptr(Look) look = outbox_receive(poller->outbox);

                if (!look)
                        break;

                g_hash_table_remove(poller->busy, look->group);
                for (unsigned i = 0; i < look->glances->len; i++)
                        poller_tell(poller, look->glances->pdata[i], now);
        }

        poller_arm(poller);
        return 0;
}

int poller_new(sd_event *event, Poller **ret)
{
        g_autoptr(Poller) poller = g_new0(Poller, 1);
        int r;

        poller->event = sd_event_ref(event);
        poller->polls = g_hash_table_new(g_int64_hash, g_int64_equal);
        poller->busy = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

        r = outbox_new(&poller->outbox);
        if (r < 0)
                return r;

        r = sd_event_add_io(event, &poller->arrival, outbox_fd(poller->outbox), EPOLLIN, on_arrival, poller);
        if (r < 0)
                return r;

        r = sd_event_add_time(event, &poller->timer, CLOCK_MONOTONIC, UINT64_MAX, 0, on_timer, poller);
        if (r < 0)
                return r;

        r = sd_event_source_set_enabled(poller->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = g_steal_pointer(&poller);
        return 0;
}

Poller *poller_free(Poller *poller)
{
        if (!poller)
                return NULL;

        g_assert(g_hash_table_size(poller->polls) == 0);
        sd_event_source_disable_unref(poller->timer);
        sd_event_source_disable_unref(poller->arrival);
        outbox_unref(poller->outbox);
        g_hash_table_unref(poller->busy);
        g_hash_table_unref(poller->polls);
        sd_event_unref(poller->event);
        g_free(poller);
        return NULL;
}

Poll *poller_add(Poller *poller, const char *group, const char *path, bool entries, uint64_t period,
                 PollHandler handler, void *userdata)
{
        Poll *poll = g_new0(Poll, 1);

        poll->poller = poller;
        poll->id = ++poller->last_id;
        poll->group = g_strdup(group);
        poll->path = g_strdup(path);
        poll->entries = entries;
        poll->period = period;
        poll->handler = handler;
        poll->userdata = userdata;

        g_hash_table_insert(poller->polls, &poll->id, poll);
        if (!poll_is_busy(poll))
                poller_wake(poller, 0, 1);
        return poll;
}

const char *poll_group(const Poll *poll)
{
        return poll->group;
}

Poll *poll_free(Poll *poll)
{
        if (!poll)
                return NULL;

        /* Otherwise the timer finds out by itself that there is less to do. */
        g_hash_table_remove(poll->poller->polls, &poll->id);
        if (g_hash_table_size(poll->poller->polls) == 0)
                poller_arm(poll->poller);
        g_free(poll->group);
        g_free(poll->path);
        g_free(poll);
        return NULL;
}
