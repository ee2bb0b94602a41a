/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * YAML failures: what libyaml complains of, for people
 */
#pragma once

#include "daemon/model/failure.h"

#include <yaml.h>

/* The failure that a parser of that text has come to. file is what it names and may be NULL. */
Failure *yaml_failure_new(const yaml_parser_t *parser, const char *text, const char *file);
