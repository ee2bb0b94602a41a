# SPDX-License-Identifier: LGPL-2.1-or-later
"""Versions that go back by themselves unless they are confirmed in time."""
import os
import random
import signal
import sys
import time

import mounts
import reconf
import scene
from gi.repository import Gio, GLib

LONG = 600000
SOON = 300
ROUNDS = 15


def setUpModule():
    mounts.make_private()


class ConfirmCase(scene.TestCase):
    def unconfirmed(self, confirm_ms=LONG, content='a: 2 # two\n', **settings):
        """Version 1 is confirmed; version 2 waits."""
        config = self.watch(content='a: 1 # one\n', confirm_ms=confirm_ms, **settings)
        self.assertEqual(self.state(config), 'active')
        self.save('a.yaml', content)
        self.assertEqual(config.wait_changed()[1], 2)
        return config

    def confirm(self, config, version):
        config.call('Confirm', '(t)', version)

    def extend(self, config, version, ms):
        return config.call('ExtendConfirm', '(tu)', version, ms)

    def deadline(self, config):
        return config.get_property('ConfirmDeadline')

    def read(self, name='a.yaml'):
        return self.path(name).read_text()

    def states(self, config):
        return [(row[0], row[2], row[4]) for row in config.history()]

    def wait_return(self, config, origin='timeout'):
        return config.wait_changed(lambda signal: signal.arguments[4]['origin'] == origin)


