# SPDX-License-Identifier: LGPL-2.1-or-later
"""The environment, and the switch of hot reload that it sets; the order of what is due together."""
import reconf
import scene


class TestCase(scene.TestCase):
    def set_hot_reload(self, on):
        self.client.manager('SetHotReload', '(b)', on)

    def switch(self, config, on):
        config.call('SetHotReload', '(b)', on)

    def manager_property(self, name):
        return self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, name)

    def wait_property_signal(self, path, name):
        """The value that the next announcement of the property brings."""
        heard = self.client.wait_signal('PropertiesChanged',
                                        lambda heard: heard.path == path and name in heard.arguments[1])
        return heard.arguments[1][name]


class Environment(TestCase):
    def test_none(self):
        self.assertEqual(self.manager_property('Environment'), '')
        self.assertIs(self.manager_property('HotReload'), True)

    def test_production(self):
        self.configure(Environment='production')
        self.assertEqual(self.manager_property('Environment'), 'production')
        self.assertIs(self.manager_property('HotReload'), False)
        config = self.watch()
        self.assertIs(config.get_property('HotReload'), False)
        self.save('a.yaml', 'a: 2\n')
        self.assertIs(self.wait_property_signal(config.path, 'Pending'), True)
        self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'], [])
        self.assertEqual(config.call('GetAll'), (1, {'a': 1}))
        self.assertEqual(config.reload(), 2)
        self.assert_changed(config, ('a', 'modified', 1, 2), origin='reload')
        self.assertIs(config.get_property('Pending'), False)

    def test_production_from_environment(self):
        self.bus.stop()
        self.bus.environment['RECONF_ENVIRONMENT'] = 'production'
        self.configure(Environment='staging')
        self.bus.start()
        self.client = self.bus.connect()
        self.assertEqual(self.manager_property('Environment'), 'production')
        self.assertIs(self.manager_property('HotReload'), False)

    def test_production_with_hot_reload(self):
        self.configure(Environment='production', HotReload='true')
        self.assertIs(self.manager_property('HotReload'), True)

    def test_option_goes_before_environment(self):
        self.configure(Environment='production')
        config = self.watch(hot_reload=True)
        self.assertIs(config.get_property('HotReload'), True)
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_other_environments(self):
        self.configure(Environment='staging-2')
        self.assertEqual(self.manager_property('Environment'), 'staging-2')
        self.assertIs(self.manager_property('HotReload'), True)


class Pending(TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.watch(hot_reload=False)

    def wait_pending(self, pending=True):
        self.wait_property(self.config, 'Pending', pending)

    def test_changed_back(self):
        self.save('a.yaml', 'a: 2\n')
        self.wait_pending()
        self.save('a.yaml', 'a: 1\n')
        self.wait_pending(False)
        self.assertEqual(self.numbers(self.config), [1])

    def test_equal_document_is_not_pending(self):
        self.save('a.yaml', 'a:   1 # same\n')
        self.still()
        self.assertIs(self.config.get_property('Pending'), False)

    def test_bad_file(self):
        """Nobody is told what is wrong with it until somebody wants it."""
        self.save('a.yaml', 'a: [\n')
        self.wait_pending()
        self.assertEqual([heard for heard in self.still() if heard.member == 'ReloadFailed'], [])
        self.assertEqual(self.state(self.config), 'active')
        self.assert_fails('ParseFailed', self.config.reload)
        self.config.wait_signal('ReloadFailed')
        self.assertEqual(self.state(self.config), 'invalid')
        self.assertEqual(self.config.get('a'), 1)
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.config.reload(), 2)
        self.assertEqual(self.state(self.config), 'active')

    def test_reload_by_name(self):
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.client.manager('Reload', '(s)', 'a'), 2)
        self.assertEqual(self.config.get('a'), 2)

    def test_several_saves_become_one_version(self):
        for value in (2, 3, 4):
            self.save('a.yaml', f'a: {value}\n')
            self.still()
        self.assertEqual(self.config.reload(), 2)
        self.assert_changed(self.config, ('a', 'modified', 1, 4))

    def test_over_restart(self):
        """A crash is no reason to apply what nobody has asked for."""
        self.save('a.yaml', 'a: 2\n')
        self.wait_pending()
        self.bus.end_daemon()
        self.assertIs(self.client.config('a').get_property('HotReload'), False)
        self.wait_pending()
        self.assertEqual(self.config.call('GetAll'), (1, {'a': 1}))
        self.save('a.yaml', 'a: 1\n')
        self.wait_pending(False)
        self.save('a.yaml', 'a: 3\n')
        self.wait_pending()
        self.assertEqual(self.config.reload(), 2)
        self.assertEqual(self.config.get('a'), 3)


