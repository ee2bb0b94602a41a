# SPDX-License-Identifier: LGPL-2.1-or-later
"""File systems for tests: mounts that nobody else sees, and a FUSE file system, which sends no events of its own."""
import ctypes
import errno
import os
import struct
import threading

CLONE_NEWNS = 0x00020000
MS_BIND = 1 << 12
MS_REC = 1 << 14
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def make_private():
    """From now on mounts of this process, and of those that it starts, are its own. OSError where that is denied."""
    check(libc.unshare(CLONE_NEWNS))
    check(libc.mount(b'none', b'/', None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))


def mount(source, target, kind=None, flags=0, data=None):
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, data)]
    check(libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]))


def bind(source, target):
    mount(source, target, flags=MS_BIND)


def unmount(target):
    check(libc.umount2(os.fsencode(target), MNT_DETACH))


class FuseServer:
    """Files in memory, by name, in one directory. Speaks as much of the kernel's protocol as reading them takes."""

    LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH, INIT = 1, 2, 3, 14, 15, 18, 25, 26
    INTERRUPT, BATCH_FORGET = 36, 42
    ROOT = 1
    DIRECT_IO = 1

    def __init__(self, directory, files, mode=0o644):
        self.directory = directory
        self.mode = mode
        self.held_uid = None
        self.held = []
        self.files = dict(files)
        self.names = list(files)
        self.changes = 0
        self.descriptor = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC)
        try:
            mount('test', directory, 'fuse',
                  data=f'fd={self.descriptor},rootmode=40000,user_id=0,group_id=0,allow_other')
        except OSError:
            os.close(self.descriptor)
            raise
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def change(self, name, content):
        """Another content from now on, as if another machine had written it."""
        self.changes += 1
        self.files[name] = content

    def hold(self, uid):
        """What this user asks for is not answered."""
        self.held_uid = uid

    def release(self):
        self.held_uid = None
        while self.held:
            self._answer(self.held.pop())

    def stop(self):
        self.release()
        unmount(self.directory)
        self.thread.join()
        os.close(self.descriptor)

    def _serve(self):
        while True:
            try:
                request = os.read(self.descriptor, 1 << 20)
            except OSError as error:
                if error.errno in (errno.EINTR, errno.ENOENT):
                    continue
                return
            if struct.unpack_from('<24xI', request) == (self.held_uid,):
                self.held.append(request)
            else:
                self._answer(request)

    def _answer(self, request):
        _, kind, unique, node, *_ = struct.unpack_from('<IIQQIIII', request)
        if kind in (self.FORGET, self.BATCH_FORGET, self.INTERRUPT):
            return
        error, body = self._handle(kind, node, request[40:])
        try:
            os.write(self.descriptor, struct.pack('<IiQ', 16 + len(body), -error, unique) + body)
        except OSError:
            pass  # whoever asked has given up

    def _handle(self, kind, node, body):
        if kind == self.INIT:
            return 0, struct.pack('<IIIIHHIIHHI28x', 7, 31, 0, 0, 0, 0, 4096, 1, 0, 0, 0)
        if kind == self.LOOKUP:
            name = os.fsdecode(body.rstrip(b'\0'))
            if name not in self.files:
                return errno.ENOENT, b''
            found = self.names.index(name) + self.ROOT + 1
            # Nothing may be remembered: the next look asks again.
            return 0, struct.pack('<QQQQII', found, 0, 0, 0, 0, 0) + self._attributes(found)
        if kind == self.GETATTR:
            return 0, struct.pack('<QII', 0, 0, 0) + self._attributes(node)
        if kind == self.OPEN:
            return 0, struct.pack('<QII', 0, self.DIRECT_IO, 0)
        if kind == self.READ:
            _, offset, size = struct.unpack_from('<QQI', body)
            return 0, self._content(node)[offset:offset + size]
        if kind in (self.RELEASE, self.FLUSH):
            return 0, b''
        return errno.ENOSYS, b''

    def _content(self, node):
        return self.files[self.names[node - self.ROOT - 1]]

    def _attributes(self, node):
        mode, size = (0o040755, 0) if node == self.ROOT else (0o100000 | self.mode, len(self._content(node)))
        return struct.pack('<QQQQQQIIIIIIIIII', node, size, 0, 0, self.changes, self.changes, 0, 0, 0, mode, 1, 0, 0,
                           0, 4096, 0)
