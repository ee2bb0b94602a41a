/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What single methods take beside what all of their kind do
 *
 * A text that is shown to people is made of what a stranger says: it is cut, and holds nothing that could
 * make up lines of its own.
 */
#include "daemon/config-bus-private.h"
#include "daemon/options-bus.h"
#include "daemon/question.h"

#include <string.h>

/* In characters. */
#define MAX_CHANGE_LENGTH 200

static char *make_showable(const char *text)
{
        g_autoptr(GString) shown = g_string_new(NULL);
        long length = 0;

        for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);

                if (++length > MAX_CHANGE_LENGTH) {
                        g_string_append(shown, "…");
                        break;
                }
                g_string_append_unichar(shown, g_unichar_isprint(c) ? c : 0xfffd);
        }
        return g_string_free(g_steal_pointer(&shown), FALSE);
}

G_GNUC_PRINTF(2, 3) static void set_change(Question *question, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        g_free(question->change);
        question->change = make_showable(text);
}

static Failure *unreadable(int r)
{
        return failure_new(FAILURE_INVALID_ARGUMENT, "the arguments cannot be read: %s", g_strerror(-r));
}

static Failure *read_version(sd_bus_message *call, uint64_t *ret)
{
        int r = sd_bus_message_read(call, "t", ret);

        return r < 0 ? unreadable(r) : NULL;
}

/* Files of a version, that its values or its place are about; it may be gone. */
static Failure *add_files_of(const Bus *bus, Question *question, uint64_t version, bool *ret_public)
{
        Config *config = manager_find(bus->manager, question->config);
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_auto(GStrv) files = NULL;
        Failure *failure = config_list_files(config, version, &files, ret_public);

        if (failure)
                return failure;
        if (question->others)
                g_strv_builder_addv(builder, (const char **) question->others);
        g_strv_builder_addv(builder, (const char **) files);
        g_strfreev(question->others);
        question->others = g_strv_builder_end(builder);
        return NULL;
}

/* Where that was not public, and is not active, more is needed. */
static Failure *add_values_of(const Bus *bus, Question *question, uint64_t version)
{
        bool is_public = true;
        Failure *failure = add_files_of(bus, question, version, &is_public);

        if (!failure && !is_public)
                question->right = RIGHT_HISTORY;
        return failure;
}

static bool is_active(const Bus *bus, const Question *question, uint64_t version)
{
        return version == 0 || version == config_version(manager_find(bus->manager, question->config));
}

Failure *question_about_diff(sd_bus_message *call, const Bus *bus, Question *question)
{
        uint64_t versions[2];
        Failure *failure = read_version(call, &versions[0]);

        if (!failure)
                failure = read_version(call, &versions[1]);
        if (failure)
                return failure;
        /* Of two old ones the active is none. */
        if (!is_active(bus, question, versions[0]) && !is_active(bus, question, versions[1]))
                question->right = RIGHT_READ;
        for (size_t i = 0; i < G_N_ELEMENTS(versions) && !failure; i++)
                if (!is_active(bus, question, versions[i]))
                        failure = add_values_of(bus, question, versions[i]);
        set_change(question, "compare versions %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT, versions[0],
                   versions[1]);
        return failure;
}

/* Digests are made of values: who may not know those sees a list without them. */
Failure *question_about_history(sd_bus_message *call, const Bus *bus, Question *question)
{
        bool is_public;

        question->is_deep = true;
        return add_files_of(bus, question, 0, &is_public);
}

/* They tell what the files held when they failed, which need not be what he can read by now. */
Failure *question_about_problems(sd_bus_message *call, const Bus *bus, Question *question)
{
        question_take_failure(question, manager_find(bus->manager, question->config));
        return NULL;
}

/* What came since a version that he may not know he has to find out otherwise. */
Failure *question_about_subscription(sd_bus_message *call, const Bus *bus, Question *question)
{
        bool is_public;
        uint64_t since;
        Failure *failure = read_version(call, &since);

        if (failure || is_active(bus, question, since))
                return failure;
        question->is_deep = true;
        return add_files_of(bus, question, since, &is_public);
}

/* A version that goes back by itself writes the files. */
Failure *question_about_reload(sd_bus_message *call, const Bus *bus, Question *question)
{
        static const char *const known[] = { "confirm-ms", "u", NULL };
        g_autoptr(GVariant) options = NULL;
        Failure *failure = options_bus_read_known(call, known, &options);
        g_autoptr(GVariant) given = NULL;

        if (failure)
                return failure;
        given = g_variant_lookup_value(options, "confirm-ms", NULL);
        if (given)
                question->right = RIGHT_EDIT;
        return NULL;
}

/* It is written to the files that it was made of, and these may be others. */
Failure *question_about_rollback(sd_bus_message *call, const Bus *bus, Question *question)
{
        bool is_public;
        uint64_t version;
        Failure *failure = read_version(call, &version);

        if (failure)
                return failure;
        if (version == 0)
                set_change(question, "roll back to the version before");
        else
                set_change(question, "roll back to version %" G_GUINT64_FORMAT, version);
        return add_files_of(bus, question, version, &is_public);
}

Failure *question_about_confirm(sd_bus_message *call, const Bus *bus, Question *question)
{
        uint64_t version;
        Failure *failure = read_version(call, &version);

        if (!failure)
                set_change(question, "keep version %" G_GUINT64_FORMAT, version);
        return failure;
}

Failure *question_about_extension(sd_bus_message *call, const Bus *bus, Question *question)
{
        uint64_t version;
        uint32_t ms;
        int r = sd_bus_message_read(call, "tu", &version, &ms);

        if (r < 0)
                return unreadable(r);
        set_change(question, "have version %" G_GUINT64_FORMAT " confirmed within %u ms", version, ms);
        return NULL;
}

