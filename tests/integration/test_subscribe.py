# SPDX-License-Identifier: LGPL-2.1-or-later
"""Subscribe: what was missed comes as one diff, and what is secret reaches subscribers only."""
import reconf
import scene


class Since(scene.TestCase):
    def save_versions(self, config, *values):
        for value in values:
            self.save('a.yaml', f'a: {value}\nb: 1\n')
            config.reload()
        self.forget()

    def test_nothing_asked(self):
        config = self.watch()
        self.assertEqual(config.subscribe(), (1, [], {'complete': True}))

    def test_missed(self):
        config = self.watch(content='a: 1\nb: 1\n')
        self.save_versions(config, 2, 3)
        self.save('a.yaml', 'a: 3\nc: {d: 1}\n')
        config.reload()
        changes = [('b', 'removed', 1, None), ('c', 'added', None, {'d': 1})]
        for since, expected in ((1, [('a', 'modified', 1, 3)] + changes), (2, [('a', 'modified', 2, 3)] + changes),
                                (3, changes), (4, [])):
            self.assertEqual(config.subscribe(since), (4, expected, {'complete': True}), since)

    def test_there_and_back_is_nothing(self):
        config = self.watch(content='a: 1\nb: 1\n')
        self.save_versions(config, 2, 1)
        self.assertEqual(config.subscribe(1), (3, [], {'complete': True}))

    def test_unknown(self):
        config = self.watch()
        for since in (2, 99, 2 ** 63, 2 ** 64 - 1):
            self.assertEqual(config.subscribe(since), (1, [], {'complete': False}), since)

    def test_pruned(self):
        config = self.watch(content='a: 1\nb: 1\n', max_versions=2)
        self.save_versions(config, 2, 3, 4)
        reconf.wait_until(lambda: self.numbers(config) == [4, 3], 'the history to be pruned')
        self.assertEqual(config.subscribe(2), (4, [], {'complete': False}))
        self.assertEqual(config.subscribe(3), (4, [('a', 'modified', 3, 4)], {'complete': True}))

    def test_of_before_unregistering(self):
        config = self.watch()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        config = self.client.register('a', self.path('a.yaml'))
        version, changes, details = config.subscribe(1)
        self.assertGreater(version, 1)
        self.assertEqual((changes, details), ([], {'complete': False}))

    def test_too_much_for_a_message(self):
        line = 'x' * 1000
        layers = [self.write(f'{name}.yaml', ''.join(f'{name}{i}: {line}\n' for i in range(9000))) for name in 'bc']
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), *layers, self.path('d.yaml'),
                                      hot_reload=False)
        for layer in layers:
            self.save(layer.name, '')
        self.assertEqual(config.reload(), 2)
        self.assertEqual(config.subscribe(1), (2, [], {'complete': False}))
        self.assert_fails('TooLarge', config.call, 'Diff', '(tt)', 1, 2)

    def test_nothing_falls_between(self):
        """Signals go on where the reply ended, however saves and subscribing fall together."""
        config = self.watch(content='a: 0\nb: 1\n', max_versions=100)
        for value in range(1, 30):
            self.save('a.yaml', f'a: {value}\nb: 1\n')
            client = self.bus.connect()
            version, changes, _ = reconf.Config(client, config.path).subscribe(1)
            known = changes[0][3] if changes else 0
            while known != value:
                heard = client.wait_signal('ConfigChanged')
                if heard.arguments[1] <= version:
                    continue
                self.assertEqual(heard.arguments[2], version)
                self.assertEqual(heard.arguments[3][0][2], known)
                version, known = heard.arguments[1], heard.arguments[3][0][3]
            client.close()

    def test_bad_options(self):
        config = self.watch()
        self.assert_fails('InvalidArgument', config.subscribe, 0, nothing='')
        self.assert_fails('InvalidArgument', config.subscribe, 0, paths='a')
        self.assert_fails('InvalidArgument', config.subscribe, 0, paths=True)
        for path in ('a..b', '/a/', '"'):
            self.assert_fails('InvalidPath', config.subscribe, 0, paths=['a', path])
        self.assert_fails('LimitExceeded', config.subscribe, 0, paths=[f'a{number}' for number in range(1001)])
        self.assertEqual(config.call('GetStatistics')['subscribers'], 0)

    def test_over_a_kill(self):
        """A change made while nobody watched is heard once, or brought by Subscribe."""
        config = self.watch(content='a: 1\nb: 1\n')
        version, value = config.subscribe()[0], 1
        for number in range(2, 6):
            self.bus.end_daemon()
            self.save('a.yaml', f'a: {number}\nb: 1\n')
            again, changes, details = config.subscribe(version)
            self.assertEqual((changes, details), ([('a', 'modified', value, number)], {'complete': True}))
            self.assertEqual(again, version + 1)
            self.assertEqual(config.history()[0][2], 'startup')
            version, value = again, number
            self.save('a.yaml', f'a: {number}.5\nb: 1\n')
            _, version, previous, changes, _ = config.wait_changed(lambda heard: heard.arguments[1] > again)
            self.assertEqual((previous, changes), (again, [('a', 'modified', value, number + 0.5)]))
            value = number + 0.5

    def test_over_a_kill_at_any_moment(self):
        config = self.watch(content='a: 0\nb: 1\n')
        version, known = config.subscribe()[0], 0
        for value in range(1, 16):
            self.save('a.yaml', f'a: {value}\nb: 1\n')
            self.bus.end_daemon()
            again, changes, details = config.subscribe(version)
            self.assertTrue(details['complete'])
            if changes:
                self.assertEqual((changes[0][2], again > version), (known, True))
                version, known = again, changes[0][3]
            self.assertEqual(known, value)
        self.assertEqual(config.history()[0][0], version)


