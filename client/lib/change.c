/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/change-private.h"

#include "daemon/model/path.h"

/**
 * ReconfChange:
 *
 * What makes one version of a config of another.
 *
 * Two maps are compared key by key; any other two values that differ, lists included, are one item. A map
 * that came or went is one item, at its top. Items are sorted by their paths.
 */

G_DEFINE_BOXED_TYPE(ReconfChange, reconf_change, reconf_change_ref, reconf_change_unref)

static void item_clear(void *data)
{
        ChangeItem *item = data;

        g_free(item->path);
}

static void add_item(ReconfChange *change, const GString *path, const Serial *before, const Serial *after)
{
        const Serial nothing = { .kind = SERIAL_NONE };
        ChangeItem item = {
                .path = g_strdup(path->str),
                .before = before ? *before : nothing,
                .after = after ? *after : nothing,
        };

        g_array_append_val(change->items, item);
}

/* A member that one map has, both, or the other. */
static void compare_members(ReconfChange *change, GString *path, const SerialMember *before,
                            const SerialMember *after);

static void compare_maps(ReconfChange *change, GString *path, const Serial *before, const Serial *after)
{
        SerialArray old = serial_array(before);
        SerialArray new = serial_array(after);
        size_t i = 0, j = 0;

        while (i < old.length || j < new.length) {
                SerialMember was = { 0 }, is = { 0 };
                int order;

                if (i < old.length)
                        was = serial_member(&old, i);
                if (j < new.length)
                        is = serial_member(&new, j);
                order = i == old.length ? 1 : j == new.length ? -1 : strcmp(was.key, is.key);
                compare_members(change, path, order <= 0 ? &was : NULL, order >= 0 ? &is : NULL);
                i += order <= 0;
                j += order >= 0;
        }
}

static void compare_members(ReconfChange *change, GString *path, const SerialMember *before,
                            const SerialMember *after)
{
        const char *key = before ? before->key : after->key;
        gsize length = path->len;

        if (before && after && serial_equal(&before->value, &after->value))
                return;

        path_append_dotted(path, key, strlen(key));
        if (before && after && before->value.kind == SERIAL_MAP && after->value.kind == SERIAL_MAP)
                compare_maps(change, path, &before->value, &after->value);
        else
                add_item(change, path, before ? &before->value : NULL, after ? &after->value : NULL);
        g_string_truncate(path, length);
}

ReconfChange *change_new(ReconfSnapshot *before, ReconfSnapshot *after, GVariant *details)
{
        ReconfChange *change = g_new(ReconfChange, 1);
        g_autoptr(GString) path = g_string_new(NULL);

        *change = (ReconfChange){
                .before = reconf_snapshot_ref(before),
                .after = reconf_snapshot_ref(after),
                .items = g_array_new(FALSE, FALSE, sizeof(ChangeItem)),
                .details = g_variant_ref_sink(details ?: g_variant_new("a{sv}", NULL)),
        };
        g_atomic_ref_count_init(&change->references);
        g_array_set_clear_func(change->items, item_clear);
        if (!serial_equal(&before->root, &after->root))
                compare_maps(change, path, &before->root, &after->root);
        return change;
}

static void visit(GString *path, const Serial *value, ChangePlaceFunc func, void *data)
{
        gsize length = path->len;
        SerialArray array;

        func(path->str, data);
        if (value->kind != SERIAL_MAP && value->kind != SERIAL_LIST)
                return;
        array = serial_array(value);
        for (size_t i = 0; i < array.length; i++) {
                if (value->kind == SERIAL_MAP) {
                        SerialMember member = serial_member(&array, i);

                        path_append_dotted(path, member.key, strlen(member.key));
                        visit(path, &member.value, func, data);
                } else {
                        Serial item = serial_item(&array, i);

                        g_string_append_printf(path, ".%zu", i);
                        visit(path, &item, func, data);
                }
                g_string_truncate(path, length);
        }
}

