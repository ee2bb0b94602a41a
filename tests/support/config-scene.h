/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Config scene: configs without a bus, on real files, in a loop that tests turn
 *
 * What configs tell is put down in one line, in the order in which it was told:
 *   "2<1 file public"       version 2 follows 1, because a file changed, told to everybody
 *   "failed parse private"  a reload failed at that stage, told to subscribers
 *   "state,pending"         properties that changed
 *   "done 2"                an operation that was asked for ended with version 2 active
 *   "done ParseFailed"      or with that failure
 */
#pragma once

#include "daemon/config.h"

typedef struct ConfigScene {
        char *directory;
        sd_event *event;
        ConfigContext context;
        Statistics statistics;
        GQueue due; /* of Config */
        GString *told;
        GString *audited;    /* "rollback ok 3 by 1000 (recorded)": in the version's own transaction */
        bool stop_when_done; /* an operation's end stops its config */
        bool hold;           /* whatever is told of versions and failures holds its config */
        Changes *changes;    /* of the newest version */
} ConfigScene;

void config_scene_add(const char *path, void (*test)(ConfigScene *, const void *));

char *config_scene_path(const ConfigScene *scene, const char *name);
/* Saves a file of the scene's directory by renaming. */
void config_scene_save(const ConfigScene *scene, const char *name, const char *content);
void config_scene_assert_file(const ConfigScene *scene, const char *name, const char *content);
/* So many bytes of YAML that a worker has to load them. */
char *large_yaml(const char *last_line);

/* A config of files in the directory, not started; options are a{sv} as text, or NULL. */
Config *config_scene_new(ConfigScene *scene, const char *options, const char *file,
                         ...) G_GNUC_NULL_TERMINATED;
/* The same, started, with all that it told forgotten. */
Config *config_scene_register(ConfigScene *scene, const char *options, const char *file,
                              ...) G_GNUC_NULL_TERMINATED;
/* A request whose end is told. */
ConfigRequest request_of(ConfigScene *scene, Origin origin);

/* Does all that can be done now, workers' jobs included. */
void config_scene_drain(ConfigScene *scene);
/* Drains, then holds what was told since the last time to be that. */
void assert_told(ConfigScene *scene, const char *expected);
/* The same, waiting for the first of it. */
void await_told(ConfigScene *scene, const char *expected);

/* Each asks for it and has its end told. */
void ask_start(ConfigScene *scene, Config *config, Origin origin);
void ask_reload(ConfigScene *scene, Config *config);
void ask_rollback(ConfigScene *scene, Config *config, uint64_t version);
void ask_files(ConfigScene *scene, Config *config, const char *name, bool insist);
/* Stops it and takes the reference. */
void end_config(Config *config);

/* What was audited since the last time is that. */
void assert_audited(ConfigScene *scene, const char *expected);

/* The history, newest first, as "3 active from 1, 2 rolled-back, 1 superseded". */
void assert_history(ConfigScene *scene, const char *expected);
