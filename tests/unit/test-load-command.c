/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of loading with commands: formats that only they know, and their verdict
 */
#include "daemon/load.h"
#include "tests/support/file-scene.h"
#include "tests/support/notation.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SIZE (1024U * 1024)

/* Either may be NULL: scripts for sh. %f is the validated file. */
static ConfigCommands *make_commands(const char *decode, const char *validate)
{
        ConfigCommands *commands = config_commands_new(SCOPE_USER);
        const char *shell[] = { "/bin/sh", "-c", decode, NULL };
        const char *check[] = { "/bin/sh", "-c", validate, "sh", "%f", NULL };

        if (decode) {
                commands->decode = g_strdupv((char **) shell);
                commands->decode_sec = 5;
        }
        if (validate) {
                commands->validate = g_strdupv((char **) check);
                commands->validate_sec = 5;
        }
        return commands;
}

static Load *prepare(char *const *files, const char *decode, const char *validate)
{
        g_autoptr(ConfigCommands) commands = make_commands(decode, validate);
        Load *load = load_new(files, FORMAT_NONE, MERGE_DEEP, NULL, MAX_SIZE);

        load_set_commands(load, commands);
        return load;
}

static Load *run_load(char *const *files, const char *decode, const char *validate)
{
        Load *load = prepare(files, decode, validate);

        load_run(load);
        return load;
}

static void assert_document(const Load *load, const char *expected)
{
        g_autofree char *text = NULL;

        assert_success(load->failure);
        text = notation_format(document_root(load->document));
        g_assert_cmpstr(text, ==, expected);
}

static const Problem *problem_of(const Load *load, guint index)
{
        g_assert_nonnull(load->failure);
        g_assert_cmpuint(load->failure->problems->len, >, index);
        return g_ptr_array_index(load->failure->problems, index);
}

static char *write_named(const FileScene *scene, const char *name, const char *content)
{
        char *path = scene_path(scene, name);

        write_file(path, content);
        return path;
}

/* Nodes and their children have no place but their layer. */
static void assert_placeless(const Node *node, unsigned layer)
{
        g_assert_cmpuint(node->line, ==, 0);
        g_assert_cmpuint(node->column, ==, 0);
        g_assert_cmpuint(node->layer, ==, layer);
        for (uint32_t i = 0; node->kind == NODE_MAP && i < node->length; i++)
                assert_placeless(&node->map->members[i].value, layer);
        for (uint32_t i = 0; node->kind == NODE_LIST && i < node->length; i++)
                assert_placeless(&node->list->items[i], layer);
}

static void test_decode(FileScene *scene, const void *data)
{
        g_autofree char *path = write_named(scene, "a.list", "[1, {\"b\": \"x\"}, null, 1.5]");
        char *files[] = { path, NULL };
        g_autoptr(Load) load = run_load(files, "printf '{\\n\"a\": '; cat; echo '}'", NULL);

        assert_document(load, "{a: [1, {b: 'x'}, null, 1.5]}");
        assert_placeless(document_root(load->document), 0);
}

/* Layers of formats that are known are not the command's. */
static void test_layers(FileScene *scene, const void *data)
{
        g_autofree char *one = write_named(scene, "a.yaml", "a: 1\nb: 1\n");
        g_autofree char *two = write_named(scene, "a.conf", "2");
        g_autofree char *three = write_named(scene, "b.conf", "3");
        g_autofree char *absent = scene_path(scene, "c.conf");
        char *files[] = { one, two, three, absent, NULL };
        g_autoptr(Load) load = run_load(files, "read n; echo \"{\\\"b\\\": $n, \\\"c$n\\\": $n}\"", NULL);

        assert_document(load, "{a: 1, b: 3, c2: 2, c3: 3}");
        g_assert_cmpuint(node_find_member(document_root(load->document), "b", 1)->value.layer, ==, 2);
}

