/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Namespace: mounts that nobody else sees
 */
#pragma once

#include <stdbool.h>

/*
 * Gives this process, which must have one thread, mounts of its own; where one may not just so, as root of a
 * user namespace. False where not even that is allowed.
 */
bool enter_namespace(void);
