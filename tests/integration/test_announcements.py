# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signals of what is not public, to readers whose right to know it takes a look at the files.

The owner may write the file, readers may read it, which their group lets them. So what the file holds is read as they
would read it, and compared with what is told.
"""
import os
import signal
import unittest

import mounts
import opens
import people
import reconf
from gi.repository import Gio, GLib

PADDING = ''.join(f'k{i}: v\n' for i in range(10000))


class Case(people.TestCase):
    def connect_reader(self, person='member'):
        """One more connection of somebody in the group."""
        with people.somebody(self.uids[person], people.NO_GROUP, (people.APP_GROUP,)):
            return self.bus.connect()

    def subscribe(self, config, *clients):
        for client in clients:
            reconf.Config(client, config.path).subscribe()
            client.settle()
            client.heard.clear()

    def start_reload(self, config, client=None):
        """Asks for it; the list gets the version, 0 for none, and how many signals the client has heard by then."""
        client = client or self.client
        replies = []

        def reply(connection, result):
            try:
                version = reconf.native(connection.call_finish(result))[0]
            except GLib.Error:
                version = 0
            replies.append((version, len(self.signals(client))))

        client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Reload', GLib.Variant('(a{sv})', ({},)), None,
                               Gio.DBusCallFlags.NONE, int(reconf.TIMEOUT * 1000), None, reply)
        return replies

    def signals(self, client, member='ConfigChanged'):
        return [heard for heard in client.heard if heard.member == member]

    def heard(self, client):
        """Each ConfigChanged since the last time: version, the one before, changes; None where these are left out."""
        client.settle()
        told = [(version, previous, None if details.get('truncated') else changes)
                for _, version, previous, changes, details in (heard.arguments for heard in self.signals(client))]
        client.heard.clear()
        return told


class Readers(Case):
    def make(self, padding):
        # Versions are made when that is asked for, and not before.
        config = self.own(content='a: 1\n' + padding, hot_reload=False)
        try:
            self.opens = opens.Opens(self.path('a.yaml'))
        except OSError as error:
            self.skipTest(f'opens cannot be seen: {error}')
        self.addCleanup(self.opens.stop)
        self.padding = padding
        return config

    def change(self, number):
        self.path('a.yaml').write_text(f'a: {number}\n' + self.padding)

    def change_held(self, config):
        """Makes version 2, of which the member's signals wait."""
        self.opens.hold(self.uids['member'])
        self.change(2)
        replies = self.start_reload(config)
        self.opens.wait_held()
        return replies

    def check_asked_once(self, padding, on_loop):
        config = self.make(padding)
        readers = [self.connect_reader(person) for person in ('member', 'granted', 'member', 'stranger', 'granted')]
        self.subscribe(config, self.person('owner'), *readers)
        self.opens.seen.clear()
        self.change(2)
        self.assertEqual(config.reload(), 2)
        for client in (self.person('owner'), *readers):
            self.assertEqual(self.heard(client), [(2, 1, [('a', 'modified', 1, 2)])])
        for person in ('member', 'granted', 'stranger'):
            self.assertEqual(self.opens.of(self.uids[person]), [on_loop])
        self.assertEqual(self.opens.of(self.uids['owner']), [])

    def test_each_user_is_asked_once(self):
        self.check_asked_once('', True)

    def test_large_file_is_not_read_on_the_loop(self):
        self.check_asked_once(PADDING, False)

    def test_nobody_else_waits(self):
        config = self.make(PADDING)
        member, owner = self.connect_reader(), self.person('owner')
        self.subscribe(config, member, owner, self.client)
        replies = self.change_held(config)
        for client in (owner, self.client):
            self.assertEqual(self.heard(client), [(2, 1, [('a', 'modified', 1, 2)])])
        self.assertEqual(self.heard(member), [])
        self.assertEqual(config.get('a'), 2)
        self.assertEqual(replies, [])
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the reload')
        self.assertEqual(self.heard(member), [(2, 1, [('a', 'modified', 1, 2)])])

    def test_signal_comes_before_the_reply(self):
        config = self.make(PADDING)
        member = self.connect_reader()
        self.subscribe(config, member)
        self.opens.hold(self.uids['member'])
        self.change(2)
        replies = self.start_reload(config, member)
        self.opens.wait_held()
        member.settle()
        self.assertEqual(replies, [])
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the reload')
        self.assertEqual(replies, [(2, 1)])

    def test_who_comes_and_who_goes_meanwhile(self):
        config = self.make(PADDING)
        staying, leaving, quitting, coming, coming_again = (self.connect_reader() for _ in range(5))
        self.subscribe(config, staying, leaving, quitting, coming_again)
        replies = self.change_held(config)
        leaving.close()
        reconf.Config(quitting, config.path).call('Unsubscribe')
        # What he may know of the version before is what he had.
        self.assertEqual(reconf.Config(coming, config.path).subscribe(since=1), (2, [], {'complete': False}))
        self.assertEqual(reconf.Config(coming_again, config.path).subscribe(since=1),
                         (2, [('a', 'modified', 1, 2)], {'complete': True}))
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the reload')
        self.assertEqual(self.heard(staying), [(2, 1, [('a', 'modified', 1, 2)])])
        for client in (quitting, coming, coming_again):
            self.assertEqual(self.heard(client), [])
        self.change(3)
        self.assertEqual(config.reload(), 3)
        for client in (staying, coming, coming_again):
            self.assertEqual(self.heard(client), [(3, 2, [('a', 'modified', 2, 3)])])
        self.assertEqual(self.heard(quitting), [])

    def test_another_change_meanwhile(self):
        """It takes its turn; and what the file holds no longer, nobody could read."""
        config = self.make(PADDING)
        member = self.connect_reader()
        self.subscribe(config, member, self.client)
        self.change_held(config)
        self.change(3)
        replies = self.start_reload(config)
        self.assertEqual(self.heard(self.client), [(2, 1, [('a', 'modified', 1, 2)])])
        self.assertEqual(self.heard(member), [])
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the second reload')
        self.assertEqual(self.heard(member), [(2, 1, None), (3, 2, None)])
        self.assertEqual(reconf.Config(member, config.path).get('a'), 3)
        self.assertEqual(self.heard(self.client), [(3, 2, [('a', 'modified', 2, 3)])])

    def test_right_is_lost_meanwhile(self):
        """What counts is what he may read when it is found out."""
        config = self.make(PADDING)
        member, other = self.connect_reader(), self.connect_reader('stranger')
        self.subscribe(config, member, other)
        replies = self.change_held(config)
        self.path('a.yaml').chmod(0o600)
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the reload')
        # He was through by then, and about to open it; the other came too late.
        self.assertEqual(self.heard(member), [(2, 1, [('a', 'modified', 1, 2)])])
        self.assertEqual(self.heard(other), [])

    def test_polkit_lets_him_in_meanwhile(self):
        config = self.make(PADDING)
        self.start_polkit()
        member = self.connect_reader()
        self.subscribe(config, member)
        replies = self.change_held(config)
        self.path('a.yaml').chmod(0o600)
        self.grants(self.uids['member'], people.READ)
        self.assertEqual(reconf.Config(member, config.path).subscribe()[0], 2)
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the reload')
        self.assertEqual(self.heard(member), [])
        self.change(3)
        self.assertEqual(config.reload(), 3)
        self.assertEqual(self.heard(member), [(3, 2, [('a', 'modified', 2, 3)])])

    def fail_held(self, config):
        """Has the file fail; the member's signal of that waits."""
        self.opens.hold(self.uids['member'])
        self.path('a.yaml').write_text('a: [\n' + PADDING)
        replies = self.start_reload(config)
        self.opens.wait_held()
        return replies

    def test_failure(self):
        """What was wrong tells what the file held, which he could read."""
        config = self.make(PADDING)
        member = self.connect_reader()
        self.subscribe(config, member)
        replies = self.fail_held(config)
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the reload')
        member.wait_signal('ReloadFailed')

    def test_failure_of_what_is_gone_meanwhile(self):
        """Whether he could have read that nobody knows by now."""
        config = self.make(PADDING)
        member = self.connect_reader()
        self.subscribe(config, member)
        replies = self.fail_held(config)
        self.change(3)
        self.opens.release()
        reconf.wait_until(lambda: replies, 'the reload')
        member.settle()
        self.assertEqual(self.signals(member, 'ReloadFailed'), [])

    def test_config_is_unregistered_meanwhile(self):
        config = self.make(PADDING)
        member = self.connect_reader()
        self.subscribe(config, member)
        replies = self.change_held(config)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        reconf.wait_until(lambda: replies, 'the reload')
        self.assertEqual(replies[0][0], 2)
        self.opens.release()
        self.assertEqual(self.heard(member), [])
        self.change(3)
        again = self.client.register('a', self.path('a.yaml'))
        self.assertEqual(again.get('a'), 3)
        self.assertEqual(self.heard(member), [])

    def test_service_ends_meanwhile(self):
        config = self.make(PADDING)
        member = self.connect_reader()
        self.subscribe(config, member)
        self.change_held(config)
        pid = self.bus.daemon_pid()
        os.kill(pid, signal.SIGTERM)
        reconf.wait_until(lambda: not self.bus.daemon_pid(), 'the service to give up its name')
        self.opens.release()
        reconf.wait_for_end(pid)
        self.assertEqual(reconf.Config(member, config.path).get('a'), 2)


