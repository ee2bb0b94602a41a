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
 * Puts it on the bus in the thread-default context, and has the service know; that it could not is logged.
 * The service is to wait for each answer for so long, at most 9000 ms.
 */
Validating *validating_new(GDBusConnection *connection, ReconfConfig *config, guint timeout_msec,
                           ValidatingFunc func, void *data);
/* func is not called any more. What it needs goes when the service has let go. */
Validating *validating_end(Validating *validating);
