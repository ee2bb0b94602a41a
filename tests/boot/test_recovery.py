# SPDX-License-Identifier: LGPL-2.1-or-later
"""What nobody confirmed goes back, whatever ends the system, before any program reads it.

The daemon is not enabled here: the files are right although nobody has called it, and it makes a version of that when
somebody does.
"""
import machine
import reconf
from gi.repository import Gio, GLib

LONG = 600000
# More steps than anything takes.
MANY = 40

FILE = '/etc/shop/shop.yaml'
ONE, TWO, THREE = 'a: 1 # one\n', 'a: 2 # two\n', 'a: 3 # three\n'

# The first of all units that an administrator may write without taking care of its place.
EARLY_READER = """
[Unit]
DefaultDependencies=no
After=sysinit.target
Before=basic.target

[Service]
Type=oneshot
ExecStart=cp --recursive --no-dereference /etc/shop /run/reading
ExecStart=mv /run/reading /run/early-reader
"""


class ConfirmCase(machine.TestCase):
    def setUp(self):
        super().setUp()
        self.write('/etc/systemd/system/early-reader.service', EARLY_READER)
        wants = self.machine.path('/etc/systemd/system/basic.target.wants')
        wants.mkdir()
        (wants / 'early-reader.service').symlink_to('../early-reader.service')
        self.boot()

    def unconfirmed(self):
        """Version 1 is confirmed; version 2 waits."""
        config = self.watch(ONE, confirm_ms=LONG)
        self.save(FILE, TWO)
        self.assertEqual(config.wait_changed()[1], 2)
        return config

    def early(self, name='shop.yaml'):
        """What a program that starts early has read in this boot."""
        return (self.machine.running_path('/run/early-reader') / name).read_text()

    def has_early_reader(self):
        return self.machine.running_path('/run/early-reader').exists()

    def assert_files(self, content):
        self.assertEqual((self.early(), self.read(FILE)), (content, content))
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState'), {'ActiveState': 'inactive'})

    def states(self, config):
        return [(row[0], row[2], row[4]) for row in config.history()]

    def assert_returned(self):
        """Version 2 is gone from where programs look, and the daemon says so."""
        self.assert_files(ONE)
        config = self.client.config('shop')
        self.assertEqual(config.get(), {'a': 1})
        self.assertEqual(config.get_property('State'), 'active')
        *_, (number, origin, state), _, _ = history = self.states(config)
        self.assertEqual(history, [(number, 'timeout', 'active'), (2, 'file', 'rolled-back'),
                                   (1, 'register', 'superseded')])
        self.assertGreater(number, 2)
        self.assertEqual(self.read(FILE), ONE)


class Ends(ConfirmCase):
    def test_reboot(self):
        self.unconfirmed()
        self.machine.shut_down()
        self.assertEqual(self.read(FILE), TWO)
        self.boot()
        self.assert_returned()
        journal = self.machine.journal('--boot=0', '--unit=reconf-recover.service')
        self.assertIn('shop: version 1 is in its files again', journal)

    def test_power_cut(self):
        self.unconfirmed()
        self.machine.kill()
        self.assertEqual(self.read(FILE), TWO)
        self.boot()
        self.assert_returned()

    def test_power_cut_again_and_again(self):
        self.unconfirmed()
        for _ in range(3):
            self.machine.kill()
            self.boot()
            self.assert_files(ONE)
        self.assert_returned()

    def test_daemon_killed(self):
        config = self.unconfirmed()
        self.machine.run('systemctl', 'kill', '--signal=KILL', 'reconf.service')
        self.assertEqual(config.wait_changed()[4]['origin'], 'timeout')
        self.assertEqual(self.read(FILE), ONE)
        self.wait_state(config, 'active')

    def test_bus_killed(self):
        self.unconfirmed()
        self.machine.run('systemctl', 'kill', '--signal=KILL', 'dbus.service')
        reconf.wait_until(lambda: self.read(FILE) == ONE, 'the return')
        self.client = self.machine.connect()
        config = self.client.config('shop')
        self.wait_state(config, 'active')
        self.assertEqual(config.get('a'), 1)
        self.assertEqual(config.history()[0][2], 'timeout')


