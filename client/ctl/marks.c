/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/marks.h"

#include "daemon/load-schema.h"

#include <sys/stat.h>

/* What a file was when it was read. */
typedef struct Stamp {
        dev_t device;
        ino_t inode;
        off_t size;
        struct timespec changed;
} Stamp;

struct Marks {
        char *path; /* NULL where there is no schema */
        Schema *schema;
        Failure *failure;
        GArray *stamps; /* of Stamp, of the schema's files */
        bool hides;     /* any place at all */
};

static Stamp look(const char *file)
{
        struct stat status;

        if (stat(file, &status) < 0)
                return (Stamp){ 0 };
        return (Stamp){ status.st_dev, status.st_ino, status.st_size, status.st_ctim };
}

static bool stamp_equal(const Stamp *a, const Stamp *b)
{
        return a->device == b->device && a->inode == b->inode && a->size == b->size &&
               a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

/* True if anything in a schema says "writeOnly": true. */
static bool has_secrets(const Node *node)
{
        for (uint32_t i = 0; node->kind == NODE_LIST && i < node->length; i++)
                if (has_secrets(&node->list->items[i]))
                        return true;
        for (uint32_t i = 0; node->kind == NODE_MAP && i < node->length; i++) {
                const Member *member = &node->map->members[i];

                if (member->value.kind == NODE_BOOLEAN
                                    ? member->value.boolean && g_str_equal(member->key, "writeOnly")
                                    : has_secrets(&member->value))
                        return true;
        }
        return false;
}

Marks *marks_new(const char *schema)
{
        Marks *marks = g_new0(Marks, 1);

        if (!schema || !*schema)
                return marks;

        marks->path = g_strdup(schema);
        marks->failure = load_compile_schema(schema, &marks->schema);
        marks->stamps = g_array_new(FALSE, FALSE, sizeof(Stamp));
        for (char *const *file = marks->schema ? schema_files(marks->schema) : NULL; file && *file; file++) {
                g_autoptr(Document) document = NULL;
                g_autoptr(Failure) failure = load_open_schema(*file, &document, NULL);
                Stamp stamp = look(*file);

                g_array_append_val(marks->stamps, stamp);
                marks->hides = marks->hides || failure || has_secrets(document_root(document));
        }
        return marks;
}

Marks *marks_new_for(const Arguments *arguments, const char *schema)
{
        Marks *marks;

        if (!schema || !*schema || !arguments_are_remote(arguments))
                return marks_new(schema);
        marks = g_new0(Marks, 1);
        marks->path = g_strdup(schema);
        marks->failure = failure_new_at(FAILURE_FILE_UNREADABLE, FAILURE_STAGE_READ, schema, 0, 0, NULL,
                                        "it is a file of another machine");
        return marks;
}

Marks *marks_free(Marks *marks)
{
        if (!marks)
                return NULL;

        schema_unref(marks->schema);
        failure_free(marks->failure);
        g_clear_pointer(&marks->stamps, g_array_unref);
        g_free(marks->path);
        g_free(marks);
        return NULL;
}

const char *marks_schema_path(const Marks *marks)
{
        return marks->path;
}

Schema *marks_schema(const Marks *marks)
{
        return marks->schema;
}

const Failure *marks_failure(const Marks *marks)
{
        return marks->failure;
}

bool marks_are_known(const Marks *marks)
{
        return !marks->path || marks->schema;
}

char *marks_explain(const Marks *marks)
{
        g_autofree char *why = failure_format(marks->failure);

        return g_strdup_printf("what is secret, only its schema tells, which cannot be used here: %s", why);
}

bool marks_are_fresh(const Marks *marks, const char *schema)
{
        char *const *files;

        if (!schema || !*schema)
                return !marks->path;
        if (g_strcmp0(schema, marks->path) != 0 || !marks->schema)
                return false;
        files = schema_files(marks->schema);
        for (guint i = 0; i < marks->stamps->len; i++) {
                Stamp stamp = look(files[i]);

                if (!stamp_equal(&stamp, &g_array_index(marks->stamps, Stamp, i)))
                        return false;
        }
        return true;
}

bool marks_hide_any(const Marks *marks)
{
        return marks->schema ? marks->hides : marks->path != NULL;
}

static unsigned marks_at(const Marks *marks, const Node *root, const char *text)
{
        g_autoptr(Path) path = NULL;
        g_autoptr(Failure) failure = path_parse(text, &path);

        if (failure)
                return SCHEMA_WRITE_ONLY;
        return schema_marks(marks->schema, root, path);
}

bool marks_hide(const Marks *marks, const Node *root, const char *path)
{
        return marks->schema ? marks_at(marks, root, path) & SCHEMA_WRITE_ONLY : marks->path != NULL;
}

bool marks_need_restart(const Marks *marks, const Node *root, const char *path)
{
        return marks->schema && (marks_at(marks, root, path) & SCHEMA_RESTART);
}

/* Where no document tells what is below, only the place and what it stands in count. */
bool marks_hide_whole(const Marks *marks, const char *path)
{
        return marks->schema ? marks_at(marks, NULL, path) & SCHEMA_WRITE_ONLY : marks->path != NULL;
}
