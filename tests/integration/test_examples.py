# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples, as somebody who copies them would run them: a file is saved, and they do what they are for."""
import collections
import itertools
import os
import pathlib
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import threading

import reconf
import scene
import screen
from gi.repository import GLib

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ROOT / 'data' / 'examples'
BUILT = pathlib.Path(os.environ['RECONF_EXAMPLES'])
# A sanitizer's runtime cannot be loaded into an interpreter that late.
INTERPRETED = 'GI_TYPELIB_PATH' in os.environ

SHOP = 'server: {timeout: %d}\ndatabase: {pool: {size: 10}}\n'


class Example:
    """A program that runs. What it prints is kept, by line; it is ended with the case."""

    def __init__(self, case, *command, **environment):
        self.process = subprocess.Popen(
            [str(word) for word in command], env=case.bus.environment | environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        case.addCleanup(self._clean_up)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ''
        self.forgotten = 0

    def _clean_up(self):
        if self.process.poll() is None:
            self.kill()
        self.process.stdin.close()
        self.process.stdout.close()

    def lines(self):
        """What it has printed since what was waited for."""
        self.text += (self.process.stdout.read() or b'').decode()
        return self.text.split('\n')[self.forgotten:-1]

    def wait(self, *expected):
        """The lines that come next are these, and no others are between."""
        try:
            lines = reconf.wait_until(lambda: (lines := self.lines()) and lines[len(expected) - 1:] and lines,
                                      f'{expected}')
        except AssertionError:
            raise AssertionError(f'{expected} was expected, not {self.lines()}') from None
        lines = lines[:len(expected)]
        if tuple(lines) != expected:
            raise AssertionError(f'{expected} was expected, not {lines}')
        self.forgotten += len(expected)

    def wait_for(self, pattern):
        """A line that matches, whatever comes before it; that is forgotten."""
        while True:
            lines = reconf.wait_until(self.lines, pattern)
            self.forgotten += 1
            if re.search(pattern, lines[0]):
                return lines[0]

    def tell(self, *lines):
        self.process.stdin.write(''.join(f'{line}\n' for line in lines).encode())
        self.process.stdin.flush()

    def kill(self):
        # A script has children.
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self):
        """Closes its input, which ends it. What it still had to say is left to be read."""
        self.process.stdin.close()
        reconf.wait_until(lambda: self.process.poll() is not None, 'the program to end')
        if self.process.returncode != 0:
            raise AssertionError(f'{self.process.returncode}: {self.lines()}')


class TestCase(scene.TestCase):
    def example(self, name, *arguments, **environment):
        program = BUILT / name
        if not program.exists():
            self.skipTest(f'{name} is not built')
        return Example(self, program, *arguments, **environment)

    def settings(self, content):
        """A file, which nobody has told the service of."""
        return self.write('shop.yaml', content)

    def restart_meanwhile(self, content):
        """The service is killed, and comes back to find another file."""
        self.bus.end_daemon()
        self.save('shop.yaml', content)


