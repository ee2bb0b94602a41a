/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A pool of connections to a server that follows the config: connection-pool FILE
 *
 * Each line of standard input is a query; threads send it over a connection of the pool and print the reply,
 * a line, too. The file says where the server is and how many connections there may be:
 *
 *   database:
 *     host: db.example.com
 *     port: 5432
 *     pool: {size: 10}
 *
 * A pool that grows lets waiting queries go on at once; one that shrinks closes idle connections, and those
 * in use when they come back. Another server is tried before it is taken: where it does not answer, the pool
 * stays with the one it has.
 *
 * The program is an instance of the config. It is asked before a version is made, and refuses a size that
 * makes no sense. Whether a server can be reached is too slow a question for that: the program holds its
 * report about a version until it knows. With the option on-failure=rollback the service then takes back
 * what failed.
 *
 * cc connection-pool.c -o connection-pool $(pkg-config --cflags --libs reconf-1)
 */
#include <reconf/reconf.h>
#include <stdio.h>

#define THREADS 32
#define TIMEOUT_SEC 10
#define MAX_SIZE 1000

typedef struct {
        GSocketConnection *stream;
        GDataInputStream *input;
        guint generation; /* of the server that it leads to */
} Connection;

typedef struct {
        ReconfConfig *config;
        ReconfInstance *instance;
        GMutex lock;   /* guards what follows */
        GCond changed; /* some of it has */
        char *host;    /* NULL at first */
        guint16 port;
        guint generation; /* one more for each other server */
        guint size;
        guint open;  /* connections of this generation, idle or in use, or about to be made */
        GQueue idle; /* of Connection, all of this generation */
} Pool;

/* Connections */

static Connection *connection_new(const char *host, guint16 port, guint generation, GError **error)
{
        g_autoptr(GSocketClient) client = g_socket_client_new();
        GSocketConnection *stream;
        Connection *connection;

        g_socket_client_set_timeout(client, TIMEOUT_SEC);
        stream = g_socket_client_connect_to_host(client, host, port, NULL, error);
        if (!stream)
                return NULL;
        connection = g_new(Connection, 1);
        *connection = (Connection){
                .stream = stream,
                .input = g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(stream))),
                .generation = generation,
        };
        return connection;
}

static void connection_free(void *data)
{
        Connection *connection = data;

        g_object_unref(connection->input);
        g_object_unref(connection->stream);
        g_free(connection);
}

static char *connection_ask(Connection *connection, const char *query, GError **error)
{
        GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(connection->stream));
        g_autofree char *line = g_strconcat(query, "\n", NULL);
        char *reply;

        if (!g_output_stream_write_all(output, line, strlen(line), NULL, NULL, error))
                return NULL;
        reply = g_data_input_stream_read_line(connection->input, NULL, NULL, error);
        if (!reply && error && !*error)
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The server has hung up");
        return reply;
}

/* The pool, for threads that ask */

static void pool_lose(Pool *pool, guint generation)
{
        g_mutex_lock(&pool->lock);
        if (generation == pool->generation)
                pool->open--;
        g_cond_broadcast(&pool->changed);
        g_mutex_unlock(&pool->lock);
}

/* Waits for a connection, or makes one where there may be more. */
static Connection *pool_take(Pool *pool, GError **error)
{
        g_autofree char *host = NULL;
        Connection *connection;
        guint generation;
        guint16 port;

        g_mutex_lock(&pool->lock);
        while (g_queue_is_empty(&pool->idle) && pool->open >= pool->size)
                g_cond_wait(&pool->changed, &pool->lock);
        connection = g_queue_pop_head(&pool->idle);
        if (!connection)
                pool->open++;
        host = g_strdup(pool->host);
        port = pool->port;
        generation = pool->generation;
        g_mutex_unlock(&pool->lock);

        if (!connection)
                connection = connection_new(host, port, generation, error);
        if (!connection)
                pool_lose(pool, generation);
        return connection;
}

