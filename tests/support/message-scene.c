/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/message-scene.h"

#include "daemon/document-bus.h"

#include <sys/socket.h>
#include <unistd.h>

void message_scene_set_up(MessageScene *scene, const void *unused)
{
        int fds[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
        g_assert_cmpint(sd_bus_new(&scene->bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(scene->bus, fds[0], fds[0]), >=, 0);
        g_assert_cmpint(sd_bus_start(scene->bus), >=, 0);
        scene->peer = fds[1];
        g_assert_cmpint(sd_bus_message_new_signal(scene->bus, &scene->m, "/", "a.b", "C"), >=, 0);
}

void message_scene_tear_down(MessageScene *scene, const void *unused)
{
        sd_bus_message_unref(scene->m);
        sd_bus_close(scene->bus);
        sd_bus_unref(scene->bus);
        close(scene->peer);
}

void message_scene_seal(MessageScene *scene)
{
        g_assert_cmpint(sd_bus_message_seal(scene->m, 1, 0), >=, 0);
        g_assert_cmpint(sd_bus_message_rewind(scene->m, true), >=, 0);
}

void message_scene_seal_changes(MessageScene *scene, Document *before, Document *after)
{
        g_autoptr(Changes) changes = changes_new(before, after);
        bool truncated;

        g_assert_cmpint(document_bus_append_changes(scene->m, changes, UINT64_MAX, &truncated), >=, 0);
        g_assert_false(truncated);
        message_scene_seal(scene);
}
