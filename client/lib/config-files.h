/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of a config that does without the service
 *
 * What the service would do with the same files and options, as far as one program by itself can: decode,
 * merge, convert and validate by the schema; act at once on a finished save, wait where a writer may be in
 * the middle, and keep the last good version. Validators, commands, history and confirmation are the
 * service's alone.
 */
#pragma once

#include "client/lib/reconf/config.h"
#include "daemon/options.h"

typedef struct ConfigFiles ConfigFiles;

/* Watches files, absolute paths, for a config, which is not referenced. Takes the options.
 * In the config's context. */
ConfigFiles *config_files_new(ReconfConfig *config, char *const *files, Options *options);
ConfigFiles *config_files_free(ConfigFiles *files);

/* Leaves them as they are, until they are looked at again; in the config's context. */
void config_files_pause(ConfigFiles *files);
void config_files_resume(ConfigFiles *files);
/* Nothing is published of them any more. In the config's context. */
void config_files_stop(ConfigFiles *files);

/* Reads them now, and publishes what is new; from any thread. */
Failure *config_files_reload(ConfigFiles *files, ReconfConfig *config);