class Waiting(ConfirmCase):
    def test_unconfirmed(self):
        before = time.time_ns() // 1000
        config = self.unconfirmed()
        self.assertEqual(self.state(config), 'unconfirmed')
        self.assertFalse(config.get_property('Pending'))
        self.assertGreaterEqual(self.deadline(config), before + LONG * 1000)
        self.assertLessEqual(self.deadline(config), time.time_ns() // 1000 + LONG * 1000)
        self.assertEqual(self.client.manager('ListConfigs')[0][3], 'unconfirmed')

    def test_first_version_has_nothing_to_go_back_to(self):
        config = self.watch(confirm_ms=SOON)
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assert_fails('NotUnconfirmed', self.confirm, config, 1)

    def test_timeout(self):
        config = self.unconfirmed(SOON)
        root, version, previous, changes, details = self.wait_return(config)
        self.assertEqual((root, version, previous, changes), ('/a/', 3, 2, [('a', 'modified', 2, 1)]))
        self.assertIn('not confirmed', details['message'])
        self.assertEqual(self.read(), 'a: 1 # one\n')
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assertEqual(self.states(config), [(3, 'timeout', 'active'), (2, 'file', 'rolled-back'),
                                               (1, 'register', 'superseded')])
        self.assertEqual(config.history()[0][5]['from-version'], 1)
        self.assertIn('not confirmed', config.history()[0][5]['message'])
        self.assertEqual(config.call('GetProblems'), [])
        self.assertEqual(self.still(), [])

    def test_confirm(self):
        config = self.unconfirmed(SOON)
        self.confirm(config, 2)
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assert_fails('NotUnconfirmed', self.confirm, config, 2)
        self.forget()
        self.assertEqual(self.still(), [])
        self.assertEqual((config.get('a'), self.read()), (2, 'a: 2 # two\n'))

    def test_wrong_version(self):
        config = self.unconfirmed()
        for version in (0, 1, 3, 2**64 - 1):
            with self.subTest(version):
                self.assertIn('2', self.assert_fails('NotUnconfirmed', self.confirm, config, version))
                self.assert_fails('NotUnconfirmed', self.extend, config, version, 5)
        self.assertEqual(self.state(config), 'unconfirmed')

    def test_extend(self):
        config = self.unconfirmed()
        before = time.time_ns() // 1000
        deadline = self.extend(config, 2, 2 * LONG)
        self.assertGreaterEqual(deadline, before + 2 * LONG * 1000)
        self.assertEqual(self.deadline(config), deadline)
        self.extend(config, 2, SOON)
        self.assertEqual(self.wait_return(config)[1], 3)

    def test_no_time_at_all(self):
        config = self.unconfirmed()
        self.extend(config, 2, 0)
        self.assertEqual(self.wait_return(config)[1], 3)

    def test_announced(self):
        config = self.watch(content='a: 1\n', confirm_ms=SOON)
        self.save('a.yaml', 'a: 2\n')
        told = []

        def look():
            self.client.settle()
            told.extend(heard.arguments[1] for heard in self.client.heard if heard.member == 'PropertiesChanged')
            self.client.heard.clear()
            return told and told[-1].get('State') == 'active'
        reconf.wait_until(look, 'the state')
        self.assertEqual([properties['State'] for properties in told if 'State' in properties],
                         ['unconfirmed', 'active'])
        deadlines = [properties['ConfirmDeadline'] for properties in told if 'ConfirmDeadline' in properties]
        self.assertGreater(deadlines[0], 0)
        self.assertEqual(deadlines[1:], [0])
        self.assertEqual(self.deadline(config), 0)

    def test_newest_waits(self):
        config = self.unconfirmed(SOON * 3)
        first = self.deadline(config)
        self.save('a.yaml', 'a: 3\n')
        self.assertEqual(config.wait_changed()[1:3], (3, 2))
        self.assertGreater(self.deadline(config), first)
        self.assert_fails('NotUnconfirmed', self.confirm, config, 2)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 3, 1)])
        self.assertEqual(self.read(), 'a: 1 # one\n')
        self.assertEqual(config.history()[0][5]['from-version'], 1)

    def test_confirmed_content_needs_no_confirmation(self):
        config = self.unconfirmed()
        self.save('a.yaml', 'a: 1 # again\n')
        config.wait_changed()
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assertEqual(self.read(), 'a: 1 # again\n')

    def test_rollback_takes_back(self):
        config = self.unconfirmed()
        self.assertEqual(config.rollback(), 3)
        self.assertEqual((self.state(config), self.read()), ('active', 'a: 1 # one\n'))

    def test_comments_while_unconfirmed(self):
        config = self.unconfirmed(SOON * 3)
        self.save('a.yaml', 'a: 2 # other words\n')
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_broken_while_unconfirmed(self):
        """What is broken is no version to go back from, and nobody's to overwrite."""
        config = self.unconfirmed(SOON * 3)
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        self.assertEqual(self.state(config), 'invalid')
        self.assertGreater(self.deadline(config), 0)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 2, 1)])
        self.assertEqual(self.read(), 'a: [\n')
        self.assertEqual((self.state(config), self.deadline(config)), ('invalid', 0))
        self.assertTrue(config.get_property('Pending'))

    def test_pending_edit_is_left(self):
        config = self.unconfirmed(SOON * 3)
        config.call('SetHotReload', '(b)', False)
        self.save('a.yaml', 'a: 3\n')
        self.wait_property(config, 'Pending', True)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 2, 1)])
        self.assertEqual((self.read(), config.get('a')), ('a: 3\n', 1))
        self.assertTrue(config.get_property('Pending'))
        self.assertEqual(self.still(), [])

    def test_several_files(self):
        first, second = self.write('a.yaml', 'a: 1\n'), self.write('b.yaml', 'b: 1\n')
        config = self.client.register('a', first, second, confirm_ms=SOON * 2)
        self.forget()
        self.save('a.yaml', 'a: 2\n')
        self.save('b.yaml', 'b: 2\n')
        config.wait_changed(lambda signal: self.read() == 'a: 1\n' and self.read('b.yaml') == 'b: 1\n')
        self.assertEqual(config.call('GetAll')[1], {'a': 1, 'b': 1})

    def test_set_files(self):
        config = self.watch(content='a: 1\n', confirm_ms=SOON * 2)
        other = self.write('b.yaml', 'a: 2\n')
        config.call('SetFiles', '(as)', [str(other)])
        self.wait_return(config)
        self.assertEqual(config.get_property('Files'), [str(self.path('a.yaml'))])
        self.assertEqual((self.read(), self.read('b.yaml')), ('a: 1\n', 'a: 2\n'))
        self.bus.end_daemon()
        self.assertEqual(config.get_property('Files'), [str(self.path('a.yaml'))])

    def test_schema_that_makes_both_alike(self):
        """There is no other content to go back to then, but other bytes."""
        schema = self.save('schema.json', '{"properties": {"A": {"type": "string"}}}')
        config = self.watch('a.ini', 'A = 1\n', confirm_ms=LONG, schema=str(schema))
        self.save('a.ini', 'A = 01\n')
        config.wait_changed()
        self.save('schema.json', '{"properties": {"A": {"type": "integer"}}}')
        version = config.wait_changed()[1]
        self.assertEqual(self.state(config), 'unconfirmed')
        self.extend(config, version, 0)
        self.wait_state(config, 'active')
        self.assertEqual((self.read('a.ini'), self.deadline(config)), ('A = 1\n', 0))
        self.bus.end_daemon()
        self.assertEqual((self.state(config), self.read('a.ini')), ('active', 'A = 1\n'))

    def test_pruning_keeps_what_is_gone_back_to(self):
        config = self.unconfirmed(max_versions=1)
        for number in range(3, 8):
            self.save('a.yaml', f'a: {number}\n')
            config.wait_changed()
        self.extend(config, 7, 0)
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_unregister_while_unconfirmed(self):
        self.unconfirmed(SOON)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.forget()
        self.assertEqual(self.still(), [])
        self.assertEqual(self.read(), 'a: 2 # two\n')


