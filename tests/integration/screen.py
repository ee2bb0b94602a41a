# SPDX-License-Identifier: LGPL-2.1-or-later
"""A screen of one's own, to see what a window shows.

Xvfb keeps its picture in a file in the X window dump format, which is read as it is: no tool takes a screenshot.
Where RECONF_PICTURES names a directory, pictures are left there for people to look at.
"""
import array
import os
import pathlib
import struct
import subprocess
import sys
import zlib

import reconf

WIDTH, HEIGHT = 640, 480
# The fields of a dump's header are big-endian; its pixels are as this machine has integers.
HEADER = struct.Struct('>25I')
COLOUR_SIZE = 12
BLACK = 0


class Picture:
    """Pixels as they were, by row, each 0xRRGGBB."""

    def __init__(self, dump):
        fields = HEADER.unpack_from(dump)
        size, self.width, self.height, bits, stride, colours = (fields[i] for i in (0, 4, 5, 11, 12, 19))
        if (bits, stride) != (32, 4 * self.width):
            raise AssertionError('the screen is of another format than was asked for')
        start = size + colours * COLOUR_SIZE
        pixels = bytearray(dump[start:start + stride * self.height])
        # What is beside the colour means nothing.
        pixels[3 if sys.byteorder == 'little' else 0::4] = bytes(self.width * self.height)
        self.pixels = array.array('I', bytes(pixels))

    def __eq__(self, other):
        return self.pixels == other.pixels

    def count(self, colour):
        return self.pixels.count(colour)

    def background(self):
        """What most of the window is; BLACK where there is no window, which has this around it."""
        return max(set(self.pixels) - {BLACK}, key=self.count, default=BLACK)

    def box(self, colour):
        """Where that colour is: (left, top, right, bottom); None where it is nowhere."""
        columns = [x for x in range(self.width) if colour in self.pixels[x::self.width]]
        rows = [y for y in range(self.height) if colour in self.pixels[y * self.width:(y + 1) * self.width]]
        return (columns[0], rows[0], columns[-1], rows[-1]) if rows else None

    def drawn(self, colour, columns, margin):
        """What is drawn over something of that colour, as rows of booleans: in a slice of its columns, and as far from
        its upper and lower edges. Its corners need not be square."""
        left, top, right, bottom = self.box(colour)
        rows = [self.pixels[y * self.width + left:y * self.width + right] for y in range(top + margin, bottom - margin)]
        return tuple(tuple(pixel != colour for pixel in row[columns]) for row in rows)

    def leave(self, name):
        if 'RECONF_PICTURES' in os.environ:
            self.write_png(pathlib.Path(os.environ['RECONF_PICTURES']) / f'{name}.png')

    def write_png(self, path):
        def chunk(kind, data):
            return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

        rows = b''.join(b'\0' + b''.join(pixel.to_bytes(3, 'big')
                                         for pixel in self.pixels[y * self.width:(y + 1) * self.width])
                        for y in range(self.height))
        header = struct.pack('>IIBBBBB', self.width, self.height, 8, 2, 0, 0, 0)
        path.write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', zlib.compress(rows)) +
                         chunk(b'IEND', b''))


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
        # No picture is one of the way from one look to the next, however long it stands.
        settings = case.bus.settings / 'gtk-4.0' / 'settings.ini'
        settings.parent.mkdir()
        settings.write_text('[Settings]\ngtk-enable-animations=0\n')
        # Drawn in memory, and with nothing of the machine's own that makes windows look different.
        self.environment = {
            'DISPLAY': f':{number}',
            'GDK_BACKEND': 'x11',
            'GSETTINGS_BACKEND': 'memory',
            'GSK_RENDERER': 'cairo',
            'GTK_A11Y': 'none',
            'GTK_THEME': '',
            'LANGUAGE': 'C',
        }

    def _end(self):
        self.process.terminate()
        self.process.wait(reconf.TIMEOUT)

    def take(self):
        return Picture((self.directory / 'Xvfb_screen0').read_bytes())

    def wait(self, condition, what):
        """The first picture for which it holds; of two that are alike, since one may be half drawn."""
        pictures = [self.take()]

        def look():
            pictures[:] = [pictures[-1], self.take()]
            return pictures[0] == pictures[1] and condition(pictures[1])

        try:
            reconf.wait_until(look, what)
        except AssertionError:
            pictures[-1].leave('failed')
            raise
        return pictures[-1]
