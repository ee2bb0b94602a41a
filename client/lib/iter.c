/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Iterators
 */
#include "client/lib/snapshot-private.h"

/* What a ReconfIter holds. */
typedef struct Iter {
        ReconfSnapshot *snapshot;
        Serial container;
        size_t next;
        Serial current;
        bool holds_snapshot; /* it is on the heap */
} Iter;

G_STATIC_ASSERT(sizeof(Iter) <= sizeof(ReconfIter));

/* One on the heap goes where nobody can see how long it stays, so it holds what it needs. */
static ReconfIter *iter_copy(ReconfIter *iter)
{
        ReconfIter *copy = g_memdup2(iter, sizeof *iter);
        Iter *self = (Iter *) copy;

        self->holds_snapshot = true;
        reconf_snapshot_ref(self->snapshot);
        return copy;
}

G_DEFINE_BOXED_TYPE(ReconfIter, reconf_iter, iter_copy, reconf_iter_free)

/**
 * reconf_iter_new: (constructor)
 * @snapshot: a snapshot
 * @path: a dotted path
 *
 * Begins before the first member of a map, or the first item of a list; where there is neither, the iterator
 * has nothing to go through. For languages other than C, which has `reconf_iter_init()`:
 *
 * ```python
 * servers = Reconf.Iter.new(config.dup_snapshot(), 'servers')
 * while servers.next()[0]:
 *     add_server(servers.get_string('host', None), servers.get_int('port', 80))
 * ```
 *
 * Returns: (transfer full): an iterator that keeps the snapshot
 */
ReconfIter *reconf_iter_new(ReconfSnapshot *snapshot, const char *path)
{
        ReconfIter iter;

        g_return_val_if_fail(snapshot, NULL);

        (void) reconf_iter_init(&iter, snapshot, path);
        return iter_copy(&iter);
}

/**
 * reconf_iter_free:
 * @iter: (transfer full): what [ctor@Reconf.Iter.new] has made
 *
 * Frees an iterator.
 */
void reconf_iter_free(ReconfIter *iter)
{
        const Iter *self = (const Iter *) iter;

        g_return_if_fail(iter && self->holds_snapshot);

        reconf_snapshot_unref(self->snapshot);
        g_free(iter);
}

/**
 * reconf_iter_init: (skip)
 * @iter: an iterator that need not be initialised
 * @snapshot: a snapshot, which has to stay for as long as the iterator is used
 * @path: a dotted path
 *
 * Begins before the first member of a map, or the first item of a list:
 *
 * ```c
 * reconf_iter_init (&iter, snapshot, "servers");
 * while (reconf_iter_next (&iter, NULL))
 *   add_server (reconf_iter_get_string (&iter, "host", NULL), reconf_iter_get_int (&iter, "port", 80));
 * ```
 *
 * Returns: whether there is a map or a list at that place; where not, the iterator has nothing to go through
 */
gboolean reconf_iter_init(ReconfIter *iter, ReconfSnapshot *snapshot, const char *path)
{
        Iter *self = (Iter *) iter;

        g_return_val_if_fail(iter && snapshot, FALSE);

        *self = (Iter){
                .snapshot = snapshot,
                .container = snapshot_find(snapshot, &snapshot->root, path),
        };
        return self->container.kind == SERIAL_MAP || self->container.kind == SERIAL_LIST;
}

/**
 * reconf_iter_next:
 * @iter: an iterator
 * @key: (out) (optional) (nullable) (transfer none): return location for the member's key, %NULL in a list
 *
 * Goes to the next member or item. Members come sorted by the bytes of their keys.
 *
 * Returns: whether there was one more
 */
gboolean reconf_iter_next(ReconfIter *iter, const char **key)
{
        Iter *self = (Iter *) iter;
        const char *found = NULL;
        SerialArray array;

        g_return_val_if_fail(iter, FALSE);

        self->current = (Serial){ .kind = SERIAL_NONE };
        if (self->container.kind != SERIAL_MAP && self->container.kind != SERIAL_LIST)
                return FALSE;
        array = serial_array(&self->container);
        if (self->next >= array.length)
                return FALSE;

        if (self->container.kind == SERIAL_MAP) {
                SerialMember member = serial_member(&array, self->next);

                found = member.key;
                self->current = member.value;
        } else {
                self->current = serial_item(&array, self->next);
        }
        self->next++;
        if (key)
                *key = found;
        return TRUE;
}