static void test_decode_fails(FileScene *scene, const void *data)
{
        static const struct {
                const char *script;
                FailureCode code;
                const char *text;
        } cases[] = {
                { "exit 2", FAILURE_PARSE_FAILED, "status 2" },
                { "echo 'no such thing' >&2; exit 2", FAILURE_PARSE_FAILED, "no such thing" },
                { "kill -SEGV $$", FAILURE_PARSE_FAILED, "signal 11" },
                { "exit 0", FAILURE_PARSE_FAILED, "JSON" },
                { "echo '{'; exit 0", FAILURE_PARSE_FAILED, "its line 2" },
                { "echo '[1]'", FAILURE_PARSE_FAILED, "JSON" },
                { "echo '{\"a\": 1}'; exit 1", FAILURE_PARSE_FAILED, "status 1" },
                { "exec head -c 40m /dev/zero", FAILURE_PARSE_FAILED, "more than it may" },
                { NULL, FAILURE_PARSE_FAILED, "[Decode] Command=" },
        };
        g_autofree char *path = write_named(scene, "a.conf", "x");
        char *files[] = { path, NULL };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Load) load = run_load(files, cases[i].script, NULL);

                assert_failure(load->failure, cases[i].code, path, cases[i].text);
                g_assert_cmpint(load->failure->stage, ==, FAILURE_STAGE_DECODE);
                g_assert_cmpuint(problem_of(load, 0)->line, ==, 0);
                g_assert_null(load->document);
        }
}

/* What a decoder calls its standard input is the config's file. */
static void test_decode_place(FileScene *scene, const void *data)
{
        g_autofree char *path = write_named(scene, "a.conf", "x");
        char *files[] = { path, NULL };
        g_autoptr(Load) load = run_load(files, "echo '<stdin>:3:7: expected a key' >&2; exit 1", NULL);
        const Problem *problem = problem_of(load, 0);

        g_assert_cmpstr(problem->file, ==, path);
        g_assert_cmpuint(problem->line, ==, 3);
        g_assert_cmpuint(problem->column, ==, 7);
        g_assert_cmpstr(problem->message, ==, "expected a key");
}

static void test_accepted(FileScene *scene, const void *data)
{
        g_autofree char *path = write_named(scene, "app.yaml", "a: 1\n");
        char *files[] = { path, NULL };
        /* The same bytes under the same name in another place. */
        g_autofree char *script =
                        g_strdup_printf("cmp \"$1\" %s && test ${1##*/} = app.yaml && test \"$1\" != %s",
                                        "/dev/stdin", path);
        g_autoptr(Load) refused = NULL, load = NULL;

        load = run_load(files, NULL, "test \"$(cat \"$1\")\" = 'a: 1' && test ${1##*/} = app.yaml");
        assert_document(load, "{a: 1}");
        /* There is nothing on its standard input. */
        refused = run_load(files, NULL, script);
        g_assert_nonnull(refused->failure);
}

static void test_rejected(FileScene *scene, const void *data)
{
        g_autofree char *path = write_named(scene, "app.yaml", "a: 1\n");
        char *files[] = { path, NULL };
        g_autoptr(Load) load = run_load(files, NULL,
                                        "echo $1:1:4: must be even >&2; echo $1:1: bad; echo done; exit 1");
        const Problem *first = problem_of(load, 0), *second = problem_of(load, 1),
                      *third = problem_of(load, 2);

        g_assert_cmpint(load->failure->code, ==, FAILURE_VALIDATION_FAILED);
        g_assert_cmpint(load->failure->stage, ==, FAILURE_STAGE_COMMAND);
        g_assert_cmpuint(load->failure->problems->len, ==, 3);
        g_assert_cmpstr(first->file, ==, path);
        g_assert_cmpuint(first->line, ==, 1);
        g_assert_cmpuint(first->column, ==, 4);
        g_assert_cmpstr(first->message, ==, "must be even");
        g_assert_cmpuint(second->column, ==, 0);
        g_assert_cmpstr(third->message, ==, "done");
        g_assert_nonnull(load->document);
}

