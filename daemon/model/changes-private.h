/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of changes, for what is made of them
 */
#pragma once

#include "daemon/model/changes.h"

struct Changes {
        gatomicrefcount references;
        Document *before;
        Document *after;
        GArray *items; /* of Change */
        char *root;
};

/* The change's path in parts. It was written by the program itself, so this cannot fail. */
Path *change_parse_path(const Change *change);
