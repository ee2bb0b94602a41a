/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/model/schema/schema.h"

#include "daemon/model/schema/compiler.h"
#include "daemon/model/schema/report.h"
#include "daemon/model/schema/schema-private.h"

static void release_pattern(void *pattern)
{
        pattern_free(pattern);
}

static Schema *schema_new_empty(void)
{
        Schema *schema = g_new(Schema, 1);

        *schema = (Schema){
                .memory = g_ptr_array_new_with_free_func(g_free),
                .patterns = g_ptr_array_new_with_free_func(release_pattern),
        };
        g_atomic_ref_count_init(&schema->references);
        return schema;
}

Failure *schema_new(const char *path, Document *document, SchemaOpen open, void *userdata, Schema **ret)
{
        g_autoptr(Library) library = library_new(open, userdata);
        g_autoptr(Schema) schema = schema_new_empty();
        Resource *resource;
        Failure *failure = library_add(library, path, document, &resource);

        if (!failure)
                failure = compiler_run(library, resource, schema);
        if (failure)
                return failure;

        schema->files = library_take_files(library);
        schema->documents = library_take_documents(library);
        *ret = g_steal_pointer(&schema);
        return NULL;
}

Schema *schema_ref(Schema *schema)
{
        g_atomic_ref_count_inc(&schema->references);
        return schema;
}

Schema *schema_unref(Schema *schema)
{
        if (!schema || !g_atomic_ref_count_dec(&schema->references))
                return NULL;

        g_strfreev(schema->files);
        g_ptr_array_unref(schema->memory);
        g_ptr_array_unref(schema->patterns);
        g_clear_pointer(&schema->documents, g_ptr_array_unref);
        g_free(schema);
        return NULL;
}

char *const *schema_files(const Schema *schema)
{
        return schema->files;
}

/* Adds a problem to a failure, which it makes if there is none yet. */
static void add_problem(Failure **failure, const char *file, uint32_t line, uint32_t column,
                        const char *path, const char *message)
{
        if (*failure)
                failure_add_problem(*failure, file, line, column, path, "%s", message);
        else
                *failure = failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_SCHEMA, file, line,
                                          column, path, "%s", message);
}

static const char *find_file(char *const *files, unsigned layer)
{
        for (unsigned i = 0; files && files[i]; i++)
                if (i == layer)
                        return files[i];
        return NULL;
}

static Failure *make_failure(const Run *run, const Reports *reports, char *const *files)
{
        bool is_cut = reports->count > SCHEMA_MAX_PROBLEMS;
        guint shown = MIN(reports->list->len, is_cut ? SCHEMA_MAX_PROBLEMS - 1 : SCHEMA_MAX_PROBLEMS);
        Failure *failure = NULL;

        if (run->limit_message)
                add_problem(&failure, find_file(files, run->limit_node->layer), run->limit_node->line,
                            run->limit_node->column, run->limit_path, run->limit_message);
        for (guint i = 0; i < shown; i++) {
                const Report *report = g_ptr_array_index(reports->list, i);

                add_problem(&failure, find_file(files, report->layer), report->line, report->column,
                            report->path, report->message);
        }
        if (is_cut) {
                g_autofree char *rest = g_strdup_printf("and %zu more problems", reports->count - shown);

                add_problem(&failure, NULL, 0, 0, NULL, rest);
        }
        return failure;
}

Failure *schema_validate_node(const Schema *schema, const Node *node, char *const *files, bool quote)
{
        Spot root = { .node = node };
        g_autoptr(Reports) reports = NULL;
        Failure *failure;
        Run run;
        bool valid;

        run_init(&run, schema, node, quote, NULL);
        valid = run_evaluate(&run, schema->root, &root, NULL) && !run.hit_limit;
        run_clear(&run);
        if (valid)
                return NULL;

        reports = reports_new();
        run_init(&run, schema, node, quote, reports);
        run_evaluate(&run, schema->root, &root, NULL);
        failure = make_failure(&run, reports, files);
        run_clear(&run);
        /* Time that patterns take differs from run to run. */
        return failure
                               ?: failure_new_at(FAILURE_VALIDATION_FAILED, FAILURE_STAGE_SCHEMA, NULL, 0, 0,
                                                 NULL, "validation takes too long");
}

Failure *schema_validate(const Schema *schema, const Document *document, char *const *files, bool quote)
{
        return schema_validate_node(schema, document_root(document), files, quote);
}
