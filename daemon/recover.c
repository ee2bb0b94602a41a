/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/recover.h"

#include "daemon/log.h"
#include "daemon/write-back.h"

static void tell(const char *config, const Version *wanted, const WriteBack *write_back)
{
        guint n = write_back_count(write_back);

        if (n > 0)
                log_config(G_LOG_LEVEL_MESSAGE, config,
                           "%s: version %" G_GUINT64_FORMAT
                           " is in its files again (%u of %u had to be written)",
                           config, wanted->number, n, wanted->layers->len);
        if (write_back_has_skipped(write_back))
                log_config(G_LOG_LEVEL_MESSAGE, config,
                           "%s: somebody saved files since; these stay as they are", config);
}

static Failure *recover_config(Store *store, const char *config)
{
        g_autoptr(WriteBack) write_back = NULL;
        g_autoptr(GPtrArray) unwanted = NULL;
        g_autoptr(Version) wanted = NULL;
        Failure *failure;
        Intent intent;

        failure = store_load_intent(store, config, &intent);
        if (!failure)
                failure = store_load_version(store, config, intent.number, &wanted);
        if (!failure && !wanted)
                failure = failure_new(FAILURE_NO_SUCH_VERSION,
                                      "version %" G_GUINT64_FORMAT ", to go back to, is not in the history",
                                      intent.number);
        if (!failure)
                failure = store_load_unwanted(store, config, intent.instead_of, &unwanted);
        if (failure)
                return failure;

        write_back = write_back_new(wanted->layers, wanted->is_public ? 0644 : 0600);
        /* What somebody asked for is finished as a whole or not at all. */
        write_back_expect(write_back, unwanted,
                          intent.origin == ORIGIN_ROLLBACK ? WRITE_BACK_REFUSE : WRITE_BACK_SKIP);
        write_back_run(write_back);
        failure = write_back_take_failure(write_back);
        if (!failure)
                tell(config, wanted, write_back);
        return failure;
}

bool recover_configs(Store *store, RecoverExcept except, void *userdata)
{
        g_autoptr(GPtrArray) configs = NULL;
        g_autoptr(Failure) failure = store_list_intents(store, &configs);
        bool done = true;

        if (failure) {
                log_failure(G_LOG_LEVEL_WARNING, NULL, failure, "Failed to find out what is to be done");
                return false;
        }
        for (guint i = 0; i < configs->len; i++) {
                const char *config = g_ptr_array_index(configs, i);
                g_autoptr(Failure) failure_of_one = NULL;

                if (!except(config, userdata))
                        failure_of_one = recover_config(store, config);
                if (!failure_of_one)
                        continue;
                log_failure(G_LOG_LEVEL_WARNING, config, failure_of_one, "%s: the files stay as they are",
                            config);
                done = false;
        }
        return done;
}

static bool no_exception(const char *config, void *userdata)
{
        return false;
}

bool recover_files(const char *state_directory)
{
        g_autoptr(Store) store = NULL;
        g_autoptr(Failure) failure = store_open_existing(state_directory, &store);

        if (failure) {
                log_failure(G_LOG_LEVEL_WARNING, NULL, failure, "Failed to look for what is to be done");
                return false;
        }
        return !store || recover_configs(store, no_exception, NULL);
}
