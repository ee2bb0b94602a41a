/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configs of programs that do not depend on the service
 *
 * The service is asked first: it may hold a version that is better than what the files hold, such as the
 * last good one. Whatever keeps it from answering, the files are read instead, and the config goes over
 * later (moving).
 */
#include "client/lib/client-private.h"
#include "client/lib/config-private.h"
#include "client/lib/moving.h"

/* What is asked for; all is its own. */
typedef struct Wanted {
        GBusType bus_type;
        char *name; /* NULL: whatever config has the file */
        char **files;
        GVariant *options;    /* or NULL */
        ReconfClient *client; /* or NULL */
} Wanted;

static Wanted *wanted_new(GBusType bus_type, const char *name, const char *const *files, GVariant *options)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        Wanted *wanted = g_new0(Wanted, 1);

        for (; *files; files++) {
                g_autofree char *path = g_canonicalize_filename(*files, NULL);

                g_strv_builder_add(builder, path);
        }
        wanted->bus_type = bus_type;
        wanted->name = g_strdup(name);
        wanted->files = g_strv_builder_end(builder);
        wanted->options = options ? g_variant_ref_sink(options) : NULL;
        return wanted;
}

static void wanted_free(void *data)
{
        Wanted *wanted = data;

        g_free(wanted->name);
        g_strfreev(wanted->files);
        g_clear_pointer(&wanted->options, g_variant_unref);
        g_clear_object(&wanted->client);
        g_free(wanted);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Wanted, wanted_free)

static Registration registration_of(const Wanted *wanted)
{
        return (Registration){
                .name = wanted->name,
                .files = (const char *const *) wanted->files,
                .options = wanted->options,
                .is_known = true,
        };
}

/* Of the files, in the thread-default context. */
static ReconfConfig *fall_back(Wanted *wanted, GError **error)
{
        const Registration registration = registration_of(wanted);
        ReconfConfig *config = reconf_config_new_for_files(registration.files, wanted->options, error);

        if (!config)
                return NULL;
        if (!wanted->client)
                wanted->client = client_new_trying(wanted->bus_type);
        config->client = g_object_ref(wanted->client);
        config->moving = moving_new(config, wanted->client, &registration);
        return config;
}

/* One of which the service never had a version is none that a program could begin with. */
static bool is_empty(ReconfConfig *config)
{
        return config && reconf_config_get_version(config) == 0;
}

