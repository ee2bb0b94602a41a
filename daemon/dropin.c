/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/dropin.h"

#include "daemon/config.h"
#include "daemon/dropin-commands.h"
#include "daemon/file.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define GROUP "Config"
#define SUFFIX ".conf"
#define MAX_SIZE (1024U * 1024)

Dropin *dropin_free(Dropin *dropin)
{
        if (!dropin)
                return NULL;

        g_free(dropin->name);
        g_free(dropin->path);
        g_strfreev(dropin->files);
        g_free(dropin->directory);
        g_free(dropin->pattern);
        options_free(dropin->options);
        config_commands_unref(dropin->commands);
        failure_free(dropin->failure);
        g_free(dropin);
        return NULL;
}

char **dropin_directories(const Settings *settings)
{
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        for (char **directory = settings->directories; *directory; directory++) {
                g_autofree char *path = g_build_filename(*directory, "configs.d", NULL);

                g_strv_builder_add(builder, path);
        }
        return g_strv_builder_end(builder);
}

static Failure *read_files(Dropin *dropin, const Settings *settings, GKeyFile *file)
{
        g_auto(GStrv) given = g_key_file_get_string_list(file, GROUP, "File", NULL, NULL);
        g_autoptr(GStrvBuilder) files = g_strv_builder_new();

        for (char **path = given; path && *path; path++) {
                g_autofree char *expanded = NULL;
                Failure *failure = settings_expand(settings, g_strstrip(*path), &expanded);

                if (failure)
                        return failure;
                g_strv_builder_add(files, expanded);
        }
        dropin->files = g_strv_builder_end(files);
        return NULL;
}

static Failure *read_directory(Dropin *dropin, const Settings *settings, GKeyFile *file)
{
        g_autofree char *directory = g_key_file_get_string(file, GROUP, "Directory", NULL);

        dropin->pattern = g_key_file_get_string(file, GROUP, "Pattern", NULL);
        if (!directory && dropin->pattern)
                return failure_new(FAILURE_INVALID_ARGUMENT, "Pattern= goes with Directory=");
        if (!directory)
                return NULL;
        if (!dropin->pattern)
                return failure_new(FAILURE_INVALID_ARGUMENT, "Directory= needs a Pattern=, such as *.yaml");
        return settings_expand(settings, directory, &dropin->directory);
}

static Failure *check_groups(GKeyFile *file)
{
        static const char *const known[] = { GROUP, DROPIN_DECODE_GROUP, DROPIN_VALIDATE_GROUP,
                                             DROPIN_APPLY_GROUP, NULL };
        g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

        if (!g_key_file_has_group(file, GROUP))
                return failure_new(FAILURE_INVALID_ARGUMENT, "there is no group [" GROUP "]");
        for (char **group = groups; *group; group++)
                if (!g_strv_contains(known, *group))
                        return failure_new(FAILURE_INVALID_ARGUMENT, "there is no group [%s] in a drop-in",
                                           *group);
        return NULL;
}

static Failure *read_groups(Dropin *dropin, const Settings *settings, GKeyFile *file)
{
        static const char *const own[] = { "File", "Directory", "Pattern", NULL };
        Failure *failure = check_groups(file);

        if (!failure)
                failure = read_files(dropin, settings, file);
        if (!failure)
                failure = read_directory(dropin, settings, file);
        if (!failure)
                failure = options_from_key_file(file, GROUP, own, &dropin->options);
        if (!failure)
                failure = dropin_read_commands(file, settings, dropin->directory, &dropin->commands);
        if (failure)
                return failure;

        if (dropin->directory && dropin->files[0])
                return failure_new(FAILURE_INVALID_ARGUMENT, "File= and Directory= exclude each other");
        return dropin->directory ? NULL
                                 : config_check_files(dropin->files, dropin->options, dropin->commands);
}

/* Where in the file a setting stands that is no good, if the problem says which. */
static void place_setting(Failure *failure, const Document *document)
{
        Problem *problem = g_ptr_array_index(failure->problems, 0);
        g_auto(GStrv) names = g_strsplit(problem->path, ".", 2);
        const Member *group, *setting;

        if (g_strv_length(names) < 2)
                return;
        group = node_find_member(document_root(document), names[0], strlen(names[0]));
        setting = group ? node_find_member(&group->value, names[1], strlen(names[1])) : NULL;
        if (setting)
                problem->line = setting->line;
        else if (group)
                problem->line = group->line;
}

