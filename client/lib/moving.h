/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving: a config of files that goes over to the service as soon as that has it, or takes it
 *
 * It is tried when the service is there (again), and when the service has got another config: what was
 * refused to this program may have been registered by somebody else. Between these nothing is done. Once the
 * config has gone over it stays there, also while the service is away: what the files hold then may be what
 * the service would refuse, or has not been told to apply.
 */
#pragma once

#include "client/lib/config-bus.h"

typedef struct Moving Moving;

/* In the config's context, which is the client's. All is copied; the config is not referenced. */
Moving *moving_new(ReconfConfig *config, ReconfClient *client, const Registration *registration);
/* From any thread. */
Moving *moving_free(Moving *moving);
