/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/sources.h"

#include "client/ctl/excerpt.h"
#include "client/ctl/trial.h"
#include "daemon/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_SIZE (10U * 1024 * 1024)
#define BLOCK_SIZE (64U * 1024)

/* One file; bytes is NULL where it cannot be shown. */
typedef struct Source {
        GBytes *bytes;
        GArray *values; /* of Value, in order of lines; NULL where nothing is secret */
} Source;

/* Where a value begins. */
typedef struct Value {
        uint32_t line;
        bool secret;
        bool folds; /* may go on in another line */
} Value;

struct Sources {
        const Marks *marks;
        Format format;
        char *separator;
        bool elsewhere;    /* files of those names are others */
        GHashTable *files; /* name to Source */
};

/* Looking for secrets in a document. */
typedef struct Search {
        const Marks *marks;
        const Node *root;
        GString *path;
        GArray *values;
} Search;

static void source_free(void *data)
{
        Source *source = data;

        g_clear_pointer(&source->bytes, g_bytes_unref);
        g_clear_pointer(&source->values, g_array_unref);
        g_free(source);
}

Sources *sources_new(const Marks *marks, Format format, const char *separator)
{
        Sources *sources = g_new(Sources, 1);

        *sources = (Sources){
                .marks = marks,
                .format = format,
                .separator = g_strdup(separator),
                .files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, source_free),
        };
        return sources;
}

Sources *sources_new_for(const Arguments *arguments, const Document *properties, const Marks *marks)
{
        const TrialOptions options = trial_options_from_properties(properties);

        Sources *sources;

        sources = sources_new(arguments->show_secrets ? NULL : marks, options.format, options.separator);
        sources->elsewhere = arguments_are_remote(arguments);
        return sources;
}

Sources *sources_free(Sources *sources)
{
        if (!sources)
                return NULL;

        g_hash_table_unref(sources->files);
        g_free(sources->separator);
        g_free(sources);
        return NULL;
}

static void search(Search *found, const Node *node, bool open);

static void search_item(Search *found, const char *key, size_t length, const Node *item, bool open)
{
        gsize before = found->path->len;

        path_append_dotted(found->path, key, length);
        search(found, item, open);
        g_string_truncate(found->path, before);
}

/* open: something in or at the node may be secret. */
static void search(Search *found, const Node *node, bool open)
{
        bool may = open && marks_hide(found->marks, found->root, found->path->str);
        bool is_container = node->kind == NODE_MAP || node->kind == NODE_LIST;
        Value value = { .line = node->line };

        value.secret = may && !is_container;
        value.folds = value.secret && node->kind == NODE_STRING && strpbrk(node->string, " \t\n");
        g_array_append_val(found->values, value);

        for (uint32_t i = 0; is_container && i < node->length; i++) {
                const Member *member = node->kind == NODE_MAP ? &node->map->members[i] : NULL;
                char index[16];

                g_snprintf(index, sizeof index, "%u", i);
                search_item(found, member ? member->key : index, member ? member->key_length : strlen(index),
                            member ? &member->value : &node->list->items[i], may);
        }
}

static int compare_lines(const void *a, const void *b)
{
        const Value *first = a, *second = b;

        return (first->line > second->line) - (first->line < second->line);
}

static GArray *find_values(const Marks *marks, const Document *document)
{
        g_autoptr(GString) path = g_string_new(NULL);
        Search found = {
                .marks = marks,
                .root = document_root(document),
                .path = path,
                .values = g_array_new(FALSE, FALSE, sizeof(Value)),
        };

        search(&found, found.root, true);
        g_array_sort(found.values, compare_lines);
        return found.values;
}

/*
 * A value goes on up to where the next one begins, but most end in their own line: only what holds blanks
 * may end in the very line where the next begins.
 */
static bool is_secret_line(const GArray *values, uint32_t line)
{
        uint32_t last = 0;

        for (guint i = 0; i < values->len; i++) {
                const Value *value = &g_array_index(values, Value, i);

                if (value->line > line)
                        break;
                if (value->line < line)
                        last = value->line;
                else if (value->secret)
                        return true;
        }
        for (guint i = 0; i < values->len; i++) {
                const Value *value = &g_array_index(values, Value, i);

                if (value->line == last && value->secret && value->folds)
                        return true;
        }
        return false;
}