class FilesThatHang(Case):
    """Of these nothing is asked on the loop, not even who may open them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            mounts.make_private()
        except OSError as error:
            raise unittest.SkipTest(f'no mounts to be had: {error}')

    def setUp(self):
        super().setUp()
        directory = self.path('remote')
        directory.mkdir()
        try:
            self.server = mounts.FuseServer(directory, {'a.yaml': b'a: 1\n'}, mode=0o600)
        except OSError as error:
            self.skipTest(f'no FUSE to be had: {error}')
        self.addCleanup(self.server.stop)
        self.config = self.client.register('a', directory / 'a.yaml')
        # Its modes are for show: who may do what is not looked at.
        self.stranger = self.person('stranger')
        self.subscribe(self.config, self.stranger, self.client)

    def change_held(self, content, member):
        self.server.hold(self.uids['stranger'])
        self.server.change('a.yaml', content)
        replies = self.start_reload(self.config)
        reconf.wait_until(lambda: self.server.held, 'the service to ask for a file')
        self.client.wait_signal(member)
        self.stranger.settle()
        self.assertEqual(self.signals(self.stranger, member), [])
        self.assertEqual(replies, [])
        self.server.release()
        self.stranger.wait_signal(member, lambda heard: self.stranger.heard.appendleft(heard) or True)
        return replies

    def test_change(self):
        replies = self.change_held(b'a: 2\n', 'ConfigChanged')
        reconf.wait_until(lambda: replies, 'the reload')
        self.assertEqual(self.heard(self.stranger), [(2, 1, [('a', 'modified', 1, 2)])])

    def test_failure(self):
        replies = self.change_held(b'a: [\n', 'ReloadFailed')
        reconf.wait_until(lambda: replies, 'the reload')
        self.assertEqual(len(self.signals(self.stranger, 'ReloadFailed')), 1)
