# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the integration tests share: a private bus, its clients, and files to save.

A test case gets a bus of its own, on which the bus itself starts the installed daemon at the first call, with
directories for its state and settings that go with the case. Nothing sleeps: whoever waits runs the main loop until
what is awaited has come, or fails at a deadline.
"""
import collections
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import gi
from gi.repository import Gio, GLib

gi.require_version('Gio', '2.0')

NAME = 'org.reconf.Reconf1'
MANAGER_PATH = '/org/reconf/Reconf1'
MANAGER = NAME + '.Manager'
CONFIG = NAME + '.Config'
INSTANCE = NAME + '.Instance'
ERROR = NAME + '.Error.'
PROPERTIES = 'org.freedesktop.DBus.Properties'
OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager'

PREFIX = pathlib.Path(os.environ['RECONF_PREFIX'])
CONFIGURATIONS = pathlib.Path(os.environ['RECONF_BUS_CONFIGURATIONS'])

# Long: reached only where something is wrong, and sanitizers are slow.
TIMEOUT = 60.0

Signal = collections.namedtuple('Signal', 'member path arguments interface')


class BusError(Exception):
    """An error reply. name has no prefix where it is one of Reconf's own."""

    def __init__(self, name, message):
        super().__init__(f'{name}: {message}')
        self.name = name.removeprefix(ERROR)
        self.message = message


LEAVES = {
    'b': GLib.Variant.get_boolean, 'd': GLib.Variant.get_double, 'h': GLib.Variant.get_handle,
    'i': GLib.Variant.get_int32, 'o': GLib.Variant.get_string, 's': GLib.Variant.get_string,
    't': GLib.Variant.get_uint64, 'u': GLib.Variant.get_uint32, 'x': GLib.Variant.get_int64,
}


def native(value):
    """A GVariant as Python has it. What D-Bus writes as the empty signature, which stands for null, is None."""
    kind = value.get_type_string()
    if kind in LEAVES:
        return LEAVES[kind](value)
    if kind == 'v':
        return native(value.get_variant())
    if kind == 'g':
        return value.get_string() or None
    items = (native(value.get_child_value(i)) for i in range(value.n_children()))
    if kind.startswith('a{'):
        return dict(items)
    return list(items) if kind[0] == 'a' else tuple(items)


def options(**values):
    """a{sv} of options: debounce_ms=5 is 'debounce-ms', each of the type that the contract gives it."""
    kinds = {'debounce_ms': 'u', 'poll_ms': 'u', 'max_versions': 'u', 'max_size': 't', 'confirm_ms': 'u',
             'ack_ms': 'u', 'priority': 'i'}

    def variant(key, value):
        if isinstance(value, GLib.Variant):
            return value
        if isinstance(value, list):
            return GLib.Variant('as', value)
        if isinstance(value, bool):
            return GLib.Variant('b', value)
        return GLib.Variant(kinds.get(key, 's'), value)

    return {key.replace('_', '-'): variant(key, value) for key, value in values.items()}


def wait_until(condition, what='the condition', timeout=TIMEOUT):
    """Runs the main loop until condition() is true, and returns what it returned."""
    context = GLib.MainContext.default()
    deadline = time.monotonic() + timeout
    # Some conditions are about files and processes, which wake no loop.
    ticker = GLib.timeout_add(5, lambda: True)
    try:
        while True:
            result = condition()
            if result:
                return result
            if time.monotonic() > deadline:
                raise AssertionError(f'waited {timeout} s in vain for {what}')
            context.iteration(True)
    finally:
        GLib.source_remove(ticker)


