# SPDX-License-Identifier: LGPL-2.1-or-later
"""ConfigChanged: what it says of a change, who is woken by it, and when it comes."""
import json
import os

import reconf
import scene
from gi.repository import Gio, GLib

MIB = 1 << 20


class Changes(scene.TestCase):
    def change(self, before, after):
        """root and changes of going from one document to another."""
        config = self.watch('a.json', json.dumps(before))
        self.save('a.json', json.dumps(after))
        config.reload()
        root, version, previous, changes, _ = config.wait_changed()
        self.assertEqual(config.call('Diff', '(tt)', previous, version), changes)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.forget()
        return root, changes

    def test_kinds(self):
        before = {'same': 1, 'other': 1, 'old': {'a': {'b': 1}}, 'list': [1, {'a': 1}], 'map': {'a': 1},
                  'deep': {'a': {'b': 1}}}
        after = {'same': 1, 'other': '1', 'new': {'a': {'b': 1}}, 'list': [1, {'a': 2}], 'map': 1,
                 'deep': {'a': {'b': 2, 'c': None}}}
        self.assertEqual(self.change(before, after), ('/', [
            ('deep.a.b', 'modified', 1, 2),
            ('deep.a.c', 'added', None, None),
            ('list', 'modified', [1, {'a': 1}], [1, {'a': 2}]),
            ('map', 'modified', {'a': 1}, 1),
            ('new', 'added', None, {'a': {'b': 1}}),
            ('old', 'removed', {'a': {'b': 1}}, None),
            ('other', 'modified', 1, '1'),
        ]))

    def test_types_that_look_alike(self):
        for before, after in ((1, 1.0), (0, False), ('', None), ([], {}), (1, '1'), (2 ** 63 - 1, 2 ** 63)):
            with self.subTest(before=before, after=after):
                root, [(path, kind, old, new)] = self.change({'a': before}, {'a': after})
                self.assertEqual((root, path, kind, repr(old), repr(new)),
                                 ('/a/', 'a', 'modified', repr(before), repr(after)))

    def test_empty_map_comes_and_goes(self):
        self.assertEqual(self.change({}, {'a': {}}), ('/a/', [('a', 'added', None, {})]))
        self.assertEqual(self.change({'a': {}}, {}), ('/a/', [('a', 'removed', {}, None)]))
        self.assertEqual(self.change({'a': {'b': 1}}, {'a': {}}), ('/a/b/', [('a.b', 'removed', 1, None)]))

    def test_sorted_by_path(self):
        keys = ['b', 'a', 'a.b', 'a-b', 'ä', 'B', '', 'a b', 'aa', '1', '10', '2', '"', '\\']
        _, changes = self.change({'m': {}}, {'m': dict.fromkeys(keys, 1)})
        paths = [path for path, *_ in changes]
        self.assertEqual(paths, sorted(paths, key=str.encode))
        self.assertEqual(len(paths), len(keys))
        self.assertEqual({'m."a.b"', 'm."ä"', 'm.""', 'm."\\""', 'm."\\\\"', 'm."a b"', 'm.a-b'} - set(paths), set())

    def test_sorted_by_path_over_depths(self):
        before = {'a': {'b': 1}, 'a-b': 1, 'a.b': 1, 'a0': {'b': 1}}
        _, changes = self.change(before, json.loads(json.dumps(before).replace('1', '2')))
        paths = [path for path, *_ in changes]
        self.assertEqual(paths, sorted(paths, key=str.encode))

    def test_root(self):
        cases = [
            ({'a': 1}, {'a': 2}, '/a/'),
            ({'a': 1, 'b': 1}, {'a': 2, 'b': 2}, '/'),
            ({'a': {'b': {'c': 1, 'd': 1}}}, {'a': {'b': {'c': 2, 'd': 2}}}, '/a/b/'),
            ({'a': {'b': 1, 'bc': 1}}, {'a': {'b': 2, 'bc': 2}}, '/a/'),
            ({'a': {'b': [1]}}, {'a': {'b': [2]}}, '/a/b/'),
            ({'a': {}}, {'a': {'b': {'c': 1}}}, '/a/b/'),
            ({'a/b': {'~': 1}}, {'a/b': {'~': 2}}, '/a~1b/~0/'),
            ({'~1': 1}, {'~1': 2}, '/~01/'),
            ({'x.y': {'"': 1}}, {'x.y': {'"': 2}}, '/x.y/"/'),
            ({'': {'': 1}}, {'': {'': 2}}, '///'),
            ({'ä b': 1}, {'ä b': 2}, '/ä b/'),
        ]
        for before, after, root in cases:
            with self.subTest(root):
                self.assertEqual(self.change(before, after)[0], root)


