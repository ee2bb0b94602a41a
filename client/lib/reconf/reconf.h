/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libreconf: configuration that a program hears change
 *
 * The one header to include.
 */
#pragma once

#define RECONF_INSIDE

#include <reconf/error.h>
#include <reconf/path.h>
#include <reconf/snapshot.h>
#include <reconf/version.h>

#undef RECONF_INSIDE