class Subscribers(TestCase):
    def follow(self, start, quoted=True):
        path = self.settings(SHOP % 30)
        example = start(path)
        example.wait('Timeout: 30 s')
        self.save('shop.yaml', SHOP % 45)
        example.wait('server.timeout: 30 -> 45', 'Timeout: 45 s')
        self.save('shop.yaml', (SHOP % 45).replace('10', 'many'))
        example.wait("database.pool.size: 10 -> 'many'")
        self.save('shop.yaml', 'server: {timeout: 45}\n')
        example.wait("database: {'pool': <{'size': <'many'>}>} -> nothing")
        self.restart_meanwhile('server: {timeout: 60}\n')
        example.wait('server.timeout: 45 -> 60', 'Timeout: 60 s')
        self.save('shop.yaml', 'server: {}\n')
        example.wait('server.timeout: 60 -> nothing', 'Timeout: 30 s')
        return example

    def refuse(self, example):
        self.save('shop.yaml', 'server: [\n')
        self.assertIn('shop.yaml', example.wait_for(r'^Not reloaded \(parse\), line 2: '))

    def interpreted(self, interpreter, *arguments):
        if not INTERPRETED:
            self.skipTest('no interpreter can load this build of the library')
        if not shutil.which(interpreter):
            self.skipTest(f'there is no {interpreter}')
        return lambda path: Example(self, interpreter, *arguments, path)

    def test_c(self):
        self.follow(lambda path: self.example('subscriber', path))

    def test_vala(self):
        self.refuse(self.follow(lambda path: self.example('subscriber-vala', path)))

    def test_python(self):
        self.refuse(self.follow(self.interpreted('/usr/bin/python3', SOURCES / 'subscriber.py')))

    def test_javascript(self):
        self.refuse(self.follow(self.interpreted('gjs', '-m', SOURCES / 'subscriber.js')))

    def test_no_such_file(self):
        commands = [[BUILT / 'subscriber']]
        if (BUILT / 'subscriber-vala').exists():
            commands.append([BUILT / 'subscriber-vala'])
        if INTERPRETED:
            commands.append(['/usr/bin/python3', SOURCES / 'subscriber.py'])
            if shutil.which('gjs'):
                commands.append(['gjs', '-m', SOURCES / 'subscriber.js'])
        for command in commands:
            for arguments in ([], [self.path('none.yaml')]):
                with self.subTest(command=command, arguments=arguments):
                    result = self.bus.run(*command, *arguments)
                    self.assertEqual(result.returncode, 1)
                    self.assertIn('none.yaml' if arguments else 'FILE', result.stderr)


class PlainBus(TestCase):
    """Without the library."""

    def follow(self):
        path = self.settings('a: 1\nb: {c: [1, x], d: null}\n')
        self.config = self.client.register('shop', path)
        example = self.example('sd-bus-subscriber', 'shop')
        example.wait("Version 1: {a: 1, b: {c: [1, 'x'], d: nothing}}")
        return example

    def test_changes(self):
        example = self.follow()
        self.save('shop.yaml', 'a: 2\ne: {f: 1.5}\n')
        example.wait('Version 2', 'a: 1 -> 2', "b: {c: [1, 'x'], d: nothing} -> nothing",
                     'e: nothing -> {f: 1.5}')

    def test_restarted(self):
        example = self.follow()
        for value in range(2, 5):
            self.restart_meanwhile(f'a: {value}\nb: {{c: [1, x], d: null}}\n')
            example.wait(f'a: {value - 1} -> {value}')
        self.save('shop.yaml', 'a: true\nb: {c: [1, x], d: null}\n')
        example.wait('Version 5', 'a: 4 -> true')

    def test_private(self):
        example = self.follow()
        self.path('shop.yaml').chmod(0o600)
        self.save('shop.yaml', 'a: 2\nb: {c: [1, x], d: null}\n')
        example.wait('Version 2', 'a: 1 -> 2')

    def test_state_lost(self):
        """Numbers that mean nothing any longer are not gone by."""
        example = self.follow()
        pid = self.bus.daemon_pid()
        # The database, from under a service that does not get to say anything about it.
        os.kill(pid, signal.SIGSTOP)
        shutil.rmtree(self.bus.state / 'reconf')
        self.bus.end_daemon()
        self.client.register('shop', self.write('shop.yaml', 'z: 1\n'))
        self.assertEqual(self.config.get_property('Version'), 1)
        self.assertEqual(example.wait_for('^Version'), 'Version 1: {z: 1}')

    def test_forged(self):
        example = self.follow()
        name = next(name for name in self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ListNames',
                                                      name='org.freedesktop.DBus')
                    if name.startswith(':') and self.pid_of(name) == example.process.pid)
        changes = [('a', 'modified', GLib.Variant('x', 1), GLib.Variant('x', 666))]
        forged = GLib.Variant('(stta(ssvv)a{sv})', ('/a/', 2, 1, changes, {}))
        forger = self.bus.connect().connection
        forger.emit_signal(name, self.config.path, reconf.CONFIG, 'ConfigChanged', forged)
        forger.emit_signal(name, '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameOwnerChanged',
                           GLib.Variant('(sss)', (reconf.NAME, 'x', '')))
        forger.flush_sync(None)
        # The bus sends what comes after, after.
        self.save('shop.yaml', 'a: 2\nb: {c: [1, x], d: null}\n')
        example.wait('Version 2', 'a: 1 -> 2')

    def pid_of(self, name):
        return self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetConnectionUnixProcessID', '(s)',
                                name, name='org.freedesktop.DBus')


