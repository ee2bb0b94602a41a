/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line of reconfctl
 */
#include "client/ctl/arguments.h"
#include "client/ctl/ctl-error.h"
#include "client/ctl/parse.h"
#include "client/ctl/settings.h"
#include "client/ctl/verbs.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef struct CommandLine {
        char **argv; /* reordered while it is parsed */
        char **owned;
        Arguments *arguments;
        GError *error;
} CommandLine;

static void parse(CommandLine *line, const char *text)
{
        int argc;

        *line = (CommandLine){ 0 };
        g_assert_true(g_shell_parse_argv(text, &argc, &line->owned, NULL));
        line->argv = g_memdup2(line->owned, ((size_t) argc + 1) * sizeof(char *));
        line->arguments = arguments_parse(argc, line->argv, &line->error);
}

static void clear(CommandLine *line)
{
        arguments_free(line->arguments);
        g_clear_error(&line->error);
        g_strfreev(line->owned);
        g_free(line->argv);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommandLine, clear)

static void assert_refused(const char *text, const char *expected)
{
        g_auto(CommandLine) line = { 0 };

        parse(&line, text);
        g_assert_null(line.arguments);
        g_assert_error(line.error, CTL_ERROR, CTL_EXIT_USAGE);
        g_assert_true(g_str_has_prefix(line.error->message, expected));
}

static void test_defaults(void)
{
        g_auto(CommandLine) line = { 0 };

        parse(&line, "reconfctl");
        g_assert_no_error(line.error);
        g_assert_false(line.arguments->no_ask_password);
        g_assert_cmpint(line.arguments->action, ==, ARGUMENTS_RUN);
        g_assert_false(line.arguments->user);
        g_assert_cmpint(line.arguments->json, ==, JSON_OFF);
        g_assert_cmpuint(line.arguments->given, ==, 0);
        g_assert_cmpuint(line.arguments->n_words, ==, 0);
}

static void test_anywhere(void)
{
        g_auto(CommandLine) line = { 0 };

        parse(&line, "reconfctl --user get -q app --json=pretty server.port --no-pager -l --no-legend "
                     "--no-ask-password");
        g_assert_no_error(line.error);
        g_assert_true(line.arguments->user);
        g_assert_true(line.arguments->quiet);
        g_assert_true(line.arguments->no_pager);
        g_assert_true(line.arguments->full);
        g_assert_true(line.arguments->no_legend);
        g_assert_true(line.arguments->no_ask_password);
        g_assert_cmpint(line.arguments->json, ==, JSON_PRETTY);
        g_assert_cmpuint(line.arguments->n_words, ==, 3);
        g_assert_cmpstr(line.arguments->words[0], ==, "get");
        g_assert_cmpstr(line.arguments->words[1], ==, "app");
        g_assert_cmpstr(line.arguments->words[2], ==, "server.port");
}

static void test_dashes(void)
{
        g_auto(CommandLine) line = { 0 };

        parse(&line, "reconfctl get app -- --user");
        g_assert_no_error(line.error);
        g_assert_false(line.arguments->user);
        g_assert_cmpuint(line.arguments->n_words, ==, 3);
        g_assert_cmpstr(line.arguments->words[2], ==, "--user");
}

static void assert_words(const CommandLine *line, const char *expected)
{
        g_autofree char *words = NULL;

        g_assert_no_error(line->error);
        words = g_strjoinv(" ", line->arguments->words);
        g_assert_cmpuint(g_strv_length(line->arguments->words), ==, line->arguments->n_words);
        g_assert_cmpstr(words, ==, expected);
}

/* What follows a command is its own, whatever it looks like; before it, options may stand anywhere. */
static void test_command(void)
{
        g_auto(CommandLine) line = { 0 }, dashes = { 0 }, early = { 0 }, other = { 0 };

        parse(&line,
              "reconfctl --user run app --signal USR1 --settle=1.5s --name x sh -c --user --bogus -- -q");
        assert_words(&line, "run app sh -c --user --bogus -- -q");
        g_assert_true(line.arguments->user);
        g_assert_false(line.arguments->quiet);
        g_assert_cmpuint(line.arguments->given, ==, ARGUMENT_SIGNAL | ARGUMENT_SETTLE | ARGUMENT_NAME);
        g_assert_cmpint(line.arguments->signal, ==, SIGUSR1);
        g_assert_cmpuint(line.arguments->settle_usec, ==, 1500000);
        g_assert_cmpstr(line.arguments->instance_name, ==, "x");

        parse(&dashes, "reconfctl run app --restart -- sh -- --user");
        assert_words(&dashes, "run app sh -- --user");
        g_assert_cmpuint(dashes.arguments->given, ==, ARGUMENT_RESTART);
        g_assert_false(dashes.arguments->user);

        parse(&early, "reconfctl run -- app -x --user");
        assert_words(&early, "run app -x --user");
        g_assert_false(early.arguments->user);

        parse(&other, "reconfctl get run app --user");
        assert_words(&other, "get run app");
        g_assert_true(other.arguments->user);
}

