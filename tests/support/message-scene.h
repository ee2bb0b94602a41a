/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Message scene: a bus message with no bus
 *
 * Messages need a connection to belong to; this one goes over a socket pair to nobody. Made to be the
 * fixture of a test: fill the message, seal it, read it.
 */
#pragma once

#include "daemon/model/document.h"

#include <systemd/sd-bus.h>

typedef struct MessageScene {
        sd_bus *bus;
        int peer;
        sd_bus_message *m;
} MessageScene;

void message_scene_set_up(MessageScene *scene, const void *unused);
void message_scene_tear_down(MessageScene *scene, const void *unused);
/* From now on the message is read, from its beginning. */
void message_scene_seal(MessageScene *scene);
/* Appends all that makes the second document of the first, as a(ssvv), and seals. */
void message_scene_seal_changes(MessageScene *scene, Document *before, Document *after);
