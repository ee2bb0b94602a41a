/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Confirmation: what becomes of a version that was just made to wait for it
 *
 * On a terminal the time that is left is counted down, a key confirms the version and another takes it back.
 * Somebody else may do either, too, give it more time, or make another version; instances may speak, and the
 * service may be started again. So the service is asked whenever it has said that something changed, and
 * what it answers counts. Elsewhere there is only a word on how to confirm.
 */
#pragma once

#include "client/ctl/context.h"

typedef enum ConfirmationOutcome {
        CONFIRMATION_NONE,      /* it does not wait */
        CONFIRMATION_WAITS,     /* it still does */
        CONFIRMATION_CONFIRMED, /* it stays */
        CONFIRMATION_WENT_BACK,
        CONFIRMATION_REPLACED, /* another version took its place */
} ConfirmationOutcome;

/* How it is written in JSON. */
const char *confirmation_outcome_to_string(ConfirmationOutcome outcome);
/* What to exit with, having told what there is to tell. */
int confirmation_outcome_to_status(ConfirmationOutcome outcome);

/*
 * To be called with the versions that were active before and after. With --confirm= a new one is waited for
 * where somebody is there to answer. What happens is told, unless JSON is to tell it; nothing of a version
 * that does not wait, but with --confirm= that there is nothing to confirm.
 */
bool confirmation_run(Context *context, const char *name, uint64_t before, uint64_t version,
                      ConfirmationOutcome *ret, GError **error);
