/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit.h"

#include "daemon/log.h"
#include "introspection/names.h"

#define MAX_FIELDS 10

/* What it is when all went well; %s is the version. */
typedef struct Kind {
        const char *message_id;
        const char *text;
} Kind;

static const Kind kinds[N_AUDIT_ACTIONS] = {
        [AUDIT_APPLY] = { RECONF_MESSAGE_APPLIED, "was edited, version %s is active" },
        [AUDIT_CHANGE] = { RECONF_MESSAGE_CHANGED, "its files changed, version %s is active" },
        [AUDIT_CONFIRM] = { RECONF_MESSAGE_CONFIRMED, "version %s is confirmed" },
        [AUDIT_EXTEND] = { RECONF_MESSAGE_EXTENDED, "version %s has another time to be confirmed in" },
        [AUDIT_HOT_RELOAD] = { RECONF_MESSAGE_HOT_RELOAD_SET, "hot reload was switched" },
        [AUDIT_LABEL] = { RECONF_MESSAGE_LABELLED, "the label of version %s was set" },
        [AUDIT_REGISTER] = { RECONF_MESSAGE_REGISTERED, "was registered" },
        [AUDIT_RELOAD] = { RECONF_MESSAGE_RELOADED, "was reloaded, version %s is active" },
        [AUDIT_RETURN] = { RECONF_MESSAGE_RETURNED, "went back by itself, version %s is active" },
        [AUDIT_REVERT] = { RECONF_MESSAGE_REVERTED,
                           "bad files were put back, and what they held is kept as version %s" },
        [AUDIT_ROLLBACK] = { RECONF_MESSAGE_ROLLED_BACK, "was rolled back, version %s is active" },
        [AUDIT_SET_FILES] = { RECONF_MESSAGE_FILES_SET, "has other files, version %s is active" },
        [AUDIT_UNREGISTER] = { RECONF_MESSAGE_UNREGISTERED, "was unregistered" },
};

static bool has_author(const AuditEntry *entry)
{
        return entry->author.uid != (uid_t) -1;
}

static void append_what(GString *text, const AuditEntry *entry)
{
        g_autofree char *version = g_strdup_printf("%" G_GUINT64_FORMAT, entry->version);

        if (entry->more > 0) {
                g_string_append_printf(text, "%u more %s within a minute, the last was %s", entry->more,
                                       entry->outcome == AUDIT_FAILED ? "failed" : "were denied",
                                       audit_action_to_string(entry->action));
        } else if (entry->outcome == AUDIT_FAILED) {
                g_string_append_printf(text, "%s failed with %s", audit_action_to_string(entry->action),
                                       entry->error ?: "an error");
        } else if (entry->outcome == AUDIT_DENIED) {
                g_string_append_printf(text, "%s was denied", audit_action_to_string(entry->action));
        } else {
                g_string_append(text, kinds[entry->action].text);
                g_string_replace(text, "%s", version, 1);
        }
}

/* "app: was rolled back, version 3 is active (uid 0, pid 4711, ssh.service)". */
static char *format(const AuditEntry *entry)
{
        GString *text = g_string_new(NULL);
        const Author *author = &entry->author;

        append_what(text, entry);
        g_string_prepend(text, *entry->config    ? ": "
                               : entry->more > 0 ? "several configs: "
                                                 : "all configs: ");
        g_string_prepend(text, entry->config);
        if (has_author(entry))
                g_string_append_printf(text, " (uid %u, pid %d%s%s)", (unsigned) author->uid,
                                       (int) author->pid, author->unit ? ", " : "", author->unit ?: "");
        return g_string_free(text, FALSE);
}

static const char *message_id(const AuditEntry *entry)
{
        if (entry->more > 0)
                return RECONF_MESSAGE_FOLDED;
        switch (entry->outcome) {
        case AUDIT_FAILED:
                return RECONF_MESSAGE_FAILED;
        case AUDIT_DENIED:
                return RECONF_MESSAGE_DENIED;
        default:
                return kinds[entry->action].message_id;
        }
}

void audit_log(const AuditEntry *entry)
{
        g_autofree char *message = format(entry);
        g_autofree char *version = g_strdup_printf("%" G_GUINT64_FORMAT, entry->version);
        g_autofree char *uid = g_strdup_printf("%u", (unsigned) entry->author.uid);
        g_autofree char *pid = g_strdup_printf("%d", (int) entry->author.pid);
        g_autofree char *more = g_strdup_printf("%u", entry->more);
        GLogField fields[MAX_FIELDS];
        size_t count = 0;

        fields[count++] = (GLogField){ "MESSAGE_ID", message_id(entry), -1 };
        fields[count++] = (GLogField){ "RECONF_ACTION", audit_action_to_string(entry->action), -1 };
        fields[count++] = (GLogField){ "RECONF_OUTCOME", audit_outcome_to_string(entry->outcome), -1 };
        if (*entry->config)
                fields[count++] = (GLogField){ "RECONF_CONFIG", entry->config, -1 };
        if (entry->version > 0)
                fields[count++] = (GLogField){ "RECONF_VERSION", version, -1 };
        if (has_author(entry))
                fields[count++] = (GLogField){ "RECONF_UID", uid, -1 };
        if (entry->author.pid > 0)
                fields[count++] = (GLogField){ "RECONF_PID", pid, -1 };
        if (entry->author.unit)
                fields[count++] = (GLogField){ "RECONF_UNIT", entry->author.unit, -1 };
        if (entry->error)
                fields[count++] = (GLogField){ "RECONF_ERROR", entry->error, -1 };
        if (entry->more > 0)
                fields[count++] = (GLogField){ "RECONF_MORE", more, -1 };
        g_assert(count <= MAX_FIELDS);
        /* What went well only informs. */
        log_fields(entry->outcome == AUDIT_OK ? G_LOG_LEVEL_INFO : G_LOG_LEVEL_MESSAGE, message, fields,
                   count);
}
