# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel does not allow polkit may: grants, refusals, prompts, and callers who do not wait for them."""
import os
import shutil
import unittest

import people
import reconf
from gi.repository import Gio, GLib

# As daemon/authority.h has it.
MAX_PENDING = 64


class Calls:
    """Calls whose answers are not waited for at once."""

    def __init__(self, client):
        self.client = client
        self.done = []

    def send(self, path, interface, method, arguments, interactive=False):
        flags = Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION if interactive else Gio.DBusCallFlags.NONE
        self.client.connection.call(reconf.NAME, path, interface, method, arguments, None, flags,
                                    int(reconf.TIMEOUT * 1000), None, self._finish)

    def _finish(self, connection, result):
        try:
            self.done.append(reconf.native(connection.call_finish(result)))
        except GLib.Error as error:
            self.done.append(Gio.DBusError.get_remote_error(error) or error)

    def wait(self, count=1):
        reconf.wait_until(lambda: len(self.done) >= count, f'{count} answers')
        return self.done[-1]


class Polkit(people.TestCase):
    def setUp(self):
        super().setUp()
        self.start_polkit()
        self.config = self.own()
        self.stranger = self.uids['stranger']

    def get(self, interactive=False, client=None):
        calls = Calls(client or self.person('stranger'))
        calls.send(self.config.path, reconf.CONFIG, 'Get', GLib.Variant('(s)', ('a',)), interactive)
        return calls

    def test_is_not_asked_where_the_files_allow_it(self):
        for person in ('root', 'owner', 'member'):
            self.assertEqual(self.seen_by(person, self.config).get('a'), 1)
        self.assertEqual(self.polkit.asked, [])

    def test_is_told_what_it_is_about(self):
        def asked(person, method, signature, *arguments, path=self.config.path, interface=reconf.CONFIG):
            before = len(self.polkit.asked)
            self.assert_denied(self.person(person).call, path, interface, method, signature, *arguments)
            self.assertEqual(len(self.polkit.asked), before + 1)
            question = self.polkit.asked[-1]
            self.assertEqual(question.client, self.person(person).connection.get_unique_name())
            return question.action, question.details

        self.assertEqual(asked('stranger', 'Get', '(s)', 'a'), (people.READ, {'config': 'a', 'change': 'read values'}))
        self.assertEqual(asked('member', 'Rollback', '(ta{sv})', 7, {}),
                         (people.EDIT, {'config': 'a', 'change': 'roll back to version 7'}))
        self.assertEqual(asked('member', 'Label', '(ts)', 1, 'good\n\u202eone'),
                         (people.EDIT, {'config': 'a', 'change': "name version 1 'good\ufffd\ufffdone'"}))
        path = str(self.write('b.yaml', 'b: 1\n'))
        self.assertEqual(asked('stranger', 'RegisterConfig', '(sasa{sv})', 'b', [path], {},
                               path=reconf.MANAGER_PATH, interface=reconf.MANAGER),
                         (people.REGISTER, {'config': 'b', 'change': f'register {path}'}))

    def test_yes(self):
        self.grants(self.stranger, people.READ)
        config = self.seen_by('stranger', self.config)
        self.assertEqual(config.get('a'), 1)
        # It is no other right.
        self.assert_denied(config.rollback, 1)

    def test_is_asked_each_time(self):
        """What polkit remembers, and for how long, is for polkit to say."""
        config = self.seen_by('stranger', self.config)
        self.grants(self.stranger, people.READ)
        config.get('a')
        self.polkit.grants.clear()
        self.assert_denied(config.get, 'a')

    def test_no(self):
        message = self.assert_denied(self.seen_by('stranger', self.config).get, 'a')
        self.assertIn(people.READ, message)

    def test_prompts_only_where_the_call_allows_it(self):
        self.polkit.challenges.add((self.stranger, people.READ))
        message = self.assert_denied(self.seen_by('stranger', self.config).get, 'a')
        self.assertIn('prompt', message)
        self.assertFalse(self.polkit.asked[0].interactive)
        self.assertEqual(self.get(interactive=True).wait(), people.DENIED)
        self.assertTrue(self.polkit.asked[1].interactive)

    def test_nobody_waits_for_a_prompt(self):
        self.polkit.holds.add((self.stranger, people.READ))
        calls = self.get(interactive=True)
        question = self.polkit.wait_asked()
        self.assertEqual(self.seen_by('owner', self.config).get('a'), 1)
        self.assertEqual(self.person('stranger').manager('GetConfig', '(s)', 'a'), self.config.path)
        self.assertEqual(calls.done, [])
        question.answer(True)
        self.assertEqual(calls.wait(), (1,))

    def test_caller_leaves(self):
        self.polkit.holds.add((self.stranger, people.READ))
        other = self.connect_as('stranger')
        self.get(client=other)
        question = self.polkit.wait_asked()
        other.close()
        reconf.wait_until(lambda: self.polkit.cancelled == [question.id], 'the question to be taken back')
        question.answer(True)
        self.assertEqual(self.config.get('a'), 1)

    def test_config_goes_meanwhile(self):
        self.polkit.holds.add((self.stranger, people.READ))
        calls = self.get()
        question = self.polkit.wait_asked()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        question.answer(True)
        self.assertEqual(calls.wait(), f'{reconf.ERROR}NoSuchConfig')

    def test_config_gets_other_files_meanwhile(self):
        """The answer was about others: it is asked once more."""
        self.polkit.holds.add((self.stranger, people.READ))
        calls = self.get()
        self.polkit.wait_asked()
        other = self.write_owned('other.yaml', 'a: 9\n')
        self.config.call('SetFiles', '(as)', [str(other)])
        self.polkit.asked[0].answer(True)
        self.polkit.wait_asked(2).answer(False)
        self.assertEqual(calls.wait(), people.DENIED)

    def test_files_open_meanwhile(self):
        """Once it was asked, polkit's no counts: who is allowed now calls again."""
        self.polkit.holds.add((self.stranger, people.READ))
        calls = self.get()
        question = self.polkit.wait_asked()
        self.path('a.yaml').chmod(0o644)
        question.answer(False)
        self.assertEqual(calls.wait(), people.DENIED)
        self.assertEqual(self.seen_by('stranger', self.config).get('a'), 1)

    def test_files_close_while_registering(self):
        """polkit does not pass over what the caller could not read himself, whenever that came about."""
        self.polkit.holds.add((self.stranger, people.REGISTER))
        path = self.write('b.yaml', 'b: 1\n')
        calls = Calls(self.person('stranger'))
        calls.send(reconf.MANAGER_PATH, reconf.MANAGER, 'RegisterConfig',
                   GLib.Variant('(sasa{sv})', ('b', [str(path)], {})))
        question = self.polkit.wait_asked()
        path.chmod(0o600)
        question.answer(True)
        self.assertEqual(calls.wait(), people.DENIED)
        self.assertEqual(self.names(), ['a'])

    def test_registering_takes_the_schema_and_each_file(self):
        self.grants(self.stranger, people.REGISTER)
        client = self.person('stranger')
        base, layer = self.write('b.yaml', 'b: 1\n'), self.write('c.yaml', 'b: 2\n')
        schema = self.write('schema.json', '{}')
        for hidden in (base, layer, schema):
            with self.subTest(hidden.name):
                hidden.chmod(0o600)
                self.assert_denied(client.register, 'b', base, layer, schema=str(schema))
                hidden.chmod(0o644)
        self.assertEqual(self.polkit.asked, [])
        client.register('b', base, layer, schema=str(schema))

    def test_registering_a_directory_takes_what_is_in_it(self):
        self.grants(self.stranger, people.REGISTER)
        directory = self.path('d')
        directory.mkdir()
        hidden = self.write('d/x.yaml', 'b: 1\n')
        hidden.chmod(0o600)
        call = (self.person('stranger').manager, 'RegisterDirectory', '(sssa{sv})', 'd', str(directory), '*.yaml', {})
        self.assert_denied(*call)
        hidden.chmod(0o644)
        directory.chmod(0o711)
        self.assert_denied(*call)
        directory.chmod(0o755)
        self.assertEqual(len(call[0](*call[1:])), 1)

    def test_unregistering_a_directory_takes_what_is_in_it(self):
        self.grants(self.stranger, people.REGISTER)
        directory = self.path('d')
        directory.mkdir()
        hidden = self.write('d/x.yaml', 'b: 1\n')
        hidden.chmod(0o600)
        self.client.manager('RegisterDirectory', '(sssa{sv})', 'd', str(directory), '*.yaml', {})
        call = (self.person('stranger').manager, 'UnregisterConfig', '(s)', 'd')
        self.assert_denied(*call)
        self.assertEqual(self.polkit.asked, [])
        hidden.chmod(0o644)
        call[0](*call[1:])
        self.assertEqual(self.names(), ['a'])

    def test_link_to_a_secret_cannot_be_registered(self):
        self.grants(self.stranger, people.REGISTER)
        link = self.path('link.yaml')
        link.symlink_to(self.path('a.yaml'))
        self.assert_denied(self.person('stranger').register, 'b', link)
        self.assertEqual(self.polkit.asked, [])

    def test_limit(self):
        """Each may be a prompt on somebody's screen."""
        self.polkit.holds.add((self.stranger, people.READ))
        calls = Calls(self.connect_as('stranger'))
        for _ in range(MAX_PENDING + 1):
            calls.send(self.config.path, reconf.CONFIG, 'GetAll', None)
        self.assertEqual(calls.wait(), f'{reconf.ERROR}LimitExceeded')
        self.assertEqual(len(calls.done), 1)
        # That is nobody else's fault, and passes.
        self.assertEqual(self.seen_by('granted', self.config).get('a'), 1)
        calls.client.close()
        reconf.wait_until(lambda: len(self.polkit.cancelled) == MAX_PENDING, 'all to be taken back')
        self.polkit.holds.clear()
        self.assert_denied(self.seen_by('stranger', self.config).get, 'a')

    def test_polkit_fails(self):
        self.polkit.error = 'org.freedesktop.PolicyKit1.Error.Failed'
        self.assert_denied(self.seen_by('stranger', self.config).get, 'a')


