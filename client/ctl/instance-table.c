/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/instance-table.h"

/* clang-format off */
#define COLUMNS(config_flags)                         \
        {                                             \
                { "CONFIG", "config", config_flags }, \
                { "PROGRAM", "program", COLUMN_SHRINKS }, \
                { "NAME", "name", COLUMN_JSON_ONLY }, \
                { "PID", "pid", COLUMN_RIGHT },       \
                { "UNIT", "unit", COLUMN_SHRINKS },   \
                { "VERSION", "version", COLUMN_RIGHT }, \
                { "STATE", "state", 0 },              \
                { "BEHIND", "behind", COLUMN_RIGHT }, \
                { "MESSAGE", "message", COLUMN_SHRINKS }, \
                { "SINCE", "since", COLUMN_JSON_ONLY }, \
                { "OBJECT", "object", COLUMN_JSON_ONLY }, \
                { "DETAILS", "details", COLUMN_JSON_ONLY }, \
        }
/* clang-format on */

static const Column columns[] = COLUMNS(COLUMN_SHRINKS);
static const Column columns_of_one[] = COLUMNS(COLUMN_JSON_ONLY);

Table *instance_table_new(bool with_config)
{
        return table_new(with_config ? columns : columns_of_one, G_N_ELEMENTS(columns));
}

static void add_known(Table *table, uint64_t value)
{
        if (value > 0)
                table_add_unsigned(table, value);
        else
                table_add_text(table, NULL, ACCENT_NONE);
}

void instance_table_add(Table *table, const ListedInstance *instance, Standings *standings)
{
        g_autofree char *program = listed_instance_format_program(instance);
        uint64_t behind;

        table_add_text(table, instance->config, ACCENT_NONE);
        table_add_shown(table, program, *instance->program ? instance->program : NULL, ACCENT_NONE);
        table_add_text(table, instance->name, ACCENT_NONE);
        add_known(table, instance->pid);
        table_add_text(table, instance->unit, ACCENT_NONE);
        add_known(table, instance->version);
        table_add_text(table, instance->state, instance_state_accent(instance->state));
        if (standings_count_behind(standings, instance, &behind))
                table_add_amount(table, behind);
        else
                table_add_text(table, NULL, ACCENT_NONE);
        table_add_text(table, instance->message, ACCENT_NONE);
        table_add_time(table, instance->start);
        table_add_text(table, instance->object, ACCENT_NONE);
        table_add_node(table, NULL, instance->details ? document_root(instance->details) : NULL);
}

void instance_table_add_all(Table *table, const GPtrArray *instances, Standings *standings)
{
        for (guint i = 0; i < instances->len; i++)
                instance_table_add(table, instances->pdata[i], standings);
}
