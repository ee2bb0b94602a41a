/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What has to be known of a config to find out who may know what of it
 */
#include "daemon/config-private.h"
#include "daemon/file.h"

#include <errno.h>
#include <sys/stat.h>

bool config_version_is_public(const Config *config)
{
        return config->version_is_public;
}

GArray *config_hashes(const Config *config)
{
        return config->hashes;
}

bool config_failure_is_public(const Config *config)
{
        return !config->failure || config->failure_is_public;
}

GArray *config_failed_hashes(const Config *config)
{
        return config->failed_hashes;
}

bool config_may_hang(const Config *config)
{
        for (guint i = 0; config->watches && i < config->watches->len; i++)
                if (watch_may_hang(g_ptr_array_index(config->watches, i)))
                        return true;
        return false;
}

bool config_is_small(const Config *config)
{
        g_autoptr(Load) load = load_new(config->files, config->options->format, config->options->merge,
                                        config->options->separator, config->options->max_size);

        return load_is_small(load);
}

/* What is not there keeps nothing from anybody. */
static bool is_missing(const char *file)
{
        struct stat status;

        return stat(file, &status) < 0 && (errno == ENOENT || errno == ENOTDIR);
}

bool config_ask_public(const Config *config)
{
        if (config_may_hang(config))
                return config->files_are_public;
        for (char *const *file = config->files; *file; file++)
                if (!file_is_public(*file) && !is_missing(*file))
                        return false;
        return true;
}

Failure *config_list_files(Config *config, uint64_t number, char ***ret_files, bool *ret_public)
{
        return store_list_files(config->context->store, config->name, number, ret_files, ret_public);
}
