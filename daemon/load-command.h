/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands' part of a load: a format that only a program knows, and a program's verdict
 *
 * Where the daemon is root a command runs as the owner of the file that it is given, who may read it anyway,
 * or as nobody where there is no such file (any longer).
 */
#pragma once

#include "daemon/load.h"

/* Has the decode command make a document of a layer that is there. Its nodes have no places. */
Failure *load_decode_layer(Load *load, unsigned index, const Layer *layer, Document **ret);
/* Has the validate command look at the base file as it would be. */
Failure *load_ask_command(const Load *load);
