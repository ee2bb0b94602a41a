# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bus starts the daemon, on both kinds of bus, and starts it again when it is gone."""
import os
import signal

import reconf


class Activation(reconf.TestCase):
    def test_first_call_starts_it(self):
        self.assertEqual(self.bus.daemon_pid(), 0)
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assertGreater(self.bus.daemon_pid(), 0)

    def test_signals_arrive(self):
        path = self.write('a.yaml', 'a: 1\n')
        config = self.client.register('a', path)
        self.save('a.yaml', 'a: 2\n')
        root, _, previous, changes, details = config.wait_changed(lambda heard: heard.arguments[1] == 2)
        self.assertEqual((root, previous), ('/a/', 1))
        self.assertEqual(changes, [('a', 'modified', 1, 2)])
        self.assertEqual(details['origin'], 'file')
        self.assertEqual(self.client.settle(), [])

    def test_starts_again(self):
        path = self.write('a.yaml', 'a: 1\n')
        for number in (signal.SIGKILL, signal.SIGTERM):
            with self.subTest(number):
                self.client.register('a', path)
                before = self.bus.daemon_pid()
                self.bus.end_daemon(number)
                self.assertEqual(self.client.config('a').get('a'), 1)
                self.assertNotEqual(self.bus.daemon_pid(), before)

    def test_bus_restarts(self):
        self.client.register('a', self.write('a.yaml', 'a: 1\n'))
        pid = self.bus.daemon_pid()
        self.restart_bus()
        self.assertEqual(self.client.config('a').get('a'), 1)
        self.assertNotEqual(self.bus.daemon_pid(), pid)

    def test_reconfctl(self):
        self.client.register('a', self.write('a.yaml', 'a: 1\n'))
        result = self.bus.reconfctl('get', 'a', 'a')
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, '1\n', ''))


class SystemActivation(reconf.TestCase):
    bus_kind = 'system'

    def setUp(self):
        if os.geteuid() != 0:
            self.skipTest('the service of the system is for root')
        super().setUp()

    def test_first_call_starts_it(self):
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'))
        self.assertEqual(config.get('a'), 1)
        self.assertTrue((self.bus.state / 'reconf').is_dir())

    def test_others_are_refused(self):
        secret = self.write('a.yaml', 'a: 1\n')
        secret.chmod(0o600)
        config = self.client.register('a', secret)
        result = self.bus.run('gdbus', 'call', '--system', '--dest', reconf.NAME, '--object-path', config.path,
                              '--method', reconf.CONFIG + '.GetAll', user=65534, group=65534, extra_groups=[])
        self.assertNotEqual(result.returncode, 0)
        self.assertIn('AccessDenied', result.stderr)
