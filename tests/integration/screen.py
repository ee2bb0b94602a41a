# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen of one's own, to see what a window shows.

Xvfb keeps its picture in a file in the X window dump format, which is read as it is: no tool takes a screenshot.
"""
import collections
import os
import pathlib
import struct
import subprocess
import zlib

import reconf

WIDTH, HEIGHT = 640, 480
# Of the fields of a dump's header, all big-endian.
HEADER = struct.Struct('>25I')
COLOUR_SIZE = 12


class Picture:
    """Pixels as they were, each (red, green, blue), by row."""

    def __init__(self, dump):
        fields = HEADER.unpack_from(dump)
        size, self.width, self.height, bits, stride, colours = (fields[i] for i in (0, 4, 5, 11, 12, 19))
        if (bits, fields[7]) != (32, 0):
            raise AssertionError('the screen is of another format than was asked for')
        start = size + colours * COLOUR_SIZE
        self.rows = []
        for row in range(self.height):
            line = dump[start + row * stride:start + row * stride + 4 * self.width]
            # Blue, green, red and nothing.
            self.rows.append(list(zip(line[2::4], line[1::4], line[0::4])))

    def __eq__(self, other):
        return self.rows == other.rows

    def count(self, colour):
        return sum(row.count(colour) for row in self.rows)

    def commonest(self):
        """What most of it is, but for the black around windows."""
        counts = collections.Counter(pixel for row in self.rows for pixel in row)
        del counts[0, 0, 0]
        return counts.most_common(1)[0][0]

    def box(self, colour):
        """Where that colour is: (left, top, right, bottom); None where it is nowhere."""
        rows = [y for y, row in enumerate(self.rows) if colour in row]
        columns = [x for row in self.rows for x, pixel in enumerate(row) if pixel == colour]
        return (min(columns), rows[0], max(columns), rows[-1]) if rows else None

    def write_png(self, path):
        def chunk(kind, data):
            return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

        rows = b''.join(b'\0' + bytes(part for pixel in row for part in pixel) for row in self.rows)
        header = struct.pack('>IIBBBBB', self.width, self.height, 8, 2, 0, 0, 0)
        pathlib.Path(path).write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) +
                                       chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))


class Screen:
    """An X server without hardware; ended with the case."""

    def __init__(self, case):
        self.directory = case.directory / 'screen'
        self.directory.mkdir()
        reader, writer = os.pipe()
        with open(self.directory / 'log', 'wb') as log:
            self.process = subprocess.Popen(
                ['Xvfb', '-displayfd', str(writer), '-fbdir', self.directory, '-screen', '0',
                 f'{WIDTH}x{HEIGHT}x24', '-nolisten', 'tcp', '-noreset'],
                pass_fds=[writer], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        case.addCleanup(self._end)
        os.close(writer)
        with open(reader) as ready:
            number = ready.readline().strip()
        if not number:
            raise AssertionError(f'the screen does not start: {(self.directory / "log").read_text()}')
        # Drawn in memory; and nothing of the machine's own that could draw or speak differently.
        self.environment = {
            'DISPLAY': f':{number}',
            'GDK_BACKEND': 'x11',
            'GSK_RENDERER': 'cairo',
            'GTK_A11Y': 'none',
            'GTK_THEME': '',
            'GSETTINGS_BACKEND': 'memory',
        }

    def _end(self):
        self.process.terminate()
        self.process.wait(reconf.TIMEOUT)

    def take(self):
        return Picture((self.directory / 'Xvfb_screen0').read_bytes())

    def wait(self, condition, what):
        """The first picture for which it holds. What the last one was is kept where none does."""
        taken = []

        def look():
            taken[:] = [self.take()]
            return condition(taken[0])

        try:
            reconf.wait_until(look, what)
        except AssertionError:
            if 'RECONF_PICTURES' in os.environ:
                taken[0].write_png(pathlib.Path(os.environ['RECONF_PICTURES']) / 'failed.png')
            raise
        return taken[0]
