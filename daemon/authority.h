/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Authority: lets calls through on the system bus, or refuses them
 *
 * Root may do all. Of anybody else the kernel is asked first, then polkit; what neither allows is denied. A
 * look at files that may take time is had on another thread, and polkit may have a person asked: nothing
 * waits for either. What is asked is found anew when an answer has come, since files and configs change, and
 * is asked again where it is another by then.
 *
 * A caller who leaves takes his questions along. Those of one user that wait are limited: each may be a
 * prompt on somebody's screen.
 */
#pragma once

#include "daemon/caller.h"
#include "daemon/config.h"
#include "daemon/reach.h"

#define AUTHORITY_MAX_PENDING_PER_USER 64U

typedef struct Authority Authority;

/* bus must outlive it. */
Authority *authority_new(Bus *bus);
/* Whoever waits gets no answer. */
Authority *authority_free(Authority *authority);

/* A CallerHandler: has the call's method handled if the caller may, now or when that is known. */
int authority_ask(sd_bus_message *call, const Caller *caller, void *bus, sd_bus_error *error);
/* True while answers are waited for. */
bool authority_is_busy(const Authority *authority);

/* Whether somebody may do all, without anybody being asked. */
bool authority_is_trusted(const Bus *bus, uid_t uid);
/* Whether somebody may know what is said about a config, by the kernel alone and at once. */
bool authority_may_read(const Bus *bus, const Credentials *credentials, const Config *config);
/* Likewise whether he may change it, and could have changed the files others (may be NULL), too. */
bool authority_may_edit(const Bus *bus, const Credentials *credentials, const Config *config,
                        char *const *others);
/*
 * How much of a config somebody may know now, by the kernel alone and at once. The files others (may be
 * NULL) are of versions that were made of others than the config has now. All on a session bus.
 */
Reach authority_reach(const Bus *bus, const Credentials *credentials, const Config *config,
                      char *const *others);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Authority, authority_free)
