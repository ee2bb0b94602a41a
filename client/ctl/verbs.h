/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs: what reconfctl can do
 *
 * One table of them, for dispatch, help and completion; one file a verb, or a few that belong together.
 */
#pragma once

#include "client/ctl/context.h"

#define VERB_ANY UINT_MAX

typedef struct Verb {
        const char *name;
        const char *words;   /* what follows it, for help */
        const char *summary; /* NULL: not shown */
        unsigned min_words, max_words;
        unsigned bits; /* ArgumentBit */
        VerbRun run;
} Verb;

/* NULL behind the last, or where there is none of that name. */
const Verb *verbs_get(size_t index);
const Verb *verbs_find(const char *name);
/* The whole help text. */
char *verbs_format_help(const Style *style);

int verb_audit(Context *context, char **words);
int verb_complete(Context *context, char **words);
int verb_confirm(Context *context, char **words);
int verb_diff(Context *context, char **words);
int verb_get(Context *context, char **words);
int verb_history(Context *context, char **words);
int verb_hot_reload(Context *context, char **words);
int verb_instances(Context *context, char **words);
int verb_label(Context *context, char **words);
int verb_list(Context *context, char **words);
int verb_register(Context *context, char **words);
int verb_reload(Context *context, char **words);
int verb_retry(Context *context, char **words);
int verb_rollback(Context *context, char **words);
int verb_run(Context *context, char **words);
int verb_schema(Context *context, char **words);
int verb_statistics(Context *context, char **words);
int verb_status(Context *context, char **words);
int verb_unregister(Context *context, char **words);
int verb_validate(Context *context, char **words);
int verb_watch(Context *context, char **words);
