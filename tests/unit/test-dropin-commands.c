/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of [Decode], [Validate] and [Apply] in drop-ins
 */
#include "daemon/dropin-commands.h"

#include <string.h>

static Failure *parse(const char *text, const char *environment, ConfigCommands **ret)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        Settings settings = { .scope = SCOPE_USER, .environment = (char *) environment };

        g_assert_true(g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_KEEP_TRANSLATIONS,
                                                NULL));
        return dropin_read_commands(file, &settings, strstr(text, "Directory="), ret);
}

static ConfigCommands *parse_good(const char *text)
{
        ConfigCommands *commands = NULL;

        g_assert_null(parse(text, "staging", &commands));
        return commands;
}

static void assert_words(char *const *words, const char *expected)
{
        g_autofree char *text = g_strjoinv("|", (char **) words);

        g_assert_cmpstr(text, ==, expected);
}

static void test_none(void)
{
        g_autoptr(ConfigCommands) commands = parse_good("[Config]\nFile=/a\n");

        g_assert_null(commands);
        g_assert_null(config_commands_ref(NULL));
        g_assert_null(config_commands_unref(NULL));
}

static void test_both(void)
{
        g_autoptr(ConfigCommands) commands = parse_good("[Decode]\nCommand=/bin/toml --json\n[Validate]\n"
                                                        "Command=/bin/check %f\nTimeoutSec= 3 \n");

        assert_words(commands->decode, "/bin/toml|--json");
        assert_words(commands->validate, "/bin/check|%f");
        g_assert_cmpuint(commands->decode_sec, ==, 5);
        g_assert_cmpuint(commands->validate_sec, ==, 3);
        g_assert_cmpint(commands->scope, ==, SCOPE_USER);
}

static void test_one(void)
{
        g_autoptr(ConfigCommands) decode = parse_good("[Decode]\nCommand=/a\nTimeoutSec=10\n");
        g_autoptr(ConfigCommands) validate = parse_good("[Validate]\nCommand=/a\nTimeoutSec=10\n");

        g_assert_null(decode->validate);
        g_assert_cmpuint(decode->decode_sec, ==, 10);
        g_assert_null(validate->decode);
        g_assert_cmpuint(validate->validate_sec, ==, 10);
}