/* Takes a connection back, and closes it where there is another server by now, or fewer are wanted. */
static void pool_give(Pool *pool, Connection *connection)
{
        gboolean current, keep;

        g_mutex_lock(&pool->lock);
        current = connection->generation == pool->generation;
        keep = current && pool->open <= pool->size;
        if (keep)
                g_queue_push_head(&pool->idle, connection);
        else if (current)
                pool->open--;
        g_cond_broadcast(&pool->changed);
        g_mutex_unlock(&pool->lock);
        if (!keep)
                connection_free(connection);
}

static void answer(void *data, void *pool)
{
        g_autofree char *query = data;
        g_autoptr(GError) error = NULL;
        g_autofree char *reply = NULL;
        Connection *connection = pool_take(pool, &error);

        if (connection)
                reply = connection_ask(connection, query, &error);
        if (reply) {
                pool_give(pool, connection);
                g_print("%s\n", reply);
                return;
        }
        g_printerr("%s: %s\n", query, error->message);
        if (connection) {
                pool_lose(pool, connection->generation);
                connection_free(connection);
        }
}

/* The pool, and its config */

/* The idle connections that are too many now, for the caller to close. */
static GList *pool_shrink(Pool *pool)
{
        GList *closing = NULL;

        while (pool->open > pool->size && !g_queue_is_empty(&pool->idle)) {
                closing = g_list_prepend(closing, g_queue_pop_tail(&pool->idle));
                pool->open--;
        }
        return closing;
}

/* connection is the first to the server, or NULL where the server is the same. */
static void pool_set(Pool *pool, const char *host, guint16 port, guint size, Connection *connection)
{
        GList *closing = NULL;

        g_mutex_lock(&pool->lock);
        pool->size = size;
        if (connection) {
                g_free(pool->host);
                pool->host = g_strdup(host);
                pool->port = port;
                pool->generation = connection->generation;
                pool->open = 1;
                closing = g_steal_pointer(&pool->idle.head);
                g_queue_init(&pool->idle);
                g_queue_push_head(&pool->idle, connection);
        } else {
                closing = pool_shrink(pool);
        }
        g_cond_broadcast(&pool->changed);
        g_mutex_unlock(&pool->lock);
        g_list_free_full(closing, connection_free);
        g_print("Pool: up to %u to %s:%u\n", size, host, port);
}

/* What is wrong with the numbers; NULL where nothing is. */
static const char *find_problem(ReconfSnapshot *settings)
{
        gint64 size = reconf_snapshot_get_int(settings, "database.pool.size", 10);
        gint64 port = reconf_snapshot_get_int(settings, "database.port", 5432);

        if (size < 1 || size > MAX_SIZE)
                return "database.pool.size has to be between 1 and 1000";
        if (port < 1 || port > G_MAXUINT16)
                return "database.port has to be between 1 and 65535";
        return NULL;
}

/* Makes the pool what a version says. May take long; one at a time. */
static gboolean pool_apply(Pool *pool, ReconfSnapshot *settings, GError **error)
{
        const char *host = reconf_snapshot_get_string(settings, "database.host", "localhost");
        guint16 port = (guint16) reconf_snapshot_get_int(settings, "database.port", 5432);
        guint size = (guint) reconf_snapshot_get_int(settings, "database.pool.size", 10);
        const char *problem = find_problem(settings);
        Connection *connection = NULL;

        /* This program is not asked about versions that were there before it. */
        if (problem) {
                g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, problem);
                return FALSE;
        }
        if (g_strcmp0(pool->host, host) != 0 || pool->port != port) {
                connection = connection_new(host, port, pool->generation + 1, error);
                if (!connection)
                        return FALSE;
        }
        pool_set(pool, host, port, size, connection);
        return TRUE;
}

