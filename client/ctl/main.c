/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl: Reconf from the command line
 *
 * The process: takes the command line apart, finds the verb, and makes one status of what came of it.
 */
#include "client/ctl/context.h"
#include "client/ctl/verbs.h"

#include <locale.h>
#include <stdio.h>

/* Says what is wrong with the words, never the whole help. */
static bool check_verb(const Arguments *arguments, const Verb *verb, GError **error)
{
        unsigned n_words = arguments->n_words - 1;
        unsigned strange = arguments->given & ~verb->bits;

        if (n_words < verb->min_words || n_words > verb->max_words) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "'%s' takes %s arguments\nUsage: reconfctl %s %s", verb->name,
                            n_words < verb->min_words ? "more" : "fewer", verb->name, verb->words ?: "");
                return false;
        }
        if (strange) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "'%s' does not take %s", verb->name,
                            argument_bit_to_string(strange & -strange));
                return false;
        }
        return true;
}

static const Verb *find_verb(const Arguments *arguments, GError **error)
{
        const Verb *verb;

        if (arguments->n_words == 0)
                return verbs_find("list");

        verb = verbs_find(arguments->words[0]);
        if (!verb) {
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                            "there is no verb '%s'\n'reconfctl --help' shows those there are.",
                            arguments->words[0]);
                return NULL;
        }
        return check_verb(arguments, verb, error) ? verb : NULL;
}

static int run(Context *context, GError **error)
{
        const Arguments *arguments = context->arguments;
        const Verb *verb;

        if (arguments->action == ARGUMENTS_HELP) {
                context_show(context, verbs_format_help(&context->style));
                return CTL_EXIT_SUCCESS;
        }
        if (arguments->action == ARGUMENTS_VERSION) {
                puts("reconfctl " RECONF_VERSION);
                return CTL_EXIT_SUCCESS;
        }

        verb = find_verb(arguments, error);
        if (!verb)
                return CTL_EXIT_USAGE;
        return verb->run(context, arguments->words + (arguments->n_words > 0 ? 1 : 0));
}

int main(int argc, char **argv)
{
        g_autoptr(Arguments) arguments = NULL;
        GError *error = NULL;
        Context context = { 0 };
        int status;

        /* Characters and time zones as the user has them; numbers as they are written in configs. */
        setlocale(LC_CTYPE, "");
        arguments = arguments_parse(argc, argv, &error);
        if (!arguments)
                return ctl_error_report(error);

        context.arguments = arguments;
        context.style = style_detect(arguments->full, !arguments->no_legend);
        status = run(&context, &error);
        if (error)
                status = ctl_error_report(g_steal_pointer(&error));
        if (!context_finish(&context, &error))
                status = ctl_error_report(g_steal_pointer(&error));
        sd_bus_flush_close_unref(context.bus);
        return status;
}
