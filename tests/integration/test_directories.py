# SPDX-License-Identifier: LGPL-2.1-or-later
"""Registered directories: a config for each file, now and later."""
import reconf
import scene
from gi.repository import GLib


class TestCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.tenants = self.path('tenants')
        self.tenants.mkdir()

    def register_directory(self, name='tenant', pattern='*.yaml', directory=None, **settings):
        return self.client.manager('RegisterDirectory', '(sssa{sv})', name, str(directory or self.tenants), pattern,
                                   reconf.options(**settings))

    def unregister(self, name):
        self.client.manager('UnregisterConfig', '(s)', name)

    def add(self, name, content='a: 1\n'):
        return self.save('tenants/' + name, content)


class Members(TestCase):
    def test_now(self):
        self.add('one.yaml')
        self.add('two.yaml', 'a: 2\n')
        self.add('other.json', '{}')
        self.add('.hidden.yaml')
        self.path('tenants/sub.yaml').mkdir()
        paths = self.register_directory()
        self.assertEqual(self.names(), ['tenant@one', 'tenant@two'])
        self.assertEqual(paths, [self.client.config(name).path for name in self.names()])
        self.assertEqual(self.client.config('tenant@two').get('a'), 2)
        self.assertEqual(self.client.config('tenant@one').get_property('Files'), [str(self.tenants / 'one.yaml')])

    def test_stem_is_without_last_suffix(self):
        self.add('example.com.yaml')
        self.register_directory()
        self.assertEqual(self.names(), ['tenant@example.com'])

    def test_later(self):
        self.assertEqual(self.register_directory(), [])
        self.forget()
        self.add('one.yaml')
        path, interfaces = self.client.wait_signal('InterfacesAdded').arguments
        self.assertEqual(interfaces[reconf.CONFIG]['Name'], 'tenant@one')
        config = self.client.config('tenant@one')
        self.assertEqual((config.path, config.get('a')), (path, 1))
        self.forget()
        self.save('tenants/one.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_many_at_once(self):
        self.register_directory()
        for number in range(50):
            self.add(f'{number:02}.yaml', f'a: {number}\n')
        self.wait_names(*(f'tenant@{number:02}' for number in range(50)))
        self.assertEqual(self.client.config('tenant@49').get('a'), 49)

    def test_one_member_changes_alone(self):
        self.add('one.yaml')
        self.add('two.yaml')
        self.register_directory()
        self.forget()
        self.add('one.yaml', 'a: 2\n')
        self.assert_changed(self.client.config('tenant@one'), ('a', 'modified', 1, 2))
        self.assertEqual(self.still(), [])
        self.assertEqual(self.client.config('tenant@two').get_property('Version'), 1)

    def test_options_are_for_all(self):
        self.path('tenants/one.conf').write_text('a=1\n')
        self.register_directory(pattern='*.conf', format='env', max_versions=3)
        config = self.client.config('tenant@one')
        self.assertEqual(config.get('a'), '1')
        self.assertEqual(config.get_property('Options')['max-versions'], 3)

    def test_bad_member(self):
        self.add('good.yaml')
        self.add('bad.yaml', 'a: [\n')
        self.assertEqual(len(self.register_directory()), 2)
        bad = self.client.config('tenant@bad')
        self.assertEqual((self.state(bad), bad.get_property('Version')), ('invalid', 0))
        self.assert_fails('NotLoaded', bad.get, 'a')
        self.assertEqual(self.client.config('tenant@good').get('a'), 1)
        self.forget()
        self.add('bad.yaml', 'a: 2\n')
        root, version, previous, changes, _ = bad.wait_changed()
        self.assertEqual((root, version, previous, changes), ('/a/', 1, 0, [('a', 'added', None, 2)]))
        self.assertEqual(self.state(bad), 'active')

    def test_stem_conflict(self):
        """The first by name has the stem, until it goes."""
        self.add('one.yaml')
        self.add('one.yml', 'a: 2\n')
        self.assertEqual(len(self.register_directory(pattern='*.y*ml')), 1)
        self.assertEqual(self.client.config('tenant@one').get('a'), 1)
        self.forget()
        self.add('one.yml', 'a: 3\n')
        self.assertEqual(self.still(), [])
        self.path('tenants/one.yaml').unlink()
        self.client.wait_signal('InterfacesRemoved')
        self.client.wait_signal('InterfacesAdded')
        self.assertEqual(self.client.config('tenant@one').get('a'), 3)

    def test_name_that_cannot_be(self):
        self.add('with space.yaml')
        self.add('good.yaml')
        self.register_directory()
        self.assertEqual(self.names(), ['tenant@good'])

    def test_member_cannot_be_unregistered(self):
        self.add('one.yaml')
        self.register_directory()
        self.assert_fails('InvalidArgument', self.unregister, 'tenant@one')
        self.assertEqual(self.names(), ['tenant@one'])


class Deletion(TestCase):
    def setUp(self):
        super().setUp()
        self.add('one.yaml')
        self.add('two.yaml')
        self.register_directory()
        self.one = self.client.config('tenant@one')
        self.forget()

    def test_goes(self):
        self.path('tenants/one.yaml').unlink()
        path, _ = self.client.wait_signal('InterfacesRemoved').arguments
        self.assertEqual(path, self.one.path)
        self.assertEqual(self.names(), ['tenant@two'])
        self.assert_fails('NoSuchConfig', self.client.config, 'tenant@one')

    def test_comes_back_with_its_history(self):
        self.path('tenants/one.yaml').unlink()
        self.wait_names('tenant@two')
        self.add('one.yaml', 'a: 2\n')
        self.wait_names('tenant@one', 'tenant@two')
        self.assertEqual(self.one.get('a'), 2)
        self.assertEqual(self.numbers(self.one), [2, 1])

    def test_stays_while_somebody_listens(self):
        other = self.bus.connect()
        other_one = other.config('tenant@one')
        self.one.subscribe()
        other_one.subscribe()
        self.path('tenants/one.yaml').unlink()
        self.wait_state(self.one, 'missing')
        self.assertEqual(self.one.get('a'), 1)
        self.one.call('Unsubscribe')
        self.assertEqual(self.state(self.one), 'missing')
        self.assertEqual(self.names(), ['tenant@one', 'tenant@two'])
        other.close()
        self.wait_names('tenant@two')

    def test_comes_back_while_somebody_listens(self):
        self.one.subscribe()
        self.path('tenants/one.yaml').unlink()
        self.wait_state(self.one, 'missing')
        self.add('one.yaml', 'a: 2\n')
        self.assert_changed(self.one, ('a', 'modified', 1, 2))
        self.one.call('Unsubscribe')
        self.assertEqual(self.state(self.one), 'active')

    def test_rename_is_a_new_member(self):
        self.path('tenants/one.yaml').rename(self.path('tenants/three.yaml'))
        self.wait_names('tenant@three', 'tenant@two')
        self.assertEqual(self.client.config('tenant@three').get('a'), 1)

    def test_directory_goes_and_comes_back(self):
        self.tenants.rename(self.path('elsewhere'))
        self.wait_names()
        self.path('elsewhere').rename(self.tenants)
        self.wait_names('tenant@one', 'tenant@two')


class Registration(TestCase):
    def test_again_is_the_same(self):
        self.add('one.yaml')
        self.assertEqual(self.register_directory(), self.register_directory())
        self.assert_fails('AlreadyRegistered', self.register_directory, pattern='*.json')
        self.assert_fails('AlreadyRegistered', self.client.register, 'tenant', self.write('a.yaml', 'a: 1\n'))

    def test_bad_arguments(self):
        self.assert_fails('FileNotFound', self.register_directory, directory=self.path('none'))
        self.assert_fails('InvalidPath', self.register_directory, directory='tenants')
        self.assert_fails('InvalidName', self.register_directory, 'a/b')
        self.assert_fails('InvalidArgument', self.register_directory, pattern='')
        self.assert_fails('InvalidArgument', self.register_directory, pattern='*/a.yaml')
        self.assert_fails('InvalidArgument', self.register_directory, unknown='x')
        self.assert_fails('InvalidArgument', self.register_directory, debounce_ms=GLib.Variant('s', 'long'))
        self.assertEqual(self.names(), [])
        self.add('one.yaml')
        self.assertEqual(len(self.register_directory()), 1)

    def test_unregister(self):
        self.add('one.yaml')
        self.register_directory()
        self.add('one.yaml', 'a: 2\n')
        self.client.config('tenant@one').wait_changed(lambda heard: heard.arguments[1] == 2)
        self.unregister('tenant')
        self.assertEqual(self.names(), [])
        self.assert_fails('NoSuchConfig', self.unregister, 'tenant')
        self.add('two.yaml')
        self.still()
        self.assertEqual(self.names(), ['sentinel'])
        self.client.manager('UnregisterConfig', '(s)', 'sentinel')
        self.register_directory()
        self.assertEqual(self.names(), ['tenant@one', 'tenant@two'])
        self.assertEqual(self.client.config('tenant@one').get_property('Version'), 3, 'a number is never reused')
        self.assertEqual(self.numbers(self.client.config('tenant@one')), [3])

    def test_over_restart(self):
        self.add('one.yaml')
        self.add('two.yaml')
        self.register_directory(max_versions=5)
        self.bus.end_daemon()
        self.add('one.yaml', 'a: 2\n')
        self.path('tenants/two.yaml').unlink()
        self.add('three.yaml')
        self.wait_names('tenant@one', 'tenant@three')
        one = self.client.config('tenant@one')
        self.assertEqual(one.call('GetAll'), (2, {'a': 2}))
        self.assertEqual(one.get_property('Options')['max-versions'], 5)
        self.forget()
        self.add('one.yaml', 'a: 3\n')
        self.assert_changed(one, ('a', 'modified', 2, 3))

    def test_not_to_persist(self):
        self.add('one.yaml')
        self.register_directory(persist=False)
        self.bus.end_daemon()
        self.assertEqual(self.names(), [])

    def test_unregistered_over_restart(self):
        self.add('one.yaml')
        self.register_directory()
        self.unregister('tenant')
        self.bus.end_daemon()
        self.assertEqual(self.names(), [])

    def test_directory_missing_at_restart(self):
        self.add('one.yaml')
        self.register_directory()
        self.bus.end_daemon()
        self.tenants.rename(self.path('elsewhere'))
        self.assertEqual(self.names(), [])
        self.path('elsewhere').rename(self.tenants)
        self.wait_names('tenant@one')
