/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/context.h"

#include "client/ctl/pager.h"
#include "client/ctl/password-agent.h"
#include "client/ctl/text.h"
#include "client/ctl/value.h"
#include "introspection/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Where polkit has somebody asked for a password, that takes as long as he needs. */
#define PROMPT_TIMEOUT_USEC (2 * 60 * G_USEC_PER_SEC)

/* Others than root may be let do things by polkit, which asks only on behalf of calls that allow it. */
static bool may_prompt(const Context *context)
{
        const Arguments *arguments = context->arguments;

        return context->prompts != CONTEXT_PROMPTS_NONE && !arguments->no_ask_password && !arguments->user &&
               !arguments_are_remote(arguments) && geteuid() != 0 && isatty(STDIN_FILENO);
}

static int prepare_prompts(const Context *context)
{
        int r = sd_bus_set_method_call_timeout(context->bus, PROMPT_TIMEOUT_USEC);

        if (r < 0 || context->prompts != CONTEXT_PROMPTS_ALL)
                return r;
        password_agent_open();
        return sd_bus_set_allow_interactive_authorization(context->bus, true);
}

/* False for what anybody may call, or root alone: there is nothing to ask about. */
static bool may_be_asked_about(sd_bus_message *call)
{
        static const char *const others[] = { "GetAudit", "GetConfig", "GetStatistics", "ListConfigs",
                                              NULL };

        return !g_strv_contains(others, sd_bus_message_get_member(call));
}

static int allow_prompt(const Context *context, sd_bus_message *call)
{
        if (!may_prompt(context) || !may_be_asked_about(call))
                return 0;
        password_agent_open();
        return sd_bus_message_set_allow_interactive_authorization(call, true);
}

/* What leads to another machine is a program that is started at once; only an answer tells that it got
 * there. */
static int open_remote(const Arguments *arguments, sd_bus **ret)
{
        const char *name;
        int r;

        if (arguments->host)
                r = *arguments->host ? sd_bus_open_system_remote(ret, arguments->host) : -EINVAL;
        else if (arguments->user)
                r = sd_bus_open_user_machine(ret, arguments->machine);
        else
                r = sd_bus_open_system_machine(ret, arguments->machine);
        if (r < 0)
                return r;
        r = sd_bus_get_unique_name(*ret, &name);
        if (r < 0)
                *ret = sd_bus_close_unref(*ret);
        return r;
}

static bool connect_remote(Context *context, GError **error)
{
        const Arguments *arguments = context->arguments;
        int r = open_remote(arguments, &context->bus);

        if (r >= 0)
                return true;
        if (r == -EINVAL)
                g_set_error(error, CTL_ERROR, CTL_EXIT_USAGE, "'%s' %s",
                            arguments->host ?: arguments->machine,
                            arguments->host ? "does not name a host: [USER@]HOST[:PORT][/CONTAINER]"
                                            : "does not name a container: [USER@]CONTAINER");
        else if (arguments->host)
                g_set_error(error, CTL_ERROR, CTL_EXIT_UNREACHABLE,
                            "the system bus of the host %s cannot be reached: %s\n"
                            "It takes ssh, and systemd-stdio-bridge on that host.",
                            arguments->host, g_strerror(-r));
        else
                g_set_error(error, CTL_ERROR,
                            r == -EACCES || r == -EPERM ? CTL_EXIT_ACCESS_DENIED : CTL_EXIT_UNREACHABLE,
                            "the %s bus of the container %s cannot be reached: %s\n"
                            "'machinectl list' shows the containers that run.",
                            arguments->user ? "user" : "system", arguments->machine, g_strerror(-r));
        return false;
}

bool context_connect(Context *context, GError **error)
{
        bool user = context->arguments->user;
        int r;

        if (context->bus)
                return true;
        if (arguments_are_remote(context->arguments))
                return connect_remote(context, error);

        r = user ? sd_bus_open_user(&context->bus) : sd_bus_open_system(&context->bus);
        if (r >= 0 && may_prompt(context))
                r = prepare_prompts(context);
        if (r >= 0)
                return true;
        if (r == -ENOMEDIUM)
                g_set_error(error, CTL_ERROR, CTL_EXIT_UNREACHABLE,
                            "there is no user bus: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is "
                            "set\n"
                            "Log in as that user, or use --system.");
        else
                g_set_error(error, CTL_ERROR, r == -EACCES ? CTL_EXIT_ACCESS_DENIED : CTL_EXIT_UNREACHABLE,
                            "the %s bus cannot be reached: %s\n%s", user ? "user" : "system", g_strerror(-r),
                            user ? "Is a session running?" : "Did you mean --user?");
        return false;
}

char *context_config_path(const char *config)
{
        g_autofree char *copy = NULL;
        char *path = NULL;

        if (sd_bus_path_encode(RECONF_CONFIG_PATH_PREFIX, config, &path) < 0)
                g_error("Out of memory");
        copy = g_strdup(path);
        free(path);
        return g_steal_pointer(&copy);
}