static void test_last_counts(void)
{
        g_auto(CommandLine) line = { 0 };

        parse(&line, "reconfctl --user --system --json=short --json=off list");
        g_assert_no_error(line.error);
        g_assert_false(line.arguments->user);
        g_assert_cmpint(line.arguments->json, ==, JSON_OFF);
}

/* The mode may be the next word, but nothing else is taken for one. */
static void test_json(void)
{
        g_auto(CommandLine) line = { 0 };
        g_auto(CommandLine) alone = { 0 };

        parse(&line, "reconfctl get app --json pretty path");
        g_assert_no_error(line.error);
        g_assert_cmpint(line.arguments->json, ==, JSON_PRETTY);
        g_assert_cmpuint(line.arguments->n_words, ==, 3);
        g_assert_cmpstr(line.arguments->words[2], ==, "path");

        parse(&alone, "reconfctl validate --json app");
        g_assert_no_error(alone.error);
        g_assert_cmpint(alone.arguments->json, !=, JSON_OFF);
        g_assert_cmpuint(alone.arguments->n_words, ==, 2);
        g_assert_cmpstr(alone.arguments->words[1], ==, "app");
}

static void test_verb_options(void)
{
        g_auto(CommandLine) line = { 0 };

        parse(&line, "reconfctl rollback app --steps 3 -m 'too early'");
        g_assert_no_error(line.error);
        g_assert_cmpuint(line.arguments->given, ==, ARGUMENT_STEPS | ARGUMENT_MESSAGE);
        g_assert_cmpuint(line.arguments->steps, ==, 3);
        g_assert_cmpstr(line.arguments->message, ==, "too early");
}

static void test_settings(void)
{
        g_auto(CommandLine) line = { 0 };
        GPtrArray *settings;

        parse(&line, "reconfctl register app f --format=ini -o priority=-3 --no-persist --env-separator __ "
                     "--schema=s.json --defaults --on-invalid=revert");
        g_assert_no_error(line.error);
        g_assert_cmpuint(line.arguments->given, ==,
                         ARGUMENT_SETTING | ARGUMENT_FORMAT | ARGUMENT_SEPARATOR | ARGUMENT_SCHEMA |
                                         ARGUMENT_DEFAULTS);
        g_assert_cmpstr(line.arguments->format, ==, "ini");
        g_assert_cmpstr(line.arguments->separator, ==, "__");
        g_assert_cmpstr(line.arguments->schema, ==, "s.json");
        g_assert_true(line.arguments->defaults);
        settings = line.arguments->settings;
        g_assert_cmpuint(settings->len, ==, 7);
        g_assert_cmpstr(settings->pdata[0], ==, "format=ini");
        g_assert_cmpstr(settings->pdata[1], ==, "priority=-3");
        g_assert_cmpstr(settings->pdata[2], ==, "persist=no");
        g_assert_cmpstr(settings->pdata[3], ==, "env-separator=__");
        g_assert_cmpstr(settings->pdata[4], ==, "schema=s.json");
        g_assert_cmpstr(settings->pdata[5], ==, "defaults=yes");
        g_assert_cmpstr(settings->pdata[6], ==, "on-invalid=revert");
}

static void test_refused(void)
{
        assert_refused("reconfctl --bogus", "there is no option '--bogus'");
        assert_refused("reconfctl -x", "there is no option '-x'");
        assert_refused("reconfctl --user=yes", "option '--user=yes' takes no value");
        assert_refused("reconfctl list --schema", "option '--schema' needs a value");
        assert_refused("reconfctl --json=xml", "--json= takes short, pretty or off");
        assert_refused("reconfctl --steps=0", "--steps= takes a number from 1");
        assert_refused("reconfctl --steps=-1", "--steps= takes a number from 1");
        assert_refused("reconfctl --settle=soon", "--settle= takes a time such as");
        assert_refused("reconfctl --settle=61min", "--settle= takes a time such as");
        assert_refused("reconfctl --signal=BOGUS", "--signal= takes a signal");
        assert_refused("reconfctl --signal=KILL", "--signal= takes a signal");
        assert_refused("reconfctl --signal=19", "--signal= takes a signal");
        assert_refused("reconfctl -o bogus=1", "there is no option 'bogus'");
        assert_refused("reconfctl -o merge", "an option is KEY=VALUE");
        assert_refused("reconfctl --debounce-ms=-1", "debounce-ms takes a number, not negative");
        assert_refused("reconfctl --debounce-ms=4294967296", "debounce-ms takes a number, not negative");
        assert_refused("reconfctl --priority=high", "priority takes a number");
        assert_refused("reconfctl --defaults=on", "option '--defaults=on' takes no value");
        assert_refused("reconfctl --hot-reload=maybe", "hot-reload takes on or off");
        assert_refused("reconfctl --max-size=18446744073709551616", "max-size takes a number, not negative");
}

