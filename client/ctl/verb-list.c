/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl list
 */
#include "client/ctl/config-list.h"
#include "client/ctl/verbs.h"

#include <fnmatch.h>

static const Column columns[] = {
        { "NAME", "name", COLUMN_SHRINKS },       { "STATE", "state", 0 },
        { "VERSION", "version", COLUMN_RIGHT },   { "FILE", "file", COLUMN_SHRINKS },
        { "OBJECT", "object", COLUMN_JSON_ONLY },
};

static bool is_wanted(const char *name, char **patterns)
{
        bool wanted = !*patterns;

        for (; *patterns && !wanted; patterns++)
                wanted = fnmatch(*patterns, name, 0) == 0;
        return wanted;
}

int verb_list(Context *context, char **words)
{
        g_autoptr(Table) table = table_new(columns, G_N_ELEMENTS(columns));
        g_autoptr(GPtrArray) configs = NULL;
        GError *error = NULL;

        configs = config_list_get(context, &error);
        if (!configs)
                return ctl_error_report(error);

        for (guint i = 0; i < configs->len; i++) {
                const ListedConfig *config = configs->pdata[i];

                if (!is_wanted(config->name, words))
                        continue;
                table_add_text(table, config->name, ACCENT_NONE);
                table_add_text(table, config->state, config_state_accent(config->state));
                table_add_unsigned(table, config->version);
                table_add_text(table, config->file, ACCENT_NONE);
                table_add_text(table, config->object, ACCENT_NONE);
        }
        context_show_table(context, table, "config");
        return CTL_EXIT_SUCCESS;
}