static bool is_cancelled(const GError *error)
{
        return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static ReconfConfig *open_sync(Wanted *wanted, GCancellable *cancellable, GError **error)
{
        const Registration registration = registration_of(wanted);
        g_autoptr(GError) failure = NULL;
        ReconfConfig *config = NULL;

        wanted->client = reconf_client_new_sync(wanted->bus_type, cancellable, &failure);
        if (wanted->client)
                config = config_bus_open_sync(wanted->client, &registration, NULL, cancellable, &failure);
        if (is_cancelled(failure)) {
                g_propagate_error(error, g_steal_pointer(&failure));
                return NULL;
        }
        if (is_empty(config))
                g_clear_object(&config);
        return config ?: fall_back(wanted, error);
}

/* The config is the service's, or else of the files. Takes both. */
static void finish(GTask *task, ReconfConfig *config, GError *failure)
{
        g_autoptr(GTask) owned = task;
        g_autoptr(GError) error = failure;

        if (is_empty(config))
                g_clear_object(&config);
        if (!config && !is_cancelled(error)) {
                g_clear_error(&error);
                g_main_context_push_thread_default(g_task_get_context(task));
                config = fall_back(g_task_get_task_data(task), &error);
                g_main_context_pop_thread_default(g_task_get_context(task));
        }
        if (config)
                g_task_return_pointer(owned, config, g_object_unref);
        else
                g_task_return_error(owned, g_steal_pointer(&error));
}

static void on_opened(GObject *source, GAsyncResult *result, void *data)
{
        GError *error = NULL;
        ReconfConfig *config = g_task_propagate_pointer(G_TASK(result), &error);

        finish(data, config, error);
}

static void on_client(GObject *source, GAsyncResult *result, void *data)
{
        GTask *task = data;
        Wanted *wanted = g_task_get_task_data(task);
        const Registration registration = registration_of(wanted);
        GCancellable *cancellable = g_task_get_cancellable(task);
        GError *error = NULL;

        wanted->client = reconf_client_new_finish(result, &error);
        if (wanted->client)
                config_bus_open(wanted->client, &registration, NULL,
                                g_task_new(wanted->client, cancellable, on_opened, task));
        else
                finish(task, NULL, error);
}

static void open_async(Wanted *wanted, GCancellable *cancellable, GAsyncReadyCallback callback,
                       void *user_data)
{
        GTask *task = g_task_new(NULL, cancellable, callback, user_data);

        g_task_set_source_tag(task, open_async);
        g_task_set_task_data(task, wanted, wanted_free);
        reconf_client_new(wanted->bus_type, cancellable, on_client, task);
}

/**
 * reconf_config_open:
 * @bus_type: %G_BUS_TYPE_SYSTEM or %G_BUS_TYPE_SESSION: where the service is, if it is
 * @file: (type filename): a file
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done, in the caller's thread-default main context
 * @user_data: for @callback
 *
 * Opens the config of a file, for programs that are not to depend on the service.
 *
 * Where the service is there, its config of the file is taken, as [method@Reconf.Client.watch_file] does:
 * the first that has this file in it, or else a new one. Where there is no bus, no service, or no right to
 * have the file watched, the program reads and watches it by itself, as [ctor@Reconf.Config.new_for_file]
 * does.
 *
 * In the second case the config goes over to the service as soon as that is possible: when the service
 * appears on the bus, when the bus does, and when somebody has registered the file. What the service has
 * active counts from then on. If it differs from what was read last, that is one change; if it does not,
 * nothing is told but [property@Reconf.Config:name], [property@Reconf.Config:version], which is the
 * service's from then on and may be lower, and [property@Reconf.Config:object-path], which is %NULL until
 * then. A config of which the service never had a good version is waited for. A file that is saved in the
 * moment of going over may be told of twice, when the service has yet to read it: as what it was, then as
 * what it is.
 *
 * There is no way back. While the service is away after that, what was read last can be read, as with every
 * config of the service's, and changes are heard when it returns: what is in the file meanwhile may be what
 * the service would refuse, or what nobody has told it to apply.
 *
 * How often the service is looked for is for the client to say, see [method@Reconf.Config.get_client] and
 * [property@Reconf.Client:max-reconnect-attempts].
 *
 * Errors: those of reading the file, and %G_IO_ERROR_CANCELLED.
 */
void reconf_config_open(GBusType bus_type, const char *file, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
        const char *const files[] = { file, NULL };

        g_return_if_fail(file);

        open_async(wanted_new(bus_type, NULL, files, NULL), cancellable, callback, user_data);
}

/**
 * reconf_config_open_files:
 * @bus_type: %G_BUS_TYPE_SYSTEM or %G_BUS_TYPE_SESSION: where the service is, if it is
 * @name: what the config is called, or is to be called
 * @files: (array zero-terminated=1): files: the base, then layers over it
 * @options: (nullable): an `a{sv}` of the options of `RegisterConfig`; without the service, those of
 *   [ctor@Reconf.Config.new_for_files] mean something
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done, in the caller's thread-default main context
 * @user_data: for @callback
 *
 * As [func@Reconf.Config.open], for several files, or with options. A config of that name that the service
 * has is taken as it is, whatever its files are: whoever runs the machine may have reason to have it
 * otherwise.
 *
 * Errors: those of reading the files, %RECONF_ERROR_INVALID_ARGUMENT for options, and %G_IO_ERROR_CANCELLED.
 */
void reconf_config_open_files(GBusType bus_type, const char *name, const char *const *files,
                              GVariant *options, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data)
{
        g_return_if_fail(name && files && *files);

        open_async(wanted_new(bus_type, name, files, options), cancellable, callback, user_data);
}

/**
 * reconf_config_open_finish:
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [func@Reconf.Config.open] and [func@Reconf.Config.open_files].
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_config_open_finish(GAsyncResult *result, GError **error)
{
        g_return_val_if_fail(g_async_result_is_tagged(result, open_async), NULL);

        return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * reconf_config_open_sync: (constructor)
 * @bus_type: %G_BUS_TYPE_SYSTEM or %G_BUS_TYPE_SESSION: where the service is, if it is
 * @file: (type filename): a file
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [func@Reconf.Config.open], but waits: a service that does not answer is waited for 25 seconds.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_config_open_sync(GBusType bus_type, const char *file, GCancellable *cancellable,
                                      GError **error)
{
        const char *const files[] = { file, NULL };
        g_autoptr(Wanted) wanted = NULL;

        g_return_val_if_fail(file, NULL);

        wanted = wanted_new(bus_type, NULL, files, NULL);
        return open_sync(wanted, cancellable, error);
}

/**
 * reconf_config_open_files_sync: (constructor)
 * @bus_type: %G_BUS_TYPE_SYSTEM or %G_BUS_TYPE_SESSION: where the service is, if it is
 * @name: what the config is called, or is to be called
 * @files: (array zero-terminated=1): files: the base, then layers over it
 * @options: (nullable): as for [func@Reconf.Config.open_files]
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [func@Reconf.Config.open_files], but waits.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_config_open_files_sync(GBusType bus_type, const char *name, const char *const *files,
                                            GVariant *options, GCancellable *cancellable, GError **error)
{
        g_autoptr(Wanted) wanted = NULL;

        g_return_val_if_fail(name && files && *files, NULL);

        wanted = wanted_new(bus_type, name, files, options);
        return open_sync(wanted, cancellable, error);
}
