# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manager: configs are registered, found, listed and let go; settings and numbers of the whole service."""
import os

import reconf
import scene
from gi.repository import GLib

MAX_PATH = 4096


class TestCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.file = self.write('a.yaml', 'a: 1\n')

    def register_raw(self, files, **settings):
        return self.client.manager('RegisterConfig', '(sasa{sv})', 'a', [str(file) for file in files],
                                   reconf.options(**settings))

    def unregister(self, name='a'):
        return self.client.manager('UnregisterConfig', '(s)', name)

    def managed(self):
        return self.client.call(reconf.MANAGER_PATH, reconf.OBJECT_MANAGER, 'GetManagedObjects')


class Registering(TestCase):
    def test_object_is_named_after_the_config(self):
        for name, encoded in (('a', 'a'), ('web.api', 'web_2eapi'), ('9:x@y-Z_', '_39_3ax_40y_2dZ_5f'),
                              ('a' * 128, 'a' * 128)):
            config = self.client.register(name, self.file)
            self.assertEqual(config.path, f'/org/reconf/Reconf1/config/{encoded}')
            self.assertEqual(config.get_property('Name'), name)
            self.assertEqual(self.client.config(name).path, config.path)

    def test_bad_names(self):
        for name in ('', '.a', '-a', '_a', '@a', 'a/b', '/', 'a b', 'a\n', 'ä', 'a%', 'a' * 129, '../a'):
            with self.subTest(name):
                self.assert_fails('InvalidName', self.client.register, name, self.file)
        self.assertEqual(self.client.manager('ListConfigs'), [])

    def test_bad_paths(self):
        for path in ('', 'a.yaml', './a.yaml', '/' + 'a' * MAX_PATH + '.yaml'):
            with self.subTest(path[:20]):
                self.assert_fails('InvalidPath', self.register_raw, [path])
        self.assert_fails('InvalidPath', self.register_raw, [self.file, 'b.yaml'])

    def test_bad_sets_of_files(self):
        self.assert_fails('InvalidArgument', self.register_raw, [])
        self.assert_fails('InvalidArgument', self.register_raw, [self.file, self.file])
        self.assert_fails('InvalidArgument', self.register_raw, [self.write('a.conf', 'a=1\n')])
        self.assert_fails('LimitExceeded', self.register_raw, [self.path(f'{i}.yaml') for i in range(17)])

    def test_most_layers(self):
        files = [self.write(f'{i}.yaml', f'k{i}: 1\n') for i in range(16)]
        self.assertEqual(len(self.client.register('a', *files).get()), 16)

    def test_same_again(self):
        first = self.client.register('a', self.file, max_versions=3)
        self.forget()
        self.assertEqual(self.client.register('a', self.file, max_versions=3).path, first.path)
        self.assertEqual(self.client.settle(), [])
        self.assertEqual(self.numbers(first), [1])

    def test_already_registered(self):
        other = self.write('b.yaml', 'a: 2\n')
        self.client.register('a', self.file)
        self.assert_fails('AlreadyRegistered', self.client.register, 'a', other)
        self.assert_fails('AlreadyRegistered', self.client.register, 'a', self.file, other)
        self.assert_fails('AlreadyRegistered', self.client.register, 'a', self.file, max_versions=3)
        self.assertEqual(self.client.config('a').get('a'), 1)

    def test_same_file_for_two(self):
        one, two = (self.client.register(name, self.file) for name in ('a', 'b'))
        self.save('a.yaml', 'a: 2\n')
        heard = [self.client.wait_signal('ConfigChanged').path for _ in range(2)]
        self.assertEqual(sorted(heard), [one.path, two.path])

    def test_failed_load_registers_nothing(self):
        self.assert_fails('ParseFailed', self.client.register, 'a', self.write('b.yaml', 'a: [\n'))
        self.assert_fails('NoSuchConfig', self.client.config, 'a')
        self.assertEqual([heard.member for heard in self.client.settle()], [])
        self.client.register('a', self.file)

    def test_first_version_is_announced(self):
        config = self.client.register('a', self.file)
        heard = self.client.settle()
        self.assertEqual([signal.member for signal in heard], ['InterfacesAdded', 'ConfigChanged'])
        root, version, previous, changes, details = heard[1].arguments
        self.assertEqual((root, version, previous, changes), ('/a/', 1, 0, [('a', 'added', None, 1)]))
        self.assertEqual((details['origin'], details['uid']), ('register', os.getuid()))
        self.assertEqual(config.history()[0][2], 'register')


class TooMuch(TestCase):
    def test_more_than_one_message(self):
        """The bus would throw out who says that much at once."""
        layer = str(self.files) + 12 * ('/' + 240 * 'd')
        for number in range(400):
            self.client.register(f'a{number}', self.file, *(f'{layer}{level}.yaml' for level in range(15)))
        self.assertIn('16 MiB', self.assert_fails('TooLarge', self.managed))
        self.assertEqual(len(self.names()), 400)


