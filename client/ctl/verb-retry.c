/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reconfctl retry
 */
#include "client/ctl/instance-list.h"
#include "client/ctl/verbs.h"
#include "introspection/names.h"

/* Whether it is told again where none was named. */
static bool is_wanting(const ListedInstance *instance)
{
        return g_strv_contains((const char *[]){ "failed", "partial", "pending", NULL }, instance->state);
}

static bool renotify(Context *context, const ListedInstance *instance, GError **error)
{
        g_autofree char *name = g_strdup_printf("%s, %s", instance->config, listed_instance_id(instance));
        sd_bus_error bus_error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(context->bus, RECONF_BUS_NAME, instance->object, RECONF_INSTANCE_INTERFACE,
                               "Renotify", &bus_error, NULL, NULL);
        if (r < 0 && sd_bus_error_has_name(&bus_error, SD_BUS_ERROR_UNKNOWN_OBJECT))
                g_set_error(error, CTL_ERROR, CTL_EXIT_NOT_FOUND, "%s: the instance has left", name);
        else if (r < 0)
                ctl_error_set_bus(error, name, &bus_error, r);
        sd_bus_error_free(&bus_error);
        return r >= 0;
}

/* The status for one. named is false where it was chosen by its state. */
static int retry(Context *context, const ListedInstance *instance, bool named)
{
        g_autofree char *program = listed_instance_format(instance);
        GError *error = NULL;

        if (g_str_equal(instance->state, "current")) {
                context_say(context,
                            g_strdup_printf("%s: %s is current already", instance->config, program));
                return CTL_EXIT_SUCCESS;
        }
        if (renotify(context, instance, &error)) {
                context_say(context, g_strdup_printf("%s: %s is told again", instance->config, program));
                return CTL_EXIT_SUCCESS;
        }
        if (!named && error->code == CTL_EXIT_NOT_FOUND) {
                /* It left meanwhile. */
                g_error_free(error);
                return CTL_EXIT_SUCCESS;
        }
        return ctl_error_report(error);
}

static int retry_all(Context *context, const GPtrArray *instances, const char *word, guint *ret_count)
{
        int status = CTL_EXIT_SUCCESS;

        for (guint i = 0; i < instances->len; i++) {
                const ListedInstance *instance = instances->pdata[i];
                int one;

                if (word ? !listed_instance_is(instance, word) : !is_wanting(instance))
                        continue;
                (*ret_count)++;
                one = retry(context, instance, word != NULL);
                status = status == CTL_EXIT_SUCCESS ? one : status;
        }
        return status;
}

int verb_retry(Context *context, char **words)
{
        g_autoptr(GPtrArray) instances = NULL;
        GError *error = NULL;
        guint count = 0;
        int status;

        instances = instance_list_get(context, words[0], &error);
        if (!instances)
                return ctl_error_report(error);
        status = retry_all(context, instances, words[1], &count);
        if (count > 0)
                return status;
        if (!words[1]) {
                context_say(context, g_strdup_printf("%s: no instance waits or failed", words[0]));
                return CTL_EXIT_SUCCESS;
        }
        g_set_error(&error, CTL_ERROR, CTL_EXIT_NOT_FOUND,
                    "%s: there is no instance '%s'\n"
                    "'reconfctl instances %s' shows those there are; any is named by its pid or ID.",
                    words[0], words[1], words[0]);
        return ctl_error_report(error);
}
