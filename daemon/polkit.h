/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Polkit: whether the administrator lets somebody do what the kernel would not
 *
 * polkit may have a person asked, so an answer takes as long as that person does. Nothing is waited for: the
 * answer is told when it comes, and whoever does not want it any longer takes the question back, which also
 * closes the prompt.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

typedef struct Polkit Polkit;
typedef struct PolkitCheck PolkitCheck;

typedef enum PolkitAnswer {
        POLKIT_YES,
        POLKIT_NO,
        POLKIT_CHALLENGE, /* not without a password, and nobody may be asked for it */
        POLKIT_ABSENT,    /* there is no polkit, or it does not work */
} PolkitAnswer;

/* The check is gone then. */
typedef void (*PolkitAnswered)(PolkitAnswer answer, void *userdata);

/* bus must outlive it. Its checks must be gone before it goes. */
Polkit *polkit_new(sd_bus *bus);
Polkit *polkit_free(Polkit *polkit);

/*
 * Asks whether the connection of that unique name may do action. config and change are shown to whoever is
 * asked: what it is about, and what will happen. interactive: a person may be asked. Negative errno, and
 * then answered is never called; never before this returns.
 */
int polkit_ask(Polkit *polkit, const char *client, const char *action, const char *config,
               const char *change, bool interactive, PolkitAnswered answered, void *userdata,
               PolkitCheck **ret);
/* Takes the question back; NULL is none. */
void polkit_cancel(PolkitCheck *check);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Polkit, polkit_free)
