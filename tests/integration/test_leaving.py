# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service leaves when nothing needs it, and calls that wait for polkit's answer do."""
import os
import signal
import socket
import subprocess
import unittest

import people
import reconf
import scene
from gi.repository import GLib
from test_access_polkit import Calls

# The system's settings are below the prefix, which others use at the same time: here they are those of the case.
MOUNT = f'''
mkdir -p {reconf.PREFIX}/etc/reconf "$XDG_CONFIG_HOME/reconf"
mount --bind "$XDG_CONFIG_HOME/reconf" {reconf.PREFIX}/etc/reconf
exec "$@"
'''
WITH_SETTINGS = ('unshare', '--mount', 'sh', '-euc', MOUNT, 'sh')


class Waiting(people.TestCase):
    """A stranger's registration, which polkit takes its time for, is all that there is."""

    bus_prefix = WITH_SETTINGS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if subprocess.run(['unshare', '--mount', 'true'], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False).returncode != 0:
            raise unittest.SkipTest('there are no mount namespaces to be had')

    def setUp(self):
        super().setUp()
        self.configure(IdleExitSec=0)
        self.start_polkit()
        self.polkit.holds.add((self.uids['stranger'], people.REGISTER))
        self.file = self.write('b.yaml', 'b: 1\n')

    def register(self, client):
        calls = Calls(client)
        calls.send(reconf.MANAGER_PATH, reconf.MANAGER, 'RegisterConfig',
                   GLib.Variant('(sasa{sv})', ('b', [str(self.file)], {})))
        return calls

    def wait_exit(self):
        reconf.wait_until(lambda: not self.bus.daemon_pid(), 'the daemon to leave')

    def test_stays_until_the_answer(self):
        calls = self.register(self.person('stranger'))
        question = self.polkit.wait_asked()
        pid = self.bus.daemon_pid()
        # It would leave after any of these, since it has no time to be idle for.
        for _ in range(20):
            self.assertEqual(self.names(), [])
        self.assertEqual((self.bus.daemon_pid(), calls.done), (pid, []))
        question.answer(True)
        self.assertEqual(calls.wait(), ('/org/reconf/Reconf1/config/b',))
        self.assertEqual((self.names(), self.bus.daemon_pid()), (['b'], pid))

    def test_leaves_after_a_no(self):
        calls = self.register(self.person('stranger'))
        self.polkit.wait_asked().answer(False)
        self.assertEqual(calls.wait(), people.DENIED)
        self.wait_exit()

    def test_leaves_after_the_caller(self):
        other = self.connect_as('stranger')
        self.register(other)
        question = self.polkit.wait_asked()
        other.close()
        self.wait_exit()
        self.assertEqual(self.polkit.cancelled, [question.id])

    def notify_socket(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.settimeout(reconf.TIMEOUT)
        listener.bind(str(self.directory / 'notify'))
        return listener

    def wait_notification(self, listener, wanted):
        while wanted not in listener.recv(4096).decode().splitlines():
            pass

    def wait_bus(self, state):
        reconf.wait_until(lambda: scene.process_state(self.bus.process.pid) == state, f'the bus to be {state}')

    def test_asked_while_it_leaves(self):
        """A call that it got before its name was gone is answered, and then it goes; the next knows of it."""
        person = self.person('stranger')
        dropin = self.bus.settings / 'reconf' / 'configs.d' / 'a.conf'
        dropin.parent.mkdir()
        dropin.write_text(f'[Config]\nFile={self.write("a.yaml", "a: 1")}\n')
        listener = self.notify_socket()
        process = subprocess.Popen([*WITH_SETTINGS, reconf.PREFIX / 'libexec' / 'reconfd', '--system'],
                                   env=self.bus.environment | {'NOTIFY_SOCKET': listener.getsockname()})
        self.addCleanup(process.wait)
        self.wait_notification(listener, 'READY=1')

        # What the bus is sent while it stands still it reads in that order, if it has nothing left to read.
        self.assertEqual(self.names(), ['a'])
        self.wait_bus('S')
        os.kill(self.bus.process.pid, signal.SIGSTOP)
        self.wait_bus('T')
        calls = self.register(person)
        person.connection.flush_sync(None)
        dropin.unlink()
        self.wait_notification(listener, 'STOPPING=1')
        os.kill(self.bus.process.pid, signal.SIGCONT)

        question = self.polkit.wait_asked()
        reconf.wait_until(lambda: self.bus.daemon_pid() != process.pid, 'the name to be free')
        self.assertIsNone(process.poll())
        question.answer(True)
        self.assertEqual(calls.wait(), ('/org/reconf/Reconf1/config/b',))
        self.assertEqual(process.wait(reconf.TIMEOUT), 0)
        self.assertEqual(self.names(), ['b'])
