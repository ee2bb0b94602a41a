/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes as text and as JSON
 *
 * A line a change where it fits: "~ database.pool.size: 10 → 20". Larger values stand below their path, of
 * lists and texts only the lines that differ, with a little around them. What takes effect with a restart
 * only says so.
 */
#pragma once

#include "client/ctl/json.h"
#include "client/ctl/style.h"
#include "client/ctl/value.h"

/* Each line with so many spaces before it. */
void diff_text_append(GString *out, const ChangeList *changes, const Style *style, unsigned indent);
/*
 * An array of {"path", "kind", "before", "after"}; a side that has no value has no member. What needs a
 * restart has "restart": true.
 */
void diff_text_append_json(Json *json, const ChangeList *changes);
