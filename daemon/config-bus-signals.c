/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a config says by itself
 *
 * What everybody may read is broadcast, once; anything else goes to each subscriber alone, as far as he may
 * know it at that moment. Who may know of it, but not what it held before or holds now, is told that there
 * is another version, and asks. A send that fails is no more than a signal lost: the numbers in the next one
 * show it, and Subscribe() brings what was missed.
 */
#include "daemon/announcement.h"
#include "daemon/document-bus.h"
#include "daemon/failure-bus.h"
#include "daemon/log.h"
#include "introspection/names.h"

#include <string.h>

/* Changes beyond this are left out of a signal. */
#define MAX_SIGNAL_SIZE (1024U * 1024)
/* What a string takes beside its bytes. */
#define STRING_SIZE 8U

/* Appends a signal's arguments. */
typedef int (*AppendSignal)(sd_bus_message *m, const void *content, Subscription *subscription);

/* One entry of details that is a list of paths. */
static int append_strings(sd_bus_message *m, const char *name, const GPtrArray *strings)
{
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        for (guint i = 0; i < strings->len && r >= 0; i++)
                r = sd_bus_message_append(m, "s", g_ptr_array_index(strings, i));
        for (unsigned open = 3; open > 0 && r >= 0; open--)
                r = sd_bus_message_close_container(m);
        return r;
}

/* Where the paths would not fit, the one of the whole document stands for them. */
static int append_restart(sd_bus_message *m, const GPtrArray *restart)
{
        g_autoptr(GPtrArray) whole = g_ptr_array_new();
        size_t size = 0;

        for (guint i = 0; i < restart->len; i++)
                size += strlen(g_ptr_array_index(restart, i)) + STRING_SIZE;
        g_ptr_array_add(whole, (char *) "");
        return append_strings(m, "restart", size <= MAX_SIGNAL_SIZE ? restart : whole);
}

/* Paths that need a restart are of the content, too, and what somebody said about it may be. */
static int append_details(sd_bus_message *m, const ConfigUpdate *update, bool is_known, bool truncated)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "origin", "s", origin_to_string(update->origin),
                                          "time", "t", update->time);
        if (r >= 0 && is_known && update->message)
                r = sd_bus_message_append(m, "{sv}", "message", "s", update->message);
        if (r >= 0 && update->author->uid != (uid_t) -1)
                r = sd_bus_message_append(m, "{sv}", "uid", "u", (uint32_t) update->author->uid);
        if (r >= 0)
                r = append_strings(m, "files", update->files);
        if (r >= 0 && is_known && update->restart->len > 0)
                r = append_restart(m, update->restart);
        if (r >= 0 && truncated)
                r = sd_bus_message_append(m, "{sv}", "truncated", "b", 1);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Zero where the subscriber wants none of it. */
static int append_changed(sd_bus_message *m, const void *content, Subscription *subscription)
{
        const ConfigUpdate *update = content;
        uint64_t previous = update->previous;
        g_autoptr(Changes) changes = NULL;
        bool truncated = false;
        int r;

        if (subscription && subscription->paths)
                changes = changes_filter(update->changes, (Path *const *) subscription->paths->pdata,
                                         subscription->paths->len);
        else
                changes = changes_ref(update->changes);
        if (subscription && subscription->paths && changes_count(changes) == 0)
                return 0;
        /* What it did not want it did not miss; what cannot be sent it did. */
        if (subscription) {
                previous = subscription->told;
                subscription->told = update->version;
        }

        r = sd_bus_message_append(m, "stt", changes_root(changes), update->version, previous);
        if (r >= 0)
                r = document_bus_append_changes(m, changes, MAX_SIGNAL_SIZE, &truncated);
        if (r >= 0)
                r = append_details(m, update, true, truncated);
        return r < 0 ? r : 1;
}

/* That there is another version, and no more. */
static int append_bare(sd_bus_message *m, const void *content, Subscription *subscription)
{
        const ConfigUpdate *update = content;
        uint64_t previous = subscription->told;
        int r;

        subscription->told = update->version;
        r = sd_bus_message_append(m, "stta(ssvv)", "/", update->version, previous, 0);
        if (r >= 0)
                r = append_details(m, update, false, true);
        return r < 0 ? r : 1;
}

static int append_failed(sd_bus_message *m, const void *content, Subscription *subscription)
{
        const Failure *failure = content;
        int r = sd_bus_message_append(m, "s", failure_stage_to_string(failure->stage));

        if (r >= 0)
                r = failure_bus_append_problems(m, failure);
        return r < 0 ? r : 1;
}