class Asked(ConfirmCase):
    """confirm-ms of a single call."""

    def test_reload(self):
        config = self.watch(content='a: 1\n', hot_reload=False)
        self.write('a.yaml', 'a: 2\n')
        self.assertEqual(config.reload(confirm_ms=SOON), 2)
        self.assertEqual(self.state(config), 'unconfirmed')
        self.assertEqual(self.wait_return(config)[1], 3)
        self.assertEqual(self.read(), 'a: 1\n')

    def test_reload_of_nothing_new(self):
        config = self.watch()
        self.assertEqual(config.reload(confirm_ms=SOON), 1)
        self.assertEqual(self.state(config), 'active')

    def test_reload_without(self):
        config = self.watch(content='a: 1\n', hot_reload=False, confirm_ms=SOON)
        self.write('a.yaml', 'a: 2\n')
        config.reload(confirm_ms=0)
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))

    def test_next_save_waits_as_long(self):
        config = self.watch(content='a: 1\n', hot_reload=False)
        self.write('a.yaml', 'a: 2\n')
        config.reload(confirm_ms=LONG)
        deadline = self.deadline(config)
        self.write('a.yaml', 'a: 3\n')
        config.reload()
        self.assertEqual(self.deadline(config), deadline)
        self.extend(config, 3, 0)
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1\n')

    def test_rollback(self):
        config = self.watch(content='a: 1 # one\n')
        self.save('a.yaml', 'a: 2 # two\n')
        config.wait_changed()
        self.assertEqual(config.rollback(1, confirm_ms=SOON, message='try'), 3)
        self.assertEqual((self.state(config), self.read()), ('unconfirmed', 'a: 1 # one\n'))
        self.assertEqual(self.wait_return(config)[1], 4)
        self.assertEqual(self.read(), 'a: 2 # two\n')
        self.assertEqual(self.states(config)[0:2], [(4, 'timeout', 'active'), (3, 'rollback', 'rolled-back')])

    def test_bad_options(self):
        config = self.watch()
        for settings in ({'confirm_ms': GLib.Variant('t', 5)}, {'confirm': GLib.Variant('u', 5)}):
            self.assert_fails('InvalidArgument', config.reload, **settings)
            self.assert_fails('InvalidArgument', config.rollback, **settings)


