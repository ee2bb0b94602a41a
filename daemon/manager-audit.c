/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who did what: into the store and the journal
 *
 * What cannot be recorded is told in the journal, and done all the same: that somebody could fill the disk
 * is no reason why nobody could take back what he did. Of what comes to nothing, too much is folded.
 */
#include "daemon/audit.h"
#include "daemon/log.h"
#include "daemon/manager-private.h"

#define FOLD_USEC (60 * G_USEC_PER_SEC)

static void record(Manager *manager, const AuditEntry *entry, bool is_stored)
{
        g_autoptr(Failure) failure = is_stored ? NULL : store_add_audit(manager->context.store, entry);

        if (failure)
                log_failure(G_LOG_LEVEL_WARNING, *entry->config ? entry->config : NULL, failure,
                            "Failed to record who did something, ignoring");
        audit_log(entry);
}

static void on_folded(const AuditEntry *entry, void *userdata)
{
        g_autofree char *message = g_strdup_printf("%u more within a minute", entry->more);
        AuditEntry told = *entry;

        told.message = message;
        record(userdata, &told, false);
}

int manager_begin_audit(Manager *manager)
{
        return audit_fold_new(manager->context.event, FOLD_USEC, on_folded, manager, &manager->fold);
}

void manager_end_audit(Manager *manager)
{
        if (manager->fold)
                audit_fold_end(manager->fold);
        manager->fold = audit_fold_free(manager->fold);
}

void manager_record_audit(Manager *manager, const AuditEntry *entry, bool is_stored)
{
        if (entry->outcome == AUDIT_OK || audit_fold_admit(manager->fold, entry))
                record(manager, entry, is_stored);
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

        manager_record_audit(manager, &entry, false);
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
        manager_record_audit(manager, &entry, false);
}

Failure *manager_list_audit(Manager *manager, const char *config, uint64_t since, unsigned most,
                            GPtrArray **ret)
{
        return store_list_audit(manager->context.store, config, since, most, ret);
}