Failure *question_about_label(sd_bus_message *call, const Bus *bus, Question *question)
{
        const char *label;
        uint64_t version;
        int r = sd_bus_message_read(call, "ts", &version, &label);

        if (r < 0)
                return unreadable(r);
        set_change(question, "name version %" G_GUINT64_FORMAT " '%s'", version, label);
        return NULL;
}

static const char *describe_hot_reload(bool hot_reload)
{
        return hot_reload ? "apply changes of its files by themselves"
                          : "apply changes of its files only when asked to";
}

Failure *question_about_hot_reload(sd_bus_message *call, const Bus *bus, Question *question)
{
        int hot_reload;
        int r = sd_bus_message_read(call, "b", &hot_reload);

        if (r < 0)
                return unreadable(r);
        set_change(question, "%s", describe_hot_reload(hot_reload));
        /* The manager's is about all configs, of which some are not there yet. */
        if (question->right == RIGHT_REGISTER) {
                question->config = g_strdup("*");
                question->files = g_new0(char *, 1);
        }
        return NULL;
}

/* Who runs on it everybody may know, what they said not. */
Failure *question_about_instances(sd_bus_message *call, const Bus *bus, Question *question)
{
        question->is_soft = true;
        return NULL;
}

Failure *question_about_instances_by_name(sd_bus_message *call, const Bus *bus, Question *question)
{
        const char *name;
        Config *config;
        int r = sd_bus_message_read(call, "s", &name);

        if (r < 0)
                return unreadable(r);
        if (*name == '\0')
                return NULL;
        config = manager_find(bus->manager, name);
        if (!config)
                return failure_new(FAILURE_NO_SUCH_CONFIG, "there is no config '%s'", name);
        question->right = RIGHT_READ;
        question_take_config(question, config);
        return question_about_instances(call, bus, question);
}

/* The schema is read as the files are. */
static Failure *take_files(Question *question, char *const *files, const char *schema)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        for (char *const *file = files; file && *file; file++) {
                if (**file != '/')
                        return failure_new(FAILURE_INVALID_PATH, "the path '%s' is not absolute", *file);
                g_strv_builder_add(builder, *file);
        }
        if (schema && *schema == '/')
                g_strv_builder_add(builder, schema);
        g_strfreev(question->files);
        question->files = g_strv_builder_end(builder);
        return NULL;
}

static Failure *take_name(Question *question, const char *name)
{
        question->config = g_strdup(name);
        return config_check_name(name);
}

Failure *question_about_registration(sd_bus_message *call, const Bus *bus, Question *question)
{
        g_auto(GStrv) files = NULL;
        g_autofree char *list = NULL;
        g_autoptr(GVariant) options = NULL;
        const char *name, *schema = NULL;
        Failure *failure;
        int r = sd_bus_message_read(call, "s", &name);

        if (r >= 0)
                r = sd_bus_message_read_strv(call, &files);
        if (r < 0)
                return unreadable(r);
        failure = take_name(question, name);
        if (!failure)
                failure = options_bus_read(call, &options);
        if (failure)
                return failure;
        (void) g_variant_lookup(options, "schema", "&s", &schema);
        list = files ? g_strjoinv(", ", files) : g_strdup("nothing");
        set_change(question, "register %s", list);
        return take_files(question, files, schema);
}

Failure *question_about_directory(sd_bus_message *call, const Bus *bus, Question *question)
{
        g_autoptr(GVariant) options = NULL;
        const char *name, *directory, *pattern, *schema = NULL;
        Failure *failure;
        int r = sd_bus_message_read(call, "sss", &name, &directory, &pattern);

        if (r < 0)
                return unreadable(r);
        failure = take_name(question, name);
        if (!failure && *directory != '/')
                failure = failure_new(FAILURE_INVALID_PATH, "the path '%s' is not absolute", directory);
        if (!failure)
                failure = options_bus_read(call, &options);
        if (failure)
                return failure;
        (void) g_variant_lookup(options, "schema", "&s", &schema);
        question->directory = g_strdup(directory);
        question->pattern = g_strdup(pattern);
        set_change(question, "register %s/%s", directory, pattern);
        return take_files(question, NULL, schema);
}

/* Also those that it has now: what they held goes on to be its history. */
Failure *question_about_set_files(sd_bus_message *call, const Bus *bus, Question *question)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_auto(GStrv) files = NULL, all = NULL;
        g_autofree char *list = NULL;
        Config *config;
        Failure *failure = config_bus_find_called(call, bus, &config);
        int r;

        if (failure)
                return failure;
        r = sd_bus_message_read_strv(call, &files);
        if (r < 0)
                return unreadable(r);
        if (files)
                g_strv_builder_addv(builder, (const char **) files);
        g_strv_builder_addv(builder, (const char **) config_files(config));
        all = g_strv_builder_end(builder);
        list = files ? g_strjoinv(", ", files) : g_strdup("nothing");
        question->config = g_strdup(config_name(config));
        set_change(question, "read %s from now on", list);
        return take_files(question, all, config_options(config)->schema);
}

Failure *question_about_unregistration(sd_bus_message *call, const Bus *bus, Question *question)
{
        g_auto(GStrv) files = NULL;
        const char *name, *schema = NULL;
        Config *config;
        Failure *failure;
        int r = sd_bus_message_read(call, "s", &name);

        if (r < 0)
                return unreadable(r);
        failure = take_name(question, name);
        if (failure)
                return failure;
        config = manager_find(bus->manager, name);
        if (config)
                return take_files(question, config_files(config), config_options(config)->schema);
        /* Of a directory, those of all that goes with it. */
        (void) manager_find_directory(bus->manager, name, &files, &schema);
        return take_files(question, files, schema);
}
