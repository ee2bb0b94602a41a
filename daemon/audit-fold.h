/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Folding: what came to nothing too often is one entry of the audit
 *
 * Whoever is refused costs himself nothing, and could fill the journal and push out of the audit what others
 * did. So of one user the first few that failed or were denied stand for themselves, of each config and in
 * all; further ones are counted, by user and config, until the time that is looked at is over. Then there is
 * one entry for each count, with the last of those who were counted. Nothing of root's is folded, who could
 * do worse, and whose failures are few and matter.
 *
 * The time begins with the first that is seen. What is kept grows neither with calls nor with users: those
 * beyond AUDIT_FOLD_MAX_USERS, which one person can have through subordinate ids, share one count, of
 * nobody's.
 */
#pragma once

#include "daemon/store/audit-entry.h"

#include <systemd/sd-event.h>

#define AUDIT_FOLD_MAX_CONFIG 5U /* entries of a user about a config */
#define AUDIT_FOLD_MAX_USER 20U  /* about any */
#define AUDIT_FOLD_MAX_USERS 16U

typedef struct AuditFold AuditFold;

/* An entry with more set; it is borrowed. */
typedef void (*AuditFoldTold)(const AuditEntry *entry, void *userdata);

/* period is the time that is looked at, in µs. Returns 0 or a negative errno. */
int audit_fold_new(sd_event *event, uint64_t period, AuditFoldTold told, void *userdata, AuditFold **ret);
/* What is counted is not told, see audit_fold_end(). */
AuditFold *audit_fold_free(AuditFold *fold);

/* True where the entry, of what failed or was denied, stands for itself; else it was counted. */
bool audit_fold_admit(AuditFold *fold, const AuditEntry *entry);
/* The time is over, also before it is: tells of all that was counted, ordered by user and config. */
void audit_fold_end(AuditFold *fold);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditFold, audit_fold_free)
