/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log: records with fields
 *
 * GLib's structured log writes to the journal where that is what standard error leads to, and to standard
 * error anywhere else. Records of a config carry its name in RECONF_CONFIG. No record ever quotes a value
 * out of a config.
 */
#pragma once

#include "daemon/model/failure.h"

/* config may be NULL. */
void log_config(GLogLevelFlags level, const char *config, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* "what: failure", with RECONF_FILE, RECONF_LINE and RECONF_ERROR. */
void log_failure(GLogLevelFlags level, const char *config, const Failure *failure, const char *format, ...)
                G_GNUC_PRINTF(4, 5);
/* With fields of one's own beside those that every record has. */
void log_fields(GLogLevelFlags level, const char *message, const GLogField *others, size_t n_others);
