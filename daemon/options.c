/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/options.h"

#include <string.h>

#define MAX_FILE_SIZE (10U * 1024 * 1024)

typedef Failure *(*OptionSet)(Options *options, GVariant *value);
typedef GVariant *(*OptionGet)(const Options *options);

/* Either the accessors' pair is given, or the place of a number or of one of some words. */
typedef struct Option {
        const char *name; /* on the bus */
        const char *key;  /* in a drop-in */
        const char *type;
        OptionSet set;
        OptionGet get;
        size_t offset;
        int64_t minimum, maximum;
        const char *const *words; /* in the order of an enumeration */
} Option;

static Failure *set_format(Options *options, GVariant *value)
{
        options->format = format_from_string(g_variant_get_string(value, NULL));
        if (options->format == FORMAT_NONE)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "format must be yaml, json, env or ini, not '%s'",
                                   g_variant_get_string(value, NULL));
        return NULL;
}

static GVariant *get_format(const Options *options)
{
        return options->format == FORMAT_NONE ? NULL
                                              : g_variant_new_string(format_to_string(options->format));
}

static Failure *set_merge(Options *options, GVariant *value)
{
        if (!merge_mode_from_string(g_variant_get_string(value, NULL), &options->merge))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "merge must be deep, append or replace, not '%s'",
                                   g_variant_get_string(value, NULL));
        return NULL;
}

static GVariant *get_merge(const Options *options)
{
        return g_variant_new_string(merge_mode_to_string(options->merge));
}

static Failure *set_separator(Options *options, GVariant *value)
{
        const char *text = g_variant_get_string(value, NULL);

        if (*text == '\0' || strlen(text) > 16 || strspn(text, "_.-") != strlen(text))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "env-separator must be made of '_', '.' and '-', 16 at most, not '%s'",
                                   text);
        g_free(options->separator);
        options->separator = g_strdup(text);
        return NULL;
}

static GVariant *get_separator(const Options *options)
{
        return options->separator ? g_variant_new_string(options->separator) : NULL;
}

static Failure *set_schema(Options *options, GVariant *value)
{
        const char *path = g_variant_get_string(value, NULL);
        g_autofree char *canonical = NULL;

        if (*path != '/')
                return failure_new(FAILURE_INVALID_ARGUMENT, "schema must be an absolute path, not '%s'",
                                   path);
        canonical = g_canonicalize_filename(path, "/");
        if (!g_str_equal(canonical, path))
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "schema must be a path in its plain form, '%s', not '%s'", canonical,
                                   path);
        g_free(options->schema);
        options->schema = g_strdup(path);
        return NULL;
}

static GVariant *get_schema(const Options *options)
{
        return options->schema ? g_variant_new_string(options->schema) : NULL;
}

static Failure *set_defaults(Options *options, GVariant *value)
{
        options->defaults = g_variant_get_boolean(value);
        return NULL;
}

static GVariant *get_defaults(const Options *options)
{
        return g_variant_new_boolean(options->defaults);
}

static Failure *set_hot_reload(Options *options, GVariant *value)
{
        options->hot_reload = g_variant_get_boolean(value) ? SWITCH_ON : SWITCH_OFF;
        return NULL;
}

static GVariant *get_hot_reload(const Options *options)
{
        return options->hot_reload == SWITCH_UNSET ? NULL
                                                   : g_variant_new_boolean(options->hot_reload == SWITCH_ON);
}

static Failure *set_persist(Options *options, GVariant *value)
{
        options->persist = g_variant_get_boolean(value);
        return NULL;
}

static GVariant *get_persist(const Options *options)
{
        return g_variant_new_boolean(options->persist);
}

static const char *const confirm_by_words[] = { "caller", "instances", NULL };
static const char *const on_failure_words[] = { "keep", "rollback", NULL };
static const char *const on_invalid_words[] = { "keep", "revert", NULL };
static const char *const voters_words[] = { "writers", "readers", NULL };

