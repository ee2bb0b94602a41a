/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/verbs.h"

#include <string.h>

#define VALIDATE_BITS (ARGUMENT_SCHEMA | ARGUMENT_FORMAT | ARGUMENT_SEPARATOR | ARGUMENT_DEFAULTS)
#define REGISTER_BITS (VALIDATE_BITS | ARGUMENT_SETTING | ARGUMENT_DIRECTORY | ARGUMENT_PATTERN)
#define RUN_BITS (ARGUMENT_SIGNAL | ARGUMENT_RESTART | ARGUMENT_SETTLE | ARGUMENT_NAME)
#define ROLLBACK_BITS (ARGUMENT_STEPS | ARGUMENT_MESSAGE | ARGUMENT_CONFIRM)
#define SCHEMA_BITS (ARGUMENT_FORMAT | ARGUMENT_SEPARATOR | ARGUMENT_INFER)

/* clang-format off */
static const Verb verbs[] = {
        { "list", "[PATTERN...]", "List configs (the default)", 0, VERB_ANY, 0, verb_list },
        { "status", "[NAME...]", "Show the state of the service, or of configs", 0, VERB_ANY, 0, verb_status },
        { "get", "NAME [PATH]", "Print what a config holds, or one place of it", 1, 2, 0, verb_get },
        { "watch", "[NAME...]", "Print changes as they happen", 0, VERB_ANY, 0, verb_watch },
        { "diff", "NAME [FROM [TO]]", "Show what changed between versions", 1, 3, 0, verb_diff },
        { "history", "NAME", "List the versions of a config", 1, 1, 0, verb_history },
        { "label", "NAME VERSION [LABEL]", "Name a version, or take its name away", 2, 3, 0, verb_label },
        { "rollback", "NAME [VERSION]", "Go back to an earlier version", 1, 2, ROLLBACK_BITS, verb_rollback },
        { "reload", "NAME...", "Read the files now", 1, VERB_ANY, ARGUMENT_CONFIRM, verb_reload },
        { "confirm", "NAME [VERSION]", "Keep a version that would go back by itself", 1, 2, ARGUMENT_EXTEND,
          verb_confirm },
        { "validate", "NAME [FILE]", "Tell what is wrong with a file, before or after it is in place", 1,
          VERB_ANY, VALIDATE_BITS, verb_validate },
        { "schema", "NAME", "Print the schema of a config, or draft one", 1, 1, SCHEMA_BITS, verb_schema },
        { "hot-reload", "[NAME...] on|off", "Switch whether file changes apply by themselves", 1, VERB_ANY, 0,
          verb_hot_reload },
        { "register", "NAME FILE...", "Have files watched as a config", 1, VERB_ANY, REGISTER_BITS, verb_register },
        { "unregister", "NAME...", "Have them watched no longer", 1, VERB_ANY, 0, verb_unregister },
        { "instances", "[NAME]", "List programs that run on configs", 0, 1, ARGUMENT_FOLLOW, verb_instances },
        { "retry", "NAME [INSTANCE]", "Tell programs once more what they did not take", 1, 2, 0, verb_retry },
        { "run", "NAME COMMAND...", "Run a program on a config, telling it of new versions", 2, VERB_ANY, RUN_BITS,
          verb_run },
        { "audit", "[NAME]", "List who did what, and who was not allowed to", 0, 1, ARGUMENT_SINCE, verb_audit },
        { "statistics", "[NAME]", "Show counters and latencies", 0, 1, 0, verb_statistics },
        { "complete", NULL, NULL, 1, VERB_ANY, UINT_MAX, verb_complete },
};

static const char options_help[] =
        "     --system             Talk to the service of the system (the default)\n"
        "     --user               Talk to the service of the user\n"
        "  -H --host=[USER@]HOST   Talk to the service of another host, by ssh\n"
        "  -M --machine=CONTAINER  Talk to the service of a local container\n"
        "     --json=MODE          Print JSON: short (one line), pretty, or off\n"
        "  -j --json               The same as --json=pretty on a terminal, else short\n"
        "     --show-secrets       Print values that the schema marks as secret, not ***\n"
        "     --no-ask-password    Do not ask for a password where a call takes more rights\n"
        "     --no-pager           Do not pipe output into a pager\n"
        "     --no-legend          Print no headers and footers\n"
        "  -l --full               Do not cut long columns\n"
        "  -q --quiet              Print nothing but results and errors\n"
        "  -h --help               Show this help\n"
        "     --version            Show the version\n";

