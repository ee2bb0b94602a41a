/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instance table: instances as people and JSON see them
 */
#pragma once

#include "client/ctl/instance-list.h"
#include "client/ctl/standings.h"
#include "client/ctl/table.h"

/* With the column of the config, or for JSON only. */
Table *instance_table_new(bool with_config);
/* The instance has to outlive the table. */
void instance_table_add(Table *table, const ListedInstance *instance, Standings *standings);
void instance_table_add_all(Table *table, const GPtrArray *instances, Standings *standings);
