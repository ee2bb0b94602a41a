/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Following: reconfctl instances, as they change
 *
 * A signal only says that something changed. When no more of them are waiting, everything is asked for once,
 * and drawn in place of what was drawn before, so that a change of a thousand instances is a few drawings.
 * Where nothing can be drawn, there is a line for each state that was heard, even if it is over by then, and
 * for each difference that no signal told of.
 */
#pragma once

#include "client/ctl/context.h"

/* Those of a config, or NULL for all. Comes back with a status when the output cannot be written, or the
 * bus goes. */
int following_run(Context *context, const char *config);
