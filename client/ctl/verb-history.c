/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl history
 */
#include "client/ctl/history-table.h"
#include "client/ctl/verbs.h"

int verb_history(Context *context, char **words)
{
        g_autoptr(GPtrArray) history = NULL;
        g_autoptr(Table) table = NULL;
        GError *error = NULL;

        history = history_get(context, words[0], &error);
        if (!history)
                return ctl_error_report(error);

        table = history_table_new(history, history->len);
        context_show_table(context, table, "version");
        return CTL_EXIT_SUCCESS;
}
