# SPDX-License-Identifier: LGPL-2.1-or-later
"""A config's history: what it tells of each version, and how two of them differ."""
import hashlib
import os
import time

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