class PlainBusThatDrops(TestCase):
    """The bus keeps little for a client that does not read."""
    bus_limits = {'max_outgoing_bytes': 16384}
    PADDING = 2000

    def put(self, number):
        # Each change carries both paddings.
        self.save('shop.yaml', f'n: {number}\npadding: x{str(number % 10) * self.PADDING}\n')

    def test_missed(self):
        """What the bus dropped comes with the next that it does not."""
        self.client.close()
        self.client = self.bus.connect(deaf=True)
        self.put(1)
        config = self.client.register('shop', self.path('shop.yaml'), max_versions=1000)
        example = self.example('sd-bus-subscriber', 'shop')
        example.wait_for('^Version 1')
        os.kill(example.process.pid, signal.SIGSTOP)
        reconf.wait_until(lambda: scene.process_state(example.process.pid) == 'T', 'it to stop')
        numbers = iter(range(2, 10000))
        for number in itertools.islice(numbers, 200):
            self.put(number)
            config.reload()
        os.kill(example.process.pid, signal.SIGCONT)

        def find_jump():
            """Until then, there is always one more change to hear."""
            self.put(next(numbers))
            config.reload()
            steps = [[int(number) for number in step] for step in re.findall(r'n: (\d+) -> (\d+)\n', example.text)]
            example.lines()
            # None is missing, for all that.
            self.assertEqual([step[0] for step in steps[1:]], [step[1] for step in steps[:-1]])
            return [step for step in steps if step[1] > step[0] + 1]
        self.assertEqual(len(reconf.wait_until(find_jump, 'what was missed')), 1)


class OnChange(TestCase):
    def test_changes(self):
        path = self.settings('a: 1\n')
        self.client.register('shop-1', path)
        example = Example(self, SOURCES / 'on-change.sh', 'shop-1', 'sh', '-c',
                          'echo "run for $RECONF_VERSION"; exit $((RECONF_VERSION == 3))')
        example.wait('Version 1 of shop-1')
        self.save('shop.yaml', 'a: 2\n')
        example.wait('run for 2')
        self.save('shop.yaml', 'a: 3\n')
        example.wait('run for 3', 'on-change.sh: sh failed, at version 3')
        self.restart_meanwhile('a: 4\n')
        example.wait('run for 4')
        self.bus.end_daemon()
        # Not for a service that has only come back.
        reconf.wait_until(self.bus.daemon_pid, 'the service to be called back')
        self.save('shop.yaml', 'a: 5\n')
        example.wait('run for 5')

    def test_nothing(self):
        result = self.bus.run(SOURCES / 'on-change.sh', 'none', 'true')
        self.assertEqual(result.returncode, 1)
        self.assertIn('NoSuchConfig', result.stderr)
        self.assertEqual(self.bus.run(SOURCES / 'on-change.sh', 'none').returncode, 2)


