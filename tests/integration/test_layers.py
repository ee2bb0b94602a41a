# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several files under one config: how they join, come and go, and which one is to blame."""
import scene


class Merging(scene.TestCase):
    BASE = 'a: {x: 1, y: [1], only: here}\nb: base\n'
    LAYER = 'a: {x: 2, y: [2], z: 3}\n'

    def merged(self, **settings):
        config = self.client.register('a', self.write('a.yaml', self.BASE), self.write('b.yaml', self.LAYER),
                                      **settings)
        return config.call('GetAll')[1]

    def test_deep_by_default(self):
        self.assertEqual(self.merged(), {'a': {'only': 'here', 'x': 2, 'y': [2], 'z': 3}, 'b': 'base'})

    def test_deep(self):
        self.assertEqual(self.merged(merge='deep'), {'a': {'only': 'here', 'x': 2, 'y': [2], 'z': 3}, 'b': 'base'})

    def test_append(self):
        self.assertEqual(self.merged(merge='append'),
                         {'a': {'only': 'here', 'x': 2, 'y': [1, 2], 'z': 3}, 'b': 'base'})

    def test_replace(self):
        self.assertEqual(self.merged(merge='replace'), {'a': {'x': 2, 'y': [2], 'z': 3}, 'b': 'base'})

    def test_env_separator(self):
        files = [self.write('a.yaml', 'database: {host: h, pool: {size: 1}}\n'),
                 self.write('a.env', 'database__pool__size=7\nplain=x\n')]
        config = self.client.register('a', *files, env_separator='__')
        self.assertEqual(config.call('GetAll')[1],
                         {'database': {'host': 'h', 'pool': {'size': '7'}}, 'plain': 'x'})
        self.forget()
        self.save('a.env', 'database__pool__size=8\nplain=x\n')
        root, _, _, changes, _ = config.wait_changed()
        self.assertEqual((root, changes), ('/database/pool/size/', [('database.pool.size', 'modified', '7', '8')]))

    def test_no_env_separator(self):
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), self.write('a.env', 'b__c=7\n'))
        self.assertEqual(config.call('GetAll')[1], {'a': 1, 'b__c': '7'})

    def test_order_counts(self):
        files = [self.write(f'{number}.yaml', f'a: {number}\n') for number in (1, 2, 3)]
        self.assertEqual(self.client.register('up', *files).get('a'), 3)
        self.assertEqual(self.client.register('down', *reversed(files)).get('a'), 1)

    def test_too_many(self):
        files = [self.write(f'{number}.yaml', 'a: 1\n') for number in range(17)]
        self.assert_fails('LimitExceeded', self.client.register, 'a', *files)
        self.assertEqual(self.client.register('a', *files[:16]).get('a'), 1)


class Presence(scene.TestCase):
    def test_layer_comes_and_goes(self):
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), self.path('later/b.yaml'))
        self.forget()
        self.path('later').mkdir()
        self.write('later/b.yaml', 'a: 2\nb: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2), ('b', 'added', None, 2),
                            files=[str(self.path('later/b.yaml'))])
        self.assertEqual(self.state(config), 'active')
        self.path('later/b.yaml').unlink()
        self.assert_changed(config, ('a', 'modified', 2, 1), ('b', 'removed', 2, None))
        self.assertEqual(self.state(config), 'active')
        self.write('later/b.yaml', 'b: 3\n')
        self.assert_changed(config, ('b', 'added', None, 3))

    def test_base_must_exist(self):
        layer = self.write('b.yaml', 'b: 1\n')
        message = self.assert_fails('FileNotFound', self.client.register, 'a', self.path('a.yaml'), layer)
        self.assertIn('a.yaml', message)
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), layer)
        self.path('a.yaml').unlink()
        self.wait_state(config, 'missing')
        self.assertEqual(config.get('a'), 1)

    def test_change_without_effect(self):
        """What a layer covers can change without a sound."""
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), self.write('b.yaml', 'a: 2\n'))
        self.forget()
        self.save('a.yaml', 'a: 3\n')
        self.assertEqual(self.still(), [])
        self.assertEqual(self.numbers(config), [1])
        self.path('b.yaml').unlink()
        self.assert_changed(config, ('a', 'modified', 2, 3))


