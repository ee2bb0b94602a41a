# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drop-ins: configs by files of their own, which change while the daemon runs. test_masking has those of several
directories."""
import reconf
import scene


class Configs(scene.DropinTestCase):
    def test_at_start(self):
        self.dropin('a', File=self.write('a.yaml', 'a: 1\n'), MaxVersions=3, DebounceMs=50, Priority=-1)
        config = self.client.config('a')
        self.assertEqual(config.get('a'), 1)
        options = config.get_property('Options')
        self.assertLessEqual({'max-versions': 3, 'debounce-ms': 50, 'priority': -1}.items(), options.items())
        self.forget()
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_appears_and_vanishes(self):
        self.assertEqual(self.names(), [])
        self.forget()
        path = self.dropin('a', File=self.write('a.yaml', 'a: 1\n'))
        self.client.wait_signal('InterfacesAdded')
        config = self.client.config('a')
        self.assertEqual(config.get('a'), 1)
        path.unlink()
        self.client.wait_signal('InterfacesRemoved')
        self.assertEqual(self.names(), [])

    def test_configs_d_comes_later(self):
        self.bus.configs_d.rmdir()
        self.bus.configs_d.parent.rmdir()
        self.assertEqual(self.names(), [])
        self.bus.configs_d.mkdir(parents=True)
        self.dropin('a', File=self.write('a.yaml', 'a: 1\n'))
        self.wait_names('a')

    def test_changes(self):
        first, second = self.write('a.yaml', 'a: 1\n'), self.write('b.yaml', 'a: 2\n')
        self.dropin('a', File=first)
        config = self.client.config('a')
        self.forget()
        self.dropin('a', File=f'{first};{second};')
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assertEqual(config.get_property('Files'), [str(first), str(second)])
        self.dropin('a', File=f'{second}', MaxVersions=5)
        self.wait_property(config, 'Files', [str(second)])
        self.assertEqual(config.get_property('Options')['max-versions'], 5)
        self.assertEqual(self.numbers(config), [2, 1])

    def test_what_clients_set_stays_until_it_changes(self):
        path = self.write('a.yaml', 'a: 1\n')
        self.dropin('a', File=path)
        config = self.client.config('a')
        config.call('SetHotReload', '(b)', False)
        self.dropin('b', File=self.write('b.yaml', 'b: 1\n'))
        self.wait_names('a', 'b')
        self.assertFalse(config.get_property('HotReload'))
        self.dropin('a', File=path, HotReload='yes')
        self.wait_property(config, 'HotReload', True)

    def test_options_only(self):
        path = self.write('a.yaml', 'a: 1\n')
        self.dropin('a', File=path)
        config = self.client.config('a')
        self.forget()
        self.dropin('a', File=path, HotReload='false')
        self.wait_property(config, 'HotReload', False)
        self.save('a.yaml', 'a: 2\n')
        self.wait_property(config, 'Pending', True)
        self.dropin('a', File=path, HotReload='true')
        reconf.wait_until(lambda: config.get('a') == 2, 'what was pending')

    def test_missing_file(self):
        """The config is there all the same, and waits."""
        self.dropin('a', File=self.path('a.yaml'))
        config = self.client.config('a')
        self.assertEqual((self.state(config), config.get_property('Version')), ('missing', 0))
        self.assert_fails('NotLoaded', config.get)
        self.forget()
        self.write('a.yaml', 'a: 1\n')
        self.assert_changed(config, ('a', 'added', None, 1))

    def test_history_is_kept(self):
        path = self.dropin('a', File=self.write('a.yaml', 'a: 1\n'))
        config = self.client.config('a')
        self.save('a.yaml', 'a: 2\n')
        reconf.wait_until(lambda: config.get('a') == 2, 'the save')
        text = path.read_text()
        path.unlink()
        self.wait_names()
        self.dropin('a', text)
        self.wait_names('a')
        self.assertEqual(self.numbers(config), [2, 1])

    def test_cannot_be_unregistered(self):
        self.dropin('a', File=self.write('a.yaml', 'a: 1\n'))
        message = self.assert_fails('InvalidArgument', self.client.manager, 'UnregisterConfig', '(s)', 'a')
        self.assertIn('a.conf', message)
        self.assert_fails('InvalidArgument', self.client.config('a').call, 'SetFiles', '(as)',
                          [str(self.write('b.yaml', 'a: 2\n'))])

    def test_directory(self):
        self.path('tenants').mkdir()
        self.write('tenants/one.yaml', 'a: 1\n')
        path = self.dropin('tenant', Directory=self.path('tenants'), Pattern='*.yaml')
        self.assertEqual(self.names(), ['tenant@one'])
        self.write('tenants/two.json', '{}')
        self.write('tenants/two.yaml', 'a: 2\n')
        self.wait_names('tenant@one', 'tenant@two')
        self.dropin('tenant', Directory=self.path('tenants'), Pattern='*.json')
        self.wait_names('tenant@two')
        reconf.wait_until(lambda: self.client.config('tenant@two').get_property('Format') == 'json', 'the other file')
        path.unlink()
        self.wait_names()

    def test_directory_comes_later(self):
        self.dropin('tenant', Directory=self.path('tenants'), Pattern='*.yaml')
        self.assertEqual(self.names(), [])
        self.path('tenants').mkdir()
        self.write('tenants/one.yaml', 'a: 1\n')
        self.wait_names('tenant@one')

    def test_config_becomes_directory_and_back(self):
        self.path('tenants').mkdir()
        self.write('tenants/one.yaml', 'a: 1\n')
        file = self.write('a.yaml', 'a: 1\n')
        self.dropin('a', File=file)
        self.assertEqual(self.names(), ['a'])
        self.dropin('a', Directory=self.path('tenants'), Pattern='*.yaml')
        self.wait_names('a@one')
        self.dropin('a', File=file)
        self.wait_names('a')


class Bad(scene.DropinTestCase):
    def reports(self, name):
        return [line for line in self.bus.log.read_text().splitlines() if f'/{name}.conf' in line]

    def test_is_reported_and_harmless(self):
        good = self.write('a.yaml', 'a: 1\n')
        self.dropin('good', File=good)
        self.assertEqual(self.names(), ['good'])
        for number, (text, word) in enumerate([
                ('no key file', ':1:1: '), ('[Config]\n', 'no file'), ('[Other]\nFile=/a.yaml\n', 'group'),
                ('[Config]\nFile=relative.yaml\n', 'relative.yaml'), (f'[Config]\nFile={good}\nNoSuch=1\n', 'NoSuch'),
                (f'[Config]\nFile={good}\nDebounceMs=long\n', 'DebounceMs'),
                (f'[Config]\nFile={good}\nDebounceMs=60001\n', '60000'),
                (f'[Config]\nFile={good}\nFile={good}\n', 'File'),
                (f'[Config]\nDirectory={self.files}\n', 'Pattern'),
                (f'[Config]\nFile={good}\nDirectory={self.files}\nPattern=*\n', 'exclude'),
                (f'[Config]\nFile={self.files}/%x.yaml\n', 'percent')]):
            with self.subTest(text):
                name = f'bad-{number}'
                path = self.dropin(name, text)
                reconf.wait_until(lambda: self.reports(name), 'a report')
                self.assertIn(word, self.reports(name)[0])
                self.assertEqual(self.names(), ['good'])
                path.unlink()
        self.forget()
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(self.client.config('good'), ('a', 'modified', 1, 2))

    def test_bad_name(self):
        self.dropin('-a', File=self.write('a.yaml', 'a: 1\n'))
        self.dropin('b', File=self.path('a.yaml'))
        self.assertEqual(self.names(), ['b'])

    def test_change_for_the_worse(self):
        """What was there stays, as it was."""
        file = self.write('a.yaml', 'a: 1\n')
        self.dropin('a', File=file)
        config = self.client.config('a')
        self.dropin('a', 'nonsense')
        reconf.wait_until(lambda: self.reports('a'), 'a report')
        self.forget()
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assertEqual(config.get_property('Files'), [str(file)])


class Environment(scene.DropinTestCase):
    def test_specifiers(self):
        self.configure(Environment='staging')
        self.write('a.staging.yaml', 'a: 1\n')
        self.write('100%.yaml', 'a: 2\n')
        self.dropin('a', File=f'{self.files}/a.%e.yaml;{self.files}/100%%.yaml')
        config = self.client.config('a')
        self.assertEqual(config.get_property('Files'),
                         [str(self.path('a.staging.yaml')), str(self.path('100%.yaml'))])
        self.assertEqual(config.get('a'), 2)

    def test_directory(self):
        self.configure(Environment='staging')
        self.path('staging').mkdir()
        self.write('staging/one.yaml', 'a: 1\n')
        self.dropin('tenant', Directory=f'{self.files}/%e', Pattern='*.yaml')
        self.assertEqual(self.names(), ['tenant@one'])

    def test_none_is_set(self):
        self.dropin('a', File=f'{self.files}/a.%e.yaml')
        self.assertEqual(self.names(), [])
        self.assertIn('a.conf', self.bus.log.read_text())


class Registrations(scene.DropinTestCase):
    def setUp(self):
        super().setUp()
        self.mine, self.theirs = self.write('mine.yaml', 'a: 1\n'), self.write('theirs.yaml', 'a: 2\n')

    def test_dropin_wins_and_gives_back(self):
        config = self.client.register('a', self.mine, max_versions=7)
        self.forget()
        path = self.dropin('a', File=self.theirs)
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assert_fails('InvalidArgument', self.client.manager, 'UnregisterConfig', '(s)', 'a')
        path.unlink()
        reconf.wait_until(lambda: config.path in self.paths_by_file(self.mine), 'the registration')
        self.assertEqual(config.get('a'), 1)
        self.assertEqual(config.get_property('Options')['max-versions'], 7)
        self.client.manager('UnregisterConfig', '(s)', 'a')

    def paths_by_file(self, file):
        return self.client.manager('GetConfigByFile', '(s)', str(file))

    def test_over_restart(self):
        self.client.register('a', self.mine)
        self.bus.end_daemon()
        path = self.dropin('a', File=self.theirs)
        self.assertEqual(self.client.config('a').get('a'), 2)
        self.bus.end_daemon()
        path.unlink()
        self.assertEqual(self.client.config('a').get('a'), 1)

    def test_name_is_taken(self):
        self.dropin('a', File=self.theirs)
        self.assertEqual(self.names(), ['a'])
        self.assert_fails('AlreadyRegistered', self.client.register, 'a', self.mine)
        self.assertEqual(self.client.config('a').get('a'), 2)

    def test_directory_and_back(self):
        self.path('tenants').mkdir()
        self.path('others').mkdir()
        self.write('tenants/one.yaml', 'a: 1\n')
        self.write('others/two.yaml', 'a: 1\n')
        self.client.manager('RegisterDirectory', '(sssa{sv})', 'tenant', str(self.path('tenants')), '*.yaml', {})
        self.assertEqual(self.names(), ['tenant@one'])
        path = self.dropin('tenant', Directory=self.path('others'), Pattern='*.yaml')
        self.wait_names('tenant@two')
        path.unlink()
        self.wait_names('tenant@one')