class Restarts(ConfirmCase):
    def assert_gone_back(self, config):
        self.assertEqual(config.get('a'), 1)
        self.assertEqual(self.read(), 'a: 1 # one\n')
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        version, _, origin, _, state, details = config.history()[0]
        self.assertEqual((origin, state, details['from-version']), ('timeout', 'active', 1))
        self.assertIn('started again', details['message'])
        self.assertEqual(config.history()[1][4], 'rolled-back')
        self.assert_fails('NotUnconfirmed', self.confirm, config, version)

    def test_kill(self):
        config = self.unconfirmed()
        self.bus.end_daemon()
        self.assert_gone_back(config)

    def test_not_to_persist(self):
        """The files go back at once, whether or not anybody registers it again."""
        settings = {'confirm_ms': LONG, 'persist': False}
        self.unconfirmed(**settings)
        self.bus.end_daemon()
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assertEqual(self.read(), 'a: 1 # one\n')
        self.assert_gone_back(self.client.register('a', self.path('a.yaml'), **settings))

    def test_not_to_persist_and_repaired(self):
        self.unconfirmed(persist=False)
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 3\n')
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assertEqual(self.read(), 'a: 3\n')

    def test_clean_end(self):
        config = self.unconfirmed()
        self.bus.end_daemon(signal.SIGTERM)
        self.assert_gone_back(config)

    def test_bus_goes(self):
        self.unconfirmed()
        self.restart_bus()
        self.assert_gone_back(self.client.config('a'))

    def test_confirmed_stays(self):
        config = self.unconfirmed()
        self.confirm(config, 2)
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.read()), (2, 'a: 2 # two\n'))
        self.assertEqual(self.state(config), 'active')

    def test_subscriber_hears(self):
        config = self.unconfirmed()
        config.subscribe()
        self.bus.end_daemon()
        version, changes, details = config.subscribe(since=2)
        self.assertEqual((version, changes), (3, [('a', 'modified', 2, 1)]))
        self.assertTrue(details['complete'])

    def test_repaired_meanwhile(self):
        """What somebody saved while nobody looked is a candidate, which has to be confirmed in its turn."""
        config = self.unconfirmed()
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 5 # repaired\n')
        self.assertEqual(config.get('a'), 5)
        self.assertEqual(self.read(), 'a: 5 # repaired\n')
        self.assertEqual(self.state(config), 'unconfirmed')
        self.assertEqual(config.history()[0][2], 'startup')
        self.forget()
        self.extend(config, config.history()[0][0], 0)
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_repaired_by_hand_to_what_was(self):
        config = self.unconfirmed()
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 1 # by hand\n')
        self.assertEqual((config.get('a'), self.state(config)), (1, 'active'))
        self.assertEqual(self.read(), 'a: 1 # by hand\n')

    def test_broken_meanwhile(self):
        config = self.unconfirmed()
        self.bus.end_daemon()
        self.save('a.yaml', 'a: [\n')
        self.assertEqual((config.get('a'), self.state(config)), (1, 'invalid'))
        self.assertEqual(self.read(), 'a: [\n')

    def test_one_of_two_repaired(self):
        first, second = self.write('a.yaml', 'a: 1\n'), self.write('b.yaml', 'b: 1\n')
        config = self.client.register('a', first, second, confirm_ms=LONG)
        self.save('a.yaml', 'a: 2\n')
        self.save('b.yaml', 'b: 2\n')
        reconf.wait_until(lambda: config.call('GetAll')[1] == {'a': 2, 'b': 2}, 'the saves')
        self.bus.end_daemon()
        self.save('b.yaml', 'b: 3\n')
        self.assertEqual(config.call('GetAll')[1], {'a': 1, 'b': 3})
        self.assertEqual((self.read(), self.read('b.yaml')), ('a: 1\n', 'b: 3\n'))
        self.assertEqual(self.state(config), 'unconfirmed')

    def test_stopped_in_its_time(self):
        """A suspended machine's time counts."""
        config = self.unconfirmed(SOON * 4)
        deadline = self.deadline(config)
        go_on = self.hold()
        reconf.wait_until(lambda: time.time_ns() // 1000 > deadline, 'the deadline')
        self.assertEqual(self.read(), 'a: 2 # two\n')
        go_on()
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_kill_at_any_moment(self):
        """Whenever it ends, what was confirmed last is active after a start or two, and in the file."""
        seed = random.randrange(2**32)
        dice = random.Random(seed)
        config = self.watch(content='a: 1\n', confirm_ms=LONG, debounce_ms=0, max_versions=1000)
        confirmed, value = 1, 1
        for number in range(ROUNDS):
            with self.subTest(seed=seed, round=number):
                allowed = {confirmed}
                value += 1
                self.save('a.yaml', f'a: {value}\n')
                step = dice.randrange(4)
                if step > 0:
                    reconf.wait_until(lambda: config.get('a') == value, 'the save')  # pylint: disable=cell-var-from-loop
                if step == 1:
                    allowed.add(value)
                    self.start_confirm(config)
                elif step == 2:
                    self.confirm(config, config.history()[0][0])
                    allowed = {value}
                elif step == 3:
                    self.extend(config, config.history()[0][0], 0)
                self.wait_a_moment(dice)
                self.bus.end_daemon()
                # One that nobody had seen yet is a new candidate, and goes back at the second start.
                config.get('a')
                self.bus.end_daemon()
                confirmed = config.get('a')
                self.assertIn(confirmed, allowed)
                self.assertEqual(self.read(), f'a: {confirmed}\n')
                self.assertEqual(self.state(config), 'active')

    def start_confirm(self, config):
        self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Confirm',
                                    GLib.Variant('(t)', (config.history()[0][0],)), None, Gio.DBusCallFlags.NONE, -1,
                                    None, None)
        self.client.connection.flush_sync(None)

    def wait_a_moment(self, dice):
        moment = time.perf_counter() + dice.random() * 0.004
        while time.perf_counter() < moment:
            pass

    def test_kill_in_a_rollback_to_be_confirmed(self):
        """Files partly replaced: what was active comes back, whole."""
        files = [self.write(f'{number:02}.yaml', f'k{number}: 1\n') for number in range(16)]
        config = self.client.register('a', *files, max_versions=1000)
        for number, file in enumerate(files):
            self.save(file.name, f'k{number}: 2\n')
        reconf.wait_until(lambda: set(config.call('GetAll')[1].values()) == {2}, 'the saves')
        for _ in range(ROUNDS):
            pid = self.bus.daemon_pid()
            first = files[0].stat().st_ino
            self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Rollback',
                                        GLib.Variant('(ta{sv})', (1, reconf.options(confirm_ms=LONG))), None,
                                        Gio.DBusCallFlags.NONE, -1, None, None)
            self.client.connection.flush_sync(None)
            deadline = time.monotonic() + reconf.TIMEOUT
            while files[0].stat().st_ino == first:
                self.assertLess(time.monotonic(), deadline)
            os.kill(pid, signal.SIGKILL)
            reconf.wait_for_end(pid)
            seen = len({file.read_text().split()[1] for file in files}) == 2
            self.assertEqual(set(config.call('GetAll')[1].values()), {2})
            self.assertEqual({file.read_text().split()[1] for file in files}, {'2'})
            self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
            if seen:
                return
        self.fail('no kill came in the middle')


