# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconfctl run: programs that know nothing of D-Bus.

The programs write what they hear into a file, a line each.
"""
import os
import pathlib
import pty
import signal
import subprocess

import reconf
import scene
from gi.repository import GLib

RECONFCTL = reconf.PREFIX / 'bin' / 'reconfctl'
# Long enough for a shell to fail in on a busy machine.
LONG_SETTLE = '5s'
# Shells run traps between commands. None outlives the test.
LOOP = 'say ready; while test -e ../heard; do sleep 0.01; done'
TRAPS = "trap 'say term; exit 0' TERM; " + ''.join(
    f"trap 'say {name}' {name.upper()}; " for name in ('int', 'hup', 'usr1', 'usr2', 'quit', 'winch', 'cont'))
# As a daemon does that checks what it reads: it ends if that is bad.
PICKY = "read_it() { say $(cat a.yaml); ! grep -q bad a.yaml || exit 3; }; trap read_it HUP; read_it; "
# Tells who sent a signal; 0 is the kernel.
SENDERS = """#!/usr/bin/python3
import signal
numbers = [signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1]
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
with open('{heard}', 'a', buffering=1) as heard:
    print('ready', file=heard)
    while True:
        info = signal.sigwaitinfo(numbers)
        print(signal.Signals(info.si_signo).name, 'from', info.si_pid, file=heard)
