/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/support/fuse-server.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The kernel asks for at least this much room. */
#define REQUEST_SIZE (FUSE_MIN_READ_BUFFER + 65536)
#define FILE_ID 2U

struct FuseServer {
        char *directory;
        int fd;
        int size; /* of the file */
        GThread *thread;
};

static void reply(const FuseServer *server, const struct fuse_in_header *request, int error,
                  const void *data, size_t length)
{
        struct fuse_out_header header = {
                .len = (uint32_t) (sizeof(header) + length),
                .error = -error,
                .unique = request->unique,
        };
        struct iovec parts[] = { { &header, sizeof(header) }, { (void *) data, length } };

        /* Fails where who asked has given up. */
        (void) !writev(server->fd, parts, error == 0 ? 2 : 1);
}

static struct fuse_attr attributes(FuseServer *server, uint64_t id)
{
        return (struct fuse_attr){
                .ino = id,
                .size = id == FILE_ID ? (uint64_t) g_atomic_int_get(&server->size) : 0,
                .mode = id == FILE_ID ? S_IFREG | 0644 : S_IFDIR | 0755,
                .nlink = 1,
        };
}

static void answer_init(FuseServer *server, const struct fuse_in_header *request)
{
        struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 };

        reply(server, request, 0, &out, sizeof(out));
}

static void answer_lookup(FuseServer *server, const struct fuse_in_header *request)
{
        struct fuse_entry_out out = { .nodeid = FILE_ID, .attr = attributes(server, FILE_ID) };

        if (g_str_equal((const char *) (request + 1), "f"))
                reply(server, request, 0, &out, sizeof(out));
        else
                reply(server, request, ENOENT, NULL, 0);
}

static void answer_attributes(FuseServer *server, const struct fuse_in_header *request)
{
        struct fuse_attr_out out = { .attr = attributes(server, request->nodeid) };

        reply(server, request, 0, &out, sizeof(out));
}

static void answer(FuseServer *server, const struct fuse_in_header *request)
{
        switch (request->opcode) {
        case FUSE_INIT:
                answer_init(server, request);
                break;
        case FUSE_LOOKUP:
                answer_lookup(server, request);
                break;
        case FUSE_GETATTR:
                answer_attributes(server, request);
                break;
        case FUSE_FORGET:
        case FUSE_BATCH_FORGET:
        case FUSE_INTERRUPT:
                break;
        default:
                reply(server, request, ENOSYS, NULL, 0);
                break;
        }
}

/* Ends when the mount is gone. */
static void *serve(void *data)
{
        g_autofree void *request = g_malloc(REQUEST_SIZE);
        FuseServer *server = data;

        for (;;) {
                ssize_t n = read(server->fd, request, REQUEST_SIZE);

                if (n >= (ssize_t) sizeof(struct fuse_in_header))
                        answer(server, request);
                else if (n >= 0 || (errno != EINTR && errno != EAGAIN && errno != ENOENT))
                        return NULL;
        }
}

FuseServer *fuse_server_new(const char *directory, bool mute)
{
        g_autofree char *options = NULL;
        FuseServer *server;
        int fd;

        fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        if (fd < 0)
                return NULL;

        options = g_strdup_printf("fd=%d,rootmode=40000,user_id=%u,group_id=%u", fd, (unsigned) getuid(),
                                  (unsigned) getgid());
        if (mount("test", directory, "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
                close(fd);
                return NULL;
        }

        server = g_new0(FuseServer, 1);
        server->directory = g_strdup(directory);
        server->fd = fd;
        if (!mute)
                server->thread = g_thread_new("fuse", serve, server);
        return server;
}

void fuse_server_change(FuseServer *server)
{
        g_atomic_int_inc(&server->size);
}

FuseServer *fuse_server_free(FuseServer *server)
{
        if (!server)
                return NULL;

        /* Without a server, whoever waits for it is let go by the end of the descriptor. */
        g_assert_cmpint(umount2(server->directory, MNT_DETACH), ==, 0);
        if (server->thread)
                g_thread_join(server->thread);
        close(server->fd);
        g_free(server->directory);
        g_free(server);
        return NULL;
}
