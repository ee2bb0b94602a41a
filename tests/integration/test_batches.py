# SPDX-License-Identifier: LGPL-2.1-or-later
"""Much at once: each config is told of in order, what is due together goes by priority, and calls have turns."""
import subprocess

import reconf
import scene
from gi.repository import Gio

CONFIGS = 1000
CALLS = 2000
SAVES = 500


class TestCase(scene.TestCase):
    def ping(self, answered):
        """Does not wait for the answer."""
        self.client.connection.call(
            reconf.NAME, reconf.MANAGER_PATH, 'org.freedesktop.DBus.Peer', 'Ping', None, None, Gio.DBusCallFlags.NONE,
            int(reconf.TIMEOUT * 1000), None, lambda connection, result: answered(connection.call_finish(result)))


class Order(TestCase):
    def test_one_after_the_other(self):
        """Saves that nobody waits for: each subscriber hears of versions that go on from one another."""
        config = self.watch(debounce_ms=0)
        self.path('a.yaml').chmod(0o600)
        subscribers = [reconf.Config(self.bus.connect(), config.path) for _ in range(3)]
        for subscriber in subscribers:
            self.assertEqual(subscriber.subscribe()[0], 1)
        for value in range(2, SAVES):
            self.save('a.yaml', f'a: {value}\n')
        for subscriber in subscribers:
            version, value = 1, 1
            while value != SAVES - 1:
                _, newer, previous, changes, _ = subscriber.wait_changed()
                self.assertEqual((previous, changes[0][:3]), (version, ('a', 'modified', value)))
                self.assertGreater(newer, version)
                version, value = newer, changes[0][3]
            self.assertEqual(config.call('GetAll'), (version, {'a': value}))

    def test_calls_do_not_keep_a_change_waiting(self):
        """However many of them there are, a config that is due has its turn."""
        config = self.watch()
        heard = []
        self.client.connection.signal_subscribe(reconf.NAME, reconf.CONFIG, 'ConfigChanged', config.path, None,
                                                Gio.DBusSignalFlags.NONE, lambda *_: heard.append('change'))
        release = self.hold()
        try:
            for _ in range(CALLS):
                self.ping(lambda _: heard.append('answer'))
            self.client.connection.flush_sync(None)
            self.save('a.yaml', 'a: 2\n')
        finally:
            release()
        reconf.wait_until(lambda: len(heard) == CALLS + 1, 'the change and all answers')
        self.assertLess(heard.index('change'), 20)


def priority(number):
    return number * 7 % 10


class Checkout(TestCase):
    """Each of many configs is changed at once, as by git checkout."""

    def setUp(self):
        super().setUp()
        self.git('init', '--quiet', '--initial-branch=one')
        self.names = {}
        for branch in ('two', 'one'):
            self.git('checkout', '--quiet', '--orphan', branch)
            for number in range(CONFIGS):
                self.write_one(number, branch)
            self.git('add', '.')
            self.git('-c', 'user.name=a', '-c', 'user.email=a@b.c', 'commit', '--quiet', '--message=a')
        for number in range(CONFIGS):
            config = self.client.register(f'c{number}', self.file(number), persist=False, priority=priority(number))
            self.names[config.path] = number
        self.forget()

    def git(self, *arguments):
        self.run_tool('git', '-C', self.files, *arguments)

    def file(self, number):
        return self.files / f'd{number % 20}' / f'{number}.yaml'

    def write_one(self, number, branch):
        self.file(number).parent.mkdir(exist_ok=True)
        self.file(number).write_text(f'number: {number}\nbranch: {branch}\n')

    def collect(self, branch, versions):
        """Waits until all are told to be of the branch. Returns the numbers of the configs as they were told of."""
        told, left = [], set(range(CONFIGS))
        while left:
            heard = self.client.wait_signal('ConfigChanged')
            number = self.names[heard.path]
            _, version, previous, changes, _ = heard.arguments
            self.assertEqual(previous, versions[number])
            self.assertGreater(version, previous)
            versions[number] = version
            told.append(number)
            if changes[0][0] == 'branch' and changes[0][3] == branch:
                left.remove(number)
        active = {self.names[path]: (state, version) for _, path, _, state, version, *_ in
                  self.client.manager('ListConfigs')}
        self.assertEqual(active, {number: ('active', version) for number, version in versions.items()})
        return told

    def test_all_arrive(self):
        versions = dict.fromkeys(range(CONFIGS), 1)
        answers, done = [], []

        def ask(*_):
            answers.append(None)
            if not done:
                self.ping(ask)

        with subprocess.Popen(['git', '-C', self.files, 'checkout', '--quiet', 'two']) as checkout:
            # That it is in the middle now is seen by the first, which is looked at again.
            self.client.heard.appendleft(self.client.wait_signal('ConfigChanged'))
            ask()
            self.collect('two', versions)
            self.assertEqual(checkout.wait(reconf.TIMEOUT), 0)
        # How many depends on how long a reload takes beside the way over the bus and back.
        self.assertGreater(len(answers), 10)
        done.append(True)

        # All are due together here, and calls are there already.
        heard = []
        self.client.connection.signal_subscribe(reconf.NAME, reconf.CONFIG, 'ConfigChanged', None, None,
                                                Gio.DBusSignalFlags.NONE, lambda *_: heard.append('change'))
        release = self.hold()
        try:
            self.git('checkout', '--quiet', 'one')
            for _ in range(CONFIGS // 10):
                self.ping(lambda _: heard.append('answer'))
            self.client.connection.flush_sync(None)
        finally:
            release()
        told = [priority(number) for number in self.collect('one', versions)]
        self.assertEqual(told, sorted(told, reverse=True))
        last = len(heard) - heard[::-1].index('answer')
        self.assertEqual(heard[:last].count('answer'), CONFIGS // 10)
        self.assertLess(last, CONFIGS // 2)
