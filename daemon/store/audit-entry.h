/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Audit entries: who did what to a config, and what became of it
 *
 * An entry never holds anything out of a config's files. Its message is what people said themselves: why
 * they went back, a label; or what an instance said of a version.
 */
#pragma once

#include "daemon/store/author.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum AuditAction {
        AUDIT_NONE, /* nothing that is recorded */
        AUDIT_APPLY,
        AUDIT_CHANGE, /* the files hold something else, and nobody asked for it to be read */
        AUDIT_CONFIRM,
        AUDIT_EXTEND,
        AUDIT_HOT_RELOAD,
        AUDIT_INSTANCE, /* what was only ever denied, likewise the next */
        AUDIT_READ,
        AUDIT_LABEL,
        AUDIT_REGISTER,
        AUDIT_RELOAD,
        AUDIT_RETURN, /* it went back by itself */
        AUDIT_REVERT, /* the last good bytes were written over bad ones, which are kept as that version */
        AUDIT_ROLLBACK,
        AUDIT_SET_FILES,
        AUDIT_UNREGISTER,
        AUDIT_VALIDATOR,
        N_AUDIT_ACTIONS,
} AuditAction;

typedef enum AuditOutcome {
        AUDIT_OK,
        AUDIT_FAILED,
        AUDIT_DENIED,
        N_AUDIT_OUTCOMES,
} AuditOutcome;

typedef struct AuditEntry {
        uint64_t time; /* µs, realtime */
        AuditAction action;
        AuditOutcome outcome;
        char *config;     /* "" for what is about none, or all */
        uint64_t version; /* that was made, confirmed, named …; 0 for none */
        Author author;
        char *message; /* or NULL */
        char *error;   /* the name of the error that it failed with, or NULL */
        unsigned more; /* 0; or so many stand behind this entry, which is about the last (audit-fold.h) */
} AuditEntry;

/* The name on the bus, as in "set-files" and "denied". */
const char *audit_action_to_string(AuditAction action);
const char *audit_outcome_to_string(AuditOutcome outcome);
/* And back; false for any other name. */
bool audit_action_from_string(const char *name, AuditAction *ret);
bool audit_outcome_from_string(const char *name, AuditOutcome *ret);

/* Empty, by nobody. */
AuditEntry *audit_entry_new(void);
AuditEntry *audit_entry_free(AuditEntry *entry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditEntry, audit_entry_free)