/* As a shell splits them, and nothing of what else a shell does. */
static void test_words(void)
{
        static const struct {
                const char *command, *expected;
        } cases[] = {
                { "/bin/a  b\tc ", "/bin/a|b|c" },
                { "/bin/a 'b c' \"d e\" f\\ g", "/bin/a|b c|d e|f g" },
                { "/bin/a 'b\\n' \"\\\"\" ''", "/bin/a|b\\n|\"|" },
                { "/bin/a $HOME ~ * `id` ;", "/bin/a|$HOME|~|*|`id`|;" },
                { "/bin/%e-check %f --%e=%%f %%", "/bin/staging-check|/x y/%e.yaml|--staging=%f|%" },
                { "/bin/a '%f'%f", "/bin/a|/x y/%e.yaml/x y/%e.yaml" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = g_strdup_printf("[Validate]\nCommand=%s\n", cases[i].command);
                g_autoptr(ConfigCommands) commands = parse_good(text);
                g_auto(GStrv) words = config_commands_expand(commands->validate, "/x y/%e.yaml");

                assert_words(words, cases[i].expected);
        }
}

static void test_bad(void)
{
        static const struct {
                const char *text, *word;
        } cases[] = {
                { "[Validate]\n", "Command=" },
                { "[Validate]\nTimeoutSec=3\n", "Command=" },
                { "[Validate]\nCommand=\n", "Command=" },
                { "[Validate]\nCommand= # none\n", "[Validate]" },
                { "[Validate]\nCommand=check\n", "absolute" },
                { "[Validate]\nCommand=./check\n", "absolute" },
                { "[Validate]\nCommand=%f\n", "absolute" },
                { "[Validate]\nCommand=/%f\n", "absolute" },
                { "[Validate]\nCommand=/a 'b\n", "words" },
                { "[Validate]\nCommand=/a %x\n", "%f" },
                { "[Validate]\nCommand=/a %\n", "percent" },
                { "[Decode]\nCommand=/a %f\n", "[Decode]" },
                { "[Validate]\nCommand=/a\nUser=root\n", "User=" },
                { "[Decode]\nCommand=/a\nFormat=json\n", "Format=" },
                { "[Validate]\nCommand=/a\nTimeoutSec=0\n", "TimeoutSec=" },
                { "[Validate]\nCommand=/a\nTimeoutSec=11\n", "10" },
                { "[Validate]\nCommand=/a\nTimeoutSec=1.5\n", "whole" },
                { "[Validate]\nCommand=/a\nTimeoutSec=\n", "whole" },
                { "[Validate]\nCommand=/a\nTimeoutSec=6\n[Decode]\nCommand=/a\n", "11" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(ConfigCommands) commands = NULL;
                g_autoptr(Failure) failure = parse(cases[i].text, "", &commands);
                g_autofree char *text = NULL;

                g_assert_nonnull(failure);
                g_assert_null(commands);
                text = failure_format(failure);
                g_assert_nonnull(strstr(text, cases[i].word));
        }
}

static void test_apply(void)
{
        static const struct {
                const char *text, *unit;
                ReloadMode mode;
        } cases[] = {
                { "ReloadUnit=nginx.service\n", "nginx.service", RELOAD_MODE_RELOAD },
                { "ReloadUnit= a@b@c.d\\x2d:_.service \nReloadMode= restart \n", "a@b@c.d\\x2d:_.service",
                  RELOAD_MODE_RESTART },
                { "ReloadMode=reload-or-restart\nReloadUnit=app-%e@%e.service\n",
                  "app-staging@staging.service", RELOAD_MODE_RELOAD_OR_RESTART },
                { "ReloadMode=reload\nReloadUnit=dir.service.service\n[Config]\nDirectory=/d\n",
                  "dir.service.service", RELOAD_MODE_RELOAD },
                { "ReloadUnit=app@%i.service\n[Config]\nDirectory=/d\n", "app@one@two.service",
                  RELOAD_MODE_RELOAD },
                { "ReloadUnit=%i-%e@%i.service\n[Config]\nDirectory=/d\n", "one@two-staging@one@two.service",
                  RELOAD_MODE_RELOAD },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = g_strconcat("[Apply]\n", cases[i].text, NULL);
                g_autoptr(ConfigCommands) commands = parse_good(text);
                g_autofree char *unit = config_commands_unit(commands, "tenant@one@two");

                g_assert_cmpstr(unit, ==, cases[i].unit);
                g_assert_cmpint(commands->reload_mode, ==, cases[i].mode);
                g_assert_null(commands->decode);
                g_assert_null(commands->validate);
        }
        g_assert_null(config_commands_unit(NULL, "a"));
}

static void test_bad_apply(void)
{
        static const struct {
                const char *text, *path, *word;
        } cases[] = {
                { "", "Apply.ReloadUnit", "ReloadUnit=" },
                { "ReloadMode=restart\n", "Apply.ReloadUnit", "ReloadUnit=" },
                { "ReloadUnit=\n", "Apply.ReloadUnit", "ReloadUnit=" },
                { "ReloadUnit=nginx\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=nginx.socket\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=.service\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=@a.service\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=a@.service\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=a b.service\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=a.service;b.service\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=/a.service\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=a%%.service\n", "Apply.ReloadUnit", ".service" },
                { "ReloadUnit=a@%i.service\n", "Apply.ReloadUnit", "%e" },
                { "ReloadUnit=a%f.service\n[Config]\nDirectory=/d\n", "Apply.ReloadUnit", "%i" },
                { "ReloadUnit=a.service\nReloadMode=Restart\n", "Apply.ReloadMode", "reload-or-restart" },
                { "ReloadUnit=a.service\nReloadMode=\n", "Apply.ReloadMode", "reload-or-restart" },
                { "ReloadUnit=a.service\nCommand=/a\n", "Apply.Command", "Command=" },
                { "ReloadUnit=a.service\nReloadUnit[de]=b.service\n", "Apply.ReloadUnit[de]", "[de]" },
        };
        g_autofree char *longest = g_strnfill(255 - strlen(".service"), 'a');
        g_autofree char *good = g_strdup_printf("[Apply]\nReloadUnit=%s.service\n", longest);
        g_autofree char *longer = g_strdup_printf("[Apply]\nReloadUnit=a%s.service\n", longest);
        g_autoptr(ConfigCommands) none = NULL;
        g_autoptr(Failure) too_long = parse(longer, "", &none);

        config_commands_unref(parse_good(good));
        g_assert_nonnull(too_long);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = g_strconcat("[Apply]\n", cases[i].text, NULL);
                g_autoptr(Failure) failure = parse(text, "", &none);
                const Problem *problem;

                g_assert_nonnull(failure);
                problem = g_ptr_array_index(failure->problems, 0);
                g_test_message("%s: %s", cases[i].text, problem->message);
                g_assert_cmpstr(problem->path, ==, cases[i].path);
                g_assert_nonnull(strstr(problem->message, cases[i].word));
        }
}

static void test_no_environment(void)
{
        g_autoptr(ConfigCommands) commands = NULL;
        g_autoptr(Failure) failure = parse("[Validate]\nCommand=/a %e\n", "", &commands);
        g_autoptr(Failure) other = parse("[Apply]\nReloadUnit=a@%e.service\n", "", &commands);

        g_assert_nonnull(failure);
        g_assert_cmpint(failure->code, ==, FAILURE_INVALID_PATH);
        g_assert_nonnull(other);
}

static void test_equal(void)
{
        static const char *const texts[] = {
                "[Decode]\nCommand=/a\n",
                "[Decode]\nCommand=/a b\n",
                "[Decode]\nCommand=/a\nTimeoutSec=4\n",
                "[Validate]\nCommand=/a\n",
                "[Decode]\nCommand=/a\n[Validate]\nCommand=/a\n",
                "[Apply]\nReloadUnit=a.service\n",
                "[Apply]\nReloadUnit=b.service\n",
                "[Apply]\nReloadUnit=a.service\nReloadMode=restart\n",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(ConfigCommands) one = parse_good(texts[i]);

                g_assert_false(config_commands_equal(one, NULL));
                g_assert_false(config_commands_equal(NULL, one));
                for (size_t j = 0; j < G_N_ELEMENTS(texts); j++) {
                        g_autoptr(ConfigCommands) other = parse_good(texts[j]);

                        g_assert_cmpint(config_commands_equal(one, other), ==, i == j);
                }
        }
        g_assert_true(config_commands_equal(NULL, NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/dropin-commands/none", test_none);
        g_test_add_func("/dropin-commands/both", test_both);
        g_test_add_func("/dropin-commands/one", test_one);
        g_test_add_func("/dropin-commands/words", test_words);
        g_test_add_func("/dropin-commands/bad", test_bad);
        g_test_add_func("/dropin-commands/apply", test_apply);
        g_test_add_func("/dropin-commands/bad-apply", test_bad_apply);
        g_test_add_func("/dropin-commands/no-environment", test_no_environment);
        g_test_add_func("/dropin-commands/equal", test_equal);
        return g_test_run();
}
