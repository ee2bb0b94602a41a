/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listener: the service's signals, for as long as they are wanted
 *
 * Anybody on the bus can send a signal that looks like one of the service, so only what its present owner
 * sends is handed on. When the service leaves the bus it is called again after a moment, which starts it
 * where it does not come back by itself, and then everything is looked at anew.
 */
#pragma once

#include "client/ctl/context.h"

#include <systemd/sd-event.h>

typedef struct ListenerHooks {
        /* Calls the service, which starts it where need be: when listening begins, and whenever it is back.
         */
        bool (*look)(void *userdata, GError **error);
        /* A signal that one of the rules lets through. */
        void (*hear)(sd_bus_message *m, void *userdata);
        /* The service left, or cannot be called; it is tried again. Not escaped. */
        void (*lost)(const char *why, void *userdata);
        /* Match rules, without type and sender; NULL behind the last. */
        const char *const *rules;
} ListenerHooks;

typedef struct Listener Listener;

/* All is borrowed, the hooks as well. */
Listener *listener_new(Context *context, const ListenerHooks *hooks, void *userdata);
/* Gives the bus back to calls that wait for their answer. */
Listener *listener_free(Listener *listener);

/* Connects and looks for the first time. False where that fails. */
bool listener_start(Listener *listener, GError **error);
/* Only after it was started. sd_event_exit() would close the bus. */
sd_event *listener_event(Listener *listener);
/* Runs until it is told to end, whose status comes out. */
bool listener_run(Listener *listener, int *ret_status, GError **error);
void listener_end(Listener *listener, int status);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)
