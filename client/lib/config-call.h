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
/* The same for all properties of the config's object: the reply holds one a{sv}. */
GVariant *config_call_get_all_sync(ReconfConfig *config, GCancellable *cancellable, GError **error);
void config_call_get_all(ReconfConfig *config, void *tag, GCancellable *cancellable,
                         GAsyncReadyCallback callback, void *user_data);
/* The reply's tuple, or NULL. */
GVariant *config_call_finish(ReconfConfig *config, GAsyncResult *result, void *tag, GError **error);
