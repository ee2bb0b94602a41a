# SPDX-License-Identifier: LGPL-2.1-or-later
"""A config's object: what its methods answer and refuse, and what its properties say and announce."""
import fcntl
import mmap
import os
import time

import reconf
import scene
from gi.repository import GLib

F_GET_SEALS = 1034
SEALS = 0x1 | 0x2 | 0x4 | 0x8  # sealing, shrinking, growing and writing

EVERYTHING = '''\
text: some
yes: true
zero: 0
lowest: -9223372036854775808
highest: 9223372036854775807
beyond: 18446744073709551615
octal: 0o17
half: 0.5
whole: 1.0
infinite: -.inf
nothing: ~
no: no
empty: ""
list: [1, [2, ~], {b: 3}]
map: {b: {c: 1}, a: {}, "": 0, "x.y": 1, ä: 2, B: 3}
'''


class Reading(scene.TestCase):
    def raw(self, config, path):
        reply, _ = self.client.call_raw(config.path, reconf.CONFIG, 'Get', GLib.Variant('(s)', (path,)))
        return reply.get_child_value(0).get_variant()

    def test_types(self):
        config = self.watch(content=EVERYTHING)
        expected = {
            'text': ('s', 'some'), 'yes': ('b', True), 'zero': ('x', 0), 'lowest': ('x', -2 ** 63),
            'highest': ('x', 2 ** 63 - 1), 'beyond': ('t', 2 ** 64 - 1), 'octal': ('x', 15), 'half': ('d', 0.5),
            'whole': ('d', 1.0), 'infinite': ('d', float('-inf')), 'nothing': ('g', ''), 'no': ('s', 'no'),
            'empty': ('s', ''), 'list.0': ('x', 1), 'list.1': ('av', [2, '']), 'list.2.b': ('x', 3),
            'map.b': ('a{sv}', {'c': 1}), 'map.a': ('a{sv}', {}), 'map.""': ('x', 0), 'map."x.y"': ('x', 1),
            'map."ä"': ('x', 2), '"map".B': ('x', 3), 'list': ('av', [1, [2, ''], {'b': 3}]),
        }
        for path, (kind, value) in expected.items():
            with self.subTest(path):
                found = self.raw(config, path)
                self.assertEqual((found.get_type_string(), found.unpack()), (kind, value))
        self.assertEqual(self.raw(config, '').get_type_string(), 'a{sv}')

    def test_keys_are_sorted_by_byte(self):
        config = self.watch(content=EVERYTHING)
        for found in (self.raw(config, ''), self.raw(config, 'map')):
            keys = [found.get_child_value(i).get_child_value(0).get_string() for i in range(found.n_children())]
            self.assertEqual(keys, sorted(keys, key=str.encode))
        self.assertEqual(keys, ['', 'B', 'a', 'b', 'x.y', 'ä'])

    def test_bad_paths(self):
        config = self.watch(content=EVERYTHING)
        for path in ('.', 'map.', '.map', 'map..b', 'a b', 'ä', 'x.y"', '"map', '"map"b', 'map."x\\n"', 'map/b',
                     'a[0]'):
            with self.subTest(path):
                self.assert_fails('InvalidPath', config.get, path)

    def test_absent_paths(self):
        config = self.watch(content=EVERYTHING)
        for path in ('nothing.at', 'other', 'map.c', 'list.3', 'list.-1', 'list.00', 'list.b', 'text.0', '""',
                     'list.99999999999999999999'):
            with self.subTest(path):
                self.assert_fails('NoSuchPath', config.get, path)

    def test_get_all(self):
        config = self.watch(content=EVERYTHING)
        version, document = config.call('GetAll')
        self.assertEqual((version, document), (1, config.get()))
        self.assertEqual(len(document), 15)
        self.assertIsNone(document['nothing'])

    def test_too_large_for_an_answer(self):
        line = 'x' * 1000
        config = self.watch(content=''.join(f'k{i}: {line}\n' for i in range(9000)))
        self.client.register('b', self.path('a.yaml'), self.write('b.yaml', ''.join(
            f'l{i}: {line}\n' for i in range(9000))))
        both = self.client.config('b')
        self.assertEqual(len(config.get()), 9000)
        for call in (both.get, lambda: both.call('GetAll')):
            self.assertIn('GetSnapshot', self.assert_fails('TooLarge', call))
        self.assertEqual(both.get('l8999'), line)
        version, descriptor = self.snapshot(both)
        self.assertEqual((version, len(self.decode(descriptor))), (1, 18000))

    def snapshot(self, config, client=None):
        reply, descriptors = (client or self.client).call_raw(config.path, reconf.CONFIG, 'GetSnapshot')
        self.addCleanup(os.close, descriptors[0])
        return reply.get_child_value(0).get_uint64(), descriptors[0]

    def decode(self, descriptor):
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as data:
            return reconf.native(GLib.Variant.new_from_bytes(GLib.VariantType('a{sv}'), GLib.Bytes(data[:]), False))

    def test_snapshot(self):
        config = self.watch(content=EVERYTHING)
        version, descriptor = self.snapshot(config)
        self.assertEqual((version, self.decode(descriptor)), config.call('GetAll'))
        # What GLib itself would write for the same value.
        reply, _ = self.client.call_raw(config.path, reconf.CONFIG, 'GetAll')
        with open(descriptor, 'rb', closefd=False) as file:
            self.assertEqual(file.read(), reply.get_child_value(1).get_normal_form().get_data_as_bytes().get_data())

    def test_snapshot_is_sealed(self):
        _, descriptor = self.snapshot(self.watch())
        self.assertEqual(fcntl.fcntl(descriptor, F_GET_SEALS) & SEALS, SEALS)
        self.assertEqual(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE, os.O_RDONLY)
        for change in (lambda: os.write(descriptor, b'x'), lambda: os.ftruncate(descriptor, 0),
                       lambda: mmap.mmap(descriptor, 0)):
            self.assertRaises(OSError, change)
        # Not even through another descriptor of the same file.
        writable = os.open(f'/proc/self/fd/{descriptor}', os.O_RDWR)
        self.addCleanup(os.close, writable)
        self.assertRaises(OSError, os.write, writable, b'x')

    def test_snapshot_is_shared(self):
        config = self.watch()
        other = self.bus.connect()
        found = [self.snapshot(config)[1], self.snapshot(config)[1], self.snapshot(config, other)[1]]
        self.assertEqual(len({os.fstat(descriptor).st_ino for descriptor in found}), 1)
        os.lseek(found[0], 5, os.SEEK_SET)
        self.assertEqual([os.lseek(descriptor, 0, os.SEEK_CUR) for descriptor in found], [5, 0, 0])
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        version, later = self.snapshot(config)
        self.assertEqual((version, self.decode(later), self.decode(found[0])), (2, {'a': 2}, {'a': 1}))
        self.assertNotEqual(os.fstat(later).st_ino, os.fstat(found[0]).st_ino)

    def test_not_loaded(self):
        """Only a member of a directory can have no version yet."""
        self.path('d').mkdir()
        self.write('d/one.yaml', 'a: [\n')
        [path] = self.client.manager('RegisterDirectory', '(sssa{sv})', 'd', str(self.path('d')), '*.yaml', {})
        config = reconf.Config(self.client, path)
        self.assertEqual((config.get_property('Version'), self.state(config)), (0, 'invalid'))
        self.assert_fails('NotLoaded', config.get)
        for method, *arguments in (('GetAll',), ('GetSnapshot',), ('Diff', '(tt)', 0, 0)):
            self.assert_fails('NotLoaded', config.call, method, *arguments)
        self.assertEqual(config.subscribe(), (0, [], {'complete': True}))
        self.assertEqual((config.history(), len(config.call('GetProblems'))), ([], 1))
        self.assert_fails('NoSuchVersion', config.rollback)
        self.assert_fails('ParseFailed', config.reload)
        self.save('d/one.yaml', 'a: 1\n')
        self.assertEqual(config.wait_changed()[:4], ('/a/', 1, 0, [('a', 'added', None, 1)]))


