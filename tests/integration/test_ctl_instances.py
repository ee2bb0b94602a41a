# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconfctl about the programs that run on configs: tables, what follows them, and retries."""
import json
import os
import signal
import subprocess

import reconf
import scene
import terminal

USAGE, NOT_FOUND, UNREACHABLE = 2, 3, 6


class InstanceCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        with open('/proc/self/comm') as comm:
            self.program = comm.read().rstrip('\n')
        self.pid = str(os.getpid())
        self.bus.environment['LC_ALL'] = 'C.UTF-8'
        self.config = self.watch(content='a: 1\n', config='app')

    def run_ctl(self, *arguments, status=0):
        result = self.bus.reconfctl(*arguments)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.errors = result.stderr
        return result.stdout

    def instance(self, config='app', ack=True, **settings):
        return self.bus.connect().register_instance(config, ack=ack, **settings)[0]

    def leave(self, instance):
        instance.client.close()

    def id_of(self, instance):
        return instance.path.rpartition('/')[2]

    def change(self, number):
        self.save('a.yaml', f'a: {number}\n')
        return self.config.wait_changed()[1]

    def rows(self, *arguments):
        """The table's, by its headers."""
        header, *lines = self.run_ctl('instances', *arguments).split('\n\n')[0].splitlines()
        return [dict(zip(header.split(), line.split(maxsplit=len(header.split()) - 1))) for line in lines]


class Table(InstanceCase):
    def test_none(self):
        self.assertEqual(self.run_ctl('instances'), '0 instances listed.\n')
        self.assertEqual(json.loads(self.run_ctl('instances', 'app', '--json')), [])
        self.run_ctl('instances', 'none', status=NOT_FOUND)

    def test_states(self):
        current, failed, partial, _ = (self.instance() for _ in range(4))
        self.instance(ack=False)
        for instance in (current, failed, partial):
            instance.report(1)
        version = self.change(2)
        current.report(version)
        failed.report(version, 'failed', 'port is taken')
        partial.report(version, 'partial', 'level needs a restart')
        rows = sorted(tuple(row.values()) for row in self.rows('app'))
        unit = rows[0][2]
        self.assertEqual(rows, sorted([
            (self.program, self.pid, unit, '2', 'current', '-', '-'),
            (self.program, self.pid, unit, '1', 'failed', '1', 'port is taken'),
            (self.program, self.pid, unit, '2', 'partial', '-', 'level needs a restart'),
            (self.program, self.pid, unit, '-', 'pending', '-', '-'),
            (self.program, self.pid, unit, '-', 'untracked', '-', '-')]))

    def test_configs_and_names(self):
        self.watch('b.yaml', config='web')
        self.instance('web', name='nginx')
        self.instance()
        self.instance(name=self.program)
        shown = self.run_ctl('instances')
        self.assertEqual([line.split()[0] for line in shown.splitlines()[:4]], ['CONFIG', 'app', 'app', 'web'])
        self.assertIn(f'nginx ({self.program})', shown)
        self.assertNotIn(f'{self.program} ({self.program})', shown)
        row, = json.loads(self.run_ctl('instances', 'web', '--json'))
        self.assertEqual((row['config'], row['program'], row['name'], row['pid'], row['version']),
                         ('web', self.program, 'nginx', os.getpid(), None))

    def test_behind_counts_versions(self):
        instance = self.instance()
        instance.report(1)
        for number in range(2, 6):
            self.change(number)
        self.assertEqual(self.rows('app')[0]['BEHIND'], '4')
        row, = json.loads(self.run_ctl('instances', '--json'))
        self.assertEqual((row['version'], row['behind'], row['state']), (1, 4, 'pending'))
        instance.report(5)
        row, = json.loads(self.run_ctl('instances', '--json'))
        self.assertEqual((row['version'], row['behind'], row['state']), (5, 0, 'current'))

    def test_message_that_reaches_for_the_terminal(self):
        self.instance().report(1, 'failed', 'a\x1b[2Jb\u202ec')
        shown = self.run_ctl('instances')
        self.assertNotIn('\x1b', shown)
        self.assertNotIn('\u202e', shown)

    def test_status(self):
        self.assertNotIn('PROGRAM', self.run_ctl('status', 'app'))
        self.instance().report(1, 'failed', 'why not')
        shown = self.run_ctl('status', 'app')
        self.assertIn('why not\n', shown.partition('PROGRAM')[2])
        status, = json.loads(self.run_ctl('status', 'app', '--json'))
        self.assertEqual([row['message'] for row in status['Instances']], ['why not'])
        self.assertEqual([row['version'] for row in status['Versions']], [1])

    def test_completion(self):
        instance = self.instance()
        self.assertEqual(self.run_ctl('complete', 'instances', 'app'),
                         f'{self.id_of(instance)}\t{self.program}[{self.pid}], pending\n')