class Secrets(scene.TestCase):
    """self.client is a subscriber here, self.plain one that only listens to what everybody may hear."""

    def setUp(self):
        super().setUp()
        self.plain = self.bus.connect()

    def watch_secret(self, mode=0o600, **settings):
        path = self.write('a.yaml', 'a: 1\n')
        path.chmod(mode)
        config = self.client.register('a', path, **settings)
        self.forget()
        self.plain.settle()
        self.plain.heard.clear()
        return config

    def overheard(self):
        """What everybody heard of versions and failures."""
        heard = [signal for signal in self.plain.settle() if signal.interface == reconf.CONFIG]
        self.plain.heard.clear()
        return [(signal.member, *signal.arguments[1:3]) for signal in heard]

    def change(self, config, value, mode=None):
        """Saves, with another mode where one is given, and returns what the subscriber heard of it."""
        self.change_file(f'a: {value}\n', self.path('a.yaml').stat().st_mode & 0o777 if mode is None else mode)
        return config.wait_changed()[1:4]

    def change_file(self, content, mode):
        self.save('new.yaml', content).chmod(mode)
        self.path('new.yaml').rename(self.path('a.yaml'))

    def test_first_version_is_not_told(self):
        config = self.watch_secret()
        self.assertEqual(self.overheard(), [])
        self.assertFalse(config.get_property('Public'))
        self.assertFalse(config.history()[0][5]['public'])

    def test_subscribers_only(self):
        config = self.watch_secret()
        config.subscribe()
        self.assertEqual(self.change(config, 2), (2, 1, [('a', 'modified', 1, 2)]))
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        self.assertEqual(self.overheard(), [])
        # Not even those who registered it hear it without asking.
        config.call('Unsubscribe')
        self.save('a.yaml', 'a: 3\n')
        config.reload()
        self.assertEqual([heard.member for heard in self.client.settle() if heard.interface == reconf.CONFIG], [])

    def test_no_property_or_object_tells(self):
        config = self.watch_secret()
        self.save('a.yaml', 'a: hunter2\n')
        config.reload()
        self.save('a.yaml', 'hunter2: hunter2: 1\n')
        self.assert_fails('ParseFailed', config.reload)
        shown = [self.plain.manager('ListConfigs'), self.plain.settle(),
                 self.plain.call(reconf.MANAGER_PATH, reconf.OBJECT_MANAGER, 'GetManagedObjects')]
        self.assertNotIn('hunter2', str(shown))

    def test_directory_counts(self):
        self.path('closed').mkdir(mode=0o700)
        config = self.client.register('a', self.write('closed/a.yaml', 'a: 1\n'))
        self.assertFalse(config.get_property('Public'))

    def test_every_layer_counts(self):
        secret = self.write('b.yaml', 'b: 1\n')
        secret.chmod(0o640)
        config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), secret)
        self.assertFalse(config.get_property('Public'))

    def test_made_public(self):
        config = self.watch_secret()
        config.subscribe()
        # This brings a value that was secret: the old one.
        self.assertEqual(self.change(config, 2, mode=0o644), (2, 1, [('a', 'modified', 1, 2)]))
        self.assertEqual(self.overheard(), [])
        self.assertTrue(config.get_property('Public'))
        self.assertEqual(self.change(config, 3), (3, 2, [('a', 'modified', 2, 3)]))
        self.assertEqual(self.overheard(), [('ConfigChanged', 3, 2)])
        self.assertEqual([version[5]['public'] for version in config.history()], [True, True, False])

    def test_made_public_without_a_change(self):
        config = self.watch_secret()
        config.subscribe()
        self.path('a.yaml').chmod(0o644)
        config.reload()
        self.assertTrue(config.get_property('Public'))
        self.change(config, 2)
        self.assertEqual(self.change(config, 3), (3, 2, [('a', 'modified', 2, 3)]))
        heard = self.overheard()
        self.assertIn(('ConfigChanged', 3, 2), heard)

    def test_made_secret(self):
        config = self.watch_secret(0o644)
        config.subscribe()
        self.change(config, 2)
        self.assertEqual(self.overheard(), [('ConfigChanged', 2, 1)])
        self.assertEqual(self.change(config, 3, mode=0o600), (3, 2, [('a', 'modified', 2, 3)]))
        self.assertEqual(self.change(config, 4), (4, 3, [('a', 'modified', 3, 4)]))
        self.assertEqual(self.overheard(), [])

    def test_rollback_to_what_was_secret(self):
        config = self.watch_secret()
        config.subscribe()
        for value in (2, 3):
            self.change(config, value, mode=0o644)
        self.overheard()
        config.rollback(1)
        # The file is public and so is what it holds now.
        self.assertEqual(self.path('a.yaml').stat().st_mode & 0o777, 0o644)
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 3, 1)])

    def test_over_restart(self):
        config = self.watch_secret()
        self.bus.end_daemon()
        self.change_file('a: 2\n', 0o644)
        config.subscribe()
        self.assertEqual(config.history()[0][:3:2], (2, 'startup'))
        self.assertEqual(self.overheard(), [])

    def test_failures_are_told_with_care(self):
        """Of a secret version's file too: where it fails tells of what it holds."""
        config = self.watch_secret(0o644)
        config.subscribe()
        self.change_file('a: [\n', 0o600)
        config.wait_signal('ReloadFailed')
        self.assertEqual(self.overheard(), [])
        self.change_file('b: [\n', 0o644)
        config.wait_signal('ReloadFailed')
        self.assertEqual([member for member, *_ in self.overheard()], ['ReloadFailed'])


