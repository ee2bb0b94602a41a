/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots of the active version, for all who ask
 *
 * One is written when the first asks for it and kept until the version is no longer active. A large document
 * is written by a worker; those who ask meanwhile have it written, too, and the first that is there counts.
 */
#include "daemon/config-private.h"
#include "daemon/memfd.h"
#include "daemon/model/snapshot.h"

#include <unistd.h>

/* What is written sooner than handed to another thread and back, as node_size() counts. */
#define SMALL_SIZE (1024U * 1024)

typedef struct Writing {
        Config *config;
        Document *document;
        uint64_t version;
        int fd; /* or negative errno */
        ConfigSnapshotDone done;
        void *userdata;
} Writing;

static void run_writing(void *data)
{
        Writing *writing = data;
        g_autoptr(GBytes) bytes = snapshot_new(writing->document);

        writing->fd = memfd_new_sealed("reconf-snapshot", bytes);
}

static void reply(Config *config, uint64_t version, int fd, ConfigSnapshotDone done, void *userdata)
{
        int opened = fd < 0 ? fd : memfd_reopen(fd);

        done(config, version, opened, userdata);
        if (opened >= 0)
                close(opened);
}

static void finish_writing(void *data)
{
        Writing *writing = data;
        Config *config = writing->config;
        bool is_active = config->document == writing->document;

        if (is_active && config->snapshot < 0 && writing->fd >= 0) {
                config->snapshot = writing->fd;
                writing->fd = -1;
        }
        reply(config, writing->version, is_active && config->snapshot >= 0 ? config->snapshot : writing->fd,
              writing->done, writing->userdata);

        if (writing->fd >= 0)
                close(writing->fd);
        document_unref(writing->document);
        config_unref(config);
        g_free(writing);
}

void config_get_snapshot(Config *config, ConfigSnapshotDone done, void *userdata)
{
        Writing *writing;

        if (config->snapshot >= 0) {
                reply(config, config->version, config->snapshot, done, userdata);
                return;
        }

        writing = g_new(Writing, 1);
        *writing = (Writing){
                .config = config_ref(config),
                .document = document_ref(config->document),
                .version = config->version,
                .done = done,
                .userdata = userdata,
        };
        if (node_size(document_root(config->document)) <= SMALL_SIZE) {
                run_writing(writing);
                finish_writing(writing);
        } else {
                worker_submit(config->context->worker, writing, run_writing, finish_writing);
        }
}
