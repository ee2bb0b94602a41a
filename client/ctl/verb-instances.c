/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl instances
 */
#include "client/ctl/following.h"
#include "client/ctl/instance-table.h"
#include "client/ctl/verbs.h"

int verb_instances(Context *context, char **words)
{
        g_autoptr(Standings) standings = standings_new(context);
        g_autoptr(Table) table = instance_table_new(!words[0]);
        g_autoptr(GPtrArray) instances = NULL;
        GError *error = NULL;

        if (context->arguments->given & ARGUMENT_FOLLOW)
                return following_run(context, words[0]);

        if (standings_look(standings, words[0], &error))
                instances = instance_list_get(context, words[0], &error);
        if (!instances)
                return ctl_error_report(error);
        instance_table_add_all(table, instances, standings);
        context_show_table(context, table, "instance");
        return CTL_EXIT_SUCCESS;
}