static void test_actions(void)
{
        g_auto(CommandLine) help = { 0 };
        g_auto(CommandLine) version = { 0 };

        parse(&help, "reconfctl status -h");
        g_assert_cmpint(help.arguments->action, ==, ARGUMENTS_HELP);
        parse(&version, "reconfctl --version");
        g_assert_cmpint(version.arguments->action, ==, ARGUMENTS_VERSION);
}

/* Whatever can be given, the help tells of, and each verb that it names is there. */
static void test_help(void)
{
        const Style style = { 0 };
        g_autofree char *help = verbs_format_help(&style);
        const char *name;
        const Verb *verb;
        bool takes_value;
        unsigned bit;

        for (size_t i = 0; arguments_option(i, &name, &takes_value, &bit); i++) {
                g_autofree char *option = g_strdup_printf("--%s%s", name, takes_value ? "=" : "");

                g_assert_nonnull(strstr(help, option));
        }
        for (size_t i = 0; (verb = verbs_get(i)); i++) {
                g_assert_true(verbs_find(verb->name) == verb);
                g_assert_true(!verb->summary || strstr(help, verb->summary));
        }
        g_assert_null(verbs_find("bogus"));
}

static void test_boolean(void)
{
        bool value;

        g_assert_true(settings_parse_boolean("on", &value) && value);
        g_assert_true(settings_parse_boolean("1", &value) && value);
        g_assert_true(settings_parse_boolean("no", &value) && !value);
        g_assert_false(settings_parse_boolean("", &value));
        g_assert_false(settings_parse_boolean("ON", &value));
}

static void test_version(void)
{
        uint64_t version = 7;

        g_assert_true(parse_version("active", &version));
        g_assert_cmpuint(version, ==, 0);
        g_assert_true(parse_version("18446744073709551615", &version));
        g_assert_cmpuint(version, ==, UINT64_MAX);
        g_assert_true(parse_version("0", &version));
        g_assert_cmpuint(version, ==, 0);
        g_assert_false(parse_version("-1", &version));
        g_assert_false(parse_version("18446744073709551616", &version));
        g_assert_false(parse_version("good", &version));
        g_assert_false(parse_version("", &version));
        g_assert_cmpuint(version, ==, 0);
}

/* Whole milliseconds, of which there is one at least. */
static void test_times(void)
{
        g_auto(CommandLine) line = { 0 };
        g_auto(CommandLine) tiny = { 0 };

        parse(&line, "reconfctl reload app --confirm='2min 30s' --extend=7");
        g_assert_no_error(line.error);
        g_assert_cmpuint(line.arguments->given, ==, ARGUMENT_CONFIRM | ARGUMENT_EXTEND);
        g_assert_cmpuint(line.arguments->confirm_ms, ==, 150000);
        g_assert_cmpuint(line.arguments->extend_ms, ==, 7000);
        parse(&tiny, "reconfctl reload app --confirm=1us --extend 4294967295ms");
        g_assert_no_error(tiny.error);
        g_assert_cmpuint(tiny.arguments->confirm_ms, ==, 1);
        g_assert_cmpuint(tiny.arguments->extend_ms, ==, UINT32_MAX);

        assert_refused("reconfctl reload app --confirm=soon", "--confirm= takes a time");
        assert_refused("reconfctl reload app --confirm=0", "--confirm= takes a time");
        assert_refused("reconfctl confirm app --extend=4294967295ms1us", "--extend= takes a time");
}

static void test_instance_options(void)
{
        g_auto(CommandLine) line = { 0 };
        g_auto(CommandLine) registration = { 0 };

        parse(&line, "reconfctl instances app -f");
        g_assert_no_error(line.error);
        g_assert_cmpuint(line.arguments->given, ==, ARGUMENT_FOLLOW);
        parse(&registration, "reconfctl register app f --on-failure=rollback --ack-ms=5 --voters=readers "
                             "--confirm-ms=7 --confirm-by=instances");
        g_assert_no_error(registration.error);
        g_assert_cmpuint(registration.arguments->given, ==, ARGUMENT_SETTING);
        g_assert_cmpuint(registration.arguments->settings->len, ==, 5);
        g_assert_cmpstr(registration.arguments->settings->pdata[0], ==, "on-failure=rollback");
        g_assert_cmpstr(registration.arguments->settings->pdata[3], ==, "confirm-ms=7");
}

