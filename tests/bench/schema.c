/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-schema SCHEMA DOCUMENT: compiling a schema, and validating a document against it
 *
 * On the model's library in this process; both files are JSON. The document is decoded once, before: what is
 * timed is what a reload does with the tree it has. It must be valid, or there is nothing to measure.
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"

#include "daemon/model/schema/schema.h"

#include <errno.h>
#include <stdlib.h>

#define MIN_ROUNDS 20U
#define MIN_NSEC (UINT64_C(1000) * 1000000)

static void succeed(Failure *failure)
{
        if (failure)
                die(failure_format(failure), EINVAL);
}

static Document *read_document(const char *path)
{
        g_autofree char *text = NULL;
        Document *document = NULL;
        size_t length;

        if (!g_file_get_contents(path, &text, &length, NULL))
                die(path, EIO);
        succeed(decode(FORMAT_JSON, path, 0, text, length, NULL, &document));
        return document;
}

/* No schema here refers to another file. */
static Failure *refuse_open(const char *path, Document **ret, void *userdata)
{
        return failure_new(FAILURE_FILE_UNREADABLE, "%s is not to be read", path);
}

static Schema *compile(const char *path, Document *document)
{
        Schema *schema = NULL;

        succeed(schema_new(path, document, refuse_open, NULL, &schema));
        return schema;
}

static void time_compile(const char *path, Document *document)
{
        g_autoptr(GArray) samples = samples_new();

        for (unsigned round = 0; round < MIN_ROUNDS; round++) {
                uint64_t begin = now_nsec();
                Schema *schema = compile(path, document);

                samples_add(samples, now_nsec() - begin);
                schema_unref(schema);
        }
        samples_print(samples, "compile");
}

static void time_validate(const Schema *schema, const Document *document)
{
        g_autoptr(GArray) samples = samples_new();
        uint64_t start = now_nsec();

        while (samples->len < MIN_ROUNDS || now_nsec() - start < MIN_NSEC) {
                uint64_t begin = now_nsec();

                succeed(schema_validate(schema, document, NULL, false));
                samples_add(samples, now_nsec() - begin);
        }
        samples_print(samples, "validate");
}

int main(int argc, char **argv)
{
        g_autoptr(Document) rules = NULL;
        g_autoptr(Document) document = NULL;
        g_autoptr(Schema) schema = NULL;

        if (argc != 3)
                return 2;

        rules = read_document(argv[1]);
        document = read_document(argv[2]);
        schema = compile(argv[1], rules);
        time_compile(argv[1], rules);
        time_validate(schema, document);
        return EXIT_SUCCESS;
}
