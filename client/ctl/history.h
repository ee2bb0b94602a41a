/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * History: the versions of a config as the service tells them, newest first
 */
#pragma once

#include "client/ctl/context.h"
#include "daemon/model/document.h"

typedef struct HistoryEntry {
        uint64_t version;
        uint64_t time; /* µs, realtime */
        char *origin;
        char *digest;
        char *state;
        Document *details;
} HistoryEntry;

/* Of HistoryEntry. */
GPtrArray *history_get(Context *context, const char *config, GError **error);
/* Takes what was read; for tests, too. */
HistoryEntry *history_entry_new(uint64_t version, const char *digest, const char *state);
HistoryEntry *history_entry_free(HistoryEntry *entry);

/* NULL where there is none. */
const HistoryEntry *history_active(const GPtrArray *history);
/* The newest before the active one whose bytes were in use; NULL where there is none. */
const HistoryEntry *history_previous(const GPtrArray *history);
/*
 * What so many steps back are: each step goes to the next older version that differs from the active one and
 * from all steps before, and did not itself go back. NULL where history does not reach that far.
 */
const HistoryEntry *history_step_back(const GPtrArray *history, unsigned steps);
