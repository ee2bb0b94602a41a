/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: versions, numbers and registrations on disk
 *
 * One SQLite database in write-ahead mode, owned by the daemon alone. A kill at any instruction loses
 * nothing that a call here has returned from; a power cut may lose the newest versions but never damages the
 * rest, and never lets a number be given out twice: numbers are reserved in blocks with a full sync before
 * the first is used.
 *
 * What need not stand between a file event and the signal (digests, pruning, reserving, the checkpoint) is
 * left to store_tidy(), to be called once subscribers were told.
 */
#pragma once

#include "daemon/model/failure.h"
#include "daemon/store/version.h"

#define STORE_MAX_HISTORY_BYTES (256U * 1024 * 1024)

typedef struct Store Store;

/* A config or directory to be registered again at the next start. */
typedef struct Registration {
        char *name;
        char *directory;    /* NULL for a config */
        char *pattern;      /* the directory's glob */
        char **files;       /* NULL-terminated; empty for a directory */
        GVariant *settings; /* a{sv}: the options it was given */
} Registration;

/*
 * Opens or creates the database in a directory, which is created with mode 0700 where missing. A database
 * that is corrupt or from a newer release is set aside under another name, never deleted, and a new one with
 * a new epoch takes its place. So is one that cannot be written, in whose place comes a copy.
 *
 * Where nothing can be written there, all happens in a directory that goes with the store, on a copy of what
 * can be read, with a new epoch. That a state will not last is no reason to leave programs without configs.
 *
 * In all these cases *ret_set_aside tells in a few sentences what was found, and what goes where. It is a
 * failure that another process has the database open (FAILURE_BUSY), or that there is no place at all.
 */
Failure *store_open(const char *directory, Store **ret, char **ret_set_aside);
/* Ends cleanly: numbers that were reserved and not used are given back. */
Store *store_close(Store *store);

/* Names the state that version numbers belong to; changes only where that state was lost. */
const char *store_epoch(const Store *store);

Failure *store_save_registration(Store *store, const Registration *registration);
Failure *store_remove_registration(Store *store, const char *name);
/* *ret is of Registration, in order of names. */
Failure *store_list_registrations(Store *store, GPtrArray **ret);
Registration *registration_free(Registration *registration);

/*
 * Records a version as the active one and gives it its number (version->number). The one that was active
 * becomes previous_state. On failure nothing has changed.
 */
Failure *store_add_version(Store *store, const char *config, Version *version, VersionState previous_state);
/*
 * The active version's layers, and the way they are put together, become others that decode alike. Only
 * these and the number of content count.
 */
Failure *store_replace_content(Store *store, const char *config, const Version *content);
/* The number that the config's next version will get; 0 where that cannot be told. */
uint64_t store_next_version(Store *store, const char *config);
/* Newest first, without layers; digests are filled in. */
Failure *store_list_versions(Store *store, const char *config, GPtrArray **ret);
/* With layers. *ret is NULL where there is no such version. */
Failure *store_load_version(Store *store, const char *config, uint64_t number, Version **ret);
/* The active one, likewise. */
Failure *store_load_active(Store *store, const char *config, Version **ret);
/* The history goes; numbers go on where they were if the name ever comes back. */
Failure *store_forget(Store *store, const char *config);

/*
 * Several files cannot be replaced at once. Before the first is touched, the version that they are to hold
 * is written down (synced); after a crash, store_load_intent() says what to finish. 0 takes the intent away.
 * store_add_version() takes it away in its own transaction.
 */
Failure *store_save_intent(Store *store, const char *config, uint64_t number);
Failure *store_load_intent(Store *store, const char *config, uint64_t *ret);

/*
 * What can wait until subscribers were told: fills in digests, prunes to max_versions and
 * STORE_MAX_HISTORY_BYTES (the active and labelled versions stay), reserves numbers, writes the log back.
 */
Failure *store_tidy(Store *store, const char *config, unsigned max_versions);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Registration, registration_free)
