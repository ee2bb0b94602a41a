/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mapping: values of a config as those of properties
 */
#pragma once

#include <glib-object.h>
#include <stdbool.h>

/* Sets a value of any type to what a config holds; false where it does not suit. */
bool mapping_get(GValue *value, GVariant *variant);
