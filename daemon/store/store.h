/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Store: versions, numbers and registrations on disk
 *
 * One SQLite database in write-ahead mode, owned by the daemon alone. A kill at any instruction loses
 * nothing that a call here has returned from; a power cut may lose the newest versions but never damages the
 * rest, and never lets a number be given out twice: numbers are reserved in blocks with a full sync before
 * the first is used.
 *
 * What need not stand between a file event and the signal (digests, pruning, reserving) is left to
 * store_tidy(), to be called once subscribers were told; the log is written back after that, on a thread of
 * its own.
 */
#pragma once

#include "daemon/model/failure.h"
#include "daemon/store/version.h"

#define STORE_MAX_HISTORY_BYTES (256U * 1024 * 1024)
/* Of one config: versions that have a label, and what they may take of the history. */
#define STORE_MAX_LABELS 100U
#define STORE_MAX_LABELLED_BYTES (STORE_MAX_HISTORY_BYTES / 2)
/* Entries about all configs; what failed or was denied has room of its own. */
#define STORE_MAX_AUDIT 9000U
#define STORE_MAX_AUDIT_REFUSED 1000U

typedef struct Store Store;

/* A config or directory to be registered again at the next start. */
typedef struct Registration {
        char *name;
        char *directory;    /* NULL for a config */
        char *pattern;      /* the directory's glob */
        char **files;       /* NULL-terminated; empty for a directory */
        GVariant *settings; /* a{sv}: the options it was given */
        uid_t uid;          /* who registered it; (uid_t) -1 where that is not known */
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
/*
 * Only where there is a state that can be used as it is: none is made, replaced or copied. *ret is NULL
 * where there is none. For looking at what is kept.
 */
Failure *store_open_existing(const char *directory, Store **ret);
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
 * becomes previous_state, and the intent is gone. One that was rejected only joins the history. What it is
 * to be recorded as (version->action) goes into the audit with it. On failure nothing has changed.
 */
Failure *store_add_version(Store *store, const char *config, Version *version, VersionState previous_state);
/*
 * The active version's layers, and the way they are put together, become others that decode alike. Only
 * these and the number of content count; and a version of which not all bytes were public is not.
 */
Failure *store_replace_content(Store *store, const char *config, const Version *content);
/* The number that the config's next version will get; 0 where that cannot be told. */
uint64_t store_next_version(Store *store, const char *config);
/* Newest first, without layers; digests are filled in. */
Failure *store_list_versions(Store *store, const char *config, GPtrArray **ret);
/* With layers. *ret is NULL where there is no such version. */
Failure *store_load_version(Store *store, const char *config, uint64_t number, Version **ret);
/*
 * The files that a version was made of (NULL-terminated, none where there is no such version), or, with
 * number 0, those of all versions together; and whether all of that was public.
 */
Failure *store_list_files(Store *store, const char *config, uint64_t number, char ***ret_files,
                          bool *ret_public);
/* The active one, likewise. */
Failure *store_load_active(Store *store, const char *config, Version **ret);
/*
 * Gives a version a name, or takes it away ("", also where there is none); synced. A label has at most 64
 * bytes of UTF-8 without control characters and slashes, no space at its ends, and is not only digits; else,
 * or where another version of the config has it, FAILURE_INVALID_ARGUMENT. FAILURE_NO_SUCH_VERSION for one
 * that is not in the history; FAILURE_LIMIT_EXCEEDED beyond what may be labelled.
 */
Failure *store_set_label(Store *store, const char *config, uint64_t number, const char *label);
/* The history goes; numbers go on where they were if the name ever comes back. */
Failure *store_forget(Store *store, const char *config);

/*
 * What the files of a config are to hold at the next start, whatever happens until then: written down
 * (synced) before the first file of a rollback is touched, and as long as a version waits to be confirmed.
 */
typedef struct Intent {
        uint64_t number;     /* the version whose bytes they are to hold; 0: there is no intent */
        uint64_t instead_of; /* the one whose bytes are to go; 0: whatever they hold */
        Origin origin;       /* why: ORIGIN_ROLLBACK is going on; with any other it goes back by itself */
        uint64_t deadline; /* when it goes back by itself, µs realtime; 0 where that is not for time to say
                            */
        const Author *author; /* who asked for the rollback, borrowed, to be saved; NULL where nobody did */
} Intent;

/* NULL takes it away, as store_add_version() does in its own transaction. */
Failure *store_save_intent(Store *store, const char *config, const Intent *intent);
/* Without the author. */
Failure *store_load_intent(Store *store, const char *config, Intent *ret);
/* ret->unit belongs to the caller. On failure, and where there is no intent, it is nobody. */
Failure *store_load_intent_author(Store *store, const char *config, Author *ret);
/* Names of the configs that have one, in order, of char *. */
Failure *store_list_intents(Store *store, GPtrArray **ret);
/*
 * What files may hold that is to go: the layers of the active version, and those of another that a crash may
 * have left in their place (0: none), of Layer.
 */
Failure *store_load_unwanted(Store *store, const char *config, uint64_t instead_of, GPtrArray **ret);
/*
 * As store_add_version(), of full durability and with an intent that holds from then on. Where it says
 * instead of 0, the new version is meant.
 */
Failure *store_add_version_on_trial(Store *store, const char *config, Version *version,
                                    VersionState previous_state, const Intent *intent);

/* Whether a config's files wait until somebody resumes it; synced. */
Failure *store_save_suspended(Store *store, const char *config, bool suspended);
Failure *store_load_suspended(Store *store, const char *config, bool *ret);

/* Who did something, or was not allowed to, that made no version. Strings are borrowed. */
Failure *store_add_audit(Store *store, const AuditEntry *entry);
/* Newest first, of AuditEntry: of one config, or of all where it is NULL; since is µs, realtime. */
Failure *store_list_audit(Store *store, const char *config, uint64_t since, unsigned most, GPtrArray **ret);

/*
 * What can wait until subscribers were told: fills in digests, prunes to max_versions and
 * STORE_MAX_HISTORY_BYTES (the active and labelled versions stay, those of the intent, and keep, which may
 * be 0), and the audit to what it may be, reserves numbers.
 */
Failure *store_tidy(Store *store, const char *config, unsigned max_versions, uint64_t keep);

/*
 * Writes the log back into the database, to be tried after store_tidy(), and all the more where that failed:
 * on a full disk it lets the log begin anew in the room that it has. It waits for the disk, longer than
 * anything else here. Where the first is true the second is to follow, on any thread, and then the third,
 * which tells what became of it. Meanwhile all others who use the store wait.
 */
bool store_begin_checkpoint(Store *store);
void store_run_checkpoint(Store *store);
Failure *store_end_checkpoint(Store *store);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Registration, registration_free)
