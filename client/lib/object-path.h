/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths on the bus: of objects, and of what is matched
 */
#pragma once

/* The object of the config of that name. */
char *object_path_of_config(const char *name);

/*
 * What a match rule's arg0path is to be to hear all that touches a dotted path, which must be well-formed. A
 * rule cannot hold a quote, or much more than a thousand bytes; then it is of a place above.
 */
char *match_path_of(const char *path);
/* And back; NULL where it is no config's. */
char *object_path_to_config(const char *object);
