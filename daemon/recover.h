/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recovery: files put right before anybody reads them
 *
 * What the files of a config are to hold after a crash is written down as its intent. The daemon acts on
 * that when it starts, and by then programs may long have read a version that nobody confirmed. This does
 * the half that is about files, early in boot: without a bus, without decoding anything, and without a word
 * in the history. The intent stays, so that the daemon does the rest whenever it starts, or all of it where
 * this could not be done.
 *
 * A daemon that starts does the same for configs that nobody has registered with it yet: their files are
 * read all the same. It is not for the time while one runs, which has the state to itself.
 */
#pragma once

#include "daemon/store/store.h"

#include <stdbool.h>

/*
 * Brings the files of every config with an intent to what they are to hold, as far as they still hold what
 * is to go; logs what it did and what it could not do. False where something is left undone. Without any
 * state there is nothing to do, and none is made.
 */
bool recover_files(const char *state_directory);

/* Whether somebody else sees to that config. */
typedef bool (*RecoverExcept)(const char *config, void *userdata);

/* The same, for those configs that except() does not say true of, before it returns. */
bool recover_configs(Store *store, RecoverExcept except, void *userdata);