class Retry(InstanceCase):
    def setUp(self):
        super().setUp()
        self.current, self.failed, self.pending = (self.instance() for _ in range(3))
        self.current.report(1)
        self.failed.report(1, 'failed', 'no')
        for instance in self.all():
            instance.client.settle()
            instance.client.heard.clear()

    def all(self):
        return self.current, self.failed, self.pending

    def told(self):
        """Those that were told once more."""
        return [instance for instance in self.all()
                if any(heard.member == 'ConfigChanged' for heard in instance.client.settle())]

    def retry(self, *arguments, **keywords):
        return self.run_ctl('retry', 'app', *arguments, **keywords).splitlines()

    def test_all_that_want_it(self):
        self.assertEqual(self.retry(), [f'app: {self.program}[{self.pid}] is told again'] * 2)
        self.assertEqual(self.told(), [self.failed, self.pending])

    def test_by_id_and_object(self):
        for word in (self.id_of(self.failed), self.failed.path):
            with self.subTest(word):
                self.failed.client.heard.clear()
                self.assertEqual(len(self.retry(word)), 1)
                self.assertEqual(self.told(), [self.failed])

    def test_by_pid(self):
        who = f'app: {self.program}[{self.pid}] is '
        self.assertEqual(sorted(self.retry(self.pid)),
                         sorted([f'{who}current already', f'{who}told again', f'{who}told again']))

    def test_none(self):
        for instance in self.all():
            instance.report(1)
        self.assertEqual(self.retry(), ['app: no instance waits or failed'])
        self.retry('nonesuch', status=NOT_FOUND)
        self.assertIn('reconfctl instances app', self.errors)
        self.run_ctl('retry', 'none', status=NOT_FOUND)
        self.leave(self.failed)
        self.retry(self.id_of(self.failed), status=NOT_FOUND)


class Lines(InstanceCase):
    """Followed where nothing can be drawn."""

    def start(self, *arguments):
        process = subprocess.Popen([reconf.PREFIX / 'bin' / 'reconfctl', '--user', 'instances', '--follow',
                                    *arguments], env=self.bus.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, process)
        os.set_blocking(process.stdout.fileno(), False)
        self.shown = ''
        self.process = process
        # What comes from now on is told of: it was not in the table.
        reconf.wait_until(self.read, 'the table')

    def end(self, process):
        process.terminate()
        process.communicate(timeout=reconf.TIMEOUT)

    def read(self):
        self.shown += (self.process.stdout.read() or b'').decode()
        return self.shown

    def wait_shown(self, text):
        """Returns what was shown up to that, which is forgotten."""
        def look():
            return text in self.read()

        try:
            reconf.wait_until(look, text)
        except AssertionError as error:
            raise AssertionError(f'{error}: {self.shown}') from None
        before, _, self.shown = self.shown.partition(text)
        return before

    def test_lines(self):
        self.instance().report(1)
        self.start('app')
        self.wait_shown(f'{self.program} ')
        self.wait_shown(' current ')
        who = f' app {self.program}[{self.pid}] '
        instance = self.instance()
        self.wait_shown(f'{who}came, pending\n')
        instance.report(1)
        self.wait_shown(f'{who}current, version 1\n')
        self.change(2)
        self.wait_shown(' app version 2\n')
        self.wait_shown(f'{who}pending, version 1, 1 behind\n')
        instance.report(2, 'failed', 'no\nroom')
        self.wait_shown(f'{who}failed, version 1, 1 behind: no\\nroom\n')
        self.leave(instance)
        self.wait_shown(f'{who}left\n')

    def test_states_that_are_over(self):
        """What was heard is printed, even if all that can be asked for is what came after it."""
        instance = self.instance()
        self.start()
        self.wait_shown('pending')
        os.kill(self.process.pid, signal.SIGSTOP)
        reconf.wait_until(lambda: scene.process_state(self.process.pid) == 'T', 'the program to stop')
        instance.report(1, 'failed', 'at first')
        instance.report(1)
        os.kill(self.process.pid, signal.SIGCONT)
        self.wait_shown('] failed')
        self.wait_shown('] current, version 1\n')

    def test_json(self):
        self.start('--json=short')
        self.assertEqual(self.wait_shown('\n'), '[]')
        self.instance(name='nginx').report(1)
        row = json.loads(self.wait_shown('\n'))
        self.assertEqual((row['event'], row['config'], row['program'], row['name']),
                         ('came', 'app', self.program, 'nginx'))

    def test_private(self):
        """Its signals are for subscribers only."""
        self.path('a.yaml').chmod(0o600)
        self.config.reload()
        self.start()
        self.instance().report(1)
        self.wait_shown('current')

    def test_other_configs(self):
        self.watch('b.yaml', config='web')
        self.start('app')
        self.instance('web').report(1)
        self.instance('app').report(1)
        self.wait_shown(' came')
        self.assertNotIn('web', self.shown)

    def test_configs_that_come(self):
        self.start()
        self.watch('b.yaml', config='web')
        self.instance('web').report(1)
        self.wait_shown(f' web {self.program}[{self.pid}] came')

    def test_service_that_is_killed(self):
        self.instance().report(1)
        self.start()
        self.wait_shown('current')
        self.bus.end_daemon()
        self.wait_shown('left\n')
        self.instance().report(1)
        self.wait_shown('came')

    def test_bus_that_goes(self):
        self.start()
        self.bus.stop()
        self.assertEqual(self.process.wait(reconf.TIMEOUT), UNREACHABLE)

    def test_usage(self):
        self.run_ctl('instances', '--follow', 'none', status=NOT_FOUND)
        self.run_ctl('list', '--follow', status=USAGE)


