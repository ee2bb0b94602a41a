/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * History table: versions as people and JSON see them
 */
#pragma once

#include "client/ctl/history.h"
#include "client/ctl/table.h"

/* So many of the newest; the history has to outlive the table. */
Table *history_table_new(const GPtrArray *history, guint most);
/* How the state of a version is to be shown. */
Accent history_state_accent(const char *state);
