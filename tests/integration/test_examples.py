# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples do what they are for when a file is saved, whatever becomes of the service meanwhile."""
import collections
import itertools
import os
import re
import shutil
import signal
import subprocess

import example
import reconf
import scene
from example import BUILT, ROOT, SOURCES
from gi.repository import GLib

SHOP = 'server: {timeout: %d}\ndatabase: {pool: {size: 10}}\n'


class Subscribers(example.TestCase):
    def follow(self, start, quoted=True):
        path = self.settings(SHOP % 30)
        program = start(path)
        program.wait('Timeout: 30 s')
        self.save('shop.yaml', SHOP % 45)
        program.wait('server.timeout: 30 -> 45', 'Timeout: 45 s')
        self.save('shop.yaml', (SHOP % 45).replace('10', 'many'))
        program.wait("database.pool.size: 10 -> 'many'")
        self.save('shop.yaml', 'server: {timeout: 45}\n')
        program.wait("database: {'pool': <{'size': <'many'>}>} -> nothing")
        self.restart_meanwhile('server: {timeout: 60}\n')
        program.wait('server.timeout: 45 -> 60', 'Timeout: 60 s')
        self.save('shop.yaml', 'server: {}\n')
        program.wait('server.timeout: 60 -> nothing', 'Timeout: 30 s')
        return program

    def refuse(self, program):
        self.save('shop.yaml', 'server: [\n')
        self.assertIn('shop.yaml', program.wait_for(r'^Not reloaded \(parse\), line 2: '))

    def interpreted(self, interpreter, *arguments):
        if not shutil.which(interpreter):
            self.skipTest(f'there is no {interpreter}')
        return lambda path: example.Example(self, interpreter, *arguments, path)

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
        commands.append(['/usr/bin/python3', SOURCES / 'subscriber.py'])
        if shutil.which('gjs'):
            commands.append(['gjs', '-m', SOURCES / 'subscriber.js'])
        for command in commands:
            for arguments in ([], [self.path('none.yaml')]):
                with self.subTest(command=command, arguments=arguments):
                    result = self.bus.run(*command, *arguments)
                    self.assertEqual(result.returncode, 1)
                    self.assertIn('none.yaml' if arguments else 'FILE', result.stderr)


class PlainBus(example.TestCase):
    """Without the library."""
    # More than a signal carries.
    PADDING = 'x' * 1024 * 1024

    def follow(self):
        path = self.settings('a: 1\nb: {c: [1, x], d: null}\n')
        self.config = self.client.register('shop', path)
        program = self.example('sd-bus-subscriber', 'shop')
        program.wait("Version 1: {a: 1, b: {c: [1, 'x'], d: nothing}}")
        return program

    def test_changes(self):
        program = self.follow()
        self.save('shop.yaml', 'a: 2\ne: {f: 1.5}\n')
        program.wait('Version 2', 'a: 1 -> 2', "b: {c: [1, 'x'], d: nothing} -> nothing",
                     'e: nothing -> {f: 1.5}')

    def test_restarted(self):
        program = self.follow()
        for value in range(2, 5):
            self.restart_meanwhile(f'a: {value}\nb: {{c: [1, x], d: null}}\n')
            program.wait_for(f'^a: {value - 1} -> {value}$')
        self.save('shop.yaml', 'a: true\nb: {c: [1, x], d: null}\n')
        program.wait('Version 5', 'a: 4 -> true')

    def test_private(self):
        program = self.follow()
        self.path('shop.yaml').chmod(0o600)
        self.save('shop.yaml', 'a: 2\nb: {c: [1, x], d: null}\n')
        program.wait('Version 2', 'a: 1 -> 2')

    def test_state_lost(self):
        """Numbers that mean nothing any longer are not gone by."""
        program = self.follow()
        pid = self.bus.daemon_pid()
        # The database, from under a service that does not get to say anything about it.
        os.kill(pid, signal.SIGSTOP)
        shutil.rmtree(self.bus.state / 'reconf')
        self.bus.end_daemon()
        self.client.register('shop', self.write('shop.yaml', 'z: 1\n'))
        self.assertEqual(self.config.get_property('Version'), 1)
        self.assertEqual(program.wait_for('^Version'), 'Version 1: {z: 1}')

    def test_truncated(self):
        """What a signal has no room for is read."""
        program = self.follow()
        self.save('shop.yaml', f'a: 2\npadding: {self.PADDING}\n')
        program.wait('Version 2', 'a: 1 -> 2', "b: {c: [1, 'x'], d: nothing} -> nothing",
                     f"Version 2: {{a: 2, padding: '{self.PADDING}'}}")
        self.save('shop.yaml', 'a: 3\n')
        program.wait('Version 3', 'a: 2 -> 3', 'Version 3: {a: 3}')
        self.save('shop.yaml', 'a: 4\n')
        program.wait('Version 4', 'a: 3 -> 4')

    def test_truncated_and_gone(self):
        """The service goes before the rest could be read."""
        program = self.follow()
        with self.stopped(program):
            self.save('shop.yaml', f'a: 2\npadding: {self.PADDING}\n')
            self.wait_property(self.config, 'Version', 2)
            self.bus.end_daemon()
        program.wait_for('^GetAll: ')
        program.wait_for(r"^Version 2: \{a: 2, padding: 'x+'\}$")

    def test_forged(self):
        program = self.follow()
        name = next(name for name in self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ListNames',
                                                      name='org.freedesktop.DBus')
                    if name.startswith(':') and self.pid_of(name) == program.process.pid)
        changes = [('a', 'modified', GLib.Variant('x', 1), GLib.Variant('x', 666))]
        forged = GLib.Variant('(stta(ssvv)a{sv})', ('/a/', 2, 1, changes, {}))
        forger = self.bus.connect().connection
        forger.emit_signal(name, self.config.path, reconf.CONFIG, 'ConfigChanged', forged)
        forger.emit_signal(name, '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'NameOwnerChanged',
                           GLib.Variant('(sss)', (reconf.NAME, 'x', '')))
        forger.flush_sync(None)
        # The bus sends what comes after, after.
        self.save('shop.yaml', 'a: 2\nb: {c: [1, x], d: null}\n')
        program.wait('Version 2', 'a: 1 -> 2')

    def pid_of(self, name):
        return self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetConnectionUnixProcessID', '(s)',
                                name, name='org.freedesktop.DBus')