class Details(scene.TestCase):
    def test_of_each_origin(self):
        config = self.watch()
        path = str(self.path('a.yaml'))
        self.save('a.yaml', 'a: 2\n')
        found = [config.wait_changed()]
        config.call('SetHotReload', '(b)', False)
        self.save('a.yaml', 'a: 3\n')
        config.reload()
        config.rollback(1, message='why not')
        self.client.manager('Rollback', '(st)', 'a', 2)
        found += [config.wait_changed() for _ in range(3)]
        uid = os.getuid()
        details = [signal[4] for signal in found]
        times = [each.pop('time') for each in details]
        self.assertEqual(details, [
            {'origin': 'file', 'files': [path]},
            {'origin': 'reload', 'files': [path], 'uid': uid},
            {'origin': 'rollback', 'files': [path], 'uid': uid, 'message': 'why not'},
            {'origin': 'rollback', 'files': [path], 'uid': uid},
        ])
        self.assertEqual(times, [version[1] for version in reversed(config.history())][1:])
        self.assertEqual([signal[1:3] for signal in found], [(2, 1), (3, 2), (4, 3), (5, 4)])

    def test_files_are_those_that_changed(self):
        files = [self.write(name, text) for name, text in (('a.yaml', 'a: 1\n'), ('b.yaml', 'b: 1\n'))]
        config = self.client.register('a', *files, self.path('c.yaml'))
        self.forget()
        for name, text in (('b.yaml', 'b: 2\n'), ('c.yaml', 'c: 1\n'), ('a.yaml', 'a: 2\n')):
            self.save(name, text)
            self.assertEqual(config.wait_changed()[4]['files'], [str(self.path(name))])
        self.path('c.yaml').unlink()
        self.assertEqual(config.wait_changed()[4]['files'], [str(self.path('c.yaml'))])

    def test_startup(self):
        config = self.watch()
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 2\n')
        self.client.manager('ListConfigs')
        root, version, previous, changes, details = config.wait_changed()
        self.assertEqual((root, version, previous, changes), ('/a/', 2, 1, [('a', 'modified', 1, 2)]))
        self.assertEqual(details['origin'], 'startup')
        self.assertNotIn('uid', details)

    def test_previous_is_that_of_the_signal_before(self):
        config = self.watch()
        previous = 1
        for value in range(2, 6):
            self.save('a.yaml', f'a: {value}\n')
            _, version, before, _, _ = config.wait_changed()
            self.assertEqual(before, previous)
            previous = version


class Timing(scene.TestCase):
    def test_none_for_an_equal_document(self):
        config = self.watch(content='a: 1\nb: [2]\n')
        for text in ('a: 1\nb: [2]\n', 'b: [0x2]\n"a": 1', '# else\na: 1\nb:\n- 2\n'):
            self.save('a.yaml', text)
            self.assertEqual(config.reload(), 1)
        self.assertEqual(self.still(), [])
        self.assertEqual(config.call('GetStatistics')['signals'], 1)

    def call_and_listen(self, path, interface, method, arguments):
        """What arrived, in order, up to the reply of a call."""
        order = []
        connection = self.client.connection

        def hear(_connection, _sender, _path, _interface, member, _arguments):
            order.append(member)

        def done(_connection, result):
            try:
                connection.call_finish(result)
                order.append('reply')
            except GLib.Error:
                order.append('error')

        subscription = connection.signal_subscribe(None, None, None, None, None, Gio.DBusSignalFlags.NO_MATCH_RULE,
                                                   hear)
        connection.call(reconf.NAME, path, interface, method, arguments, None, Gio.DBusCallFlags.NONE, -1, None, done)
        reconf.wait_until(lambda: {'reply', 'error'} & set(order), 'the reply')
        self.client.settle()
        connection.signal_unsubscribe(subscription)
        return order

    def test_signal_before_reply(self):
        config = self.watch(hot_reload=False)
        self.save('a.yaml', 'a: 2\n')
        other = self.write('b.yaml', 'a: 7\n')
        calls = [('Reload', GLib.Variant('(a{sv})', ({},))), ('Rollback', GLib.Variant('(ta{sv})', (0, {}))),
                 ('SetFiles', GLib.Variant('(as)', ([str(other)],)))]
        for method, arguments in calls:
            order = self.call_and_listen(config.path, reconf.CONFIG, method, arguments)
            self.assertLess(order.index('ConfigChanged'), order.index('reply'), method)
            self.assertEqual(order.count('ConfigChanged'), 1, method)
        order = self.call_and_listen(reconf.MANAGER_PATH, reconf.MANAGER, 'RegisterConfig',
                                     GLib.Variant('(sasa{sv})', ('b', [str(other)], {})))
        self.assertEqual(order, ['InterfacesAdded', 'ConfigChanged', 'reply'])

    def test_failure_before_reply(self):
        config = self.watch(hot_reload=False)
        self.save('a.yaml', 'a: [\n')
        order = self.call_and_listen(config.path, reconf.CONFIG, 'Reload', GLib.Variant('(a{sv})', ({},)))
        self.assertLess(order.index('ReloadFailed'), order.index('error'))

    def test_state_is_there_when_the_signal_is(self):
        config = self.watch()
        for value in range(2, 6):
            self.save('a.yaml', f'a: {value}\n')
            version = config.wait_changed()[1]
            self.assertEqual(config.call('GetAll'), (version, {'a': value}))
            self.assertEqual(config.history()[0][0], version)


