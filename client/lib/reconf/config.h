/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <gio/gio.h>
#include <reconf/change.h>
#include <reconf/status.h>

G_BEGIN_DECLS

#define RECONF_TYPE_CONFIG (reconf_config_get_type())

RECONF_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE(ReconfConfig, reconf_config, RECONF, CONFIG, GObject)

RECONF_AVAILABLE_IN_0_1
void reconf_config_open(GBusType bus_type, const char *file, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
void reconf_config_open_files(GBusType bus_type, const char *name, const char *const *files,
                              GVariant *options, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_config_open_finish(GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_config_open_sync(GBusType bus_type, const char *file, GCancellable *cancellable,
                                      GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_config_open_files_sync(GBusType bus_type, const char *name, const char *const *files,
                                            GVariant *options, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_config_new_for_file(const char *file, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_config_new_for_files(const char *const *files, GVariant *options, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_config_new_for_data(const char *data, gssize length, const char *format,
                                         GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_set_data(ReconfConfig *config, const char *data, gssize length, const char *format,
                                GError **error);

RECONF_AVAILABLE_IN_0_1
const char *reconf_config_get_name(ReconfConfig *config);
RECONF_AVAILABLE_IN_0_1
const char *reconf_config_get_object_path(ReconfConfig *config);
RECONF_AVAILABLE_IN_0_1
guint64 reconf_config_get_version(ReconfConfig *config);
RECONF_AVAILABLE_IN_0_1
ReconfStatus reconf_config_get_status(ReconfConfig *config);
RECONF_AVAILABLE_IN_0_1
GError *reconf_config_dup_error(ReconfConfig *config);

RECONF_AVAILABLE_IN_0_1
ReconfSnapshot *reconf_config_dup_snapshot(ReconfConfig *config);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_has(ReconfConfig *config, const char *path);
RECONF_AVAILABLE_IN_0_1
gint64 reconf_config_get_int(ReconfConfig *config, const char *path, gint64 default_value);
RECONF_AVAILABLE_IN_0_1
guint64 reconf_config_get_uint(ReconfConfig *config, const char *path, guint64 default_value);
RECONF_AVAILABLE_IN_0_1
double reconf_config_get_double(ReconfConfig *config, const char *path, double default_value);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_get_boolean(ReconfConfig *config, const char *path, gboolean default_value);
RECONF_AVAILABLE_IN_0_1
char *reconf_config_dup_string(ReconfConfig *config, const char *path, const char *default_value);
RECONF_AVAILABLE_IN_0_1
char **reconf_config_dup_strv(ReconfConfig *config, const char *path);
RECONF_AVAILABLE_IN_0_1
char **reconf_config_dup_keys(ReconfConfig *config, const char *path);
RECONF_AVAILABLE_IN_0_1
gsize reconf_config_n_children(ReconfConfig *config, const char *path);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_variant(ReconfConfig *config, const char *path);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_lookup_value(ReconfConfig *config, const char *path,
                                     const GVariantType *expected_type);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_lookup(ReconfConfig *config, const char *path, const char *format_string, ...);

/**
 * ReconfWatchFunc:
 * @config: the config
 * @path: the path that is watched
 * @old_value: (nullable): what was there, %NULL for nothing
 * @new_value: (nullable): what is there, %NULL for nothing
 * @user_data: what was given to [method@Reconf.Config.watch]
 *
 * Told that what is at a path, or below it, has changed.
 */
typedef void (*ReconfWatchFunc)(ReconfConfig *config, const char *path, GVariant *old_value,
                                GVariant *new_value, gpointer user_data);

RECONF_AVAILABLE_IN_0_1
guint reconf_config_watch(ReconfConfig *config, const char *path, ReconfWatchFunc callback,
                          gpointer user_data, GDestroyNotify destroy);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_unwatch(ReconfConfig *config, guint handle);

/**
 * ReconfBindFlags:
 * @RECONF_BIND_DEFAULT: the property follows the config
 * @RECONF_BIND_ONCE: the property is set once, when it is bound
 * @RECONF_BIND_INVERT_BOOLEAN: a boolean is turned round
 *
 * How a path is bound to a property.
 */
typedef enum {
        RECONF_BIND_DEFAULT = 0,
        RECONF_BIND_ONCE = 1 << 0,
        RECONF_BIND_INVERT_BOOLEAN = 1 << 1,
} ReconfBindFlags;

/**
 * ReconfBindMapping:
 * @value: (inout): a value of the property's type, to be set
 * @variant: what the config holds
 * @user_data: what was given to [method@Reconf.Config.bind_with_mapping]
 *
 * Makes a property's value of a config's.
 *
 * Returns: whether it could; where not, the property stays as it is
 */
typedef gboolean (*ReconfBindMapping)(GValue *value, GVariant *variant, gpointer user_data);

RECONF_AVAILABLE_IN_0_1
guint reconf_config_bind(ReconfConfig *config, const char *path, GObject *object, const char *property,
                         ReconfBindFlags flags);
RECONF_AVAILABLE_IN_0_1
guint reconf_config_bind_with_mapping(ReconfConfig *config, const char *path, GObject *object,
                                      const char *property, ReconfBindFlags flags, ReconfBindMapping mapping,
                                      gpointer user_data, GDestroyNotify destroy);
RECONF_AVAILABLE_IN_0_1
guint reconf_config_bind_with_closure(ReconfConfig *config, const char *path, GObject *object,
                                      const char *property, ReconfBindFlags flags, GClosure *mapping);
RECONF_AVAILABLE_IN_0_1
void reconf_config_unbind(GObject *object, const char *property);

RECONF_AVAILABLE_IN_0_1
void reconf_config_reload(ReconfConfig *config, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_reload_finish(ReconfConfig *config, GAsyncResult *result, guint64 *version,
                                     GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_reload_sync(ReconfConfig *config, guint64 *version, GCancellable *cancellable,
                                   GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_reload_with_options(ReconfConfig *config, GVariant *options, GCancellable *cancellable,
                                       GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_reload_with_options_finish(ReconfConfig *config, GAsyncResult *result,
                                                  guint64 *version, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_reload_with_options_sync(ReconfConfig *config, GVariant *options, guint64 *version,
                                                GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_set_files(ReconfConfig *config, const char *const *files, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_set_files_finish(ReconfConfig *config, GAsyncResult *result, guint64 *version,
                                        GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_set_files_sync(ReconfConfig *config, const char *const *files, guint64 *version,
                                      GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_rollback(ReconfConfig *config, guint64 version, GVariant *options,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_rollback_finish(ReconfConfig *config, GAsyncResult *result, guint64 *new_version,
                                       GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_rollback_sync(ReconfConfig *config, guint64 version, GVariant *options,
                                     guint64 *new_version, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_diff(ReconfConfig *config, guint64 from, guint64 to, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_diff_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_diff_sync(ReconfConfig *config, guint64 from, guint64 to, GCancellable *cancellable,
                                  GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_label(ReconfConfig *config, guint64 version, const char *label, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_label_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_label_sync(ReconfConfig *config, guint64 version, const char *label,
                                  GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_confirm(ReconfConfig *config, guint64 version, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_confirm_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_confirm_sync(ReconfConfig *config, guint64 version, GCancellable *cancellable,
                                    GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_extend_confirm(ReconfConfig *config, guint64 version, guint delay_ms,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_extend_confirm_finish(ReconfConfig *config, GAsyncResult *result, guint64 *deadline,
                                             GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_extend_confirm_sync(ReconfConfig *config, guint64 version, guint delay_ms,
                                           guint64 *deadline, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_get_history(ReconfConfig *config, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_history_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_history_sync(ReconfConfig *config, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_validate(ReconfConfig *config, const char *content, const char *format,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_validate_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_validate_sync(ReconfConfig *config, const char *content, const char *format,
                                      GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_get_problems(ReconfConfig *config, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_problems_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_problems_sync(ReconfConfig *config, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_list_instances(ReconfConfig *config, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_list_instances_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_list_instances_sync(ReconfConfig *config, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_set_hot_reload(ReconfConfig *config, gboolean enabled, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_set_hot_reload_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_config_set_hot_reload_sync(ReconfConfig *config, gboolean enabled, GCancellable *cancellable,
                                           GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_get_statistics(ReconfConfig *config, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_statistics_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_statistics_sync(ReconfConfig *config, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_config_get_info(ReconfConfig *config, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_info_finish(ReconfConfig *config, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_config_get_info_sync(ReconfConfig *config, GCancellable *cancellable, GError **error);

G_END_DECLS
