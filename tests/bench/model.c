/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench-model SIZE…: the steps of a reload, each alone
 *
 * Decoding, comparing after one key changed, and writing the snapshot, on the model's library in this
 * process, beside libyaml's events for the same bytes.
 */
#include "tests/bench/client.h"
#include "tests/bench/samples.h"
#include "tests/bench/scan.h"

#include "daemon/model/changes.h"
#include "daemon/model/snapshot.h"

#include <errno.h>
#include <stdlib.h>

#define MIN_ROUNDS 5U
#define MIN_NSEC (UINT64_C(300) * 1000000)

typedef struct Scene {
        Corpus *yaml;
        Corpus *json;
        Document *before;
        Document *after;
} Scene;

typedef void (*Step)(const Scene *scene);

static Document *decode_corpus(Format format, const Corpus *corpus)
{
        Document *document = NULL;
        g_autoptr(Failure) failure =
                        decode(format, "corpus", 0, corpus->text, corpus->length, NULL, &document);

        if (failure)
                die(failure_format(failure), EINVAL);
        return document;
}

static void step_scan(const Scene *scene)
{
        if (!scan_yaml(scene->yaml->text, scene->yaml->length))
                die("libyaml", EINVAL);
}

static void step_yaml(const Scene *scene)
{
        document_unref(decode_corpus(FORMAT_YAML, scene->yaml));
}

static void step_json(const Scene *scene)
{
        document_unref(decode_corpus(FORMAT_JSON, scene->json));
}

static void step_diff(const Scene *scene)
{
        g_autoptr(Changes) changes = changes_new(scene->before, scene->after);

        if (changes_count(changes) != 1)
                die("not one change", EINVAL);
}

static void step_snapshot(const Scene *scene)
{
        g_bytes_unref(snapshot_new(scene->after));
}

static void measure(const char *label, size_t size, Step step, const Scene *scene)
{
        g_autofree char *name = g_strdup_printf("%s-%zu", label, size);
        g_autoptr(GArray) samples = samples_new();
        uint64_t start = now_nsec();

        while (samples->len < MIN_ROUNDS || now_nsec() - start < MIN_NSEC) {
                uint64_t begin = now_nsec();

                step(scene);
                samples_add(samples, now_nsec() - begin);
        }
        samples_print(samples, name);
}

static void measure_all(size_t size)
{
        g_autoptr(Corpus) yaml = corpus_new(FORMAT_YAML, size, 1);
        g_autoptr(Corpus) json = corpus_new(FORMAT_JSON, size, 1);
        g_autoptr(Document) before = decode_corpus(FORMAT_YAML, yaml);
        g_autoptr(Document) after = NULL;
        Scene scene = { .yaml = yaml, .json = json, .before = before };

        corpus_change(yaml);
        after = decode_corpus(FORMAT_YAML, yaml);
        scene.after = after;

        measure("scan", size, step_scan, &scene);
        measure("yaml", size, step_yaml, &scene);
        measure("json", size, step_json, &scene);
        measure("diff", size, step_diff, &scene);
        measure("snapshot", size, step_snapshot, &scene);
}

int main(int argc, char **argv)
{
        for (int i = 1; i < argc; i++)
                measure_all(g_ascii_strtoull(argv[i], NULL, 10));
        return EXIT_SUCCESS;
}
