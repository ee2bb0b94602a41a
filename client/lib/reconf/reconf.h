/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libreconf: configuration that a program hears change
 *
 * The one header to include.
 */
#pragma once

#define RECONF_INSIDE

#include <reconf/change.h>
#include <reconf/client.h>
#include <reconf/config.h>
#include <reconf/enum-types.h>
#include <reconf/error.h>
#include <reconf/instance.h>
#include <reconf/path.h>
#include <reconf/snapshot.h>
#include <reconf/status.h>
#include <reconf/version.h>

#undef RECONF_INSIDE