class WithoutPolkit(people.TestCase):
    def test_denied(self):
        config = self.own()
        message = self.assert_denied(self.seen_by('stranger', config).get, 'a')
        self.assertIn('there is no polkit', message)
        self.assertEqual(self.seen_by('owner', config).get('a'), 1)

    def test_group_of_the_connection_counts(self):
        """Not what the user database has: who gave up a group has given it up."""
        config = self.own()
        self.assertEqual(self.seen_by('member', config).get('a'), 1)
        with people.somebody(self.uids['member'], people.NO_GROUP):
            other = self.bus.connect()
        self.assert_denied(reconf.Config(other, config.path).get, 'a')

    def test_directory_counts(self):
        config = self.own(mode=0o644)
        self.assertEqual(self.seen_by('stranger', config).get('a'), 1)
        os.chmod(self.files, 0o700)
        self.assert_denied(self.seen_by('stranger', config).get, 'a')
        self.assertEqual(config.get('a'), 1)

    @unittest.skipUnless(shutil.which('setfacl'), 'there is no setfacl')
    def test_access_list_counts(self):
        config = self.own()
        self.run_tool('setfacl', '-m', f'u:{self.uids["stranger"]}:r', self.path('a.yaml'))
        self.assertEqual(self.seen_by('stranger', config).get('a'), 1)
        self.assert_denied(self.seen_by('stranger', config).rollback, 1)
