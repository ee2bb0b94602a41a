/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A rate limiter whose limits follow the config: rate-limiter FILE
 *
 * Each line of standard input is a request, by the address of the client that makes it. Four threads answer,
 * each with "allowed ADDRESS" or "denied ADDRESS". The file says how many requests a client may make in
 * which time, and which networks are exempt:
 *
 *   server:
 *     rate-limit: {requests: 100, per-seconds: 60, exempt: [10.0.0.0/8]}
 *
 * It shows both ways to use a config. Plain values are read where they are needed, at each request: that
 * costs less than the lock beside it. What has to be made of values first, here the networks, is made anew
 * when they change.
 *
 * cc rate-limiter.c -o rate-limiter $(pkg-config --cflags --libs reconf-1)
 */
#include <reconf/reconf.h>
#include <stdio.h>

#define THREADS 4
#define FORGET_INTERVAL_SEC 60
#define RATE_LIMIT "server.rate-limit"

/* A leaky bucket: what a client has asked for flows off at the rate allowed. It holds no limit, so it needs
 * no adjusting when limits change. */
typedef struct {
        double level;   /* requests that still count */
        gint64 updated; /* µs, monotonic */
} Meter;

typedef struct {
        ReconfConfig *config;
        GMutex lock;        /* guards what follows */
        GHashTable *meters; /* address to Meter */
        GPtrArray *exempt;  /* of GInetAddressMask */
} Limiter;

static void drain(Meter *meter, double requests, double seconds, gint64 now)
{
        double drained = (double) (now - meter->updated) / G_USEC_PER_SEC * requests / seconds;

        meter->level = MAX(meter->level - drained, 0);
        meter->updated = now;
}

/* One snapshot for both: of two reads from the config, a change might come in between. */
static void read_limits(ReconfConfig *config, double *requests, double *seconds)
{
        g_autoptr(ReconfSnapshot) snapshot = reconf_config_dup_snapshot(config);

        *requests = reconf_snapshot_get_double(snapshot, RATE_LIMIT ".requests", 100);
        *seconds = MAX(reconf_snapshot_get_double(snapshot, RATE_LIMIT ".per-seconds", 60), 0.001);
}

static gboolean is_exempt(Limiter *limiter, const char *client)
{
        g_autoptr(GInetAddress) address = g_inet_address_new_from_string(client);

        for (guint i = 0; address && i < limiter->exempt->len; i++)
                if (g_inet_address_mask_matches(limiter->exempt->pdata[i], address))
                        return TRUE;
        return FALSE;
}

static gboolean is_within_limits(Limiter *limiter, const char *client, double requests, double seconds)
{
        Meter *meter = g_hash_table_lookup(limiter->meters, client);
        gint64 now = g_get_monotonic_time();

        if (!meter) {
                meter = g_new(Meter, 1);
                *meter = (Meter){ .updated = now };
                g_hash_table_insert(limiter->meters, g_strdup(client), meter);
        }
        drain(meter, requests, seconds, now);
        if (meter->level + 1 > requests)
                return FALSE;
        meter->level += 1;
        return TRUE;
}

static gboolean limiter_admit(Limiter *limiter, const char *client)
{
        double requests, seconds;
        gboolean admitted;

        read_limits(limiter->config, &requests, &seconds);
        g_mutex_lock(&limiter->lock);
        admitted = is_exempt(limiter, client) || is_within_limits(limiter, client, requests, seconds);
        g_mutex_unlock(&limiter->lock);
        return admitted;
}

static void apply_exempt(Limiter *limiter)
{
        g_autoptr(GPtrArray) exempt = g_ptr_array_new_with_free_func(g_object_unref);
        g_auto(GStrv) networks = reconf_config_dup_strv(limiter->config, RATE_LIMIT ".exempt");

        for (char **network = networks; network && *network; network++) {
                g_autoptr(GError) error = NULL;
                GInetAddressMask *mask = g_inet_address_mask_new_from_string(*network, &error);

                if (mask)
                        g_ptr_array_add(exempt, mask);
                else
                        g_warning(RATE_LIMIT ".exempt: %s; leaving it out", error->message);
        }
        g_print("Exempt networks: %u\n", exempt->len);

        g_mutex_lock(&limiter->lock);
        g_ptr_array_unref(limiter->exempt);
        limiter->exempt = g_steal_pointer(&exempt);
        g_mutex_unlock(&limiter->lock);
}

/* Clients that have been quiet for long enough need no memory. */
static gboolean forget_quiet_clients(void *data)
{
        Limiter *limiter = data;
        double requests, seconds;
        gint64 now = g_get_monotonic_time();
        GHashTableIter iter;
        void *meter;

        read_limits(limiter->config, &requests, &seconds);
        g_mutex_lock(&limiter->lock);
        g_hash_table_iter_init(&iter, limiter->meters);
        while (g_hash_table_iter_next(&iter, NULL, &meter)) {
                drain(meter, requests, seconds, now);
                if (((Meter *) meter)->level <= 0)
                        g_hash_table_iter_remove(&iter);
        }
        g_mutex_unlock(&limiter->lock);
        return G_SOURCE_CONTINUE;
}

static void answer(void *data, void *limiter)
{
        g_autofree char *client = data;

        g_print("%s %s\n", limiter_admit(limiter, client) ? "allowed" : "denied", client);
}

typedef struct {
        Limiter *limiter;
        GMainLoop *loop;
} Server;

static void *serve(void *data)
{
        const Server *server = data;
        GThreadPool *workers = g_thread_pool_new(answer, server->limiter, THREADS, FALSE, NULL);
        char line[256];

        while (fgets(line, sizeof line, stdin))
                g_thread_pool_push(workers, g_strdup(g_strstrip(line)), NULL);
        g_thread_pool_free(workers, FALSE, TRUE);
        g_main_loop_quit(server->loop);
        return NULL;
}

int main(int argc, char **argv)
{
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        g_autoptr(GError) error = NULL;
        g_autoptr(ReconfClient) client = reconf_client_new_sync(G_BUS_TYPE_SESSION, NULL, &error);
        g_autoptr(ReconfConfig) config = NULL;
        Limiter limiter = { 0 };
        GThread *server;

        if (client && argc == 2)
                config = reconf_client_watch_file_sync(client, argv[1], NULL, &error);
        if (!config) {
                g_printerr("%s\n", error ? error->message : "Usage: rate-limiter FILE");
                return EXIT_FAILURE;
        }
        limiter.config = config;
        limiter.meters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        limiter.exempt = g_ptr_array_new();
        g_mutex_init(&limiter.lock);
        g_signal_connect_swapped(config, "changed::" RATE_LIMIT ".exempt", G_CALLBACK(apply_exempt),
                                 &limiter);
        apply_exempt(&limiter);
        g_timeout_add_seconds(FORGET_INTERVAL_SEC, forget_quiet_clients, &limiter);

        server = g_thread_new("server", serve, &(Server){ &limiter, loop });
        g_main_loop_run(loop);

        g_thread_join(server);
        g_signal_handlers_disconnect_by_data(config, &limiter);
        g_ptr_array_unref(limiter.exempt);
        g_hash_table_unref(limiter.meters);
        g_mutex_clear(&limiter.lock);
        return EXIT_SUCCESS;
}
