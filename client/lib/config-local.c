/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Configs without the service: of files, and of data
 */
#include "client/lib/config-files.h"
#include "client/lib/config-private.h"
#include "client/lib/error-private.h"
#include "client/lib/reconf/error.h"
#include "daemon/model/snapshot.h"

/**
 * reconf_config_new_for_file:
 * @file: (type filename): a file, in YAML, JSON, ENV or INI by its name
 * @error: return location for a #GError
 *
 * Reads a file without the service, and watches it: what a program falls back to where there is no bus, or
 * all that it wants. It behaves as a config of the service's does: a save that is finished is read at once,
 * a file that is no good changes nothing but for [signal@Reconf.Config::reload-failed], and a version is a
 * change of content.
 *
 * The thread-default main context has to run for changes to be heard. File systems that send no events
 * (network ones) are not watched.
 *
 * Errors: %RECONF_ERROR_FILE_NOT_FOUND, %RECONF_ERROR_FILE_UNREADABLE, %RECONF_ERROR_TOO_LARGE,
 * %RECONF_ERROR_TOO_DEEP, %RECONF_ERROR_PARSE_FAILED, and %RECONF_ERROR_INVALID_ARGUMENT where its name does
 * not tell its format.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_config_new_for_file(const char *file, GError **error)
{
        const char *const files[] = { file, NULL };

        g_return_val_if_fail(file, NULL);

        return reconf_config_new_for_files(files, NULL, error);
}

/**
 * reconf_config_new_for_files:
 * @files: (array zero-terminated=1): files: the base, which has to exist, then layers over it, which need
 * not
 * @options: (nullable): an `a{sv}` of options as for registering with the service; of those, `format`,
 *   `schema`, `defaults`, `merge`, `env-separator`, `debounce-ms` and `max-size` mean something here
 * @error: return location for a #GError
 *
 * As [ctor@Reconf.Config.new_for_file], for several files that are merged.
 *
 * Errors: as for that, %RECONF_ERROR_VALIDATION_FAILED with a schema, %RECONF_ERROR_INVALID_ARGUMENT for
 * options, and %RECONF_ERROR_LIMIT_EXCEEDED for more than 16 files.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_config_new_for_files(const char *const *files, GVariant *options, GError **error)
{
        g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GVariant) owned_options = options ? g_variant_ref_sink(options) : NULL;
        g_autoptr(ReconfConfig) config = NULL;
        Options *parsed = NULL;
        Failure *failure;

        g_return_val_if_fail(files && *files, NULL);

        failure = options_from_variant(owned_options, &parsed);
        if (failure) {
                error_take_failure(error, failure);
                return NULL;
        }
        for (; *files; files++)
                g_ptr_array_add(paths, g_canonicalize_filename(*files, NULL));
        if (paths->len > MERGE_MAX_LAYERS) {
                options_free(parsed);
                g_set_error(error, RECONF_ERROR, RECONF_ERROR_LIMIT_EXCEEDED,
                            "A config has at most %u files, not %u", MERGE_MAX_LAYERS, paths->len);
                return NULL;
        }
        g_ptr_array_add(paths, NULL);

        config = config_new(paths->pdata[0]);
        config->files = config_files_new(config, (char *const *) paths->pdata, parsed);
        failure = config_files_reload(config->files, config);
        if (failure) {
                error_take_failure(error, failure);
                return NULL;
        }
        return g_steal_pointer(&config);
}

static ReconfSnapshot *decode_data(const char *data, gssize length, const char *format, GError **error)
{
        Format known = format_from_string(format);
        g_autoptr(Document) document = NULL;
        g_autoptr(GBytes) bytes = NULL;
        Failure *failure;

        if (known == FORMAT_NONE) {
                g_set_error(error, RECONF_ERROR, RECONF_ERROR_INVALID_ARGUMENT,
                            "There is no format '%s'; expected yaml, json, env or ini", format);
                return NULL;
        }
        failure = decode(known, NULL, 0, data, length < 0 ? strlen(data) : (size_t) length, NULL, &document);
        if (failure) {
                error_take_failure(error, failure);
                return NULL;
        }
        bytes = snapshot_new(document);
        return snapshot_new_trusted(1, bytes);
}

/**
 * reconf_config_new_for_data:
 * @data: (array length=length) (element-type guint8): what a file might hold
 * @length: how many bytes; -1 where they end with a NUL
 * @format: `yaml`, `json`, `env` or `ini`
 * @error: return location for a #GError
 *
 * Makes a config of data, for tests; see [method@Reconf.Config.set_data] to have it change.
 *
 * Errors: %RECONF_ERROR_PARSE_FAILED, %RECONF_ERROR_TOO_DEEP, %RECONF_ERROR_TOO_LARGE, and
 * %RECONF_ERROR_INVALID_ARGUMENT where there is no such format.
 *
 * Returns: (transfer full): the config
 */
ReconfConfig *reconf_config_new_for_data(const char *data, gssize length, const char *format, GError **error)
{
        g_autoptr(ReconfSnapshot) snapshot = NULL;
        ReconfConfig *config;

        g_return_val_if_fail((data || length == 0) && format, NULL);

        snapshot = decode_data(data ?: "", length, format, error);
        if (!snapshot)
                return NULL;
        config = config_new("");
        config_publish_first(config, snapshot);
        return config;
}

/**
 * reconf_config_set_data:
 * @config: a config that was made of data
 * @data: (array length=length) (element-type guint8): what a file might hold
 * @length: how many bytes; -1 where they end with a NUL
 * @format: `yaml`, `json`, `env` or `ini`
 * @error: return location for a #GError
 *
 * Makes a new version of a config of data, unless it already holds that. It can be read when this returns;
 * signals follow when the main context runs. From any thread.
 *
 * Errors: as for [ctor@Reconf.Config.new_for_data].
 *
 * Returns: whether the data is good; where not, nothing has changed
 */
gboolean reconf_config_set_data(ReconfConfig *config, const char *data, gssize length, const char *format,
                                GError **error)
{
        g_autoptr(ReconfSnapshot) snapshot = NULL;

        g_return_val_if_fail(RECONF_IS_CONFIG(config) && !config->files && !config->bus, FALSE);
        g_return_val_if_fail((data || length == 0) && format, FALSE);

        snapshot = decode_data(data ?: "", length, format, error);
        if (snapshot)
                config_publish(config, snapshot, NULL, PUBLISH_NEXT);
        return snapshot != NULL;
}
