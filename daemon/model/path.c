/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/path.h"

#include <string.h>

typedef struct Segment {
        char *text;
        size_t length;
} Segment;

struct Path {
        GArray *segments;
};

static void segment_clear(void *data)
{
        Segment *segment = data;

        g_free(segment->text);
}

static Path *path_new(void)
{
        Path *path = g_new(Path, 1);

        *path = (Path){ .segments = g_array_new(FALSE, FALSE, sizeof(Segment)) };
        g_array_set_clear_func(path->segments, segment_clear);
        return path;
}

Path *path_free(Path *path)
{
        if (!path)
                return NULL;

        g_array_unref(path->segments);
        g_free(path);
        return NULL;
}

static bool is_plain(char c)
{
        return g_ascii_isalnum(c) || c == '_' || c == '-';
}

static Failure *malformed(const char *text, const char *at, const char *message)
{
        return failure_new(FAILURE_INVALID_PATH, "'%s' is not a dotted path: %s at character %ld", text,
                           message, g_utf8_pointer_to_offset(text, at) + 1);
}

static Failure *parse_quoted(const char *text, const char **at, GString *segment)
{
        const char *opened = *at;
        const char *p = opened + 1;

        for (; *p != '"'; p++) {
                if (*p == '\\') {
                        p++;
                        if (*p != '"' && *p != '\\')
                                return malformed(text, p, "only \\\" and \\\\ may follow a backslash,");
                }
                if (*p == '\0')
                        return malformed(text, opened, "a closing quote is missing for the one");
                g_string_append_c(segment, *p);
        }
        *at = p + 1;
        return NULL;
}

Failure *path_parse(const char *text, Path **ret)
{
        g_autoptr(Path) path = path_new();
        const char *at = text;

        if (!g_utf8_validate(text, -1, NULL))
                return failure_new(FAILURE_INVALID_PATH, "the dotted path is not valid UTF-8");

        while (*text != '\0') {
                g_autoptr(GString) segment = g_string_new(NULL);
                Segment parsed;

                if (*at == '"') {
                        Failure *failure = parse_quoted(text, &at, segment);

                        if (failure)
                                return failure;
                } else {
                        if (!is_plain(*at))
                                return malformed(text, at,
                                                 "a key is expected (in double quotes if it is special)");
                        for (; is_plain(*at); at++)
                                g_string_append_c(segment, *at);
                }
                parsed.length = segment->len;
                parsed.text = g_string_free(g_steal_pointer(&segment), FALSE);
                g_array_append_val(path->segments, parsed);

                if (*at == '\0')
                        break;
                if (*at != '.')
                        return malformed(text, at,
                                         "a dot is expected (keys with other characters need quotes)");
                at++;
        }

        *ret = g_steal_pointer(&path);
        return NULL;
}

size_t path_length(const Path *path)
{
        return path->segments->len;
}

const char *path_segment(const Path *path, size_t index, size_t *ret_length)
{
        const Segment *segment = &g_array_index(path->segments, Segment, index);

        if (ret_length)
                *ret_length = segment->length;
        return segment->text;
}

static const Node *find_item(const Node *list, const Segment *segment)
{
        uint64_t index;

        if (segment->length > 1 && segment->text[0] == '0')
                return NULL;
        if (!g_ascii_string_to_unsigned(segment->text, 10, 0, UINT32_MAX, &index, NULL) ||
            index >= list->length)
                return NULL;
        return &list->list->items[index];
}

const Node *path_find(const Path *path, const Node *root)
{
        const Node *node = root;

        for (guint i = 0; i < path->segments->len && node; i++) {
                const Segment *segment = &g_array_index(path->segments, Segment, i);

                if (node->kind == NODE_MAP) {
                        const Member *member = node_find_member(node, segment->text, segment->length);

                        node = member ? &member->value : NULL;
                } else if (node->kind == NODE_LIST) {
                        node = find_item(node, segment);
                } else {
                        node = NULL;
                }
        }
        return node;
}

void path_append_dotted(GString *text, const char *key, size_t length)
{
        bool plain = length > 0;

        for (size_t i = 0; i < length && plain; i++)
                plain = is_plain(key[i]);

        if (text->len > 0)
                g_string_append_c(text, '.');
        if (plain) {
                g_string_append_len(text, key, (gssize) length);
                return;
        }
        g_string_append_c(text, '"');
        for (size_t i = 0; i < length; i++) {
                if (key[i] == '"' || key[i] == '\\')
                        g_string_append_c(text, '\\');
                g_string_append_c(text, key[i]);
        }
        g_string_append_c(text, '"');
}

void path_append_slashed(GString *text, const char *key, size_t length)
{
        if (text->len == 0)
                g_string_append_c(text, '/');
        for (size_t i = 0; i < length; i++) {
                if (key[i] == '~')
                        g_string_append(text, "~0");
                else if (key[i] == '/')
                        g_string_append(text, "~1");
                else
                        g_string_append_c(text, key[i]);
        }
        g_string_append_c(text, '/');
}

char *path_format(const Path *path)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < path->segments->len; i++) {
                const Segment *segment = &g_array_index(path->segments, Segment, i);

                path_append_dotted(text, segment->text, segment->length);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

char *path_format_slashed(const Path *path)
{
        g_autoptr(GString) text = g_string_new("/");

        for (guint i = 0; i < path->segments->len; i++) {
                const Segment *segment = &g_array_index(path->segments, Segment, i);

                path_append_slashed(text, segment->text, segment->length);
        }
        return g_string_free(g_steal_pointer(&text), FALSE);
}

bool path_touches(const Path *a, const Path *b)
{
        guint shared = MIN(a->segments->len, b->segments->len);

        for (guint i = 0; i < shared; i++) {
                const Segment *first = &g_array_index(a->segments, Segment, i);
                const Segment *second = &g_array_index(b->segments, Segment, i);

                if (first->length != second->length || memcmp(first->text, second->text, first->length) != 0)
                        return false;
        }
        return true;
}

static int compare_segments(const Segment *a, const Segment *b)
{
        int order = memcmp(a->text, b->text, MIN(a->length, b->length));

        return order != 0 ? order : (a->length > b->length) - (a->length < b->length);
}

int path_compare(const Path *a, const Path *b)
{
        guint shared = MIN(a->segments->len, b->segments->len);

        for (guint i = 0; i < shared; i++) {
                int order = compare_segments(&g_array_index(a->segments, Segment, i),
                                             &g_array_index(b->segments, Segment, i));

                if (order != 0)
                        return order;
        }
        return (a->segments->len > b->segments->len) - (a->segments->len < b->segments->len);
}

static int compare_elements(const void *a, const void *b)
{
        return path_compare(*(Path *const *) a, *(Path *const *) b);
}

void paths_reduce(GPtrArray *paths)
{
        guint kept = 0;

        g_ptr_array_sort(paths, compare_elements);
        for (guint i = 0; i < paths->len; i++) {
                Path *path = g_ptr_array_index(paths, i);

                if (kept > 0 && path_touches(g_ptr_array_index(paths, kept - 1), path))
                        continue;
                g_ptr_array_index(paths, i) = g_ptr_array_index(paths, kept);
                g_ptr_array_index(paths, kept++) = path;
        }
        g_ptr_array_set_size(paths, (int) kept);
}