class Problems(scene.TestCase):
    def test_file_is_named(self):
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), self.write('b.json', '{"b": 1}'),
                                      self.write('c.env', 'c=1\n'))
        self.forget()
        for name, good, bad, line in (('a.yaml', 'a: 1\n', 'a: 1\nb: {\nc: 2: 3\n', 3),
                                      ('b.json', '{"b": 1}', '{\n"b": 1,\n}', 3),
                                      ('c.env', 'c=1\n', 'c=1\n\nno sign here\n', 3)):
            with self.subTest(name):
                self.save(name, bad)
                _, problems = config.wait_signal('ReloadFailed').arguments
                self.assertEqual(config.call('GetProblems'), problems)
                self.assertEqual(problems[0][1], line)
                self.assertGreater(problems[0][2], 0)
                self.assertIn(str(self.path(name)), problems[0][3])
                self.assertIn(f'{name}:{line}', self.assert_fails('ParseFailed', config.reload))
                self.save(name, good)
                self.wait_state(config, 'active')
                self.assertEqual(config.call('GetProblems'), [])
                self.forget()
        self.assertEqual(self.numbers(config), [1])

    def test_next_file_that_cannot_be_read_is_named(self):
        names = 'a.yaml', 'b.yaml'
        config = self.client.register('a', *(self.write(name, f'{name[0]}: 1\n') for name in names))
        self.forget()
        for name, other in (names[::-1], names):
            self.path(name).unlink()
            self.path(name).mkdir()
            if self.path(other).is_dir():
                self.path(other).rmdir()
                self.save(other, 'b: 2\n')
            _, problems = config.wait_signal(
                'ReloadFailed', lambda heard: name in heard.arguments[1][0][3]).arguments
            self.assertEqual(config.call('GetProblems'), problems)

    def test_one_bad_layer_keeps_all(self):
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), self.write('b.yaml', 'b: 1\n'))
        self.forget()
        self.save('b.yaml', 'b: [\n')
        config.wait_signal('ReloadFailed')
        self.save('a.yaml', 'a: 2\n')
        self.still()
        self.assertEqual(config.call('GetAll'), (1, {'a': 1, 'b': 1}))
        self.save('b.yaml', 'b: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2), ('b', 'modified', 1, 2))


class SetFiles(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.base = self.write('a.yaml', 'a: 1\n')
        self.config = self.client.register('a', self.base)
        self.forget()

    def set_files(self, *files):
        return self.config.call('SetFiles', '(as)', [str(file) for file in files])

    def test_history_goes_on(self):
        overlay = self.write('b.yaml', 'a: 2\n')
        self.assertEqual(self.set_files(self.base, overlay), 2)
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        self.assertEqual(self.config.get_property('Files'), [str(self.base), str(overlay)])
        self.save('b.yaml', 'a: 3\n')
        self.assert_changed(self.config, ('a', 'modified', 2, 3))
        self.assertEqual(self.set_files(self.base), 4)
        self.assert_changed(self.config, ('a', 'modified', 3, 1))
        self.save('b.yaml', 'a: 7\n')
        self.assertEqual(self.still(), [])
        self.assertEqual(self.numbers(self.config), [4, 3, 2, 1])

    def test_properties_are_announced(self):
        overlay = self.write('b.yaml', 'a: 2\n')
        self.set_files(self.base, overlay)
        _, changed, _ = self.config.wait_signal('PropertiesChanged', lambda heard: 'Files' in heard.arguments[1]
                                                ).arguments
        self.assertEqual(changed['Files'], [str(self.base), str(overlay)])

    def test_equal_document(self):
        other = self.write('other.json', '{"a": 1}')
        self.assertEqual(self.set_files(other), 1)
        self.assertEqual(self.config.get_property('Format'), 'json')
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'], [])
        self.save('other.json', '{"a": 3}')
        self.assert_changed(self.config, ('a', 'modified', 1, 3))

    def test_bad_set_changes_nothing(self):
        broken = self.write('broken.yaml', 'a: [\n')
        for error, files in (('FileNotFound', [self.path('none.yaml')]), ('ParseFailed', [self.base, broken]),
                             ('InvalidArgument', []), ('InvalidPath', ['a.yaml']),
                             ('InvalidArgument', [self.base, self.base])):
            with self.subTest(error):
                self.assert_fails(error, self.set_files, *files)
                self.assertEqual(self.config.get_property('Files'), [str(self.base)])
                self.assertEqual(self.state(self.config), 'active')
        self.assertEqual(self.config.call('GetProblems'), [])
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(self.config, ('a', 'modified', 1, 2))

    def test_set_survives_restart(self):
        overlay = self.write('b.yaml', 'a: 2\n')
        self.set_files(self.base, overlay)
        self.bus.end_daemon()
        config = self.client.config('a')
        self.assertEqual(config.get_property('Files'), [str(self.base), str(overlay)])
        self.assertEqual(config.call('GetAll'), (2, {'a': 2}))
        self.forget()
        self.save('b.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 2, 3))


class Formats(scene.TestCase):
    CONTENTS = {'yaml': ('a: 1\n', 1), 'json': ('{"a": 1}', 1), 'env': ('a=1\n', '1'), 'ini': ('a=1\n', '1')}

    def test_by_name(self):
        names = {'a.yaml': 'yaml', 'a.yml': 'yaml', 'a.json': 'json', 'a.env': 'env', '.env': 'env',
                 '.env.production': 'env', 'a.ini': 'ini'}
        for number, (name, kind) in enumerate(names.items()):
            with self.subTest(name):
                content, value = self.CONTENTS[kind]
                config = self.client.register(f'config-{number}', self.write(name, content))
                self.assertEqual((config.get_property('Format'), config.get('a')), (kind, value))

    def test_by_option(self):
        for kind, (content, value) in self.CONTENTS.items():
            with self.subTest(kind):
                config = self.client.register(kind, self.write(f'{kind}.conf', content), format=kind)
                self.assertEqual((config.get_property('Format'), config.get('a')), (kind, value))

    def test_name_goes_before_option(self):
        config = self.client.register('a', self.write('a.json', '{"a": 1}'), self.write('b.conf', 'b=1\n'),
                                      format='ini')
        self.assertEqual(config.call('GetAll')[1], {'a': 1, 'b': '1'})

    def test_none_is_told(self):
        self.assertIn('format', self.assert_fails('InvalidArgument', self.client.register, 'a',
                                                  self.write('a.conf', 'a=1\n')))

    def test_sections_of_ini(self):
        config = self.client.register('a', self.write('a.ini', '; note\ntop = 1\n[section]\n# note\nkey = x y\n'))
        self.assertEqual(config.call('GetAll')[1], {'top': '1', 'section': {'key': 'x y'}})
        self.forget()
        self.save('a.ini', 'top = 1\n[section]\nkey = z\n')
        self.assert_changed(config, ('section.key', 'modified', 'x y', 'z'))
