/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl complete, for the shells: one candidate a line, where it helps with a description behind a tab
 *
 * What the completions offer comes from the same tables and calls as everything else. Errors stay unsaid:
 * nobody wants to read one while typing.
 */
#include "client/ctl/config-list.h"
#include "client/ctl/history.h"
#include "client/ctl/instance-list.h"
#include "client/ctl/program.h"
#include "client/ctl/settings.h"
#include "client/ctl/text.h"
#include "client/ctl/value.h"
#include "client/ctl/verbs.h"
#include "daemon/model/path.h"

#include <stdio.h>
#include <string.h>

static void complete_verbs(void)
{
        const Verb *verb;

        for (size_t i = 0; (verb = verbs_get(i)); i++)
                if (verb->summary)
                        printf("%s\t%s\n", verb->name, verb->summary);
}

/* Those that the verb takes; with a "=" behind where a value follows. */
static void complete_options(const char *name)
{
        const Verb *verb = name ? verbs_find(name) : NULL;
        const char *option;
        bool takes_value;
        unsigned bit;

        for (size_t i = 0; arguments_option(i, &option, &takes_value, &bit); i++)
                if (bit == 0 || (verb && (verb->bits & bit)))
                        printf("--%s%s\n", option, takes_value ? "=" : "");
}

static void complete_settings(void)
{
        const char *name;

        for (size_t i = 0; (name = settings_name(i)); i++)
                printf("%s=\n", name);
}

static void complete_configs(Context *context)
{
        g_autoptr(GPtrArray) configs = config_list_get(context, NULL);

        for (guint i = 0; configs && i < configs->len; i++) {
                const ListedConfig *config = configs->pdata[i];
                g_autofree char *file = text_escape(config->file);

                printf("%s\t%s\n", config->name, file);
        }
}

static void complete_versions(Context *context, const char *config)
{
        g_autoptr(GPtrArray) history = config ? history_get(context, config, NULL) : NULL;

        for (guint i = 0; history && i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];

                printf("%" G_GUINT64_FORMAT "\t%s, %s\n", entry->version, entry->state, entry->origin);
        }
        for (guint i = 0; history && i < history->len; i++) {
                const HistoryEntry *entry = history->pdata[i];
                const char *label = value_get_string(entry->details, "label");
                g_autofree char *escaped = text_escape(label);

                /* What had to be escaped is not what is to be typed. */
                if (label && g_str_equal(label, escaped))
                        printf("%s\tversion %" G_GUINT64_FORMAT "\n", label, entry->version);
        }
}

static void complete_instances(Context *context, const char *config)
{
        g_autoptr(GPtrArray) instances = config ? instance_list_get(context, config, NULL) : NULL;

        for (guint i = 0; instances && i < instances->len; i++) {
                const ListedInstance *instance = instances->pdata[i];
                g_autofree char *program = listed_instance_format(instance);

                printf("%s\t%s, %s\n", listed_instance_id(instance), program, instance->state);
        }
}

/* How much of a path that is being typed is finished: up to and without its last dot outside quotes. */
static size_t finished_length(const char *path)
{
        size_t length = 0;
        bool quoted = false;

        for (const char *p = path; *p; p++) {
                if (quoted && *p == '\\' && p[1])
                        p++;
                else if (*p == '"')
                        quoted = !quoted;
                else if (*p == '.' && !quoted)
                        length = (size_t) (p - path);
        }
        return length;
}

static void print_path(const char *parent, const char *key, size_t length, const Node *value)
{
        g_autoptr(GString) path = g_string_new(parent);
        bool more = (value->kind == NODE_MAP || value->kind == NODE_LIST) && value->length > 0;

        path_append_dotted(path, key, length);
        if (!strpbrk(path->str, "\n\t"))
                printf("%s%s\n", path->str, more ? "." : "");
}

/* One level: what is under the finished part of the path. */
static void complete_paths(Context *context, const char *config, const char *typed)
{
        g_autofree char *parent = g_strndup(typed ? typed : "", typed ? finished_length(typed) : 0);
        g_autoptr(Document) document = NULL;
        sd_bus_message *reply = NULL;
        const Node *node = NULL;

        if (!config || !context_call(context, config, "Get", &reply, NULL, "s", parent))
                return;
        (void) value_read(reply, &document, &node);
        sd_bus_message_unref(reply);

        for (uint32_t i = 0; node && node->kind == NODE_MAP && i < node->length; i++) {
                const Member *member = &node->map->members[i];

                print_path(parent, member->key, member->key_length, &member->value);
        }
        for (uint32_t i = 0; node && node->kind == NODE_LIST && i < node->length; i++) {
                char index[16];

                g_snprintf(index, sizeof index, "%u", i);
                print_path(parent, index, strlen(index), &node->list->items[i]);
        }
}

static void complete_signals(void)
{
        for (int i = 1; i < SIGRTMIN; i++)
                if (sigabbrev_np(i) && program_can_handle(i))
                        printf("%s\n", sigabbrev_np(i));
}

/* What only the service knows. */
static bool complete_live(Context *context, const char *what, const char *name, const char *typed)
{
        if (g_str_equal(what, "configs"))
                complete_configs(context);
        else if (g_str_equal(what, "versions"))
                complete_versions(context, name);
        else if (g_str_equal(what, "instances"))
                complete_instances(context, name);
        else if (g_str_equal(what, "paths"))
                complete_paths(context, name, typed);
        else
                return false;
        return true;
}

int verb_complete(Context *context, char **words)
{
        const char *what = words[0], *name = words[1];

        /* A question has no place where somebody types something else. */
        context->prompts = CONTEXT_PROMPTS_NONE;
        if (g_str_equal(what, "verbs"))
                complete_verbs();
        else if (g_str_equal(what, "options"))
                complete_options(name);
        else if (g_str_equal(what, "settings"))
                complete_settings();
        else if (g_str_equal(what, "signals"))
                complete_signals();
        /* Nor has one that ssh asks. */
        else if (!context->arguments->host && !complete_live(context, what, name, name ? words[2] : NULL))
                return CTL_EXIT_USAGE;
        return CTL_EXIT_SUCCESS;
}
