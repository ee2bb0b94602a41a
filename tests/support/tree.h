/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trees of files that tests made
 */
#pragma once

/* Takes away what is there and all below it; a link, not what it leads to. */
void remove_tree(const char *path);
