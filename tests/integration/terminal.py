# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal of its own for a program, and what is to be seen there.

Knows just the sequences that reconfctl sends: any other one fails the test.
"""
import codecs
import fcntl
import os
import re
import struct
import subprocess
import termios

import reconf

ROWS, COLUMNS = 24, 100
# Written behind what a program wrote last, to know that all of that has come.
END = '\0'
SEQUENCE = re.compile(r'\x1b\[(\?7[lh]|\d*[AHJm]|)')


class Terminal:
    """Starts a program as the foreground job of a new terminal."""

    def __init__(self, environment, *command):
        self.master, self.slave = os.openpty()
        self.resize(ROWS, COLUMNS)
        self.settings = termios.tcgetattr(self.slave)
        self.raw = ''
        # A read may end within a character.
        self.decoder = codecs.getincrementaldecoder('utf-8')()
        os.set_blocking(self.master, False)
        self.process = subprocess.Popen([str(word) for word in command],
                                        env=environment | {'TERM': 'xterm', 'LC_ALL': 'C.UTF-8', 'NO_COLOR': '1'},
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, rows, columns):
        self.columns = columns
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def read(self):
        try:
            self.raw += self.decoder.decode(os.read(self.master, 65536))
        except (BlockingIOError, OSError):
            pass
        return self.raw

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, text):
        """Waits until it has been written, whatever became of it since."""
        self._wait(lambda: text in self.read(), text)

    def wait_seen(self, condition, what):
        """Waits until what is seen, as lines, fulfils a condition."""
        self._wait(lambda: self.read() and condition(self.lines()), what)

    def _wait(self, condition, what):
        try:
            reconf.wait_until(condition, what)
        except AssertionError as error:
            raise AssertionError(f'{error}: {self.raw!r}') from None

    def wait_end(self):
        """The exit status; all output has been read then."""
        self._wait(lambda: self.read() is not None and self.process.poll() is not None, 'the end')
        # The kernel passes on what was written when it comes to it, which may be after the program has ended.
        os.write(self.slave, END.encode())
        self._wait(lambda: self.read().endswith(END), 'the last that it wrote')
        self.raw = self.raw.removesuffix(END)
        return self.process.returncode

    def is_restored(self):
        return termios.tcgetattr(self.slave) == self.settings

    def lines(self):
        """What is on the screen, without blank lines at the end."""
        screen, row, column, position, wraps = [[]], 0, 0, 0, True
        while position < len(self.raw):
            character = self.raw[position]
            if character == '\x1b':
                found = SEQUENCE.match(self.raw, position)
                if not found:
                    break
                position = found.end()
                sequence = found[1]
                if sequence.startswith('?7'):
                    wraps = sequence.endswith('h')
                elif sequence.endswith('A'):
                    row -= int(sequence[:-1])
                    assert row >= 0, self.raw
                elif sequence == 'H':
                    row = column = 0
                elif sequence == '2J':
                    screen = [[] for _ in screen]
                elif sequence == 'J':
                    screen[row:] = [screen[row][:column]] + [[] for _ in screen[row + 1:]]
                continue
            position += 1
            if character == '\r':
                column = 0
            elif character == '\n':
                row += 1
                screen += [[] for _ in range(row + 1 - len(screen))]
            elif wraps or column < self.columns:
                screen[row] += ' ' * (column + 1 - len(screen[row]))
                screen[row][column] = character
                column += 1
        return '\n'.join(''.join(line).rstrip() for line in screen).rstrip('\n').split('\n')

    def hang_up(self):
        os.close(self.slave)
        os.close(self.master)
        self.slave = self.master = -1

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(reconf.TIMEOUT)
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)
