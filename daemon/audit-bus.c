/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/audit-bus.h"

#include "daemon/authority.h"
#include "daemon/config-bus-private.h"
#include "daemon/failure-bus.h"
#include "daemon/instance-bus-private.h"
#include "daemon/options-bus.h"
#include "introspection/names.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_LIMIT 1000U
#define MAX_LIMIT (STORE_MAX_AUDIT + STORE_MAX_AUDIT_REFUSED)
/* A list that would be larger than a message may be has less of them. */
#define MAX_MESSAGES_SIZE (8U * 1024 * 1024)

/* What was denied */

static AuditAction find_action(const char *interface, const char *member)
{
        static const struct {
                const char *member;
                AuditAction action;
        } actions[] = {
                { "AddValidator", AUDIT_VALIDATOR },
                { "Apply", AUDIT_APPLY },
                { "Confirm", AUDIT_CONFIRM },
                { "ExtendConfirm", AUDIT_EXTEND },
                { "Label", AUDIT_LABEL },
                { "RegisterConfig", AUDIT_REGISTER },
                { "RegisterDirectory", AUDIT_REGISTER },
                { "RegisterInstance", AUDIT_INSTANCE },
                { "Reload", AUDIT_RELOAD },
                { "RemoveValidator", AUDIT_VALIDATOR },
                { "Rollback", AUDIT_ROLLBACK },
                { "SetFiles", AUDIT_SET_FILES },
                { "SetHotReload", AUDIT_HOT_RELOAD },
                { "UnregisterConfig", AUDIT_UNREGISTER },
        };

        if (g_strcmp0(interface, RECONF_INSTANCE_INTERFACE) == 0)
                return AUDIT_INSTANCE;
        for (size_t i = 0; i < G_N_ELEMENTS(actions); i++)
                if (g_strcmp0(actions[i].member, member) == 0)
                        return actions[i].action;
        return AUDIT_READ;
}

static char *find_config_of_object(const Bus *bus, const char *path)
{
        const char *id = g_str_has_prefix(path, RECONF_INSTANCE_PATH_PREFIX "/")
                                         ? path + strlen(RECONF_INSTANCE_PATH_PREFIX "/")
                                         : "";
        const Instance *instance = instances_find(bus->instances, id);
        char *decoded = NULL;
        char *name;

        if (instance)
                return g_strdup(config_name(instance->config));
        if (sd_bus_path_decode(path, RECONF_CONFIG_PATH_PREFIX, &decoded) <= 0)
                return NULL;
        name = g_strdup(decoded);
        free(decoded);
        return name;
}

/* What a call is about, by its object or, of the manager, by its first argument. */
static char *find_config(const Bus *bus, sd_bus_message *call)
{
        g_autofree char *name = find_config_of_object(bus, sd_bus_message_get_path(call));
        const char *given;

        if (!name && sd_bus_message_rewind(call, true) >= 0 &&
            g_str_has_prefix(sd_bus_message_get_signature(call, true), "s") &&
            sd_bus_message_read_basic(call, 's', &given) > 0)
                name = g_strdup(given);
        return name ? g_steal_pointer(&name) : g_strdup("");
}

void audit_bus_denied(Bus *bus, sd_bus_message *call, const Author *author)
{
        g_autofree char *config = find_config(bus, call);

        manager_audit_denied(
                        bus->manager, author,
                        find_action(sd_bus_message_get_interface(call), sd_bus_message_get_member(call)),
                        config);
}

/* What was done */

/* A list while it is being written. */
typedef struct Listing {
        const Bus *bus;
        const Caller *caller;
        sd_bus_message *reply;
        GHashTable *readable; /* by name: whether the caller may read the config */
        uint64_t messages_size;
} Listing;

/* Of a config that is gone, nobody knows who could read it. */
static bool ask_may_read(const Listing *listing, const char *name)
{
        const Config *config = manager_find(listing->bus->manager, name);
        uid_t uid = listing->caller->author.uid;

        return *name == '\0' || uid == 0 || uid == geteuid() ||
               (config && authority_may_read(listing->bus, listing->caller->credentials, config));
}

static bool may_read(const Listing *listing, const char *name)
{
        void *known;

        if (!g_hash_table_lookup_extended(listing->readable, name, NULL, &known)) {
                known = GINT_TO_POINTER(ask_may_read(listing, name));
                g_hash_table_insert(listing->readable, g_strdup(name), known);
        }
        return GPOINTER_TO_INT(known);
}

static bool shows_message(Listing *listing, const AuditEntry *entry)
{
        if (!entry->message || !may_read(listing, entry->config))
                return false;
        listing->messages_size += strlen(entry->message);
        return listing->messages_size <= MAX_MESSAGES_SIZE;
}

static int append_details(Listing *listing, const AuditEntry *entry)
{
        sd_bus_message *m = listing->reply;
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && entry->author.unit)
                r = sd_bus_message_append(m, "{sv}", "unit", "s", entry->author.unit);
        if (r >= 0 && entry->error)
                r = sd_bus_message_append(m, "{sv}", "error", "s", entry->error);
        if (r >= 0 && shows_message(listing, entry))
                r = sd_bus_message_append(m, "{sv}", "message", "s", entry->message);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_entry(Listing *listing, const AuditEntry *entry)
{
        sd_bus_message *m = listing->reply;
        int r = sd_bus_message_open_container(m, 'r', "tsstuusa{sv}");

        if (r >= 0)
                r = sd_bus_message_append(m, "tsstuus", entry->time, audit_action_to_string(entry->action),
                                          entry->config, entry->version, (uint32_t) entry->author.uid,
                                          (uint32_t) entry->author.pid,
                                          audit_outcome_to_string(entry->outcome));
        if (r >= 0)
                r = append_details(listing, entry);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int reply_entries(Listing *listing, sd_bus_message *call, const GPtrArray *entries)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        listing->reply = reply;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(tsstuusa{sv})");
        for (guint i = 0; i < entries->len && r >= 0; i++)
                r = append_entry(listing, g_ptr_array_index(entries, i));
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static Failure *read_options(sd_bus_message *m, uint64_t *ret_since, uint32_t *ret_limit)
{
        static const char *const known[] = { "limit", "u", "since", "t", NULL };
        g_autoptr(GVariant) options = NULL;
        Failure *failure = options_bus_read_known(m, known, &options);

        if (failure)
                return failure;
        *ret_since = 0;
        *ret_limit = DEFAULT_LIMIT;
        (void) g_variant_lookup(options, "since", "t", ret_since);
        (void) g_variant_lookup(options, "limit", "u", ret_limit);
        if (*ret_limit < 1 || *ret_limit > MAX_LIMIT)
                return failure_new(FAILURE_INVALID_ARGUMENT, "limit must be between 1 and %u, not %u",
                                   MAX_LIMIT, *ret_limit);
        return NULL;
}

int audit_bus_method_get(sd_bus_message *m, const Caller *caller, void *userdata, sd_bus_error *error)
{
        Bus *bus = userdata;
        g_autoptr(GHashTable) readable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GPtrArray) entries = NULL;
        Listing listing = { .bus = bus, .caller = caller, .readable = readable };
        Failure *failure = NULL;
        const char *name;
        uint64_t since;
        uint32_t limit;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        if (*name != '\0')
                failure = config_check_name(name);
        if (!failure)
                failure = read_options(m, &since, &limit);
        if (!failure)
                failure = manager_list_audit(bus->manager, *name != '\0' ? name : NULL, since, limit,
                                             &entries);
        if (failure)
                return failure_bus_take_error(error, failure);
        return reply_entries(&listing, m, entries);
}
