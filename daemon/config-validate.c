/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validation of content that is not on disk
 *
 * It takes the base file's place among the config's layers and goes through all that a reload would, but for
 * those who are asked only about a version that is to be.
 */
#include "daemon/config-private.h"

#define NO_GROUP 65534U

typedef struct Validation {
        Config *config;
        Load *load;
        ConfigValidated done;
        void *userdata;
} Validation;

static void run_validation(void *data)
{
        Validation *validation = data;

        load_run(validation->load);
}

static void finish_validation(void *data)
{
        Validation *validation = data;

        validation->done(validation->config, validation->load->failure, validation->userdata);
        load_free(validation->load);
        config_unref(validation->config);
        g_free(validation);
}

/* What a command says of content that only its sender has seen may be of files that it names. */
static void use_rights(Load *load, const Credentials *credentials)
{
        load_set_user(load, credentials->uid, credentials->gid == (gid_t) -1 ? NO_GROUP : credentials->gid);
}

void config_validate(Config *config, Format format, GBytes *content, const Credentials *credentials,
                     ConfigValidated done, void *userdata)
{
        const Options *options = config->options;
        Validation *validation = g_new(Validation, 1);
        Load *load;

        load = load_new(config->files, options->format, options->merge, options->separator,
                        options->max_size);
        load_set_base(load, format == FORMAT_NONE ? config_format(config) : format, content);
        config_load_with_schema(options, config->schema, load);
        load_set_commands(load, config->commands);
        if (credentials)
                use_rights(load, credentials);
        *validation = (Validation){
                .config = config_ref(config),
                .load = load,
                .done = done,
                .userdata = userdata,
        };
        /* Whoever asks can wait; layers may lie where reading hangs. */
        worker_submit(config->context->worker, validation, run_validation, finish_validation);
}