class Stays(ConfirmCase):
    def test_confirmed(self):
        """What was confirmed is so from the reply on."""
        config = self.unconfirmed()
        config.call('Confirm', '(t)', 2)
        self.machine.kill()
        self.boot()
        self.assert_files(TWO)
        config = self.client.config('shop')
        self.assertEqual(config.get_property('State'), 'active')
        self.assertEqual(self.states(config), [(2, 'file', 'active'), (1, 'register', 'superseded')])

    def test_repaired(self):
        """What somebody saved while the system was down is a candidate of its own."""
        self.unconfirmed()
        self.machine.kill()
        self.save(FILE, THREE)
        self.boot()
        self.assert_files(THREE)
        self.assertIn('these stay as they are', self.machine.journal('--boot=0', '--unit=reconf-recover.service'))
        config = self.client.config('shop')
        reconf.wait_until(lambda: config.get('a') == 3, 'the candidate')
        self.assertEqual(config.get_property('State'), 'unconfirmed')
        self.assertEqual([(origin, state) for _, origin, state in self.states(config)],
                         [('startup', 'active'), ('timeout', 'superseded'), ('file', 'rolled-back'),
                          ('register', 'superseded')])
        self.assertEqual(self.read(FILE), THREE)


class Unit(ConfirmCase):
    def test_once(self):
        """It runs once a boot, not whenever a unit is started that comes after it."""
        self.unconfirmed()
        self.machine.reboot()
        self.machine.run('systemctl', 'mask', '--runtime', 'early-reader.service')
        before = self.machine.unit('reconf-recover.service', 'ActiveState', 'SubState', 'InvocationID')
        self.machine.run('systemctl', 'start', 'basic.target', 'systemd-tmpfiles-clean.service')
        self.assertEqual(self.machine.unit('reconf-recover.service', 'ActiveState', 'SubState', 'InvocationID'), before)
        self.assertEqual((before['ActiveState'], before['SubState']), ('active', 'exited'))

    def test_with_daemon(self):
        """Where the daemon is started in the same boot, it finds the state free and the file as it is to be."""
        self.machine.run('systemctl', 'enable', 'reconf.service')
        self.unconfirmed()
        self.machine.kill()
        self.boot()
        self.assertEqual(self.early(), ONE)
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState', 'NRestarts'),
                         {'ActiveState': 'active', 'NRestarts': '0'})
        config = self.client.config('shop')
        self.assertEqual((config.get('a'), config.get_property('State')), (1, 'active'))
        self.assertEqual(self.machine.journal('--boot=0', '--unit=reconf.service', '--priority=warning'), '')

    def test_masked(self):
        """Without it the daemon does all by itself, later."""
        self.unconfirmed()
        self.machine.run('systemctl', 'mask', 'reconf-recover.service')
        self.machine.reboot()
        self.client = self.machine.connect()
        self.assertEqual(self.early(), TWO)
        config = self.client.config('shop')
        reconf.wait_until(lambda: config.get('a') == 1, 'the return')
        self.assertEqual(self.read(FILE), ONE)

    def test_damaged_state(self):
        """A state that cannot be read does not keep the system from coming up, nor the daemon from starting."""
        self.unconfirmed()
        self.machine.kill()
        self.machine.path('/var/lib/reconf/state.db-wal').unlink()
        self.write('/var/lib/reconf/state.db', 'nonsense\n')
        self.boot()
        self.assertEqual(self.machine.unit('reconf-recover.service', 'Result'), {'Result': 'exit-code'})
        self.assert_files(TWO)
        self.assertEqual(self.client.manager('ListConfigs'), [])

    def test_without_state(self):
        self.machine.reboot()
        self.assertFalse(self.machine.path('/var/lib/reconf').exists())