"""


class TestCase(scene.TestCase):
    settle = '100ms'

    def setUp(self):
        super().setUp()
        self.heard_path = self.directory / 'heard'
        self.errors_path = self.directory / 'errors'
        self.program = self.directory / 'program'

    def write_program(self, script):
        self.program.write_text(f'#!/bin/sh\nsay() {{ echo "$*" >>{self.heard_path}; }}\ncd {self.files}\n{script}\n')
        self.program.chmod(0o755)

    def popen(self, *words, **keywords):
        with open(self.errors_path, 'ab') as errors:
            process = subprocess.Popen([RECONFCTL, '--user', 'run', *map(str, words)], env=self.bus.environment,
                                       **{'stdin': subprocess.DEVNULL, 'stderr': errors, **keywords})
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        """Ends both, so that the program writes nothing any more."""
        process.terminate()
        try:
            process.wait(reconf.TIMEOUT)
        finally:
            process.kill()
            process.wait()

    def run_program(self, script, *words, **keywords):
        """Starts it on config a, and waits until it is ready."""
        self.write_program(script)
        process = self.popen('a', f'--settle={self.settle}', *words, '--', self.program, **keywords)
        self.wait_heard_last('ready')
        return process

    def heard(self):
        return self.heard_path.read_text().splitlines() if self.heard_path.exists() else []

    def wait_heard(self, *lines):
        reconf.wait_until(lambda: self.heard() == list(lines), f'the program to hear {lines}')

    def wait_heard_last(self, line):
        reconf.wait_until(lambda: self.heard()[-1:] == [line], f'the program to say {line}')

    def errors(self):
        return self.errors_path.read_text()

    def instances(self):
        return self.client.manager('ListInstances', '(s)', 'a')

    def wait_instance(self, state, version):
        """The one instance, once it is in that state on that version."""
        return reconf.wait_until(
            lambda: next((row for row in self.instances() if row[5:7] == (state, version)), None),
            f'an instance that is {state} on version {version}')

    def states(self):
        """Of the instance, each with its version, as they were told."""
        return [heard.arguments[1:] for heard in self.client.settle() if heard.member == 'InstanceStateChanged']

    def wait_no_instance(self):
        reconf.wait_until(lambda: not self.instances(), 'the instance to be gone')

    def assert_ends(self, process, status):
        self.assertEqual(process.wait(reconf.TIMEOUT), status, self.errors())


class Life(TestCase):
    """One version, and the program is all that matters."""

    def setUp(self):
        super().setUp()
        self.watch()

    def test_instance(self):
        process = self.run_program(f"say $RECONF_CONFIG $RECONF_VERSION; trap 'exit 5' TERM; {LOOP}")
        row = self.wait_instance('current', 1)
        self.assertEqual(row[1:4], ('a', process.pid, 'reconfctl'))
        self.assertEqual(row[7]['name'], 'program')
        self.assertEqual(self.heard(), ['a 1', 'ready'])
        process.terminate()
        self.assert_ends(process, 5)
        self.wait_no_instance()
        self.assertEqual(self.errors(), '')

    def test_name(self):
        self.run_program(LOOP, '--name', 'the mill')
        self.assertEqual(self.wait_instance('current', 1)[7]['name'], 'the mill')

    def test_dashes_left_out(self):
        self.write_program('say "$@"')
        self.assert_ends(self.popen('--settle', '0', 'a', self.program, '--user', '--', '-x'), 0)
        self.assertEqual(self.heard(), ['--user -- -x'])

    def test_exit_statuses(self):
        for script, status in (('exit 0', 0), ('exit 3', 3), ('exit 255', 255), ('kill -KILL $$', 137),
                               ('kill -TERM $$', 143)):
            with self.subTest(script):
                self.write_program(script)
                self.assert_ends(self.popen('a', self.program), status)

    def test_cannot_be_executed(self):
        self.assert_ends(self.popen('a', 'reconf-no-such-program'), 127)
        self.assertIn("'reconf-no-such-program' cannot be executed: No such file or directory", self.errors())
        self.assert_ends(self.popen('a', '-q', self.write('plain', '')), 126)
        self.assertIn('/plain\' cannot be executed: Permission denied', self.errors())

    def test_ends_early(self):
        self.write_program('exit 4')
        self.assert_ends(self.popen('a', '--settle=1h', self.program), 4)
        self.assertEqual(self.client.wait_signal('InstanceStateChanged').arguments[1:], ('failed', 0))
        self.assertEqual(self.errors(), 'reconfctl: a: version 1: the program exited with status 4\n')

    def test_not_started(self):
        self.write_program('say started')
        process = self.popen('b', self.program)
        self.assert_ends(process, 3)
        self.assertIn("reconfctl: b: ", self.errors())
        self.assert_ends(self.popen('a', '--restart', '--signal=HUP', self.program), 2)
        self.assertIn("'run' takes either --signal or --restart, not both", self.errors())
        self.assert_ends(self.popen('a'), 2)
        self.bus.stop()
        self.assert_ends(self.popen('a', self.program), 6)
        self.assertEqual(self.heard(), [])

    def test_signals(self):
        process = self.run_program(f"{TRAPS}{LOOP}")
        expected = ['ready']
        for name in ('hup', 'usr1', 'usr2', 'winch', 'cont', 'quit', 'int', 'term'):
            process.send_signal(signal.Signals[f'SIG{name.upper()}'])
            expected.append(name)
            self.wait_heard(*expected)
        self.assert_ends(process, 0)

    def test_ended_by_signal(self):
        process = self.run_program(LOOP)
        process.send_signal(signal.SIGUSR1)
        self.assert_ends(process, 128 + signal.SIGUSR1)

    def test_inherits(self):
        """Descriptors and the process group are what they would be without reconfctl."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.write_program(f"echo out; echo error >&2; cat; echo extra >&{writer}; cut -d ' ' -f 5 /proc/$$/stat")
        process = self.popen('a', '--settle=0', self.program, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, pass_fds=[writer], start_new_session=True)
        os.close(writer)
        output, errors = process.communicate('in\n', reconf.TIMEOUT)
        self.assertEqual(output.splitlines(), ['out', 'in', str(process.pid)])
        self.assertEqual(errors, 'error\n')
        self.assertEqual(os.read(reader, 100), b'extra\n')

    def test_signal_mask(self):
        process = self.popen('a', 'grep', '^SigBlk:', '/proc/self/status', stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.communicate(timeout=reconf.TIMEOUT)[0].split(), ['SigBlk:', '0' * 16])

    def test_killed(self):
        """However reconfctl ends, the program does not outlive it."""
        process = self.run_program(f"trap 'say asked; exit' TERM; {LOOP}")
        process.kill()
        self.wait_heard('ready', 'asked')

    def run_in_terminal(self, *words):
        """Starts the program on a terminal of its own. Returns that, for whoever types at it, and the process."""
        leader, follower = pty.openpty()
        self.addCleanup(os.close, leader)
        process = self.popen('a', *words, '--', self.program, stdin=follower, start_new_session=True,
                             preexec_fn=lambda: os.close(os.open(os.ttyname(follower), os.O_RDWR)))
        os.close(follower)
        self.wait_heard('ready')
        return leader, process

    def test_terminal(self):
        """The terminal's ^C is heard once, not twice; one sent to reconfctl alone is passed."""
        self.program.write_text(SENDERS.format(heard=self.heard_path))
        self.program.chmod(0o755)
        leader, process = self.run_in_terminal()
        os.write(leader, b'\x03')
        self.wait_heard('ready', 'SIGINT from 0')
        process.send_signal(signal.SIGUSR1)
        self.wait_heard('ready', 'SIGINT from 0', f'SIGUSR1 from {process.pid}')
        os.write(leader, b'\x1c')
        process.send_signal(signal.SIGINT)
        # The terminal passes its own on when the kernel comes to it.
        reconf.wait_until(lambda: len(self.heard()) > 4, 'both signals')
        self.assertEqual(sorted(self.heard()[3:]), [f'SIGINT from {process.pid}', 'SIGQUIT from 0'])

    def test_terminal_ends_it(self):
        self.write_program(LOOP)
        leader, process = self.run_in_terminal('--settle=1h', '--restart')
        os.write(leader, b'\x03')
        self.assert_ends(process, 128 + signal.SIGINT)
        # Whoever was asked to end has not failed.
        self.assertEqual(self.errors(), '')

    def test_ended_together(self):
        """What stops all processes of a service says nothing about a version, whatever is heard of first."""
        process = self.run_program(f"trap 'say term; exit 0' TERM; {LOOP}", '--settle=1h', start_new_session=True)
        process.send_signal(signal.SIGSTOP)
        reconf.wait_until(lambda: scene.process_state(process.pid) == 'T', 'reconfctl to stop')
        child = int(pathlib.Path(f'/proc/{process.pid}/task/{process.pid}/children').read_text())
        os.killpg(process.pid, signal.SIGTERM)
        reconf.wait_until(lambda: scene.process_state(child) == 'Z', 'the program to end')
        process.send_signal(signal.SIGCONT)
        self.assert_ends(process, 0)
        self.assertNotIn('version 1', self.errors())


