# SPDX-License-Identifier: LGPL-2.1-or-later
"""Opens of one file, seen and held up as they happen: by which user, and on which of the daemon's threads.

The kernel asks this process before each (fanotify), in a thread of its own, since it asks about its own opens, too.
"""
import ctypes
import os
import pathlib
import select
import struct
import threading

import reconf

FAN_CLASS_CONTENT, FAN_CLOEXEC, FAN_REPORT_TID = 0x4, 0x1, 0x100
FAN_MARK_ADD = 0x1
FAN_OPEN_PERM = 0x10000
FAN_ALLOW = 1
EVENT = struct.Struct('<IBBHQii')

libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


class Opens:
    """OSError where this kernel, or this user's rights, do not allow it."""

    def __init__(self, path):
        self.descriptor = check(libc.fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_REPORT_TID, os.O_RDONLY))
        try:
            check(libc.fanotify_mark(self.descriptor, FAN_MARK_ADD, ctypes.c_uint64(FAN_OPEN_PERM), -1,
                                     os.fsencode(path)))
        except OSError:
            os.close(self.descriptor)
            raise
        self.seen = []  # (uid, whether it was the process's first thread)
        self.held_uid = None
        self.held = None
        self.lock = threading.Lock()
        self.ending, self.end = os.pipe()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def stop(self):
        self.release()
        os.close(self.end)
        self.thread.join()
        os.close(self.ending)
        # Whatever waits is let through.
        os.close(self.descriptor)

    def of(self, uid):
        """For each open of this user, whether it was on the first thread."""
        return [first for seen, first in self.seen if seen == uid]

    def hold(self, uid):
        """The next open of this user waits."""
        self.held_uid = uid

    def wait_held(self):
        reconf.wait_until(lambda: self.held is not None, 'the file to be opened')

    def release(self):
        with self.lock:
            self.held_uid = None
            if self.held is not None:
                self._allow(self.held)
            self.held = None

    def _run(self):
        while self.ending not in select.select([self.descriptor, self.ending], [], [])[0]:
            events = os.read(self.descriptor, 4096)
            for offset in range(0, len(events), EVENT.size):
                *_, file, thread = EVENT.unpack_from(events, offset)
                self._take(file, thread)

    def _take(self, file, thread):
        uid, first = self._look_at(thread)
        with self.lock:
            self.seen.append((uid, first))
            if uid is not None and uid == self.held_uid:
                self.held_uid, self.held = None, file
            else:
                self._allow(file)

    @staticmethod
    def _look_at(thread):
        """The user as whom it looks at files, and whether it is the first of its process."""
        try:
            lines = pathlib.Path(f'/proc/{thread}/status').read_text().splitlines()
        except OSError:
            return None, False  # somebody else's, who has been killed
        status = dict(line.split(':\t', 1) for line in lines if ':\t' in line)
        return int(status['Uid'].split()[3]), int(status['Tgid']) == thread

    def _allow(self, file):
        os.write(self.descriptor, struct.pack('<iI', file, FAN_ALLOW))
        os.close(file)
