/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents in bus messages
 *
 * How nodes of a document are written into a message and read out of one, for both ends of the bus. Writing
 * keeps to the contract: a{sv}, av, b, x, t, d, s, and g "" for null. Reading also takes what widens without
 * loss. All functions return a negative errno where the message cannot take or does not hold what they are
 * after.
 */
#pragma once

#include "daemon/model/builder.h"
#include "daemon/model/changes.h"

#include <systemd/sd-bus.h>

/* Appends one v. NULL stands for "no value". */
int document_bus_append_variant(sd_bus_message *m, const Node *node);
/* Appends a map as a bare a{sv}. */
int document_bus_append_map(sd_bus_message *m, const Node *map);
/* An upper bound of what the changes take in a message, in bytes. */
uint64_t document_bus_changes_size(const Changes *changes);
/*
 * Appends a(ssvv). Stops before the change that would take the array past limit bytes, as estimated like
 * that; *ret_truncated then is true.
 */
int document_bus_append_changes(sd_bus_message *m, const Changes *changes, uint64_t limit,
                                bool *ret_truncated);

/*
 * Reads the next value, a v or anything that can be in one, as the next value of the builder. -EBADMSG where
 * it is not a document's: too deep, a key twice, a type that documents do not have.
 */
int document_bus_read_variant(sd_bus_message *m, Builder *builder);
