/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Audit: what was done, by whom, in the journal
 *
 * Each kind of thing has a MESSAGE_ID that does not change (introspection/names.h), and each record says in
 * fields what the database keeps: RECONF_ACTION, RECONF_OUTCOME, RECONF_CONFIG, RECONF_VERSION, RECONF_UID,
 * RECONF_PID, RECONF_UNIT, RECONF_ERROR, RECONF_MORE. What people said is left out, since a journal has
 * readers that the config does not have.
 */
#pragma once

#include "daemon/store/audit-entry.h"

void audit_log(const AuditEntry *entry);