class Options(TestCase):
    GOOD = {
        'debounce_ms': (0, 60000), 'poll_ms': (100, 2 ** 32 - 1), 'max_versions': (1, 1000),
        'max_size': (1 << 10, 10 << 20), 'priority': (-2 ** 31, 2 ** 31 - 1), 'hot_reload': (True, False),
        'persist': (True, False), 'merge': ('deep', 'append', 'replace'), 'format': ('yaml', 'json', 'env', 'ini'),
        'defaults': (True, False), 'on_invalid': ('keep', 'revert'), 'on_failure': ('keep', 'rollback'),
        'ack_ms': (1, (1 << 32) - 1), 'confirm_ms': (0, (1 << 32) - 1), 'confirm_by': ('caller', 'instances'),
        'voters': ('writers', 'readers'),
        'env_separator': ('__', '.', '-'),
    }
    BAD = {
        'debounce_ms': (60001,), 'poll_ms': (99, 0), 'max_versions': (0, 1001), 'max_size': (0, (10 << 20) + 1),
        'merge': ('', 'Deep', 'shallow'), 'format': ('', 'toml', 'YAML'), 'env_separator': ('', 'a', '=', '\n'),
        'on_invalid': ('', 'Keep', 'delete'), 'on_failure': ('', 'revert'), 'ack_ms': (0,),
        'confirm_by': ('', 'voters'), 'voters': ('', 'all'), 'schema': ('', 'app.json', '/a/../app.json'),
    }

    def test_good_values(self):
        for option, values in self.GOOD.items():
            for value in values:
                with self.subTest(option, value=value):
                    config = self.client.register('a', self.file, **{option: value})
                    self.assertEqual(config.get_property('Options')[option.replace('_', '-')], value)
                    self.unregister()

    def test_defaults(self):
        options = self.client.register('a', self.file).get_property('Options')
        self.assertEqual(options, {'ack-ms': 5000, 'confirm-by': 'caller', 'confirm-ms': 0, 'debounce-ms': 100,
                                   'defaults': False, 'max-size': 10485760, 'max-versions': 10, 'merge': 'deep',
                                   'on-failure': 'keep', 'on-invalid': 'keep', 'persist': True, 'poll-ms': 2000,
                                   'priority': 0, 'voters': 'writers'})

    def test_values_out_of_range(self):
        for option, values in self.BAD.items():
            for value in values:
                with self.subTest(option, value=value):
                    message = self.assert_fails('InvalidArgument', self.client.register, 'a', self.file,
                                                **{option: value})
                    self.assertIn(option.replace('_', '-'), message)

    def test_wrong_types(self):
        values = {'b': True, 'i': 500, 'u': 500, 't': 5000, 's': 'deep', 'x': 5, 'y': 5, 'd': 5, 'as': ['5'],
                  'v': GLib.Variant('u', 500), 'a{sv}': {}, '(u)': (5,), 'g': 'u', 'o': '/'}
        for option, (good, *_) in self.GOOD.items():
            [right] = reconf.options(**{option: good}).values()
            for kind in values.keys() - {right.get_type_string()}:
                with self.subTest(option, kind=kind):
                    self.assert_fails('InvalidArgument', self.client.register, 'a', self.file,
                                      **{option: GLib.Variant(kind, values[kind])})
        self.assertEqual(self.client.manager('ListConfigs'), [])

    def test_unknown(self):
        for option in ('', 'Merge', 'debounce_ms', 'nothing'):
            with self.subTest(option):
                arguments = GLib.Variant('(sasa{sv})', ('a', [str(self.file)], {option: GLib.Variant('u', 5)}))
                self.assert_fails('InvalidArgument', self.client.call_raw, reconf.MANAGER_PATH, reconf.MANAGER,
                                  'RegisterConfig', arguments)

    def test_given_twice(self):
        builder = GLib.VariantBuilder(GLib.VariantType('a{sv}'))
        for value in (100, 200):
            builder.add_value(GLib.Variant('{sv}', ('debounce-ms', GLib.Variant('u', value))))
        arguments = GLib.Variant.new_tuple(GLib.Variant('s', 'a'), GLib.Variant('as', [str(self.file)]), builder.end())
        self.assert_fails('InvalidArgument', self.client.call_raw, reconf.MANAGER_PATH, reconf.MANAGER,
                          'RegisterConfig', arguments)

    def test_persist(self):
        self.client.register('kept', self.file)
        self.client.register('left', self.file, persist=False)
        self.bus.end_daemon()
        self.assertEqual([config[0] for config in self.client.manager('ListConfigs')], ['kept'])

    def test_options_survive(self):
        given = {'debounce_ms': 7, 'max_versions': 3, 'merge': 'append', 'priority': -4, 'hot_reload': False,
                 'max_size': 5000, 'poll_ms': 300, 'env_separator': '__', 'format': 'ini'}
        before = self.client.register('a', self.file, **given).get_property('Options')
        self.bus.end_daemon()
        self.assertEqual(self.client.config('a').get_property('Options'), before)


