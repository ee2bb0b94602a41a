/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validation of content that is not on disk
 *
 * It takes the base file's place among the config's layers and goes through all that a reload would, but for
 * those who are asked only about a version that is to be.
 */
#include "daemon/config-private.h"

typedef struct Trial {
        Config *config;
        Load *load;
        ConfigValidated done;
        void *userdata;
} Trial;

static void run_trial(void *data)
{
        Trial *trial = data;

        load_run(trial->load);
}

static void finish_trial(void *data)
{
        Trial *trial = data;

        trial->done(trial->config, trial->load->failure, trial->userdata);
        load_free(trial->load);
        config_unref(trial->config);
        g_free(trial);
}

void config_validate(Config *config, Format format, GBytes *content, ConfigValidated done, void *userdata)
{
        const Options *options = config->options;
        Trial *trial = g_new(Trial, 1);
        Load *load;

        load = load_new(config->files, options->format, options->merge, options->separator,
                        options->max_size);
        load_set_base(load, format == FORMAT_NONE ? config_format(config) : format, content);
        config_load_with_schema(options, config->schema, load);
        load_set_commands(load, config->commands);
        *trial = (Trial){
                .config = config_ref(config),
                .load = load,
                .done = done,
                .userdata = userdata,
        };
        /* Whoever asks can wait; layers may lie where reading hangs. */
        worker_submit(config->context->worker, trial, run_trial, finish_trial);
}
