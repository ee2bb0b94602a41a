/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/weak.h"

GWeakRef *weak_ref_new(void *object)
{
        GWeakRef *weak = g_new0(GWeakRef, 1);

        g_weak_ref_init(weak, object);
        return weak;
}

void weak_ref_free(void *weak)
{
        g_weak_ref_clear(weak);
        g_free(weak);
}

void weak_ref_free_closure(void *weak, GClosure *unused)
{
        weak_ref_free(weak);
}