def wait_for_end(pid, timeout=TIMEOUT):
    """Waits until a process that need not be our child has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([descriptor], [], [], timeout)[0]:
            raise AssertionError(f'process {pid} did not end in {timeout} s')
    finally:
        os.close(descriptor)


class Client:
    """One connection to the bus. Hears all signals of the service that the bus lets through.

    With a match rule, it hears what the bus makes of that, and what was sent to it alone. A deaf one leaves it to
    others to listen on its connection.
    """

    def __init__(self, address, rule=None, deaf=False):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.connection.set_exit_on_close(False)
        self.heard = collections.deque()
        if deaf:
            return
        if rule is None:
            self.connection.signal_subscribe(NAME, None, None, None, None, Gio.DBusSignalFlags.NONE, self._hear)
        else:
            # GLib would compare once more what the bus has let through.
            self.connection.signal_subscribe(None, CONFIG, None, None, None, Gio.DBusSignalFlags.NO_MATCH_RULE,
                                             self._hear)
            self.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'AddMatch', '(s)', rule,
                      name='org.freedesktop.DBus')

    def _hear(self, connection, sender, path, interface, member, arguments):
        self.heard.append(Signal(member, path, native(arguments), interface))

    def close(self):
        if not self.connection.is_closed():
            self.connection.close_sync(None)

    def call_raw(self, path, interface, method, arguments=None, timeout=TIMEOUT, name=NAME):
        """The reply as a GVariant, and its file descriptors."""
        try:
            reply, descriptors = self.connection.call_with_unix_fd_list_sync(
                name, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, int(timeout * 1000), None,
                None)
        except GLib.Error as error:
            remote = Gio.DBusError.get_remote_error(error)
            if remote is None:
                raise
            Gio.DBusError.strip_remote_error(error)
            raise BusError(remote, error.message) from None
        return reply, list(descriptors.steal_fds()) if descriptors else []

    def call(self, path, interface, method, signature='()', *arguments, **keywords):
        """The reply in Python's types: None, the value where there is one, a tuple where there are more."""
        values = native(self.call_raw(path, interface, method, GLib.Variant(signature, arguments), **keywords)[0])
        return values[0] if len(values) == 1 else values or None

    def get_property(self, path, interface, name):
        return self.call(path, PROPERTIES, 'Get', '(ss)', interface, name)

    def manager(self, method, signature='()', *arguments, **keywords):
        return self.call(MANAGER_PATH, MANAGER, method, signature, *arguments, **keywords)

    def register_instance(self, config, **settings):
        """The instance, and the version that was active."""
        path, version = self.manager('RegisterInstance', '(sa{sv})', config, options(**settings))
        return Instance(self, path), version

    def config(self, name):
        return Config(self, self.manager('GetConfig', '(s)', name))

    def register(self, name, *files, **settings):
        paths = [str(file) for file in files]
        return Config(self, self.manager('RegisterConfig', '(sasa{sv})', name, paths, options(**settings)))

    def wait_signal(self, member, condition=lambda signal: True, timeout=TIMEOUT):
        """The next such signal, heard already or not. It and all before it are forgotten."""

        def look():
            while self.heard:
                heard = self.heard.popleft()
                if heard.member == member and condition(heard):
                    return heard
            return None

        return wait_until(look, f'{member}', timeout)

    def settle(self):
        """Lets everything arrive that the service sent before now; returns what was heard and not waited for."""
        self.call(MANAGER_PATH, 'org.freedesktop.DBus.Peer', 'Ping')
        context = GLib.MainContext.default()
        done = []
        # Signals are delivered by idle sources of default priority; one of a lower comes after them.
        GLib.idle_add(lambda: done.append(True), priority=GLib.PRIORITY_LOW)
        while not done:
            context.iteration(True)
        return list(self.heard)


class Config:
    """A config's object as one client sees it."""

    def __init__(self, client, path):
        self.client = client
        self.path = path

    def call(self, method, signature='()', *arguments, **keywords):
        return self.client.call(self.path, CONFIG, method, signature, *arguments, **keywords)

    def get_property(self, name):
        return self.client.get_property(self.path, CONFIG, name)

    def get(self, path=''):
        return self.call('Get', '(s)', path)

    def reload(self, **settings):
        return self.call('Reload', '(a{sv})', options(**settings))

    def rollback(self, version=0, **settings):
        return self.call('Rollback', '(ta{sv})', version, options(**settings))

    def history(self):
        return self.call('GetVersionHistory')

    def subscribe(self, since=0, **settings):
        return self.call('Subscribe', '(ta{sv})', since, options(**settings))

    def wait_signal(self, member, condition=lambda signal: True, timeout=TIMEOUT):
        return self.client.wait_signal(
            member, lambda signal: signal.path == self.path and condition(signal), timeout)

    def wait_changed(self, condition=lambda signal: True, timeout=TIMEOUT):
        """The arguments of the next ConfigChanged: root, version, previous, changes, details."""
        return self.wait_signal('ConfigChanged', condition, timeout).arguments