static const char register_help[] =
        "     --directory=DIR      Make each matching file of a directory a config NAME@STEM\n"
        "     --pattern=GLOB       Which files match (with --directory)\n"
        "     --schema=PATH        The JSON Schema that the files have to fit\n"
        "     --defaults           Fill in what the schema's defaults give\n"
        "     --on-invalid=MODE    What becomes of bad files: keep them, or revert to the last good ones\n"
        "     --on-failure=MODE    What if an instance cannot take a version: keep it, or rollback\n"
        "     --ack-ms=N           How long instances have to report on a version\n"
        "     --voters=WHO         Whose reports count: writers, or readers of the files\n"
        "     --confirm-ms=N       How long a version has to be confirmed before it goes back by itself\n"
        "     --confirm-by=WHO     Who confirms it: the caller, or instances\n"
        "     --format=FORMAT      yaml, json, env or ini, for names that do not tell\n"
        "     --merge=MODE         How files are joined: deep, append or replace\n"
        "     --env-separator=TEXT What nests the keys of ENV files, such as __\n"
        "     --debounce-ms=N      How long bursts are waited for\n"
        "     --poll-ms=N          How often to look where a file system sends no events\n"
        "     --max-versions=N     How many versions are kept\n"
        "     --max-size=BYTES     The largest file\n"
        "     --hot-reload=BOOL    Whether file changes apply by themselves\n"
        "     --priority=N         Of configs due together, the higher reloads first\n"
        "     --no-persist         Do not register again when the service starts\n"
        "  -o --option=KEY=VALUE   Any of these by its name on the bus\n";

static const char validate_help[] =
        "     NAME                 What the first file of a config holds now\n"
        "     NAME FILE            A candidate for it; - is standard input\n"
        "     --schema=PATH FILE...  Files that need no service; - is standard input\n"
        "     --format, --env-separator, --defaults: as for register\n";

static const char schema_help[] =
        "     --infer FILE         Draft one from what a file holds; - is standard input\n";

static const char rollback_help[] =
        "     --steps=N            Go back N different versions\n"
        "  -m --message=TEXT       Why, for the history\n"
        "     --confirm=TIME       As for reload\n"
        "  A VERSION is a number, 'active', or a label, here and wherever one is given.\n";

static const char confirm_help[] =
        "     --confirm=TIME       Have the version go back by itself unless it is confirmed in this time, such\n"
        "                          as 30s or '2min 30s'. On a terminal this waits for an answer: Enter, y or k\n"
        "                          keeps it, Ctrl-C or n takes it back at once\n";

static const char extend_help[] =
        "     --extend=TIME        Give it so much time from now on instead\n";

static const char instances_help[] =
        "  -f --follow             Go on and show each change, until Ctrl-C\n"
        "  INSTANCE of retry is a pid, an object path or the ID at its end; without, all that failed, wait or\n"
        "  are partial are told.\n";

static const char audit_help[] =
        "     --since=TIME         Nothing older, such as '2026-11-21 03:36', 03:36, today, yesterday or 2h\n";

static const char run_help[] =
        "     --signal=SIGNAL      What tells the program of a new version (HUP)\n"
        "     --restart            End it and start it again instead\n"
        "     --settle=TIME        A version is good when the program lives on for so long (2s)\n"
        "     --name=TEXT          What the instance is called, if not as the program\n"
        "     Behind NAME comes the command with all that is its own; a -- before it may be left out.\n"
        "     It finds RECONF_CONFIG and RECONF_VERSION in its environment.\n";

static const char exit_help[] =
        "  0  Success\n"
        "  1  Failure not named below\n"
        "  2  The command line, a name, a path or an option is malformed\n"
        "  3  There is no such config, path or version\n"
        "  4  Access denied\n"
        "  5  The files are missing, unreadable, malformed or do not fit their schema (also: 'status' found\n"
        "     such a config)\n"
        "  6  The bus or the service cannot be reached\n"
        "  7  With --confirm: the version went back, by itself or on demand\n"
        "  'run' exits with the program's status, 128+N where signal N killed it, 127 where there is no such\n"
        "  program, and 126 where it cannot be executed\n";
/* clang-format on */

const Verb *verbs_get(size_t index)
{
        return index < G_N_ELEMENTS(verbs) ? &verbs[index] : NULL;
}

const Verb *verbs_find(const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
                if (g_str_equal(verbs[i].name, name))
                        return &verbs[i];
        return NULL;
}

static void append_section(GString *out, const Style *style, const char *title, const char *text)
{
        g_string_append_printf(out, "\n%s%s:%s\n%s", style_begin(style, ACCENT_STRONG), title,
                               style_end(style, ACCENT_STRONG), text);
}

char *verbs_format_help(const Style *style)
{
        GString *out = g_string_new(
                        "reconfctl [OPTION...] VERB ...\n\n"
                        "Talk to Reconf: watched configuration files, their changes and versions.\n");

        append_section(out, style, "Verbs", "");
        for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
                g_autofree char *usage = NULL;

                if (!verbs[i].summary)
                        continue;
                usage = g_strconcat(verbs[i].name, " ", verbs[i].words, NULL);
                g_string_append_printf(out, "  %-28s %s\n", usage, verbs[i].summary);
        }
        append_section(out, style, "Options", options_help);
        append_section(out, style, "Options of register", register_help);
        append_section(out, style, "Options of rollback", rollback_help);
        append_section(out, style, "Options of run", run_help);
        append_section(out, style, "Options of audit", audit_help);
        append_section(out, style, "Options of reload", confirm_help);
        append_section(out, style, "Options of confirm", extend_help);
        append_section(out, style, "Options of instances and retry", instances_help);
        append_section(out, style, "Options of validate", validate_help);
        append_section(out, style, "Options of schema", schema_help);
        append_section(out, style, "Exit status", exit_help);
        return g_string_free(out, FALSE);
}