class Switching(TestCase):
    def test_config(self):
        config = self.watch()
        self.switch(config, False)
        self.assertIs(self.wait_property_signal(config.path, 'HotReload'), False)
        self.save('a.yaml', 'a: 2\n')
        self.wait_property(config, 'Pending', True)
        self.forget()
        self.switch(config, True)
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assertIs(config.get_property('Pending'), False)
        self.save('a.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 2, 3))

    def test_manager(self):
        free, fixed = self.watch(), self.watch('b.yaml', config='b', hot_reload=True)
        self.set_hot_reload(False)
        self.assertIs(self.wait_property_signal(reconf.MANAGER_PATH, 'HotReload'), False)
        self.assertIs(self.wait_property_signal(free.path, 'HotReload'), False)
        self.assertIs(fixed.get_property('HotReload'), True)
        self.save('b.yaml', 'a: 2\n')
        self.assert_changed(fixed, ('a', 'modified', 1, 2))
        self.save('a.yaml', 'a: 2\n')
        self.wait_property(free, 'Pending', True)
        self.forget()
        self.set_hot_reload(True)
        self.assert_changed(free, ('a', 'modified', 1, 2))

    def test_again_says_nothing(self):
        config = self.watch()
        self.switch(config, True)
        self.forget()
        self.set_hot_reload(True)
        self.switch(config, True)
        heard = [heard for heard in self.still() if 'HotReload' in str(heard.arguments)]
        self.assertEqual(heard, [])

    def test_nothing_pending(self):
        config = self.watch(hot_reload=False)
        self.switch(config, True)
        self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'], [])

    def test_bad_file_is_told_when_switched_on(self):
        config = self.watch(hot_reload=False)
        self.save('a.yaml', 'a: [\n')
        self.wait_property(config, 'Pending', True)
        self.switch(config, True)
        config.wait_signal('ReloadFailed')
        self.assertEqual(config.get('a'), 1)

    def test_setting_goes_before_manager(self):
        config = self.watch()
        self.switch(config, False)
        self.set_hot_reload(False)
        self.set_hot_reload(True)
        self.assertIs(config.get_property('HotReload'), False)


class Priority(TestCase):
    def test_higher_first(self):
        priorities = {'low': -5, 'middle': 0, 'high': 7, 'highest': 2**31 - 1, 'lowest': -2**31}
        configs = {self.watch(f'{name}.yaml', config=name, priority=priority).path: name
                   for name, priority in priorities.items()}
        expected = sorted(priorities, key=priorities.get, reverse=True)
        for value, order in ((2, expected), (3, reversed(expected)), (4, sorted(priorities))):
            # Calm, so that all are acted on at once.
            self.still()
            release = self.hold()
            try:
                for name in order:
                    self.save(f'{name}.yaml', f'a: {value}\n')
            finally:
                release()
            heard = []
            while len(heard) < len(expected):
                heard.append(configs[self.client.wait_signal('ConfigChanged').path])
            self.assertEqual(heard, expected)

    def test_equal_ones_in_order(self):
        names = ['c', 'a', 'b']
        configs = {self.watch(f'{name}.yaml', config=name).path: name for name in names}
        release = self.hold()
        try:
            for name in names:
                self.save(f'{name}.yaml', 'a: 2\n')
        finally:
            release()
        self.assertEqual([configs[self.client.wait_signal('ConfigChanged').path] for _ in names], names)
