/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faulty disk: what SQLite writes, failing where one likes, and forgetting what was not synced
 *
 * Offers version 1 of the methods only. That is enough for a database that is locked as a whole, and shows
 * that nothing asks for shared memory.
 */
#include "tests/support/faulty-disk.h"

#include <sqlite3.h>
#include <stdint.h>
#include <string.h>

#define SECTOR 512U

typedef struct DiskFile {
        sqlite3_file base;
        char *path;
        sqlite3_file *real; /* behind this one */
} DiskFile;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs disk_vfs;
static unsigned countdown;
static DiskFault fault;
static bool failed;
static GHashTable *synced; /* path to GBytes; NULL while nothing is remembered */

static bool fails(void)
{
        if (countdown == 0 || --countdown > 0)
                return false;

        /* So does the next. */
        countdown = 1;
        failed = true;
        return true;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
        return ((DiskFile *) file)->real;
}

static int disk_close(sqlite3_file *file)
{
        DiskFile *disk_file = (DiskFile *) file;

        g_clear_pointer(&disk_file->path, g_free);
        return real_of(file)->pMethods->xClose(real_of(file));
}

static int disk_read(sqlite3_file *file, void *data, int length, sqlite3_int64 offset)
{
        return real_of(file)->pMethods->xRead(real_of(file), data, length, offset);
}

static int disk_write(sqlite3_file *file, const void *data, int length, sqlite3_int64 offset)
{
        if (fails()) {
                if (fault == DISK_BROKEN)
                        return SQLITE_IOERR_WRITE;
                (void) real_of(file)->pMethods->xWrite(real_of(file), data, length / 2, offset);
                return SQLITE_FULL;
        }
        return real_of(file)->pMethods->xWrite(real_of(file), data, length, offset);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        if (fault == DISK_BROKEN && fails())
                return SQLITE_IOERR_TRUNCATE;
        return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static GBytes *read_whole(const char *path)
{
        char *content;
        size_t length;

        return g_file_get_contents(path, &content, &length, NULL) ? g_bytes_new_take(content, length) : NULL;
}

static int disk_sync(sqlite3_file *file, int flags)
{
        const DiskFile *disk_file = (const DiskFile *) file;

        if (fault == DISK_BROKEN && fails())
                return SQLITE_IOERR_FSYNC;
        if (synced && disk_file->path)
                g_hash_table_insert(synced, g_strdup(disk_file->path), read_whole(disk_file->path));
        return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int disk_file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int disk_lock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int disk_check_lock(sqlite3_file *file, int *ret)
{
        return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int disk_control(sqlite3_file *file, int operation, void *argument)
{
        return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int disk_sector_size(sqlite3_file *file)
{
        return SECTOR;
}

static int disk_characteristics(sqlite3_file *file)
{
        return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static const sqlite3_io_methods disk_methods = {
        .iVersion = 1,
        .xClose = disk_close,
        .xRead = disk_read,
        .xWrite = disk_write,
        .xTruncate = disk_truncate,
        .xSync = disk_sync,
        .xFileSize = disk_file_size,
        .xLock = disk_lock,
        .xUnlock = disk_unlock,
        .xCheckReservedLock = disk_check_lock,
        .xFileControl = disk_control,
        .xSectorSize = disk_sector_size,
        .xDeviceCharacteristics = disk_characteristics,
};

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
        DiskFile *disk_file = (DiskFile *) file;
        int r;

        *disk_file = (DiskFile){ .real = (sqlite3_file *) (disk_file + 1) };
        r = real_vfs->xOpen(real_vfs, path, disk_file->real, flags, ret_flags);
        /* Without methods, SQLite does not close it. */
        if (r == SQLITE_OK) {
                disk_file->base.pMethods = &disk_methods;
                disk_file->path = g_strdup(path);
        }
        return r;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
        int r;

        r = real_vfs->xDelete(real_vfs, path, sync);
        if (r == SQLITE_OK && synced)
                (void) g_hash_table_remove(synced, path);
        return r;
}

void disk_install(void)
{
        real_vfs = sqlite3_vfs_find(NULL);
        disk_vfs = *real_vfs;
        disk_vfs.zName = "faulty-disk";
        disk_vfs.szOsFile = (int) sizeof(DiskFile) + real_vfs->szOsFile;
        disk_vfs.xOpen = disk_open;
        disk_vfs.xDelete = disk_delete;
        g_assert_cmpint(sqlite3_vfs_register(&disk_vfs, 1), ==, SQLITE_OK);
}

void disk_fail_at(unsigned n, DiskFault new_fault)
{
        countdown = n;
        fault = new_fault;
        failed = false;
}

bool disk_has_failed(void)
{
        return failed;
}

static void free_bytes(void *data)
{
        if (data)
                g_bytes_unref(data);
}

void disk_begin_memory(const char *directory)
{
        g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
        const char *name;

        disk_end_memory();
        synced = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_bytes);
        while (entries && (name = g_dir_read_name(entries))) {
                char *path = g_build_filename(directory, name, NULL);

                g_hash_table_insert(synced, path, read_whole(path));
        }
}

void disk_end_memory(void)
{
        g_clear_pointer(&synced, g_hash_table_unref);
}

/* Of two states of a sector, either; what a file has not reads as zero. */
static void mix(GByteArray *target, GBytes *before, GBytes *after)
{
        size_t length = MAX(g_bytes_get_size(before), g_bytes_get_size(after));

        for (size_t offset = 0; offset < length; offset += SECTOR) {
                GBytes *source = g_test_rand_bit() ? before : after;
                size_t size = MIN(SECTOR, length - offset), there = 0;
                uint8_t sector[SECTOR] = { 0 };
                const uint8_t *data = g_bytes_get_data(source, &there);

                if (offset < there)
                        memcpy(sector, data + offset, MIN(size, there - offset));
                g_byte_array_append(target, sector, size);
        }
}

void disk_cut_power(const char *directory, const char *target)
{
        GHashTableIter iter;
        void *path, *bytes;

        g_hash_table_iter_init(&iter, synced);
        while (g_hash_table_iter_next(&iter, &path, &bytes)) {
                g_autofree char *parent = g_path_get_dirname(path), *name = g_path_get_basename(path);
                g_autofree char *to = g_build_filename(target, name, NULL);
                g_autoptr(GByteArray) content = g_byte_array_new();
                g_autoptr(GBytes) now = read_whole(path);

                if (!g_str_equal(parent, directory))
                        continue;
                mix(content, bytes, now);
                g_assert_true(g_file_set_contents(to, (const char *) content->data, content->len, NULL));
        }
}
