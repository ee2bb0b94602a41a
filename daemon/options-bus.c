/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/options-bus.h"

#include <string.h>

static Failure *unreadable(int r)
{
        return failure_new(FAILURE_INVALID_ARGUMENT, "the options cannot be read: %s", g_strerror(-r));
}

static int read_strings(sd_bus_message *m, GVariant **ret)
{
        g_auto(GStrv) strings = NULL;
        int r = sd_bus_message_read_strv(m, &strings);

        if (r < 0)
                return r;
        /* An empty array is read as none. */
        *ret = g_variant_new_strv((const char *const *) strings, strings ? -1 : 0);
        return 0;
}

/* *ret stays NULL where the type is none that any option has. */
static int read_value(sd_bus_message *m, const char *type, GVariant **ret)
{
        union {
                int boolean;
                int32_t integer;
                uint32_t number;
                uint64_t big;
                const char *string;
        } value;
        int r;

        if (g_str_equal(type, "as"))
                return read_strings(m, ret);
        if (type[1] != '\0' || !strchr("bistu", type[0]))
                return 0;
        r = sd_bus_message_read_basic(m, type[0], &value);
        if (r < 0)
                return r;
        switch (type[0]) {
        case 'b':
                *ret = g_variant_new_boolean(value.boolean);
                break;
        case 'i':
                *ret = g_variant_new_int32(value.integer);
                break;
        case 's':
                *ret = g_variant_new_string(value.string);
                break;
        case 't':
                *ret = g_variant_new_uint64(value.big);
                break;
        default:
                *ret = g_variant_new_uint32(value.number);
                break;
        }
        return 0;
}

static Failure *read_option(sd_bus_message *m, GVariantDict *dict)
{
        const char *name, *type;
        GVariant *value = NULL;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r >= 0)
                r = sd_bus_message_peek_type(m, NULL, &type);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'v', type);
        if (r >= 0)
                r = read_value(m, type, &value);
        if (r < 0)
                return unreadable(r);
        if (!value)
                return failure_new(FAILURE_INVALID_ARGUMENT, "the option '%s' cannot be of type '%s'", name,
                                   type);
        if (g_variant_dict_contains(dict, name)) {
                g_variant_unref(g_variant_ref_sink(value));
                return failure_new(FAILURE_INVALID_ARGUMENT, "the option '%s' is given twice", name);
        }
        g_variant_dict_insert_value(dict, name, value);
        r = sd_bus_message_exit_container(m);
        return r < 0 ? unreadable(r) : NULL;
}

Failure *options_bus_read(sd_bus_message *m, GVariant **ret)
{
        GVariantDict dict;
        Failure *failure = NULL;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return unreadable(r);

        g_variant_dict_init(&dict, NULL);
        while (!failure && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                failure = read_option(m, &dict);
                if (!failure && (r = sd_bus_message_exit_container(m)) < 0)
                        break;
        }
        if (!failure && r >= 0)
                r = sd_bus_message_exit_container(m);
        if (!failure && r < 0)
                failure = unreadable(r);
        if (failure) {
                g_variant_dict_clear(&dict);
                return failure;
        }
        *ret = g_variant_ref_sink(g_variant_dict_end(&dict));
        return NULL;
}

static Failure *check_known(const char *const *known, const char *name, GVariant *value)
{
        for (; *known; known += 2) {
                if (!g_str_equal(known[0], name))
                        continue;
                if (g_variant_is_of_type(value, G_VARIANT_TYPE(known[1])))
                        return NULL;
                return failure_new(FAILURE_INVALID_ARGUMENT, "%s must be of type '%s', not '%s'", name,
                                   known[1], g_variant_get_type_string(value));
        }
        return failure_new(FAILURE_INVALID_ARGUMENT, "there is no option '%s'", name);
}

Failure *options_bus_read_known(sd_bus_message *m, const char *const *known, GVariant **ret)
{
        g_autoptr(GVariant) options = NULL;
        Failure *failure = options_bus_read(m, &options);
        GVariantIter iterator;
        const char *name;
        GVariant *value;

        if (failure)
                return failure;
        g_variant_iter_init(&iterator, options);
        while (g_variant_iter_next(&iterator, "{&sv}", &name, &value)) {
                g_autoptr(GVariant) owned = value;

                failure = check_known(known, name, owned);
                if (failure)
                        return failure;
        }
        *ret = g_steal_pointer(&options);
        return NULL;
}

static int append_value(sd_bus_message *m, GVariant *value)
{
        switch (g_variant_classify(value)) {
        case G_VARIANT_CLASS_BOOLEAN:
                return sd_bus_message_append(m, "v", "b", (int) g_variant_get_boolean(value));
        case G_VARIANT_CLASS_INT32:
                return sd_bus_message_append(m, "v", "i", g_variant_get_int32(value));
        case G_VARIANT_CLASS_UINT32:
                return sd_bus_message_append(m, "v", "u", g_variant_get_uint32(value));
        case G_VARIANT_CLASS_UINT64:
                return sd_bus_message_append(m, "v", "t", g_variant_get_uint64(value));
        default:
                return sd_bus_message_append(m, "v", "s", g_variant_get_string(value, NULL));
        }
}

static int append_option(const char *name, GVariant *value, void *m)
{
        int r = sd_bus_message_open_container(m, 'e', "sv");

        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = append_value(m, value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int options_bus_append(sd_bus_message *m, const Options *options)
{
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = options_visit(options, append_option, m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}
