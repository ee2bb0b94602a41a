/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reverting: a bad file goes, the last good bytes come back
 *
 * What was refused is kept in the history first. It is replaced only while the file still holds it: a newer
 * save is a candidate of its own. A program that saves the same bad bytes again is corrected a few times
 * without a word, then left alone, so that the two never wrestle for the file.
 */
#include "daemon/config-private.h"

/* How often the same bytes are corrected within how long. */
#define MAX_REVERTS 3U
#define PERIOD_USEC (10 * 60 * G_USEC_PER_SEC)

/* Bad are bytes that were read and refused, not files that are missing, nor a schema that changed. */
bool config_reverts(const Config *config, const Operation *operation, const Failure *failure)
{
        const Load *load = operation->load;

        return config->options->on_invalid == ON_INVALID_REVERT && config->document && load &&
               load->hashes && !operation->files && !operation->options &&
               failure->stage >= FAILURE_STAGE_PARSE && !load_hashes_equal(load->hashes, config->hashes);
}

static Failure *keep_rejected(Config *config, Operation *operation, const Failure *failure)
{
        const Load *load = operation->load;
        const Problem *problem = g_ptr_array_index(failure->problems, 0);
        g_autoptr(Version) version = version_new();
        Failure *store_failure;

        version->time = (uint64_t) g_get_real_time();
        version->origin = operation->origin;
        version->state = VERSION_REJECTED;
        version->is_public = load->is_public;
        version->author = operation->author;
        version->author.unit = g_strdup(operation->author.unit);
        version->action = AUDIT_REVERT;
        version->message = g_strdup_printf("%s: line %" G_GUINT32_FORMAT,
                                           failure_stage_to_string(failure->stage), problem->line);
        version->merge = load->merge;
        version->separator = g_strdup(load->separator);
        version->layers = g_ptr_array_ref(load->layers);
        store_failure = store_add_version(config->context->store, config->name, version, VERSION_SUPERSEDED);
        if (store_failure)
                return store_failure;
        config->rejected = version->number;
        operation->action = AUDIT_REVERT;
        operation->made = version->number;
        return NULL;
}

/* True where the same bytes have come back too often. */
static bool is_wrestling(Config *config, const Load *load, bool *ret_again)
{
        uint64_t now = (uint64_t) g_get_monotonic_time();

        *ret_again = load_hashes_equal(load->hashes, config->reverted_hashes) &&
                     now - config->first_revert < PERIOD_USEC;
        if (!*ret_again) {
                g_clear_pointer(&config->reverted_hashes, g_array_unref);
                config->reverted_hashes = g_array_ref(load->hashes);
                config->first_revert = now;
                config->n_reverts = 0;
        }
        return ++config->n_reverts > MAX_REVERTS;
}

static void give_up(Operation *operation)
{
        Failure *failure = g_steal_pointer(&operation->refused);

        config_report_failure(operation->config, operation, failure);
        operation_finish(operation, failure);
}

static void after_write(Operation *operation)
{
        Config *config = operation->config;
        g_autoptr(Failure) failure = write_back_take_failure(operation->write_back);
        ConfigFacts before;

        if (failure) {
                failure_add_problem(operation->refused, NULL, 0, 0, NULL,
                                    "the last good bytes could not be written back: %s",
                                    ((const Problem *) g_ptr_array_index(failure->problems, 0))->message);
                give_up(operation);
                return;
        }

        if (!operation->again) {
                failure_add_problem(operation->refused, NULL, 0, 0, NULL,
                                    "the bytes of version %" G_GUINT64_FORMAT
                                    " were written back; what was refused is kept as %" G_GUINT64_FORMAT,
                                    config->version, config->rejected);
                config_report_failure(config, operation, operation->refused);
        }
        before = config_facts(config);
        config_settle(config);
        config->files_are_public = write_back_is_public(operation->write_back);
        config_tell_properties(config, &before, 0);
        operation_finish(operation, g_steal_pointer(&operation->refused));
}

void operation_revert(Operation *operation, Failure *refused)
{
        Config *config = operation->config;
        g_autoptr(Version) active = NULL;
        g_autoptr(Failure) failure = NULL;

        operation->refused = refused;
        if (is_wrestling(config, operation->load, &operation->again)) {
                failure_add_problem(
                                refused, NULL, 0, 0, NULL,
                                "the same bytes were written back %u times and have come again; they are "
                                "left as they are",
                                MAX_REVERTS);
                give_up(operation);
                return;
        }

        if (!operation->again)
                failure = keep_rejected(config, operation, refused);
        if (!failure)
                failure = store_load_active(config->context->store, config->name, &active);
        if (failure || !active) {
                give_up(operation);
                return;
        }
        operation->write_back = write_back_new(active->layers, active->is_public ? 0644 : 0600);
        write_back_expect(operation->write_back, operation->load->layers, WRITE_BACK_REFUSE);
        operation_work(operation, false, write_back_run, operation->write_back, after_write);
}