/* To one subscriber, or to everybody where there is none. */
static void send_signal(Bus *bus, Config *config, const char *member, Subscription *subscription,
                        AppendSignal append, const void *content)
{
        g_autofree char *path = config_bus_path(config);
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        r = sd_bus_message_new_signal(bus->bus, &m, path, RECONF_CONFIG_INTERFACE, member);
        if (r >= 0 && subscription)
                r = sd_bus_message_set_destination(m, subscription_client(subscription));
        if (r >= 0)
                r = append(m, content, subscription);
        if (r > 0) {
                r = sd_bus_send(bus->bus, m, NULL);
                STATISTICS_COUNT(config_statistics(config), signals);
        }
        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, config_name(config), "Failed to send %s of %s, ignoring: %s",
                           member, config_name(config), g_strerror(-r));
}

/* On a session bus whoever could listen is the user. */
static bool may_broadcast(const Bus *bus, const Config *config)
{
        return manager_settings(bus->manager)->scope == SCOPE_USER || config_ask_public(config);
}

static bool broadcast_changed(Bus *bus, Config *config, const void *content)
{
        const ConfigUpdate *update = content;
        const GPtrArray *subscriptions = subscriptions_of(bus->subscriptions, config);

        if (!update->is_public || !may_broadcast(bus, config))
                return false;
        send_signal(bus, config, "ConfigChanged", NULL, append_changed, update);
        for (guint i = 0; subscriptions && i < subscriptions->len; i++) {
                Subscription *subscription = g_ptr_array_index(subscriptions, i);

                subscription->told = subscription->had = update->version;
        }
        return true;
}

/*
 * What he was told, or could have asked for, he may hear of as what was before. Who had to wait may have
 * asked for this one meanwhile.
 */
static void send_changed(Bus *bus, Config *config, Subscription *subscription, Reach reach,
                         const void *content)
{
        const ConfigUpdate *update = content;
        bool knew = subscription->is_granted || update->previous_is_public ||
                    subscription->had == update->previous;
        bool may_know = reach >= REACH_ACTIVE || config_version_is_public(config);

        if (reach == REACH_NONE || subscription->told >= update->version)
                return;
        if (may_know)
                subscription->had = update->version;
        send_signal(bus, config, "ConfigChanged", subscription,
                    knew && may_know ? append_changed : append_bare, update);
}

/* A copy of what is borrowed otherwise. */
typedef struct KeptUpdate {
        ConfigUpdate update;
        Author author;
        char *message;
} KeptUpdate;

static void *copy_update(const void *content)
{
        const ConfigUpdate *update = content;
        KeptUpdate *kept = g_new(KeptUpdate, 1);

        *kept = (KeptUpdate){
                .update = *update,
                .author = { .uid = update->author->uid, .pid = update->author->pid },
                .message = g_strdup(update->message),
        };
        kept->update.author = &kept->author;
        kept->update.message = kept->message;
        (void) changes_ref(update->changes);
        (void) g_ptr_array_ref(update->files);
        (void) g_ptr_array_ref(update->restart);
        return kept;
}

static void free_update(void *content)
{
        KeptUpdate *kept = content;

        changes_unref(kept->update.changes);
        g_ptr_array_unref(kept->update.files);
        g_ptr_array_unref(kept->update.restart);
        g_free(kept->message);
        g_free(kept);
}

static const AnnouncementKind kind_changed = {
        .right = RIGHT_VALUES,
        .broadcast = broadcast_changed,
        .send = send_changed,
        .copy = copy_update,
        .free = free_update,
};

void config_bus_changed(Config *config, const ConfigUpdate *update, void *userdata)
{
        Bus *bus = userdata;

        announcements_add(bus->announcements, &kind_changed, config, update);
}

/* Why there is no new version. */
typedef struct Refusal {
        Failure *failure;
        bool was_public;
        Reach needed;
} Refusal;

static bool broadcast_failed(Bus *bus, Config *config, const void *content)
{
        const Refusal *refusal = content;

        if (!refusal->was_public || !may_broadcast(bus, config))
                return false;
        send_signal(bus, config, "ReloadFailed", NULL, append_failed, refusal->failure);
        return true;
}

static void send_failed(Bus *bus, Config *config, Subscription *subscription, Reach reach,
                        const void *content)
{
        const Refusal *refusal = content;

        if (reach >= refusal->needed)
                send_signal(bus, config, "ReloadFailed", subscription, append_failed, refusal->failure);
}

static void *copy_refusal(const void *content)
{
        const Refusal *refusal = content;
        Refusal *kept = g_new(Refusal, 1);

        *kept = *refusal;
        kept->failure = failure_copy(refusal->failure);
        return kept;
}

static void free_refusal(void *content)
{
        Refusal *kept = content;

        failure_free(kept->failure);
        g_free(kept);
}

static const AnnouncementKind kind_failed = {
        .right = RIGHT_READ,
        .is_failure = true,
        .broadcast = broadcast_failed,
        .send = send_failed,
        .copy = copy_refusal,
        .free = free_refusal,
};

