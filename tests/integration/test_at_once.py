# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls that come while a large file is read by a worker: each is answered, whatever becomes of the config."""
import contextlib

import reconf
import scene
from gi.repository import Gio, GLib


class AtOnce(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.large = self.write_large(1)
        self.answers = []

    def write_large(self, value):
        return self.save('large.yaml', f'a: {value}\nb: {"x" * (5 << 20)}\n')

    def send(self, path, interface, method, signature='()', *arguments):
        def done(connection, result):
            try:
                self.answers.append((method, *connection.call_finish(result).unpack()))
            except GLib.Error as error:
                self.answers.append((method, Gio.DBusError.get_remote_error(error).removeprefix(reconf.ERROR)))

        self.client.connection.call(reconf.NAME, path, interface, method, GLib.Variant(signature, arguments), None,
                                    Gio.DBusCallFlags.NONE, int(reconf.TIMEOUT * 1000), None, done)

    @contextlib.contextmanager
    def at_once(self):
        """What is sent under it is all there before the daemon sees any of it."""
        with self.held():
            yield
            self.client.connection.flush_sync(None)

    def wait_answers(self, count):
        reconf.wait_until(lambda: len(self.answers) == count, 'all answers')
        return self.answers

    def test_registered_twice(self):
        self.client.manager('ListConfigs')
        with self.at_once():
            for _ in range(2):
                self.send(reconf.MANAGER_PATH, reconf.MANAGER, 'RegisterConfig', '(sasa{sv})', 'a', [str(self.large)],
                          {})
        first, second = self.wait_answers(2)
        self.assertEqual(first, second)
        self.assertEqual(self.client.config('a').get('a'), 1)

    def test_reloaded_twice(self):
        config = self.client.register('a', self.large, hot_reload=False)
        self.write_large(2)
        with self.at_once():
            for _ in range(2):
                self.send(config.path, reconf.CONFIG, 'Reload', '(a{sv})', {})
        self.assertEqual(self.wait_answers(2), [('Reload', 2)] * 2)

    def test_unregistered_meanwhile(self):
        """Whoever waits is told; nobody waits for ever."""
        config = self.client.register('a', self.large, hot_reload=False)
        self.write_large(2)
        with self.at_once():
            self.send(config.path, reconf.CONFIG, 'Reload', '(a{sv})', {})
            self.send(config.path, reconf.CONFIG, 'Rollback', '(ta{sv})', 1, {})
            self.send(reconf.MANAGER_PATH, reconf.MANAGER, 'UnregisterConfig', '(s)', 'a')
        answers = dict(answer if len(answer) > 1 else (*answer, None) for answer in self.wait_answers(3))
        self.assertEqual(answers, {'UnregisterConfig': None, 'Reload': 'NoSuchConfig', 'Rollback': 'NoSuchConfig'})
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assertEqual(self.client.register('a', self.large).get('a'), 2)

    def test_caller_leaves_meanwhile(self):
        other = self.bus.connect()
        other.connection.call(reconf.NAME, reconf.MANAGER_PATH, reconf.MANAGER, 'RegisterConfig',
                              GLib.Variant('(sasa{sv})', ('a', [str(self.large)], {})), None, Gio.DBusCallFlags.NONE,
                              -1, None, None)
        other.connection.flush_sync(None)
        other.close()
        # Registered or not: either way the same call works now.
        self.assertEqual(self.client.register('a', self.large).get('a'), 1)
