/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A config's signals: who hears what
 */
#pragma once

#include "client/lib/config-private.h"

void config_install_signals(ReconfConfigClass *class);

/* The listener's function of the signal `changed`. */
void config_emit_changed(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after, void *unused);
/* Before a version can be read. */
void config_emit_changing(ReconfConfig *config, ReconfSnapshot *before, ReconfSnapshot *after,
                          GVariant *details);
/* Notifies of the property. */
void config_notify_version(ReconfConfig *config);
