# SPDX-License-Identifier: LGPL-2.1-or-later
"""The process: how it comes, goes, tells the service manager, and what it costs."""
import os
import re
import signal
import socket
import subprocess

import reconf
import scene
from gi.repository import Gio


class Idle(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.configure(IdleExitSec=1)
        # Who had the service's name, in turn; '' for nobody.
        self.owners = []
        self.client.connection.signal_subscribe(
            'org.freedesktop.DBus', 'org.freedesktop.DBus', 'NameOwnerChanged', '/org/freedesktop/DBus', reconf.NAME,
            Gio.DBusSignalFlags.NONE, lambda *told: self.owners.append(told[5].unpack()[2]))

    def has_left(self):
        return self.owners[-1:] == ['']

    def wait_for_exit(self):
        reconf.wait_until(self.has_left, 'the daemon to leave')

    def test_leaves_and_comes_back(self):
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.wait_for_exit()
        self.assertEqual(self.client.manager('ListConfigs'), [])
        reconf.wait_until(lambda: len(self.owners) > 2, 'the next one')
        self.assertNotIn(self.owners[2], ('', self.owners[0]))

    def test_leaves_a_busy_directory(self):
        """Drop-ins may come where others write all the time."""
        self.client.manager('ListConfigs')

        def is_gone():
            (self.bus.settings / 'noise').write_text('')
            (self.bus.settings / 'noise').unlink()
            return self.has_left()

        reconf.wait_until(is_gone, 'the daemon to leave')

    def test_leaves_when_the_last_config_goes(self):
        self.watch()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.wait_for_exit()
        self.assertEqual(self.client.manager('ListConfigs'), [])

    def test_stays_while_a_config_is_there(self):
        config = self.watch(debounce_ms=2000)
        pid = self.bus.daemon_pid()
        # Longer than the time after which it would leave.
        with open(self.path('a.yaml'), 'w') as file:
            file.write('a: 2\n')
            file.flush()
            self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assertEqual(self.bus.daemon_pid(), pid)

    def test_no_call_is_lost(self):
        """Calls that come in any moment of its leaving are answered, by it or by the next."""
        self.configure(IdleExitSec=0)
        answers = []

        def done(connection, result):
            answers.append(connection.call_finish(result).unpack())

        for number in range(200):
            for _ in range(1 + number % 3):
                self.client.connection.call(reconf.NAME, reconf.MANAGER_PATH, reconf.MANAGER, 'ListConfigs', None, None,
                                            Gio.DBusCallFlags.NONE, int(reconf.TIMEOUT * 1000), None, done)
            reconf.wait_until(lambda number=number: len(answers) == 1 + number % 3, 'the answers')
            self.assertEqual(set(map(str, answers)), {'([],)'})
            answers.clear()
        self.assertGreater(self.bus.log.read_text().count('Successfully activated'), 5, 'it hardly ever left')

    def test_registration_while_it_leaves(self):
        self.configure(IdleExitSec=0)
        path = self.write('a.yaml', 'a: 1\n')
        for number in range(50):
            self.client.manager('ListConfigs')
            name = f'config-{number}'
            config = self.client.register(name, path)
            self.assertEqual(config.get('a'), 1)
            self.client.manager('UnregisterConfig', '(s)', name)

    def test_sigterm(self):
        config = self.watch()
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        self.bus.end_daemon(signal.SIGTERM)
        self.assertEqual(config.call('GetAll'), (2, {'a': 2}))


class Direct(scene.TestCase):
    """Started by hand, as a service manager would."""

    def launch(self, **environment):
        """Runs the daemon; returns the process, with pipes for what it says."""
        process = subprocess.Popen(scene.daemon_command(), env=self.bus.environment | environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        reconf.wait_until(self.bus.daemon_pid, 'the daemon')
        return process

    def finish(self, process, number=signal.SIGTERM):
        """Ends it; returns exit status, output and errors."""
        process.send_signal(number)
        output, errors = process.communicate(timeout=reconf.TIMEOUT)
        return process.returncode, output, errors

    def notify_socket(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.settimeout(reconf.TIMEOUT)
        path = self.directory / 'notify'
        listener.bind(str(path))
        return listener, str(path)

    def wait_notification(self, listener, wanted):
        while True:
            words = listener.recv(4096).decode().splitlines()
            if wanted in words:
                return words

    def test_says_nothing_in_normal_life(self):
        process = self.launch()
        config = self.watch(max_versions=2)
        config.subscribe()
        for value in range(2, 6):
            self.save('a.yaml', f'a: {value}\n')
            config.wait_changed()
        config.reload()
        config.rollback()
        self.assert_fails('NoSuchPath', config.get, 'nowhere')
        self.client.manager('SetHotReload', '(b)', False)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.assertEqual(self.finish(process), (0, '', ''))

    def test_ends_cleanly(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                process = self.launch()
                self.watch(persist=False)
                self.assertEqual(self.finish(process, number), (0, '', ''))
                self.assertEqual(self.bus.daemon_pid(), 0)

    def test_ends_with_its_bus(self):
        """As a failure, so that a service manager starts it again."""
        process = self.launch()
        self.watch()
        self.bus.process.kill()
        self.bus.process.wait()
        self.assertEqual(process.wait(reconf.TIMEOUT), 1)
        self.bus.start()

    def test_second_one_gives_way(self):
        process = self.launch()
        second = subprocess.run(scene.daemon_command(), env=self.bus.environment, capture_output=True, text=True,
                                timeout=reconf.TIMEOUT, check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertNotEqual(second.stderr, '')
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assertEqual(self.finish(process)[0], 0)

    def test_notifications(self):
        config = self.watch()
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 2\n')
        listener, path = self.notify_socket()
        process = self.launch(NOTIFY_SOCKET=path)
        words = self.wait_notification(listener, 'READY=1')
        self.assertTrue(any(word.startswith('STATUS=') for word in words))
        self.assertEqual(config.get('a'), 2)
        process.send_signal(signal.SIGTERM)
        self.wait_notification(listener, 'STOPPING=1')
        self.assertEqual(process.wait(reconf.TIMEOUT), 0)

    def test_notifies_when_idle(self):
        self.configure(IdleExitSec=0)
        listener, path = self.notify_socket()
        process = subprocess.Popen(scene.daemon_command(), env=self.bus.environment | {'NOTIFY_SOCKET': path})
        self.addCleanup(process.wait)
        self.wait_notification(listener, 'READY=1')
        self.wait_notification(listener, 'STOPPING=1')
        self.assertEqual(process.wait(reconf.TIMEOUT), 0)

    def test_watchdog(self):
        listener, path = self.notify_socket()
        process = self.launch(NOTIFY_SOCKET=path, WATCHDOG_USEC='100000')
        for _ in range(3):
            self.wait_notification(listener, 'WATCHDOG=1')
        self.assertEqual(self.finish(process)[0], 0)

    def test_bad_settings(self):
        for text in ('nonsense', '[Reconf]\nNoSuch=1\n', '[Reconf]\nIdleExitSec=soon\n',
                     '[Reconf]\nEnvironment=a/b\n'):
            with self.subTest(text):
                self.configure()
                (self.bus.settings / 'reconf' / 'reconf.conf').write_text(text)
                result = subprocess.run(scene.daemon_command(), env=self.bus.environment, capture_output=True,
                                        text=True, timeout=reconf.TIMEOUT, check=False)
                self.assertEqual(result.returncode, 1)
                self.assertNotEqual(result.stderr, '')

    def test_options(self):
        program = scene.daemon_command()[0]
        for option, status, output in (('--help', 0, '--user'), ('--version', 0, 'reconfd '), ('--other', 2, '')):
            result = self.bus.run(program, option)
            self.assertEqual(result.returncode, status)
            self.assertIn(output, result.stdout)
        self.assertIn('--other', result.stderr)


class Costs(scene.TestCase):
    RELOADS = 300

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.bus.daemon_pid()}/fd'))

    def private_memory(self):
        with open(f'/proc/{self.bus.daemon_pid()}/smaps_rollup') as file:
            return sum(int(size) for size in re.findall(r'Private_\w+:\s+(\d+) kB', file.read()))

    def test_reloads_leave_nothing_behind(self):
        config = self.watch(content='a: 0\n' + 'x: y\n')
        config.subscribe()

        def run(values):
            for value in values:
                self.save('a.yaml', f'a: {value}\n')
                self.assertEqual(config.reload(), value + 1)
                _, descriptors = self.client.call_raw(config.path, reconf.CONFIG, 'GetSnapshot')
                for descriptor in descriptors:
                    os.close(descriptor)
                self.client.heard.clear()
            # The pruning comes when there is nothing else to do.
            reconf.wait_until(lambda: len(self.numbers(config)) == 10, 'the pruning')
            self.still()
            return self.descriptors(), self.private_memory()

        # What is taken once is taken by then.
        run(range(1, self.RELOADS + 1))
        descriptors, memory = run(range(self.RELOADS + 1, 2 * self.RELOADS + 1))
        again = run(range(2 * self.RELOADS + 1, 3 * self.RELOADS + 1))
        self.assertEqual(again[0], descriptors)
        # Sanitizers hold on to what was freed.
        if not self.is_sanitized():
            self.assertLess(again[1] - memory, 512)

    def is_sanitized(self):
        """Their shadow takes terabytes of addresses."""
        with open(f'/proc/{self.bus.daemon_pid()}/status') as file:
            return int(re.search(r'VmSize:\s+(\d+) kB', file.read())[1]) > 1 << 30

    def test_registrations_leave_nothing_behind(self):
        path = self.write('a.yaml', 'a: 1\n')
        counts = []
        for _ in range(3):
            for number in range(50):
                self.client.register(f'config-{number}', path).subscribe()
            for number in range(50):
                self.client.manager('UnregisterConfig', '(s)', f'config-{number}')
            counts.append(self.descriptors())
        self.assertEqual(counts[1], counts[2])