class PlainBusThatDrops(example.TestCase):
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
        program = self.example('sd-bus-subscriber', 'shop')
        program.wait_for('^Version 1')
        numbers = iter(range(2, 10000))
        with self.stopped(program):
            for number in itertools.islice(numbers, 200):
                self.put(number)
                config.reload()

        def find_jump():
            """Until then, there is always one more change to hear."""
            self.put(next(numbers))
            config.reload()
            steps = [[int(number) for number in step] for step in re.findall(r'n: (\d+) -> (\d+)\n', program.text)]
            program.lines()
            # None is missing, for all that.
            self.assertEqual([step[0] for step in steps[1:]], [step[1] for step in steps[:-1]])
            return [step for step in steps if step[1] > step[0] + 1]
        self.assertEqual(len(reconf.wait_until(find_jump, 'what was missed')), 1)


class OnChange(example.TestCase):
    def test_changes(self):
        path = self.settings('a: 1\n')
        self.client.register('shop-1', path)
        program = example.Example(self, SOURCES / 'on-change.sh', 'shop-1', 'sh', '-c',
                                  'echo "run for $RECONF_VERSION"; exit $((RECONF_VERSION == 3))')
        program.wait('Version 1 of shop-1')
        self.save('shop.yaml', 'a: 2\n')
        program.wait('run for 2')
        self.save('shop.yaml', 'a: 3\n')
        program.wait('run for 3', 'on-change.sh: sh failed, at version 3')
        self.restart_meanwhile('a: 4\n')
        program.wait('run for 4')
        self.bus.end_daemon()
        # Not for a service that has only come back.
        reconf.wait_until(self.bus.daemon_pid, 'the service to be called back')
        self.save('shop.yaml', 'a: 5\n')
        program.wait('run for 5')

    def test_bus_goes(self):
        """Whoever started it is to know."""
        self.client.register('shop-1', self.settings('a: 1\n'))
        program = example.Example(self, SOURCES / 'on-change.sh', 'shop-1', 'true')
        program.wait('Version 1 of shop-1')
        self.bus.stop()
        program.wait_for('^on-change.sh: the bus has gone$')
        self.assertEqual(program.process.wait(reconf.TIMEOUT), 1)

    def test_no_answer(self):
        """The service goes while it is asked: nothing is run for that."""
        self.client.register('shop-1', self.settings('a: 1\n'))
        silent = self.path('silent')
        tool = self.write('gdbus', f'#!/bin/sh\n[ "$1" = call ] && [ -e {silent} ] && rm {silent} && exit 1\n'
                                   f'exec {shutil.which("gdbus")} "$@"\n')
        tool.chmod(0o755)
        program = example.Example(self, SOURCES / 'on-change.sh', 'shop-1', 'sh', '-c', 'echo "run for $RECONF_VERSION"',
                                  PATH=f'{tool.parent}:{os.environ["PATH"]}')
        program.wait('Version 1 of shop-1')
        silent.touch()
        self.save('shop.yaml', 'a: 2\n')
        reconf.wait_until(lambda: not silent.exists(), 'the question')
        self.save('shop.yaml', 'a: 3\n')
        program.wait('run for 3')

    def test_nothing(self):
        result = self.bus.run(SOURCES / 'on-change.sh', 'none', 'true')
        self.assertEqual(result.returncode, 1)
        self.assertIn('NoSuchConfig', result.stderr)
        self.assertEqual(self.bus.run(SOURCES / 'on-change.sh', 'none').returncode, 2)


