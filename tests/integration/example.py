# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of the examples share: an example that runs, as somebody who copied it would run it."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

import reconf
import scene

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ROOT / 'data' / 'examples'
BUILT = pathlib.Path(os.environ['RECONF_EXAMPLES'])


class Example:
    """A program that runs. What it prints is kept, by line; it is ended with the case."""

    def __init__(self, case, *command, **environment):
        self.process = subprocess.Popen(
            [str(word) for word in command], env=case.bus.environment | environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        case.addCleanup(self._clean_up)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ''
        self.forgotten = 0

    def _clean_up(self):
        if self.process.poll() is None:
            self.kill()
        self.process.stdin.close()
        self.process.stdout.close()

    def lines(self):
        """What it has printed since what was waited for."""
        self.text += (self.process.stdout.read() or b'').decode()
        return self.text.split('\n')[self.forgotten:-1]

    def wait(self, *expected):
        """The lines that come next are these, and no others are between."""
        try:
            lines = reconf.wait_until(lambda: (lines := self.lines()) and lines[len(expected) - 1:] and lines,
                                      f'{expected}')
        except AssertionError:
            raise AssertionError(f'{expected} was expected, not {self.lines()}') from None
        lines = lines[:len(expected)]
        if tuple(lines) != expected:
            raise AssertionError(f'{expected} was expected, not {lines}')
        self.forgotten += len(expected)

    def wait_for(self, pattern):
        """A line that matches, whatever comes before it; that is forgotten."""
        while True:
            lines = reconf.wait_until(self.lines, pattern)
            self.forgotten += 1
            if re.search(pattern, lines[0]):
                return lines[0]

    def tell(self, *lines):
        self.process.stdin.write(''.join(f'{line}\n' for line in lines).encode())
        self.process.stdin.flush()

    def kill(self):
        # A script has children.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self):
        """Closes its input, which ends it. What it still had to say is left to be read."""
        self.process.stdin.close()
        reconf.wait_until(lambda: self.process.poll() is not None, 'the program to end')
        if self.process.returncode != 0:
            raise AssertionError(f'{self.process.returncode}: {self.lines()}')


class TestCase(scene.TestCase):
    def example(self, name, *arguments, **environment):
        program = BUILT / name
        if not program.exists():
            self.skipTest(f'{name} is not built')
        return Example(self, program, *arguments, **environment)

    def settings(self, content):
        """A file, which nobody has told the service of."""
        return self.write('shop.yaml', content)

    @contextlib.contextmanager
    def stopped(self, program):
        """It stands still, and goes on with all that was sent to it meanwhile."""
        os.kill(program.process.pid, signal.SIGSTOP)
        reconf.wait_until(lambda: scene.process_state(program.process.pid) == 'T', 'the program to stop')
        try:
            yield
        finally:
            os.kill(program.process.pid, signal.SIGCONT)

    def restart_meanwhile(self, content):
        """The service is killed, and comes back to find another file."""
        self.bus.end_daemon()
        self.save('shop.yaml', content)