class Unregistering(TestCase):
    def test_goes(self):
        config = self.client.register('a', self.file)
        self.forget()
        self.unregister()
        [removed] = self.client.settle()
        self.client.heard.clear()
        self.assertEqual((removed.member, removed.arguments[0]), ('InterfacesRemoved', config.path))
        self.assertIn(reconf.CONFIG, removed.arguments[1])
        self.assertEqual(self.managed(), {})
        for call in (self.client.config, self.unregister):
            self.assert_fails('NoSuchConfig', call, 'a')
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.still(), [])

    def test_number_goes_on_and_history_does_not(self):
        config = self.client.register('a', self.file)
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed(lambda heard: heard.arguments[1] == 2)
        self.unregister()
        for _ in range(2):
            config = self.client.register('a', self.file)
            number = config.get_property('Version')
            self.assertGreater(number, 2)
            self.assertEqual(self.numbers(config), [number])
            self.assertEqual(config.history()[0][4], 'active')
            self.unregister()
            self.bus.end_daemon()

    def test_is_forgotten_over_restart(self):
        self.client.register('a', self.file)
        self.unregister()
        self.bus.end_daemon()
        self.assertEqual(self.client.manager('ListConfigs'), [])


class Finding(TestCase):
    def test_no_such_config(self):
        calls = [('GetConfig', '(s)'), ('UnregisterConfig', '(s)'), ('Reload', '(s)'), ('GetVersionHistory', '(s)'),
                 ('ListInstances', '(s)')]
        for method, signature in calls:
            for name in ('nothing', 'a/b'):
                self.assert_fails('NoSuchConfig', self.client.manager, method, signature, name)
        self.assert_fails('NoSuchConfig', self.client.manager, 'Rollback', '(st)', 'nothing', 0)

    def test_by_file(self):
        base = self.write('base.yaml', 'a: 1\n')
        paths = [self.client.register(name, base, *files).path
                 for name, files in (('a', [self.file]), ('b', []), ('c', [self.path('later.yaml')]))]

        def find(file):
            return self.client.manager('GetConfigByFile', '(s)', str(file))

        self.assertEqual(find(base), paths)
        self.assertEqual(find(self.file), paths[:1])
        self.assertEqual(find(self.path('later.yaml')), paths[2:])
        self.assertEqual(find(self.path('nothing.yaml')), [])
        self.assertEqual(find(f'{self.files}/../files/./base.yaml'), paths)
        self.assert_fails('InvalidPath', find, 'base.yaml')
        self.assert_fails('InvalidPath', find, '')

    def test_list(self):
        self.client.register('b', self.file)
        bad = self.client.register('a', self.write('b.json', '{"b": 1}'))
        self.save('b.json', '{')
        self.wait_state(bad, 'invalid')
        first, second = self.client.manager('ListConfigs')
        self.assertEqual(first[:5], ('a', bad.path, str(self.path('b.json')), 'invalid', 1))
        self.assertEqual(second[:5], ('b', self.client.config('b').path, str(self.file), 'active', 1))
        self.assertEqual((first[5]['format'], first[5]['pending'], first[5]['hot-reload']), ('json', True, True))

    def test_objects(self):
        self.assertEqual(self.managed(), {})
        config = self.client.register('a', self.file)
        [(path, interfaces)] = self.managed().items()
        self.assertEqual(path, config.path)
        everything = self.client.call(config.path, reconf.PROPERTIES, 'GetAll', '(s)', reconf.CONFIG)
        self.assertEqual(interfaces[reconf.CONFIG], everything)
        self.assertEqual(len(everything), 12)

    def test_object_announced_with_all_properties(self):
        self.client.register('a', self.file)
        path, interfaces = self.client.wait_signal('InterfacesAdded').arguments
        self.assertEqual(interfaces[reconf.CONFIG],
                         self.client.call(path, reconf.PROPERTIES, 'GetAll', '(s)', reconf.CONFIG))
        self.assertEqual(interfaces[reconf.CONFIG]['Version'], 1)

    def test_instances(self):
        self.client.register('a', self.file)
        self.assertEqual(self.client.manager('ListInstances', '(s)', ''), [])
        self.assertEqual(self.client.manager('ListInstances', '(s)', 'a'), [])

    def test_by_name_as_on_the_config(self):
        config = self.client.register('a', self.file, hot_reload=False)
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.client.manager('Reload', '(s)', 'a'), 2)
        self.assertEqual(self.client.manager('Rollback', '(st)', 'a', 0), 3)
        self.assertEqual(self.client.manager('GetVersionHistory', '(s)', 'a'), config.history())
        self.assertEqual(self.file.read_text(), 'a: 1\n')
        self.assert_fails('NoSuchVersion', self.client.manager, 'Rollback', '(st)', 'a', 9)