class LogLevel(example.TestCase):
    def test_level(self):
        path = self.settings('log: {level: info}\n')
        program = self.example('log-level', path)
        program.wait('Log level: info')
        program.tell('apples')
        self.assertIn('INFO', program.wait_for('Order: apples'))
        self.save('shop.yaml', 'log: {level: debug}\n')
        program.wait_for('Log level: debug')
        program.tell('pears')
        self.assertIn('DEBUG', program.wait_for('Read 5 bytes'))
        program.wait_for('Order: pears')
        self.save('shop.yaml', 'log: {level: warning}\n')
        program.wait_for('Log level: warning')
        program.tell('plums', '')
        program.wait_for('^.*WARNING.*Order without a name')
        self.assertNotIn('plums', program.text)
        self.save('shop.yaml', 'log: {level: loud}\n')
        program.wait_for('WARNING.*none of debug, info')
        self.save('shop.yaml', 'log: [\n')
        program.wait_for(r'WARNING.*not reloaded \(parse\), line 2:')
        self.restart_meanwhile('log: {level: error}\n')
        program.wait_for('Log level: error')
        program.tell('', 'cherries')
        program.end()
        self.assertEqual([line for line in program.lines() if line], [])

    def test_without_service(self):
        path = self.settings('log: {level: warning}\n')
        program = self.example('log-level', path, DBUS_SESSION_BUS_ADDRESS='unix:path=/nonexistent')
        program.wait_for('Log level: warning')
        self.save('shop.yaml', 'log: {level: info}\n')
        program.wait_for('Log level: info')
        program.tell('apples')
        program.wait_for('Order: apples')
        program.end()


class RateLimiter(example.TestCase):
    SETTINGS = 'server: {rate-limit: {requests: %d, per-seconds: 100000, exempt: [%s]}}\n'

    def ask(self, program, client, times):
        """How many of so many requests are allowed."""
        program.tell(*[client] * times)
        counts = collections.Counter(program.wait_for(f' {client}$').split()[0] for _ in range(times))
        self.assertEqual(counts.total(), times)
        return counts['allowed']

    def test_limits(self):
        path = self.settings(self.SETTINGS % (20, '10.0.0.0/8'))
        program = self.example('rate-limiter', path)
        program.wait('Exempt networks: 1')
        self.assertEqual(self.ask(program, '192.168.0.1', 50), 20)
        self.assertEqual(self.ask(program, '192.168.0.2', 10), 10)
        self.assertEqual(self.ask(program, '10.1.2.3', 50), 50)
        # What a client has asked for counts on.
        self.save('shop.yaml', self.SETTINGS % (25, '192.168.0.2, "2001:db8::/32", no'))
        program.wait_for('leaving it out')
        program.wait_for('Exempt networks: 2')
        self.assertEqual(self.ask(program, '192.168.0.1', 50), 5)
        self.assertEqual(self.ask(program, '192.168.0.2', 50), 50)
        self.assertEqual(self.ask(program, '2001:db8::1', 50), 50)
        self.assertEqual(self.ask(program, '10.1.2.3', 50), 25)
        self.restart_meanwhile(self.SETTINGS % (30, ''))
        program.wait_for('Exempt networks: 0')
        self.assertEqual(self.ask(program, '192.168.0.1', 50), 5)
        program.end()


class Sources(example.TestCase):
    def test_readme(self):
        """The lines in README are those of the examples."""
        section = (ROOT / 'README.md').read_text().split('## In your program\n')[1].split('\n## ')[0]
        blocks = re.findall(r'```(c|python)\n(.*?)```', section, re.S)
        self.assertEqual({language for language, _ in blocks}, {'c', 'python'})
        for language, block in blocks:
            source = (SOURCES / {'c': 'subscriber.c', 'python': 'subscriber.py'}[language]).read_text()
            for part in re.split(r'\n(?=\n*(?:int|def) )', block):
                self.assertIn(part.strip('\n'), source)

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