/* In a thread of its own, which alone changes what the pool is to be. */
static void apply(void *data, void *user_data)
{
        g_autoptr(ReconfSnapshot) settings = data;
        g_autoptr(GError) error = NULL;
        Pool *pool = user_data;
        gboolean done = pool_apply(pool, settings, &error);

        if (!done)
                g_printerr("Settings not applied: %s\n", error->message);
        /* Where the service is away just now, there is nobody to tell. */
        reconf_instance_report_sync(pool->instance, reconf_snapshot_get_version(settings),
                                    done ? RECONF_REPORT_APPLIED : RECONF_REPORT_FAILED,
                                    done ? NULL : error->message, NULL, NULL);
}

static void on_changed(ReconfConfig *config, ReconfChange *change, GThreadPool *applier)
{
        reconf_change_hold(change);
        g_thread_pool_push(applier, reconf_snapshot_ref(reconf_change_get_after(change)), NULL);
}

/* Asked before a version is made; has to answer quickly. */
static gboolean on_validate(ReconfInstance *instance, ReconfChange *change, void *unused)
{
        const char *problem = find_problem(reconf_change_get_after(change));

        if (problem)
                reconf_change_reject(change, problem);
        return !problem;
}

/* The program */

typedef struct {
        Pool *pool;
        GMainLoop *loop;
} Reader;

static void *read_queries(void *data)
{
        const Reader *reader = data;
        GThreadPool *workers = g_thread_pool_new(answer, reader->pool, THREADS, FALSE, NULL);
        char line[1024];

        while (fgets(line, sizeof line, stdin))
                g_thread_pool_push(workers, g_strdup(g_strchomp(line)), NULL);
        g_thread_pool_free(workers, FALSE, TRUE);
        g_main_loop_quit(reader->loop);
        return NULL;
}

static gboolean pool_start(Pool *pool, const char *file, GError **error)
{
        g_autoptr(ReconfClient) client = reconf_client_new_sync(G_BUS_TYPE_SESSION, NULL, error);
        g_autoptr(ReconfSnapshot) settings = NULL;

        if (!client)
                return FALSE;
        pool->config = reconf_client_watch_file_sync(client, file, NULL, error);
        if (!pool->config)
                return FALSE;
        settings = reconf_config_dup_snapshot(pool->config);
        if (!pool_apply(pool, settings, error))
                return FALSE;
        pool->instance =
                        reconf_instance_new_sync(pool->config, NULL, RECONF_INSTANCE_VALIDATES, NULL, error);
        return pool->instance != NULL;
}

static void pool_run(Pool *pool)
{
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        GThreadPool *applier = g_thread_pool_new(apply, pool, 1, FALSE, NULL);
        GThread *reader = g_thread_new("reader", read_queries, &(Reader){ pool, loop });

        g_signal_connect(pool->config, "changed", G_CALLBACK(on_changed), applier);
        g_signal_connect(pool->instance, "validate", G_CALLBACK(on_validate), NULL);
        g_main_loop_run(loop);

        g_signal_handlers_disconnect_by_data(pool->config, applier);
        g_thread_pool_free(applier, FALSE, TRUE);
        g_thread_join(reader);
}

static void pool_clear(Pool *pool)
{
        g_clear_object(&pool->instance);
        g_clear_object(&pool->config);
        g_queue_clear_full(&pool->idle, connection_free);
        g_free(pool->host);
        g_cond_clear(&pool->changed);
        g_mutex_clear(&pool->lock);
}

int main(int argc, char **argv)
{
        g_autoptr(GError) error = NULL;
        Pool pool = { .idle = G_QUEUE_INIT };
        gboolean started;

        if (argc != 2) {
                g_printerr("Usage: connection-pool FILE\n");
                return EXIT_FAILURE;
        }
        g_mutex_init(&pool.lock);
        g_cond_init(&pool.changed);
        started = pool_start(&pool, argv[1], &error);
        if (started)
                pool_run(&pool);
        else
                g_printerr("%s\n", error->message);
        pool_clear(&pool);
        return started ? EXIT_SUCCESS : EXIT_FAILURE;
}
