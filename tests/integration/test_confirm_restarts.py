# SPDX-License-Identifier: LGPL-2.1-or-later
"""Versions that wait to be confirmed while the service ends, the machine sleeps and its clock is set."""
import os
import random
import signal
import sys
import time

import confirming
import reconf
from gi.repository import Gio, GLib

ROUNDS = 15


class Restarts(confirming.TestCase):
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
        settings = {'confirm_ms': confirming.LONG, 'persist': False}
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
        config = self.client.register('a', first, second, confirm_ms=confirming.LONG)
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
        config = self.unconfirmed(confirming.BRIEF)
        deadline = self.deadline(config)
        go_on = self.hold()
        self.wait_past(deadline)
        self.assertEqual(self.read(), 'a: 2 # two\n')
        go_on()
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_kill_at_any_moment(self):
        """Whenever it ends, what was confirmed last is active after a start or two, and in the file."""
        seed = random.randrange(2**32)
        dice = random.Random(seed)
        config = self.watch(content='a: 1\n', confirm_ms=confirming.LONG, debounce_ms=0, max_versions=1000)
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
        end = time.monotonic() + reconf.TIMEOUT
        while time.monotonic() < end:
            pid = self.bus.daemon_pid()
            first = files[0].stat().st_ino
            self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Rollback',
                                        GLib.Variant('(ta{sv})', (1, reconf.options(confirm_ms=confirming.LONG))), None,
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


class Clock(confirming.TestCase):
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
        off = self.deadline(config) // 1000000 - time.time() - confirming.LONG / 1000 - seconds
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
        self.extend(config, 2, confirming.SOON)
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
