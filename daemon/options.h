/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Options: how one config is to be treated
 *
 * One table holds every option: its name on the bus, its key in a drop-in, its type, range and default.
 * Options travel as a{sv} (on the bus, in the store) or as a key file's group (drop-ins).
 */
#pragma once

#include "daemon/model/decode.h"
#include "daemon/model/failure.h"
#include "daemon/model/merge.h"

#include <stdbool.h>

typedef enum Switch {
        SWITCH_UNSET, /* what the manager says */
        SWITCH_OFF,
        SWITCH_ON,
} Switch;

/* What is done about a file that is no good. */
typedef enum OnInvalid {
        ON_INVALID_KEEP,
        ON_INVALID_REVERT, /* the last good bytes are written back */
} OnInvalid;

/* What is done about a version that an instance with a vote could not take. */
typedef enum OnFailure {
        ON_FAILURE_KEEP,
        ON_FAILURE_ROLLBACK,
} OnFailure;

/* Who confirms a version that waits for it. */
typedef enum ConfirmBy {
        CONFIRM_BY_CALLER,
        CONFIRM_BY_INSTANCES, /* all that have a vote, or else a caller */
} ConfirmBy;

/* Which instances have a vote. */
typedef enum Voters {
        VOTERS_WRITERS, /* those that could write the files */
        VOTERS_READERS,
} Voters;

typedef struct Options {
        Format format; /* FORMAT_NONE: by file name only */
        MergeMode merge;
        char *separator; /* NULL: keys of ENV files do not nest */
        char *schema;    /* absolute path of a JSON Schema, or NULL */
        bool defaults;   /* fill in what the schema's defaults give */
        uint32_t debounce_ms;
        uint32_t poll_ms;
        uint32_t max_versions;
        uint64_t max_size; /* bytes */
        OnInvalid on_invalid;
        OnFailure on_failure;
        uint32_t ack_ms;     /* how long an instance may be silent about a version */
        uint32_t confirm_ms; /* 0: versions need no confirmation */
        ConfirmBy confirm_by;
        Voters voters;
        Switch hot_reload;
        int32_t priority;
        bool persist;
} Options;

Options *options_new(void);
Options *options_copy(const Options *options);
Options *options_free(Options *options);
bool options_equal(const Options *a, const Options *b);

/* Every given option over the defaults; variant is an a{sv} and may be NULL. */
Failure *options_from_variant(GVariant *variant, Options **ret);
typedef int (*OptionsVisitor)(const char *name, GVariant *value, void *userdata);

/* Shows each that has a value, which stays ours; until a visitor returns below zero, which is returned. */
int options_visit(const Options *options, OptionsVisitor visitor, void *userdata);
/* All that have a value, as a floating a{sv}. */
GVariant *options_to_variant(const Options *options);
/*
 * The same from a group of a key file, where names are written DebounceMs. Keys listed in others,
 * NULL-terminated, are not options and are passed over.
 */
Failure *options_from_key_file(GKeyFile *file, const char *group, const char *const *others, Options **ret);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)
