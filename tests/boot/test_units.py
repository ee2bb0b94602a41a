# SPDX-License-Identifier: LGPL-2.1-or-later
"""The installed units under the systemd that they are for: started when called, ready when they say so."""
import machine
import packages
import reconf
from gi.repository import Gio

# Long enough for a busy machine to give a sign in half of it.
WATCHDOG_SEC = 4
HOUR_USEC = 3600000000


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

    def test_autopkgtest(self):
        """The test of the package that wants a whole system passes in this one."""
        self.write('/autopkgtest', (packages.PACKAGING / 'debian' / 'tests' / 'system').read_text())
        said = self.machine.run('sh', '/autopkgtest')
        self.assertIn('was rolled back', said.stdout, said.stderr)

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
        self.assertEqual(self.machine.unit('reconf.service', 'WatchdogUSec'), {'WatchdogUSec': '3min'})

    def test_readiness(self):
        """Started is what has its name, and has looked at what was saved before."""
        self.watch('a: 1\n')
        self.machine.run('systemctl', 'stop', 'reconf.service')
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        self.machine.run('systemctl', 'start', 'reconf.service')
        self.assertTrue(self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameHasOwner', '(s)',
                                         reconf.NAME, name='org.freedesktop.DBus'))
        config = self.client.config('shop')
        self.assertEqual((config.get('a'), config.get_property('Version')), (2, 2))

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

    def test_watchdog(self):
        """One that does not move any longer is ended and started again, and leaves nothing of its memory."""
        self.override('reconf.service', f'WatchdogSec={WATCHDOG_SEC}s')
        config = self.watch('a: 1\n')
        self.machine.run('systemctl', 'kill', '--signal=STOP', 'reconf.service')
        reconf.wait_until(lambda: self.machine.unit('reconf.service', 'NRestarts', 'ActiveState') ==
                          {'NRestarts': '1', 'ActiveState': 'active'}, 'the restart')
        self.assertIn('Watchdog timeout', self.machine.journal('--unit=reconf.service'))
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 2)])

    def test_stuck_loop(self):
        """One that is stuck in the middle of a call is ended, and started again for all others."""
        self.trace('reconf.service', '/trace', '-e', 'trace=memfd_create', '-e',
                   f'inject=memfd_create:delay_enter={HOUR_USEC}')
        self.override('reconf.service', f'WatchdogSec={WATCHDOG_SEC}s', name='watchdog')
        config = self.watch('a: 1\n')
        # A question that wants no answer would be passed over.
        self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'GetSnapshot', None, None,
                                    Gio.DBusCallFlags.NONE, -1, None, lambda connection, result: None)
        reconf.wait_until(lambda: self.machine.unit('reconf.service', 'NRestarts', 'ActiveState') ==
                          {'NRestarts': '1', 'ActiveState': 'active'}, 'the restart')
        self.assertIn('Watchdog timeout', self.machine.journal('--unit=reconf.service'))
        self.assertEqual(config.get('a'), 1)

    def test_watchdog_is_heard(self):
        """Who has nothing to do says that he lives."""
        self.override('reconf.service', f'WatchdogSec={WATCHDOG_SEC}s')
        self.watch('a: 1\n')
        first = self.machine.unit('reconf.service', 'WatchdogTimestampMonotonic')
        reconf.wait_until(lambda: self.machine.unit('reconf.service', 'WatchdogTimestampMonotonic') != first, 'a sign')
        self.assertEqual(self.machine.unit('reconf.service', 'NRestarts', 'ActiveState'),
                         {'NRestarts': '0', 'ActiveState': 'active'})

    def test_idle(self):
        """With nothing to do it leaves, in good order, and the next call has it again."""
        self.write('/etc/reconf/reconf.conf', '[Reconf]\nIdleExitSec=0\n')
        self.assertEqual(self.client.manager('ListConfigs'), [])
        reconf.wait_until(lambda: self.machine.unit('reconf.service', 'ActiveState', 'Result', 'NRestarts') ==
                          {'ActiveState': 'inactive', 'Result': 'success', 'NRestarts': '0'}, 'the end')
        before = self.machine.unit('reconf.service', 'InvocationID')
        config = self.watch('a: 1\n')
        self.assertNotEqual(self.machine.unit('reconf.service', 'InvocationID'), before)
        # It may have been about to leave again when it was given something to do.
        reconf.wait_until(lambda: self.machine.unit('reconf.service', 'ActiveState') == {'ActiveState': 'active'},
                          'a service that stays')
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 2)])

    def test_stop(self):
        """It is stopped for good, and what was saved meanwhile is found at the next call."""
        self.watch('a: 1\n')
        self.machine.run('systemctl', 'stop', 'reconf.service')
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState', 'Result'),
                         {'ActiveState': 'inactive', 'Result': 'success'})
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        config = self.client.config('shop')
        self.assertEqual([row[2] for row in config.history()], ['startup', 'register'])

    def test_stop_of_system(self):
        """It ends before the bus does, and that is no failure."""
        self.watch('a: 1\n')
        self.machine.shut_down()
        journal = self.machine.journal('--unit=reconf.service')
        self.assertIn('Stopped reconf.service', journal)
        self.assertNotIn('Failed', journal)
        self.assertEqual(self.machine.journal('_COMM=reconfd', '--priority=warning'), '')

    def test_limits(self):
        """What a command does that runs in its place is not its end, nor is it to have many files to read."""
        self.watch('a: 1\n')
        self.assertEqual(self.machine.unit('reconf.service', 'OOMPolicy', 'TasksMax', 'LimitCORE', 'TimeoutStartUSec'),
                         {'OOMPolicy': 'continue', 'TasksMax': '1024', 'LimitCORE': '0', 'TimeoutStartUSec': '5min'})

    def test_reload_of_units(self):
        """New units, as those of an upgrade, do not disturb it; a restart has them, and the history."""
        config = self.watch('a: 1\n')
        before = self.machine.unit('reconf.service', 'InvocationID')
        self.override('reconf.service', 'Environment=RECONF_ENVIRONMENT=next')
        self.assertEqual(self.machine.unit('reconf.service', 'InvocationID'), before)
        self.machine.run('systemctl', 'restart', 'reconf.service')
        self.assertEqual(self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Environment'), 'next')
        self.assertEqual([row[:3:2] for row in config.history()], [(1, 'register')])

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
