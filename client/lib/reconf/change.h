/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <reconf/snapshot.h>

G_BEGIN_DECLS

#define RECONF_TYPE_CHANGE (reconf_change_get_type())

/**
 * ReconfChangeKind:
 * @RECONF_CHANGE_ADDED: there was nothing
 * @RECONF_CHANGE_MODIFIED: there was something else
 * @RECONF_CHANGE_REMOVED: there is nothing any more
 *
 * What happened to a place.
 */
typedef enum {
        RECONF_CHANGE_ADDED,
        RECONF_CHANGE_MODIFIED,
        RECONF_CHANGE_REMOVED,
} ReconfChangeKind;

typedef struct _ReconfChange ReconfChange;

RECONF_AVAILABLE_IN_0_1
GType reconf_change_get_type(void);
RECONF_AVAILABLE_IN_0_1
ReconfChange *reconf_change_new(ReconfSnapshot *before, ReconfSnapshot *after);
RECONF_AVAILABLE_IN_0_1
ReconfChange *reconf_change_ref(ReconfChange *change);
RECONF_AVAILABLE_IN_0_1
void reconf_change_unref(ReconfChange *change);

RECONF_AVAILABLE_IN_0_1
guint64 reconf_change_get_version(ReconfChange *change);
RECONF_AVAILABLE_IN_0_1
guint64 reconf_change_get_previous(ReconfChange *change);
RECONF_AVAILABLE_IN_0_1
ReconfSnapshot *reconf_change_get_before(ReconfChange *change);
RECONF_AVAILABLE_IN_0_1
ReconfSnapshot *reconf_change_get_after(ReconfChange *change);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_change_get_details(ReconfChange *change);

RECONF_AVAILABLE_IN_0_1
guint reconf_change_get_n_items(ReconfChange *change);
RECONF_AVAILABLE_IN_0_1
const char *reconf_change_get_path(ReconfChange *change, guint index);
RECONF_AVAILABLE_IN_0_1
ReconfChangeKind reconf_change_get_kind(ReconfChange *change, guint index);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_change_get_old_value(ReconfChange *change, guint index);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_change_get_new_value(ReconfChange *change, guint index);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_change_touches(ReconfChange *change, const char *path);
RECONF_AVAILABLE_IN_0_1
void reconf_change_hold(ReconfChange *change);
RECONF_AVAILABLE_IN_0_1
void reconf_change_reject(ReconfChange *change, const char *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReconfChange, reconf_change_unref)

G_END_DECLS
