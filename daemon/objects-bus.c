/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/objects-bus.h"

#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"
#include "daemon/turns.h"
#include "introspection/names.h"

#include <errno.h>

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define INTROSPECTABLE "org.freedesktop.DBus.Introspectable"

static const ObjectKind *const kinds[] = { &config_bus_objects, &instance_bus_objects,
                                           &manager_bus_objects };

static bool has_object(const ObjectKind *kind, Bus *bus, const char *path)
{
        void *found;

        return kind->find(bus->bus, path, kind->interface, bus, &found, NULL) > 0;
}

/* The kind of the object at a path, if it has that interface. */
static const ObjectKind *find_kind(Bus *bus, const char *path, const char *interface)
{
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
                if (g_str_equal(kinds[i]->interface, interface) && has_object(kinds[i], bus, path))
                        return kinds[i];
        return NULL;
}

/* Properties, by the table that sd-bus was given */

static const sd_bus_vtable *next_property(const sd_bus_vtable *entry)
{
        for (entry++; entry->type != _SD_BUS_VTABLE_END; entry++)
                if (entry->type == _SD_BUS_VTABLE_PROPERTY)
                        return entry;
        return NULL;
}

static const sd_bus_vtable *find_property(const ObjectKind *kind, const char *name)
{
        const sd_bus_vtable *property = kind->vtable;

        while ((property = next_property(property)))
                if (g_str_equal(property->x.property.member, name))
                        return property;
        return NULL;
}

static int append_value(sd_bus_message *m, const ObjectKind *kind, const sd_bus_vtable *property,
                        const char *path, Bus *bus)
{
        int r = sd_bus_message_open_container(m, 'v', property->x.property.signature);

        if (r >= 0)
                r = property->x.property.get(bus->bus, path, kind->interface, property->x.property.member, m,
                                             bus, NULL);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_properties(sd_bus_message *m, const ObjectKind *kind, const char *path, Bus *bus)
{
        const sd_bus_vtable *property = kind->vtable;
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        while (r >= 0 && (property = next_property(property))) {
                r = sd_bus_message_open_container(m, 'e', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(m, "s", property->x.property.member);
                if (r >= 0)
                        r = append_value(m, kind, property, path, bus);
                if (r >= 0)
                        r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The kind of the object that is called, which may have gone while the call waited, and an empty answer. */
static int begin_reply(sd_bus_message *m, Bus *bus, const char *interface, const ObjectKind **ret_kind,
                       sd_bus_message **ret, sd_bus_error *error)
{
        const char *path = sd_bus_message_get_path(m);

        *ret_kind = find_kind(bus, path, interface);
        if (!*ret_kind)
                return sd_bus_error_setf(error, SD_BUS_ERROR_UNKNOWN_OBJECT, "Unknown object '%s'.", path);
        return sd_bus_message_new_method_return(m, ret);
}

int objects_bus_method_get(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *interface, *name;
        const ObjectKind *kind;
        int r = sd_bus_message_read(m, "ss", &interface, &name);

        if (r >= 0)
                r = begin_reply(m, bus, interface, &kind, &reply, error);
        if (r >= 0)
                r = append_value(reply, kind, find_property(kind, name), sd_bus_message_get_path(m), bus);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int objects_bus_method_get_all(sd_bus_message *m, const Caller *caller, void *bus, sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const ObjectKind *kind;
        const char *interface;
        int r = sd_bus_message_read(m, "s", &interface);

        if (r >= 0)
                r = begin_reply(m, bus, interface, &kind, &reply, error);
        if (r >= 0)
                r = append_properties(reply, kind, sd_bus_message_get_path(m), bus);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* Objects */

/* With the interfaces that every object has, as when it is announced. */
static int append_object(sd_bus_message *m, const ObjectKind *kind, const char *path, Bus *bus)
{
        int r = sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");

        if (r >= 0)
                r = sd_bus_message_append(m, "o", path);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sa{sv}}{sa{sv}}{sa{sv}}", "org.freedesktop.DBus.Peer", 0,
                                          INTROSPECTABLE, 0, PROPERTIES, 0);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'e', "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", kind->interface);
        if (r >= 0)
                r = append_properties(m, kind, path, bus);
        for (unsigned open = 3; open > 0 && r >= 0; open--)
                r = sd_bus_message_close_container(m);
        return r;
}

/* FAILURE_TOO_LARGE is set as error, and is negative. */
static int append_objects(sd_bus_message *m, const ObjectKind *kind, Bus *bus, size_t *size,
                          sd_bus_error *error)
{
        g_auto(GStrv) paths = NULL;
        Failure *failure;
        int r = kind->enumerate(bus->bus, RECONF_MANAGER_PATH, bus, &paths, NULL);

        for (char **path = paths; r >= 0 && *path; path++) {
                *size += kind->size(bus, *path);
                failure = config_bus_check_list(*size);
                if (failure)
                        return failure_bus_take_error(error, failure);
                r = append_object(m, kind, *path, bus);
        }
        return r;
}

int objects_bus_method_get_managed(sd_bus_message *m, const Caller *caller, void *userdata,
                                   sd_bus_error *error)
{
        g_autoptr(sd_bus_message) reply = NULL;
        size_t size = 0;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
        for (size_t i = 0; i < G_N_ELEMENTS(kinds) && r >= 0; i++)
                if (kinds[i]->enumerate)
                        r = append_objects(reply, kinds[i], userdata, &size, error);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* Calls */

/* True if it will be answered with a property, or all of an interface. */
static bool asks_for_property(sd_bus_message *m, Bus *bus)
{
        bool is_one = sd_bus_message_is_method_call(m, PROPERTIES, "Get") > 0;
        const char *interface, *name;
        const ObjectKind *kind = NULL;

        if (!is_one && sd_bus_message_is_method_call(m, PROPERTIES, "GetAll") <= 0)
                return false;
        if (sd_bus_message_has_signature(m, is_one ? "ss" : "s") > 0 &&
            sd_bus_message_read_basic(m, 's', &interface) > 0)
                kind = find_kind(bus, sd_bus_message_get_path(m), interface);
        if (kind && is_one && (sd_bus_message_read_basic(m, 's', &name) <= 0 || !find_property(kind, name)))
                kind = NULL;
        (void) sd_bus_message_rewind(m, true);
        return kind;
}

static bool asks_for_objects(sd_bus_message *m)
{
        return sd_bus_message_is_method_call(m, OBJECT_MANAGER, "GetManagedObjects") > 0 &&
               g_strcmp0(sd_bus_message_get_path(m), RECONF_MANAGER_PATH) == 0 &&
               sd_bus_message_is_empty(m) > 0;
}

/* What sd-bus answers by itself, and has to look for. */
static bool is_for_all_objects(sd_bus_message *m)
{
        return sd_bus_message_is_method_call(m, INTROSPECTABLE, NULL) > 0 ||
               sd_bus_message_is_method_call(m, PROPERTIES, NULL) > 0 ||
               sd_bus_message_is_method_call(m, OBJECT_MANAGER, NULL) > 0;
}

int objects_bus_filter(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;

        if (asks_for_property(m, bus) || asks_for_objects(m))
                return method_dispatch(m, bus, error);
        if (!is_for_all_objects(m))
                return 0;
        /* None of these changes anything. */
        if (sd_bus_message_get_expect_reply(m) == 0)
                return 1;
        if (!turns_count(bus->turns, m))
                return failure_bus_take_error(
                                error, failure_new(FAILURE_LIMIT_EXCEEDED,
                                                   "this connection makes more calls than can be answered; "
                                                   "wait for some of the answers"));
        return 0;
}
