/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-calls DIRECTORY ROUNDS SIZE…: what is asked of the daemon over the bus
 *
 * One key changes in a file whose hot reload is off; once the daemon has announced that, Reload, then Diff
 * with the version before, then GetSnapshot, the first of its version, are each timed from call to reply.
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"

#include "introspection/names.h"

#include <errno.h>
#include <stdlib.h>

#define TIMEOUT_USEC (UINT64_C(60) * 1000000)

typedef struct Scene {
        sd_bus *bus;
        char *path; /* of the config */
        Saved *saved;
        uint64_t version;
        bool pending;
        GArray *reload, *diff, *snapshot;
} Scene;

static int on_properties(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Scene *scene = userdata;
        int pending;

        /* Which ones it was does not matter: only this one changes here. */
        check("cannot get Pending",
              sd_bus_get_property_trivial(scene->bus, RECONF_BUS_NAME, scene->path, RECONF_CONFIG_INTERFACE,
                                          "Pending", NULL, 'b', &pending));
        scene->pending = pending;
        return 0;
}

static void save_and_wait(Scene *scene)
{
        saved_prepare(scene->saved);
        saved_rename(scene->saved);
        while (!scene->pending) {
                int r = check("cannot read from the bus", sd_bus_process(scene->bus, NULL));

                if (r == 0 && !scene->pending &&
                    check("cannot wait for the bus", sd_bus_wait(scene->bus, TIMEOUT_USEC)) == 0)
                        die("the change of the file", ETIMEDOUT);
        }
        scene->pending = false;
}

static sd_bus_message *call(Scene *scene, GArray *samples, const char *method, const char *types, ...)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        uint64_t begin = now_nsec();
        va_list arguments;
        int r;

        va_start(arguments, types);
        r = sd_bus_call_methodv(scene->bus, RECONF_BUS_NAME, scene->path, RECONF_CONFIG_INTERFACE, method,
                                &error, &reply, types, arguments);
        va_end(arguments);
        if (r < 0)
                die(error.message ?: method, r);
        samples_add(samples, now_nsec() - begin);
        return reply;
}

static void measure(Scene *scene)
{
        uint64_t before = scene->version;
        sd_bus_message *reply;

        save_and_wait(scene);
        reply = call(scene, scene->reload, "Reload", "a{sv}", 0);
        check("cannot read the version", sd_bus_message_read(reply, "t", &scene->version));
        sd_bus_message_unref(reply);
        if (scene->version == before)
                die("no new version", EINVAL);
        if (before > 0)
                sd_bus_message_unref(call(scene, scene->diff, "Diff", "tt", before, UINT64_C(0)));
        sd_bus_message_unref(call(scene, scene->snapshot, "GetSnapshot", ""));
}

static void print(GArray *samples, const char *label, size_t size)
{
        g_autofree char *name = g_strdup_printf("%s-%zu", label, size);

        samples_print(samples, name);
        g_array_unref(samples);
}

static void measure_size(sd_bus *bus, const char *directory, unsigned rounds, size_t size)
{
        g_autoptr(Saved) saved = saved_new(directory, "calls", size);
        g_autofree char *path =
                        client_register(bus, "calls", saved->path, false, CLIENT_DEFAULT_DEBOUNCE, NULL);
        sd_bus_slot *slot = NULL;
        Scene scene = {
                .bus = bus,
                .path = path,
                .saved = saved,
                .reload = samples_new(),
                .diff = samples_new(),
                .snapshot = samples_new(),
        };

        check("cannot listen", sd_bus_match_signal(bus, &slot, NULL, path, "org.freedesktop.DBus.Properties",
                                                   "PropertiesChanged", on_properties, &scene));
        for (unsigned i = 0; i < rounds; i++)
                measure(&scene);
        sd_bus_slot_unref(slot);
        client_unregister(bus, "calls");

        print(scene.reload, "reload", size);
        print(scene.diff, "diff", size);
        print(scene.snapshot, "snapshot", size);
}

int main(int argc, char **argv)
{
        sd_bus *bus;

        if (argc < 4)
                return 2;
        bus = client_open();
        for (int i = 3; i < argc; i++)
                measure_size(bus, argv[1], (unsigned) g_ascii_strtoull(argv[2], NULL, 10),
                             g_ascii_strtoull(argv[i], NULL, 10));
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