char *context_config_name(const char *object)
{
        g_autofree char *copy = NULL;
        char *name = NULL;

        if (!object || sd_bus_path_decode(object, RECONF_CONFIG_PATH_PREFIX, &name) <= 0)
                return NULL;
        copy = g_strdup(name);
        free(name);
        return g_steal_pointer(&copy);
}

char *context_command(const Context *context)
{
        const Arguments *arguments = context->arguments;
        const char *where = arguments->host ?: arguments->machine;

        return g_strconcat("reconfctl", arguments->user ? " --user" : "",
                           where ? arguments->host ? " --host=" : " --machine=" : NULL, where, NULL);
}

bool context_new_call(Context *context, const char *config, const char *member, sd_bus_message **ret,
                      GError **error)
{
        g_autofree char *path = config ? context_config_path(config) : NULL;

        return context_connect(context, error) &&
               ctl_error_check_request(sd_bus_message_new_method_call(context->bus, ret, RECONF_BUS_NAME,
                                                                      path ? path : RECONF_MANAGER_PATH,
                                                                      path ? RECONF_CONFIG_INTERFACE
                                                                           : RECONF_MANAGER_INTERFACE,
                                                                      member),
                                       error);
}

bool context_send(Context *context, const char *config, sd_bus_message *m, sd_bus_message **ret_reply,
                  GError **error)
{
        sd_bus_error bus_error = SD_BUS_ERROR_NULL;
        int r = allow_prompt(context, m);

        if (r >= 0)
                r = sd_bus_call(context->bus, m, 0, &bus_error, ret_reply);
        if (r < 0)
                ctl_error_set_bus(error, config, &bus_error, r);
        sd_bus_error_free(&bus_error);
        return r >= 0;
}

bool context_call(Context *context, const char *config, const char *member, sd_bus_message **ret_reply,
                  GError **error, const char *types, ...)
{
        sd_bus_message *m = NULL;
        bool done;
        va_list ap;
        int r = 0;

        if (!context_new_call(context, config, member, &m, error))
                return false;
        if (types) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
        }
        done = ctl_error_check_request(r, error) && context_send(context, config, m, ret_reply, error);
        sd_bus_message_unref(m);
        return done;
}

Document *context_get_properties(Context *context, const char *config, GError **error)
{
        g_autofree char *path = config ? context_config_path(config) : NULL;
        sd_bus_error bus_error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;
        Document *properties = NULL;
        int r;

        if (!context_connect(context, error))
                return NULL;
        r = sd_bus_call_method(context->bus, RECONF_BUS_NAME, path ? path : RECONF_MANAGER_PATH,
                               "org.freedesktop.DBus.Properties", "GetAll", &bus_error, &reply, "s",
                               path ? RECONF_CONFIG_INTERFACE : RECONF_MANAGER_INTERFACE);
        if (r < 0)
                ctl_error_set_bus(error, config, &bus_error, r);
        else
                ctl_error_check_answer(value_read_map(reply, &properties), error);
        sd_bus_message_unref(reply);
        sd_bus_error_free(&bus_error);
        return properties;
}

void context_show(Context *context, char *text)
{
        if (!context->arguments->no_pager)
                pager_open();
        fputs(text, stdout);
        g_free(text);
}

void context_show_json(Context *context, Json *json)
{
        g_autofree char *text = json_end(json);

        context_show(context, g_strconcat(text, "\n", NULL));
}

void context_show_table(Context *context, const Table *table, const char *noun)
{
        g_autofree char *text = NULL;
        size_t count = table_count(table);

        if (context->arguments->json != JSON_OFF) {
                Json *json = json_new(context->arguments->json);

                table_append_json(table, json);
                context_show_json(context, json);
                return;
        }

        text = table_format(table, &context->style);
        if (!context->style.legend)
                context_show(context, g_steal_pointer(&text));
        else
                context_show(context,
                             g_strdup_printf("%s%s%" G_GSIZE_FORMAT " %s%s listed.\n", count > 0 ? text : "",
                                             count > 0 ? "\n" : "", count, noun, count == 1 ? "" : "s"));
}

void context_say(Context *context, char *line)
{
        if (!context->arguments->quiet)
                puts(line);
        g_free(line);
}

void context_note(const Context *context, const char *config, const char *text)
{
        g_autofree char *escaped = text_escape(text);

        if (!context->arguments->quiet)
                fprintf(stderr, "reconfctl: %s%s%s\n", config ? config : "", config ? ": " : "", escaped);
}

bool context_finish(Context *context, GError **error)
{
        int problem = fflush(stdout) != 0 ? errno : ferror(stdout) ? EIO : 0;

        password_agent_close();
        /* Whoever leaves a pager before the end has seen enough. */
        if (pager_close() || problem == 0)
                return true;
        g_set_error(error, CTL_ERROR, CTL_EXIT_FAILURE, "the output cannot be written: %s",
                    g_strerror(problem));
        return false;
}
