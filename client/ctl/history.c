/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/history.h"

#include "client/ctl/parse.h"
#include "client/ctl/user.h"
#include "client/ctl/value.h"

#include <string.h>

HistoryEntry *history_entry_new(uint64_t version, const char *digest, const char *state)
{
        HistoryEntry *entry = g_new0(HistoryEntry, 1);

        entry->version = version;
        entry->digest = g_strdup(digest);
        entry->state = g_strdup(state);
        return entry;
}

HistoryEntry *history_entry_free(HistoryEntry *entry)
{
        if (!entry)
                return NULL;

        g_free(entry->origin);
        g_free(entry->digest);
        g_free(entry->state);
        document_unref(entry->details);
        g_free(entry);
        return NULL;
}

static void destroy_entry(void *entry)
{
        history_entry_free(entry);
}

static int read_entry(sd_bus_message *m, GPtrArray *history)
{
        const char *origin, *digest, *state;
        uint64_t version, time;
        HistoryEntry *entry;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "ttsssa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "ttsss", &version, &time, &origin, &digest, &state);
        if (r < 0)
                return r;
        entry = history_entry_new(version, digest, state);
        entry->time = time;
        entry->origin = g_strdup(origin);
        g_ptr_array_add(history, entry);
        r = value_read_map(m, &entry->details);
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

static int read_history(sd_bus_message *m, GPtrArray *history)
{
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(ttsssa{sv})");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                r = read_entry(m, history);
                if (r < 0)
                        return r;
        }
        return r;
}

GPtrArray *history_get(Context *context, const char *config, GError **error)
{
        g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func(destroy_entry);
        sd_bus_message *reply = NULL;
        int r;

        if (!context_call(context, config, "GetVersionHistory", &reply, error, NULL))
                return NULL;
        r = read_history(reply, history);
        sd_bus_message_unref(reply);
        for (guint i = 0; i < history->len; i++)
                ((HistoryEntry *) history->pdata[i])->elsewhere = arguments_are_remote(context->arguments);
        return ctl_error_check_answer(r, error) ? g_steal_pointer(&history) : NULL;
}

bool history_resolve(Context *context, const char *config, const char *word, uint64_t *ret, GError **error)
{
        g_autoptr(GPtrArray) history = NULL;
        const HistoryEntry *entry;

        if (parse_version(word, ret))
                return true;
        history = history_get(context, config, error);
        if (!history)
                return false;
        entry = history_find_label(history, word);
        if (!entry) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_NOT_FOUND,
                            "%s: '%s' is neither a version's number nor a label\n"
                            "'reconfctl history %s' shows the versions there are.",
                            config, word, config);
                return false;
        }
        *ret = entry->version;
        return true;
}

bool history_resolve_number(Context *context, const char *config, const char *word, uint64_t *ret,
                            GError **error)
{
        g_autoptr(Document) properties = NULL;

        if (!history_resolve(context, config, word, ret, error))
                return false;
        if (*ret > 0)
                return true;
        properties = context_get_properties(context, config, error);
        if (!properties)
                return false;
        *ret = value_get_unsigned(properties, "Version");
        return true;
}

const HistoryEntry *history_find(const GPtrArray *history, uint64_t version)
{
        for (guint i = 0; i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];

                if (entry->version == version)
                        return entry;
        }
        return NULL;
}

const HistoryEntry *history_find_label(const GPtrArray *history, const char *label)
{
        for (guint i = 0; i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];

                if (g_strcmp0(value_get_string(entry->details, "label"), label) == 0)
                        return entry;
        }
        return NULL;
}

static bool find_active(const GPtrArray *history, guint *ret)
{
        for (guint i = 0; i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];

                if (g_str_equal(entry->state, "active")) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

const HistoryEntry *history_active(const GPtrArray *history)
{
        guint active;

        return find_active(history, &active) ? history->pdata[active] : NULL;
}

const HistoryEntry *history_previous(const GPtrArray *history)
{
        guint active;

        if (!find_active(history, &active))
                return NULL;
        for (guint i = active + 1; i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];

                if (!g_str_equal(entry->state, "rejected"))
                        return entry;
        }
        return NULL;
}

bool history_count_behind(const GPtrArray *history, uint64_t version, uint64_t active, uint64_t *ret)
{
        uint64_t count = 0;

        if (!history_find(history, version) || !history_find(history, active))
                return false;
        for (guint i = 0; i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];

                if (entry->version > version && entry->version <= active &&
                    !g_str_equal(entry->state, "rejected"))
                        count++;
        }
        *ret = count;
        return true;
}

char *history_entry_format_user(const HistoryEntry *entry)
{
        if (!value_get(entry->details, "uid"))
                return g_strdup(value_get_string(entry->details, "unit"));
        return user_format((uid_t) value_get_unsigned(entry->details, "uid"), entry->elsewhere);
}

char *history_entry_format_author(const HistoryEntry *entry)
{
        g_autofree char *user = history_entry_format_user(entry);
        const char *unit = value_get_string(entry->details, "unit");
        uint64_t pid = value_get_unsigned(entry->details, "pid");
        GString *text;

        if (!user || g_strcmp0(user, unit) == 0 || (!unit && pid == 0))
                return g_steal_pointer(&user);
        text = g_string_new(user);
        g_string_append(text, " (");
        if (pid > 0)
                g_string_append_printf(text, "pid %" G_GUINT64_FORMAT "%s", pid, unit ? ", " : "");
        g_string_append_printf(text, "%s)", unit ? unit : "");
        return g_string_free(text, FALSE);
}

const HistoryEntry *history_step_back(const GPtrArray *history, unsigned steps)
{
        g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
        guint active;

        if (!find_active(history, &active))
                return NULL;
        g_hash_table_add(seen, ((HistoryEntry *) history->pdata[active])->digest);
        for (guint i = active + 1; i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];

                if (!g_str_equal(entry->state, "superseded") || !g_hash_table_add(seen, entry->digest))
                        continue;
                if (--steps == 0)
                        return entry;
        }
        return NULL;
}