class Steps(ConfirmCase):
    """The power goes before each of the calls that make something last."""

    def cut_power(self, step, is_over):
        """When the slowed program is about to do its step after those it has done. False where all was over first."""
        target = self.steps() + step
        reconf.wait_until(lambda: self.steps() >= target or is_over(), f'step {step}')
        reached = self.steps() >= target
        self.machine.kill()
        return reached

    def has_heard(self, origin):
        return any(heard.member == 'ConfigChanged' and heard.arguments[4]['origin'] == origin
                   for heard in self.client.heard)

    def check_save(self, step):
        """True where the power went before the step, false where there were fewer."""
        self.save(FILE, TWO)
        reached = self.cut_power(step, lambda: self.has_heard('file'))
        told = self.has_heard('file')
        self.boot()
        content = self.early()
        self.assertIn(content, [ONE] if told else [ONE, TWO])
        self.assert_files(content)
        config = self.client.config('shop')
        self.wait_state(config, 'active' if content == ONE else 'unconfirmed')
        self.assertEqual((config.get(), self.read(FILE)), ({'a': 1 if content == ONE else 2}, content))
        if content == TWO:
            config.rollback()
        return reached

    def check_return(self, step):
        config = self.client.config('shop')
        self.save(FILE, TWO)
        version = config.wait_changed()[1]
        # Its time is over; there may be nobody left to answer.
        self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'ExtendConfirm',
                                    GLib.Variant('(tu)', (version, 0)), None, Gio.DBusCallFlags.NONE, -1, None, None)
        reached = self.cut_power(step, lambda: self.has_heard('timeout'))
        self.boot()
        self.assert_files(ONE)
        config = self.client.config('shop')
        self.wait_state(config, 'active')
        self.assertEqual((config.get(), self.read(FILE)), ({'a': 1}, ONE))
        newest, before, *_ = self.states(config)
        self.assertEqual((newest[1:], before), (('timeout', 'active'), (version, 'file', 'rolled-back')))
        return reached

    def check_all(self, check):
        self.slow('reconf.service')
        self.watch(ONE, confirm_ms=LONG)
        for step in range(1, MANY):
            reached = False
            with self.subTest(step=step):
                reached = check(step)
                self.client.settle()
                self.client.heard.clear()
            if not reached:
                break
        self.assertIn(step, range(2, MANY - 1))

    def test_save(self):
        """Before it was told of, it may be a version or not; it never becomes one that need not be confirmed."""
        self.check_all(self.check_save)

    def test_return(self):
        """Once it was told of, it is gone at the next boot, wherever it was on its way back."""
        self.check_all(self.check_return)


class Files(ConfirmCase):
    """Several files cannot change at once."""

    def setUp(self):
        super().setUp()
        self.names = ('first', 'second')
        self.files = [f'/etc/shop/{name}.env' for name in self.names]

    def contents(self, number):
        return [f'{name.upper()}={number}\n' for name in self.names]

    def save_all(self, number):
        for file, content in zip(self.files, self.contents(number)):
            self.save(file, content)

    def unconfirmed_files(self):
        for file, content in zip(self.files, self.contents(1)):
            self.write(file, content)
        config = self.client.register('many', *self.files, confirm_ms=LONG)
        self.save_all(2)
        reconf.wait_until(lambda: set(config.get('').values()) == {'2'}, 'the new version')

    def found_early(self):
        return [self.early(f'{name}.env') for name in self.names]

    def test_one_repaired(self):
        """It stays; the other goes back."""
        self.unconfirmed_files()
        self.machine.shut_down()
        self.save(self.files[1], 'SECOND=3\n')
        self.boot()
        self.assertEqual(self.found_early(), ['FIRST=1\n', 'SECOND=3\n'])
        config = self.client.config('many')
        reconf.wait_until(lambda: config.get('') == {'FIRST': '1', 'SECOND': '3'}, 'the candidate')
        self.assertEqual(config.get_property('State'), 'unconfirmed')

    def cut_power_early(self, step):
        """In a boot, when the slowed recovery is about to do its step. False where it did less."""
        self.machine.path(machine.STEPS).unlink(missing_ok=True)
        self.machine.boot(until=lambda: self.steps() >= step or self.has_early_reader())
        reached = not self.has_early_reader()
        self.machine.kill()
        return reached

    def test_power_cut_while_they_are_put_back(self):
        """Whatever was done of it, the next boot does the rest."""
        self.slow('reconf-recover.service')
        self.unconfirmed_files()
        self.machine.kill()
        partly = 0
        for step in range(1, MANY):
            self.save_all(2)
            reached = self.cut_power_early(step)
            partly += [self.read(file) for file in self.files] not in (self.contents(1), self.contents(2))
            self.machine.boot(until=self.has_early_reader)
            self.assertEqual(self.found_early(), self.contents(1), f'after step {step}')
            self.machine.kill()
            if not reached:
                break
        self.assertIn(step, range(2, MANY - 1))
        self.assertGreater(partly, 0)