/* clang-format off */
static const Option table[] = {
        { "ack-ms",        "AckMs",        "u", NULL, NULL, offsetof(Options, ack_ms), 1, UINT32_MAX },
        { "confirm-by",    "ConfirmBy",    "s", NULL, NULL, offsetof(Options, confirm_by), 0, 0, confirm_by_words },
        { "confirm-ms",    "ConfirmMs",    "u", NULL, NULL, offsetof(Options, confirm_ms), 0, UINT32_MAX },
        { "debounce-ms",   "DebounceMs",   "u", NULL, NULL, offsetof(Options, debounce_ms), 0, 60000 },
        { "defaults",      "Defaults",     "b", set_defaults, get_defaults, 0, 0, 0 },
        { "env-separator", "EnvSeparator", "s", set_separator, get_separator, 0, 0, 0 },
        { "format",        "Format",       "s", set_format, get_format, 0, 0, 0 },
        { "hot-reload",    "HotReload",    "b", set_hot_reload, get_hot_reload, 0, 0, 0 },
        { "max-size",      "MaxSize",      "t", NULL, NULL, offsetof(Options, max_size), 1, MAX_FILE_SIZE },
        { "max-versions",  "MaxVersions",  "u", NULL, NULL, offsetof(Options, max_versions), 1, 1000 },
        { "merge",         "Merge",        "s", set_merge, get_merge, 0, 0, 0 },
        { "on-failure",    "OnFailure",    "s", NULL, NULL, offsetof(Options, on_failure), 0, 0, on_failure_words },
        { "on-invalid",    "OnInvalid",    "s", NULL, NULL, offsetof(Options, on_invalid), 0, 0, on_invalid_words },
        { "persist",       "Persist",      "b", set_persist, get_persist, 0, 0, 0 },
        { "poll-ms",       "PollMs",       "u", NULL, NULL, offsetof(Options, poll_ms), 100, UINT32_MAX },
        { "priority",      "Priority",     "i", NULL, NULL, offsetof(Options, priority), INT32_MIN, INT32_MAX },
        { "schema",        "Schema",       "s", set_schema, get_schema, 0, 0, 0 },
        { "voters",        "Voters",       "s", NULL, NULL, offsetof(Options, voters), 0, 0, voters_words },
};
/* clang-format on */

Options *options_new(void)
{
        Options *options = g_new(Options, 1);

        *options = (Options){
                .merge = MERGE_DEEP,
                .debounce_ms = 100,
                .poll_ms = 2000,
                .max_versions = 10,
                .max_size = MAX_FILE_SIZE,
                .ack_ms = 5000,
                .persist = true,
        };
        return options;
}

Options *options_copy(const Options *options)
{
        Options *copy = g_new(Options, 1);

        *copy = *options;
        copy->separator = g_strdup(options->separator);
        copy->schema = g_strdup(options->schema);
        return copy;
}

Options *options_free(Options *options)
{
        if (!options)
                return NULL;

        g_free(options->separator);
        g_free(options->schema);
        g_free(options);
        return NULL;
}

bool options_equal(const Options *a, const Options *b)
{
        g_autoptr(GVariant) first = g_variant_ref_sink(options_to_variant(a));
        g_autoptr(GVariant) second = g_variant_ref_sink(options_to_variant(b));

        return g_variant_equal(first, second);
}

static Failure *set_number(Options *options, const Option *option, GVariant *value)
{
        void *place = (char *) options + option->offset;
        /* What does not fit a signed number is above every maximum, too. */
        int64_t number = *option->type == 'u'   ? (int64_t) g_variant_get_uint32(value)
                         : *option->type == 'i' ? g_variant_get_int32(value)
                                                : (int64_t) MIN(g_variant_get_uint64(value), INT64_MAX);

        if (number < option->minimum || number > option->maximum)
                return failure_new(FAILURE_INVALID_ARGUMENT,
                                   "%s must be between %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT
                                   ", not %" G_GINT64_FORMAT,
                                   option->name, option->minimum, option->maximum, number);

        if (*option->type == 'u')
                *(uint32_t *) place = (uint32_t) number;
        else if (*option->type == 'i')
                *(int32_t *) place = (int32_t) number;
        else
                *(uint64_t *) place = (uint64_t) number;
        return NULL;
}

static GVariant *get_number(const Options *options, const Option *option)
{
        const void *place = (const char *) options + option->offset;

        if (*option->type == 'u')
                return g_variant_new_uint32(*(const uint32_t *) place);
        if (*option->type == 'i')
                return g_variant_new_int32(*(const int32_t *) place);
        return g_variant_new_uint64(*(const uint64_t *) place);
}

static Failure *set_word(Options *options, const Option *option, GVariant *value)
{
        const char *text = g_variant_get_string(value, NULL);
        g_autofree char *others = NULL;

        for (unsigned i = 0; option->words[i]; i++)
                if (g_str_equal(text, option->words[i])) {
                        *(unsigned *) ((char *) options + option->offset) = i;
                        return NULL;
                }
        others = g_strjoinv(" or ", (char **) option->words);
        return failure_new(FAILURE_INVALID_ARGUMENT, "%s must be %s, not '%s'", option->name, others, text);
}

static GVariant *get_word(const Options *options, const Option *option)
{
        return g_variant_new_string(
                        option->words[*(const unsigned *) ((const char *) options + option->offset)]);
}

