/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of drop-ins: which of them count, what they say, and where they are wrong
 */
#include "daemon/dropin.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct DropinScene {
        char *root;
        Settings settings;
} DropinScene;

static void scene_set_up(DropinScene *scene, const void *data)
{
        static const char *const ranks[] = { "etc", "run", "usr" };
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        scene->root = g_dir_make_tmp("reconf-dropin-XXXXXX", NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(ranks); i++) {
                g_autofree char *directory = g_build_filename(scene->root, ranks[i], NULL);
                g_autofree char *configs = g_build_filename(directory, "configs.d", NULL);

                g_assert_cmpint(g_mkdir_with_parents(configs, 0755), ==, 0);
                g_strv_builder_add(builder, directory);
        }
        scene->settings = (Settings){
                .directories = g_strv_builder_end(builder),
                .environment = "test",
        };
}

static void scene_tear_down(DropinScene *scene, const void *data)
{
        for (char **directory = scene->settings.directories; *directory; directory++) {
                g_autofree char *configs = g_build_filename(*directory, "configs.d", NULL);
                g_autoptr(GDir) stream = g_dir_open(configs, 0, NULL);
                const char *name;

                while (stream && (name = g_dir_read_name(stream))) {
                        g_autofree char *path = g_build_filename(configs, name, NULL);

                        g_assert_cmpint(g_remove(path), ==, 0);
                }
                (void) g_rmdir(configs);
                g_assert_cmpint(g_rmdir(*directory), ==, 0);
        }
        g_strfreev(scene->settings.directories);
        g_assert_cmpint(g_rmdir(scene->root), ==, 0);
        g_free(scene->root);
}

static char *path_of(const DropinScene *scene, const char *rank, const char *name)
{
        return g_build_filename(scene->root, rank, "configs.d", name, NULL);
}

static void add(const DropinScene *scene, const char *rank, const char *name, const char *content)
{
        g_autofree char *path = path_of(scene, rank, name);

        g_assert_true(g_file_set_contents(path, content, -1, NULL));
}

static void add_link(const DropinScene *scene, const char *rank, const char *name, const char *target)
{
        g_autofree char *path = path_of(scene, rank, name);

        g_assert_cmpint(symlink(target, path), ==, 0);
}

/* All that count, as "name:first file" or "name:directory/pattern" or "name!". */
static void assert_listed(const DropinScene *scene, const char *expected)
{
        g_autoptr(GPtrArray) list = dropin_list(&scene->settings);
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < list->len; i++) {
                const Dropin *dropin = g_ptr_array_index(list, i);

                g_string_append_printf(text, "%s%s", i > 0 ? " " : "", dropin->name);
                if (dropin->failure)
                        g_string_append_c(text, '!');
                else if (dropin->directory)
                        g_string_append_printf(text, ":%s/%s", dropin->directory, dropin->pattern);
                else
                        g_string_append_printf(text, ":%s", dropin->files[0]);
        }
        g_assert_cmpstr(text->str, ==, expected);
}

static void test_override(DropinScene *scene, const void *data)
{
        assert_listed(scene, "");
        add(scene, "usr", "b.conf", "[Config]\nFile=/usr.yaml\n");
        add(scene, "usr", "a.conf", "[Config]\nFile=/a.yaml\n");
        assert_listed(scene, "a:/a.yaml b:/usr.yaml");
        add(scene, "run", "b.conf", "[Config]\nFile=/run.yaml\n");
        assert_listed(scene, "a:/a.yaml b:/run.yaml");
        add(scene, "etc", "b.conf", "[Config]\nFile=/etc.yaml\n");
        assert_listed(scene, "a:/a.yaml b:/etc.yaml");
        /* The one that counts is bad: the others do not take its place. */
        add(scene, "etc", "b.conf", "[Config]\n");
        assert_listed(scene, "a:/a.yaml b!");
}

static void test_masking(DropinScene *scene, const void *data)
{
        add(scene, "usr", "a.conf", "[Config]\nFile=/a.yaml\n");
        add(scene, "usr", "b.conf", "[Config]\nFile=/b.yaml\n");
        add(scene, "usr", "c.conf", "[Config]\nFile=/c.yaml\n");
        add(scene, "etc", "a.conf", "");
        add_link(scene, "run", "b.conf", "/dev/null");
        assert_listed(scene, "c:/c.yaml");
        /* A link that leads nowhere says nothing. */
        add_link(scene, "etc", "c.conf", "/nowhere/at/all.conf");
        assert_listed(scene, "c:/c.yaml");
}

