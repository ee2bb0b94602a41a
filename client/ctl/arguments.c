/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/arguments.h"

#include "client/ctl/ctl-error.h"
#include "client/ctl/program.h"
#include "client/ctl/settings.h"
#include "client/ctl/timespan.h"
#include "client/ctl/timestamp.h"

#include <getopt.h>
#include <unistd.h>

/* Words are told of one by one, where they stand. */
#define SHORT_OPTIONS "-:fhjlqo:m:H:M:"
#define WORD 1

#define LONGEST_SETTLE_USEC (3600 * (uint64_t) G_USEC_PER_SEC)

enum {
        OPTION_VERSION = 256,
        OPTION_SYSTEM,
        OPTION_USER,
        OPTION_JSON,
        OPTION_NO_PAGER,
        OPTION_NO_LEGEND,
        OPTION_NO_ASK_PASSWORD,
        OPTION_DIRECTORY,
        OPTION_PATTERN,
        OPTION_SETTING, /* short cut: its own name is the key */
        OPTION_SCHEMA,
        OPTION_FORMAT,
        OPTION_SEPARATOR,
        OPTION_DEFAULTS,
        OPTION_NO_PERSIST,
        OPTION_STEPS,
        OPTION_INFER,
        OPTION_SHOW_SECRETS,
        OPTION_CONFIRM,
        OPTION_EXTEND,
        OPTION_SIGNAL,
        OPTION_RESTART,
        OPTION_SETTLE,
        OPTION_NAME,
        OPTION_SINCE,
};

