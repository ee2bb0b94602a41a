# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a config held when it was not public stays with those who could have read it then, or may write it now.

The member of the group can read the file; what it held before it was his to read he may not know.
"""
import os
import shutil

import people
import reconf
from gi.repository import GLib


class Versions(people.TestCase):
    """A secret of the owner's was replaced by what the group, or everybody, may read."""

    def make(self, mode):
        config = self.own(content='a: secret\n', mode=0o600)
        self.write_owned('a.yaml', 'a: open\n', mode)
        self.assertEqual(config.reload(), 2)
        return config

    def digests(self, person, config):
        return {version[0]: version[3] != '' for version in self.seen_by(person, config).history()}

    def check_second_is_known(self, person, config):
        seen = self.seen_by(person, config)
        self.assertEqual(seen.get('a'), 'open')
        self.assertEqual(seen.call('GetAll'), (2, {'a': 'open'}))
        seen.call('GetSnapshot')
        self.assert_denied(seen.call, 'Diff', '(tt)', 1, 2)
        self.assert_denied(seen.call, 'Diff', '(tt)', 0, 1)
        self.assertEqual(seen.call('Diff', '(tt)', 2, 0), [])
        self.assertEqual(seen.subscribe(since=1), (2, [], {'complete': False}))
        self.assertEqual(self.digests(person, config), {1: False, 2: True})

    def test_group(self):
        config = self.make(0o640)
        self.check_second_is_known('member', config)
        self.assert_denied(self.seen_by('stranger', config).get, 'a')

    def test_public(self):
        config = self.make(0o644)
        for person in ('member', 'stranger'):
            with self.subTest(person):
                self.check_second_is_known(person, config)

    def test_who_may_write_may_know(self):
        config = self.make(0o640)
        for person in ('owner', 'root'):
            seen = self.seen_by(person, config)
            self.assertEqual(seen.call('Diff', '(tt)', 1, 2), [('a', 'modified', 'secret', 'open')])
            self.assertEqual(seen.subscribe(since=1), (2, [('a', 'modified', 'secret', 'open')], {'complete': True}))
            self.assertEqual(self.digests(person, config), {1: True, 2: True})

    def test_messages(self):
        """What was said about a version may tell what it held."""
        config = self.own(content='a: secret\n', mode=0o600)
        self.write_owned('a.yaml', 'a: secret too\n', 0o600)
        config.reload()
        config.rollback(1, message='for few')
        self.write_owned('a.yaml', 'a: open\n', 0o644)
        config.reload()
        self.write_owned('a.yaml', 'a: open again\n', 0o644)
        config.reload()

        def messages(person):
            return {version[5]['message'] for version in self.seen_by(person, config).history()
                    if 'message' in version[5]}

        self.assertEqual(messages('owner'), {'for few'})
        self.assertEqual(messages('stranger'), set())
        config.rollback(4, message='for all')
        self.assertEqual(messages('owner'), {'for few', 'for all'})
        self.assertEqual(messages('stranger'), {'for all'})

    def test_polkit_may_let_him(self):
        config = self.make(0o640)
        self.start_polkit()
        self.grants(self.uids['member'], people.READ)
        self.assertEqual(self.seen_by('member', config).call('Diff', '(tt)', 1, 2),
                         [('a', 'modified', 'secret', 'open')])
        # A list, or a subscription, is no reason to ask anybody.
        self.assertEqual(len(self.polkit.asked), 1)
        self.assertEqual(self.digests('member', config), {1: False, 2: True})
        self.assertEqual(len(self.polkit.asked), 1)

    def test_public_once(self):
        """What all could read is no secret, whatever became of the file."""
        config = self.own(content='a: open\n', mode=0o644)
        self.write_owned('a.yaml', 'a: shut\n', 0o640)
        config.reload()
        self.write_owned('a.yaml', 'a: open again\n', 0o644)
        config.reload()
        seen = self.seen_by('stranger', config)
        self.assertEqual(seen.call('Diff', '(tt)', 1, 3), [('a', 'modified', 'open', 'open again')])
        self.assert_denied(seen.call, 'Diff', '(tt)', 1, 2)
        self.assertEqual(self.digests('stranger', config), {1: True, 2: False, 3: True})

    def test_file_shows_what_is_active(self):
        """The same bytes, readable now: there is nothing to keep from anybody."""
        config = self.own(content='a: secret\n', mode=0o600)
        self.path('a.yaml').chmod(0o644)
        self.assertEqual(self.seen_by('stranger', config).get('a'), 'secret')
        self.assertEqual(self.digests('stranger', config), {1: True})

    def test_file_shows_something_else(self):
        """The active version is still the secret."""
        config = self.own(content='a: secret\n', mode=0o600, hot_reload=False)
        self.write_owned('a.yaml', 'a: open\n', 0o644)
        self.wait_property(config, 'Pending', True)
        for method, arguments in (('Get', ('(s)', 'a')), ('GetAll', ()), ('GetSnapshot', ()),
                                  ('Diff', ('(tt)', 0, 1)), ('Subscribe', ('(ta{sv})', 0, {}))):
            with self.subTest(method):
                self.assert_denied(self.seen_by('stranger', config).call, method, *arguments)
        self.assertEqual(self.digests('stranger', config), {1: False})
        # To have it read he may ask.
        self.assertEqual(self.seen_by('stranger', config).reload(), 2)
        self.assertEqual(self.seen_by('stranger', config).get('a'), 'open')

    def test_file_is_gone(self):
        config = self.own(content='a: secret\n', mode=0o600)
        self.path('a.yaml').unlink()
        self.wait_state(config, 'missing')
        for person in ('member', 'stranger'):
            self.assert_denied(self.seen_by(person, config).get, 'a')
            self.assert_denied(self.seen_by(person, config).history)

    def test_large_file(self):
        """What takes time to compare is compared on another thread, and as exactly."""
        padding = ''.join(f'k{i}: v\n' for i in range(20000))
        config = self.own(content='a: secret\n' + padding, mode=0o600, hot_reload=False)
        self.path('a.yaml').chmod(0o644)
        self.assertEqual(self.seen_by('stranger', config).get('a'), 'secret')
        self.write_owned('a.yaml', 'a: open\n' + padding, 0o644)
        self.wait_property(config, 'Pending', True)
        self.assert_denied(self.seen_by('stranger', config).get, 'a')

    def test_other_files(self):
        """A config may get files that others may write: its history is still of those it had."""
        config = self.own(content='a: secret\n', mode=0o600)
        mine = self.write('mine.yaml', 'a: mine\n')
        os.chown(mine, self.uids['stranger'], 0)
        self.assertEqual(config.call('SetFiles', '(as)', [str(mine)]), 2)
        seen = self.seen_by('stranger', config)
        self.assertEqual(seen.get('a'), 'mine')
        self.assert_denied(seen.call, 'Diff', '(tt)', 1, 2)
        self.assertEqual(self.digests('stranger', config), {1: False, 2: True})
        for version in (0, 1):
            self.assert_denied(seen.rollback, version)
        self.assertEqual(self.path('a.yaml').read_text(), 'a: secret\n')

    def test_public_comes_back_as_it_was(self):
        config = self.own(mode=0o644)
        self.write_owned('a.yaml', 'a: 2\n', 0o644)
        config.reload()
        config.rollback(1)
        self.assertEqual(self.path('a.yaml').stat().st_mode & 0o7777, 0o644)
        self.assertEqual(self.seen_by('stranger', config).get('a'), 1)

    def test_problems(self):
        """What is wrong with a file tells what it held."""
        config = self.own(content='a: 1\n', mode=0o600, hot_reload=False)
        self.write_owned('a.yaml', 'secret: [\n', 0o600)
        self.assert_fails('ParseFailed', config.reload)
        problems = config.call('GetProblems')
        self.assertEqual(self.seen_by('owner', config).call('GetProblems'), problems)
        self.assert_denied(self.seen_by('stranger', config).call, 'GetProblems')
        # The file shows it.
        self.path('a.yaml').chmod(0o644)
        self.assertEqual(self.seen_by('stranger', config).call('GetProblems'), problems)
        # And no longer.
        self.write_owned('a.yaml', 'a: [\n', 0o644)
        self.wait_property(config, 'Public', True)
        self.assert_denied(self.seen_by('stranger', config).call, 'GetProblems')
        self.assertEqual(self.seen_by('owner', config).call('GetProblems'), problems)
        self.assert_fails('ParseFailed', config.reload)
        self.assertEqual(len(self.seen_by('stranger', config).call('GetProblems')), 1)
        self.path('a.yaml').unlink()
        self.assert_fails('FileNotFound', config.reload)
        self.write_owned('a.yaml', 'a: 2\n', 0o644)
        config.reload()
        self.assertEqual(self.seen_by('stranger', config).call('GetProblems'), [])

    def test_a_reader_may_not_have_it_go_back(self):
        """A version that has to be confirmed goes back by itself: that writes the files."""
        config = self.own()
        self.assertEqual(self.seen_by('member', config).reload(), 1)
        self.assert_denied(self.seen_by('member', config).reload, confirm_ms=1000)
        self.assertEqual(self.seen_by('owner', config).reload(confirm_ms=1000), 1)


