/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What configs ask about their versions
 *
 * Numbers are those of the service; 0 is the active version where nothing else is said.
 */
#include "client/lib/config-call.h"

#include "client/lib/bus-call.h"

/**
 * reconf_config_diff:
 * @config: a config
 * @from: a version, or 0 for the active one
 * @to: another, likewise
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks what makes the second version of the first.
 *
 * Errors: %RECONF_ERROR_NO_SUCH_VERSION, %RECONF_ERROR_TOO_LARGE, and %G_IO_ERROR_NOT_SUPPORTED without
 * the service.
 */
void reconf_config_diff(ReconfConfig *config, guint64 from, guint64 to, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "Diff", g_variant_new("(tt)", from, to), reconf_config_diff, cancellable,
                    callback, user_data);
}

/**
 * reconf_config_diff_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.diff].
 *
 * Returns: (transfer full): an `a(ssvv)`, sorted by path: for each change its dotted path, its kind
 *   (`added`, `modified` or `removed`), the old value and the new one; the side that has none holds the
 *   empty signature
 */
GVariant *reconf_config_diff_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(config_call_finish(config, result, reconf_config_diff, error));
}

/**
 * reconf_config_diff_sync:
 * @config: a config
 * @from: a version, or 0 for the active one
 * @to: another, likewise
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.diff], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Config.diff_finish]
 */
GVariant *reconf_config_diff_sync(ReconfConfig *config, guint64 from, guint64 to, GCancellable *cancellable,
                                  GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return bus_call_take_value(config_call_sync(config, "Diff", g_variant_new("(tt)", from, to),
                                                    cancellable, error));
}

/**
 * reconf_config_label:
 * @config: a config
 * @version: a version
 * @label: what to call it; empty takes the name away
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Names a version. One that has a name is kept, however many come after it.
 *
 * Errors: %RECONF_ERROR_NO_SUCH_VERSION, %RECONF_ERROR_INVALID_ARGUMENT, and %G_IO_ERROR_NOT_SUPPORTED
 * without the service.
 */
void reconf_config_label(ReconfConfig *config, guint64 version, const char *label, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config) && label);

        config_call(config, "Label", g_variant_new("(ts)", version, label), reconf_config_label, cancellable,
                    callback, user_data);
}

/**
 * reconf_config_label_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.label].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_label_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return bus_call_take_nothing(config_call_finish(config, result, reconf_config_label, error));
}

/**
 * reconf_config_label_sync:
 * @config: a config
 * @version: a version
 * @label: what to call it; empty takes the name away
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.label], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_label_sync(ReconfConfig *config, guint64 version, const char *label,
                                  GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config) && label, FALSE);

        return bus_call_take_nothing(config_call_sync(config, "Label", g_variant_new("(ts)", version, label),
                                                      cancellable, error));
}

/**
 * reconf_config_confirm:
 * @config: a config
 * @version: the active version, which waits to be confirmed
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Keeps a version that would go back by itself.
 *
 * Errors: %RECONF_ERROR_NOT_UNCONFIRMED, %RECONF_ERROR_WRITE_FAILED, and %G_IO_ERROR_NOT_SUPPORTED
 * without the service.
 */
void reconf_config_confirm(ReconfConfig *config, guint64 version, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "Confirm", g_variant_new("(t)", version), reconf_config_confirm, cancellable,
                    callback, user_data);
}

/**
 * reconf_config_confirm_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.confirm].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_confirm_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return bus_call_take_nothing(config_call_finish(config, result, reconf_config_confirm, error));
}

/**
 * reconf_config_confirm_sync:
 * @config: a config
 * @version: the active version, which waits to be confirmed
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.confirm], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_confirm_sync(ReconfConfig *config, guint64 version, GCancellable *cancellable,
                                    GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        return bus_call_take_nothing(config_call_sync(config, "Confirm", g_variant_new("(t)", version),
                                                      cancellable, error));
}

/**
 * reconf_config_extend_confirm:
 * @config: a config
 * @version: the active version, which waits to be confirmed
 * @delay_ms: how long it waits from now on, in milliseconds; 0 has it go back at once
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Gives a version more time to be confirmed in, or less.
 *
 * Errors: as for [method@Reconf.Config.confirm].
 */
void reconf_config_extend_confirm(ReconfConfig *config, guint64 version, guint delay_ms,
                                  GCancellable *cancellable, GAsyncReadyCallback callback,
                                  gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "ExtendConfirm", g_variant_new("(tu)", version, delay_ms),
                    reconf_config_extend_confirm, cancellable, callback, user_data);
}

/**
 * reconf_config_extend_confirm_finish:
 * @config: a config
 * @result: what the callback got
 * @deadline: (out) (optional): return location for when that is over, in µs since 1970
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.extend_confirm].
 *
 * Returns: whether it was done
 */
gboolean reconf_config_extend_confirm_finish(ReconfConfig *config, GAsyncResult *result, guint64 *deadline,
                                             GError **error)
{
        return bus_call_take_number(config_call_finish(config, result, reconf_config_extend_confirm, error),
                                    deadline);
}

/**
 * reconf_config_extend_confirm_sync:
 * @config: a config
 * @version: the active version, which waits to be confirmed
 * @delay_ms: how long it waits from now on, in milliseconds; 0 has it go back at once
 * @deadline: (out) (optional): return location for when that is over, in µs since 1970
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.extend_confirm], but waits.
 *
 * Returns: whether it was done
 */
gboolean reconf_config_extend_confirm_sync(ReconfConfig *config, guint64 version, guint delay_ms,
                                           guint64 *deadline, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), FALSE);

        return bus_call_take_number(config_call_sync(config, "ExtendConfirm",
                                                     g_variant_new("(tu)", version, delay_ms), cancellable,
                                                     error),
                                    deadline);
}

/**
 * reconf_config_get_history:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @callback: (scope async): called when it is done
 * @user_data: for @callback
 *
 * Asks for all versions that are kept.
 *
 * Errors: %G_IO_ERROR_NOT_SUPPORTED without the service.
 */
void reconf_config_get_history(ReconfConfig *config, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
        g_return_if_fail(RECONF_IS_CONFIG(config));

        config_call(config, "GetVersionHistory", NULL, reconf_config_get_history, cancellable, callback,
                    user_data);
}

/**
 * reconf_config_get_history_finish:
 * @config: a config
 * @result: what the callback got
 * @error: return location for a #GError
 *
 * Ends [method@Reconf.Config.get_history].
 *
 * Returns: (transfer full): an `a(ttsssa{sv})`, newest first: for each version its number, time (µs
 *   since 1970), origin, digest, state and details
 */
GVariant *reconf_config_get_history_finish(ReconfConfig *config, GAsyncResult *result, GError **error)
{
        return bus_call_take_value(config_call_finish(config, result, reconf_config_get_history, error));
}

/**
 * reconf_config_get_history_sync:
 * @config: a config
 * @cancellable: (nullable): a #GCancellable
 * @error: return location for a #GError
 *
 * As [method@Reconf.Config.get_history], but waits.
 *
 * Returns: (transfer full): as [method@Reconf.Config.get_history_finish]
 */
GVariant *reconf_config_get_history_sync(ReconfConfig *config, GCancellable *cancellable, GError **error)
{
        g_return_val_if_fail(RECONF_IS_CONFIG(config), NULL);

        return bus_call_take_value(config_call_sync(config, "GetVersionHistory", NULL, cancellable, error));
}
