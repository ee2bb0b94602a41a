/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands' part of a drop-in: [Decode] and [Validate]
 */
#pragma once

#include "daemon/config-commands.h"

#define DROPIN_DECODE_GROUP "Decode"
#define DROPIN_VALIDATE_GROUP "Validate"

/*
 * *ret is NULL where the file has neither group. Words are split and unquoted as a shell does it, and
 * nothing else is done to them but %e and %%, and %f in [Validate].
 */
Failure *dropin_read_commands(GKeyFile *file, const Settings *settings, ConfigCommands **ret);
