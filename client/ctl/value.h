/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Values off the bus
 *
 * What the service sends, read into the same documents that it keeps. All functions return a negative errno
 * where the message does not hold what they are after.
 */
#pragma once

#include "daemon/model/changes.h"
#include "daemon/model/document.h"

#include <systemd/sd-bus.h>

/* Any value. The node is valid as long as the document, whose root it need not be. */
int value_read(sd_bus_message *m, Document **ret_document, const Node **ret_node);
/* An a{sv}; its members with node_find_member(). */
int value_read_map(sd_bus_message *m, Document **ret);

/* A whole document out of the descriptor that GetSnapshot answers with, which stays open. */
int value_read_snapshot(int fd, Document **ret);

/* Members of details, by name; 0, NULL or false where there is none of that type. */
uint64_t value_get_unsigned(const Document *details, const char *name);
const char *value_get_string(const Document *details, const char *name);
bool value_get_boolean(const Document *details, const char *name);
const Node *value_get(const Document *details, const char *name);

/* An a(ssvv), in place of the changes of two documents. */
typedef struct ChangeList {
        Document *document;  /* holds the values */
        GArray *items;       /* of Change */
        GHashTable *restart; /* paths of those that need a restart */
        GPtrArray *redacted; /* of Document: hold what was put in place of values */
} ChangeList;

int change_list_read(sd_bus_message *m, ChangeList **ret);
ChangeList *change_list_free(ChangeList *list);
void change_list_add_restart(ChangeList *list, const char *path);
bool change_list_needs_restart(const ChangeList *list, const Change *change);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChangeList, change_list_free)
