/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if !defined(RECONF_INSIDE) && !defined(RECONF_COMPILATION)
#error "Only <reconf/reconf.h> can be included directly."
#endif

#include <reconf/config.h>

G_BEGIN_DECLS

#define RECONF_TYPE_INSTANCE (reconf_instance_get_type())

RECONF_AVAILABLE_IN_0_1
G_DECLARE_FINAL_TYPE(ReconfInstance, reconf_instance, RECONF, INSTANCE, GObject)

/**
 * ReconfInstanceFlags:
 * @RECONF_INSTANCE_DEFAULT: reports on each version
 * @RECONF_INSTANCE_SILENT: does not report
 * @RECONF_INSTANCE_VALIDATES: is asked about versions before they are made, see
 *   [signal@Reconf.Instance::validate]
 *
 * What an instance does.
 */
typedef enum {
        RECONF_INSTANCE_DEFAULT = 0,
        RECONF_INSTANCE_SILENT = 1 << 0,
        RECONF_INSTANCE_VALIDATES = 1 << 1,
} ReconfInstanceFlags;

/**
 * ReconfReport:
 * @RECONF_REPORT_APPLIED: the program runs on it
 * @RECONF_REPORT_FAILED: the program could not take it
 * @RECONF_REPORT_PARTIAL: the program runs on it but for what the message says
 *
 * What became of a version.
 */
typedef enum {
        RECONF_REPORT_APPLIED,
        RECONF_REPORT_FAILED,
        RECONF_REPORT_PARTIAL,
} ReconfReport;

RECONF_AVAILABLE_IN_0_1
void reconf_instance_new(ReconfConfig *config, const char *name, ReconfInstanceFlags flags,
                         GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
ReconfInstance *reconf_instance_new_finish(GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
ReconfInstance *reconf_instance_new_sync(ReconfConfig *config, const char *name, ReconfInstanceFlags flags,
                                         GCancellable *cancellable, GError **error);

RECONF_AVAILABLE_IN_0_1
ReconfConfig *reconf_instance_get_config(ReconfInstance *instance);
RECONF_AVAILABLE_IN_0_1
guint reconf_instance_get_validate_timeout(ReconfInstance *instance);
RECONF_AVAILABLE_IN_0_1
void reconf_instance_set_validate_timeout(ReconfInstance *instance, guint timeout_ms);
RECONF_AVAILABLE_IN_0_1
void reconf_instance_report(ReconfInstance *instance, guint64 version, ReconfReport report,
                            const char *message, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_instance_report_finish(ReconfInstance *instance, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_instance_report_sync(ReconfInstance *instance, guint64 version, ReconfReport report,
                                     const char *message, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_instance_renotify(ReconfInstance *instance, GCancellable *cancellable,
                              GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_instance_renotify_finish(ReconfInstance *instance, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_instance_renotify_sync(ReconfInstance *instance, GCancellable *cancellable, GError **error);
RECONF_AVAILABLE_IN_0_1
void reconf_instance_unregister(ReconfInstance *instance, GCancellable *cancellable,
                                GAsyncReadyCallback callback, gpointer user_data);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_instance_unregister_finish(ReconfInstance *instance, GAsyncResult *result, GError **error);
RECONF_AVAILABLE_IN_0_1
gboolean reconf_instance_unregister_sync(ReconfInstance *instance, GCancellable *cancellable,
                                         GError **error);

G_END_DECLS
