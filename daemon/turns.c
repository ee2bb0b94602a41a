/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/turns.h"

#include "daemon/failure-bus.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * What is served at once, of a connection and of a user, before it is seen whether the bus is empty; further
 * calls wait. A caller who waits for each answer never gets there.
 */
#define MAX_AT_ONCE 2U
#define MAX_AT_ONCE_PER_USER 8U
/* And of calls that cannot wait, of a connection and of a user, before the bus is empty. */
#define MAX_UNQUEUED 64U
#define MAX_UNQUEUED_PER_USER 256U
/* Messages that are read before anything else on the loop has its turn. */
#define MAX_READ 64U
#define MAX_READ_USEC 5000
/*
 * µs that go to reading before one call is served where the bus never is empty, or as long as the call
 * before took: reading one takes less time than the bus needs to bring the next.
 */
#define MIN_READ_USEC 500
/*
 * Bytes that the kernel takes from us before the bus has read them, while calls wait; the socket counts as
 * writable again below a half of that. A bus that has many to listen to reads little of us at a time, and
 * what is in the kernel is in no order but its own.
 */
#define SEND_BUFFER 16384
/* Connections that are kept in mind when they have nothing to wait for. */
#define MAX_QUIET 64U

/* Calls that were served in a round. */
typedef struct Spent {
        uint64_t round;
        unsigned calls;
} Spent;

typedef struct User {
        uid_t uid;
        unsigned references; /* of connections */
        Spent spent;
        Spent unqueued;
        GQueue ring; /* of those of his connections that have calls to be served */
        GList link;  /* in the ring of users, while there are any */
} User;

typedef struct Connection {
        User *user;
        Spent spent;
        Spent unqueued;  /* its rounds are the times that the bus was empty */
        GQueue calls;    /* of KeptCall */
        GList link;      /* in the ring of its user, while it has calls to be served */
        bool is_stopped; /* until turns_resume() */
        char name[];
} Connection;

struct Turns {
        sd_bus *bus;
        int fd;                  /* the bus's socket */
        int send_buffer;         /* as it was */
        sd_event_source *source; /* when the socket is writable; on while calls wait, or it is to be seen
                                    whether the bus is empty */
        TurnsLimits limits;
        KeptCalls *kept; /* those that wait */
        const TurnsHandler *handler;
        void *userdata;
        sd_event_source *exit_source;
        GHashTable *connections; /* by unique name, of Connection */
        GHashTable *users;       /* by uid, of User; borrowed */
        GQueue ring;             /* of users whose calls are to be served */
        unsigned waiting;        /* calls */
        int64_t read_until;      /* µs, monotonic; no call has its turn before, unless the bus is empty */
        uint64_t round;          /* callers may be served at once again */
        uint64_t emptied;        /* how often the bus was empty */
};

/* Who there is */

static User *ref_user(Turns *turns, uid_t uid)
{
        User *user = g_hash_table_lookup(turns->users, GUINT_TO_POINTER(uid));

        if (!user) {
                user = g_new(User, 1);
                *user = (User){ .uid = uid, .ring = G_QUEUE_INIT };
                user->link.data = user;
                g_hash_table_insert(turns->users, GUINT_TO_POINTER(uid), user);
        }
        user->references++;
        return user;
}

static void unref_user(Turns *turns, User *user)
{
        if (--user->references > 0)
                return;
        g_hash_table_remove(turns->users, GUINT_TO_POINTER(user->uid));
        g_free(user);
}

/* It is known whose it is once it has called. */
static void update_user(Turns *turns, Connection *connection)
{
        uid_t uid = turns->handler->find_user(connection->name, turns->userdata);

        if (connection->user && connection->user->uid == uid)
                return;
        if (connection->user)
                unref_user(turns, connection->user);
        connection->user = ref_user(turns, uid);
}

static Connection *find_connection(Turns *turns, const char *name)
{
        Connection *connection = g_hash_table_lookup(turns->connections, name);
        size_t size = strlen(name) + 1;

        if (!connection) {
                connection = g_malloc(sizeof *connection + size);
                *connection = (Connection){ .calls = G_QUEUE_INIT };
                connection->link.data = connection;
                memcpy(connection->name, name, size);
                g_hash_table_insert(turns->connections, connection->name, connection);
        }
        if (g_queue_is_empty(&connection->calls))
                update_user(turns, connection);
        return connection;
}

static void connection_free(Turns *turns, Connection *connection)
{
        KeptCall *call;

        while ((call = g_queue_pop_head(&connection->calls)))
                kept_call_free(call);
        unref_user(turns, connection->user);
        g_free(connection);
}

