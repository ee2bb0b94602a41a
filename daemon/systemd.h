/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Systemd: the service manager on our own bus
 *
 * On the system bus that is the machine's, on a user's bus the user's. While somebody listens, its signals
 * are asked for; they count only where they come from whoever owns its name, since anybody may send one to
 * us. It is never started by being called: where it is not there already, it is not going to be.
 */
#pragma once

#include "daemon/settings.h"

#include <systemd/sd-bus.h>

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_UNIT_PATH SYSTEMD_PATH "/unit"
#define SYSTEMD_MANAGER_INTERFACE SYSTEMD_NAME ".Manager"
#define SYSTEMD_UNIT_INTERFACE SYSTEMD_NAME ".Unit"
#define SYSTEMD_SERVICE_INTERFACE SYSTEMD_NAME ".Service"

typedef struct Systemd Systemd;

typedef struct SystemdListener {
        /* The job of this object path has come to an end. */
        void (*job_removed)(const char *job, const char *result, void *userdata);
        /* Something about the service of this object path is different. */
        void (*unit_changed)(const char *unit, void *userdata);
        /* Somebody else is the manager now, or it has begun anew: what was under way may never be told of.
         */
        void (*replaced)(void *userdata);
} SystemdListener;

/* Listens until it is freed. event is the one that the bus is attached to, or is going to be. */
Systemd *systemd_new(sd_bus *bus, sd_event *event, Scope scope, const SystemdListener *listener,
                     void *userdata);
Systemd *systemd_free(Systemd *systemd);

/* A call of a method that takes as many strings as are given, up to the NULL; negative errno. */
int systemd_call(Systemd *systemd, sd_bus_slot **slot, const char *path, const char *interface,
                 const char *method, sd_bus_message_handler_t reply, void *userdata,
                 ...) G_GNUC_NULL_TERMINATED;

sd_event *systemd_event(const Systemd *systemd);
/* How a person asks it, for messages. */
const char *systemd_command(const Systemd *systemd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Systemd, systemd_free)