class Instance:
    """An instance's object as the client sees it that registered it, or another."""

    def __init__(self, client, path):
        self.client = client
        self.path = path

    def call(self, method, signature='()', *arguments):
        return self.client.call(self.path, INSTANCE, method, signature, *arguments)

    def get_property(self, name):
        return self.client.get_property(self.path, INSTANCE, name)

    def report(self, version, status='applied', message=''):
        self.call('ReportApplied', '(tss)', version, status, message)

    def wait_state(self, *expected):
        """The next that is told of it is this state and version."""
        heard = self.client.wait_signal('InstanceStateChanged', lambda signal: signal.arguments[0] == self.path)
        if heard.arguments[1:] != expected:
            raise AssertionError(f'{expected} was expected, not {heard.arguments[1:]}')


class Bus:
    """A private bus of either kind, and the directories of the daemon that it starts."""

    def __init__(self, directory, kind='session', limits=None, prefix=()):
        self.kind = kind
        self.limits = limits or {}
        self.prefix = prefix
        self.directory = pathlib.Path(directory)
        self.state = self.directory / 'state'
        self.settings = self.directory / 'settings'
        self.log = self.directory / 'log'
        self.address = f'unix:path={self.directory}/bus'
        self.environment = self._make_environment()
        self.process = None
        self.clients = []
        for made in (self.state, self.settings):
            made.mkdir(mode=0o700)

    def _make_environment(self):
        variable = 'DBUS_SESSION_BUS_ADDRESS' if self.kind == 'session' else 'DBUS_SYSTEM_BUS_ADDRESS'
        # Sanitizers speak where nobody listens: what a daemon has to say is looked for at the end.
        report = f'log_path={self.directory}/sanitizer'
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(('DBUS_', 'XDG_', 'RECONF_'))}
        return environment | {
            variable: self.address,
            'HOME': str(self.directory),
            'XDG_CONFIG_HOME': str(self.settings),
            'XDG_STATE_HOME': str(self.state),
            'XDG_RUNTIME_DIR': str(self.directory),
            'STATE_DIRECTORY': str(self.state / 'reconf'),
            'ASAN_OPTIONS': report,
            'LSAN_OPTIONS': report,
            'UBSAN_OPTIONS': report + ':print_stacktrace=1:halt_on_error=1',
        }

    @property
    def configs_d(self):
        """Where drop-ins go. The system's are looked for in /etc only, below the prefix."""
        base = self.settings if self.kind == 'session' else PREFIX / 'etc'
        return base / 'reconf' / 'configs.d'

    def _configure(self):
        configuration = CONFIGURATIONS / f'{self.kind}-bus.conf'
        if not self.limits:
            return configuration
        narrow = self.directory / 'bus.conf'
        limits = ''.join(f'<limit name="{name}">{value}</limit>' for name, value in self.limits.items())
        narrow.write_text(f'<busconfig><include>{configuration}</include>{limits}</busconfig>')
        return narrow

    def start(self):
        """Starts the bus; the daemon is started by the first call to it."""
        configuration = self._configure()
        socket = self.directory / 'bus'
        socket.unlink(missing_ok=True)
        reader, writer = os.pipe()
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                [*self.prefix, 'dbus-daemon', '--nofork', f'--config-file={configuration}',
                 f'--address={self.address}', f'--print-address={writer}'],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[writer])
        os.close(writer)
        with open(reader, 'rb') as ready:
            if not ready.readline():
                raise AssertionError(f'the bus does not start: {self.log.read_text()}')

    def stop(self):
        """Stops the daemon, then the bus."""
        pid = self.daemon_pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
            wait_for_end(pid)
        for client in self.clients:
            client.close()
        self.clients.clear()
        if self.process:
            # What makes a namespace waits for what is in it, and takes it along only so.
            self.process.send_signal(signal.SIGKILL if self.prefix else signal.SIGTERM)
            self.process.wait(TIMEOUT)
            self.process = None
        for pid in self._stragglers():
            wait_for_end(pid)

    def _stragglers(self):
        """Daemons that somebody had the bus start at the last moment, and that have yet to find it gone."""
        mark = f'XDG_STATE_HOME={self.state}'.encode()
        for process in pathlib.Path('/proc').glob('[0-9]*'):
            try:
                environment = (process / 'environ').read_bytes().split(b'\0')
                name = (process / 'comm').read_text().rstrip()
            except OSError:
                continue
            # What the bus starts has its name at first.
            if mark in environment and name in ('reconfd', 'dbus-daemon'):
                yield int(process.name)

    def connect(self, **how):
        client = Client(self.address, **how)
        self.clients.append(client)
        return client

    def daemon_pid(self):
        """The process that owns the name, without starting it; 0 where there is none."""
        if not self.process or self.process.poll() is not None:
            return 0
        client = Client(self.address)
        try:
            return client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetConnectionUnixProcessID', '(s)',
                               NAME, name='org.freedesktop.DBus')
        except BusError:
            return 0
        finally:
            client.close()

    def end_daemon(self, number=signal.SIGKILL):
        """Ends the daemon, with SIGKILL unless told otherwise, and waits until the bus knows."""
        pid = self.daemon_pid()
        if not pid:
            raise AssertionError('there is no daemon to end')
        os.kill(pid, number)
        wait_for_end(pid)
        wait_until(lambda: self.daemon_pid() != pid, 'the name to be free')

    def run(self, *command, **keywords):
        """Runs a program with this bus as its own; returns what subprocess.run() does, as text."""
        return subprocess.run([str(word) for word in command], env=self.environment, timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **keywords)

    def reconfctl(self, *arguments):
        scope = '--user' if self.kind == 'session' else '--system'
        return self.run(PREFIX / 'bin' / 'reconfctl', scope, *arguments)

    def sanitizer_reports(self):
        return '\n'.join(report.read_text() for report in self.directory.glob('sanitizer.*'))


