/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Members of both maps are sorted, so one walk over the two finds what differs. The order of the walk is
 * that of keys, though, and not that of paths as strings: "a" comes before "a-b" as a key, and "a.x" behind
 * "a-b" as a path. Hence the sort at the end.
 *
 * No change lies under another one. So of the sorted paths the first and the last alone tell what all have
 * in common.
 *
 * A path has in it the keys of all maps that it leads through, and a key may be as long as a file. So a file
 * of a few megabytes can have changes whose paths no memory holds; then the root's members are compared as
 * wholes.
 */
#include "daemon/model/changes.h"

#include "daemon/model/changes-private.h"

#include <string.h>

/* Of all paths together, in bytes. No file that somebody writes by hand comes near. */
#define MAX_PATHS_SIZE (128U * 1024 * 1024)

typedef struct Walk {
        GArray *items;
        GString *path;   /* of the maps being compared */
        size_t size;     /* of the paths of all items */
        bool is_shallow; /* what is in the root is compared as a whole */
} Walk;

static const char *const kind_names[] = {
        [CHANGE_ADDED] = "added",
        [CHANGE_MODIFIED] = "modified",
        [CHANGE_REMOVED] = "removed",
};

const char *change_kind_to_string(ChangeKind kind)
{
        return kind_names[kind];
}

static void change_clear(void *data)
{
        Change *change = data;

        g_free(change->path);
}

Path *change_parse_path(const Change *change)
{
        g_autoptr(Failure) failure = NULL;
        Path *path = NULL;

        failure = path_parse(change->path, &path);
        g_assert(!failure);
        return path;
}

static int compare_paths(const void *a, const void *b)
{
        return strcmp(((const Change *) a)->path, ((const Change *) b)->path);
}

static bool segments_equal(const Path *a, const Path *b, size_t index)
{
        size_t a_length, b_length;
        const char *a_text = path_segment(a, index, &a_length);
        const char *b_text = path_segment(b, index, &b_length);

        return a_length == b_length && memcmp(a_text, b_text, a_length) == 0;
}

static char *find_root(const GArray *items)
{
        g_autoptr(GString) root = g_string_new("/");
        g_autoptr(Path) first = NULL;
        g_autoptr(Path) last = NULL;
        size_t limit;

        if (items->len == 0)
                return g_string_free(g_steal_pointer(&root), FALSE);

        first = change_parse_path(&g_array_index(items, Change, 0));
        last = change_parse_path(&g_array_index(items, Change, items->len - 1));
        limit = MIN(path_length(first), path_length(last));
        for (size_t i = 0; i < limit && segments_equal(first, last, i); i++) {
                size_t length;
                const char *segment = path_segment(first, i, &length);

                path_append_slashed(root, segment, length);
        }
        return g_string_free(g_steal_pointer(&root), FALSE);
}

static Changes *changes_take(Document *before, Document *after, GArray *items)
{
        Changes *changes = g_new(Changes, 1);

        *changes = (Changes){
                .before = document_ref(before),
                .after = document_ref(after),
                .items = items,
                .root = find_root(items),
        };
        g_atomic_ref_count_init(&changes->references);
        return changes;
}

static GArray *items_new(void)
{
        GArray *items = g_array_new(FALSE, FALSE, sizeof(Change));

        g_array_set_clear_func(items, change_clear);
        return items;
}

static ChangeKind kind_of(const Member *before, const Member *after)
{
        if (!before)
                return CHANGE_ADDED;
        return after ? CHANGE_MODIFIED : CHANGE_REMOVED;
}

/* Either side may be NULL. The path is that of the walk with the key behind it. */
static void walk_add(Walk *walk, const Member *before, const Member *after)
{
        const Member *member = before ?: after;
        size_t length = walk->path->len;
        Change change = {
                .kind = kind_of(before, after),
                .before = before ? &before->value : NULL,
                .after = after ? &after->value : NULL,
        };

        path_append_dotted(walk->path, member->key, member->key_length);
        change.path = g_strndup(walk->path->str, walk->path->len);
        walk->size += walk->path->len;
        g_string_truncate(walk->path, length);
        g_array_append_val(walk->items, change);
}

