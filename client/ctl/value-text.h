/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values as text: YAML that people can read and a YAML reader can, too
 *
 * A string stands without quotes only where no YAML reader, of 1.1 or 1.2, could take it for anything else.
 * What is not visible is escaped, which takes double quotes. The exception is value_append_plain().
 */
#pragma once

#include "daemon/model/document.h"

/* On one line: 10, "10", [a, b], {host: a, port: 1}. */
void value_append_flow(GString *out, const Node *node);
/* Over as many lines as it takes, each with so many spaces before it and a newline behind. */
void value_append_block(GString *out, const Node *node, unsigned indent);
/*
 * A scalar as it is, for scripts: strings without quotes; escaped only where told so (newlines and tabs
 * stay). Maps and lists as blocks. Ends in a newline.
 */
void value_append_plain(GString *out, const Node *node, bool escape);
/* True if the value needs lines of its own: maps and lists with something in them, strings of several lines.
 */
bool value_is_block(const Node *node);
