/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands' part of a drop-in: [Decode], [Validate] and [Apply]
 */
#pragma once

#include "daemon/config-commands.h"

#define DROPIN_DECODE_GROUP "Decode"
#define DROPIN_VALIDATE_GROUP "Validate"
#define DROPIN_APPLY_GROUP "Apply"

/*
 * *ret is NULL where the file has none of the groups. Words are split and unquoted as a shell does it, and
 * nothing else is done to them but %e and %%, and %f in [Validate]. In the name of a unit %i stands for the
 * member of a directory, if it is one's.
 */
Failure *dropin_read_commands(GKeyFile *file, const Settings *settings, bool is_directory,
                              ConfigCommands **ret);
