/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The audit on the bus: what was denied there, and who asks what was done
 */
#pragma once

#include "daemon/method.h"

/* Handler, for the table of methods; of the manager. */
MethodHandler audit_bus_method_get;
/* Records that a call was refused to its caller. Reads the call from its beginning. */
void audit_bus_denied(Bus *bus, sd_bus_message *call, const Author *author);
