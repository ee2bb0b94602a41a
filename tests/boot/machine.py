# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines for the boot tests: a real systemd in a container, booted in half a second.

A machine has a root of its own, where the installation lies over the Debian tree and what is written over both. It is
seen from outside: files through its root, its bus through the socket, and commands run inside by nsenter. So a case is
told from one end to the other, across reboots and the death of the whole container at any moment.

Everything here lives in mount and process namespaces that run.py made, and ends with them.
"""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time
import unittest

import cgroup
import reconf

TREE = pathlib.Path(os.environ['RECONF_BOOT_TREE'])
IMAGE = pathlib.Path(os.environ['RECONF_BOOT_IMAGE'])
# A file system in memory, that goes with the namespaces.
SCRATCH = pathlib.Path(os.environ['RECONF_BOOT_SCRATCH'])

# Of systemd-nspawn, when the machine wants to be started again.
REBOOT = 133

# Where a slowed program is at.
STEPS = '/steps'
STEP_MSEC = 30
STEP_CALLS = 'fdatasync,fsync,linkat,renameat2,unlinkat'

# What programs inside find in their environment, whatever there is outside.
ENVIRONMENT = {'HOME': '/root', 'LANG': 'C.UTF-8', 'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin'}

# Reached only where something is wrong.
TIMEOUT = 120.0


def mount(kind, options, target):
    target.mkdir()
    subprocess.run(['mount', '-t', kind, '-o', options, kind, str(target)], check=True)


class Machine:
    def __init__(self, name):
        self.name = name
        self.directory = SCRATCH / name
        self.root = self.directory / 'root'
        self.console = self.directory / 'console'
        self.process = None
        self.leader = None
        self.leader_fd = -1
        self.clients = []
        for made in ('written', 'work'):
            (self.directory / made).mkdir(parents=True)
        mount('overlay', f'lowerdir={IMAGE}:{TREE},upperdir={self.directory}/written,workdir={self.directory}/work',
              self.root)
        self.cgroup = cgroup.ControlGroup()

    def path(self, name):
        """A file inside as it is called outside."""
        return self.root / name.lstrip('/')

    def running_path(self, name):
        """Likewise, where the machine has mounted something else over its root."""
        return pathlib.Path(f'/proc/{self.leader}/root') / name.lstrip('/')

    def boot(self, until=None):
        """Starts the container; back when systemd says that it is up, or as soon as until() is true."""
        notify = self.directory / 'notify'
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, open(self.console, 'ab') as console:
            listener.bind(str(notify))
            self.process = subprocess.Popen(
                ['systemd-nspawn', '--quiet', f'--directory={self.root}', f'--machine={self.name}', '--boot',
                 '--register=no', '--keep-unit', '--private-network', '--resolv-conf=off', '--timezone=off',
                 '--notify-ready=yes'],
                env=ENVIRONMENT | {'NOTIFY_SOCKET': str(notify)}, preexec_fn=self.cgroup.enter,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console)
            ready = self._await(listener, until)
        if not ready:
            raise AssertionError(f'the machine did not boot in {TIMEOUT} s; its console:\n'
                                 f'{self.console.read_text(errors="replace")}')

    def _await(self, listener, until):
        deadline = time.monotonic() + TIMEOUT
        # Who looks for something himself looks often.
        listener.settimeout(0.0001 if until else 0.2)
        while time.monotonic() < deadline and self.process.poll() is None:
            if until and self.leader and until():
                return True
            try:
                message = listener.recv(4096).decode()
            except TimeoutError:
                continue
            for line in message.splitlines():
                if line.startswith('X_NSPAWN_LEADER_PID='):
                    self.leader = int(line.partition('=')[2])
                    self.leader_fd = os.pidfd_open(self.leader)
                elif line == 'READY=1' and not until:
                    return True
        return False

    def _await_end(self):
        for client in self.clients:
            client.close()
        self.clients.clear()
        status = self.process.wait(TIMEOUT)
        os.close(self.leader_fd)
        self.process = self.leader = None
        return status

    def kill(self):
        """All processes inside at once, as when the power goes; but what is in the kernel's memory is not lost."""
        if not self.leader:
            return
        signal.pidfd_send_signal(self.leader_fd, signal.SIGKILL)
        self._await_end()

    def shut_down(self):
        """In good order, as for a reboot; boot() starts it again."""
        self.run('systemctl', 'reboot')
        status = self._await_end()
        if status != REBOOT:
            raise AssertionError(f'the container ended with {status} instead of {REBOOT}')

    def reboot(self):
        self.shut_down()
        self.boot()

    def remove(self):
        """Ends it, if it did not come so far as to end by itself."""
        if self.leader:
            self.kill()
        elif self.process:
            self.process.kill()
            self.process.wait()
        subprocess.run(['umount', str(self.root)], check=True)
        self.cgroup.remove()
        shutil.rmtree(self.directory)

    def inside(self, *command, uid=0):
        """The command line that runs a program inside."""
        become = ['setpriv', f'--reuid={uid}', f'--regid={uid}', '--clear-groups'] if uid else []
        return ['nsenter', f'--target={self.leader}', '--all', *become, *(str(word) for word in command)]

    def run(self, *command, uid=0, check=True, **keywords):
        """Runs a program inside; returns what subprocess.run() does, as text."""
        result = subprocess.run(self.inside(*command, uid=uid), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=TIMEOUT, env=ENVIRONMENT, check=False, **keywords)
        if check and result.returncode != 0:
            raise AssertionError(f'{command} ended with {result.returncode}: {result.stdout}{result.stderr}')
        return result

    def unit(self, name, *properties):
        """Properties of a unit, as a dictionary of text."""
        names = [f'--property={one}' for one in properties]
        return dict(line.split('=', 1) for line in self.run('systemctl', 'show', *names, name).stdout.splitlines())

    def connect(self):
        """A client of the machine's system bus, as its root."""
        socket_path = self.running_path('/run/dbus/system_bus_socket')
        client = reconf.Client(f'unix:path={socket_path}')
        self.clients.append(client)
        return client

    def journal(self, *arguments):
        """What it logged, over all boots, also after it has ended."""
        result = subprocess.run(
            ['journalctl', f'--directory={self.path("/var/log/journal")}', '--no-pager', '--quiet',
             '--output=short-monotonic', *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors='replace', check=False)
        return result.stdout + result.stderr


class TestCase(unittest.TestCase):
    """A case with a machine (self.machine), not yet booted."""

    maxDiff = None

    def run(self, result=None):
        before = len(result.errors) + len(result.failures)
        super().run(result)
        if len(result.errors) + len(result.failures) > before:
            print(''.join(f'# {line}\n' for line in self.log.splitlines()), end='')

    def setUp(self):
        self.log = ''
        self.client = None
        self.machine = Machine(self._testMethodName.replace('_', '-'))
        self.addCleanup(self._remove_machine)

    def _remove_machine(self):
        self.log = self.machine.journal()
        self.machine.remove()

    def write(self, name, content):
        """Writes a file inside, as a shell's > does."""
        path = self.machine.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    def add_user(self, name, uid):
        """With a group of the same name and number."""
        for file, line in (('passwd', f'{name}:x:{uid}:{uid}::/home/{name}:/bin/sh'), ('group', f'{name}:x:{uid}:'),
                           ('shadow', f'{name}:*:1::::::')):
            with open(self.machine.path(f'/etc/{file}'), 'a') as database:
                print(line, file=database)

    def save(self, name, content):
        """Saves by rename, as editors do."""
        path = self.machine.path(name)
        temporary = path.with_name(f'.{path.name}.swp')
        temporary.write_text(content)
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.rename(path)
        return path

    def read(self, name):
        return self.machine.path(name).read_text()

    def boot(self):
        """Boots, with a client of the machine's bus in self.client."""
        self.machine.boot()
        self.client = self.machine.connect()

    def watch(self, content, name='shop', **settings):
        """Makes a file of /etc/shop a config; what was heard until then is forgotten."""
        path = f'/etc/shop/{name}.yaml'
        self.write(path, content)
        config = self.client.register(name, path, **settings)
        self.client.settle()
        self.client.heard.clear()
        return config

    def override(self, unit, *settings, name='test'):
        """From its next start on, a service has these settings over its own, beside those of other names."""
        self.write(f'/etc/systemd/system/{unit}.d/{name}.conf', '\n'.join(('[Service]', *settings, '')))
        if self.machine.leader:
            self.machine.run('systemctl', 'daemon-reload')

    def trace(self, unit, output, *options):
        """From its next start on, strace writes a service's system calls to a file."""
        installed = (IMAGE / 'usr/lib/systemd/system' / unit).read_text()
        command = next(line for line in installed.splitlines() if line.startswith('ExecStart=')).partition('=')[2]
        # The tracer is no part of the service: the service's own process stays what systemd takes it for.
        self.override(unit, 'SystemCallFilter=@debug', 'ExecStart=',
                      f'ExecStart=strace -D -f -qq -o {output} {" ".join(options)} {command}')

    def slow(self, unit):
        """From its next start on, stops it before every system call that makes something last; see steps()."""
        self.trace(unit, STEPS, '-e', f'trace={STEP_CALLS}', '-e', f'inject={STEP_CALLS}:delay_enter={STEP_MSEC}ms')

    def steps(self):
        """How many such calls a slowed program has come to since its start. The last has yet to be done."""
        path = self.machine.path(STEPS)
        # The line of a call that has not been done does not end.
        return len(path.read_text().splitlines()) if path.exists() else 0

    def wait_state(self, config, state):
        reconf.wait_until(lambda: config.get_property('State') == state, f'the state to be {state}')
