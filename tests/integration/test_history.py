# SPDX-License-Identifier: LGPL-2.1-or-later
"""A config's history: what was when, how versions differ, and the way back."""
import hashlib
import os
import time

import reconf
import scene


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


class History(scene.TestCase):
    def test_order_states_and_details(self):
        before = time.time() * 1e6
        config = self.watch(content='a: 1\n')
        self.save('a.yaml', 'a: 22\n')
        config.wait_changed()
        self.save('a.yaml', 'a: 333\n')
        config.reload()
        config.rollback(1, message='why not')
        history = config.history()
        self.assertEqual([(number, origin, digest, state) for number, _, origin, digest, state, _ in history],
                         [(4, 'rollback', sha256('a: 1\n'), 'active'),
                          (3, history[1][2], sha256('a: 333\n'), 'rolled-back'),
                          (2, 'file', sha256('a: 22\n'), 'superseded'),
                          (1, 'register', sha256('a: 1\n'), 'superseded')])
        self.assertIn(history[1][2], ('reload', 'file'))
        times = [version[1] for version in history]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertLessEqual(before, times[-1])
        self.assertLessEqual(times[0], time.time() * 1e6)
        first, second, last = history[3][5], history[2][5], history[0][5]
        self.assertEqual((first['uid'], first['pid'], first['size'], first['public']),
                         (os.getuid(), os.getpid(), 5, True))
        self.assertEqual((second.keys() & {'uid', 'pid', 'message', 'from-version'}, second['size']), (set(), 6))
        self.assertEqual((last['from-version'], last['message'], last['uid']), (1, 'why not', os.getuid()))

    def test_digest_is_of_all_layers(self):
        texts = 'a: 1\n', 'b=2\n'
        config = self.client.register('a', *(self.write(name, text) for name, text in zip(('a.yaml', 'b.env'), texts)))
        self.assertEqual(config.history()[0][3], sha256(''.join(texts)))
        self.assertEqual(config.history()[0][5]['size'], len(''.join(texts)))

    def test_equal_document_replaces_bytes(self):
        config = self.watch(content='a: 1\n')
        self.save('a.yaml', '# newer\na: 1\n')
        config.reload()
        self.assertEqual([(number, digest) for number, _, _, digest, _, _ in config.history()],
                         [(1, sha256('# newer\na: 1\n'))])
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        config.rollback()
        self.assertEqual(self.path('a.yaml').read_text(), '# newer\na: 1\n')

    def test_pruned(self):
        config = self.watch(max_versions=3)
        for value in range(2, 7):
            self.save('a.yaml', f'a: {value}\n')
            config.reload()
        reconf.wait_until(lambda: self.numbers(config) == [6, 5, 4], 'the history to be pruned')
        message = self.assert_fails('NoSuchVersion', config.rollback, 3)
        self.assertIn('max-versions', message)
        self.assertEqual(config.rollback(4), 7)

    def test_rollback_to_active_mends_files(self):
        config = self.watch(content='a: 1 # kept\n', hot_reload=False)
        for broken in ('a: 2\n', 'a: [\n', 'a: 1\n'):
            self.save('a.yaml', broken)
            self.assertEqual(config.rollback(1), 1)
            self.assertEqual(self.path('a.yaml').read_text(), 'a: 1 # kept\n')
        self.path('a.yaml').unlink()
        self.assertEqual(config.rollback(1), 1)
        self.assertEqual(self.path('a.yaml').read_text(), 'a: 1 # kept\n')
        self.assertEqual((self.numbers(config), self.state(config)), ([1], 'active'))

    def test_rollback_to_the_one_before(self):
        config = self.watch(content='a: 1\n')
        for value in (2, 3):
            self.save('a.yaml', f'a: {value}\n')
            config.reload()
        # 3 went back, so it is 1 that differs and did not.
        self.assertEqual((config.rollback(), config.get('a')), (4, 2))
        self.assertEqual((config.rollback(), config.get('a')), (5, 1))
        self.assert_fails('NoSuchVersion', self.client.register('b', self.write('b.yaml', 'a: 1\n')).rollback)

    def test_rollback_keeps_attributes(self):
        config = self.watch(content='a: 1\n')
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        path = self.path('a.yaml')
        path.chmod(0o604)
        if os.geteuid() == 0:
            os.chown(path, 65534, 65533)
        before = path.stat()
        config.rollback()
        after = path.stat()
        self.assertEqual((after.st_mode, after.st_uid, after.st_gid), (before.st_mode, before.st_uid, before.st_gid))
        self.assertEqual(path.read_text(), 'a: 1\n')

    def test_bad_versions_and_options(self):
        config = self.watch()
        for version in (2, 99, 2 ** 63, 2 ** 64 - 1):
            self.assert_fails('NoSuchVersion', config.rollback, version)
            for pair in ((version, 0), (0, version), (version, 1)):
                self.assert_fails('NoSuchVersion', config.call, 'Diff', '(tt)', *pair)
        self.assert_fails('InvalidArgument', config.rollback, 1, nothing='')
        self.assert_fails('InvalidArgument', config.rollback, 1, message=True)
        self.assert_fails('InvalidArgument', config.reload, nothing='')
        self.assertEqual(self.numbers(config), [1])

    def test_diff(self):
        config = self.watch(content='a: 1\nb: {c: 1}\n')
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        forward = [('a', 'modified', 1, 2), ('b', 'removed', {'c': 1}, None)]
        back = [('a', 'modified', 2, 1), ('b', 'added', None, {'c': 1})]
        for pair, expected in (((1, 2), forward), ((2, 1), back), ((1, 0), forward), ((0, 1), back), ((0, 0), []),
                               ((1, 1), []), ((0, 2), [])):
            self.assertEqual(config.call('Diff', '(tt)', *pair), expected, pair)
