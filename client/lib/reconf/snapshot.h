/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <glib-object.h>
#include <reconf/version.h>

G_BEGIN_DECLS

#define RECONF_TYPE_SNAPSHOT (reconf_snapshot_get_type())
#define RECONF_TYPE_ITER (reconf_iter_get_type())

typedef struct _ReconfSnapshot ReconfSnapshot;
typedef struct _ReconfIter ReconfIter;

/**
 * ReconfIter:
 *
 * Goes through the members of a map or the items of a list. In C it is on the stack of who uses it and needs
 * no freeing; the snapshot has to stay for as long. Other languages make one with [ctor@Reconf.Iter.new].
 */
struct _ReconfIter {
        /*< private >*/
        gpointer reserved[8];
};

RECONF_AVAILABLE_IN_0_1
GType reconf_snapshot_get_type(void);
RECONF_AVAILABLE_IN_0_1
ReconfSnapshot *reconf_snapshot_new_from_bytes(guint64 version, GBytes *bytes, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfSnapshot *reconf_snapshot_new_from_fd(guint64 version, int fd, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfSnapshot *reconf_snapshot_ref(ReconfSnapshot *snapshot);
RECONF_AVAILABLE_IN_0_1
void reconf_snapshot_unref(ReconfSnapshot *snapshot);

RECONF_AVAILABLE_IN_0_1
guint64 reconf_snapshot_get_version(ReconfSnapshot *snapshot);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_snapshot_equal(ReconfSnapshot *a, ReconfSnapshot *b);

RECONF_AVAILABLE_IN_0_1
gboolean reconf_snapshot_has(ReconfSnapshot *snapshot, const char *path);
RECONF_AVAILABLE_IN_0_1
const GVariantType *reconf_snapshot_get_value_type(ReconfSnapshot *snapshot, const char *path);
RECONF_AVAILABLE_IN_0_1
gint64 reconf_snapshot_get_int(ReconfSnapshot *snapshot, const char *path, gint64 default_value);
RECONF_AVAILABLE_IN_0_1
guint64 reconf_snapshot_get_uint(ReconfSnapshot *snapshot, const char *path, guint64 default_value);
RECONF_AVAILABLE_IN_0_1
double reconf_snapshot_get_double(ReconfSnapshot *snapshot, const char *path, double default_value);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_snapshot_get_boolean(ReconfSnapshot *snapshot, const char *path, gboolean default_value);
RECONF_AVAILABLE_IN_0_1
const char *reconf_snapshot_get_string(ReconfSnapshot *snapshot, const char *path,
                                       const char *default_value);
RECONF_AVAILABLE_IN_0_1
char **reconf_snapshot_dup_strv(ReconfSnapshot *snapshot, const char *path);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_snapshot_get_variant(ReconfSnapshot *snapshot, const char *path);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_snapshot_lookup_value(ReconfSnapshot *snapshot, const char *path,
                                       const GVariantType *expected_type);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_snapshot_lookup(ReconfSnapshot *snapshot, const char *path, const char *format_string, ...);

RECONF_AVAILABLE_IN_0_1
gsize reconf_snapshot_n_children(ReconfSnapshot *snapshot, const char *path);
RECONF_AVAILABLE_IN_0_1
char **reconf_snapshot_dup_keys(ReconfSnapshot *snapshot, const char *path);

RECONF_AVAILABLE_IN_0_1
GType reconf_iter_get_type(void);
RECONF_AVAILABLE_IN_0_1
ReconfIter *reconf_iter_new(ReconfSnapshot *snapshot, const char *path);
RECONF_AVAILABLE_IN_0_1
void reconf_iter_free(ReconfIter *iter);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_iter_init(ReconfIter *iter, ReconfSnapshot *snapshot, const char *path);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_iter_next(ReconfIter *iter, const char **key);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_iter_has(ReconfIter *iter, const char *path);
RECONF_AVAILABLE_IN_0_1
gint64 reconf_iter_get_int(ReconfIter *iter, const char *path, gint64 default_value);
RECONF_AVAILABLE_IN_0_1
guint64 reconf_iter_get_uint(ReconfIter *iter, const char *path, guint64 default_value);
RECONF_AVAILABLE_IN_0_1
double reconf_iter_get_double(ReconfIter *iter, const char *path, double default_value);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_iter_get_boolean(ReconfIter *iter, const char *path, gboolean default_value);
RECONF_AVAILABLE_IN_0_1
const char *reconf_iter_get_string(ReconfIter *iter, const char *path, const char *default_value);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_iter_get_variant(ReconfIter *iter, const char *path);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReconfIter, reconf_iter_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReconfSnapshot, reconf_snapshot_unref)

G_END_DECLS
