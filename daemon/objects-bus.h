/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects on the bus: their properties, and GetManagedObjects
 *
 * sd-bus would answer these by itself, as they come. Asked for often they cost as much as anything else, so
 * here they are methods like all others, which take turns. What is wrong with a call, and whatever else is
 * not about our own interfaces, is left to sd-bus.
 */
#pragma once

#include "daemon/method.h"

/* Objects of one kind, as they were exported. */
typedef struct ObjectKind {
        const char *interface;
        const sd_bus_vtable *vtable;
        sd_bus_object_find_t find;
        sd_bus_node_enumerator_t enumerate; /* NULL where there is one, which is no one's child */
        size_t (*size)(const Bus *bus, const char *path); /* bytes of all properties, about */
} ObjectKind;

/* Each beside its interface. */
extern const ObjectKind manager_bus_objects, config_bus_objects, instance_bus_objects;

/* Takes such calls before sd-bus does; a filter, whose userdata is the Bus. */
int objects_bus_filter(sd_bus_message *m, void *bus, sd_bus_error *error);

/* Handlers, for the table of methods. */
MethodHandler objects_bus_method_get, objects_bus_method_get_all, objects_bus_method_get_managed;