/* What a private config's command says does not come first, where a log would find it. */
static void test_private(FileScene *scene, const void *data)
{
        g_autofree char *path = write_named(scene, "app.yaml", "a: 1\n");
        char *files[] = { path, NULL };
        g_autoptr(Load) load = NULL;

        g_assert_cmpint(chmod(path, 0600), ==, 0);
        load = run_load(files, NULL, "echo $1:1:4: 1 is odd; exit 1");
        g_assert_cmpstr(problem_of(load, 0)->message, ==, "/bin/sh exited with status 1");
        g_assert_cmpstr(problem_of(load, 1)->message, ==, "1 is odd");
}

static void test_validate_fails(FileScene *scene, const void *data)
{
        static const struct {
                const char *script, *text;
        } cases[] = {
                { "exit 1", "status 1" },
                { "kill -ABRT $$", "signal 6" },
                { "echo partly; kill -KILL $$", "signal 9" },
                { "exec cat /dev/zero", "more than it may" },
        };
        g_autofree char *path = write_named(scene, "app.yaml", "a: 1\n");
        char *files[] = { path, NULL };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Load) load = run_load(files, NULL, cases[i].script);

                assert_failure(load->failure, FAILURE_VALIDATION_FAILED, path, cases[i].text);
                g_assert_cmpint(load->failure->stage, ==, FAILURE_STAGE_COMMAND);
        }
}

/* Commands of one load share a limit. */
static void test_timeouts(FileScene *scene, const void *data)
{
        g_autofree char *one = write_named(scene, "a.conf", "x");
        g_autofree char *two = write_named(scene, "b.conf", "y");
        char *files[] = { one, two, NULL };
        g_autoptr(ConfigCommands) commands = make_commands("sleep 0.6; echo '{}'", NULL);
        g_autoptr(Load) load = load_new(files, FORMAT_NONE, MERGE_DEEP, NULL, MAX_SIZE);

        commands->decode_sec = 1;
        load_set_commands(load, commands);
        load_run(load);
        assert_failure(load->failure, FAILURE_PARSE_FAILED, two, "TimeoutSec=");
}

/* Where the daemon is root each is run as the owner of what it is given. */
static void test_owner(FileScene *scene, const void *data)
{
        g_autofree char *one = write_named(scene, "a.conf", ""), *two = write_named(scene, "b.conf", "");
        char *files[] = { one, two, NULL };
        g_autoptr(Load) load = NULL;

        if (geteuid() != 0) {
                g_test_skip("only root can become somebody else");
                return;
        }
        g_assert_cmpint(chown(one, 65534, 0), ==, 0);
        load = run_load(files, "u=$(id -u); echo \"{\\\"u$u\\\": $u}\"",
                        "test $(id -u) = 65534 && cat $1 >/dev/null");
        assert_document(load, "{u0: 0, u65534: 65534}");
}

/* Whoever can lead the path to a file of root's does not have them run as root. */
static void test_leader(FileScene *scene, const void *data)
{
        g_autofree char *one = write_named(scene, "a.conf", "");
        g_autofree char *link = scene_path(scene, "link.conf"), *again = scene_path(scene, "again.conf");
        char *files[] = { link, NULL }, *other_files[] = { again, NULL };
        g_autoptr(Load) load = NULL, other_load = NULL;

        if (geteuid() != 0) {
                g_test_skip("only root can become somebody else");
                return;
        }
        g_assert_cmpint(symlink(one, link), ==, 0);
        g_assert_cmpint(lchown(link, 1, 1), ==, 0);
        load = run_load(files, "u=$(id -u); echo \"{\\\"u$u\\\": $u}\"", "test $(id -u) = 1");
        assert_document(load, "{u1: 1}");
        /* Of two nobody knows whose it is. */
        g_assert_cmpint(symlink(link, again), ==, 0);
        g_assert_cmpint(lchown(again, 2, 2), ==, 0);
        other_load = run_load(other_files, "u=$(id -u); echo \"{\\\"u$u\\\": $u}\"",
                              "test $(id -u) = 65534");
        assert_document(other_load, "{u65534: 65534}");
}