class Size(scene.TestCase):
    def heard_size(self, content):
        """What is heard of a change to this content, and how long a message with all of it would be."""
        config = self.watch('a.json', '{"a": 1}')
        self.save('a.json', json.dumps(content))
        config.reload()
        heard = config.wait_changed()
        pair = GLib.Variant('(tt)', (heard[2], heard[1]))
        message = Gio.DBusMessage.new_signal(config.path, reconf.CONFIG, 'ConfigChanged')
        message.set_body(self.client.call_raw(config.path, reconf.CONFIG, 'Diff', pair)[0])
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.forget()
        return heard, len(message.to_blob(Gio.DBusCapabilityFlags.NONE))

    def test_left_out_above_the_limit(self):
        (root, version, previous, changes, details), _ = self.heard_size({'a': 2, 'b': 'x' * MIB, 'c': 3})
        self.assertEqual((root, version, previous), ('/', 2, 1))
        self.assertTrue(details['truncated'])
        self.assertNotIn('b', [path for path, *_ in changes])

    def test_whole_below_the_limit(self):
        (_, _, _, changes, details), _ = self.heard_size({'a': 2, 'b': 'x' * (MIB - 4096)})
        self.assertNotIn('truncated', details)
        self.assertEqual(len(changes), 2)

    def test_message_stays_below_the_limit(self):
        """Whatever the values are, small ones in great number too."""
        for content in ({f'{i}': i for i in range(20000)}, {'m': {f'{i}': True for i in range(25000)}},
                        {'m': [0] * 60000}, {'m': [[]] * 80000}, {'m': {f'{i}': {} for i in range(30000)}}):
            (_, _, _, changes, details), size = self.heard_size(content)
            if size > MIB:
                self.assertTrue(details.get('truncated'), (size, len(changes)))
            if size < MIB / 2:
                self.assertNotIn('truncated', details)


class Matching(scene.TestCase):
    DOCUMENT = {'database': {'pool': {'size': 1, 'min': 1}, 'poolx': 1, 'host': 'a'}, 'other': 1}

    def listener(self, rule):
        client = reconf.Client(self.bus.address, f"type='signal',sender='{reconf.NAME}',{rule}")
        self.bus.clients.append(client)
        return client

    def test_arg0path(self):
        config = self.watch('a.json', json.dumps(self.DOCUMENT))
        watcher = self.listener(f"interface='{reconf.CONFIG}',member='ConfigChanged',arg0path='/database/pool/'")
        document = json.loads(json.dumps(self.DOCUMENT))

        def step(*path, value):
            """Changes one place, or removes it; tells whether the watcher was woken."""
            place = document
            for key in path[:-1]:
                place = place[key]
            if value is None:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            self.save('a.json', json.dumps(document))
            config.reload()
            woken = [heard.arguments[0] for heard in watcher.settle()]
            watcher.heard.clear()
            return woken

        self.assertEqual(step('database', 'pool', 'size', value=2), ['/database/pool/size/'])
        self.assertEqual(step('database', 'pool', value={'size': 3, 'min': 3}), ['/database/pool/'])
        self.assertEqual(step('database', 'pool', value=5), ['/database/pool/'])
        self.assertEqual(step('database', value={'pool': {'size': 1}, 'poolx': 1}), ['/database/'])
        self.assertEqual(step('database', 'poolx', value=2), [])
        self.assertEqual(step('other', value=2), [])
        self.assertEqual(step('database', 'pool', value=None), ['/database/pool/'])
        self.assertEqual(step('database', value=None), ['/database/'])
        self.assertEqual(step('database', value={'pool': 1}), ['/database/'])
        self.assertEqual(step('pool', value=1), [])

    def test_forged_signal_shows_its_sender(self):
        """Anybody may send such a signal to one client; it does not have the owner's name on it."""
        config = self.watch()
        senders = []
        self.client.connection.signal_subscribe(
            None, reconf.CONFIG, 'ConfigChanged', None, None, Gio.DBusSignalFlags.NO_MATCH_RULE,
            lambda connection, sender, *rest: senders.append(sender))
        owner = self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetNameOwner', '(s)', reconf.NAME,
                                 name='org.freedesktop.DBus')
        forger = self.bus.connect()
        forger.connection.emit_signal(
            self.client.connection.get_unique_name(), config.path, reconf.CONFIG, 'ConfigChanged',
            GLib.Variant('(stta(ssvv)a{sv})', ('/a/', 2, 1, [], {})))
        forger.connection.flush_sync(None)
        self.save('a.yaml', 'a: 2\n')
        reconf.wait_until(lambda: len(senders) == 2, 'both signals')
        self.assertEqual(senders, [forger.connection.get_unique_name(), owner])
