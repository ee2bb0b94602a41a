/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/arguments.h"

#include "client/ctl/ctl-error.h"
#include "client/ctl/settings.h"

#include <getopt.h>
#include <unistd.h>

enum {
        OPTION_VERSION = 256,
        OPTION_SYSTEM,
        OPTION_USER,
        OPTION_JSON,
        OPTION_NO_PAGER,
        OPTION_NO_LEGEND,
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
};

static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "system", no_argument, NULL, OPTION_SYSTEM },
        { "user", no_argument, NULL, OPTION_USER },
        { "json", optional_argument, NULL, OPTION_JSON },
        { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
        { "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
        { "full", no_argument, NULL, 'l' },
        { "quiet", no_argument, NULL, 'q' },
        { "show-secrets", no_argument, NULL, OPTION_SHOW_SECRETS },
        { "directory", required_argument, NULL, OPTION_DIRECTORY },
        { "pattern", required_argument, NULL, OPTION_PATTERN },
        { "option", required_argument, NULL, 'o' },
        { "schema", required_argument, NULL, OPTION_SCHEMA },
        { "defaults", no_argument, NULL, OPTION_DEFAULTS },
        { "on-invalid", required_argument, NULL, OPTION_SETTING },
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
                return true; /* the bit says it all */
        case OPTION_SHOW_SECRETS:
                arguments->show_secrets = true;
                return true;
        default:
                return refuse(argv, option, error);
        }
}

Arguments *arguments_parse(int argc, char **argv, GError **error)
{
        g_autoptr(Arguments) arguments = g_new0(Arguments, 1);
        int option, index = 0;

        arguments->settings = g_ptr_array_new_with_free_func(g_free);
        opterr = 0;
        optind = 0; /* from the start, also when called again */
        while ((option = getopt_long(argc, argv, ":hjlqo:m:", options, &index)) >= 0)
                if (!apply(arguments, argv, option, index, error))
                        return NULL;

        arguments->words = argv + optind;
        arguments->n_words = (unsigned) (argc - optind);
        return g_steal_pointer(&arguments);
}

Arguments *arguments_free(Arguments *arguments)
{
        if (!arguments)
                return NULL;

        g_ptr_array_unref(arguments->settings);
        g_free(arguments);
        return NULL;
}
