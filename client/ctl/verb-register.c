/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl register, unregister
 */
#include "client/ctl/parse.h"
#include "client/ctl/problems.h"
#include "client/ctl/settings.h"
#include "client/ctl/text.h"
#include "client/ctl/trial.h"
#include "client/ctl/verbs.h"

#include <string.h>

static char *find_file(const Arguments *arguments, const char *text, GError **error)
{
        return arguments_are_remote(arguments) ? parse_remote_file(text, error) : parse_file(text, error);
}

static int append_files(const Arguments *arguments, sd_bus_message *m, char **words, GError **error)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (; r >= 0 && *words; words++) {
                g_autofree char *file = find_file(arguments, *words, error);

                if (!file)
                        return -EINVAL;
                r = sd_bus_message_append_basic(m, 's', file);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* The same settings with the path of a schema made absolute. */
static GPtrArray *make_settings(const Arguments *arguments, GError **error)
{
        const GPtrArray *settings = arguments->settings;
        g_autoptr(GPtrArray) result = g_ptr_array_new_with_free_func(g_free);

        for (guint i = 0; i < settings->len; i++) {
                const char *setting = settings->pdata[i];
                g_autofree char *path = NULL;

                if (!g_str_has_prefix(setting, "schema=")) {
                        g_ptr_array_add(result, g_strdup(setting));
                        continue;
                }
                path = find_file(arguments, setting + strlen("schema="), error);
                if (!path)
                        return NULL;
                g_ptr_array_add(result, g_strconcat("schema=", path, NULL));
        }
        return g_steal_pointer(&result);
}

static int append_request(Context *context, sd_bus_message *m, char **words, const GPtrArray *settings,
                          GError **error)
{
        const Arguments *arguments = context->arguments;
        int r;

        r = sd_bus_message_append_basic(m, 's', words[0]);
        if (r < 0)
                return r;
        if (arguments->directory) {
                g_autofree char *directory = find_file(arguments, arguments->directory, error);

                if (!directory)
                        return -EINVAL;
                r = sd_bus_message_append(m, "ss", directory, arguments->pattern ? arguments->pattern : "*");
        } else
                r = append_files(arguments, m, words + 1, error);
        return r < 0 ? r : settings_append(m, settings);
}

static int read_object(sd_bus_message *reply, GPtrArray *names)
{
        const char *object;
        int r;

        r = sd_bus_message_read_basic(reply, 'o', &object);
        if (r > 0) {
                char *name = context_config_name(object);

                g_ptr_array_add(names, name ? name : g_strdup(object));
        }
        return r;
}

/* One object, or an array of them. */
static int read_objects(sd_bus_message *reply, GPtrArray *names)
{
        int r;

        if (sd_bus_message_has_signature(reply, "o"))
                return read_object(reply, names);
        r = sd_bus_message_enter_container(reply, 'a', "o");
        while (r > 0)
                r = read_object(reply, names);
        return r;
}

static void show_names(Context *context, const GPtrArray *names)
{
        Json *json;

        if (context->arguments->json == JSON_OFF) {
                if (names->len == 0)
                        context_say(context, g_strdup("Registered; no file matches yet."));
                for (guint i = 0; i < names->len; i++)
                        context_say(context,
                                    g_strdup_printf("Registered %s.", (const char *) names->pdata[i]));
                return;
        }
        json = json_new(context->arguments->json);
        json_open_array(json);
        for (guint i = 0; i < names->len; i++)
                json_add_string(json, names->pdata[i]);
        json_close(json);
        context_show_json(context, json);
}

/* The error names one problem. What they all are, the same files tell here, by the same code. */
static int report(Context *context, char **words, const GPtrArray *settings, GError *error)
{
        const TrialOptions options = trial_options_from_settings(settings);
        g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) problems = problems_new();
        g_autoptr(Sources) sources = NULL;
        g_autoptr(Marks) marks = NULL;
        g_autoptr(Load) load = NULL;

        if (error->code != CTL_EXIT_BAD_FILE || context->arguments->directory ||
            arguments_are_remote(context->arguments))
                return ctl_error_report(error);
        for (char **word = words + 1; *word; word++)
                g_ptr_array_add(files, parse_file(*word, NULL));
        g_ptr_array_add(files, NULL);

        load = trial_run((char *const *) files->pdata, &options, false);
        if (!load->failure || load->failure->stage == FAILURE_STAGE_NONE)
                return ctl_error_report(error);
        marks = marks_new(options.schema);
        sources = sources_new(context->arguments->show_secrets ? NULL : marks, options.format,
                              options.separator);
        problems_add(problems, load->failure, files->len == 2 ? files->pdata[0] : "");
        return problems_report(context, words[0], problems, sources, error);
}

static bool check_words(const Arguments *arguments, char **words, GError **error)
{
        if (arguments->directory ? !words[1] : words[1] && !arguments->pattern)
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE,
                    "'register' takes either files or a directory\n"
                    "Usage: reconfctl register NAME FILE...\n"
                    "       reconfctl register --directory=DIR [--pattern=GLOB] NAME");
        return false;
}

int verb_register(Context *context, char **words)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GPtrArray) settings = NULL;
        const char *member = context->arguments->directory ? "RegisterDirectory" : "RegisterConfig";
        sd_bus_message *m = NULL, *reply = NULL;
        GError *error = NULL;
        bool done;
        int r;

        if (!check_words(context->arguments, words, &error))
                return ctl_error_report(error);
        settings = make_settings(context->arguments, &error);
        if (!settings || !context_new_call(context, NULL, member, &m, &error))
                return ctl_error_report(error);

        r = append_request(context, m, words, settings, &error);
        done = !error && ctl_error_check_request(r, &error) &&
               context_send(context, NULL, m, &reply, &error) &&
               ctl_error_check_answer(read_objects(reply, names), &error);
        sd_bus_message_unref(m);
        sd_bus_message_unref(reply);
        if (!done)
                return report(context, words, settings, error);
        show_names(context, names);
        return CTL_EXIT_SUCCESS;
}

int verb_unregister(Context *context, char **words)
{
        int status = CTL_EXIT_SUCCESS;

        for (; *words; words++) {
                GError *error = NULL;

                if (!context_call(context, NULL, "UnregisterConfig", NULL, &error, "s", *words)) {
                        int failed = ctl_error_report(error);

                        status = status == CTL_EXIT_SUCCESS ? failed : status;
                        continue;
                }
                context_say(context, g_strdup_printf("Unregistered %s.", *words));
        }
        return status;
}