class Versions(TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.watch()

    def test_signal(self):
        self.run_program(f'{TRAPS}{LOOP}')
        self.wait_instance('current', 1)
        self.save('a.yaml', 'a: 2\n')
        self.wait_heard('ready', 'hup')
        self.wait_instance('current', 2)

    def test_another_signal(self):
        self.run_program(f'{TRAPS}{LOOP}', '--signal=SIGUSR2')
        self.wait_instance('current', 1)
        self.save('a.yaml', 'a: 2\n')
        self.wait_instance('current', 2)
        self.wait_heard('ready', 'usr2')

    def test_private(self):
        """What is not broadcast is heard, too."""
        (self.files / 'a.yaml').chmod(0o600)
        self.run_program(f'{TRAPS}{LOOP}')
        self.wait_instance('current', 1)
        self.save('a.yaml', 'a: 2\n')
        self.wait_instance('current', 2)
        self.wait_heard('ready', 'hup')

    def test_restart(self):
        self.run_program(f"say $RECONF_VERSION; trap 'exit 9' TERM; {LOOP}", '--restart')
        first = self.wait_instance('current', 1)
        self.save('a.yaml', 'a: 2\n')
        second = self.wait_instance('current', 2)
        self.wait_heard('1', 'ready', '2', 'ready')
        self.assertEqual(first[0], second[0], 'it is still the same instance')

    def test_dies(self):
        process = self.run_program(f'{PICKY}{LOOP}', f'--settle={LONG_SETTLE}')
        self.wait_instance('current', 1)
        self.forget()
        self.save('a.yaml', 'a: bad\n')
        self.assert_ends(process, 3)
        # It said so before it left.
        self.assertEqual(self.states(), [('pending', 1), ('failed', 1)])
        self.assertEqual(self.errors(), 'reconfctl: a: version 2: the program exited with status 3\n')
        self.assertEqual(self.config.get('a'), 'bad')

    def test_reports_before_it_leaves(self):
        """Whoever left is not listened to any longer, so the service has to have heard of the failure."""
        process = self.run_program('say ready; until test -e go; do sleep 0.01; done; exit 3', '--settle=1h')
        self.wait_instance('pending', 0)
        self.forget()
        go_on = self.hold()
        try:
            self.write('go', '')
            reconf.wait_until(lambda: 'exited with status 3' in self.errors(), 'the failure')
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(0.5)
        finally:
            go_on()
        self.assert_ends(process, 3)
        self.assertEqual(self.states(), [('failed', 0)])

    def test_forged(self):
        """Anybody can send such a signal; only the service's counts."""
        process = self.run_program(f'{TRAPS}{LOOP}')
        self.wait_instance('current', 1)
        name = self.find_name(process.pid)
        arguments = GLib.Variant('(stta(ssvv)a{sv})', ('/', 7, 1, [], {}))
        self.client.connection.emit_signal(name, self.config.path, reconf.CONFIG, 'ConfigChanged', arguments)
        self.client.connection.flush_sync(None)
        self.save('a.yaml', 'a: 2\n')
        self.wait_instance('current', 2)
        self.wait_heard('ready', 'hup')

    def find_name(self, pid):
        def call(method, signature='()', *arguments):
            return self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', method, signature, *arguments,
                                    name='org.freedesktop.DBus')

        return next(name for name in call('ListNames')
                    if name.startswith(':') and call('GetConnectionUnixProcessID', '(s)', name) == pid)

    def test_registered_again(self):
        self.run_program(f'{TRAPS}{LOOP}')
        self.wait_instance('current', 1)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.assertEqual(self.client.manager('ListInstances', '(s)', ''), [])
        self.watch(content='a: 3\n')
        self.wait_instance('current', 2)
        self.wait_heard('ready', 'hup')


