/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/ctl/instance-list.h"

#include "client/ctl/text.h"
#include "client/ctl/value.h"

#include <string.h>

static void destroy_instance(void *data)
{
        ListedInstance *instance = data;

        g_free(instance->object);
        g_free(instance->config);
        g_free(instance->program);
        g_free(instance->state);
        document_unref(instance->details);
        g_free(instance);
}

/* NULL where it is empty, too. */
static const char *get_word(const Document *details, const char *name)
{
        const char *word = value_get_string(details, name);

        return word && *word ? word : NULL;
}

static int read_instance(sd_bus_message *m, GPtrArray *instances)
{
        const char *object, *config, *program, *state;
        uint64_t start, version;
        ListedInstance *instance;
        uint32_t pid;
        int r;

        r = sd_bus_message_enter_container(m, 'r', "osuststa{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_read(m, "osustst", &object, &config, &pid, &program, &start, &state, &version);
        if (r < 0)
                return r;
        instance = g_new(ListedInstance, 1);
        *instance = (ListedInstance){
                .object = g_strdup(object),
                .config = g_strdup(config),
                .pid = pid,
                .program = g_strdup(program),
                .start = start,
                .state = g_strdup(state),
                .version = version,
        };
        g_ptr_array_add(instances, instance);
        r = value_read_map(m, &instance->details);
        if (r < 0)
                return r;
        instance->name = get_word(instance->details, "name");
        instance->unit = get_word(instance->details, "unit");
        instance->message = get_word(instance->details, "message");
        return sd_bus_message_exit_container(m);
}

static int compare(const void *a, const void *b)
{
        const ListedInstance *left = *(ListedInstance *const *) a, *right = *(ListedInstance *const *) b;
        int order = strcmp(left->config, right->config);

        if (order == 0)
                order = strcmp(left->program, right->program);
        if (order == 0)
                order = (left->pid > right->pid) - (left->pid < right->pid);
        return order != 0 ? order : strcmp(left->object, right->object);
}

int instance_list_read(sd_bus_message *m, GPtrArray **ret)
{
        g_autoptr(GPtrArray) instances = g_ptr_array_new_with_free_func(destroy_instance);
        int r;

        r = sd_bus_message_enter_container(m, 'a', "(osuststa{sv})");
        while (r >= 0 && (r = sd_bus_message_at_end(m, false)) == 0)
                r = read_instance(m, instances);
        if (r < 0)
                return r;
        g_ptr_array_sort(instances, compare);
        *ret = g_steal_pointer(&instances);
        return 0;
}

GPtrArray *instance_list_get(Context *context, const char *config, GError **error)
{
        sd_bus_message *reply = NULL;
        GPtrArray *instances = NULL;
        int r;

        if (!context_call(context, NULL, "ListInstances", &reply, error, "s", config ? config : ""))
                return NULL;
        r = instance_list_read(reply, &instances);
        sd_bus_message_unref(reply);
        ctl_error_check_answer(r, error);
        return instances;
}

const ListedInstance *instance_list_find(const GPtrArray *instances, const char *object)
{
        for (guint i = 0; i < instances->len; i++) {
                const ListedInstance *instance = instances->pdata[i];

                if (g_str_equal(instance->object, object))
                        return instance;
        }
        return NULL;
}

const char *listed_instance_id(const ListedInstance *instance)
{
        const char *slash = strrchr(instance->object, '/');

        return slash ? slash + 1 : instance->object;
}

bool listed_instance_is(const ListedInstance *instance, const char *word)
{
        guint64 pid;

        if (g_str_equal(word, instance->object) || g_str_equal(word, listed_instance_id(instance)))
                return true;
        return g_ascii_string_to_unsigned(word, 10, 1, UINT32_MAX, &pid, NULL) && pid == instance->pid;
}

char *listed_instance_format_program(const ListedInstance *instance)
{
        const char *program = *instance->program ? instance->program : "?";

        if (!instance->name || g_str_equal(instance->name, program))
                return g_strdup(program);
        return g_strdup_printf("%s (%s)", instance->name, program);
}

char *listed_instance_format(const ListedInstance *instance)
{
        g_autofree char *program = listed_instance_format_program(instance);
        g_autofree char *escaped = text_escape(program);

        return instance->pid > 0 ? g_strdup_printf("%s[%u]", escaped, instance->pid)
                                 : g_steal_pointer(&escaped);
}

Accent instance_state_accent(const char *state)
{
        if (g_str_equal(state, "current"))
                return ACCENT_GOOD;
        if (g_str_equal(state, "failed"))
                return ACCENT_BAD;
        return g_str_equal(state, "untracked") ? ACCENT_NONE : ACCENT_WARNING;
}
