/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store scene: a state directory of its own for each test, and stores in a few words
 */
#pragma once

#include "daemon/store/store.h"

typedef struct StoreScene {
        char *directory; /* not made yet */
        char *database;  /* the file in it */
        char *root;      /* holds the directory, and goes with all that is in it */
} StoreScene;

void store_scene_add(const char *path, void (*test)(StoreScene *, const void *), const void *data);

/*
 * Runs in a process of its own, so that it may change what holds for a whole process; SQLite does not tell
 * two uses by one process apart, either. The test is skipped if the function ends in skip_child().
 */
void store_scene_in_child(void (*function)(const StoreScene *), const StoreScene *scene);
void skip_child(void) G_GNUC_NORETURN;
/* For children only. Where a mount is not allowed, there is no test. */
void enter_or_skip(void);
void mount_or_skip(const char *source, const char *target, const char *type, unsigned long flags,
                   const char *options);
/* Makes a directory read-only. */
void mount_read_only(const char *directory);

/* Opens a database that needs not be set aside. */
Store *store_scene_open(const char *directory);
/* In boot 1, 2, … of the test. */
Store *store_scene_open_in_boot(const char *directory, uint8_t boot);
/* What a process leaves behind that is killed now: a copy of the files, in a new directory of the scene. */
char *store_scene_snapshot(const StoreScene *scene, const char *directory);
/* Runs SQL on a database that is not open. */
void store_scene_run(const char *database, const char *sql);

/* Makes a database in the scene's directory, in which config "app" has this history. */
#define STORE_SCENE_HISTORY "2 active, 1 superseded"
void store_scene_make_history(const StoreScene *scene);

/* A version of files 0.yaml, 1.yaml, … with these contents; "-" stands for a file that is not there. */
Version *version_of(const char *content, ...) G_GNUC_NULL_TERMINATED;
GPtrArray *layers_of(const char *content, ...) G_GNUC_NULL_TERMINATED;
/* Adds a version of one file, and gives its number. */
uint64_t add_content(Store *store, const char *config, const char *content);
/* Saves a registration of one file with one setting. */
Failure *store_scene_register(Store *store, const char *name);
/* Writes the log back, where it is long enough. */
Failure *store_scene_write_back(Store *store);
/* And that. */
void tidy_up(Store *store, const char *config, unsigned max_versions);

/* The history as "3 active, 2 superseded". */
char *history_of(Store *store, const char *config);
void assert_history(Store *store, const char *config, const char *expected);
/* The version's files, as contents with a bar between them. */
void assert_layers(Store *store, const char *config, uint64_t number, const char *expected);
/* Both take the failure. */
void assert_no_failure(Failure *failure);
void assert_failed(Failure *failure, FailureCode code, const char *text);