static Failure *parse(Dropin *dropin, const Settings *settings, GBytes *bytes)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(Document) document = NULL;
        g_autoptr(GError) error = NULL;
        gsize length;
        const char *data = g_bytes_get_data(bytes, &length);
        Failure *failure;

        /* Tells lines, and sees keys that stand twice, where GKeyFile would silently take the last. */
        failure = decode(FORMAT_INI, dropin->path, 0, data, length, NULL, &document);
        if (failure)
                return failure;
        if (!g_key_file_load_from_bytes(file, bytes, G_KEY_FILE_KEEP_TRANSLATIONS, &error))
                return failure_new(FAILURE_PARSE_FAILED, "%s", error->message);
        failure = read_groups(dropin, settings, file);
        if (failure)
                place_setting(failure, document);
        return failure;
}

static void place_in(Failure *failure, const char *path)
{
        Problem *problem = g_ptr_array_index(failure->problems, 0);

        if (*problem->file)
                return;
        g_free(problem->file);
        problem->file = g_strdup(path);
}

static Dropin *read_dropin(const Settings *settings, const char *name, const char *path, GBytes *bytes)
{
        Dropin *dropin = g_new0(Dropin, 1);

        dropin->name = g_strdup(name);
        dropin->path = g_strdup(path);
        dropin->failure = config_check_name(name);
        if (!dropin->failure)
                dropin->failure = parse(dropin, settings, bytes);
        if (dropin->failure)
                place_in(dropin->failure, path);
        return dropin;
}

static bool is_null_device(const char *path)
{
        struct stat status;

        return stat(path, &status) >= 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

/* One file of a directory, unless a more important one has its name already. */
static void add_file(GHashTable *found, const Settings *settings, const char *directory, const char *entry)
{
        g_autofree char *path = g_build_filename(directory, entry, NULL);
        g_autofree char *name = g_strndup(entry, strlen(entry) - strlen(SUFFIX));
        g_autoptr(GBytes) bytes = NULL;
        g_autoptr(Failure) failure = NULL;
        Dropin *dropin = NULL;

        if (g_hash_table_contains(found, name))
                return;
        if (!is_null_device(path))
                failure = file_read(path, MAX_SIZE, &bytes);
        if (failure && failure->code == FAILURE_FILE_NOT_FOUND)
                return;

        if (failure) {
                dropin = g_new0(Dropin, 1);
                dropin->name = g_strdup(name);
                dropin->path = g_strdup(path);
                dropin->failure = g_steal_pointer(&failure);
        } else if (bytes && g_bytes_get_size(bytes) > 0) {
                dropin = read_dropin(settings, name, path, bytes);
        }
        g_hash_table_insert(found, g_steal_pointer(&name), dropin);
}

static int compare_names(const void *a, const void *b)
{
        const Dropin *const *first = a, *const *second = b;

        return strcmp((*first)->name, (*second)->name);
}

static void release_dropin(void *dropin)
{
        dropin_free(dropin);
}

GPtrArray *dropin_list(const Settings *settings)
{
        g_auto(GStrv) directories = dropin_directories(settings);
        /* A name without a drop-in is masked. */
        g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        GPtrArray *list = g_ptr_array_new_with_free_func(release_dropin);
        GHashTableIter iterator;
        void *dropin;

        for (char **directory = directories; *directory; directory++) {
                g_autoptr(GDir) stream = g_dir_open(*directory, 0, NULL);
                const char *entry;

                while (stream && (entry = g_dir_read_name(stream)))
                        if (*entry != '.' && g_str_has_suffix(entry, SUFFIX) && !g_str_equal(entry, SUFFIX))
                                add_file(found, settings, *directory, entry);
        }

        g_hash_table_iter_init(&iterator, found);
        while (g_hash_table_iter_next(&iterator, NULL, &dropin))
                if (dropin)
                        g_ptr_array_add(list, dropin);
        g_ptr_array_sort(list, compare_names);
        return list;
}