/* All that are above the item; path is empty. */
static void visit_above(GString *path, const char *item, ChangePlaceFunc func, void *data)
{
        const char *at = item;

        while (*at != '\0') {
                SerialKey key;

                if (!serial_key_parse(item, &at, &key) || *at == '\0')
                        return;
                /* Up to the dot before the next segment. */
                g_string_truncate(path, 0);
                g_string_append_len(path, item, at - item - 1);
                func(path->str, data);
        }
}

void change_foreach_place(const ReconfChange *change, ChangePlaceFunc func, void *data)
{
        g_autoptr(GString) path = g_string_new(NULL);

        for (guint i = 0; i < change->items->len; i++) {
                const ChangeItem *item = &g_array_index(change->items, ChangeItem, i);

                visit_above(path, item->path, func, data);
                g_string_assign(path, item->path);
                visit(path, &item->before, func, data);
                visit(path, &item->after, func, data);
        }
}

/**
 * reconf_change_new:
 * @before: a snapshot
 * @after: another one
 *
 * Compares two snapshots.
 *
 * Returns: (transfer full): what makes @after of @before; without items where they hold the same
 */
ReconfChange *reconf_change_new(ReconfSnapshot *before, ReconfSnapshot *after)
{
        g_return_val_if_fail(before && after, NULL);

        return change_new(before, after, NULL);
}

/**
 * reconf_change_ref:
 * @change: a change
 *
 * Takes one more reference; from any thread.
 *
 * Returns: (transfer full): the change
 */
ReconfChange *reconf_change_ref(ReconfChange *change)
{
        g_atomic_ref_count_inc(&change->references);
        return change;
}

/**
 * reconf_change_unref:
 * @change: (transfer full): a change
 *
 * Drops a reference; from any thread.
 */
void reconf_change_unref(ReconfChange *change)
{
        if (!g_atomic_ref_count_dec(&change->references))
                return;
        reconf_snapshot_unref(change->before);
        reconf_snapshot_unref(change->after);
        g_array_unref(change->items);
        g_variant_unref(change->details);
        g_free(change->objection);
        g_free(change);
}

/**
 * reconf_change_get_version:
 * @change: a change
 *
 * Gives the number of the version that it leads to.
 *
 * Returns: a number
 */
guint64 reconf_change_get_version(ReconfChange *change)
{
        g_return_val_if_fail(change, 0);

        return change->after->version;
}

/**
 * reconf_change_get_previous:
 * @change: a change
 *
 * Gives the number of the version that it starts from. There may have been others in between.
 *
 * Returns: a number
 */
guint64 reconf_change_get_previous(ReconfChange *change)
{
        g_return_val_if_fail(change, 0);

        return change->before->version;
}

/**
 * reconf_change_get_before:
 * @change: a change
 *
 * Gives the version that it starts from.
 *
 * Returns: (transfer none): the version that it starts from
 */
ReconfSnapshot *reconf_change_get_before(ReconfChange *change)
{
        g_return_val_if_fail(change, NULL);

        return change->before;
}

/**
 * reconf_change_get_after:
 * @change: a change
 *
 * Gives the version that it leads to.
 *
 * Returns: (transfer none): the version that it leads to
 */
ReconfSnapshot *reconf_change_get_after(ReconfChange *change)
{
        g_return_val_if_fail(change, NULL);

        return change->after;
}

/**
 * reconf_change_get_details:
 * @change: a change
 *
 * Tells how the version came about, as far as the service has said so: `origin` (`s`), `time` (`t`, µs since
 * 1970), `message` (`s`), `uid` (`u`), `files` (`as`, those that changed) and `restart` (`as`, changed paths
 * that the schema marks as needing a restart). Empty where versions were missed, and for what was not heard
 * from the service.
 *
 * Returns: (transfer none): an `a{sv}`
 */
GVariant *reconf_change_get_details(ReconfChange *change)
{
        g_return_val_if_fail(change, NULL);

        return change->details;
}

