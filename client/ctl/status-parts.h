/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Status parts: what reconfctl status says of a config's state and of its last versions
 *
 * No values out of a config are in either.
 */
#pragma once

#include "client/ctl/history.h"

/* The beginning of each line of a section, as wide as the labels before it. */
void status_append_label(GString *out, const char *label);

/*
 * What a state means and what can be done about it, from a config's properties; NULL where it says all by
 * itself. command is how this program is called, now is µs, realtime.
 */
char *status_explain(const Document *properties, const char *command, uint64_t now);
/* The newest versions, each with when, who and why, in two lines. */
void status_append_versions(GString *out, const GPtrArray *history, const Style *style);
/* The same as an array of objects. */
void status_append_versions_json(Json *json, const GPtrArray *history);