static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "system", no_argument, NULL, OPTION_SYSTEM },
        { "user", no_argument, NULL, OPTION_USER },
        { "host", required_argument, NULL, 'H' },
        { "machine", required_argument, NULL, 'M' },
        { "json", optional_argument, NULL, OPTION_JSON },
        { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
        { "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
        { "full", no_argument, NULL, 'l' },
        { "quiet", no_argument, NULL, 'q' },
        { "show-secrets", no_argument, NULL, OPTION_SHOW_SECRETS },
        { "no-ask-password", no_argument, NULL, OPTION_NO_ASK_PASSWORD },
        { "directory", required_argument, NULL, OPTION_DIRECTORY },
        { "pattern", required_argument, NULL, OPTION_PATTERN },
        { "option", required_argument, NULL, 'o' },
        { "schema", required_argument, NULL, OPTION_SCHEMA },
        { "defaults", no_argument, NULL, OPTION_DEFAULTS },
        { "on-invalid", required_argument, NULL, OPTION_SETTING },
        { "on-failure", required_argument, NULL, OPTION_SETTING },
        { "ack-ms", required_argument, NULL, OPTION_SETTING },
        { "voters", required_argument, NULL, OPTION_SETTING },
        { "confirm-ms", required_argument, NULL, OPTION_SETTING },
        { "confirm-by", required_argument, NULL, OPTION_SETTING },
        { "format", required_argument, NULL, OPTION_FORMAT },
        { "merge", required_argument, NULL, OPTION_SETTING },
        { "env-separator", required_argument, NULL, OPTION_SEPARATOR },
        { "debounce-ms", required_argument, NULL, OPTION_SETTING },
        { "poll-ms", required_argument, NULL, OPTION_SETTING },
        { "max-versions", required_argument, NULL, OPTION_SETTING },
        { "max-size", required_argument, NULL, OPTION_SETTING },
        { "hot-reload", required_argument, NULL, OPTION_SETTING },
        { "priority", required_argument, NULL, OPTION_SETTING },
        { "no-persist", no_argument, NULL, OPTION_NO_PERSIST },
        { "steps", required_argument, NULL, OPTION_STEPS },
        { "message", required_argument, NULL, 'm' },
        { "infer", no_argument, NULL, OPTION_INFER },
        { "follow", no_argument, NULL, 'f' },
        { "confirm", required_argument, NULL, OPTION_CONFIRM },
        { "extend", required_argument, NULL, OPTION_EXTEND },
        { "signal", required_argument, NULL, OPTION_SIGNAL },
        { "restart", no_argument, NULL, OPTION_RESTART },
        { "settle", required_argument, NULL, OPTION_SETTLE },
        { "name", required_argument, NULL, OPTION_NAME },
        { "since", required_argument, NULL, OPTION_SINCE },
        { 0 },
};

static unsigned bit_of(int option)
{
        switch (option) {
        case OPTION_DIRECTORY:
                return ARGUMENT_DIRECTORY;
        case OPTION_PATTERN:
                return ARGUMENT_PATTERN;
        case OPTION_SETTING:
        case OPTION_NO_PERSIST:
        case 'o':
                return ARGUMENT_SETTING;
        case OPTION_STEPS:
                return ARGUMENT_STEPS;
        case 'm':
                return ARGUMENT_MESSAGE;
        case OPTION_SCHEMA:
                return ARGUMENT_SCHEMA;
        case OPTION_FORMAT:
                return ARGUMENT_FORMAT;
        case OPTION_SEPARATOR:
                return ARGUMENT_SEPARATOR;
        case OPTION_DEFAULTS:
                return ARGUMENT_DEFAULTS;
        case OPTION_INFER:
                return ARGUMENT_INFER;
        case 'f':
                return ARGUMENT_FOLLOW;
        case OPTION_CONFIRM:
                return ARGUMENT_CONFIRM;
        case OPTION_EXTEND:
                return ARGUMENT_EXTEND;
        case OPTION_SIGNAL:
                return ARGUMENT_SIGNAL;
        case OPTION_RESTART:
                return ARGUMENT_RESTART;
        case OPTION_SETTLE:
                return ARGUMENT_SETTLE;
        case OPTION_NAME:
                return ARGUMENT_NAME;
        case OPTION_SINCE:
                return ARGUMENT_SINCE;
        default:
                return 0;
        }
}

const char *argument_bit_to_string(ArgumentBit bit)
{
        switch (bit) {
        case ARGUMENT_SETTING:
                return "--option and the like";
        case ARGUMENT_DIRECTORY:
                return "--directory";
        case ARGUMENT_PATTERN:
                return "--pattern";
        case ARGUMENT_STEPS:
                return "--steps";
        case ARGUMENT_MESSAGE:
                return "--message";
        case ARGUMENT_SCHEMA:
                return "--schema";
        case ARGUMENT_FORMAT:
                return "--format";
        case ARGUMENT_SEPARATOR:
                return "--env-separator";
        case ARGUMENT_DEFAULTS:
                return "--defaults";
        case ARGUMENT_INFER:
                return "--infer";
        case ARGUMENT_FOLLOW:
                return "--follow";
        case ARGUMENT_CONFIRM:
                return "--confirm";
        case ARGUMENT_EXTEND:
                return "--extend";
        case ARGUMENT_SIGNAL:
                return "--signal";
        case ARGUMENT_RESTART:
                return "--restart";
        case ARGUMENT_SETTLE:
                return "--settle";
        case ARGUMENT_NAME:
                return "--name";
        case ARGUMENT_SINCE:
                return "--since";
        default:
                g_assert_not_reached();
        }
}

bool arguments_option(size_t index, const char **ret_name, bool *ret_takes_value, unsigned *ret_bit)
{
        if (!options[index].name)
                return false;
        *ret_name = options[index].name;
        *ret_takes_value = options[index].has_arg != no_argument;
        *ret_bit = bit_of(options[index].val);
        return true;
}

static JsonMode default_json(void)
{
        return isatty(STDOUT_FILENO) ? JSON_PRETTY : JSON_SHORT;
}

/* Alone, or with a mode, which may also be the next word. */
static bool parse_json(Arguments *arguments, char **argv, GError **error)
{
        const char *mode = optarg;

        if (!mode && argv[optind] &&
            g_strv_contains((const char *[]){ "short", "pretty", "off", NULL }, argv[optind]))
                mode = argv[optind++];
        if (!mode)
                arguments->json = default_json();
        else if (g_str_equal(mode, "short"))
                arguments->json = JSON_SHORT;
        else if (g_str_equal(mode, "pretty"))
                arguments->json = JSON_PRETTY;
        else if (g_str_equal(mode, "off"))
                arguments->json = JSON_OFF;
        else {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "--json= takes short, pretty or off, not '%s'",
                            mode);
                return false;
        }
        return true;
}

