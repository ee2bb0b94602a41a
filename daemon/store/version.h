/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Versions: what is kept of each state that a config was in
 *
 * A version holds the bytes of every file it was made of, and how they were put together, so that it can be
 * decoded again and written back to the last comment.
 */
#pragma once

#include "daemon/model/decode.h"
#include "daemon/model/merge.h"
#include "daemon/store/audit-entry.h"

/* Why a version was made. */
typedef enum Origin {
        ORIGIN_REGISTER,
        ORIGIN_FILE,
        ORIGIN_RELOAD,
        ORIGIN_APPLY,
        ORIGIN_ROLLBACK,
        ORIGIN_REVERT,
        ORIGIN_TIMEOUT,
        ORIGIN_FAILURE,
        ORIGIN_STARTUP,
        N_ORIGINS,
} Origin;

typedef enum VersionState {
        VERSION_ACTIVE,
        VERSION_SUPERSEDED,
        VERSION_ROLLED_BACK,
        VERSION_REJECTED,
        N_VERSION_STATES,
} VersionState;

/* One file's part in a version. */
typedef struct Layer {
        char *file;
        Format format;
        GBytes *bytes; /* NULL: there was no such file */
} Layer;

typedef struct Version {
        uint64_t number;
        uint64_t time; /* µs, realtime */
        Origin origin;
        VersionState state;
        bool is_public;
        Author author;
        AuditAction action;    /* what it is recorded as; not kept with the version */
        char *message;         /* or NULL */
        char *label;           /* or NULL */
        uint64_t from_version; /* what a rollback went back to; or 0 */
        uint64_t size;         /* bytes of all layers */
        char *digest;          /* SHA-256 of all layers' bytes in order, in hex; NULL while not yet known */
        MergeMode merge;
        char *separator;   /* env-separator, or NULL */
        GPtrArray *layers; /* of Layer; NULL in a listing */
} Version;

/* The name on the bus, as in "rollback" and "rolled-back". */
const char *origin_to_string(Origin origin);
const char *version_state_to_string(VersionState state);
/* And back; false for any other name. */
bool origin_from_string(const char *name, Origin *ret);
bool version_state_from_string(const char *name, VersionState *ret);
/* What a version of that origin is recorded as, unless more is known. */
AuditAction origin_to_audit_action(Origin origin);

Layer *layer_new(const char *file, Format format, GBytes *bytes);
Layer *layer_free(Layer *layer);

/* An empty version, without layers, made by nobody. */
Version *version_new(void);
Version *version_free(Version *version);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Layer, layer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Version, version_free)