class GoingBack(TestCase):
    settle = LONG_SETTLE

    def setUp(self):
        super().setUp()
        # An instance that settles in is silent until then.
        self.config = self.watch(on_failure='rollback', ack_ms=60000)

    def assert_went_back(self):
        self.assertEqual((self.files / 'a.yaml').read_text(), 'a: 1\n')
        self.assertEqual(self.config.get('a'), 1)
        self.assertEqual([(version, origin, state) for version, _, origin, _, state, _ in self.config.history()],
                         [(3, 'failure', 'active'), (2, 'file', 'rolled-back'), (1, 'register', 'superseded')])

    def wait_back(self):
        self.config.wait_changed(lambda heard: heard.arguments[1] == 3)

    def test_signal(self):
        process = self.run_program(f'{PICKY}{LOOP}')
        self.wait_instance('current', 1)
        self.save('a.yaml', 'a: bad\n')
        self.assert_ends(process, 3)
        self.wait_back()
        self.assert_went_back()

    def test_restart(self):
        process = self.run_program(f'{PICKY}{LOOP}', '--restart')
        self.wait_instance('current', 1)
        self.save('a.yaml', 'a: bad\n')
        self.wait_back()
        self.wait_instance('current', 3)
        self.assert_went_back()
        self.wait_heard('a: 1', 'ready', 'a: bad', 'a: 1', 'ready')
        self.assertIsNone(process.poll())

    def test_others_failure(self):
        """A version that another program could not take is taken back here, too."""
        self.run_program(f"trap 'say $(cat a.yaml)' HUP; {LOOP}")
        self.wait_instance('current', 1)
        path, _ = self.client.manager('RegisterInstance', '(sa{sv})', 'a', {'ack': GLib.Variant('b', True)})
        self.client.call(path, f'{reconf.NAME}.Instance', 'ReportApplied', '(tss)', 1, 'applied', '')
        self.save('a.yaml', 'a: 2\n')
        self.wait_heard('ready', 'a: 2')
        self.client.call(path, f'{reconf.NAME}.Instance', 'ReportApplied', '(tss)', 2, 'failed', 'no')
        self.wait_heard('ready', 'a: 2', 'a: 1')
        self.wait_instance('current', 3)
        self.assert_went_back()


class ServiceGoes(TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.watch()

    def test_crash(self):
        self.run_program(f'{TRAPS}{LOOP}')
        before = self.wait_instance('current', 1)
        self.bus.end_daemon()
        after = self.wait_instance('current', 1)
        self.assertNotEqual(before[0], after[0])
        self.assertEqual(self.heard(), ['ready'])
        self.save('a.yaml', 'a: 2\n')
        self.wait_instance('current', 2)
        self.wait_heard('ready', 'hup')

    def test_changed_meanwhile(self):
        self.run_program(f'{TRAPS}{LOOP}')
        self.wait_instance('current', 1)
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 2\n')
        self.wait_instance('current', 2)
        self.wait_heard('ready', 'hup')

    def test_called_again(self):
        """Where nobody else calls the service, reconfctl does."""
        process = self.run_program(f'{TRAPS}{LOOP}')
        self.wait_instance('current', 1)
        self.bus.end_daemon()
        reconf.wait_until(self.bus.daemon_pid, 'the service to be started again')
        self.wait_instance('current', 1)
        self.assertEqual(self.errors(), 'reconfctl: a: the service left the bus; the program goes on\n')
        self.assertIsNone(process.poll())

    def test_killed_at_every_moment(self):
        """Whatever came of a version, the program ends up on the last one, having been told of it."""
        self.run_program(f"trap 'say $(cat a.yaml)' HUP; {LOOP}")
        self.wait_instance('current', 1)
        for number in range(2, 8):
            self.config.get('a')
            self.save('a.yaml', f'a: {number}\n')
            if number % 2:
                self.wait_heard_last(f'a: {number}')
            self.bus.end_daemon()
        self.wait_heard_last('a: 7')
        self.wait_instance('current', self.config.call('GetAll')[0])

    def test_bus(self):
        """The program goes on without a bus, is passed signals, and is an instance again on the next."""
        process = self.run_program(f'{TRAPS}{LOOP}')
        self.wait_instance('current', 1)
        self.bus.stop()
        reconf.wait_until(lambda: 'the bus went away' in self.errors(), 'reconfctl to miss the bus')
        process.send_signal(signal.SIGUSR1)
        self.wait_heard('ready', 'usr1')
        self.save('a.yaml', 'a: 2\n')
        self.bus.start()
        self.client = self.bus.connect()
        self.wait_instance('current', 2)
        self.wait_heard('ready', 'usr1', 'hup')
        self.assertEqual(self.errors().count('the bus went away; the program goes on\n'), 1)


if __name__ == '__main__':
    import unittest
    unittest.main()
