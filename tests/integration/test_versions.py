# SPDX-License-Identifier: LGPL-2.1-or-later
"""Versions: how they are numbered, kept and forgotten, and what a restart makes of them."""
import hashlib
import signal

import reconf
import scene


class TestCase(scene.TestCase):
    def save_versions(self, config, values, name='a.yaml'):
        """A version for each value, waited for."""
        for value in values:
            self.save(name, f'a: {value}\n')
            config.wait_changed(lambda heard, value=value: heard.arguments[3][0][3] == value)

    def wait_numbers(self, config, *numbers):
        reconf.wait_until(lambda: self.numbers(config) == list(numbers), f'the versions {numbers}')

    def unregister(self, name='a'):
        self.client.manager('UnregisterConfig', '(s)', name)


class History(TestCase):
    def test_what_it_tells(self):
        config = self.watch()
        self.save_versions(config, [2])
        (number, time, origin, digest, state, details), first = config.history()
        self.assertEqual((number, origin, state), (2, 'file', 'active'))
        self.assertEqual(digest, hashlib.sha256(b'a: 2\n').hexdigest())
        self.assertLessEqual({'size': 5, 'public': True}.items(), details.items())
        self.assertGreater(time, first[1])
        self.assertEqual((first[0], first[2], first[4], first[5]['uid']), (1, 'register', 'superseded', 0))
        self.assertEqual(self.client.manager('GetVersionHistory', '(s)', 'a'), config.history())

    def test_secret_versions(self):
        self.write('a.yaml', 'a: 1\n').chmod(0o600)
        config = self.client.register('a', self.path('a.yaml'))
        self.assertIs(config.history()[0][5]['public'], False)
        self.assertIs(config.get_property('Public'), False)

    def test_pruning(self):
        config = self.watch(max_versions=3)
        self.save_versions(config, range(2, 8))
        self.wait_numbers(config, 7, 6, 5)
        self.assert_fails('NoSuchVersion', config.rollback, 4)
        self.assert_fails('NoSuchVersion', config.call, 'Diff', '(tt)', 4, 7)
        self.assertEqual(config.rollback(5), 8)
        self.wait_numbers(config, 8, 7, 6)
        self.bus.end_daemon()
        self.assertEqual(self.numbers(config), [8, 7, 6])

    def test_one_is_kept(self):
        config = self.watch(max_versions=1)
        self.save_versions(config, [2, 3])
        self.wait_numbers(config, 3)
        self.assert_fails('NoSuchVersion', config.rollback)

    def test_unregistering_forgets(self):
        config = self.watch()
        self.save_versions(config, [2, 3])
        self.unregister()
        self.assert_fails('NoSuchConfig', self.client.manager, 'GetVersionHistory', '(s)', 'a')
        config = self.client.register('a', self.path('a.yaml'))
        self.assertEqual(self.numbers(config), [4])
        self.assertEqual(config.history()[0][2], 'register')

    def test_numbers_are_never_reused(self):
        highest = 0
        for number in (None, signal.SIGTERM, signal.SIGKILL):
            with self.subTest(number):
                config = self.client.register('a', self.write('a.yaml', 'a: 0\n'))
                self.forget()
                self.assertGreater(min(self.numbers(config)), highest)
                self.save_versions(config, [1, 2])
                highest = max(self.numbers(config))
                self.unregister()
                if number:
                    self.bus.end_daemon(number)

    def test_epoch(self):
        epoch = self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Epoch')
        self.assertNotEqual(epoch, '')
        self.bus.end_daemon()
        self.assertEqual(self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Epoch'), epoch)


class Restart(TestCase):
    def test_nothing_changed(self):
        config = self.watch()
        self.save_versions(config, [2, 3])
        before = config.history()
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.bus.end_daemon(number)
            self.forget()
            self.assertEqual(config.history(), before)
            self.assertEqual(config.call('GetAll'), (3, {'a': 3}))
            self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'], [])
            self.end_sentinel()

    def test_changes_while_away(self):
        config = self.watch()
        self.save_versions(config, [2])
        self.bus.end_daemon()
        for value in (3, 4, 5):
            self.save('a.yaml', f'a: {value}\n')
        self.client.heard.clear()
        self.assertEqual(config.get('a'), 5)
        self.assert_changed(config, ('a', 'modified', 2, 5), origin='startup')
        self.assertEqual([(version[0], version[2]) for version in config.history()],
                         [(3, 'startup'), (2, 'file'), (1, 'register')])
        self.assertEqual(self.still(), [])

    def test_equal_content_while_away(self):
        config = self.watch()
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 1 # the same\n')
        self.assertEqual(config.get('a'), 1)
        self.assertEqual(self.numbers(config), [1])
        self.assertEqual(config.history()[0][3], hashlib.sha256(b'a: 1 # the same\n').hexdigest())

    def test_broken_while_away(self):
        config = self.watch()
        self.bus.end_daemon()
        self.save('a.yaml', 'a: [\n')
        self.assertEqual(config.get('a'), 1)
        self.wait_state(config, 'invalid')
        self.assertEqual(config.call('GetProblems')[0][1] > 0, True)
        self.forget()
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2), origin='file')

    def test_gone_while_away(self):
        config = self.watch()
        self.bus.end_daemon()
        self.path('a.yaml').unlink()
        self.assertEqual(config.get('a'), 1)
        self.assertEqual(self.state(config), 'missing')
        self.forget()
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2), origin='file')

    def test_options_and_files(self):
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), self.write('b.conf', 'b=1\n'),
                                      format='ini', merge='append', debounce_ms=50, max_versions=4, priority=3)
        before = [config.get_property(name) for name in ('Options', 'Files', 'Format', 'HotReload')]
        self.bus.end_daemon()
        self.assertEqual([config.get_property(name) for name in ('Options', 'Files', 'Format', 'HotReload')], before)
        self.assertEqual(config.call('GetAll'), (1, {'a': 1, 'b': '1'}))

    def test_not_to_persist(self):
        config = self.watch(persist=False)
        self.bus.end_daemon()
        self.assert_fails('NoSuchConfig', self.client.config, 'a')
        config = self.client.register('a', self.path('a.yaml'))
        self.assertEqual(config.get('a'), 1)

    def test_subscribe_brings_what_was_missed(self):
        config = self.watch()
        self.save_versions(config, [2])
        self.bus.end_daemon()
        self.save('a.yaml', 'b: 1\n')
        version, changes, details = config.subscribe(1)
        self.assertEqual((version, changes), (3, [('a', 'removed', 1, None), ('b', 'added', None, 1)]))
        self.assertIs(details['complete'], True)
        self.assertIs(config.subscribe(77)[2]['complete'], False)