class Signals(people.TestCase):
    def subscribe(self, config, *names):
        for name in names:
            self.seen_by(name, config).subscribe()

    def heard(self, person, config):
        """What he heard of the config since the last time: changes, or None where they were left out."""
        client = self.person(person)
        changed = [heard.arguments for heard in client.settle()
                   if heard.member == 'ConfigChanged' and heard.path == config.path]
        client.heard.clear()
        return [None if details.get('truncated') else (previous, changes)
                for _, _, previous, changes, details in changed]

    def change(self, config, content, mode):
        path = self.path('a.yaml')
        path.chmod(mode)
        path.write_text(f'a: {content}\n')
        config.reload()

    def test_who_can_read_no_longer_is_told_nothing(self):
        config = self.own()
        self.subscribe(config, 'owner', 'member')
        self.change(config, 2, 0o600)
        self.assertEqual(self.heard('owner', config), [(1, [('a', 'modified', 1, 2)])])
        self.assertEqual(self.heard('member', config), [])

    def test_who_missed_it_is_told_to_ask(self):
        """Its previous one he was not told, and may not know."""
        config = self.own()
        self.subscribe(config, 'owner', 'member')
        self.change(config, 2, 0o600)
        self.change(config, 3, 0o640)
        self.assertEqual(self.heard('member', config), [None])
        self.assertEqual(self.heard('owner', config), [(1, [('a', 'modified', 1, 2)]), (2, [('a', 'modified', 2, 3)])])
        self.assertEqual(self.seen_by('member', config).get('a'), 3)
        # From then on he knows it.
        self.change(config, 4, 0o640)
        self.assertEqual(self.heard('member', config), [(3, [('a', 'modified', 3, 4)])])

    def test_left_out_is_all_that_tells_of_the_content(self):
        config = self.own()
        self.subscribe(config, 'member')
        self.change(config, 2, 0o600)
        self.person('member').heard.clear()
        self.change(config, 3, 0o640)
        root, version, previous, changes, details = self.seen_by('member', config).wait_changed()
        self.assertEqual((root, version, previous, changes), ('/', 3, 1, []))
        self.assertEqual(set(details), {'origin', 'time', 'uid', 'files', 'truncated'})

    def test_left_out_is_what_was_said_about_it(self):
        config = self.own(mode=0o640)
        self.subscribe(config, 'member', 'owner')
        self.change(config, 2, 0o600)
        self.change(config, 3, 0o600)
        self.path('a.yaml').chmod(0o640)
        config.rollback(1, message='about 3')
        self.assertEqual(self.seen_by('owner', config).wait_changed(
            lambda signal: signal.arguments[1] == 4)[4]['message'], 'about 3')
        details = self.seen_by('member', config).wait_changed(lambda signal: signal.arguments[1] == 4)[4]
        self.assertEqual((details['truncated'], 'message' in details), (True, False))

    def test_what_was_secret_is_not_broadcast(self):
        """The file is public, its old value is not: so the change is not."""
        config = self.own(mode=0o600)
        listening = self.connect_as('stranger')
        self.subscribe(config, 'owner')
        self.change(config, 2, 0o644)
        self.assertEqual(self.heard('owner', config), [(1, [('a', 'modified', 1, 2)])])
        self.assertEqual([heard for heard in listening.settle() if heard.member == 'ConfigChanged'], [])
        self.change(config, 3, 0o644)
        heard = listening.wait_signal('ConfigChanged').arguments
        self.assertEqual(heard[2:4], (2, [('a', 'modified', 2, 3)]))

    def test_unreadable_ends_the_broadcasts_at_once(self):
        config = self.own(mode=0o644)
        listening = self.connect_as('stranger')
        self.subscribe(config, 'owner')
        self.change(config, 2, 0o644)
        self.assertEqual(listening.wait_signal('ConfigChanged').arguments[1], 2)
        listening.heard.clear()
        self.heard('owner', config)
        self.change(config, 3, 0o600)
        self.assertEqual(self.heard('owner', config), [(2, [('a', 'modified', 2, 3)])])
        self.path('a.yaml').write_text('a: [\n')
        self.assert_fails('ParseFailed', config.reload)
        self.assertEqual([heard for heard in listening.settle()
                          if heard.member in ('ConfigChanged', 'ReloadFailed')], [])

    def test_unreadable_in_any_way_ends_the_broadcasts(self):
        """By a directory, by a group that has less, by an access list."""
        config = self.own(mode=0o644)
        path = self.path('a.yaml')
        listening = self.connect_as('stranger')
        stranger = str(self.uids['stranger'])
        ways = [(lambda: self.files.chmod(0o750), lambda: self.files.chmod(0o755)),
                (lambda: path.chmod(0o604), lambda: path.chmod(0o644))]
        if shutil.which('setfacl'):
            ways.append((lambda: self.run_tool('setfacl', '-m', f'u:{stranger}:-', path),
                         lambda: self.run_tool('setfacl', '-b', path)))
        for number, (close, open_again) in enumerate(ways):
            with self.subTest(number):
                path.write_text(f'a: {number}.1\n')
                config.reload()
                path.write_text(f'a: {number}.2\n')
                config.reload()
                self.assertEqual(listening.wait_signal('ConfigChanged', lambda signal: signal.arguments[3][0][3] ==
                                                       number + 0.2).path, config.path)
                listening.settle()
                listening.heard.clear()
                close()
                path.write_text(f'a: {number}.3\n')
                config.reload()
                self.assertEqual([heard for heard in listening.settle() if heard.member == 'ConfigChanged'], [])
                open_again()

    def test_failures_go_to_who_can_read(self):
        config = self.own()
        self.subscribe(config, 'owner', 'member')
        self.path('a.yaml').write_text('a: [\n')
        self.assert_fails('ParseFailed', config.reload)
        for person in ('owner', 'member'):
            self.seen_by(person, config).wait_signal('ReloadFailed')
        self.path('a.yaml').chmod(0o600)
        self.path('a.yaml').write_text('a: {\n')
        self.assert_fails('ParseFailed', config.reload)
        self.seen_by('owner', config).wait_signal('ReloadFailed')
        self.assertEqual([heard for heard in self.person('member').settle() if heard.member == 'ReloadFailed'], [])

    def test_whom_polkit_let_in_stays(self):
        config = self.own()
        self.start_polkit()
        self.subscribe(config, 'granted')
        self.polkit.grants.clear()
        self.change(config, 2, 0o600)
        self.assertEqual(self.heard('granted', config), [(1, [('a', 'modified', 1, 2)])])
        self.seen_by('granted', config).call('Unsubscribe')
        self.change(config, 3, 0o600)
        self.assertEqual(self.heard('granted', config), [])
        self.assert_denied(self.seen_by('granted', config).subscribe)

    def test_paths_tell_nothing_of_what_may_not_be_known(self):
        config = self.own()
        self.seen_by('member', config).subscribe(paths=['b'])
        self.change(config, 2, 0o600)
        self.change(config, 3, 0o640)
        self.assertEqual(self.heard('member', config), [None])


