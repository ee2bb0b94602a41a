/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/lib/snapshot-private.h"

#include "client/lib/reconf/error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * ReconfSnapshot:
 *
 * One version of a config, whole: a document that never changes.
 *
 * A snapshot is taken with [method@Reconf.Config.dup_snapshot] and stays what it is while the config moves
 * on, so that several reads belong together. It can be read from any thread at the same time. A read
 * allocates nothing and makes no system call, but for those that return new memory.
 *
 * ## Paths and values
 *
 * A dotted path names a place: keys and list indexes joined by dots (`database.pool.size`,
 * `servers.0.host`). A key that is empty or holds anything outside `A-Za-z0-9_-` is in double quotes, with
 * `\"` and `\\` inside (`hosts."example.com".port`). The empty path is the whole document. A path that is
 * malformed names nothing.
 *
 * | in the file | as #GVariant |
 * | --- | --- |
 * | map | `a{sv}`, keys sorted by their bytes |
 * | list | `av` |
 * | true, false | `b` |
 * | integer | `x`, or `t` where it is too large for that |
 * | other number | `d` |
 * | string | `s` |
 * | null | `g`, the empty signature |
 *
 * Typed getters return their default where there is nothing at that place, or something of another type. In
 * files that know strings only, ENV and INI, numbers and booleans are strings, unless the config has a
 * schema that says otherwise.
 */

G_DEFINE_BOXED_TYPE(ReconfSnapshot, reconf_snapshot, reconf_snapshot_ref, reconf_snapshot_unref)

static ReconfSnapshot *snapshot_new(guint64 version, GBytes *bytes, size_t large_members)
{
        ReconfSnapshot *snapshot = g_new(ReconfSnapshot, 1);
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);

        *snapshot = (ReconfSnapshot){
                .version = version,
                .bytes = g_bytes_ref(bytes),
                .root = serial_root(data, size),
        };
        g_atomic_ref_count_init(&snapshot->references);
        snapshot->table = member_table_new(&snapshot->root, large_members);
        return snapshot;
}

/* Values of eight bytes are read as such, and GLib would copy what does not lie as it should. */
static GBytes *align_bytes(GBytes *bytes)
{
        gsize size;
        const void *data = g_bytes_get_data(bytes, &size);

        if ((uintptr_t) data % 8 == 0)
                return g_bytes_ref(bytes);
        return g_bytes_new(data, size);
}

/**
 * reconf_snapshot_new_from_bytes:
 * @version: the number it is to have
 * @bytes: a serialized little-endian #GVariant of type `a{sv}`
 * @error: return location for a #GError
 *
 * Makes a snapshot of a document's bytes, as [method@Reconf.Snapshot.get_variant] of the empty path has
 * them.
 *
 * The bytes are checked once: they have to be in normal form, keys sorted by their bytes, and of no types
 * but those of documents. Anything else is %RECONF_ERROR_INVALID_ARGUMENT.
 *
 * Returns: (transfer full): the snapshot
 */
ReconfSnapshot *reconf_snapshot_new_from_bytes(guint64 version, GBytes *bytes, GError **error)
{
        g_autoptr(GBytes) aligned = NULL;
        size_t large_members;
        gsize size;
        const void *data;

        g_return_val_if_fail(bytes, NULL);

        aligned = align_bytes(bytes);
        data = g_bytes_get_data(aligned, &size);
        if (!serial_check(data, size, MEMBER_TABLE_LARGE, &large_members)) {
                g_set_error(error, RECONF_ERROR, RECONF_ERROR_INVALID_ARGUMENT,
                            "These %zu bytes are not a document: expected a serialized GVariant of type "
                            "a{sv} in normal form, with sorted keys",
                            size);
                return NULL;
        }
        return snapshot_new(version, aligned, large_members);
}

ReconfSnapshot *snapshot_new_trusted(guint64 version, GBytes *bytes)
{
        g_autoptr(GBytes) aligned = align_bytes(bytes);
        size_t large_members;
        gsize size;
        const void *data = g_bytes_get_data(aligned, &size);
        bool good = serial_check(data, size, MEMBER_TABLE_LARGE, &large_members);

        g_return_val_if_fail(good, NULL);
        return snapshot_new(version, aligned, large_members);
}

