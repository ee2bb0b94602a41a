/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl register, unregister
 */
#include "client/ctl/parse.h"
#include "client/ctl/settings.h"
#include "client/ctl/text.h"
#include "client/ctl/verbs.h"
#include "introspection/names.h"

/* The name that a config's object stands for. */
static char *name_of_object(const char *object)
{
        g_autofree char *copy = NULL;
        char *name = NULL;

        if (sd_bus_path_decode(object, RECONF_CONFIG_PATH_PREFIX, &name) <= 0)
                return g_strdup(object);
        copy = g_strdup(name);
        free(name);
        return g_steal_pointer(&copy);
}

static int append_files(sd_bus_message *m, char **words, GError **error)
{
        int r;

        r = sd_bus_message_open_container(m, 'a', "s");
        for (; r >= 0 && *words; words++) {
                g_autofree char *file = parse_file(*words, error);

                if (!file)
                        return -EINVAL;
                r = sd_bus_message_append_basic(m, 's', file);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_request(Context *context, sd_bus_message *m, char **words, GError **error)
{
        const Arguments *arguments = context->arguments;
        int r;

        r = sd_bus_message_append_basic(m, 's', words[0]);
        if (r < 0)
                return r;
        if (arguments->directory) {
                g_autofree char *directory = parse_file(arguments->directory, error);

                if (!directory)
                        return -EINVAL;
                r = sd_bus_message_append(m, "ss", directory, arguments->pattern ? arguments->pattern : "*");
        } else
                r = append_files(m, words + 1, error);
        return r < 0 ? r : settings_append(m, arguments->settings);
}

static int read_object(sd_bus_message *reply, GPtrArray *names)
{
        const char *object;
        int r;

        r = sd_bus_message_read_basic(reply, 'o', &object);
        if (r > 0)
                g_ptr_array_add(names, name_of_object(object));
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
        const char *member = context->arguments->directory ? "RegisterDirectory" : "RegisterConfig";
        sd_bus_message *m = NULL, *reply = NULL;
        GError *error = NULL;
        bool done;
        int r;

        if (!check_words(context->arguments, words, &error) ||
            !context_new_call(context, NULL, member, &m, &error))
                return ctl_error_report(error);

        r = append_request(context, m, words, &error);
        done = !error && ctl_error_check_request(r, &error) &&
               context_send(context, NULL, m, &reply, &error) &&
               ctl_error_check_answer(read_objects(reply, names), &error);
        sd_bus_message_unref(m);
        sd_bus_message_unref(reply);
        if (!done)
                return ctl_error_report(error);
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
