# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whoever floods the service harms only himself.

What is told here is order, not time: the service is stopped until all calls are on their way, so that whoever called
first would be served first. How long it takes is for the bench.
"""
import contextlib
import os
import signal
import socket

import people
import reconf
from gi.repository import Gio, GLib

BUS = 'org.freedesktop.DBus'
BUS_PATH = '/org/freedesktop/DBus'
INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable'
LIMIT = f'{reconf.NAME}.Error.LimitExceeded'
# A flood that is with the service before it goes on, and how much of it may be served before somebody else who asks
# for one thing. Where the bus had the rest of it, it would be the bus's doing.
MANY = 200
FEW = 100


class Flood:
    """Calls by one connection that does not wait for answers."""

    def __init__(self, client):
        self.client = client
        self.answered = 0
        self.served = 0
        self.refused = []

    def call(self, path, interface, method, arguments=None):
        for _ in range(MANY):
            self.client.connection.call(reconf.NAME, path, interface, method, arguments, None,
                                        Gio.DBusCallFlags.NONE, reconf.TIMEOUT * 1000, None, self._answer)

    def call_without_answer(self, path, interface, method, arguments=None, count=MANY):
        for _ in range(count):
            message = Gio.DBusMessage.new_method_call(reconf.NAME, path, interface, method)
            message.set_flags(Gio.DBusMessageFlags.NO_REPLY_EXPECTED)
            if arguments:
                message.set_body(arguments)
            self.client.connection.send_message(message, Gio.DBusSendMessageFlags.NONE)

    def _answer(self, connection, result):
        refusal = None
        try:
            connection.call_finish(result)
        except GLib.Error as error:
            refusal = Gio.DBusError.get_remote_error(error)
            self.refused.append(refusal)
        self.answered += 1
        self.served += refusal != LIMIT

    def wait(self, count):
        reconf.wait_until(lambda: self.answered >= count, f'{count} answers')

    def arrive(self):
        """Waits until the bus has read all that was sent."""
        self.client.call(BUS_PATH, BUS, 'GetId', name=BUS)


class Deaf:
    """A connection that writes and never reads, which no library would make."""

    def __init__(self, address, uid):
        path = address.partition('path=')[2].partition(',')[0]
        self.serial = 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.socket.sendall(b'\0AUTH EXTERNAL ' + str(uid).encode().hex().encode() + b'\r\n')
        self.socket.recv(4096)
        self.socket.sendall(b'BEGIN\r\n')
        self.send(BUS, BUS_PATH, BUS, 'Hello')

    def send(self, name, path, interface, method, arguments=None):
        message = Gio.DBusMessage.new_method_call(name, path, interface, method)
        self.serial += 1
        message.set_serial(self.serial)
        if arguments:
            message.set_body(arguments)
        self.socket.sendall(message.to_blob(Gio.DBusCapabilityFlags.NONE))


class Floods(people.TestCase):
    # The bus would refuse such floods by itself.
    bus_limits = {'max_replies_per_connection': 100000}

    def setUp(self):
        super().setUp()
        self.config = self.watch()
        self.flood = Flood(self.person('stranger'))
        # From here on it is known who calls.
        self.seen_by('stranger', self.config).get()
        self.config.get()

    @contextlib.contextmanager
    def stopped(self):
        """The service serves nobody meanwhile."""
        pid = self.bus.daemon_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def ask(self, client):
        """A call; its answer, and how much of the flood was served when it came, are in the list then."""
        answers = []
        client.connection.call(reconf.NAME, self.config.path, reconf.CONFIG, 'Get', GLib.Variant('(s)', ('',)), None,
                               Gio.DBusCallFlags.NONE, reconf.TIMEOUT * 1000, None,
                               lambda connection, result: answers.append(
                                   (connection.call_finish(result), self.flood.served)))
        return answers

    def assert_overtakes(self, client, *flood):
        """Somebody who asks for one thing gets it before most of the flood."""
        for _ in range(2):
            before, answered = self.flood.served, self.flood.answered
            with self.stopped():
                self.flood.call(*flood)
                self.flood.arrive()
                answers = self.ask(client)
                client.call(BUS_PATH, BUS, 'GetId', name=BUS)
            reconf.wait_until(lambda: answers, 'the answer')
            (value, served), = answers
            self.assertEqual(reconf.native(value), ({'a': 1},))
            self.assertLess(served - before, FEW)
            self.flood.wait(answered + MANY)

    def test_calls(self):
        self.assert_overtakes(self.client, self.config.path, reconf.CONFIG, 'Get', GLib.Variant('(s)', ('',)))
        self.assertEqual(self.flood.refused, [])

    def test_calls_of_the_same_user(self):
        other = self.connect_as('stranger')
        reconf.Config(other, self.config.path).get()
        self.assert_overtakes(other, self.config.path, reconf.CONFIG, 'Get', GLib.Variant('(s)', ('',)))
        self.assertEqual(self.flood.refused, [])

    def test_properties(self):
        self.assert_overtakes(self.client, self.config.path, reconf.PROPERTIES, 'GetAll',
                              GLib.Variant('(s)', (reconf.CONFIG,)))
        self.assertEqual(self.flood.refused, [])

    def test_one_property(self):
        self.assert_overtakes(self.client, self.config.path, reconf.PROPERTIES, 'Get',
                              GLib.Variant('(ss)', (reconf.CONFIG, 'State')))
        self.assertEqual(self.flood.refused, [])

    def test_objects(self):
        self.assert_overtakes(self.client, reconf.MANAGER_PATH, reconf.OBJECT_MANAGER, 'GetManagedObjects')
        self.assertEqual(self.flood.refused, [])

    def test_registrations(self):
        """Which are refused: there is nobody who would let him."""
        self.assert_overtakes(self.client, reconf.MANAGER_PATH, reconf.MANAGER, 'RegisterConfig',
                              GLib.Variant('(sasa{sv})', ('b', [str(self.path('a.yaml'))], {})))
        self.assertEqual(set(self.flood.refused), {people.DENIED})

    def test_subscriptions(self):
        self.assert_overtakes(self.client, self.config.path, reconf.CONFIG, 'Subscribe',
                              GLib.Variant('(ta{sv})', (0, {})))
        self.assertEqual(self.flood.refused, [])

    def test_reloads(self):
        self.assert_overtakes(self.client, self.config.path, reconf.CONFIG, 'Reload', GLib.Variant('(a{sv})', ({},)))
        self.assertEqual(self.flood.refused, [])

    def test_what_cannot_wait_is_refused(self):
        """Descriptions come from below; too many at once are an error, which costs less."""
        self.assert_overtakes(self.client, self.config.path, INTROSPECTABLE, 'Introspect')
        self.assertEqual(set(self.flood.refused), {LIMIT})
        self.assertLess(len(self.flood.refused), 2 * MANY)
        self.assertIn('interface', self.flood.client.call(self.config.path, INTROSPECTABLE, 'Introspect'))

    def test_properties_of_all_interfaces(self):
        """Likewise."""
        self.assert_overtakes(self.client, self.config.path, reconf.PROPERTIES, 'GetAll', GLib.Variant('(s)', ('',)))
        self.assertEqual(set(self.flood.refused), {LIMIT})

    def test_questions_without_an_answer(self):
        """Nothing comes of them, so nothing is done for them; what does something is done all the same."""
        get = GLib.Variant('(s)', ('',))
        with self.stopped():
            self.flood.call_without_answer(self.config.path, reconf.CONFIG, 'Get', get)
            self.flood.arrive()
            answers = self.ask(self.client)
        reconf.wait_until(lambda: answers, 'the answer')
        self.save('a.yaml', 'a: 2\n')
        self.flood.call_without_answer(self.config.path, reconf.CONFIG, 'Subscribe', GLib.Variant('(ta{sv})', (0, {})),
                                       count=1)
        # His calls are served in order.
        self.seen_by('stranger', self.config).get()
        self.assertEqual(self.client.manager('GetStatistics')['subscribers'], 1)

    def test_match_rules(self):
        """As many as the bus lets him have; everybody is told of changes as before."""
        added = 0
        with contextlib.suppress(reconf.BusError):
            while added < 2000:
                self.flood.client.call(BUS_PATH, BUS, 'AddMatch', '(s)',
                                       f"interface='{reconf.CONFIG}',arg0path='/{added}/'", name=BUS)
                added += 1
        self.assertGreater(added, 100)
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.config.wait_changed()[3], [('a', 'modified', 1, 2)])

    def test_one_who_never_reads(self):
        """What he does not read stays with the bus; nobody else waits for him."""
        big = self.watch('big.yaml', 'text: ' + 64 * 1024 * 'x' + '\n', config='big')
        with people.somebody(self.uids['stranger'], people.NO_GROUP):
            deaf = Deaf(self.bus.address, self.uids['stranger'])
        self.addCleanup(deaf.socket.close)
        deaf.send(reconf.NAME, self.config.path, reconf.CONFIG, 'Subscribe', GLib.Variant('(ta{sv})', (0, {})))
        for _ in range(MANY):
            deaf.send(reconf.NAME, big.path, reconf.CONFIG, 'GetAll')
        self.assertEqual(self.config.get(), {'a': 1})
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.config.wait_changed()[3], [('a', 'modified', 1, 2)])
        self.assertEqual(self.config.get(), {'a': 2})
