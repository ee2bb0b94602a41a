# SPDX-License-Identifier: LGPL-2.1-or-later
"""Labels: versions with a name, which stay."""
import os
import signal

import reconf
import scene


class Labels(scene.TestCase):
    def label(self, config, version, label):
        config.call('Label', '(ts)', version, label)

    def labels(self, config):
        """The labelled versions of the history."""
        return {version[0]: version[5]['label'] for version in config.history() if 'label' in version[5]}

    def watch_versions(self, count, **settings):
        """A config that had so many versions; a is the number of each."""
        config = self.watch(hot_reload=False, **settings)
        self.add_versions(config, 2, count)
        return config

    def add_versions(self, config, first, last):
        for number in range(first, last + 1):
            self.write('a.yaml', f'a: {number}\n')
            self.assertEqual(config.reload(), number)

    def test_names(self):
        config = self.watch_versions(3)
        self.assertEqual(self.labels(config), {})
        self.label(config, 1, 'before the move')
        self.label(config, 3, 'café')
        self.assertEqual(self.labels(config), {1: 'before the move', 3: 'café'})
        self.label(config, 1, 'before')
        self.label(config, 3, '')
        self.label(config, 3, '')
        self.assertEqual(self.labels(config), {1: 'before'})
        self.assertEqual(self.client.manager('GetVersionHistory', '(s)', 'a'), config.history())

    def test_nothing_else_happens(self):
        """Nobody is told, no version is made, and what was labelled is what it was."""
        config = self.watch_versions(2)
        before = config.history()
        self.forget()
        self.label(config, 1, 'works')
        self.label(config, 1, '')
        self.assertEqual(config.history(), before)
        self.assertEqual(self.client.settle(), [])

    def test_texts(self):
        config = self.watch()
        for text in ('x' * 65, ' a', 'a ', 'a/b', '7', 'a\nb', '\x1b[1m'):
            with self.subTest(text):
                self.assertIn('a label ', self.assert_fails('InvalidArgument', self.label, config, 1, text))
        self.label(config, 1, 'x' * 64)
        self.assertEqual(self.labels(config), {1: 'x' * 64})

    def test_unique(self):
        config = self.watch_versions(2)
        self.label(config, 1, 'works')
        self.assertIn('version 1 ', self.assert_fails('InvalidArgument', self.label, config, 2, 'works'))
        self.assertEqual(self.labels(config), {1: 'works'})
        self.label(config, 1, '')
        self.label(config, 2, 'works')
        other = self.watch('b.yaml', config='b')
        self.label(other, 1, 'works')
        self.assertEqual((self.labels(config), self.labels(other)), ({2: 'works'}, {1: 'works'}))

    def test_no_such_version(self):
        config = self.watch_versions(3, max_versions=1)
        reconf.wait_until(lambda: self.numbers(config) == [3], 'the others to be pruned')
        for number in (0, 1, 4):
            with self.subTest(number):
                self.assert_fails('NoSuchVersion', self.label, config, number, 'works')
                self.assert_fails('NoSuchVersion', self.label, config, number, '')

    def test_limit(self):
        config = self.watch_versions(101, max_versions=200)
        for number in range(1, 101):
            self.label(config, number, f'label {number}')
        self.assert_fails('LimitExceeded', self.label, config, 101, 'one more')
        self.label(config, 50, '')
        self.label(config, 101, 'one more')
        self.assertEqual(len(self.labels(config)), 100)

    def test_never_pruned(self):
        """Hundreds of versions later it is still there to go back to, comments and all."""
        self.write('a.yaml', 'a: 1 # as it was\n')
        config = self.client.register('a', self.path('a.yaml'), hot_reload=False, max_versions=3)
        self.label(config, 1, 'works')
        self.add_versions(config, 2, 301)
        reconf.wait_until(lambda: self.numbers(config) == [301, 300, 299, 1], 'the others to be pruned')
        self.assertEqual(config.call('Diff', '(tt)', 1, 0), [('a', 'modified', 1, 301)])
        self.assertEqual(config.rollback(1), 302)
        self.assertEqual(self.path('a.yaml').read_text(), 'a: 1 # as it was\n')
        self.assertEqual(config.get('a'), 1)
        newest = config.history()[0]
        self.assertEqual((newest[2], newest[5]['from-version']), ('rollback', 1))
        # The label is that of the version, not of its content.
        self.assertEqual(self.labels(config), {1: 'works'})

    def test_unlabelled_goes(self):
        config = self.watch_versions(4, max_versions=1)
        self.label(config, 4, 'works')
        self.add_versions(config, 5, 6)
        reconf.wait_until(lambda: self.numbers(config) == [6, 4], 'the others to be pruned')
        # That may have been a mistake, which the next version would make final.
        self.label(config, 4, '')
        self.label(config, 4, 'works')
        self.label(config, 4, '')
        self.add_versions(config, 7, 7)
        reconf.wait_until(lambda: self.numbers(config) == [7], 'the one without a label to go')

    def test_restart(self):
        config = self.watch_versions(2)
        self.label(config, 1, 'works')
        self.label(config, 2, 'too')
        self.label(config, 2, '')
        for number in (signal.SIGKILL, signal.SIGTERM):
            self.bus.end_daemon(number)
            self.assertEqual(self.labels(config), {1: 'works'})
        self.assert_fails('InvalidArgument', self.label, config, 2, 'works')
        self.assertEqual(config.rollback(1), 3)

    def test_who_did_it_is_recorded(self):
        config = self.watch()
        self.label(config, 1, 'works')
        self.label(config, 1, '')
        entries = self.client.manager('GetAudit', '(sa{sv})', 'a', {})[:2]
        self.assertEqual([entry[1:7] for entry in entries],
                         [('label', 'a', 1, os.getuid(), os.getpid(), 'ok')] * 2)
        self.assertEqual([entry[7].get('message') for entry in entries], [None, 'works'])

    def test_gone(self):
        config = self.watch()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        with self.assertRaises(reconf.BusError):
            self.label(config, 1, 'works')
        # What has the name later begins anew.
        again = self.watch()
        self.assertEqual(self.labels(again), {})