class Drawn(InstanceCase):
    """Followed on a terminal."""

    def start(self, *arguments):
        started = terminal.Terminal(self.bus.environment, reconf.PREFIX / 'bin' / 'reconfctl', '--user',
                                    'instances', '-f', *arguments)
        self.addCleanup(started.close)
        return started

    def wait_states(self, screen, *states):
        """The states in the table, in order, there being nothing else on the screen."""
        def look(lines):
            header, *rows = lines
            if 'STATE' not in header:
                return not states and lines == ['no instances']
            column = header.split().index('STATE')
            # What has no state is no row, or not all of it.
            return sorted((row.split() + [''] * column)[column] for row in rows) == sorted(states)

        screen.wait_seen(look, f'the states {states}')

    def test_in_place(self):
        instance = self.instance()
        screen = self.start('app')
        self.wait_states(screen, 'pending')
        instance.report(1)
        self.wait_states(screen, 'current')
        other = self.instance(ack=False)
        self.wait_states(screen, 'current', 'untracked')
        self.change(2)
        self.wait_states(screen, 'pending', 'untracked')
        self.leave(other)
        self.wait_states(screen, 'pending')
        screen.type('\x03')
        self.assertEqual(screen.wait_end(), -signal.SIGINT)
        self.assertTrue(screen.is_restored())

    def test_none(self):
        screen = self.start()
        self.wait_states(screen)
        instance = self.instance()
        self.wait_states(screen, 'pending')
        self.leave(instance)
        self.wait_states(screen)

    def test_service_that_is_killed(self):
        self.instance()
        screen = self.start()
        self.wait_states(screen, 'pending')
        self.bus.end_daemon()
        screen.wait_for('the service left the bus')
        self.wait_states(screen)
        self.instance()
        self.wait_states(screen, 'pending')

    def test_size(self):
        for _ in range(6):
            self.instance()
        screen = self.start()
        self.wait_states(screen, *['pending'] * 6)
        screen.resize(5, 40)
        screen.wait_seen(lambda lines: lines[-1] == '(4 more)' and max(map(len, lines)) <= 40, 'the smaller table')
        screen.resize(terminal.ROWS, terminal.COLUMNS)
        self.wait_states(screen, *['pending'] * 6)

    def test_many_changes_are_few_drawings(self):
        instances = [self.instance() for _ in range(10)]
        screen = self.start('app')
        self.wait_states(screen, *['pending'] * 10)
        os.kill(screen.process.pid, signal.SIGSTOP)
        reconf.wait_until(lambda: scene.process_state(screen.process.pid) == 'T', 'the program to stop')
        for instance in instances:
            instance.report(1)
        screen.raw = ''.join(f'{line}\n' for line in screen.lines())
        os.kill(screen.process.pid, signal.SIGCONT)
        screen.wait_seen(lambda lines: sum('current' in line for line in lines) == 10, 'the reports')
        self.assertLessEqual(screen.raw.count('PROGRAM'), 4)