static bool parse_steps(Arguments *arguments, const char *text, GError **error)
{
        guint64 steps;

        if (!g_ascii_string_to_unsigned(text, 10, 1, 1000, &steps, NULL)) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "--steps= takes a number from 1 to 1000, not '%s'", text);
                return false;
        }
        arguments->steps = (unsigned) steps;
        return true;
}

/* What the bus takes: whole milliseconds, of which there must be some. */
static bool parse_time(const char *option, const char *text, uint32_t *ret_ms, GError **error)
{
        uint64_t usec, ms;

        if (!timespan_parse(text, &usec) || usec == 0 || (ms = (usec - 1) / 1000 + 1) > UINT32_MAX) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "--%s= takes a time such as 30s or 2min, up to 49 days, not '%s'", option, text);
                return false;
        }
        *ret_ms = (uint32_t) ms;
        return true;
}

static bool parse_settle(Arguments *arguments, const char *text, GError **error)
{
        if (timespan_parse(text, &arguments->settle_usec) && arguments->settle_usec <= LONGEST_SETTLE_USEC)
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                    "--settle= takes a time such as 500ms or 5s, up to 1h, not '%s'", text);
        return false;
}

static bool parse_since(Arguments *arguments, const char *text, GError **error)
{
        if (timestamp_parse(text, (uint64_t) g_get_real_time(), &arguments->since))
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                    "--since= takes a time such as '2026-11-21 03:36', 03:36, today, yesterday or 2h, not "
                    "'%s'",
                    text);
        return false;
}

static bool parse_signal(Arguments *arguments, const char *text, GError **error)
{
        if (program_parse_signal(text, &arguments->signal) && program_can_handle(arguments->signal))
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                    "--signal= takes a signal that a program can handle, such as HUP or USR1, not '%s'",
                    text);
        return false;
}

static bool add_setting(Arguments *arguments, char *setting, GError **error)
{
        g_ptr_array_add(arguments->settings, setting);
        return settings_check(setting, error);
}

/* An option whose own name is the key. */
static bool add_short_cut(Arguments *arguments, int index, GError **error)
{
        return add_setting(arguments, g_strdup_printf("%s=%s", options[index].name, optarg), error);
}

static bool refuse(char **argv, int option, GError **error)
{
        const char *word = argv[optind - 1];

        if (option == ':')
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "option '%s' needs a value", word);
        else if (optopt > 0 && optopt < 256)
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "there is no option '-%c'\n'reconfctl --help' shows those there are.", optopt);
        else if (optopt >= 256)
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "option '%s' takes no value", word);
        else
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "there is no option '%s'\n'reconfctl --help' shows those there are.", word);
        return false;
}