class LogLevel(TestCase):
    def test_level(self):
        path = self.settings('log: {level: info}\n')
        example = self.example('log-level', path)
        example.wait('Log level: info')
        example.tell('apples')
        self.assertIn('INFO', example.wait_for('Order: apples'))
        self.save('shop.yaml', 'log: {level: debug}\n')
        example.wait_for('Log level: debug')
        example.tell('pears')
        self.assertIn('DEBUG', example.wait_for('Read 5 bytes'))
        example.wait_for('Order: pears')
        self.save('shop.yaml', 'log: {level: warning}\n')
        example.wait_for('Log level: warning')
        example.tell('plums', '')
        example.wait_for('^.*WARNING.*Order without a name')
        self.assertNotIn('plums', example.text)
        self.save('shop.yaml', 'log: {level: loud}\n')
        example.wait_for('WARNING.*none of debug, info')
        self.save('shop.yaml', 'log: [\n')
        example.wait_for(r'WARNING.*not reloaded \(parse\), line 2:')
        self.restart_meanwhile('log: {level: error}\n')
        example.wait_for('Log level: error')
        example.tell('', 'cherries')
        example.end()
        self.assertEqual([line for line in example.lines() if line], [])

    def test_without_service(self):
        path = self.settings('log: {level: warning}\n')
        example = self.example('log-level', path, DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')
        example.wait_for('Log level: warning')
        self.save('shop.yaml', 'log: {level: info}\n')
        example.wait_for('Log level: info')
        example.tell('apples')
        example.wait_for('Order: apples')
        example.end()


class RateLimiter(TestCase):
    SETTINGS = 'server: {rate-limit: {requests: %d, per-seconds: 100000, exempt: [%s]}}\n'

    def ask(self, example, client, times):
        """How many of so many requests are allowed."""
        example.tell(*[client] * times)
        counts = collections.Counter(example.wait_for(f' {client}$').split()[0] for _ in range(times))
        self.assertEqual(counts.total(), times)
        return counts['allowed']

    def test_limits(self):
        path = self.settings(self.SETTINGS % (20, '10.0.0.0/8'))
        example = self.example('rate-limiter', path)
        example.wait('Exempt networks: 1')
        self.assertEqual(self.ask(example, '192.168.0.1', 50), 20)
        self.assertEqual(self.ask(example, '192.168.0.2', 10), 10)
        self.assertEqual(self.ask(example, '10.1.2.3', 50), 50)
        # What a client has asked for counts on.
        self.save('shop.yaml', self.SETTINGS % (25, '192.168.0.2, "2001:db8::/32", no'))
        example.wait_for('leaving it out')
        example.wait_for('Exempt networks: 2')
        self.assertEqual(self.ask(example, '192.168.0.1', 50), 5)
        self.assertEqual(self.ask(example, '192.168.0.2', 50), 50)
        self.assertEqual(self.ask(example, '2001:db8::1', 50), 50)
        self.assertEqual(self.ask(example, '10.1.2.3', 50), 25)
        self.restart_meanwhile(self.SETTINGS % (30, ''))
        example.wait_for('Exempt networks: 0')
        self.assertEqual(self.ask(example, '192.168.0.1', 50), 5)
        example.end()


class Database(socketserver.ThreadingTCPServer):
    """Replies to each line with the same in capitals, once it is let."""
    daemon_threads = True

    def __init__(self, case):
        super().__init__(('127.0.0.1', 0), self.Handler)
        self.port = self.server_address[1]
        self.connected = self.all = 0
        self.lock = threading.Lock()
        self.gate = threading.Event()
        self.asked = 0
        self.connections = []
        thread = threading.Thread(target=self.serve_forever, args=[0.01])
        thread.start()
        case.addCleanup(thread.join)
        case.addCleanup(self.server_close)
        case.addCleanup(self.shutdown)
        case.addCleanup(self.gate.set)

    def hang_up(self):
        with self.lock:
            for connection in self.connections:
                connection.shutdown(socket.SHUT_RDWR)

    def add(self, connected=0, asked=0):
        with self.lock:
            self.connected += connected
            self.all += connected > 0
            self.asked += asked

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            self.server.add(connected=1)
            self.server.connections.append(self.connection)
            try:
                for line in self.rfile:
                    self.server.add(asked=1)
                    self.server.gate.wait()
                    self.wfile.write(line.upper())
            except ConnectionError:
                pass
            finally:
                self.server.add(connected=-1)


class ConnectionPool(TestCase):
    SETTINGS = 'database: {host: 127.0.0.1, port: %d, pool: {size: %d}}\n'

    def start(self, size, **settings):
        self.database = Database(self)
        path = self.settings(self.SETTINGS % (self.database.port, size))
        self.config = self.client.register('shop', path, **settings)
        example = self.example('connection-pool', path)
        example.wait(f'Pool: up to {size} to 127.0.0.1:{self.database.port}')
        self.wait_instance('current', 1)
        return example

    def wait_instance(self, state, version):
        def look():
            rows = self.client.manager('ListInstances', '(s)', 'shop')
            return rows and tuple(rows[0][5:7]) == (state, version) and rows[0]
        return reconf.wait_until(look, f'the instance to be {state}')

    def wait_database(self, database, **expected):
        try:
            reconf.wait_until(lambda: expected.items() <= vars(database).items(), f'{expected}')
        except AssertionError:
            raise AssertionError(f'{expected} was expected, not {vars(database)}') from None

    def save_size(self, size, port=None):
        self.save('shop.yaml', self.SETTINGS % (port or self.database.port, size))

    def test_size(self):
        example = self.start(2)
        example.tell(*[f'query {i}' for i in range(5)])
        self.wait_database(self.database, connected=2, asked=2)
        self.save_size(4)
        self.wait_database(self.database, connected=4, asked=4)
        self.wait_instance('current', 2)
        self.database.gate.set()
        replies = {example.wait_for('^QUERY') for _ in range(5)}
        self.assertEqual(replies, {f'QUERY {i}' for i in range(5)})
        self.assertEqual(self.database.all, 4)
        self.save_size(1)
        self.wait_database(self.database, connected=1)
        self.restart_meanwhile(self.SETTINGS % (self.database.port, 3))
        example.wait_for('Pool: up to 3')
        example.tell('last')
        example.wait('LAST')
        example.end()
        self.wait_database(self.database, connected=0)

    def is_refused(self, size, port=None):
        self.save_size(size, port)
        try:
            self.config.reload()
        except reconf.BusError as error:
            self.assertEqual(error.name, 'ValidationFailed')
            return error.message
        return None

    def test_refused(self):
        example = self.start(2)
        # It is asked from a moment after it was registered on. What comes before is not applied, at least.
        sizes = itertools.count(0, -1)
        message = reconf.wait_until(lambda: self.is_refused(next(sizes)), 'it to be asked')
        self.assertIn('database.pool.size has to be', message)
        self.assertIn('database.pool.size has to be', self.is_refused(1001))
        self.assertIn('database.port has to be', self.is_refused(2, 70000))
        self.save_size(3)
        example.wait_for('Pool: up to 3 ')
        self.assertEqual(example.text.count('Pool: '), 2)

    def test_bad_from_the_start(self):
        path = self.settings(self.SETTINGS % (1, 0))
        result = self.bus.run(BUILT / 'connection-pool', path)
        self.assertEqual(result.returncode, 1)
        self.assertIn('database.pool.size has to be', result.stderr)

    def test_another_server(self):
        example = self.start(3)
        example.tell('a', 'b')
        self.wait_database(self.database, connected=2, asked=2)
        other = Database(self)
        other.gate.set()
        self.save_size(3, other.port)
        self.wait_instance('current', 2)
        example.wait(f'Pool: up to 3 to 127.0.0.1:{other.port}')
        example.tell('c')
        example.wait('C')
        # Those in use are let finish.
        self.wait_database(self.database, connected=2)
        self.database.gate.set()
        self.assertEqual({example.wait_for('^[AB]$') for _ in range(2)}, {'A', 'B'})
        self.wait_database(self.database, connected=0)
        self.wait_database(other, connected=1)

    def test_server_that_does_not_answer(self):
        example = self.start(2)
        self.database.gate.set()
        self.save_size(2, self.unused_port())
        example.wait_for('^Settings not applied: ')
        row = self.wait_instance('failed', 1)
        self.assertIn('refused', row[7]['message'])
        example.tell('still')
        example.wait('STILL')

    def test_taken_back(self):
        self.start(2, on_failure='rollback')
        self.save_size(2, self.unused_port())
        self.wait_instance('current', 3)
        self.assertEqual(self.path('shop.yaml').read_text(), self.SETTINGS % (self.database.port, 2))

    def test_server_hangs_up(self):
        """A connection that broke makes room for another."""
        example = self.start(1)
        self.database.gate.set()
        example.tell('a')
        example.wait('A')
        self.database.hang_up()
        example.tell('b')
        example.wait_for('^b: ')
        example.tell('c')
        example.wait('C')
        self.assertEqual(self.database.all, 2)

    def unused_port(self):
        with socketserver.TCPServer(('127.0.0.1', 0), None) as server:
            return server.server_address[1]


class StatusWindow(TestCase):
    COLOURS = {'connecting': 0x865e00, 'connected': 0x1b7f4f, 'disconnected': 0x5e5c64, 'error': 0xc01c28}
    SETTINGS = ('{log: {level: info}, server: {timeout: 30, rate-limit: {requests: 100}},'
                ' database: {pool: {size: %s}}, features: {dark-mode: %s}}\n')

    def setUp(self):
        super().setUp()
        if not shutil.which('Xvfb'):
            self.skipTest('there is no Xvfb')
        self.screen = screen.Screen(self)

    def open(self, *options, dark='false', **environment):
        return self.open_file(self.settings(self.SETTINGS % (10, dark)), *options, **environment)

    def open_file(self, path, *options, **environment):
        return self.example('status-window', *options, path, **self.screen.environment | environment)

    def wait_status(self, status, name=None):
        """A picture in which the indicator has that colour, and no other."""
        def look(picture):
            counts = {other: picture.count(colour) for other, colour in self.COLOURS.items()}
            return counts.pop(status) > 200 and not any(counts.values())
        picture = self.screen.wait(look, f'the indicator to be {status}')
        picture.leave(name or status)
        return picture

    def is_dark(self, picture):
        return picture.background() and picture.background() & 0xff < 0x80

    def test_values(self):
        self.open()
        first = self.wait_status('connected')
        self.save('shop.yaml', self.SETTINGS % (2500, 'false'))
        second = self.screen.wait(lambda picture: picture != first, 'another value')
        second.leave('another-value')
        self.assertEqual(second.box(self.COLOURS['connected']), first.box(self.COLOURS['connected']))
        self.save('shop.yaml', self.SETTINGS % (10, 'false'))
        self.screen.wait(lambda picture: picture == first, 'the value that it was')
        self.save('shop.yaml', self.SETTINGS % (10, 'true'))
        self.assertFalse(self.is_dark(first))
        self.screen.wait(self.is_dark, 'a dark window')
        dark = self.wait_status('connected', 'dark')
        self.assertEqual(dark.box(self.COLOURS['connected']), first.box(self.COLOURS['connected']))

    def test_service_killed(self):
        self.open()
        first = self.wait_status('connected')
        self.restart_meanwhile(self.SETTINGS % (2500, 'false'))
        self.screen.wait(lambda picture: picture.box(self.COLOURS['connected']) and picture != first,
                         'what it missed')
        self.save('shop.yaml', self.SETTINGS % (10, 'false'))
        self.screen.wait(lambda picture: picture == first, 'all to be as before')

    def test_bus_goes_and_comes(self):
        self.open()
        first = self.wait_status('connected')
        self.bus.stop()
        away = self.wait_status('connecting')
        # In other words, too, which are not as wide.
        self.assertNotEqual(away.box(self.COLOURS['connecting']), first.box(self.COLOURS['connected']))
        self.bus.start()
        self.screen.wait(lambda picture: picture == first, 'all to be as before')

    def test_disconnected(self):
        self.open('--stay-away')
        self.wait_status('connected')
        self.bus.end_daemon()
        self.wait_status('disconnected')
        # The service is called by somebody else.
        self.client.config('shop')
        self.wait_status('connected')

    def test_bus_stays_away(self):
        example = self.open('--attempts=1')
        self.wait_status('connected')
        self.bus.stop()
        self.wait_status('error')
        self.assertIsNone(example.process.poll())

    def test_only_on_error(self):
        self.open('--only-on-error', '--attempts=1', '--position=top-left', dark='true')
        # Values are there, so it is connected.
        picture = self.screen.wait(self.is_dark, 'the window')
        self.assertEqual([picture.count(colour) for colour in self.COLOURS.values()], [0] * 4)
        self.bus.stop()
        self.wait_status('error', 'only-on-error')

    def test_positions(self):
        """In each corner of the window, as far from its sides."""
        boxes = {}
        for position in ('top-left', 'top-right', 'bottom-left', 'bottom-right'):
            example = self.open(f'--position={position}')
            boxes[position] = self.wait_status('connected', position).box(self.COLOURS['connected'])
            example.kill()
            self.screen.wait(lambda picture: not picture.box(self.COLOURS['connected']), 'the window to go')
        left, top, right, bottom = boxes['top-left']
        width, height = right - left, bottom - top
        far_left, far_top = boxes['bottom-right'][:2]
        self.assertEqual(boxes, {
            'top-left': (left, top, left + width, top + height),
            'top-right': (far_left, top, far_left + width, top + height),
            'bottom-left': (left, far_top, left + width, far_top + height),
            'bottom-right': (far_left, far_top, far_left + width, far_top + height)})
        self.assertLess(left + width, far_left)
        self.assertLess(top + height, far_top)
        self.open('--position=top-left', '--compact')
        compact = self.wait_status('connected', 'compact').box(self.COLOURS['connected'])
        self.assertEqual((*compact[:2], compact[3]), (left, top, bottom))
        self.assertLess(compact[2] - left, width / 2)

    def test_without_service(self):
        example = self.open(DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')
        example.wait_for('Without the service')
        first = self.wait_status('connected')
        self.save('shop.yaml', self.SETTINGS % (2500, 'false'))
        self.screen.wait(lambda picture: picture != first, 'another value')
        self.save('shop.yaml', self.SETTINGS % (10, 'false'))
        self.screen.wait(lambda picture: picture == first, 'the value that it was')

    def test_no_such_file(self):
        example = self.open_file(self.path('none.yaml'))
        self.wait_status('error', 'no-such-file')
        example.wait_for('none.yaml')

    def test_wrong_option(self):
        for option in ('--position=middle', '--nonsense', 'another'):
            example = self.open(option)
            example.wait_for('top-left|nonsense|Which file')
            reconf.wait_until(lambda: example.process.poll() == 1, 'it to end')


class Sources(TestCase):
    def test_readme(self):
        """The lines in README are those of the examples."""
        section = (ROOT / 'README.md').read_text().split('## In your program\n')[1].split('\n## ')[0]
        blocks = re.findall(r'```(c|python)\n(.*?)```', section, re.S)
        self.assertEqual({language for language, _ in blocks}, {'c', 'python'})
        for language, block in blocks:
            example = (SOURCES / {'c': 'subscriber.c', 'python': 'subscriber.py'}[language]).read_text()
            for part in block.strip('\n').split('\n\n'):
                self.assertIn(part.strip('\n'), example)

    def test_installed(self):
        """What is installed can be built with what is installed, as its first lines say."""
        installed = reconf.PREFIX / 'share' / 'doc' / 'reconf' / 'examples'
        names = {path.name for path in SOURCES.iterdir()} - {'meson.build'}
        self.assertEqual({path.name for path in installed.iterdir()}, names)
        self.assertTrue(os.access(installed / 'subscriber.py', os.X_OK))
        for name in ('subscriber.c', 'sd-bus-subscriber.c'):
            command = re.search(r'^ \* (cc .*)$', (installed / name).read_text(), re.M).group(1)
            pkg_config = ':'.join(str(path.parent) for path in reconf.PREFIX.rglob('reconf-1.pc'))
            result = subprocess.run(
                ['sh', '-c', command.replace('-o ', f'-o {self.directory}/')], cwd=installed, check=False,
                env=os.environ | {'PKG_CONFIG_PATH': pkg_config}, capture_output=True, text=True)
            self.assertEqual(result.returncode, 0, result.stderr)