class Clock(ConfirmCase):
    """The wall clock is set while a version waits."""
    DAY = 24 * 3600

    def setUp(self):
        super().setUp()
        self.shift = self.directory / 'shift'
        self.set_clock(0)
        library = reconf.CONFIGURATIONS.parent / 'support' / 'clock-shift.so'
        self.assertTrue(library.exists())
        self.bus.environment['RECONF_TEST_CLOCK_SHIFT'] = str(self.shift)
        self.bus.environment['LD_PRELOAD'] = str(library)
        self.bus.environment['ASAN_OPTIONS'] += ':verify_asan_link_order=0'
        self.restart_bus()

    def set_clock(self, seconds):
        self.shift.write_bytes(seconds.to_bytes(8, sys.byteorder, signed=True))

    def assert_shifted(self, config, seconds):
        off = self.deadline(config) // 1000000 - time.time() - LONG / 1000 - seconds
        self.assertLess(abs(off), reconf.TIMEOUT)

    def test_set_forward(self):
        config = self.unconfirmed()
        self.assert_shifted(config, 0)
        self.set_clock(self.DAY)
        self.assert_shifted(config, self.DAY)
        self.assertEqual(self.still(), [])
        self.assertEqual(self.state(config), 'unconfirmed')

    def test_set_back(self):
        config = self.unconfirmed()
        self.set_clock(-self.DAY)
        self.assert_shifted(config, -self.DAY)
        self.extend(config, 2, SOON)
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def set_while_away(self, seconds):
        config = self.unconfirmed()
        self.set_clock(seconds)
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.state(config)), (1, 'active'))
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_set_forward_while_away(self):
        self.set_while_away(self.DAY)

    def test_set_back_while_away(self):
        self.set_while_away(-self.DAY)


