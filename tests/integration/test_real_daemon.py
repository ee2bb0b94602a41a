# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon that knows nothing of Reconf, made safe to reconfigure: dnsmasq, with the drop-in of the example.

It is asked over DNS what it has read. With systemd, a stand-in does what the unit of the distribution would do.
"""
import os
import random
import signal
import socket
import struct
import subprocess

import reconf
import scene
import systemd

DNSMASQ = '/usr/sbin/dnsmasq'
EXAMPLE = reconf.PREFIX / 'share' / 'doc' / 'reconf' / 'examples' / 'dnsmasq'
UNIT = 'dnsmasq.service'
HOST = 'printer.home'


def free_port():
    """One that nobody has, for now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(('127.0.0.1', 0))
        return other.getsockname()[1]


def resolve(port, host):
    """The first address; None where nobody answers, or nothing is known."""
    number = random.getrandbits(16)
    name = b''.join(bytes([len(label)]) + label.encode() for label in host.split('.')) + b'\0'
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(reconf.TIMEOUT)
        asking.connect(('127.0.0.1', port))
        try:
            asking.send(struct.pack('!6H', number, 0x100, 1, 0, 0, 0) + name + struct.pack('!2H', 1, 1))
            answer = asking.recv(512)
        except OSError:
            return None
    told, _, _, count = struct.unpack('!4H', answer[:8])
    return socket.inet_ntoa(answer[-4:]) if told == number and count == 1 else None


class TestCase(scene.DropinTestCase):
    def setUp(self):
        super().setUp()
        private = self.directory / 'private'
        private.mkdir()
        self.bus.environment['RUNTIME_DIRECTORY'] = str(private)
        self.restart_bus()
        self.port = free_port()
        self.file = self.write('dnsmasq.conf', self.content('192.0.2.1'))

    def content(self, address, *more):
        return '\n'.join((f'port={self.port}', 'listen-address=127.0.0.1', 'bind-interfaces', 'no-resolv', 'no-hosts',
                          f'address=/{HOST}/{address}', *more, ''))

    def drop(self, *without):
        """The example's drop-in, for these places, and without some groups."""
        text = (EXAMPLE / 'dnsmasq.conf').read_text()
        for wanted, here in (('/etc/dnsmasq.conf', self.file),
                             ('/usr/local/lib/reconf/dnsmasq-to-json', EXAMPLE / 'dnsmasq-to-json')):
            self.assertIn(wanted, text)
            text = text.replace(wanted, str(here))
        groups = text.split('\n[')
        self.dropin('dnsmasq', '\n['.join(group for group in groups if not group.startswith(without)))
        config = self.client.config('dnsmasq')
        reconf.wait_until(lambda: config.get_property('Version') == 1, 'the first version')
        self.forget()
        return config

    def edit(self, *content):
        self.save('dnsmasq.conf', self.content(*content))

    def wait_live(self, address):
        """What was saved last is the active version, and dnsmasq, which has proven itself on it, answers so."""
        config = self.client.config('dnsmasq')
        reconf.wait_until(lambda: [row[5:7] for row in self.client.manager('ListInstances', '(s)', 'dnsmasq')] ==
                          [('current', config.get_property('Version'))], 'dnsmasq to be current')
        self.assertEqual(resolve(self.port, HOST), address)

    def check_edits(self, config):
        """What somebody does who edits the file and looks no further."""
        self.wait_live('192.0.2.1')
        self.edit('192.0.2.2')
        self.assert_changed(config, ('address', 'modified', f'/{HOST}/192.0.2.1', f'/{HOST}/192.0.2.2'))
        self.wait_live('192.0.2.2')

        self.edit('192.0.2.3', 'no-such-option')
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'command')
        self.assertIn('bad option at line 7', problems[0][3])
        self.assertEqual(resolve(self.port, HOST), '192.0.2.2')

        # Nothing is wrong with it, but the machine has no such address.
        self.edit('192.0.2.4', 'listen-address=203.0.113.1')
        self.assertEqual(config.wait_signal('ReloadFailed').arguments[0], 'instance')
        config.wait_changed(lambda heard: heard.arguments[4]['origin'] == 'failure')
        self.wait_live('192.0.2.2')
        self.assertEqual(self.file.read_text(), self.content('192.0.2.2'))
        self.assertEqual([row[4] for row in config.history()][:3], ['active', 'rolled-back', 'superseded'])

        self.edit('192.0.2.5')
        config.wait_changed(lambda heard: heard.arguments[4]['origin'] == 'file')
        self.wait_live('192.0.2.5')


class Alone(TestCase):
    def test_run(self):
        """Under reconfctl run, without systemd."""
        config = self.drop('Apply')
        with open(self.directory / 'errors', 'wb') as errors:
            process = subprocess.Popen(
                [reconf.PREFIX / 'bin' / 'reconfctl', '--user', 'run', 'dnsmasq', '--restart', '--settle=3s', '--',
                 DNSMASQ, '--keep-in-foreground', f'--conf-file={self.file}', '--pid-file'],
                env=self.bus.environment, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.check_edits(config)
        process.terminate()
        self.assertEqual(process.wait(reconf.TIMEOUT), 0, (self.directory / 'errors').read_text())
        self.assertIsNone(resolve(self.port, HOST))


class Unit(TestCase):
    def setUp(self):
        super().setUp()
        self.pid_file = self.directory / 'pid'
        self.systemd = systemd.Systemd(self.bus)
        self.systemd.on_job = self.restart
        self.unit = self.systemd.add(UNIT, ActiveState='inactive')
        self.addCleanup(self.stop)

    def stop(self):
        pid = self.unit.state['MainPID']
        if pid:
            os.kill(pid, signal.SIGTERM)
            reconf.wait_for_end(pid)

    def restart(self, job=None):
        """As Type=forking has it: started is what has left its parent, and that says how it went."""
        self.stop()
        started = subprocess.run([DNSMASQ, f'--conf-file={self.file}', f'--pid-file={self.pid_file}'],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 check=False)
        pid = int(self.pid_file.read_text()) if started.returncode == 0 else 0
        self.unit.set(ActiveState='active' if pid else 'failed', MainPID=pid)
        return 'done' if pid else 'failed'

    def test_unit(self):
        self.restart()
        config = self.drop()
        self.check_edits(config)
        methods = [job.method for job in self.systemd.jobs]
        self.assertEqual(methods[-4:], ['TryRestartUnit', 'TryRestartUnit', 'StartUnit', 'TryRestartUnit'])
        self.assertEqual({job.unit for job in self.systemd.jobs}, {UNIT})
