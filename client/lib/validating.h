/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validating: the object that the service asks before it makes a version
 */
#pragma once

#include "client/lib/reconf/config.h"

#include <stdbool.h>

typedef struct Validating Validating;

/* False where there may be no such version; a message may be with the change. */
typedef bool (*ValidatingFunc)(ReconfChange *change, void *data);

/*
 * Puts it on the bus, in the thread-default context. destroy gets data when the service has let go. The
 * service is to wait for each answer for so long, at most 9000 ms.
 */
Validating *validating_new(GDBusConnection *connection, ReconfConfig *config, guint timeout_msec,
                           ValidatingFunc func, void *data, GDestroyNotify destroy);
/* Has the service know; where it does not run, it is not started. In the context. */
void validating_add(Validating *validating, GCancellable *cancellable, GAsyncReadyCallback callback,
                    void *data);
bool validating_add_finish(GAsyncResult *result, GError **error);
/* The same, and waits; starts the service. */
bool validating_add_sync(Validating *validating, GCancellable *cancellable, GError **error);
/*
 * From any thread; func is not called any more, unless this is another thread than that of the context and a
 * call is under way. All goes when the service has let go.
 */
Validating *validating_end(Validating *validating);