class Suspended(ConfirmCase):
    def go_back(self, config, value):
        """Saves, and has that go back at once."""
        self.save('a.yaml', f'a: {value}\n')
        version = config.wait_changed()[1]
        self.extend(config, version, 0)
        self.wait_return(config)

    def suspend(self, times=3):
        config = self.watch(content='a: 1\n', confirm_ms=LONG)
        for number in range(times):
            self.assertEqual(self.state(config), 'active')
            self.go_back(config, number + 2)
        self.assertEqual(self.state(config), 'suspended')
        return config

    def test_files_wait(self):
        config = self.suspend()
        self.save('a.yaml', 'a: 9\n')
        self.wait_property(config, 'Pending', True)
        self.forget()
        self.assertEqual(self.still(), [])
        self.assertEqual((config.get('a'), self.state(config)), (1, 'suspended'))

    def test_reload_resumes(self):
        config = self.suspend()
        self.save('a.yaml', 'a: 9\n')
        config.reload()
        self.assertEqual((config.get('a'), self.state(config)), (9, 'unconfirmed'))
        self.confirm(config, config.history()[0][0])
        self.forget()
        # The count has begun anew.
        self.go_back(config, 10)
        self.assertEqual(self.state(config), 'active')

    def test_survives(self):
        config = self.suspend()
        self.bus.end_daemon()
        self.assertEqual(self.state(config), 'suspended')
        self.save('a.yaml', 'a: 9\n')
        self.wait_property(config, 'Pending', True)
        self.assertEqual(config.get('a'), 1)
        config.reload(confirm_ms=0)
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.state(config)), (9, 'active'))

    def test_settings(self):
        self.configure(SuspendAfter=1, SuspendWithinSec=1)
        self.suspend(1)


class Diverged(ConfirmCase):
    MS_RDONLY, MS_REMOUNT = 1, 32

    def lock(self):
        """The directory cannot be written to from now on. Returns what ends that."""
        mounts.bind(str(self.files), str(self.files))
        self.addCleanup(mounts.unmount, str(self.files))
        return lambda: self.set_flags(0), lambda: self.set_flags(self.MS_RDONLY)

    def set_flags(self, flags):
        mounts.mount(None, str(self.files), flags=self.MS_REMOUNT | mounts.MS_BIND | flags)

    def diverge(self):
        self.unlock, lock = self.lock()
        config = self.unconfirmed()
        lock()
        self.extend(config, 2, 0)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 2, 1)])
        self.assertEqual((self.state(config), config.get('a')), ('diverged', 1))
        self.assertEqual(self.read(), 'a: 2 # two\n')
        self.assertTrue(config.get_property('Pending'))
        return config

    def test_why(self):
        """It is told once, and by the config until it is mended."""
        config = self.diverge()
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual((stage, len(problems)), ('read', 1))
        self.assertIn(str(self.path('a.yaml')), problems[0][3])
        self.assert_fails('WriteFailed', config.reload)
        self.assertEqual(config.call('GetProblems'), problems)
        self.bus.end_daemon()
        self.assertEqual(config.call('GetProblems'), problems)
        self.forget()
        self.assert_fails('WriteFailed', config.reload)
        self.assertNotIn('ReloadFailed', [heard.member for heard in self.client.settle()])
        self.unlock()
        config.reload()
        self.assertEqual(config.call('GetProblems'), [])

    def test_reload_mends(self):
        config = self.diverge()
        self.assert_fails('WriteFailed', config.reload)
        self.assertEqual((self.state(config), config.get('a')), ('diverged', 1))
        self.unlock()
        self.assertEqual(config.reload(), 3)
        self.assertEqual((self.state(config), self.read()), ('active', 'a: 1 # one\n'))
        self.assertFalse(config.get_property('Pending'))

    def test_next_event_mends(self):
        config = self.diverge()
        self.unlock()
        os.utime(self.path('a.yaml'))
        with open(self.path('a.yaml'), 'a', encoding='utf-8'):
            pass
        self.wait_state(config, 'active')
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_edit_is_a_candidate(self):
        config = self.diverge()
        self.unlock()
        self.save('a.yaml', 'a: 7\n')
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 7)])
        self.assertEqual((self.state(config), self.read()), ('unconfirmed', 'a: 7\n'))

    def test_restart_mends(self):
        config = self.diverge()
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.state(config)), (1, 'diverged'))
        self.unlock()
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.state(config)), (1, 'active'))
        self.assertEqual(self.read(), 'a: 1 # one\n')


