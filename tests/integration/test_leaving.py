# SPDX-License-Identifier: LGPL-2.1-or-later
"""The service leaves when nothing needs it, and calls that wait for polkit's answer do."""
import contextlib
import pathlib
import platform
import socket
import subprocess
import unittest

import people
import reconf
from gi.repository import GLib
from test_access_polkit import Calls

# The system's settings are below the prefix, which others use at the same time: here they are those of the case.
MOUNT = f'''
mkdir -p {reconf.PREFIX}/etc/reconf "$XDG_CONFIG_HOME/reconf"
mount --bind "$XDG_CONFIG_HOME/reconf" {reconf.PREFIX}/etc/reconf
exec "$@"
'''
WITH_SETTINGS = ('unshare', '--mount', 'sh', '-euc', MOUNT, 'sh')

# sendmsg(), as /proc has it.
SENDMSG = {'aarch64': '211', 'x86_64': '46'}.get(platform.machine())


def system_call(pid):
    """Where the process waits in; that of a running one is not told."""
    return pathlib.Path(f'/proc/{pid}/syscall').read_text().split()[0]


class TestCase(people.TestCase):
    """With settings of its own for the service of the system."""

    bus_prefix = WITH_SETTINGS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if subprocess.run(['unshare', '--mount', 'true'], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False).returncode != 0:
            raise unittest.SkipTest('there are no mount namespaces to be had')


class Waiting(TestCase):
    """A stranger's registration, which polkit takes its time for, is all that there is."""

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

    @unittest.skipUnless(SENDMSG, 'it is not known how this machine numbers system calls')
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

        # It has found that nobody needs it, and cannot say so: then a call comes.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as filler:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while filler.sendto(b'X_FULL=1', listener.getsockname()):
                    pass
        dropin.unlink()
        reconf.wait_until(lambda: system_call(process.pid) == SENDMSG, 'the daemon to want to leave')
        calls = self.register(person)
        person.connection.flush_sync(None)
        # The bus passes on what it was sent before.
        self.assertIsNotNone(person.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetId',
                                         name='org.freedesktop.DBus'))
        self.wait_notification(listener, 'STOPPING=1')

        question = self.polkit.wait_asked()
        reconf.wait_until(lambda: self.bus.daemon_pid() != process.pid, 'the name to be free')
        self.assertIsNone(process.poll())
        question.answer(True)
        self.assertEqual(calls.wait(), ('/org/reconf/Reconf1/config/b',))
        self.assertEqual(process.wait(reconf.TIMEOUT), 0)
        self.assertEqual(self.names(), ['b'])