static void test_passed_over(DropinScene *scene, const void *data)
{
        add(scene, "etc", ".hidden.conf", "[Config]\nFile=/a.yaml\n");
        add(scene, "etc", ".conf", "[Config]\nFile=/a.yaml\n");
        add(scene, "etc", "a.conf~", "[Config]\nFile=/a.yaml\n");
        add(scene, "etc", "README", "see the manual\n");
        assert_listed(scene, "");
}

static void test_content(DropinScene *scene, const void *data)
{
        g_autoptr(GPtrArray) list = NULL;
        const Dropin *dropin;

        add(scene, "etc", "app.conf",
            "# layers\n[Config]\nFile=/etc/app.yaml; /etc/app.%e.yaml;/etc/100%%.yaml\nMerge=append\n"
            "DebounceMs=7\nHotReload=no\n");
        add(scene, "etc", "tenants.conf", "[Config]\nDirectory=/srv/%e\nPattern=*.yaml\nPriority=-3\n");
        list = dropin_list(&scene->settings);
        g_assert_cmpuint(list->len, ==, 2);

        dropin = g_ptr_array_index(list, 0);
        g_assert_null(dropin->failure);
        g_assert_cmpuint(g_strv_length(dropin->files), ==, 3);
        g_assert_cmpstr(dropin->files[0], ==, "/etc/app.yaml");
        g_assert_cmpstr(dropin->files[1], ==, "/etc/app.test.yaml");
        g_assert_cmpstr(dropin->files[2], ==, "/etc/100%.yaml");
        g_assert_cmpint(dropin->options->merge, ==, MERGE_APPEND);
        g_assert_cmpuint(dropin->options->debounce_ms, ==, 7);
        g_assert_cmpint(dropin->options->hot_reload, ==, SWITCH_OFF);
        g_assert_null(dropin->directory);

        dropin = g_ptr_array_index(list, 1);
        g_assert_null(dropin->failure);
        g_assert_cmpstr(dropin->directory, ==, "/srv/test");
        g_assert_cmpstr(dropin->pattern, ==, "*.yaml");
        g_assert_cmpint(dropin->options->priority, ==, -3);
        g_assert_null(dropin->files[0]);
}

