/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of instances
 */
#pragma once

#include "client/lib/config-private.h"
#include "client/lib/reconf/instance.h"
#include "client/lib/validating.h"

struct _ReconfInstance {
        GObject parent;
        ReconfConfig *config;
        char *name;
        ReconfInstanceFlags flags;

        /* Of the config's context. */
        gulong status_handler;
        guint listener;            /* handle */
        char *owner;               /* the service's unique name where it was registered last, or NULL */
        char *former;              /* what its object was with a service that may have gone, or NULL */
        GCancellable *cancellable; /* of registering anew */
        Validating *validating;    /* or NULL */

        GMutex lock;  /* guards what follows */
        char *object; /* NULL until it is registered */
        guint validate_timeout_msec;
        GVariant *reported; /* (tss), the last by the program itself, or NULL */
};

/* Its object's path with the service; the caller's own. */
char *instance_dup_object(ReconfInstance *instance);
/* Takes the object, which may be NULL. The one before, for the caller to free, or NULL. */
char *instance_swap_object(ReconfInstance *instance, char *object);
/* Has the service forget an object, without waiting for the answer. */
void instance_unregister_object(ReconfInstance *instance, const char *object);
/* Asks the program; false where it objects. */
bool instance_emit_validate(ReconfInstance *instance, ReconfChange *change);
/* Has the service ask from now on, as it is set, in place of how it asked before. */
void instance_validate_over(ReconfInstance *instance, GDBusConnection *connection);
/* A connection to call through; G_IO_ERROR_NOT_CONNECTED, or G_IO_ERROR_NOT_SUPPORTED without the service.
 */
GDBusConnection *instance_get_connection(ReconfConfig *config, GError **error);

/* Says that it has been unregistered. */
void instance_set_ended(GError **error);
/* Stops all that it does. Its object's path, which is for the caller to unregister and to free, or NULL. */
char *instance_end(ReconfInstance *instance);

/* Reports without waiting for the answer: the version is applied. */
void instance_report_applied(ReconfInstance *instance, ReconfSnapshot *snapshot);
/*
 * To a service that has heard nothing from the instance yet: what is current is applied, unless the program
 * has said something else of it, or means to.
 */
void instance_report_current(ReconfInstance *instance);
