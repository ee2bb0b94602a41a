# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whoever keeps a config by what it is told holds what was saved, whatever the bus, it and the daemon go through.

The bus here keeps little for a client that does not read: what comes after that is lost to it.
"""
import json
import os
import shutil
import signal
import subprocess
import sys

import picture
import reconf
import scene

CHANGES = 10000
# Versions that can be told apart from the active one: some of those that miss changes miss more than these.
KEPT = 600
POOL = 'database.pool'
ROUNDS = 5


def document(number):
    """What is saved as this number. Keys come, change and go, each at a pace of its own."""
    made = {'number': number, 'seldom': {'x.y': number // 64, 'list': [number // 16 % 5, 'a'], 'empty': {}}}
    if number % 50 > 2:
        made['database'] = {'name': f'db {number // 5}', 'pool': {'size': number // 3, 'fixed': True}}
    for bit in range(3):
        if number >> bit & 1:
            made[f'bit {bit}'] = {'since': number // 32, 'deep': {'': None}} if number & 16 else number // 32
    return made


def find(content, path):
    """What stands at the place; None where nothing does."""
    for key in picture.keys(path):
        content = content.get(key, {})
    return content or None


class Subscriber:
    """A process with a picture of its own. One that is started where another ended goes on with what that held."""

    def __init__(self, case, name, *paths):
        self.file = case.directory / f'{name}.held'
        self.paths = paths
        self.process = subprocess.Popen(
            [sys.executable, picture.__file__, case.bus.address, case.config.path, self.file, *paths],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.end)
        reconf.wait_until(self.held, f'{name} to hold something')

    def held(self):
        """Versions and documents in the order in which it held them. What a kill cut short is left out."""
        if not self.file.exists():
            return []
        return [tuple(json.loads(line)[1:]) for line in self.file.read_text().splitlines(True) if line[-1] == '\n']

    def stop_reading(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        reconf.wait_until(lambda: scene.process_state(self.process.pid) == 'T', 'a subscriber to stop')

    def read_on(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def leave(self, version):
        """Once it holds this version. Returns how often it came by a picture in which way."""
        output = self.process.communicate(f'{version}\n', timeout=reconf.TIMEOUT)[0]
        return json.loads(output)

    def end(self):
        if self.process.poll() is None:
            self.kill()


class Delivery(scene.TestCase):
    bus_limits = {'max_outgoing_bytes': 16384}

    def setUp(self):
        super().setUp()
        # It has no time to hear what it causes.
        self.client.close()
        self.client = self.bus.connect(deaf=True)
        self.number = 0
        self.written = {}
        self.put(0)
        self.config = self.register()
        self.written[1] = 0

    def register(self):
        return self.client.register('a', self.path('a.json'), max_versions=KEPT, debounce_ms=0)

    def put(self, number):
        """By rename, as editors save. Now and then the file is everybody's, then only its owner's."""
        aside, self.number = self.path('a.new'), number
        with open(aside, 'w', encoding='utf-8', opener=lambda *how: os.open(*how, 0o644)) as file:
            file.write(json.dumps(document(number)))
        aside.chmod(0o600 if number // 250 % 2 else 0o644)
        aside.rename(self.path('a.json'))

    def change(self, count):
        for number in range(self.number + 1, self.number + 1 + count):
            self.put(number)
            self.written[self.reload()] = number

    def reload(self):
        """Returns the version of what was just saved. Asks once more where the daemon was killed over it."""
        while True:
            try:
                return self.config.reload()
            except reconf.BusError as error:
                self.assertEqual(error.name, 'org.freedesktop.DBus.Error.NoReply')

    def version(self):
        return max(self.written)

    def check(self, subscriber, version, held):
        expected = document(self.written[version])
        for path in subscriber.paths:
            self.assertEqual(find(held, path), find(expected, path), version)
        if not subscriber.paths:
            self.assertEqual(held, expected, version)

    def check_all(self, subscriber):
        held = subscriber.held()
        versions = [version for version, _ in held]
        self.assertEqual(versions, sorted(versions), subscriber.file.name)
        for version, content in held:
            self.check(subscriber, version, content)
        return held

    def subscriber(self, name, *paths):
        return Subscriber(self, name, *paths)

    def test_no_wrong_picture(self):
        steady, slow, away = map(self.subscriber, ('steady', 'slow', 'away'))
        partial = self.subscriber('partial', POOL)
        gone = []
        for index in range(ROUNDS):
            killed = self.subscriber(f'killed {index}')
            slow.stop_reading()
            away.leave(self.version())
            self.change(400)
            killed.kill()
            replacing = self.subscriber(f'replacing {index}')
            gone += [killed, replacing]
            # What came in a shorter absence can be told as one diff, in a longer one not.
            if index % 2:
                self.change(700)
            away = self.subscriber('away')
            slow.read_on()
            self.change(100)
            os.kill(self.bus.daemon_pid(), signal.SIGKILL)
            self.change(100)
            replacing.leave(self.version())
            self.change((index + 1) * CHANGES // ROUNDS - self.number)

        active = self.config.call('GetAll')
        self.assertEqual(active, (self.version(), document(CHANGES)))
        counts = {subscriber: subscriber.leave(active[0]) for subscriber in (steady, slow, away, partial)}
        for subscriber in counts:
            self.assertEqual(self.check_all(subscriber)[-1][0], active[0], subscriber.file.name)
        for subscriber in gone:
            self.check_all(subscriber)
        # The bus did drop signals, and what they told came as a diff or as a whole.
        self.assertGreaterEqual(counts[slow].get('gaps', 0), ROUNDS - 1)
        self.assertIn(counts[slow]['documents'] - 1, range(1, counts[slow]['gaps']))

    def test_one_diff_is_the_sum(self):
        """Subscribe() tells at once what all signals since would have told one by one."""
        self.change(KEPT + 30)
        versions = {number: version for version, number in self.written.items()}
        reconf.wait_until(lambda: len(self.config.history()) == KEPT, 'the history to be pruned')
        oldest = self.config.history()[-1][0]
        for number in [*range(0, 40), *range(40, self.number, 7), self.number]:
            version, changes, details = self.config.subscribe(versions[number])
            self.assertEqual((version, details), (self.version(), {'complete': versions[number] >= oldest}), number)
            if details['complete']:
                content = document(number)
                picture.apply(content, changes)
                self.assertEqual(content, document(self.number), number)
            else:
                self.assertEqual(changes, [], number)
        self.assertEqual(self.config.call('GetAll'), (self.version(), document(self.number)))

    def test_state_is_lost(self):
        """The same number may stand for another version then, and only the epoch tells."""
        kept = picture.Picture(self.bus.connect(deaf=True), self.config.path, lambda kept: None)
        kept.begin()
        self.addCleanup(kept.end)
        reconf.wait_until(lambda: kept.version == 1, 'the first picture')
        pid = self.bus.daemon_pid()
        os.kill(pid, signal.SIGKILL)
        reconf.wait_for_end(pid)
        shutil.rmtree(self.bus.state / 'reconf')
        self.put(1)
        self.register()
        reconf.wait_until(lambda: kept.document == document(1), 'the new picture')
        self.assertEqual(kept.version, 1)