/* What is wrong, and what is told of it. */
static void test_bad(DropinScene *scene, const void *data)
{
        static const struct {
                const char *content;
                FailureCode code;
                uint32_t line;
                const char *text;
        } cases[] = {
                { "File=/a.yaml\n", FAILURE_INVALID_ARGUMENT, 0, NULL },
                { "[Config]\nFile=/a.yaml\nFile=/b.yaml\n", FAILURE_PARSE_FAILED, 3, "File" },
                { "[Config]\nFile\n", FAILURE_PARSE_FAILED, 2, NULL },
                { "[Config]\nFile=/a.yaml\nNope=1\n", FAILURE_INVALID_ARGUMENT, 0, "Nope" },
                { "[Config]\nFile[de]=/a.yaml\n", FAILURE_INVALID_ARGUMENT, 0, "File[de]" },
                { "[Config]\nFile=/a.yaml\nDebounceMs=x\n", FAILURE_INVALID_ARGUMENT, 0, "DebounceMs" },
                { "[Config]\nFile=/a.yaml\n[Run]\nReloadUnit=a.service\n", FAILURE_INVALID_ARGUMENT, 0,
                  "[Run]" },
                { "[Config]\nFile=/a.yaml\n\n[Apply]\nReloadUnit=a\n", FAILURE_INVALID_ARGUMENT, 5,
                  "ReloadUnit=" },
                { "[Config]\nFile=/a.yaml\n[Apply]\nReloadUnit=a.service\nMode=x\n",
                  FAILURE_INVALID_ARGUMENT, 5, "Mode=" },
                { "[Config]\nFile=/a.yaml\n[Apply]\nReloadMode=reload\n", FAILURE_INVALID_ARGUMENT, 3,
                  "ReloadUnit=" },
                { "[Other]\nFile=/a.yaml\n", FAILURE_INVALID_ARGUMENT, 0, "[Config]" },
                { "[Config]\n", FAILURE_INVALID_ARGUMENT, 0, "file" },
                { "[Config]\nFile=a.yaml\n", FAILURE_INVALID_PATH, 0, "absolute" },
                { "[Config]\nFile=/a/%x.yaml\n", FAILURE_INVALID_PATH, 0, "%" },
                { "[Config]\nFile=/a.what\n", FAILURE_INVALID_ARGUMENT, 0, "format" },
                { "[Config]\nFile=/a.yaml;/a.yaml\n", FAILURE_INVALID_ARGUMENT, 0, "twice" },
                { "[Config]\nFile=/a.yaml\nDirectory=/d\nPattern=*\n", FAILURE_INVALID_ARGUMENT, 0,
                  "Directory" },
                { "[Config]\nDirectory=/d\n", FAILURE_INVALID_ARGUMENT, 0, "Pattern" },
                { "[Config]\nPattern=*.yaml\n", FAILURE_INVALID_ARGUMENT, 0, "Directory" },
                { "[Config]\nFile=/\xff.yaml\n", FAILURE_PARSE_FAILED, 2, "UTF-8" },
        };
        g_autofree char *path = path_of(scene, "etc", "bad.conf");

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GPtrArray) list = NULL;
                const Dropin *good, *bad;
                const Problem *problem;

                add(scene, "etc", "bad.conf", cases[i].content);
                add(scene, "etc", "good.conf", "[Config]\nFile=/good.yaml\n");
                list = dropin_list(&scene->settings);
                g_assert_cmpuint(list->len, ==, 2);
                bad = g_ptr_array_index(list, 0);
                good = g_ptr_array_index(list, 1);
                g_assert_null(good->failure);
                g_assert_nonnull(bad->failure);
                problem = g_ptr_array_index(bad->failure->problems, 0);
                g_test_message("%s: %s", path, problem->message);
                if (cases[i].line > 0)
                        g_assert_cmpuint(problem->line, ==, cases[i].line);
                if (cases[i].text)
                        g_assert_cmpint(bad->failure->code, ==, cases[i].code);
                g_assert_cmpstr(problem->file, ==, path);
                if (cases[i].text)
                        g_assert_nonnull(strstr(problem->message, cases[i].text));
        }
}

static void test_bad_name(DropinScene *scene, const void *data)
{
        add(scene, "etc", "a b.conf", "[Config]\nFile=/a.yaml\n");
        add(scene, "etc", "-x.conf", "[Config]\nFile=/a.yaml\n");
        assert_listed(scene, "-x! a b!");
}

static void test_no_file(DropinScene *scene, const void *data)
{
        g_autofree char *fifo = path_of(scene, "etc", "fifo.conf");
        g_autofree char *directory = path_of(scene, "etc", "directory.conf");
        g_autofree char *large = path_of(scene, "etc", "large.conf");

        g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
        g_assert_cmpint(g_mkdir(directory, 0755), ==, 0);
        add(scene, "etc", "large.conf", "");
        g_assert_cmpint(truncate(large, 2 * 1024 * 1024), ==, 0);
        assert_listed(scene, "directory! fifo! large!");
}

static void test_no_directory(DropinScene *scene, const void *data)
{
        g_autofree char *configs = path_of(scene, "etc", NULL);

        add(scene, "run", "a.conf", "[Config]\nFile=/a.yaml\n");
        g_assert_cmpint(g_rmdir(configs), ==, 0);
        assert_listed(scene, "a:/a.yaml");
}

int main(int argc, char **argv)
{
        static const struct {
                const char *path;
                void (*test)(DropinScene *, const void *);
        } tests[] = {
                { "/dropin/override", test_override },
                { "/dropin/masking", test_masking },
                { "/dropin/passed-over", test_passed_over },
                { "/dropin/content", test_content },
                { "/dropin/bad", test_bad },
                { "/dropin/bad-name", test_bad_name },
                { "/dropin/no-file", test_no_file },
                { "/dropin/no-directory", test_no_directory },
        };

        g_test_init(&argc, &argv, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].path, DropinScene, NULL, scene_set_up, tests[i].test, scene_tear_down);
        return g_test_run();
}