/**
 * reconf_change_get_n_items:
 * @change: a change
 *
 * Counts the items.
 *
 * Returns: how many items there are
 */
guint reconf_change_get_n_items(ReconfChange *change)
{
        g_return_val_if_fail(change, 0);

        return change->items->len;
}

static const ChangeItem *get_item(ReconfChange *change, guint index)
{
        return &g_array_index(change->items, ChangeItem, index);
}

/**
 * reconf_change_get_path:
 * @change: a change
 * @index: which item
 *
 * Names the place of an item.
 *
 * Returns: (transfer none): the item's dotted path, which belongs to the change
 */
const char *reconf_change_get_path(ReconfChange *change, guint index)
{
        g_return_val_if_fail(change && index < change->items->len, NULL);

        return get_item(change, index)->path;
}

/**
 * reconf_change_get_kind:
 * @change: a change
 * @index: which item
 *
 * Tells what happened to the place of an item.
 *
 * Returns: what happened there
 */
ReconfChangeKind reconf_change_get_kind(ReconfChange *change, guint index)
{
        const ChangeItem *item;

        g_return_val_if_fail(change && index < change->items->len, RECONF_CHANGE_MODIFIED);

        item = get_item(change, index);
        if (item->before.kind == SERIAL_NONE)
                return RECONF_CHANGE_ADDED;
        return item->after.kind == SERIAL_NONE ? RECONF_CHANGE_REMOVED : RECONF_CHANGE_MODIFIED;
}

static GVariant *take_value(const ReconfSnapshot *snapshot, const Serial *value)
{
        GVariant *variant = snapshot_to_variant_at(snapshot, value);

        return variant ? g_variant_ref_sink(variant) : NULL;
}

/**
 * reconf_change_get_old_value:
 * @change: a change
 * @index: which item
 *
 * Gives what was at the place of an item before the change.
 *
 * Returns: (transfer full) (nullable): what was there, or %NULL where there was nothing
 */
GVariant *reconf_change_get_old_value(ReconfChange *change, guint index)
{
        g_return_val_if_fail(change && index < change->items->len, NULL);

        return take_value(change->before, &get_item(change, index)->before);
}

/**
 * reconf_change_get_new_value:
 * @change: a change
 * @index: which item
 *
 * Gives what is at the place of an item after the change.
 *
 * Returns: (transfer full) (nullable): what is there, or %NULL where there is nothing
 */
GVariant *reconf_change_get_new_value(ReconfChange *change, guint index)
{
        g_return_val_if_fail(change && index < change->items->len, NULL);

        return take_value(change->after, &get_item(change, index)->after);
}

/**
 * reconf_change_touches:
 * @change: a change
 * @path: a dotted path
 *
 * Tells whether what is at a place, or below it, is another than before.
 *
 * Returns: whether it is
 */
gboolean reconf_change_touches(ReconfChange *change, const char *path)
{
        Serial before, after;

        g_return_val_if_fail(change && path, FALSE);

        before = snapshot_find(change->before, &change->before->root, path);
        after = snapshot_find(change->after, &change->after->root, path);
        return !serial_equal(&before, &after);
}

/**
 * reconf_change_hold:
 * @change: a change that [signal@Reconf.Config::changed] brought, while its handlers run
 *
 * Takes the report about this version into the program's own hands: [class@Reconf.Instance] does not say
 * that it was applied, but waits for [method@Reconf.Instance.report].
 */
void reconf_change_hold(ReconfChange *change)
{
        g_return_if_fail(change);

        g_atomic_int_set(&change->held, 1);
}

/**
 * reconf_change_reject:
 * @change: a change that [signal@Reconf.Instance::validate] asks about, while its handlers run
 * @message: what is wrong and what to do, for whoever made the change
 *
 * Objects to a change.
 */
void reconf_change_reject(ReconfChange *change, const char *message)
{
        g_return_if_fail(change && message);

        g_free(change->objection);
        change->objection = g_strdup(message);
}
