/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Setting aside: a database that cannot be used makes room for a new one
 *
 * Nothing is ever deleted: what is in it may be worth saving, and the journal beside it belongs to it.
 */
#pragma once

/*
 * Renames the database and the files that SQLite keeps beside it to a name that is not taken, made of its
 * own and the time. *ret is that name. Negative errno where it cannot.
 */
int set_aside(const char *path, char **ret);