static gboolean free_if_quiet(void *name, void *value, void *userdata)
{
        Connection *connection = value;

        if (!g_queue_is_empty(&connection->calls) || connection->is_stopped)
                return false;
        connection_free(userdata, connection);
        return true;
}

static gboolean free_any(void *name, void *value, void *userdata)
{
        connection_free(userdata, value);
        return true;
}

/* Whose turn it is */

static void join_ring(Turns *turns, Connection *connection)
{
        User *user = connection->user;

        if (g_queue_is_empty(&user->ring))
                g_queue_push_tail_link(&turns->ring, &user->link);
        g_queue_push_tail_link(&user->ring, &connection->link);
}

/* The next one, which is in no ring then. */
static Connection *pop_ring(Turns *turns)
{
        GList *link = g_queue_pop_head_link(&turns->ring);
        User *user;

        if (!link)
                return NULL;
        user = link->data;
        link = g_queue_pop_head_link(&user->ring);
        if (!g_queue_is_empty(&user->ring))
                g_queue_push_tail_link(&turns->ring, &user->link);
        return link->data;
}

static unsigned *spent_calls(Spent *spent, uint64_t round)
{
        if (spent->round != round)
                *spent = (Spent){ .round = round };
        return &spent->calls;
}

static void look_whether_empty(Turns *turns)
{
        (void) sd_event_source_set_enabled(turns->source, SD_EVENT_ON);
}

/* True if the call needs not wait, which it then has not. */
static bool spend(Turns *turns, Connection *connection)
{
        unsigned *calls = spent_calls(&connection->spent, turns->round);
        unsigned *calls_of_user = spent_calls(&connection->user->spent, turns->round);

        if (connection->is_stopped || !g_queue_is_empty(&connection->calls) || *calls >= MAX_AT_ONCE ||
            *calls_of_user >= MAX_AT_ONCE_PER_USER)
                return false;
        if (++*calls_of_user == MAX_AT_ONCE_PER_USER)
                look_whether_empty(turns);
        if (++*calls == MAX_AT_ONCE)
                look_whether_empty(turns);
        return true;
}

/* Above what the system lets everybody have, if we may. */
static void set_send_buffer(int fd, int bytes)
{
        if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
                (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static int serve(Turns *turns, Connection *connection, sd_bus_message *call, sd_bus_error *error)
{
        int r = turns->handler->serve(call, turns->userdata, error);

        connection->is_stopped = turns->handler->must_stop(connection->name, turns->userdata);
        return r;
}

static void serve_next(Turns *turns)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(KeptCall) call = NULL;
        Connection *connection = pop_ring(turns);

        if (!connection)
                return;
        call = g_queue_pop_head(&connection->calls);
        if (--turns->waiting == 0)
                set_send_buffer(turns->fd, turns->send_buffer);
        (void) failure_bus_finish(call->message, &error, serve(turns, connection, call->message, &error));
        if (!connection->is_stopped && !g_queue_is_empty(&connection->calls))
                join_ring(turns, connection);
}

/* Zero once the bus is empty, above where it may not be; negative errno. */
static int read_bus(Turns *turns)
{
        int64_t end = g_get_monotonic_time() + MAX_READ_USEC;
        int r = 1;

        for (unsigned i = 0; i < MAX_READ && r > 0 && g_get_monotonic_time() < end; i++)
                r = sd_bus_process(turns->bus, NULL);
        return r;
}

static void begin_round(Turns *turns)
{
        turns->round++;
        if (g_hash_table_size(turns->connections) > MAX_QUIET)
                g_hash_table_foreach_remove(turns->connections, free_if_quiet, turns);
}

/* Another answer would only wait behind those. */
static bool has_unsent(const Turns *turns)
{
        uint64_t count = 0;

        return sd_bus_get_n_queued_write(turns->bus, &count) >= 0 && count > 0;
}

static int on_turn(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Turns *turns = userdata;
        int r = read_bus(turns);
        bool is_empty = r == 0;
        int64_t begin = g_get_monotonic_time();
        int64_t end;

        /* As sd-bus has it when it reads by itself: what would be read next is anybody's guess. */
        if (r < 0)
                return sd_event_exit(sd_event_source_get_event(source), r);
        turns->emptied += is_empty;
        if ((!is_empty && begin < turns->read_until) || has_unsent(turns))
                return 0;
        begin_round(turns);
        serve_next(turns);
        end = g_get_monotonic_time();
        turns->read_until = end + MAX(end - begin, MIN_READ_USEC);
        if (is_empty && g_queue_is_empty(&turns->ring))
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static void remove_source(Turns *turns)
{
        turns->source = sd_event_source_disable_unref(turns->source);
        if (turns->fd >= 0)
                (void) close(turns->fd);
        turns->fd = -1;
}

/* When the loop ends the bus has to see us go, whatever we still wait for. */
static int on_exit_loop(sd_event_source *source, void *userdata)
{
        remove_source(userdata);
        return 0;
}

/* Beside sd-bus's own source, so with a descriptor of our own. */
static int add_source(Turns *turns, sd_event *event)
{
        socklen_t size = sizeof turns->send_buffer;
        int fd = sd_bus_get_fd(turns->bus);
        int r;

        if (fd < 0)
                return fd;
        turns->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (turns->fd < 0 || getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &turns->send_buffer, &size) < 0)
                return -errno;
        /* It is told twice what it is set to. */
        turns->send_buffer /= 2;
        r = sd_event_add_exit(event, &turns->exit_source, on_exit_loop, turns);
        if (r >= 0)
                r = sd_event_add_io(event, &turns->source, turns->fd, EPOLLOUT, on_turn, turns);
        return r < 0 ? r : sd_event_source_set_enabled(turns->source, SD_EVENT_OFF);
}

int turns_new(sd_bus *bus, sd_event *event, const TurnsLimits *limits, const TurnsHandler *handler,
              void *userdata, Turns **ret)
{
        g_autoptr(Turns) turns = g_new(Turns, 1);
        int r;

        *turns = (Turns){
                .bus = bus,
                .fd = -1,
                .limits = *limits,
                .kept = kept_calls_new(limits->per_user),
                .handler = handler,
                .userdata = userdata,
                .connections = g_hash_table_new(g_str_hash, g_str_equal),
                .users = g_hash_table_new(NULL, NULL),
                .ring = G_QUEUE_INIT,
                .round = 1,
                .emptied = 1,
        };
        r = add_source(turns, event);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&turns);
        return 0;
}