class Undecodable(scene.DropinTestCase):
    """What it would go back to cannot be had."""

    def begin(self, **settings):
        """Version 2 is active, and 1 cannot be decoded."""
        self.decode = self.directory / 'decode'
        self.runs = self.directory / 'runs'
        self.write_program('cat')
        self.file = self.write('a.conf', '{"a": 1}')
        self.dropin('a', f'[Config]\nFile={self.file}\n' +
                    ''.join(f'{key}={value}\n' for key, value in settings.items()) +
                    f'[Decode]\nCommand={self.decode}\n')
        config = self.client.config('a')
        self.assertEqual(config.get('a'), 1)
        self.client.register_instance('a', ack=True)
        self.save('a.conf', '{"a": 2}')
        reconf.wait_until(lambda: config.get('a') == 2, 'the save')
        self.write_program(f'echo >>{self.runs}; exit 1')
        self.forget()
        return config

    def wait_tried_again(self):
        reconf.wait_until(lambda: len(self.runs.read_text()) > 1, 'another try')

    def assert_back(self, config, origin):
        self.write_program('cat')
        config.wait_changed(lambda signal: signal.arguments[4]['origin'] == origin)
        self.assertEqual((config.get('a'), self.file.read_text()), (1, '{"a": 1}'))
        self.assertEqual((config.get_property('State'), config.call('GetProblems')), ('active', []))

    def test_tried_again(self):
        config = self.begin(ConfirmMs=LONG)
        config.call('ExtendConfirm', '(tu)', 2, 0)
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual((stage, config.get('a')), ('decode', 2))
        # The files hold what is active.
        self.assertEqual((self.state(config), config.get_property('Pending')), ('unconfirmed', False))
        self.assertEqual(config.call('GetProblems'), problems)
        self.assert_back(config, 'timeout')

    def test_confirmed_after_all(self):
        config = self.begin(ConfirmMs=LONG)
        config.call('ExtendConfirm', '(tu)', 2, 0)
        config.wait_signal('ReloadFailed')
        config.call('Confirm', '(t)', 2)
        self.assertEqual((self.state(config), config.call('GetProblems')), ('active', []))

    def test_told_once(self):
        config = self.begin(OnFailure='rollback', AckMs=LONG // 10)
        instance, version = self.client.register_instance('a', ack=True)
        instance.report(version, 'failed')
        stages = []

        def hear():
            stages.extend(heard.arguments[0] for heard in self.client.heard if heard.member == 'ReloadFailed')
            self.client.heard.clear()
            return len(stages) == 2

        reconf.wait_until(hear, 'both failures')
        self.wait_tried_again()
        self.client.settle()
        hear()
        self.assertEqual(stages, ['instance', 'decode'])
        self.assert_back(config, 'failure')

    def write_program(self, text):
        temporary = self.decode.with_suffix('.new')
        temporary.write_text(f'#!/bin/sh\n{text}\n')
        temporary.chmod(0o755)
        temporary.rename(self.decode)