class Others(people.TestCase):
    """Validators and instances are told values, too."""

    def add_validator(self, person, config, answer=lambda invocation: invocation.return_value(None)):
        asked = []

        def on_call(connection, sender, path, interface, method, parameters, invocation):
            asked.append(reconf.native(parameters)[2])
            answer(invocation)

        client = self.person(person)
        interface = reconf.PREFIX / 'share' / 'dbus-1' / 'interfaces' / f'{reconf.NAME}.Validator.xml'
        information = people.Gio.DBusNodeInfo.new_for_xml(interface.read_text()).interfaces[0]
        client.connection.register_object('/v', information, on_call, None, None)
        self.seen_by(person, config).call('AddValidator', '(oa{sv})', '/v', {})
        return asked

    def reload(self, config):
        """Without keeping the validators of this process from answering. Returns whether it failed."""
        done = []

        def finish(connection, result):
            try:
                connection.call_finish(result)
                done.append(False)
            except GLib.Error:
                done.append(True)

        self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Reload', GLib.Variant('(a{sv})', ({},)),
                                    None, people.Gio.DBusCallFlags.NONE, -1, None, finish)
        reconf.wait_until(lambda: done, 'the reload')
        return done[0]

    def test_closed_before_it_is_told(self):
        """Read when all could read it, told when they could not: whoever is told is asked about when it is."""
        config = self.own(mode=0o644)
        path = self.path('a.yaml')
        rejects = False

        def close(invocation):
            path.chmod(0o600)
            if rejects:
                invocation.return_dbus_error('org.example.No', 'no')
            else:
                invocation.return_value(None)

        self.add_validator('owner', config, close)
        listening = self.connect_as('stranger')
        people_told = {person: self.seen_by(person, config) for person in ('owner', 'member', 'stranger')}
        for seen in people_told.values():
            seen.subscribe()
        for rejects, member in (False, 'ConfigChanged'), (True, 'ReloadFailed'):
            with self.subTest(member):
                path.write_text(f'a: {2 + rejects}\n')
                path.chmod(0o644)
                self.assertEqual(self.reload(config), rejects)
                people_told['owner'].wait_signal(member)
                for client in listening, self.person('member'), self.person('stranger'):
                    self.assertEqual([heard for heard in client.settle() if heard.member == member], [])

    def test_validator_is_asked_while_he_may_edit(self):
        config = self.own()
        asked = self.add_validator('owner', config)
        self.path('a.yaml').write_text('a: 2\n')
        self.reload(config)
        self.assertEqual(asked, [[('a', 'modified', 1, 2)]])
        os.chown(self.path('a.yaml'), 0, 0)
        self.path('a.yaml').write_text('a: 3\n')
        self.reload(config)
        self.assertEqual(len(asked), 1)
        self.assertEqual(config.get('a'), 3)

    def test_instance_is_not_told_what_it_only_says_it_knew(self):
        config = self.own(content='a: secret\n', mode=0o600)
        self.write_owned('a.yaml', 'a: open\n', 0o640)
        config.reload()
        instance, _ = self.person('member').register_instance('a', ack=True)
        instance.report(1)
        instance.call('Renotify')
        root, version, previous, changes, details = self.seen_by('member', config).wait_changed()
        self.assertEqual((root, version, previous, changes), ('/', 2, 1, []))
        self.assertTrue(details['truncated'])

    def test_instance_that_can_read_no_longer_is_told_nothing(self):
        config = self.own()
        instance, _ = self.person('member').register_instance('a', ack=True)
        self.path('a.yaml').chmod(0o600)
        self.assert_denied(instance.call, 'Renotify')

    def test_messages_of_instances_are_for_readers(self):
        config = self.own()
        instance, _ = self.person('member').register_instance('a', ack=True)
        instance.report(1, 'applied', 'for few')
        self.start_polkit()

        def told(person, called):
            return {row[7].get('message') for row in called(self.person(person))}

        for ask in (lambda client: client.call(config.path, reconf.CONFIG, 'ListInstances'),
                    lambda client: client.manager('ListInstances', '(s)', 'a')):
            for person in ('root', 'owner', 'member', 'granted'):
                self.assertEqual(told(person, ask), {'for few'}, person)
            self.assertEqual(told('stranger', ask), {None})
        self.assertEqual(told('stranger', lambda client: client.manager('ListInstances', '(s)', '')), {None})
