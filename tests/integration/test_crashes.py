# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 at any moment: nothing that was told is lost, and nothing is left half done."""
import os
import random
import signal
import time

import reconf
import scene
from gi.repository import Gio, GLib

ROUNDS = 20


class Crashes(scene.TestCase):
    def assert_sound(self, config, heard):
        """What was told is in the history, which is whole; the active version is what the files hold."""
        history = config.history()
        numbers = [version[0] for version in history]
        self.assertEqual(numbers, sorted(set(numbers), reverse=True))
        self.assertLessEqual(heard, set(numbers), 'told and then lost')
        self.assertEqual([version[4] for version in history], ['active'] + ['superseded'] * (len(history) - 1))
        self.assertEqual(numbers[0], config.call('GetAll')[0])

    def take_heard(self, config):
        """Numbers of the versions that were told since the last time."""
        told = {heard.arguments[1] for heard in self.client.heard
                if (heard.path, heard.member) == (config.path, 'ConfigChanged')}
        self.client.heard.clear()
        return told

    def kill(self, dice):
        """At some moment of the next milliseconds."""
        moment = time.perf_counter() + dice.random() * 0.004
        while time.perf_counter() < moment:
            pass
        self.bus.end_daemon()

    def test_while_saving(self):
        seed = random.randrange(2**32)
        dice = random.Random(seed)
        config = self.watch(max_versions=1000, debounce_ms=0)
        config.subscribe()
        value = 1
        heard = set()
        for number in range(ROUNDS):
            with self.subTest(seed=seed, round=number):
                # One at least is told of, however the others fare.
                value += 1
                self.save('a.yaml', f'a: {value}\n')
                heard.add(config.wait_changed(lambda told, value=value: told.arguments[3][0][3] == value)[1])
                for _ in range(dice.randrange(1, 20)):
                    value += 1
                    (self.save if dice.random() < 0.5 else self.write)('a.yaml', f'a: {value}\n')
                self.kill(dice)
                self.assertEqual(config.get('a'), value)
                self.client.settle()
                heard |= self.take_heard(config)
                self.assert_sound(config, heard)

    def test_while_registering(self):
        """A registration is there as a whole, or not at all; one that was answered is there."""
        dice = random.Random(1)
        answered = set()
        for number in range(ROUNDS):
            path = self.write(f'{number}.yaml', f'a: {number}\n')
            config = self.client.register(f'config-{number}', path)
            answered.add(f'config-{number}')
            parameters = GLib.Variant('(sasa{sv})', (f'late-{number}', [str(path)], {}))
            self.client.connection.call(reconf.NAME, reconf.MANAGER_PATH, reconf.MANAGER, 'RegisterConfig', parameters,
                                        None, Gio.DBusCallFlags.NONE, -1, None, None)
            self.kill(dice)
            self.assertEqual(config.get('a'), number)
            listed = self.client.manager('ListConfigs')
            self.assertLessEqual(answered, {name for name, *_ in listed})
            self.assertEqual({(state, version) for _, _, _, state, version, _ in listed}, {('active', 1)})

    def start_rollback(self, config, version):
        self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Rollback',
                                    GLib.Variant('(ta{sv})', (version, {})), None,
                                    Gio.DBusCallFlags.NONE, -1, None, None)
        self.client.connection.flush_sync(None)

    def kill_in_the_middle_of_a_rollback(self, files, config, version):
        """Ends with the files partly replaced; True if it does."""
        for number, file in enumerate(files):
            self.save(file.name, f'k{number}: 2\n')
        reconf.wait_until(lambda: set(config.call('GetAll')[1].values()) == {2}, 'the saves')
        pid = self.bus.daemon_pid()
        first = files[0].stat().st_ino
        self.start_rollback(config, version)
        deadline = time.monotonic() + reconf.TIMEOUT
        while files[0].stat().st_ino == first:
            self.assertLess(time.monotonic(), deadline)
        os.kill(pid, signal.SIGKILL)
        reconf.wait_for_end(pid)
        return len({file.read_text().split()[1] for file in files}) == 2

    def start_with_files(self):
        files = [self.write(f'{number:02}.yaml', f'k{number}: 1\n') for number in range(16)]
        config = self.client.register('a', *files, max_versions=1000)
        self.forget()
        return files, config

    def test_in_the_middle_of_a_rollback(self):
        files, config = self.start_with_files()
        version = 1
        for _ in range(ROUNDS):
            seen = self.kill_in_the_middle_of_a_rollback(files, config, version)
            self.client.heard.clear()
            reconf.wait_until(lambda: set(config.call('GetAll')[1].values()) == {1}, 'the end of the rollback')
            self.assertEqual({file.read_text().split()[1] for file in files}, {'1'})
            newest = config.history()[0]
            self.assertEqual((newest[2], newest[4], newest[5]['from-version']), ('rollback', 'active', version))
            self.assertEqual((newest[5].get('uid'), newest[5].get('pid')), (os.getuid(), os.getpid()))
            # Action, config, version, user, process, outcome.
            audited = self.client.manager('GetAudit', '(sa{sv})', 'a', {'limit': GLib.Variant('u', 1)})[0]
            self.assertEqual(audited[1:7], ('rollback', 'a', newest[0], os.getuid(), os.getpid(), 'ok'))
            self.assertEqual(self.state(config), 'active')
            version = newest[0]
            if seen:
                break
        self.assertTrue(seen, 'no kill came in the middle')
        # What was sent before the kill may be heard after it.
        self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'
                          and heard.arguments[1] > version], [])

    def test_edit_after_a_kill_in_the_middle_of_a_rollback(self):
        """What somebody saves before the next start is not what the rollback was to replace."""
        files, config = self.start_with_files()
        for _ in range(ROUNDS):
            if self.kill_in_the_middle_of_a_rollback(files, config, 1):
                break
            reconf.wait_until(lambda: set(config.call('GetAll')[1].values()) == {1}, 'the end of the rollback')
        else:
            self.fail('no kill came in the middle')
        self.save(files[-1].name, 'k15: 3 # an edit\n')
        reconf.wait_until(lambda: config.get('k15') == 3, 'the edit')
        self.assertEqual(files[-1].read_text(), 'k15: 3 # an edit\n')
        self.assertEqual(config.history()[0][2], 'startup')
        self.assertEqual(self.state(config), 'active')
