# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installed units under the systemd that they are for: started when called, ready when they say so."""
import machine
import reconf


class Units(machine.TestCase):
    def setUp(self):
        super().setUp()
        self.boot()

    def test_verify(self):
        """Nothing in them that systemd does not know, and nothing that they refer to is missing."""
        directory = machine.IMAGE / 'usr' / 'lib' / 'systemd'
        for kind in ('system', 'user'):
            units = [path.name for path in (directory / kind).glob('*.service')]
            self.assertIn('reconf.service', units)
            said = self.machine.run('env', 'XDG_RUNTIME_DIR=/run', 'systemd-analyze', f'--{kind}', 'verify',
                                    '--man=no', *units)
            self.assertEqual(said.stdout + said.stderr, '')

    def test_boot(self):
        """Where nothing is enabled, nothing runs, and the early unit is not missed."""
        self.assertEqual(self.machine.run('systemctl', 'is-system-running').stdout, 'running\n')
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState'), {'ActiveState': 'inactive'})
        self.assertEqual(self.machine.unit('reconf-recover.service', 'LoadState', 'ActiveState', 'ConditionResult'),
                         {'LoadState': 'loaded', 'ActiveState': 'inactive', 'ConditionResult': 'no'})

    def test_activation(self):
        """The bus has systemd start it at the first call, which waits until it is ready."""
        config = self.watch('a: 1\n')
        state = self.machine.unit('reconf.service', 'ActiveState', 'SubState', 'StatusText')
        self.assertEqual(state, {'ActiveState': 'active', 'SubState': 'running',
                                 'StatusText': 'Watching on the system bus'})
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 2)])
        self.assertEqual(self.machine.run('reconfctl', 'get', 'shop', 'a').stdout, '2\n')

    def test_kill(self):
        """systemd starts it again, and it goes on where it was."""
        config = self.watch('a: 1\n')
        self.machine.run('systemctl', 'kill', '--signal=KILL', 'reconf.service')
        reconf.wait_until(lambda: self.machine.unit('reconf.service', 'NRestarts', 'ActiveState') ==
                          {'NRestarts': '1', 'ActiveState': 'active'}, 'the restart')
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 2)])
        self.assertEqual([version[0] for version in config.history()], [2, 1])
        self.assertEqual(self.machine.unit('reconf.service', 'NRestarts'), {'NRestarts': '1'})

    def test_enabled(self):
        """It watches from boot on, and finds what was saved in between."""
        self.machine.run('systemctl', 'enable', 'reconf.service')
        self.watch('a: 1\n')
        self.machine.shut_down()
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        self.boot()
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState'), {'ActiveState': 'active'})
        config = self.client.config('shop')
        self.assertEqual(config.get('a'), 2)
        self.assertEqual(config.history()[0][2], 'startup')