static Failure *set_option(Options *options, const Option *option, GVariant *value)
{
        if (!g_variant_is_of_type(value, G_VARIANT_TYPE(option->type)))
                return failure_new(FAILURE_INVALID_ARGUMENT, "%s must be of type '%s', not '%s'",
                                   option->name, option->type, g_variant_get_type_string(value));
        if (option->set)
                return option->set(options, value);
        return option->words ? set_word(options, option, value) : set_number(options, option, value);
}

static GVariant *get_option(const Options *options, const Option *option)
{
        if (option->get)
                return option->get(options);
        return option->words ? get_word(options, option) : get_number(options, option);
}

Failure *options_from_variant(GVariant *variant, Options **ret)
{
        g_autoptr(Options) options = options_new();
        GVariantIter iterator;
        const char *name;
        GVariant *value;

        if (variant)
                g_variant_iter_init(&iterator, variant);
        while (variant && g_variant_iter_next(&iterator, "{&sv}", &name, &value)) {
                g_autoptr(GVariant) owned = value;
                const Option *option = NULL;
                Failure *failure;

                for (size_t i = 0; i < G_N_ELEMENTS(table) && !option; i++)
                        if (g_str_equal(name, table[i].name))
                                option = &table[i];
                if (!option)
                        return failure_new(FAILURE_INVALID_ARGUMENT, "there is no option '%s'", name);
                failure = set_option(options, option, owned);
                if (failure)
                        return failure;
        }
        *ret = g_steal_pointer(&options);
        return NULL;
}

int options_visit(const Options *options, OptionsVisitor visitor, void *userdata)
{
        int r = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(table) && r >= 0; i++) {
                g_autoptr(GVariant) value = get_option(options, &table[i]);

                if (!value)
                        continue;
                g_variant_ref_sink(value);
                r = visitor(table[i].name, value, userdata);
        }
        return r;
}

static int add_to_builder(const char *name, GVariant *value, void *builder)
{
        g_variant_builder_add(builder, "{sv}", name, value);
        return 0;
}

GVariant *options_to_variant(const Options *options)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
        (void) options_visit(options, add_to_builder, &builder);
        return g_variant_builder_end(&builder);
}

/* The value as text to what the option's type wants; NULL where it cannot be read as that. */
static GVariant *value_from_text(const char *type, const char *text)
{
        uint64_t natural;
        int64_t integer;

        switch (*type) {
        case 's':
                return g_variant_new_string(text);
        case 'b':
                /* The words that systemd's settings take. */
                if (g_strv_contains((const char *[]){ "1", "yes", "true", "on", NULL }, text))
                        return g_variant_new_boolean(TRUE);
                if (g_strv_contains((const char *[]){ "0", "no", "false", "off", NULL }, text))
                        return g_variant_new_boolean(FALSE);
                return NULL;
        case 'i':
                if (!g_ascii_string_to_signed(text, 10, INT32_MIN, INT32_MAX, &integer, NULL))
                        return NULL;
                return g_variant_new_int32((int32_t) integer);
        case 'u':
                if (!g_ascii_string_to_unsigned(text, 10, 0, UINT32_MAX, &natural, NULL))
                        return NULL;
                return g_variant_new_uint32((uint32_t) natural);
        default:
                if (!g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, &natural, NULL))
                        return NULL;
                return g_variant_new_uint64(natural);
        }
}

Failure *options_from_key_file(GKeyFile *file, const char *group, const char *const *others, Options **ret)
{
        g_autoptr(Options) options = options_new();
        g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);

        for (char **key = keys; key && *key; key++) {
                g_autofree char *text = NULL;
                g_autoptr(GVariant) value = NULL;
                const Option *option = NULL;
                Failure *failure;

                if (g_strv_contains(others, *key))
                        continue;
                for (size_t i = 0; i < G_N_ELEMENTS(table) && !option; i++)
                        if (g_str_equal(*key, table[i].key))
                                option = &table[i];
                if (!option)
                        return failure_new(FAILURE_INVALID_ARGUMENT, "there is no setting %s= in [%s]", *key,
                                           group);

                text = g_key_file_get_string(file, group, *key, NULL);
                value = text ? value_from_text(option->type, g_strstrip(text)) : NULL;
                if (!value)
                        return failure_new(FAILURE_INVALID_ARGUMENT,
                                           "%s= in [%s] is not a value of type '%s'", *key, group,
                                           option->type);
                g_variant_ref_sink(value);
                failure = set_option(options, option, value);
                if (failure)
                        return failure;
        }
        *ret = g_steal_pointer(&options);
        return NULL;
}
