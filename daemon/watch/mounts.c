/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mounts: which file system a path lies on
 *
 * The longest target that is a prefix of the path is not the answer: what is mounted on /a hides what was
 * mounted on /a/b before. So the table is walked as the kernel walks it, from the root down, each mount
 * entered from the one it stands on. That costs one look into a hash table for each part of the path.
 */
#include "daemon/watch/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <libmount.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MOUNTS_TABLE "/proc/self/mountinfo"
/* Before anything else looks at a path that may have been mounted over. */
#define MOUNTS_PRIORITY (SD_EVENT_PRIORITY_IMPORTANT)

struct Mounts {
        char *table;
        int fd;
        sd_event_source *source;
        GHashTable *mounts; /* of Mount, by parent and target */
        MountsHandler handler;
        void *userdata;
};

typedef struct libmnt_table Table;
typedef struct libmnt_iter Iterator;

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, mnt_unref_table)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Iterator, mnt_free_iter)

/* Beside those that libmount knows as network file systems. */
static const char *const remote_types[] = {
        "acfs",   "autofs", "beegfs", "ceph",   "coda",     "fuse",     "fuseblk",
        "gfs2",   "gpfs",   "hostfs", "lustre", "ocfs2",    "orangefs", "panfs",
        "prl_fs", "pvfs2",  "smbfs",  "vboxsf", "virtiofs", "vmhgfs",   NULL,
};

static bool type_is_remote(struct libmnt_fs *fs)
{
        const char *type = mnt_fs_get_fstype(fs);

        return mnt_fs_is_netfs(fs) ||
               (type && (g_strv_contains(remote_types, type) || g_str_has_prefix(type, "fuse.")));
}

static void mount_free(void *data)
{
        Mount *mount = data;

        g_free(mount->target);
        g_free(mount);
}

static unsigned mount_hash(const void *data)
{
        const Mount *mount = data;

        return g_str_hash(mount->target) ^ ((unsigned) mount->parent * 2654435761U);
}

static gboolean mount_equal(const void *a, const void *b)
{
        const Mount *x = a, *y = b;

        return x->parent == y->parent && g_str_equal(x->target, y->target);
}

static GHashTable *table_index(Table *table)
{
        g_autoptr(GHashTable) ids = g_hash_table_new(NULL, NULL);
        g_autoptr(Iterator) iterator = mnt_new_iter(MNT_ITER_FORWARD);
        GHashTable *mounts = g_hash_table_new_full(mount_hash, mount_equal, NULL, mount_free);
        struct libmnt_fs *fs = NULL;

        while (mnt_table_next_fs(table, iterator, &fs) == 0)
                g_hash_table_add(ids, GINT_TO_POINTER(mnt_fs_get_id(fs)));

        mnt_reset_iter(iterator, MNT_ITER_FORWARD);
        while (mnt_table_next_fs(table, iterator, &fs) == 0) {
                Mount *mount;

                if (!mnt_fs_get_target(fs))
                        continue;

                mount = g_new0(Mount, 1);
                mount->id = mnt_fs_get_id(fs);
                mount->parent = mnt_fs_get_parent_id(fs);
                mount->target = g_strdup(mnt_fs_get_target(fs));
                mount->remote = type_is_remote(fs);
                /* The kernel's first root is its own parent. */
                if (mount->parent == mount->id ||
                    !g_hash_table_contains(ids, GINT_TO_POINTER(mount->parent)))
                        mount->parent = 0;

                g_hash_table_replace(mounts, mount, mount);
        }

        return mounts;
}

static int table_read(const char *path, GHashTable **ret)
{
        g_autoptr(Table) table = NULL;

        errno = 0;
        table = mnt_new_table_from_file(path);
        if (!table)
                return errno > 0 ? -errno : -EIO;

        *ret = table_index(table);
        return 0;
}

/* Adds the targets of the mounts of one table that the other does not have. */
static void table_compare(GHashTable *table, GHashTable *other, GPtrArray *targets)
{
        GHashTableIter iterator;
        void *data;

        g_hash_table_iter_init(&iterator, table);
        while (g_hash_table_iter_next(&iterator, &data, NULL)) {
                const Mount *mount = data, *match = g_hash_table_lookup(other, mount);

                if (!match || match->id != mount->id)
                        g_ptr_array_add(targets, mount->target);
        }
}

int mounts_reload(Mounts *mounts)
{
        g_autoptr(GPtrArray) targets = g_ptr_array_new();
        g_autoptr(GHashTable) old = NULL;
        GHashTable *table = NULL;
        int r;

        r = table_read(mounts->table, &table);
        if (r < 0)
                return r;

        old = g_steal_pointer(&mounts->mounts);
        mounts->mounts = table;

        table_compare(old, table, targets);
        table_compare(table, old, targets);
        if (targets->len > 0)
                mounts->handler(targets, mounts->userdata);

        return 0;
}

void mounts_refresh(Mounts *mounts)
{
        struct pollfd table = { .fd = mounts->fd, .events = POLLPRI };

        /* What cannot be read now is read at the next change; until then the old table stands. */
        if (poll(&table, 1, 0) > 0)
                (void) mounts_reload(mounts);
}

static int on_table(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        (void) mounts_reload(userdata);
        return 0;
}

/* The kernel marks the file as exceptional from when it was opened: open it before the table is read. */
static int mounts_listen(Mounts *mounts, sd_event *event)
{
        int r;

        mounts->fd = open(mounts->table, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (mounts->fd < 0)
                return -errno;

        r = sd_event_add_io(event, &mounts->source, mounts->fd, EPOLLPRI, on_table, mounts);
        if (r < 0)
                return r;

        return sd_event_source_set_priority(mounts->source, MOUNTS_PRIORITY);
}

int mounts_new(sd_event *event, const char *table, MountsHandler handler, void *userdata, Mounts **ret)
{
        g_autoptr(Mounts) mounts = g_new0(Mounts, 1);
        int r;

        mounts->table = g_strdup(table ? table : MOUNTS_TABLE);
        mounts->fd = -1;
        mounts->handler = handler;
        mounts->userdata = userdata;

        if (event) {
                r = mounts_listen(mounts, event);
                if (r < 0)
                        return r;
        }

        r = table_read(mounts->table, &mounts->mounts);
        if (r < 0)
                return r;

        *ret = g_steal_pointer(&mounts);
        return 0;
}

Mounts *mounts_free(Mounts *mounts)
{
        if (!mounts)
                return NULL;

        sd_event_source_disable_unref(mounts->source);
        if (mounts->fd >= 0)
                close(mounts->fd);
        g_clear_pointer(&mounts->mounts, g_hash_table_unref);
        g_free(mounts->table);
        g_free(mounts);
        return NULL;
}

/* What stands on one mount at one place, to the topmost. */
static const Mount *mounts_enter(const Mounts *mounts, const Mount *mount, char *target)
{
        for (;;) {
                Mount probe = { .parent = mount ? mount->id : 0, .target = target };
                const Mount *next = g_hash_table_lookup(mounts->mounts, &probe);

                if (!next)
                        return mount;
                mount = next;
        }
}

const Mount *mounts_find(const Mounts *mounts, const char *path)
{
        g_autofree char *prefix = g_strdup(path);
        const Mount *mount = mounts_enter(mounts, NULL, (char *) "/");

        for (char *slash = prefix; *slash != '\0' && slash[1] != '\0';) {
                char *next = strchrnul(slash + 1, '/');
                char kept = *next;

                *next = '\0';
                mount = mounts_enter(mounts, mount, prefix);
                *next = kept;
                slash = next;
        }

        return mount;
}