class Properties(scene.TestCase):
    def announced(self, config):
        """What PropertiesChanged said since the last look, and by which names only."""
        found, names = {}, []
        for heard in self.client.settle():
            if heard.member == 'PropertiesChanged' and heard.path == config.path:
                found |= heard.arguments[1]
                names += heard.arguments[2]
        self.client.heard.clear()
        self.assertEqual(names, [])
        return found

    def test_values(self):
        config = self.watch()
        found = self.client.call(config.path, reconf.PROPERTIES, 'GetAll', '(s)', reconf.CONFIG)
        last_reload = found.pop('LastReload')
        self.assertLess(abs(last_reload / 1e6 - time.time()), reconf.TIMEOUT)
        self.assertEqual(found.pop('Options')['merge'], 'deep')
        self.assertEqual(found, {
            'Name': 'a', 'Files': [str(self.path('a.yaml'))], 'Format': 'yaml', 'Schema': '', 'State': 'active',
            'Version': 1, 'Public': True, 'HotReload': True, 'Pending': False, 'ConfirmDeadline': 0})
        for name, value in found.items():
            self.assertEqual(config.get_property(name), value)

    def test_version_is_not_announced(self):
        config = self.watch()
        before = config.get_property('LastReload')
        self.save('a.yaml', 'a: 2\n')
        config.reload()
        self.assertEqual(self.announced(config), {})
        self.assertEqual(config.get_property('Version'), 2)
        self.assertGreater(config.get_property('LastReload'), before)

    def test_state_and_pending(self):
        config = self.watch()
        self.save('a.yaml', 'a: [\n')
        self.assert_fails('ParseFailed', config.reload)
        self.assertEqual(self.announced(config), {'State': 'invalid', 'Pending': True})
        self.path('a.yaml').unlink()
        self.assert_fails('FileNotFound', config.reload)
        self.assertEqual(self.announced(config), {'State': 'missing'})
        self.save('a.yaml', 'a: 1\n')
        config.reload()
        self.assertEqual(self.announced(config), {'State': 'active', 'Pending': False})

    def test_public(self):
        config = self.watch()
        for mode, public in ((0o600, False), (0o644, True)):
            self.path('a.yaml').chmod(mode)
            config.reload()
            self.assertEqual(self.announced(config), {'Public': public})
            self.assertEqual(config.get_property('Public'), public)

    def test_hot_reload(self):
        config = self.watch()
        config.call('SetHotReload', '(b)', False)
        self.assertEqual(self.announced(config)['HotReload'], False)
        config.call('SetHotReload', '(b)', False)
        self.assertEqual(self.announced(config).get('HotReload', False), False)
        self.save('a.yaml', 'a: 2\n')
        reconf.wait_until(lambda: config.get_property('Pending'), 'Pending')
        self.assertEqual((self.announced(config), config.get('a')), ({'Pending': True}, 1))
        self.assertEqual((config.reload(), config.get('a')), (2, 2))
        self.assertEqual(self.announced(config), {'Pending': False})
        self.save('a.yaml', 'a: 3\n')
        reconf.wait_until(lambda: config.get_property('Pending'), 'Pending')
        config.call('SetHotReload', '(b)', True)
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 2, 3)])
        self.assertFalse(config.get_property('Pending'))

    def test_hot_reload_goes_before_the_managers(self):
        config = self.watch()
        config.call('SetHotReload', '(b)', True)
        self.client.manager('SetHotReload', '(b)', False)
        self.assertTrue(config.get_property('HotReload'))
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()

    def test_registering_again_after_it_was_switched(self):
        """A program that registers its config whenever it starts is not to fail because somebody switched it."""
        config = self.watch()
        config.call('SetHotReload', '(b)', False)
        self.assertEqual(self.client.register('a', self.path('a.yaml')).path, config.path)
        self.assertFalse(config.get_property('HotReload'))

    def test_set_files(self):
        config = self.watch()
        other = self.write('b.json', '{"a": 2}')
        self.assertEqual(config.call('SetFiles', '(as)', [str(other)]), 2)
        announced = self.announced(config)
        self.assertEqual((announced['Files'], announced['Format']), ([str(other)], 'json'))
        self.assertEqual(config.history()[0][2], 'reload')
        for files, error in (([], 'InvalidArgument'), (['b.json'], 'InvalidPath'),
                             (['/nothing.json'], 'FileNotFound')):
            self.assert_fails(error, config.call, 'SetFiles', '(as)', files)
        self.assertEqual((config.get_property('Files'), self.state(config)), ([str(other)], 'active'))

    def test_problems(self):
        config = self.watch()
        self.assertEqual(config.call('GetProblems'), [])
        self.save('a.yaml', 'a: 1\nb: 2\na: 3\n')
        message = self.assert_fails('ParseFailed', config.reload)
        self.assertIn(f'{self.path("a.yaml")}:3:', message)
        [(path, line, column, problem)] = config.call('GetProblems')
        self.assertEqual((path, line, column), ('a', 3, 1))
        self.assertIn('a.yaml', problem)
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual((stage, problems), ('parse', config.call('GetProblems')))
        self.save('a.yaml', 'a: 1\n')
        self.assertEqual(config.reload(), 1)
        self.assertEqual(config.call('GetProblems'), [])

    def test_no_values_in_messages(self):
        config = self.watch()
        for content in ('a: hunter2\na: hunter2\n', 'a: hunter2: [\n', 'a: !hunter {a: 1}\nb: "hunter2\n',
                        'a: *hunter2\n', 'a: 0x8hunter2 : :\n hunter2'):
            self.save('a.yaml', content)
            with self.assertRaises(reconf.BusError) as caught:
                config.reload()
            self.assertNotIn('hunter2', str(caught.exception))
        for heard in self.client.settle():
            self.assertNotIn('hunter2', str(heard))

    def test_instances(self):
        self.assertEqual(self.watch().call('ListInstances'), [])

    def test_object_that_is_not_there(self):
        gone = reconf.Config(self.client, '/org/reconf/Reconf1/config/nothing')
        self.assert_fails('org.freedesktop.DBus.Error.UnknownObject', gone.get)
