/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Audit entries: names and life cycle
 *
 * The names are those on the bus, in the database and in the journal alike.
 */
#include "daemon/store/audit-entry.h"

static const char *const action_names[N_AUDIT_ACTIONS] = {
        [AUDIT_NONE] = "none",           [AUDIT_APPLY] = "apply",
        [AUDIT_CHANGE] = "change",       [AUDIT_CONFIRM] = "confirm",
        [AUDIT_EXTEND] = "extend",       [AUDIT_HOT_RELOAD] = "hot-reload",
        [AUDIT_INSTANCE] = "instance",   [AUDIT_READ] = "read",
        [AUDIT_LABEL] = "label",         [AUDIT_REGISTER] = "register",
        [AUDIT_RELOAD] = "reload",       [AUDIT_RETURN] = "return",
        [AUDIT_REVERT] = "revert",       [AUDIT_ROLLBACK] = "rollback",
        [AUDIT_SET_FILES] = "set-files", [AUDIT_UNREGISTER] = "unregister",
        [AUDIT_VALIDATOR] = "validator",
};

static const char *const outcome_names[N_AUDIT_OUTCOMES] = {
        [AUDIT_OK] = "ok",
        [AUDIT_FAILED] = "failed",
        [AUDIT_DENIED] = "denied",
};

const char *audit_action_to_string(AuditAction action)
{
        return action_names[action];
}

const char *audit_outcome_to_string(AuditOutcome outcome)
{
        return outcome_names[outcome];
}

bool audit_action_from_string(const char *name, AuditAction *ret)
{
        for (AuditAction action = AUDIT_NONE + 1; action < N_AUDIT_ACTIONS; action++)
                if (g_str_equal(action_names[action], name)) {
                        *ret = action;
                        return true;
                }
        return false;
}

bool audit_outcome_from_string(const char *name, AuditOutcome *ret)
{
        for (AuditOutcome outcome = 0; outcome < N_AUDIT_OUTCOMES; outcome++)
                if (g_str_equal(outcome_names[outcome], name)) {
                        *ret = outcome;
                        return true;
                }
        return false;
}

AuditEntry *audit_entry_new(void)
{
        AuditEntry *entry = g_new0(AuditEntry, 1);

        entry->author.uid = (uid_t) -1;
        return entry;
}

AuditEntry *audit_entry_free(AuditEntry *entry)
{
        if (!entry)
                return NULL;

        g_free(entry->config);
        g_free(entry->author.unit);
        g_free(entry->message);
        g_free(entry->error);
        g_free(entry);
        return NULL;
}