Turns *turns_free(Turns *turns)
{
        if (!turns)
                return NULL;

        sd_event_source_disable_unref(turns->exit_source);
        remove_source(turns);
        g_hash_table_foreach_remove(turns->connections, free_any, turns);
        g_hash_table_unref(turns->connections);
        g_hash_table_unref(turns->users);
        kept_calls_free(turns->kept);
        g_free(turns);
        return NULL;
}

/* Takes the call. */
static void wait_for_turn(Turns *turns, Connection *connection, KeptCall *call)
{
        bool is_first = g_queue_is_empty(&connection->calls);

        g_queue_push_tail(&connection->calls, call);
        if (turns->waiting++ == 0)
                set_send_buffer(turns->fd, SEND_BUFFER);
        if (is_first && !connection->is_stopped)
                join_ring(turns, connection);
        look_whether_empty(turns);
}

int turns_take(Turns *turns, sd_bus_message *call, sd_bus_error *error)
{
        Connection *connection = find_connection(turns, sd_bus_message_get_sender(call));
        Failure *failure = NULL;
        KeptCall *kept;

        if (spend(turns, connection))
                return serve(turns, connection, call, error);
        if (connection->calls.length >= turns->limits.per_connection)
                failure = failure_new(FAILURE_LIMIT_EXCEEDED,
                                      "a connection may have %u calls waiting; wait for some of the answers",
                                      turns->limits.per_connection);
        if (!failure)
                failure = kept_call_new(turns->kept, connection->user->uid, call, &kept);
        if (failure)
                return failure_bus_take_error(error, failure);
        wait_for_turn(turns, connection, kept);
        return 1;
}

void turns_resume(Turns *turns, const char *name)
{
        Connection *connection = g_hash_table_lookup(turns->connections, name);

        if (!connection || !connection->is_stopped)
                return;
        connection->is_stopped = false;
        update_user(turns, connection);
        if (!g_queue_is_empty(&connection->calls)) {
                join_ring(turns, connection);
                look_whether_empty(turns);
        }
}

bool turns_count(Turns *turns, sd_bus_message *call)
{
        Connection *connection = find_connection(turns, sd_bus_message_get_sender(call));
        unsigned *calls = spent_calls(&connection->unqueued, turns->emptied);
        unsigned *calls_of_user = spent_calls(&connection->user->unqueued, turns->emptied);

        ++*calls_of_user;
        if (++*calls >= MAX_AT_ONCE || *calls_of_user >= MAX_AT_ONCE_PER_USER)
                look_whether_empty(turns);
        return *calls <= MAX_UNQUEUED && *calls_of_user <= MAX_UNQUEUED_PER_USER;
}

bool turns_is_busy(const Turns *turns)
{
        return turns->waiting > 0;
}
