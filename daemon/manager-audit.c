/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who did what: into the store and the journal
 *
 * What cannot be recorded is told in the journal, and done all the same: that somebody could fill the disk
 * is no reason why nobody could take back what he did.
 */
#include "daemon/audit.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

#define DENIALS_USEC (60 * G_USEC_PER_SEC)

void manager_record_audit(Manager *manager, const AuditEntry *entry)
{
        g_autoptr(Failure) failure = store_add_audit(manager->context.store, entry);

        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, *entry->config ? entry->config : NULL, failure,
                            "Failed to record who did something, ignoring");
        audit_log(entry);
}

/* What callers take for a name may be anything. */
static const char *find_name(const char *config)
{
        g_autoptr(Failure) failure = config_check_name(config);

        return failure ? "" : config;
}

void manager_audit(Manager *manager, const Author *author, AuditAction action, const char *config,
                   uint64_t version, const char *message, const Failure *failure)
{
        const AuditEntry entry = {
                .time = (uint64_t) g_get_real_time(),
                .action = action,
                .outcome = failure ? AUDIT_FAILED : AUDIT_OK,
                .config = (char *) find_name(config),
                .version = version,
                .author = *author,
                .message = (char *) message,
                .error = failure ? (char *) failure_code_to_string(failure->code) : NULL,
        };

        manager_record_audit(manager, &entry);
}

/* False where there were too many of this user. */
static bool count_denial(Manager *manager, uid_t uid)
{
        uint64_t now = (uint64_t) g_get_monotonic_time();

        if (now - manager->denials_since > DENIALS_USEC) {
                user_count_free(manager->denials);
                manager->denials = user_count_new();
                manager->denials_since = now;
        }
        if (user_count_get(manager->denials, uid) >= MANAGER_MAX_DENIALS)
                return false;
        user_count_add(manager->denials, uid);
        return true;
}

void manager_audit_denied(Manager *manager, const Author *author, AuditAction action, const char *config)
{
        const AuditEntry entry = {
                .time = (uint64_t) g_get_real_time(),
                .action = action,
                .outcome = AUDIT_DENIED,
                .config = (char *) find_name(config),
                .author = *author,
        };
        Entry *present = manager_entry(manager, config);

        STATISTICS_COUNT(present ? config_statistics(present->config) : &manager->statistics, denials);
        if (count_denial(manager, author->uid))
                manager_record_audit(manager, &entry);
}

Failure *manager_list_audit(Manager *manager, const char *config, uint64_t since, unsigned most,
                            GPtrArray **ret)
{
        return store_list_audit(manager->context.store, config, since, most, ret);
}