typedef struct Mapping {
        void *data;
        size_t size;
} Mapping;

static void mapping_free(void *data)
{
        Mapping *mapping = data;

        munmap(mapping->data, mapping->size);
        g_free(mapping);
}

/* Pages that can still change, or go, are not for mapping. */
static bool is_sealed(int fd)
{
        const int needed = F_SEAL_WRITE | F_SEAL_SHRINK;
        int seals = fcntl(fd, F_GET_SEALS);

        return seals >= 0 && (seals & needed) == needed;
}

static GBytes *map_file(int fd, size_t size)
{
        Mapping mapping = { .size = size };

        mapping.data = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
        if (mapping.data == MAP_FAILED)
                return NULL;
        return g_bytes_new_with_free_func(mapping.data, size, mapping_free,
                                          g_memdup2(&mapping, sizeof mapping));
}

static GBytes *read_file(int fd, size_t size)
{
        g_autofree char *data = g_malloc(size);
        size_t length = 0;

        while (length < size) {
                ssize_t n = pread(fd, data + length, size - length, (off_t) length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return NULL;
                if (n == 0)
                        break;
                length += (size_t) n;
        }
        return g_bytes_new_take(g_steal_pointer(&data), length);
}

/**
 * reconf_snapshot_new_from_fd:
 * @version: the number it is to have
 * @fd: a file that holds what [ctor@Reconf.Snapshot.new_from_bytes] takes; not closed
 * @error: return location for a #GError
 *
 * Makes a snapshot of a file, such as the service's `GetSnapshot` gives: a memfd that is sealed is mapped,
 * so that all programs share its pages; any other file is read.
 *
 * Errors: as for [ctor@Reconf.Snapshot.new_from_bytes], and those of reading, as #GIOErrorEnum.
 *
 * Returns: (transfer full): the snapshot
 */
ReconfSnapshot *reconf_snapshot_new_from_fd(guint64 version, int fd, GError **error)
{
        g_autoptr(GBytes) bytes = NULL;
        struct stat status;

        if (fstat(fd, &status) >= 0) {
                size_t size = (size_t) status.st_size;

                if (size == 0)
                        bytes = g_bytes_new_static(NULL, 0);
                else
                        bytes = is_sealed(fd) ? map_file(fd, size) : read_file(fd, size);
        }
        if (!bytes) {
                int errsv = errno;

                g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errsv), "Cannot take the snapshot: %s",
                            g_strerror(errsv));
                return NULL;
        }
        return reconf_snapshot_new_from_bytes(version, bytes, error);
}

/**
 * reconf_snapshot_ref:
 * @snapshot: a snapshot
 *
 * Takes one more reference; from any thread.
 *
 * Returns: (transfer full): the snapshot
 */
ReconfSnapshot *reconf_snapshot_ref(ReconfSnapshot *snapshot)
{
        g_atomic_ref_count_inc(&snapshot->references);
        return snapshot;
}

/**
 * reconf_snapshot_unref:
 * @snapshot: (transfer full): a snapshot
 *
 * Drops a reference; from any thread. Strings that were borrowed from it go with the last one.
 */
void reconf_snapshot_unref(ReconfSnapshot *snapshot)
{
        if (!g_atomic_ref_count_dec(&snapshot->references))
                return;
        member_table_free(snapshot->table);
        g_bytes_unref(snapshot->bytes);
        g_free(snapshot);
}

/**
 * reconf_snapshot_get_version:
 * @snapshot: a snapshot
 *
 * Tells which version of its config this is. Numbers go up, and may have gaps.
 *
 * Returns: the version
 */
guint64 reconf_snapshot_get_version(ReconfSnapshot *snapshot)
{
        g_return_val_if_fail(snapshot, 0);

        return snapshot->version;
}

/**
 * reconf_snapshot_equal:
 * @a: a snapshot
 * @b: another one
 *
 * Compares two documents, whatever their versions.
 *
 * Returns: whether they hold the same
 */
gboolean reconf_snapshot_equal(ReconfSnapshot *a, ReconfSnapshot *b)
{
        g_return_val_if_fail(a && b, FALSE);

        return serial_equal(&a->root, &b->root);
}
