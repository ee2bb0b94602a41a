/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks: the status of files, taken where it may block
 *
 * Not a worker pool: its end would have to wait for threads that may never return, and a few dead servers
 * would use all its threads up.
 */
#include "daemon/watch/look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct Outbox {
        int references;
        int fd;
        GMutex lock;
        GQueue looks; /* that came back */
};

typedef struct Errand {
        Outbox *outbox;
        Look *look;
} Errand;

static int64_t timespec_to_ns(struct timespec time)
{
        return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

static void status_fill(const struct stat *st, Status *ret)
{
        *ret = (Status){
                .taken = true,
                .device = st->st_dev,
                .inode = st->st_ino,
                .size = (uint64_t) st->st_size,
                .modified = timespec_to_ns(st->st_mtim),
                .changed = timespec_to_ns(st->st_ctim),
        };
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
        sum = (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
        return sum ^ (sum >> 32);
}

static uint64_t entry_digest(int directory, const char *name)
{
        struct stat st = { 0 };
        uint64_t sum = 0;

        for (const char *c = name; *c != '\0'; c++)
                sum = mix(sum, (unsigned char) *c);

        /* One that is gone again, or leads nowhere, still has its name. */
        if (fstatat(directory, name, &st, 0) == 0) {
                sum = mix(sum, st.st_ino);
                sum = mix(sum, (uint64_t) st.st_size);
                sum = mix(sum, (uint64_t) timespec_to_ns(st.st_mtim));
                sum = mix(sum, (uint64_t) timespec_to_ns(st.st_ctim));
        }

        return sum;
}

/* A sum, since the order of entries says nothing. */
static uint64_t entries_digest(const char *path)
{
        DIR *directory = opendir(path);
        const struct dirent *entry;
        uint64_t sum = 0;

        if (!directory)
                return 0;

        while ((entry = readdir(directory)))
                if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
                        sum += entry_digest(dirfd(directory), entry->d_name);

        closedir(directory);
        return sum;
}

void status_take(const char *path, bool entries, Status *ret)
{
        struct stat st;

        if (stat(path, &st) < 0) {
                *ret = (Status){ .taken = true, .error = errno };
                return;
        }

        status_fill(&st, ret);
        if (entries)
                ret->entries = entries_digest(path);
}

bool status_equal(const Status *a, const Status *b)
{
        return a->taken == b->taken && a->error == b->error && a->device == b->device &&
               a->inode == b->inode && a->size == b->size && a->modified == b->modified &&
               a->changed == b->changed && a->entries == b->entries;
}

static void glance_free(void *data)
{
        Glance *glance = data;

        g_free(glance->path);
        g_free(glance);
}

Look *look_new(const char *group)
{
        Look *look = g_new0(Look, 1);

        look->group = g_strdup(group);
        look->glances = g_ptr_array_new_with_free_func(glance_free);
        return look;
}

void look_add(Look *look, uint64_t id, const char *path, bool entries)
{
        Glance *glance = g_new0(Glance, 1);

        glance->id = id;
        glance->path = g_strdup(path);
        glance->entries = entries;
        g_ptr_array_add(look->glances, glance);
}

Look *look_free(Look *look)
{
        if (!look)
                return NULL;

        g_free(look->group);
        g_ptr_array_unref(look->glances);
        g_free(look);
        return NULL;
}

int outbox_new(Outbox **ret)
{
        Outbox *outbox;
        int fd;

        fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
                return -errno;

        outbox = g_new0(Outbox, 1);
        outbox->references = 1;
        outbox->fd = fd;
        g_mutex_init(&outbox->lock);
        g_queue_init(&outbox->looks);

        *ret = outbox;
        return 0;
}

Outbox *outbox_ref(Outbox *outbox)
{
        g_atomic_int_inc(&outbox->references);
        return outbox;
}

Outbox *outbox_unref(Outbox *outbox)
{
        Look *look;

        if (!outbox || !g_atomic_int_dec_and_test(&outbox->references))
                return NULL;

        while ((look = g_queue_pop_head(&outbox->looks)))
                look_free(look);
        g_mutex_clear(&outbox->lock);
        close(outbox->fd);
        g_free(outbox);
        return NULL;
}

int outbox_fd(const Outbox *outbox)
{
        return outbox->fd;
}

static void outbox_put(Outbox *outbox, Look *look)
{
        g_mutex_lock(&outbox->lock);
        g_queue_push_tail(&outbox->looks, look);
        g_mutex_unlock(&outbox->lock);

        /* Fails only where the counter is full, and then the loop is awake already. */
        (void) eventfd_write(outbox->fd, 1);
}

static void *errand_run(void *data)
{
        g_autofree Errand *errand = data;

        for (unsigned i = 0; i < errand->look->glances->len; i++) {
                Glance *glance = errand->look->glances->pdata[i];

                status_take(glance->path, glance->entries, &glance->status);
        }

        outbox_put(errand->outbox, errand->look);
        outbox_unref(errand->outbox);
        return NULL;
}

void outbox_send(Outbox *outbox, Look *look)
{
        Errand *errand = g_new0(Errand, 1);
        GThread *thread;

        errand->outbox = outbox_ref(outbox);
        errand->look = look;

        thread = g_thread_try_new("look", errand_run, errand, NULL);
        if (thread) {
                g_thread_unref(thread);
                return;
        }

        outbox_put(outbox, look);
        outbox_unref(outbox);
        g_free(errand);
}

Look *outbox_receive(Outbox *outbox)
{
        eventfd_t count;
        Look *look;

        g_mutex_lock(&outbox->lock);
        look = g_queue_pop_head(&outbox->looks);
        g_mutex_unlock(&outbox->lock);

        if (look)
                return look;

        (void) eventfd_read(outbox->fd, &count);

        g_mutex_lock(&outbox->lock);
        look = g_queue_pop_head(&outbox->looks);
        g_mutex_unlock(&outbox->lock);
        return look;
}
