# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of a running daemon need beyond the harness: proofs that nothing came, and settings of their own.

That nothing came is shown without waiting for time to pass: a sentinel, a config that nobody else touches, gets half a
save, which the daemon acts on only when the sentinel's window has passed. What other configs had to say within their
shorter window was said by then.
"""
import contextlib
import os
import signal
import subprocess

from gi.repository import Gio, GLib

import reconf

# Longer than the default of debounce-ms, which is 100.
SENTINEL_WINDOW = 300


class TestCase(reconf.TestCase):
    sentinel = None

    def watch(self, name='a.yaml', content='a: 1\n', config='a', **settings):
        """Registers one file as a config; what was heard until then is forgotten."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        registered = self.client.register(config, self.write(name, content), **settings)
        self.forget()
        return registered

    def forget(self):
        self.client.settle()
        self.client.heard.clear()

    def still(self):
        """Waits until the sentinel's window has passed. Returns, and forgets, what was heard of other configs."""
        if not self.sentinel:
            self.sentinel = self._start_sentinel()
        path, descriptor, number = self.sentinel
        self.sentinel = path, descriptor, number + 1
        os.pwrite(descriptor, b'n: %d\n' % (number + 1), 0)
        reconf.wait_until(lambda: any((heard.path, heard.member) == (path, 'ConfigChanged') and
                                      heard.arguments[3][0][3] == number + 1 for heard in self.client.heard),
                          'the sentinel')
        others = [heard for heard in self.client.settle() if path not in (heard.path, heard.arguments[0])]
        self.client.heard.clear()
        return others

    def _start_sentinel(self):
        directory = self.directory / 'sentinel'
        directory.mkdir(exist_ok=True)
        descriptor = os.open(directory / 'sentinel.yaml', os.O_CREAT | os.O_WRONLY, 0o644)
        self.addCleanup(os.close, descriptor)
        # As long as all that follow.
        os.write(descriptor, b'n: 100\n')
        config = self.client.register('sentinel', directory / 'sentinel.yaml', debounce_ms=SENTINEL_WINDOW,
                                      hot_reload=True, persist=False)
        return config.path, descriptor, 100

    def end_sentinel(self):
        """Needed before the daemon ends: the sentinel is not registered again."""
        self.client.manager('UnregisterConfig', '(s)', 'sentinel')
        self.sentinel = None

    def statistics(self, config, name):
        return config.call('GetStatistics')[name]

    def state(self, config):
        return config.get_property('State')

    def wait_state(self, config, state):
        self.wait_property(config, 'State', state)

    def names(self):
        return [config[0] for config in self.client.manager('ListConfigs')]

    def wait_names(self, *names):
        reconf.wait_until(lambda: self.names() == list(names), f'the configs {names}')

    def wait_property(self, config, name, value):
        reconf.wait_until(lambda: config.get_property(name) == value, f'{name} to be {value}')

    def assert_changed(self, config, *changes, **details):
        """The next version holds just these changes."""
        _, _, _, heard, told = config.wait_changed()
        self.assertEqual(heard, list(changes))
        self.assertLessEqual(details.items(), told.items())

    def numbers(self, config):
        """The versions in the history, newest first."""
        return [version[0] for version in config.history()]

    def configure(self, **settings):
        """Writes reconf.conf, which the daemon reads when it starts."""
        path = self.bus.settings / 'reconf' / 'reconf.conf'
        path.parent.mkdir(exist_ok=True)
        path.write_text('[Reconf]\n' + ''.join(f'{key}={value}\n' for key, value in settings.items()))

    def hold(self):
        """Stops the daemon in its tracks. Returns what lets it go on."""
        pid = self.bus.daemon_pid()
        os.kill(pid, signal.SIGSTOP)
        reconf.wait_until(lambda: process_state(pid) == 'T', 'the daemon to stop')
        return lambda: os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def held(self):
        """What is done under it, the daemon sees all at once."""
        go_on = self.hold()
        try:
            yield
        finally:
            go_on()

    def call_at_once(self, client, config, *calls):
        """Sends calls, each a method, its signature and arguments, none of which waits for the one before."""
        replies = []
        go_on = self.hold()
        for method, signature, *arguments in calls:
            client.connection.call(reconf.NAME, config.path, reconf.CONFIG, method,
                                   GLib.Variant(signature, tuple(arguments)), None, Gio.DBusCallFlags.NONE,
                                   int(reconf.TIMEOUT * 1000), None,
                                   lambda connection, result: replies.append(connection.call_finish(result)))
        client.connection.flush_sync(None)
        go_on()
        reconf.wait_until(lambda: len(replies) == len(calls), 'all replies')

    def run_tool(self, *command, **keywords):
        """Runs some program, which has to succeed."""
        result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True, check=False, timeout=reconf.TIMEOUT, **keywords)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class DropinTestCase(TestCase):
    """A case with a directory for drop-ins."""

    def setUp(self):
        super().setUp()
        self.bus.configs_d.mkdir(parents=True)

    def dropin(self, name, text=None, directory=None, **settings):
        """Saves NAME.conf by rename: File='/a' is File=/a in [Config]."""
        if text is None:
            text = '[Config]\n' + ''.join(f'{key}={value}\n' for key, value in settings.items())
        path = (directory or self.bus.configs_d) / f'{name}.conf'
        temporary = path.with_suffix('.new')
        temporary.write_text(text)
        temporary.rename(path)
        return path


def process_state(pid):
    with open(f'/proc/{pid}/stat') as stat:
        return stat.read().rpartition(')')[2].split()[0]


def daemon_command():
    """What the bus starts on a session bus."""
    service = reconf.PREFIX / 'share' / 'dbus-1' / 'services' / f'{reconf.NAME}.service'
    line = next(line for line in service.read_text().splitlines() if line.startswith('Exec='))
    return line.removeprefix('Exec=').split()