static bool apply(Arguments *arguments, char **argv, int option, int index, GError **error)
{
        arguments->given |= bit_of(option);

        switch (option) {
        case 'h':
                arguments->action = ARGUMENTS_HELP;
                return true;
        case OPTION_VERSION:
                arguments->action = ARGUMENTS_VERSION;
                return true;
        case OPTION_SYSTEM:
        case OPTION_USER:
                arguments->user = option == OPTION_USER;
                return true;
        case 'H':
                arguments->host = optarg;
                return true;
        case 'M':
                arguments->machine = optarg;
                return true;
        case OPTION_JSON:
                return parse_json(arguments, argv, error);
        case 'j':
                arguments->json = default_json();
                return true;
        case OPTION_NO_PAGER:
                arguments->no_pager = true;
                return true;
        case OPTION_NO_LEGEND:
                arguments->no_legend = true;
                return true;
        case OPTION_NO_ASK_PASSWORD:
                arguments->no_ask_password = true;
                return true;
        case 'l':
                arguments->full = true;
                return true;
        case 'q':
                arguments->quiet = true;
                return true;
        case OPTION_DIRECTORY:
                arguments->directory = optarg;
                return true;
        case OPTION_PATTERN:
                arguments->pattern = optarg;
                return true;
        case 'o':
                return add_setting(arguments, g_strdup(optarg), error);
        case OPTION_SCHEMA:
                arguments->schema = optarg;
                return add_short_cut(arguments, index, error);
        case OPTION_FORMAT:
                arguments->format = optarg;
                return add_short_cut(arguments, index, error);
        case OPTION_SEPARATOR:
                arguments->separator = optarg;
                return add_short_cut(arguments, index, error);
        case OPTION_SETTING:
                return add_short_cut(arguments, index, error);
        case OPTION_DEFAULTS:
                arguments->defaults = true;
                return add_setting(arguments, g_strdup("defaults=yes"), error);
        case OPTION_NO_PERSIST:
                return add_setting(arguments, g_strdup("persist=no"), error);
        case OPTION_STEPS:
                return parse_steps(arguments, optarg, error);
        case 'm':
                arguments->message = optarg;
                return true;
        case OPTION_INFER:
        case OPTION_RESTART:
        case 'f':
                return true; /* the bit says it all */
        case OPTION_SHOW_SECRETS:
                arguments->show_secrets = true;
                return true;
        case OPTION_CONFIRM:
                return parse_time("confirm", optarg, &arguments->confirm_ms, error);
        case OPTION_EXTEND:
                return parse_time("extend", optarg, &arguments->extend_ms, error);
        case OPTION_SIGNAL:
                return parse_signal(arguments, optarg, error);
        case OPTION_SETTLE:
                return parse_settle(arguments, optarg, error);
        case OPTION_NAME:
                arguments->instance_name = optarg;
                return true;
        case OPTION_SINCE:
                return parse_since(arguments, optarg, error);
        default:
                return refuse(argv, option, error);
        }
}

/* True behind the command of "run NAME COMMAND": what follows belongs to that. */
static bool is_command(const GPtrArray *words)
{
        return words->len == 3 && g_str_equal(words->pdata[0], "run");
}

/* Words and options as they come. Returns false behind an error. */
static bool parse_all(Arguments *arguments, int argc, char **argv, GError **error)
{
        int option, index = 0;

        opterr = 0;
        optind = 0; /* from the start, also when called again */
        while (!is_command(arguments->words_found) &&
               (option = getopt_long(argc, argv, SHORT_OPTIONS, options, &index)) >= 0)
                if (option == WORD)
                        g_ptr_array_add(arguments->words_found, optarg);
                else if (!apply(arguments, argv, option, index, error))
                        return false;
        while (optind < argc)
                g_ptr_array_add(arguments->words_found, argv[optind++]);
        return true;
}

/* What systemctl does not take either. */
static bool check_bus(const Arguments *arguments, GError **error)
{
        if (arguments->host && arguments->machine)
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "--host and --machine exclude each other\n"
                            "A container on another host is --host=HOST/CONTAINER.");
        else if (arguments->host && arguments->user)
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "on another host there is only the service of the system\n"
                            "'ssh %s reconfctl --user ...' talks to that of a user.",
                            arguments->host);
        else
                return true;
        return false;
}

bool arguments_are_remote(const Arguments *arguments)
{
        return arguments->host || arguments->machine;
}

Arguments *arguments_parse(int argc, char **argv, GError **error)
{
        g_autoptr(Arguments) arguments = g_new0(Arguments, 1);

        arguments->settings = g_ptr_array_new_with_free_func(g_free);
        arguments->words_found = g_ptr_array_new();
        if (!parse_all(arguments, argc, argv, error) ||
            (arguments->action == ARGUMENTS_RUN && !check_bus(arguments, error)))
                return NULL;

        arguments->n_words = arguments->words_found->len;
        g_ptr_array_add(arguments->words_found, NULL);
        arguments->words = (char **) arguments->words_found->pdata;
        return g_steal_pointer(&arguments);
}

Arguments *arguments_free(Arguments *arguments)
{
        if (!arguments)
                return NULL;

        g_ptr_array_unref(arguments->settings);
        g_ptr_array_unref(arguments->words_found);
        g_free(arguments);
        return NULL;
}
