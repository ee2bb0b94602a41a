/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sealed memory: bytes that many processes map and none can change
 */
#pragma once

#include <glib.h>

/* A memfd holding the bytes, sealed against every change; negative errno. */
int memfd_new_sealed(const char *name, GBytes *bytes);
/* The same memory opened anew for reading, with an offset of its own; negative errno. */
int memfd_reopen(int fd);
