/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * File scene: a directory of its own for each test of files
 *
 * Made where everybody may read, so that tests can tell what is public; taken away with all that is in it,
 * after a look that nobody left a temporary file.
 */
#pragma once

#include "daemon/model/failure.h"

typedef struct FileScene {
        char *directory;
        char *file; /* config.yaml in it, not made yet */
        int stop;   /* set to end a thread */
} FileScene;

void scene_add(const char *path, void (*test)(FileScene *, const void *));
void scene_add_with(const char *path, void (*test)(FileScene *, const void *), const void *data);
/* A name in the directory. */
char *scene_path(const FileScene *scene, const char *name);
/* How many entries it has. */
unsigned scene_count(const FileScene *scene);

/* Saves by rename. */
void write_file(const char *path, const char *content);
void assert_content(const char *path, const char *content);
void assert_bytes(GBytes *bytes, const char *content);
void assert_success(const Failure *failure);
/* The message, file in front, holds that text. */
void assert_failure(const Failure *failure, FailureCode code, const char *file, const char *text);
