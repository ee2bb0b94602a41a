/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <reconf/config.h>

G_BEGIN_DECLS

#define RECONF_TYPE_CLIENT (reconf_client_get_type())

RECONF_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE(ReconfClient, reconf_client, RECONF, CLIENT, GObject)

RECONF_AVAILABLE_IN_0_1
void reconf_client_new(GBusType bus_type, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data);
RECONF_AVAILABLE_IN_0_1
void reconf_client_new_for_address(const char *address, GCancellable *cancellable,
                                   GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
ReconfClient *reconf_client_new_finish(GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfClient *reconf_client_new_sync(GBusType bus_type, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfClient *reconf_client_new_for_address_sync(const char *address, GCancellable *cancellable,
                                                 GError **error);

RECONF_AVAILABLE_IN_0_1
GDBusConnection *reconf_client_dup_connection(ReconfClient *client);
RECONF_AVAILABLE_IN_0_1
ReconfStatus reconf_client_get_status(ReconfClient *client);
RECONF_AVAILABLE_IN_0_1
GError *reconf_client_dup_error(ReconfClient *client);
RECONF_AVAILABLE_IN_0_1
guint reconf_client_get_reconnect_attempts(ReconfClient *client);
RECONF_AVAILABLE_IN_0_1
guint reconf_client_get_max_reconnect_attempts(ReconfClient *client);
RECONF_AVAILABLE_IN_0_1
void reconf_client_set_max_reconnect_attempts(ReconfClient *client, guint attempts);
RECONF_AVAILABLE_IN_0_1
guint reconf_client_get_reconnect_delay(ReconfClient *client);
RECONF_AVAILABLE_IN_0_1
void reconf_client_set_reconnect_delay(ReconfClient *client, guint delay_ms);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_client_get_auto_reconnect(ReconfClient *client);
RECONF_AVAILABLE_IN_0_1
void reconf_client_set_auto_reconnect(ReconfClient *client, gboolean auto_reconnect);
RECONF_AVAILABLE_IN_0_1
void reconf_client_reconnect(ReconfClient *client);

RECONF_AVAILABLE_IN_0_1
void reconf_client_get_config(ReconfClient *client, const char *name, const char *const *paths,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_client_get_config_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_client_get_config_sync(ReconfClient *client, const char *name, const char *const *paths,
                                            GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_register(ReconfClient *client, const char *name, const char *const *files,
                            GVariant *options, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_client_register_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_client_register_sync(ReconfClient *client, const char *name, const char *const *files,
                                          GVariant *options, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_watch_file(ReconfClient *client, const char *file, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_client_watch_file_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_client_watch_file_sync(ReconfClient *client, const char *file,
                                            GCancellable *cancellable, GError **error);

RECONF_AVAILABLE_IN_0_1
void reconf_client_register_directory(ReconfClient *client, const char *name, const char *directory,
                                      const char *pattern, GVariant *options, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
char **reconf_client_register_directory_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
char **reconf_client_register_directory_sync(ReconfClient *client, const char *name, const char *directory,
                                             const char *pattern, GVariant *options,
                                             GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_unregister(ReconfClient *client, const char *name, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_client_unregister_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_client_unregister_sync(ReconfClient *client, const char *name, GCancellable *cancellable,
                                       GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_set_hot_reload(ReconfClient *client, gboolean enabled, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_client_set_hot_reload_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_client_set_hot_reload_sync(ReconfClient *client, gboolean enabled, GCancellable *cancellable,
                                           GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_list_configs(ReconfClient *client, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_list_configs_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_list_configs_sync(ReconfClient *client, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_find_configs(ReconfClient *client, const char *file, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
char **reconf_client_find_configs_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
char **reconf_client_find_configs_sync(ReconfClient *client, const char *file, GCancellable *cancellable,
                                       GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_list_instances(ReconfClient *client, const char *name, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_list_instances_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_list_instances_sync(ReconfClient *client, const char *name,
                                            GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_get_audit(ReconfClient *client, const char *name, GVariant *options,
                             GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_get_audit_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_get_audit_sync(ReconfClient *client, const char *name, GVariant *options,
                                       GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_get_statistics(ReconfClient *client, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_get_statistics_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_get_statistics_sync(ReconfClient *client, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_client_get_info(ReconfClient *client, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_get_info_finish(ReconfClient *client, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
GVariant *reconf_client_get_info_sync(ReconfClient *client, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfClient *reconf_config_get_client(ReconfConfig *config);

G_END_DECLS
