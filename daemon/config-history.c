/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Earlier versions: their documents, decoded again from the bytes that are kept, and their names
 */
#include "daemon/config-private.h"

typedef struct Query {
        Config *config;
        Load *load;
        ConfigDocumentDone done;
        void *userdata;
} Query;

static void run_query(void *data)
{
        Query *query = data;

        load_run(query->load);
}

static void finish_query(void *data)
{
        Query *query = data;

        query->done(query->config, query->load->document, query->load->failure, query->userdata);
        load_free(query->load);
        config_unref(query->config);
        g_free(query);
}

void config_get_document(Config *config, uint64_t number, ConfigDocumentDone done, void *userdata)
{
        g_autoptr(Failure) failure = NULL;
        g_autoptr(Version) version = NULL;
        Query *query;

        if (config->document && (number == 0 || number == config->version)) {
                done(config, config->document, NULL, userdata);
                return;
        }
        failure = store_load_version(config->context->store, config->name, number, &version);
        if (failure || !version) {
                done(config, NULL, failure, userdata);
                return;
        }

        query = g_new(Query, 1);
        *query = (Query){
                .config = config_ref(config),
                .load = load_new_stored(version),
                .done = done,
                .userdata = userdata,
        };
        config_load_with_schema(config->options, config->schema, query->load);
        query->load->lenient = true;
        load_set_commands(query->load, config->commands);
        if (load_is_small(query->load)) {
                run_query(query);
                finish_query(query);
        } else {
                worker_submit(config->context->worker, query, run_query, finish_query);
        }
}

Failure *config_set_label(Config *config, uint64_t version, const char *label)
{
        return store_set_label(config->context->store, config->name, version, label);
}
