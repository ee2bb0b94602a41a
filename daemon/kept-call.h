/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kept calls: those that are answered later, or wait for their turn
 *
 * A call costs its caller nothing once it is sent, and us memory until it is answered. So all that are kept
 * are counted by user, with the bytes of what they bring.
 */
#pragma once

#include "daemon/model/failure.h"

#include <sys/types.h>
#include <systemd/sd-bus.h>

/* One call may bring more, where it is the only one. */
#define KEPT_CALLS_MAX_BYTES_PER_USER (64U * 1024 * 1024)

typedef struct KeptCalls KeptCalls;

typedef struct KeptCall {
        sd_bus_message *message;
        KeptCalls *owner;
        uid_t uid;
        size_t size; /* bytes, about */
} KeptCall;

/* max_calls is how many a user may have. */
KeptCalls *kept_calls_new(unsigned max_calls);
/* Those that are kept must be free by then. */
KeptCalls *kept_calls_free(KeptCalls *calls);

/* FAILURE_LIMIT_EXCEEDED where the user has too many. uid may be that of nobody, (uid_t) -1, as one user. */
Failure *kept_call_new(KeptCalls *calls, uid_t uid, sd_bus_message *message, KeptCall **ret);
/* It is answered, or will never be. */
KeptCall *kept_call_free(KeptCall *call);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeptCalls, kept_calls_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeptCall, kept_call_free)
