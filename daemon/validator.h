/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validators: programs that are asked before a version is made
 *
 * A validator is an object that a client exports, and goes with its connection. All of a config are asked at
 * once; the first that rejects, fails, leaves or stays silent decides, and the others' answers no longer
 * count. One that may not edit the config any longer is not asked, since it would be told what it may not
 * know; unless all is public, or polkit let it in.
 */
#pragma once

#include "daemon/caller.h"
#include "daemon/manager.h"
#include "daemon/peer.h"

#define VALIDATOR_MAX_PER_USER 64U
/* Together with all else that a reload may wait for this stays below what callers wait. */
#define VALIDATOR_MAX_TIMEOUT_MS 9000U

typedef struct Validators Validators;

/* bus must outlive it. */
Validators *validators_new(Bus *bus);
Validators *validators_free(Validators *validators);

/* One a client, object and config: a second one takes the first's place. */
Failure *validators_add(Validators *validators, const Caller *caller, const char *object, Config *config,
                        unsigned timeout_ms);
/* False where there was none. */
bool validators_remove(Validators *validators, const char *client, const char *object, Config *config);
/* The config is going. */
void validators_remove_config(Validators *validators, Config *config);

bool validators_has_any(const Validators *validators, const Config *config);
/* Asks all of the config; asked is called once, at once where there is none to ask. */
void validators_ask(Validators *validators, Config *config, const ConfigCandidate *candidate,
                    ConfigAsked asked, void *userdata);
/* Whoever is being asked is not waited for any longer, and asked is not called. */
void validators_cancel(Validators *validators, Config *config);
/* True while this client is being asked about the config. */
bool validators_is_asked(const Validators *validators, const char *client, const Config *config);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Validators, validators_free)