class Listening(scene.TestCase):
    def subscriber(self, config, **settings):
        client = self.bus.connect()
        other = reconf.Config(client, config.path)
        other.subscribe(0, **settings)
        client.heard.clear()
        return other

    def secret(self, name='a', content='a: {b: 1, c: 1}\nd: 1\n'):
        path = self.write(f'{name}.yaml', content)
        path.chmod(0o600)
        return self.client.register(name, path)

    def subscribers(self, config=None):
        return (config.call if config else self.client.manager)('GetStatistics')['subscribers']

    def roots(self, other):
        heard = [signal.arguments[0] for signal in other.client.settle() if signal.member == 'ConfigChanged']
        other.client.heard.clear()
        return heard

    def test_paths(self):
        config = self.secret()
        below, at, other, everything = (self.subscriber(config, paths=paths) for paths in
                                        (['a'], ['a.b'], ['x', 'd'], ['']))
        self.save('a.yaml', 'a: {b: 2, c: 1}\nd: 1\n')
        config.reload()
        self.assertEqual([self.roots(each) for each in (below, at, other, everything)],
                         [['/a/b/'], ['/a/b/'], [], ['/a/b/']])
        self.save('a.yaml', 'a: {b: 3, c: 3}\nd: 3\n')
        config.reload()
        self.assertEqual([self.roots(each) for each in (below, at, other, everything)],
                         [['/a/'], ['/a/b/'], ['/d/'], ['/']])
        self.save('a.yaml', 'd: 3\n')
        config.reload()
        self.assertEqual([self.roots(each) for each in (below, at, other, everything)],
                         [['/a/'], ['/a/'], [], ['/a/']])

    def test_paths_in_what_was_missed(self):
        config = self.secret()
        self.save('a.yaml', 'a: {b: 2, c: 2}\nd: 2\n')
        config.reload()
        _, changes, details = config.subscribe(1, paths=['a.c', 'd.e'])
        self.assertEqual(changes, [('a.c', 'modified', 1, 2), ('d', 'modified', 1, 2)])
        self.assertEqual(details, {'complete': True})

    def test_paths_over_several_versions(self):
        config = self.secret()
        other = self.subscriber(config, paths=['d'])
        for content in ('a: {b: 2, c: 1}\nd: 1\n', 'a: {b: 2, c: 1}\nd: 2\n'):
            self.save('a.yaml', content)
            config.reload()
        # Nothing was lost in between, which only the number before can tell.
        self.assertEqual(other.wait_changed()[:4], ('/d/', 3, 1, [('d', 'modified', 1, 2)]))

    def test_paths_after_an_answer(self):
        """The first signal goes on where the answer ended, and the next one where the first did."""
        config = self.secret()
        other = self.subscriber(config, paths=['d'])
        for value in (2, 3):
            self.save('a.yaml', f'a: {{b: {value}, c: 1}}\nd: 1\n')
            config.reload()
        self.assertEqual(other.subscribe(1, paths=['d']), (3, [], {'complete': True}))
        for value in (2, 3):
            self.save('a.yaml', f'a: {{b: 3, c: 1}}\nd: {value}\n')
            config.reload()
        self.assertEqual([other.wait_changed()[1:3] for _ in range(2)], [(4, 3), (5, 4)])

    def test_paths_after_a_broadcast(self):
        """What everybody heard counts as heard."""
        config = self.secret()
        other = self.subscriber(config, paths=['d'])
        # The last of these alone is between two public versions.
        for mode, content in ((0o644, 'a: 2\nd: 1\n'), (0o644, 'a: 3\nd: 1\n'), (0o600, 'a: 3\nd: 2\n')):
            self.path('a.yaml').chmod(mode)
            self.save('a.yaml', content)
            config.reload()
        self.assertEqual([other.wait_changed()[1:3] for _ in range(2)], [(3, 2), (4, 3)])

    def test_again_replaces(self):
        config = self.secret()
        other = self.subscriber(config, paths=['d'])
        other.subscribe(0, paths=['a.b'])
        self.assertEqual(self.subscribers(config), 1)
        self.save('a.yaml', 'a: {b: 2, c: 1}\nd: 2\n')
        config.reload()
        self.assertEqual(self.roots(other), ['/a/b/'])

    def test_unsubscribe(self):
        config = self.secret()
        other = self.subscriber(config)
        other.call('Unsubscribe')
        other.call('Unsubscribe')
        self.assertEqual((self.subscribers(config), self.subscribers()), (0, 0))
        self.save('a.yaml', 'd: 2\n')
        config.reload()
        self.assertEqual(self.roots(other), [])

    def test_unsubscribe_at_once(self):
        config = self.secret()
        self.call_at_once(self.client, config, ('Subscribe', '(ta{sv})', 0, {}), ('Unsubscribe', '()'))
        self.assertEqual(self.subscribers(config), 0)

    def test_leaves_the_bus(self):
        config, second = self.secret(), self.secret('b')
        other, stays = self.subscriber(config), self.subscriber(config)
        reconf.Config(other.client, second.path).subscribe()
        self.assertEqual((self.subscribers(config), self.subscribers()), (2, 3))
        other.client.close()
        reconf.wait_until(lambda: self.subscribers() == 1, 'the subscriptions to go')
        self.assertEqual((self.subscribers(config), self.subscribers(second)), (1, 0))
        self.save('a.yaml', 'd: 2\n')
        config.reload()
        self.assertEqual(self.roots(stays), ['/'])

    def test_config_goes(self):
        config = self.secret()
        self.subscriber(config)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.assertEqual(self.subscribers(), 0)

    def test_limit(self):
        """Counted for each user, over all connections."""
        config = self.secret()
        clients = [self.bus.connect() for _ in range(100)]
        others = [self.secret(f'b{i}') for i in range(9)]
        for client in clients:
            for each in [config, *others]:
                reconf.Config(client, each.path).subscribe()
        self.assertEqual(self.subscribers(), 1000)
        self.assertIn('1000', self.assert_fails('LimitExceeded', config.subscribe))
        # One that is there may still be changed.
        reconf.Config(clients[0], config.path).subscribe(0, paths=['a'])
        clients[0].close()
        reconf.wait_until(lambda: self.subscribers() == 990, 'the subscriptions to go')
        config.subscribe()

    def test_one_rule_for_all(self):
        """A bus throws out whoever has too many match rules; the system's allows for 512."""
        config = self.secret()

        def rules():
            return self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus.Debug.Stats', 'GetConnectionStats',
                                    '(s)', reconf.NAME, name='org.freedesktop.DBus')['MatchRules']

        before = rules()
        clients = [self.bus.connect() for _ in range(20)]
        for client in clients:
            reconf.Config(client, config.path).subscribe()
            reconf.Config(client, config.path).call('AddValidator', '(oa{sv})', '/', {})
        self.assertEqual(rules(), before + 1)
        for client in clients:
            client.close()
        reconf.wait_until(lambda: self.subscribers() == 0, 'the subscriptions to go')
        self.assertEqual(rules(), before)

    def test_public_is_heard_once(self):
        config = self.watch()
        config.subscribe()
        self.save('a.yaml', 'a: 2\n')
        config.reload()
        self.assertEqual([heard.member for heard in self.client.settle() if heard.interface == reconf.CONFIG],
                         ['ConfigChanged'])