static void assert_file(const char *text, const char *expected)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *file = parse_file(text, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(file, ==, expected);
}

static void test_file(void)
{
        g_autofree char *directory = g_dir_make_tmp("reconf-XXXXXX", NULL);
        g_autofree char *link = g_build_filename(directory, "link", NULL);
        g_autofree char *through_link = g_build_filename(link, "..", "x.yaml", NULL);
        g_autofree char *in_link = g_build_filename(link, "x.yaml", NULL);
        g_autofree char *current = g_get_current_dir();
        g_autofree char *relative = g_build_filename(current, "a", "b.yaml", NULL);
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(directory);
        g_assert_cmpint(symlink("/usr/bin", link), ==, 0);

        assert_file("/a/b.yaml", "/a/b.yaml");
        assert_file("//a/./b.yaml", "/a/b.yaml");
        assert_file("./a//b.yaml", relative);
        assert_file("/..a/b..", "/..a/b..");
        /* A link stays; what is above its target is above it. */
        assert_file(in_link, in_link);
        assert_file(through_link, "/usr/x.yaml");

        g_assert_null(parse_file("/there/is/no/such/../x", &error));
        g_assert_error(error, CTL_ERROR, CTL_EXIT_BAD_FILE);
        g_clear_error(&error);
        g_assert_null(parse_file("", &error));
        g_assert_error(error, CTL_ERROR, CTL_EXIT_USAGE);

        g_assert_cmpint(g_unlink(link), ==, 0);
        g_assert_cmpint(g_rmdir(directory), ==, 0);
}

static void test_remote(void)
{
        g_auto(CommandLine) here = { 0 }, host = { 0 }, machine = { 0 }, help = { 0 };

        parse(&here, "reconfctl --user list");
        g_assert_false(arguments_are_remote(here.arguments));

        parse(&host, "reconfctl -H root@db.example.com:2222/web list");
        g_assert_no_error(host.error);
        g_assert_cmpstr(host.arguments->host, ==, "root@db.example.com:2222/web");
        g_assert_null(host.arguments->machine);
        g_assert_true(arguments_are_remote(host.arguments));

        parse(&machine, "reconfctl list --user --machine=me@web");
        g_assert_no_error(machine.error);
        g_assert_cmpstr(machine.arguments->machine, ==, "me@web");
        g_assert_true(machine.arguments->user);
        g_assert_true(arguments_are_remote(machine.arguments));

        assert_refused("reconfctl -H a -M b", "--host and --machine exclude each other");
        assert_refused("reconfctl --user -H a", "on another host there is only the service of the system");
        parse(&help, "reconfctl -H a -M b --help");
        g_assert_no_error(help.error);
}

static void test_remote_file(void)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *file = parse_remote_file("//etc/./there-is/../a.yaml", &error);

        g_assert_no_error(error);
        g_assert_cmpstr(file, ==, "/etc/there-is/../a.yaml");
        g_assert_null(parse_remote_file("a.yaml", &error));
        g_assert_error(error, CTL_ERROR, CTL_EXIT_USAGE);
        g_clear_error(&error);
        g_assert_null(parse_remote_file("", &error));
        g_assert_error(error, CTL_ERROR, CTL_EXIT_USAGE);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-arguments/defaults", test_defaults);
        g_test_add_func("/ctl-arguments/anywhere", test_anywhere);
        g_test_add_func("/ctl-arguments/dashes", test_dashes);
        g_test_add_func("/ctl-arguments/command", test_command);
        g_test_add_func("/ctl-arguments/last-counts", test_last_counts);
        g_test_add_func("/ctl-arguments/json", test_json);
        g_test_add_func("/ctl-arguments/verb-options", test_verb_options);
        g_test_add_func("/ctl-arguments/settings", test_settings);
        g_test_add_func("/ctl-arguments/refused", test_refused);
        g_test_add_func("/ctl-arguments/actions", test_actions);
        g_test_add_func("/ctl-arguments/help", test_help);
        g_test_add_func("/ctl-arguments/boolean", test_boolean);
        g_test_add_func("/ctl-arguments/version", test_version);
        g_test_add_func("/ctl-arguments/times", test_times);
        g_test_add_func("/ctl-arguments/instance-options", test_instance_options);
        g_test_add_func("/ctl-arguments/file", test_file);
        g_test_add_func("/ctl-arguments/remote", test_remote);
        g_test_add_func("/ctl-arguments/remote-file", test_remote_file);
        return g_test_run();
}