class Service(TestCase):
    def test_properties(self):
        found = self.client.call(reconf.MANAGER_PATH, reconf.PROPERTIES, 'GetAll', '(s)', reconf.MANAGER)
        self.assertEqual(set(found), {'Version', 'Epoch', 'Environment', 'HotReload'})
        self.assertRegex(found['Version'], r'^\d+\.\d+')
        self.assertTrue(found['Epoch'])
        self.assertEqual((found['Environment'], found['HotReload']), ('', True))

    def test_epoch_stays(self):
        before = self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Epoch')
        self.client.register('a', self.file)
        self.bus.end_daemon()
        self.assertEqual(self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Epoch'), before)

    def test_production(self):
        self.configure(Environment='production')
        config = self.client.register('a', self.file)
        own = self.client.register('b', self.file, hot_reload=True)
        self.assertEqual(self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Environment'), 'production')
        self.assertFalse(self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'HotReload'))
        self.assertFalse(config.get_property('HotReload'))
        self.assertTrue(own.get_property('HotReload'))

    def test_hot_reload_of_all(self):
        plain = self.client.register('plain', self.file)
        own = self.client.register('own', self.file, hot_reload=True)
        self.forget()
        self.client.manager('SetHotReload', '(b)', False)
        heard = [(signal.path, signal.arguments[1]) for signal in self.client.settle()]
        self.assertEqual(heard, [(reconf.MANAGER_PATH, {'HotReload': False}), (plain.path, {'HotReload': False})])
        self.client.manager('SetHotReload', '(b)', False)
        self.forget()
        self.save('a.yaml', 'a: 2\n')
        own.wait_changed()
        reconf.wait_until(lambda: plain.get_property('Pending'), 'Pending')
        self.assertEqual(plain.get('a'), 1)
        self.client.manager('SetHotReload', '(b)', True)
        self.assertEqual(plain.wait_changed()[3], [('a', 'modified', 1, 2)])
        self.assertFalse(plain.get_property('Pending'))

    def test_statistics(self):
        def raw():
            return self.client.call_raw(reconf.MANAGER_PATH, reconf.MANAGER, 'GetStatistics')[0].get_child_value(0)

        config = self.client.register('a', self.file)
        self.assertEqual(config.call('GetStatistics')['latency-us'], {'p50': 0, 'p90': 0, 'p99': 0, 'max': 0})
        config.subscribe()
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed(lambda heard: heard.arguments[1] == 2)
        config.reload()
        config.rollback()
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        types = {entry.get_child_value(0).get_string(): entry.get_child_value(1).get_variant().get_type_string()
                 for entry in (raw().get_child_value(i) for i in range(raw().n_children()))}
        counters = ('uptime-us', 'configs', 'instances', 'subscribers', 'file-events', 'reloads', 'unchanged',
                    'rollbacks', 'signals', 'denials')
        self.assertEqual(types, dict.fromkeys(counters, 't') | {'failures': 'a{st}', 'latency-us': 'a{sd}'})
        found = reconf.native(raw())
        self.assertEqual([found[key] for key in ('configs', 'instances', 'subscribers', 'rollbacks', 'denials')],
                         [1, 0, 1, 1, 0])
        self.assertEqual(found['failures'], {'read': 0, 'decode': 0, 'parse': 1, 'merge': 0, 'schema': 0, 'validator': 0,
                                             'command': 0, 'instance': 0})
        for key in ('uptime-us', 'file-events', 'reloads', 'unchanged', 'signals'):
            self.assertGreater(found[key], 0, key)
        latency = found['latency-us']
        self.assertEqual(set(latency), {'p50', 'p90', 'p99', 'max'})
        self.assertLess(0, latency['p50'])
        self.assertLessEqual(latency['p50'], latency['p90'])
        self.assertLessEqual(latency['p99'], latency['max'])
        own = config.call('GetStatistics')
        self.assertEqual(set(own), set(found))
        self.assertEqual((own['configs'], own['subscribers'], own['rollbacks']), (1, 1, 1))

    def test_unknown_member(self):
        for interface in (reconf.MANAGER, 'org.example.Nothing'):
            self.assert_fails('org.freedesktop.DBus.Error.UnknownMethod', self.client.call, reconf.MANAGER_PATH,
                              interface, 'Nothing')
        self.assert_fails('org.freedesktop.DBus.Error.InvalidArgs', self.client.manager, 'GetConfig', '(u)', 1)