static bool has_room(const Walk *walk)
{
        return walk->is_shallow || walk->size <= MAX_PATHS_SIZE;
}

static void walk_maps(Walk *walk, const Node *before, const Node *after);

static void walk_members(Walk *walk, const Member *before, const Member *after)
{
        size_t length = walk->path->len;

        if (node_equal(&before->value, &after->value))
                return;
        if (walk->is_shallow || before->value.kind != NODE_MAP || after->value.kind != NODE_MAP) {
                walk_add(walk, before, after);
                return;
        }
        path_append_dotted(walk->path, before->key, before->key_length);
        walk_maps(walk, &before->value, &after->value);
        g_string_truncate(walk->path, length);
}

/* Which of the two comes first; NULL stands for the end of its map. */
static int compare_members(const Member *before, const Member *after)
{
        if (!before)
                return 1;
        if (!after)
                return -1;
        return key_compare(before->key, before->key_length, after->key, after->key_length);
}

static void walk_maps(Walk *walk, const Node *before, const Node *after)
{
        uint32_t i = 0, k = 0;

        while (has_room(walk) && (i < before->length || k < after->length)) {
                const Member *old = i < before->length ? &before->map->members[i] : NULL;
                const Member *new = k < after->length ? &after->map->members[k] : NULL;
                int order = compare_members(old, new);

                if (order == 0)
                        walk_members(walk, old, new);
                else if (order < 0)
                        walk_add(walk, old, NULL);
                else
                        walk_add(walk, NULL, new);
                i += order <= 0;
                k += order >= 0;
        }
}

static void walk_documents(Walk *walk, const Node *before, const Node *after)
{
        walk_maps(walk, before, after);
        if (has_room(walk))
                return;
        g_array_set_size(walk->items, 0);
        walk->is_shallow = true;
        walk_maps(walk, before, after);
}

Changes *changes_new(Document *before, Document *after)
{
        g_autoptr(GString) path = g_string_new(NULL);
        Walk walk = { .items = items_new(), .path = path };

        if (!document_equal(before, after))
                walk_documents(&walk, document_root(before), document_root(after));
        g_array_sort(walk.items, compare_paths);
        return changes_take(before, after, walk.items);
}

Changes *changes_ref(Changes *changes)
{
        g_atomic_ref_count_inc(&changes->references);
        return changes;
}

Changes *changes_unref(Changes *changes)
{
        if (!changes || !g_atomic_ref_count_dec(&changes->references))
                return NULL;

        document_unref(changes->before);
        document_unref(changes->after);
        g_array_unref(changes->items);
        g_free(changes->root);
        g_free(changes);
        return NULL;
}

size_t changes_count(const Changes *changes)
{
        return changes->items->len;
}

const Change *changes_get(const Changes *changes, size_t index)
{
        return &g_array_index(changes->items, Change, index);
}

const char *changes_root(const Changes *changes)
{
        return changes->root;
}

/*
 * None of the paths lies under another one, so only two can touch: the last that comes before the change's
 * own, and the first that does not.
 */
static bool change_touches(const Change *change, Path *const *paths, size_t n_paths)
{
        g_autoptr(Path) own = change_parse_path(change);
        size_t first = 0, end = n_paths;

        while (first < end) {
                size_t middle = first + (end - first) / 2;

                if (path_compare(paths[middle], own) < 0)
                        first = middle + 1;
                else
                        end = middle;
        }
        return (first < n_paths && path_touches(own, paths[first])) ||
               (first > 0 && path_touches(own, paths[first - 1]));
}

Changes *changes_filter(Changes *changes, Path *const *paths, size_t n_paths)
{
        GArray *kept = items_new();

        for (size_t i = 0; i < changes_count(changes); i++) {
                Change change = *changes_get(changes, i);

                if (!change_touches(&change, paths, n_paths))
                        continue;
                change.path = g_strdup(change.path);
                g_array_append_val(kept, change);
        }
        return changes_take(changes->before, changes->after, kept);
}
