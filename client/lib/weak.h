/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Weak references for callbacks
 *
 * The last reference to an object may go in any thread, while a callback of its context is about to be
 * called. So a callback holds its object weakly, and asks for a reference when it is called.
 */
#pragma once

#include <glib-object.h>

/* For weak_ref_free(); g_weak_ref_get() tells what it refers to. */
GWeakRef *weak_ref_new(void *object);
void weak_ref_free(void *weak);
/* The same, as a closure's data. */
void weak_ref_free_closure(void *weak, GClosure *unused);