/* Characters that some readers take for the end of a line, and others not: lines cannot be counted. */
static bool has_strange_lines(const char *text, size_t length)
{
        for (const char *p = text, *end = text + length; p < end; p++) {
                if (*p == '\r' && p + 1 < end && p[1] != '\n')
                        return true;
                if (end - p >= 2 && memcmp(p, "\xc2\x85", 2) == 0)
                        return true;
                if (end - p >= 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
                        return true;
        }
        return false;
}

static GBytes *without_mark(GBytes *bytes)
{
        gsize length;
        const char *text = g_bytes_get_data(bytes, &length);

        return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0
                               ? g_bytes_new_from_bytes(bytes, 3, length - 3)
                               : g_bytes_ref(bytes);
}

static Source *source_new(const Sources *sources, const char *name, Format format, GBytes *bytes)
{
        g_autoptr(GBytes) text = without_mark(bytes);
        g_autoptr(Document) document = NULL;
        g_autoptr(Failure) failure = NULL;
        Source *source = g_new0(Source, 1);
        bool secrets = sources->marks && marks_hide_any(sources->marks) &&
                       g_strcmp0(marks_schema_path(sources->marks), name) != 0;
        gsize length;
        const char *data = g_bytes_get_data(text, &length) ?: "";

        if (has_strange_lines(data, length) || (secrets && !marks_are_known(sources->marks)))
                return source;
        if (secrets) {
                if (format != FORMAT_NONE)
                        failure = decode(format, name, 0, data, length, sources->separator, &document);
                if (!document)
                        return source;
                source->values = find_values(sources->marks, document);
        }
        source->bytes = g_steal_pointer(&text);
        return source;
}

void sources_add(Sources *sources, const char *name, Format format, GBytes *bytes)
{
        g_hash_table_replace(sources->files, g_strdup(name), source_new(sources, name, format, bytes));
}

static const Source *find_source(Sources *sources, const char *file)
{
        Format format = format_from_file(file);
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(Failure) failure = NULL;
        const Source *source = g_hash_table_lookup(sources->files, file);

        if (source)
                return source;
        if (!sources->elsewhere)
                failure = file_read(file, MAX_SIZE, &bytes);
        if (!bytes)
                g_hash_table_insert(sources->files, g_strdup(file), g_new0(Source, 1));
        else
                sources_add(sources, file, format == FORMAT_NONE ? sources->format : format, bytes);
        return g_hash_table_lookup(sources->files, file);
}

void sources_append_excerpt(Sources *sources, GString *out, const char *file, uint32_t line, uint32_t column,
                            const Style *style, unsigned indent)
{
        const Source *source;
        const char *text;
        gsize length;

        if (line == 0 || !*file)
                return;
        source = find_source(sources, file);
        if (!source->bytes || (source->values && is_secret_line(source->values, line)))
                return;
        text = g_bytes_get_data(source->bytes, &length) ?: "";
        (void) excerpt_append(out, text, length, line, column, style, indent);
}

static Failure *read_all(int fd, const char *file, GBytes **ret)
{
        g_autoptr(GByteArray) content = g_byte_array_new();
        g_autofree guint8 *block = g_malloc(BLOCK_SIZE);

        while (content->len <= MAX_SIZE) {
                ssize_t n = read(fd, block, BLOCK_SIZE);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return failure_new_at(FAILURE_FILE_UNREADABLE, FAILURE_STAGE_READ, file, 0, 0, NULL,
                                              "cannot read: %s", g_strerror(errno));
                if (n == 0) {
                        *ret = g_byte_array_free_to_bytes(g_steal_pointer(&content));
                        return NULL;
                }
                g_byte_array_append(content, block, (guint) n);
        }
        return failure_new_at(FAILURE_TOO_LARGE, FAILURE_STAGE_READ, file, 0, 0, NULL,
                              "larger than %u bytes", MAX_SIZE);
}

Failure *sources_read(const char *file, GBytes **ret)
{
        Failure *failure;
        int fd;

        if (g_str_equal(file, "-"))
                return read_all(STDIN_FILENO, file, ret);

        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return failure_new_at(errno == ENOENT ? FAILURE_FILE_NOT_FOUND : FAILURE_FILE_UNREADABLE,
                                      FAILURE_STAGE_READ, file, 0, 0, NULL, "cannot open: %s",
                                      g_strerror(errno));
        failure = read_all(fd, file, ret);
        close(fd);
        return failure;
}
