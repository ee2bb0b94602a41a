/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opening a config of the service's: to find it, or to have it registered
 */
#include "client/lib/config-bus-private.h"

#include "client/lib/bus-call.h"
#include "client/lib/interfaces.h"
#include "client/lib/object-path.h"
#include "client/lib/reconf/error.h"
#include "daemon/model/decode.h"
#include "introspection/names.h"

#include <string.h>

/* What is asked next. */
typedef enum Step {
        STEP_FIND,     /* whether there is a config of the file */
        STEP_REGISTER, /* it, or the file under a name made of its own */
        STEP_RENAME,   /* the same under another name: that one is taken */
        STEP_GET,      /* the config of that name */
} Step;

typedef struct Opening {
        ReconfClient *client;
        char *name; /* NULL until one is made */
        bool name_is_made;
        char **files;
        GVariant *options;
        char **paths;
        Step step;
        ReconfConfig *config; /* what goes over, or NULL */
} Opening;

static Opening *opening_new(ReconfClient *client, const Registration *registration, const char *const *paths)
{
        Opening *opening = g_new(Opening, 1);

        *opening = (Opening){
                .client = g_object_ref(client),
                .name = g_strdup(registration->name),
                .files = g_strdupv((char **) registration->files),
                .options = g_variant_ref_sink(registration->options ?: g_variant_new("a{sv}", NULL)),
                .paths = g_strdupv((char **) paths),
        };
        if (!opening->name)
                opening->step = STEP_FIND;
        else
                opening->step = opening->files && !registration->is_known ? STEP_REGISTER : STEP_GET;
        return opening;
}

static void opening_free(void *data)
{
        Opening *opening = data;

        g_object_unref(opening->client);
        g_free(opening->name);
        g_strfreev(opening->files);
        g_variant_unref(opening->options);
        g_strfreev(opening->paths);
        g_clear_object(&opening->config);
        g_free(opening);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Opening, opening_free)

