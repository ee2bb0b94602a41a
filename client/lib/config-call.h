/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of a config's methods
 *
 * A config that does without the service has nobody to ask: then the error is G_IO_ERROR_NOT_SUPPORTED, and
 * G_IO_ERROR_NOT_CONNECTED while the bus is away. Arguments may be floating, or NULL for none; they are used
 * up.
 */
#pragma once

#include "client/lib/config-private.h"

/* The reply's tuple, or NULL. */
GVariant *config_call_sync(ReconfConfig *config, const char *method, GVariant *arguments,
                           GCancellable *cancellable, GError **error);
/* The task, which is taken, comes back in on_reply as data, a reference of its own; or it returns the error.
 */
void config_call_with(ReconfConfig *config, const char *method, GVariant *arguments, GTask *task,
                      GAsyncReadyCallback on_reply);
/* A task of the config's, told apart by its tag, that returns the reply. */
void config_call(ReconfConfig *config, const char *method, GVariant *arguments, void *tag,
                 GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data);
/* The reply's tuple, or NULL. */
GVariant *config_call_finish(ReconfConfig *config, GAsyncResult *result, void *tag, GError **error);

/* The reply's only value; takes the reply, which may be NULL. */
GVariant *config_call_take_value(GVariant *reply);
/* The same where it is a number, which goes to ret, which may be NULL; true if there is a reply. */
gboolean config_call_take_number(GVariant *reply, guint64 *ret);
/* True if there is a reply; takes it. */
gboolean config_call_take_nothing(GVariant *reply);