void config_bus_failed(Config *config, const Failure *failure, bool was_public, void *userdata)
{
        Bus *bus = userdata;
        const Refusal refusal = {
                .failure = (Failure *) failure,
                .was_public = was_public,
                /* Where nothing was read, nothing is told of what files hold. */
                .needed = config_failure_is_public(config) || !config_failed_hashes(config) ? REACH_PUBLIC
                                                                                            : REACH_ACTIVE,
        };

        announcements_add(bus->announcements, &kind_failed, config, &refusal);
}

/* NULL where the history cannot tell. */
static const char *active_origin(Bus *bus, Config *config)
{
        g_autoptr(GPtrArray) versions = NULL;
        g_autoptr(Failure) failure = manager_list_versions(bus->manager, config, &versions);

        for (guint i = 0; !failure && i < versions->len; i++) {
                const Version *version = g_ptr_array_index(versions, i);

                if (version->number == config_version(config))
                        return origin_to_string(version->origin);
        }
        return NULL;
}

static int append_again(sd_bus_message *m, Bus *bus, Config *config, uint64_t previous,
                        const Changes *changes)
{
        const char *origin = active_origin(bus, config);
        bool truncated = changes == NULL;
        int r = sd_bus_message_append(m, "stt", changes ? changes_root(changes) : "/",
                                      config_version(config), previous);

        if (r >= 0)
                r = changes ? document_bus_append_changes(m, changes, MAX_SIGNAL_SIZE, &truncated)
                            : sd_bus_message_append(m, "a(ssvv)", 0);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && origin)
                r = sd_bus_message_append(m, "{sv}", "origin", "s", origin);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "time", "t", config_version_time(config));
        if (r >= 0 && truncated)
                r = sd_bus_message_append(m, "{sv}", "truncated", "b", 1);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int config_bus_send_again(Bus *bus, Config *config, const char *client, uint64_t previous,
                          const Changes *changes)
{
        g_autofree char *path = config_bus_path(config);
        g_autoptr(sd_bus_message) m = NULL;
        int r = sd_bus_message_new_signal(bus->bus, &m, path, RECONF_CONFIG_INTERFACE, "ConfigChanged");

        if (r >= 0)
                r = sd_bus_message_set_destination(m, client);
        if (r >= 0)
                r = append_again(m, bus, config, previous, changes);
        if (r >= 0)
                r = sd_bus_send(bus->bus, m, NULL);
        if (r >= 0)
                STATISTICS_COUNT(config_statistics(config), signals);
        return r;
}

void config_bus_added(Config *config, void *userdata)
{
        Bus *bus = userdata;
        g_autofree char *path = config_bus_path(config);
        int r = sd_bus_emit_object_added(bus->bus, path);

        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, config_name(config), "Failed to announce %s, ignoring: %s",
                           config_name(config), g_strerror(-r));
}

void config_bus_removed(Config *config, void *userdata)
{
        Bus *bus = userdata;
        g_autofree char *path = config_bus_path(config);
        int r = sd_bus_emit_object_removed(bus->bus, path);

        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, config_name(config),
                           "Failed to announce the end of %s, ignoring: %s", config_name(config),
                           g_strerror(-r));
}

void config_bus_properties_changed(Config *config, ConfigProperty properties, void *userdata)
{
        static const struct {
                ConfigProperty property;
                const char *name;
        } names[] = {
                { CONFIG_PROPERTY_FILES, "Files" },
                { CONFIG_PROPERTY_FORMAT, "Format" },
                { CONFIG_PROPERTY_STATE, "State" },
                { CONFIG_PROPERTY_PUBLIC, "Public" },
                { CONFIG_PROPERTY_HOT_RELOAD, "HotReload" },
                { CONFIG_PROPERTY_PENDING, "Pending" },
                { CONFIG_PROPERTY_OPTIONS, "Options" },
                { CONFIG_PROPERTY_SCHEMA, "Schema" },
                { CONFIG_PROPERTY_CONFIRM_DEADLINE, "ConfirmDeadline" },
        };
        Bus *bus = userdata;
        g_autofree char *path = config_bus_path(config);
        const char *changed[G_N_ELEMENTS(names) + 1];
        size_t count = 0;
        int r;

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                if (properties & names[i].property)
                        changed[count++] = names[i].name;
        changed[count] = NULL;
        r = sd_bus_emit_properties_changed_strv(bus->bus, path, RECONF_CONFIG_INTERFACE, (char **) changed);
        if (r < 0)
                log_config(G_LOG_LEVEL_WARNING, config_name(config),
                           "Failed to announce properties of %s, ignoring: %s", config_name(config),
                           g_strerror(-r));
}