static Serial find_below(ReconfIter *iter, const char *path)
{
        const Iter *self = (const Iter *) iter;

        return snapshot_find(self->snapshot, &self->current, path);
}

/**
 * reconf_iter_has:
 * @iter: an iterator
 * @path: a dotted path below the member or item that it is at, empty for that itself
 *
 * As [method@Reconf.Snapshot.has].
 *
 * Returns: whether there is anything
 */
gboolean reconf_iter_has(ReconfIter *iter, const char *path)
{
        g_return_val_if_fail(iter, FALSE);

        return find_below(iter, path).kind != SERIAL_NONE;
}

/**
 * reconf_iter_get_int:
 * @iter: an iterator
 * @path: a dotted path below the member or item that it is at, empty for that itself
 * @default_value: what to return where there is no integer
 *
 * As [method@Reconf.Snapshot.get_int].
 *
 * Returns: the integer, or @default_value
 */
gint64 reconf_iter_get_int(ReconfIter *iter, const char *path, gint64 default_value)
{
        gint64 result = default_value;
        Serial value;

        g_return_val_if_fail(iter, default_value);

        value = find_below(iter, path);
        (void) serial_get_int(&value, &result);
        return result;
}

/**
 * reconf_iter_get_uint:
 * @iter: an iterator
 * @path: a dotted path below the member or item that it is at, empty for that itself
 * @default_value: what to return where there is no such integer
 *
 * As [method@Reconf.Snapshot.get_uint].
 *
 * Returns: the integer, or @default_value
 */
guint64 reconf_iter_get_uint(ReconfIter *iter, const char *path, guint64 default_value)
{
        guint64 result = default_value;
        Serial value;

        g_return_val_if_fail(iter, default_value);

        value = find_below(iter, path);
        (void) serial_get_uint(&value, &result);
        return result;
}

/**
 * reconf_iter_get_double:
 * @iter: an iterator
 * @path: a dotted path below the member or item that it is at, empty for that itself
 * @default_value: what to return where there is no number
 *
 * As [method@Reconf.Snapshot.get_double].
 *
 * Returns: the number, or @default_value
 */
double reconf_iter_get_double(ReconfIter *iter, const char *path, double default_value)
{
        double result = default_value;
        Serial value;

        g_return_val_if_fail(iter, default_value);

        value = find_below(iter, path);
        (void) serial_get_double(&value, &result);
        return result;
}

/**
 * reconf_iter_get_boolean:
 * @iter: an iterator
 * @path: a dotted path below the member or item that it is at, empty for that itself
 * @default_value: what to return where there is no boolean
 *
 * As [method@Reconf.Snapshot.get_boolean].
 *
 * Returns: the boolean, or @default_value
 */
gboolean reconf_iter_get_boolean(ReconfIter *iter, const char *path, gboolean default_value)
{
        Serial value;

        g_return_val_if_fail(iter, default_value);

        value = find_below(iter, path);
        return value.kind == SERIAL_BOOLEAN ? *value.data != 0 : default_value;
}

/**
 * reconf_iter_get_string:
 * @iter: an iterator
 * @path: a dotted path below the member or item that it is at, empty for that itself
 * @default_value: (nullable): what to return where there is no string
 *
 * As [method@Reconf.Snapshot.get_string].
 *
 * Returns: (transfer none) (nullable): the string, which belongs to the snapshot, or @default_value
 */
const char *reconf_iter_get_string(ReconfIter *iter, const char *path, const char *default_value)
{
        Serial value;

        g_return_val_if_fail(iter, default_value);

        value = find_below(iter, path);
        return value.kind == SERIAL_STRING ? serial_string(&value) : default_value;
}

/**
 * reconf_iter_get_variant:
 * @iter: an iterator
 * @path: a dotted path below the member or item that it is at, empty for that itself
 *
 * As [method@Reconf.Snapshot.get_variant].
 *
 * Returns: (transfer full) (nullable): the value, or %NULL where there is nothing
 */
GVariant *reconf_iter_get_variant(ReconfIter *iter, const char *path)
{
        GVariant *variant;
        Serial value;

        g_return_val_if_fail(iter, NULL);

        value = find_below(iter, path);
        variant = snapshot_to_variant_at(((const Iter *) iter)->snapshot, &value);
        return variant ? g_variant_ref_sink(variant) : NULL;
}