static void test_user(FileScene *scene, const void *data)
{
        g_autofree char *path = write_named(scene, "a.conf", "");
        char *files[] = { path, NULL };
        g_autoptr(Load) load = prepare(files, "u=$(id -u); echo \"{\\\"u$u\\\": $(id -g)}\"",
                                       "test $(id -u) = 1 && cat $1 >/dev/null");

        if (geteuid() != 0) {
                g_test_skip("only root can become somebody else");
                return;
        }
        load_set_user(load, 1, 3);
        load_run(load);
        assert_document(load, "{u1: 3}");
}

static void test_stored(FileScene *scene, const void *data)
{
        g_autoptr(Version) version = version_new();
        g_autoptr(ConfigCommands) commands = make_commands("echo '{\"a\": 1}'", "exit 1");
        g_autoptr(GBytes) bytes = g_bytes_new_static("x", 1);
        g_autoptr(Load) lenient = NULL, strict = NULL;

        version->layers = g_ptr_array_new_with_free_func((GDestroyNotify) (void (*)(void)) layer_free);
        g_ptr_array_add(version->layers, layer_new("/nonexistent/a.conf", FORMAT_NONE, bytes));
        version->merge = MERGE_DEEP;

        /* Decoded as everything is, but judged in its time. */
        lenient = load_new_stored(version);
        lenient->lenient = true;
        load_set_commands(lenient, commands);
        g_assert_true(load_has_commands(lenient));
        load_run(lenient);
        assert_document(lenient, "{a: 1}");

        strict = load_new_stored(version);
        load_set_commands(strict, commands);
        load_run(strict);
        assert_failure(strict->failure, FAILURE_VALIDATION_FAILED, "/nonexistent/a.conf", "status 1");
}

static void test_is_small(FileScene *scene, const void *data)
{
        g_autofree char *known = write_named(scene, "a.yaml", ""),
                        *unknown = write_named(scene, "a.conf", "");
        char *known_files[] = { known, NULL }, *unknown_files[] = { unknown, NULL };
        g_autoptr(Load) idle = prepare(known_files, "exit 0", NULL),
                        decode = prepare(unknown_files, "exit 0", NULL);
        g_autoptr(Load) validate = prepare(known_files, NULL, "exit 0"),
                        none = prepare(known_files, NULL, NULL);

        g_assert_true(load_is_small(idle));
        g_assert_false(load_is_small(decode));
        g_assert_false(load_is_small(validate));
        validate->lenient = true;
        g_assert_true(load_is_small(validate));
        g_assert_true(load_is_small(none));
}

static void *run_in_thread(void *load)
{
        load_run(load);
        return NULL;
}

static void test_cancelled(FileScene *scene, const void *data)
{
        g_autofree char *path = write_named(scene, "app.yaml", "a: 1\n");
        char *files[] = { path, NULL };
        g_autoptr(Load) load = prepare(files, NULL, "sleep 1000");
        GThread *thread;
        ConfigCommands *commands = load->commands;

        commands->validate_sec = 1000;
        thread = g_thread_new("load", run_in_thread, load);
        load_cancel(load);
        g_thread_join(thread);
        assert_failure(load->failure, FAILURE_VALIDATION_FAILED, path, "no longer wanted");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        scene_add("/load-command/decode", test_decode);
        scene_add("/load-command/layers", test_layers);
        scene_add("/load-command/decode-fails", test_decode_fails);
        scene_add("/load-command/decode-place", test_decode_place);
        scene_add("/load-command/accepted", test_accepted);
        scene_add("/load-command/rejected", test_rejected);
        scene_add("/load-command/private", test_private);
        scene_add("/load-command/validate-fails", test_validate_fails);
        scene_add("/load-command/timeouts", test_timeouts);
        scene_add("/load-command/owner", test_owner);
        scene_add("/load-command/leader", test_leader);
        scene_add("/load-command/user", test_user);
        scene_add("/load-command/stored", test_stored);
        scene_add("/load-command/is-small", test_is_small);
        scene_add("/load-command/cancelled", test_cancelled);
        return g_test_run();
}
