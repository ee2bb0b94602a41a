/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FUSE server: a file system with one file, which may hang
 *
 * Speaks as much of the kernel's protocol as stat() needs. The file is called "f". A server that is mute
 * never answers anything: whoever touches its mount waits until it is stopped.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct FuseServer FuseServer;

/* Mounts on a directory; NULL where that is not to be had. */
FuseServer *fuse_server_new(const char *directory, bool mute);
/* The file has another size from now on. No event comes of it. */
void fuse_server_change(FuseServer *server);
/* Takes the mount away. */
FuseServer *fuse_server_free(FuseServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FuseServer, fuse_server_free)
