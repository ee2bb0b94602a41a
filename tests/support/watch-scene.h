/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watch scene: a directory, a loop and a watcher for each test of watching
 *
 * inotify and the mount table say what happened before the call that made it happen returns. So tests do
 * something, let the loop run dry and look at what was heard; only what a slow look finds has to be awaited.
 * Paths are relative to the scene's directory, which goes with all that is in it.
 */
#pragma once

#include "daemon/watch/watcher.h"

typedef struct WatchScene {
        char *directory;
        sd_event *event;
        Watcher *watcher;
} WatchScene;

/* What one watch heard: a letter a call, F for finished, W for writing. */
typedef struct Ear {
        WatchScene *scene;
        Watch *watch;
        GString *heard;
        struct Ear *frees; /* whose watch the next call frees, or NULL */
} Ear;

/* How often ears of a scene look at what sends no events; and what no test waits for. */
#define SCENE_POLL_USEC (20 * 1000U)
#define SCENE_TIMEOUT_USEC (20 * 1000 * 1000U)

void watch_scene_add(const char *path, void (*test)(WatchScene *, const void *));
/* The same for a test that needs mounts of its own: runs in another process, skipped where that may not have
 * any. */
void watch_scene_add_namespace(const char *path, void (*test)(WatchScene *, const void *));

char *watch_scene_path(const WatchScene *scene, const char *name);
/* Lets the loop do all that there is to do now. */
void watch_scene_drain(const WatchScene *scene);
/* How many inodes this process's inotify instances watch. */
unsigned watch_scene_count_marks(void);

Ear *ear_new_file(WatchScene *scene, const char *name);
Ear *ear_new_directory(WatchScene *scene, const char *name);
Ear *ear_free(Ear *ear);
/* Drains the loop; holds what was heard since the last time to be that. */
void ear_assert(Ear *ear, const char *heard);
/* Runs the loop until something is heard, then forgets it. */
void ear_await(Ear *ear);

/* Each ends the test where it fails. */
void scene_mkdir(const WatchScene *scene, const char *name);
void scene_rename(const WatchScene *scene, const char *from, const char *to);
void scene_remove(const WatchScene *scene, const char *name);
/* The target is taken as it stands. */
void scene_symlink(const WatchScene *scene, const char *target, const char *name);
/* Opens for writing, created where missing, cut to nothing. */
int scene_open(const WatchScene *scene, const char *name);
/* Opens, writes, closes. */
void scene_write(const WatchScene *scene, const char *name);
/* Writes beside it, then renames. */
void scene_save(const WatchScene *scene, const char *name);
void scene_chmod(const WatchScene *scene, const char *name, unsigned mode);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Ear, ear_free)