class TestCase(unittest.TestCase):
    """A case with a bus (self.bus), a client on it (self.client) and a directory for files (self.files)."""

    bus_kind = 'session'
    # What to start the bus with, such as a namespace.
    bus_prefix = ()
    bus_limits = None
    maxDiff = None
    log = ''

    def run(self, result=None):
        before = len(result.errors) + len(result.failures)
        super().run(result)
        if len(result.errors) + len(result.failures) > before:
            print(''.join(f'# log: {line}\n' for line in self.log.splitlines()), end='')

    def setUp(self):
        # Everybody may come in: whether files are public is for the tests to say.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='reconf-test-'))
        self.directory.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.directory)
        self.files = self.directory / 'files'
        self.files.mkdir()
        self.bus = Bus(self.directory, self.bus_kind, self.bus_limits, self.bus_prefix)
        self.addCleanup(self._stop_bus)
        self.bus.start()
        self.client = self.bus.connect()

    def _stop_bus(self):
        self.bus.stop()
        reports = self.bus.sanitizer_reports()
        self.log = self.bus.log.read_text(errors='replace')
        self.assertEqual(reports, '', 'a sanitizer found something')

    def restart_bus(self):
        """A new bus under the same address, with the same state; clients have to connect anew."""
        self.bus.stop()
        self.bus.start()
        self.client = self.bus.connect()

    def path(self, name):
        return self.files / name

    def write(self, name, content):
        """Writes in place, as a shell's > does. Returns the path."""
        path = self.files / name
        with open(path, 'wb') as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def save(self, name, content):
        """Saves by rename, as editors do."""
        path = self.files / name
        temporary = path.with_name(f'.{path.name}.swp')
        temporary.write_bytes(content if isinstance(content, bytes) else content.encode())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.rename(path)
        return path

    def assert_fails(self, name, call, *arguments, **keywords):
        """The call fails with that error of Reconf's; returns its message."""
        with self.assertRaises(BusError) as caught:
            call(*arguments, **keywords)
        self.assertEqual(caught.exception.name, name, caught.exception.message)
        return caught.exception.message
