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
        bool elsewhere; /* on another machine, which has other users */
} HistoryEntry;

/* Of HistoryEntry. */
GPtrArray *history_get(Context *context, const char *config, GError **error);
/* Takes what was read; for tests, too. */
HistoryEntry *history_entry_new(uint64_t version, const char *digest, const char *state);
HistoryEntry *history_entry_free(HistoryEntry *entry);

/*
 * The version that a word of the command line stands for: a number, "active" (0), or a label, looked for in
 * this order. Only a label needs the history, which takes the right to read it.
 */
bool history_resolve(Context *context, const char *config, const char *word, uint64_t *ret, GError **error);
/* Likewise, but the active version by its number, for calls that take no 0. */
bool history_resolve_number(Context *context, const char *config, const char *word, uint64_t *ret,
                            GError **error);

/* NULL where there is none; likewise those that follow. */
const HistoryEntry *history_find(const GPtrArray *history, uint64_t version);
const HistoryEntry *history_find_label(const GPtrArray *history, const char *label);
const HistoryEntry *history_active(const GPtrArray *history);
/* The newest before the active one whose bytes were in use. */
const HistoryEntry *history_previous(const GPtrArray *history);
/* How many versions were made after this one until the active; false where history no longer has both. */
bool history_count_behind(const GPtrArray *history, uint64_t version, uint64_t active, uint64_t *ret);
/* Who asked for a version: the user, or the unit that did; NULL where nobody did. */
char *history_entry_format_user(const HistoryEntry *entry);
/* The same with all that is known, "root (pid 4711, ssh.service)". */
char *history_entry_format_author(const HistoryEntry *entry);
/*
 * What so many steps back are: each step goes to the next older version that differs from the active one and
 * from all steps before, and did not itself go back. NULL where history does not reach that far.
 */
const HistoryEntry *history_step_back(const GPtrArray *history, unsigned steps);
