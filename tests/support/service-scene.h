/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A scene for tests of what uses the service: a bus of the test's own, which starts the daemon that was
 * built
 *
 * The environment has to name that in RECONFD. The session bus of the process is the scene's, and the user's
 * directories are in one that goes with it.
 */
#pragma once

#include "client/lib/reconf/reconf.h"

#include <gio/gio.h>

typedef struct ServiceScene {
        GTestDBus *bus;
        char *directory;
        ReconfClient *client; /* tries again after 10 ms */
} ServiceScene;

/* Runs the loop until it is so; the test's own time limit is the only one. */
#define service_scene_wait_until(condition) \
        while (!(condition))                \
        g_main_context_iteration(NULL, TRUE)

/* A test with a scene. The service ends before its bus does. */
void service_scene_add(const char *path, void (*test)(ServiceScene *scene, const void *unused));

/* Another bus, in place of one that has gone. */
void service_scene_start_bus(ServiceScene *scene);
/* Drops the client, and waits until it has gone. */
void service_scene_drop_client(ServiceScene *scene);
/* A file in the directory. */
void service_scene_save(ServiceScene *scene, const char *name, const char *text);
char *service_scene_path(ServiceScene *scene, const char *name);
/* Sends the daemon a signal. */
void service_scene_signal(ServiceScene *scene, int number);
