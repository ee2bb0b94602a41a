/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Calls of the manager's methods
 *
 * They need the bus only: a service that is not there is started by the call. The error is
 * G_IO_ERROR_NOT_CONNECTED while the bus is away. Arguments may be floating, or NULL for none; they are used
 * up.
 */
#pragma once

#include "client/lib/reconf/client.h"

/* The reply's tuple, or NULL. */
GVariant *client_call_sync(ReconfClient *client, const char *method, GVariant *arguments,
                           GCancellable *cancellable, GError **error);
/* A task of the client's, told apart by its tag, that returns the reply. */
void client_call(ReconfClient *client, const char *method, GVariant *arguments, void *tag,
                 GCancellable *cancellable, GAsyncReadyCallback callback, void *user_data);
/* The reply's tuple, or NULL. */
GVariant *client_call_finish(ReconfClient *client, GAsyncResult *result, void *tag, GError **error);

/* The configs' names, NULL-terminated, of a reply that lists their objects; takes it. NULL for NULL. */
char **client_call_take_names(GVariant *reply);
