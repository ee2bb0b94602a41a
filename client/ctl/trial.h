/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trials: files taken through a load here, by the rights of who calls
 *
 * For what the service does not tell: each problem of files that it did not take, and which values came from
 * the schema's defaults. The code is the service's own.
 */
#pragma once

#include "client/ctl/value.h"
#include "daemon/load.h"

/* How a config is put together; all is borrowed. */
typedef struct TrialOptions {
        Format format;
        MergeMode merge;
        const char *separator; /* or NULL */
        const char *schema;    /* or NULL */
        bool defaults;
} TrialOptions;

/* As a config's properties have it. */
TrialOptions trial_options_from_properties(const Document *properties);
/* As checked "KEY=VALUE" of a registration ask for; what the service would refuse is left at its default. */
TrialOptions trial_options_from_settings(const GPtrArray *settings);

/* What came of it: document or failure. Without validation where lenient. */
Load *trial_run(char *const *files, const TrialOptions *options, bool lenient);
/* One content by that name, in a format that is known, held against a schema that is compiled, or NULL. */
Failure *trial_check(const char *name, Format format, GBytes *bytes, const TrialOptions *options,
                     Schema *schema);