/* A name made of a file's: config.yaml is config, and config-1a2b3c4d where that is taken. */
static char *make_name(const char *file, bool unique)
{
        static const char allowed[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-";
        g_autofree char *name = g_path_get_basename(file);
        char *dot = strrchr(name, '.');

        if (dot && dot > name)
                *dot = '\0';
        g_strcanon(name, allowed, '-');
        if (!g_ascii_isalnum(*name))
                name[0] = 'c';
        if (strlen(name) > 100)
                name[100] = '\0';
        return unique ? g_strdup_printf("%s-%08x", name, g_str_hash(file)) : g_steal_pointer(&name);
}

static const char *next_call(Opening *opening, GVariant **arguments)
{
        switch (opening->step) {
        case STEP_FIND:
                *arguments = g_variant_new("(s)", opening->files[0]);
                return "GetConfigByFile";
        case STEP_REGISTER:
        case STEP_RENAME:
                if (!opening->name) {
                        opening->name = make_name(opening->files[0], opening->step == STEP_RENAME);
                        opening->name_is_made = true;
                }
                *arguments = g_variant_new("(s^as@a{sv})", opening->name, opening->files, opening->options);
                return "RegisterConfig";
        case STEP_GET:
                *arguments = g_variant_new("(s)", opening->name);
                return "GetConfig";
        }
        g_assert_not_reached();
}

/*
 * Takes the answer. The object, or NULL where there is more to ask, or the error stands.
 */
static char *take_answer(Opening *opening, GVariant *reply, GError **error)
{
        g_autoptr(GVariantIter) objects = NULL;
        const char *object = NULL;

        switch (opening->step) {
        case STEP_FIND:
                if (!reply)
                        return NULL;
                g_variant_get(reply, "(ao)", &objects);
                if (g_variant_iter_next(objects, "&o", &object)) {
                        opening->name = object_path_to_config(object);
                        g_clear_pointer(&opening->files, g_strfreev);
                        return g_strdup(object);
                }
                opening->step = STEP_REGISTER;
                return NULL;
        case STEP_REGISTER:
                if (!reply && opening->name_is_made &&
                    g_error_matches(*error, RECONF_ERROR, RECONF_ERROR_ALREADY_REGISTERED)) {
                        g_clear_error(error);
                        g_clear_pointer(&opening->name, g_free);
                        opening->step = STEP_RENAME;
                        return NULL;
                }
                break;
        case STEP_RENAME:
                break;
        case STEP_GET:
                if (!reply && opening->files &&
                    g_error_matches(*error, RECONF_ERROR, RECONF_ERROR_NO_SUCH_CONFIG)) {
                        g_clear_error(error);
                        opening->step = STEP_REGISTER;
                        return NULL;
                }
                g_clear_pointer(&opening->files, g_strfreev);
                break;
        }
        if (!reply)
                return NULL;
        g_variant_get(reply, "(&o)", &object);
        return g_strdup(object);
}

static ConfigBus *make_bus(const Opening *opening, const char *object)
{
        return config_bus_new(opening->client, opening->name, object, opening->files, opening->options,
                              opening->paths);
}

ReconfConfig *config_bus_open_sync(ReconfClient *client, const Registration *registration,
                                   const char *const *paths, GCancellable *cancellable, GError **error)
{
        g_autoptr(Opening) opening = opening_new(client, registration, paths);
        g_autoptr(GDBusConnection) connection = client_get_connection(client, error);
        g_autofree char *object = NULL;
        g_autoptr(ConfigBus) bus = NULL;

        if (!connection)
                return NULL;
        while (!object) {
                g_autoptr(GError) failure = NULL;
                g_autoptr(GVariant) reply = NULL;
                GVariant *arguments;
                const char *method = next_call(opening, &arguments);

                reply = bus_call_sync(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH,
                                      method, arguments, NULL, cancellable, &failure);
                object = take_answer(opening, reply, &failure);
                if (failure) {
                        g_propagate_error(error, g_steal_pointer(&failure));
                        return NULL;
                }
        }
        bus = make_bus(opening, object);
        return config_bus_start_sync(bus, cancellable, error);
}

static void ask_next(GTask *task, GDBusConnection *connection);

static void on_answer(GObject *source, GAsyncResult *result, void *data)
{
        g_autoptr(GTask) task = data;
        Opening *opening = g_task_get_task_data(task);
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = bus_call_finish(G_DBUS_CONNECTION(source), result, NULL, &error);
        g_autofree char *object = take_answer(opening, reply, &error);

        if (error) {
                g_task_return_error(task, g_steal_pointer(&error));
        } else if (object) {
                g_autoptr(ConfigBus) bus = make_bus(opening, object);

                if (opening->config)
                        config_bus_join(bus, opening->config, task);
                else
                        config_bus_start(bus, task);
        } else {
                ask_next(task, G_DBUS_CONNECTION(source));
        }
}

static void ask_next(GTask *task, GDBusConnection *connection)
{
        Opening *opening = g_task_get_task_data(task);
        GVariant *arguments;
        const char *method = next_call(opening, &arguments);
        GCancellable *cancellable = g_task_get_cancellable(task);

        /* What goes over by itself has nobody start the service. */
        if (opening->config)
                bus_call_running(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH,
                                 method, arguments, cancellable, on_answer, g_object_ref(task));
        else
                bus_call(connection, &org_reconf_reconf1_manager_interface, RECONF_MANAGER_PATH, method,
                         arguments, cancellable, on_answer, g_object_ref(task));
}

/* Takes the task. */
static void begin(GTask *task, Opening *opening)
{
        G_GNUC_UNUSED g_autoptr(GTask) owned = task;
        g_autoptr(GError) error = NULL;
        g_autoptr(GDBusConnection) connection = client_get_connection(opening->client, &error);

        g_task_set_task_data(task, opening, opening_free);
        if (connection)
                ask_next(task, connection);
        else
                g_task_return_error(task, g_steal_pointer(&error));
}

void config_bus_open(ReconfClient *client, const Registration *registration, const char *const *paths,
                     GTask *task)
{
        begin(task, opening_new(client, registration, paths));
}

void config_bus_take_over(ReconfClient *client, const Registration *registration, ReconfConfig *config,
                          GTask *task)
{
        Opening *opening = opening_new(client, registration, NULL);

        opening->config = g_object_ref(config);
        begin(task, opening);
}
