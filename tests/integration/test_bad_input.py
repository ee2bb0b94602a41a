# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad files: each gets the error of its name, the last good state stays, and the same daemon goes on."""
import ctypes
import json
import os
import socket
import time

import reconf
import scene

PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2

MIB = 1 << 20


def setUpModule():
    """Root's daemons, too, are to be refused what modes refuse; in vain where we are not root, and needless."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def nested(depth):
    """A document of that many maps in each other, in JSON and so in YAML."""
    return '{"a": ' * depth + '1' + '}' * depth


class TestCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.client.manager('ListConfigs')
        self.pid = self.bus.daemon_pid()

    def tearDown(self):
        self.assertEqual(self.bus.daemon_pid(), self.pid, 'the daemon died')
        super().tearDown()


class BadFiles(TestCase):
    def assert_bad(self, make, error, *words, name='a.yaml', good='', stage='parse', state='invalid', **settings):
        """make(path) puts something bad in place of a file: nothing can be registered with it, or reloaded from it."""
        path = self.path(name)
        if isinstance(make, (bytes, str)):
            content = make.encode() if isinstance(make, str) else make
            make = lambda path: path.write_bytes(content)
        good = good or ('{"a": 1}' if name.endswith('.json') else 'a: 1\n')

        make(path)
        self.assert_fails(error, self.client.register, 'a', path, **settings)
        self.assertEqual(self.client.manager('ListConfigs'), [])

        self.clear(path)
        path.write_text(good)
        config = self.client.register('a', path, **settings)
        before = config.call('GetAll')
        self.forget()
        self.clear(path)
        make(path)
        message = self.assert_fails(error, config.reload)
        self.assertIn(name, message)
        for word in words:
            self.assertIn(word, message)
        found, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(found, stage)
        self.assertEqual(problems, config.call('GetProblems'))
        self.assertTrue(problems)
        self.assertEqual((config.call('GetAll'), self.state(config)), (before, state))
        self.assertTrue(config.get_property('Pending'))
        self.assertEqual(config.rollback(before[0]), before[0], 'the last good one is put back')
        self.assertEqual((path.read_text(), self.state(config)), (good, 'active'))

        # By itself, too, and over a restart.
        self.clear(path)
        make(path)
        self.wait_state(config, state)
        self.bus.end_daemon()
        self.assertEqual(config.call('GetAll'), before)
        self.pid = self.bus.daemon_pid()
        self.wait_state(config, state)
        self.clear(path)
        path.write_text(good)
        self.wait_state(config, 'active')
        self.assertEqual((self.numbers(config), config.call('GetAll')), ([before[0]], before))
        self.client.manager('UnregisterConfig', '(s)', 'a')

    def clear(self, path):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def assert_bad_yaml_and_json(self, content, error, *words):
        self.assert_bad(content, error, *words)
        self.assert_fails(error, self.client.register, 'b', self.write('b.json', content))

    def test_missing_base(self):
        """Reloading it is with the other tests of files that come and go."""
        self.assert_fails('FileNotFound', self.client.register, 'a', self.path('a.yaml'))
        self.assert_fails('FileNotFound', self.client.register, 'a', self.path('nothing/a.yaml'))
        config = self.watch()
        self.path('a.yaml').unlink()
        self.assertIn('a.yaml', self.assert_fails('FileNotFound', config.reload))
        self.assertEqual(config.wait_signal('ReloadFailed').arguments[0], 'read')
        self.assertEqual((config.get('a'), self.state(config)), (1, 'missing'))

    def test_no_permission(self):
        def make(path):
            other = path.with_name('other.yaml')
            other.write_text('a: 2\n')
            other.chmod(0)
            other.rename(path)

        self.assert_unreadable(make, 'denied')

    def test_no_permission_for_the_directory(self):
        self.path('closed').mkdir()
        config = self.watch('closed/a.yaml')
        self.path('closed').chmod(0)
        self.addCleanup(self.path('closed').chmod, 0o755)
        self.assert_fails('FileUnreadable', config.reload)
        self.assert_fails('FileUnreadable', self.client.register, 'b', self.path('closed/b.yaml'))
        self.assertEqual(config.get('a'), 1)

    def assert_unreadable(self, make, *words):
        path = self.path('a.yaml')
        make(path)
        self.assert_fails('FileUnreadable', self.client.register, 'a', path)
        self.clear(path)
        config = self.watch()
        self.clear(path)
        make(path)
        message = self.assert_fails('FileUnreadable', config.reload)
        for word in words:
            self.assertIn(word, message)
        self.assertEqual(config.wait_signal('ReloadFailed').arguments[0], 'read')
        self.assertEqual((config.get('a'), self.state(config)), (1, 'invalid'))
        self.clear(path)
        self.write('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_directory(self):
        self.assert_unreadable(lambda path: path.mkdir(), 'directory')

    def test_fifo(self):
        self.assert_unreadable(os.mkfifo, 'FIFO')

    def test_socket(self):
        def make(path):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))

        self.assert_unreadable(make, 'socket')

    def test_device(self):
        self.assert_unreadable(lambda path: path.symlink_to('/dev/zero'))

    def test_link_to_itself(self):
        self.assert_unreadable(lambda path: path.symlink_to(path))

    def test_11_mib(self):
        self.assert_bad(b'a: ' + b'x' * (11 * MIB), 'TooLarge', '10485760', stage='read')

    def test_10_mib(self):
        content = b'a: ' + b'x' * (10 * MIB - 4) + b'\n'
        config = self.client.register('a', self.write('a.yaml', content))
        self.assertEqual(len(config.get('a')), 10 * MIB - 4)
        self.write('a.yaml', content + b'\n')
        self.assert_fails('TooLarge', config.reload)

    def test_max_size(self):
        self.assert_bad('a: 12345\n', 'TooLarge', stage='read', max_size=8)

    def test_21_levels(self):
        self.assert_bad_yaml_and_json(nested(21), 'TooDeep', '20')

    def test_21_lists(self):
        self.assert_bad('a: ' + '[' * 20 + ']' * 20, 'TooDeep')
        self.assert_fails('TooDeep', self.client.register, 'b', self.write('b.yaml', 'a: ' + '[' * 100000))
        self.assert_fails('TooDeep', self.client.register, 'b', self.write('b.json', '[' * 100000))

    def test_20_levels(self):
        """Carried by the bus in every way that there is."""
        config = self.watch('a.json', nested(20).replace('1', '2'))
        config.subscribe()
        self.save('a.json', '{}')
        config.reload()
        self.save('a.json', nested(20))
        config.reload()
        self.assertEqual(config.wait_changed()[3][0][1], 'removed')
        self.assertEqual(config.wait_changed()[3][0][1], 'added')
        self.assertEqual(len(config.call('Diff', '(tt)', 1, 3)), 1)
        self.assertEqual(config.call('GetAll')[1], config.get())
        config.call('GetSnapshot')
        self.assertEqual(len(config.subscribe(1)[1]), 1)

    def test_alias_bomb(self):
        bomb = 'a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n' + ''.join(
            f'{name}: &{name} [{", ".join(["*" + before] * 10)}]\n' for before, name in zip('abcdefghi', 'bcdefghij'))
        begin = time.monotonic()
        self.assert_bad(bomb, 'TooLarge')
        self.assertLess(time.monotonic() - begin, reconf.TIMEOUT)

    def test_alias_bomb_of_text(self):
        self.assert_bad(f'a: &a {"x" * MIB}\nb: [{", ".join(["*a"] * 50)}]\n', 'TooLarge')

    def test_alias_of_itself(self):
        self.assert_bad('a: &a [*a]\n', 'ParseFailed')

    def test_duplicate_key(self):
        self.assert_bad('a: 1\nb:\n  c: 1\n  "c": 2\n', 'ParseFailed', 'a.yaml:4:3:')

    def test_duplicate_key_in_other_formats(self):
        for name, content, good in (('a.json', '{"a": 1, "\\u0061": 2}', ''), ('a.env', 'A=1\nA=2\n', 'A=1\n'),
                                    ('a.ini', '[b]\na=1\n[c]\n[b]\na=2\n', '[b]\na=1\n')):
            with self.subTest(name):
                self.assert_bad(content, 'ParseFailed', name=name, good=good)

    def test_invalid_utf8(self):
        for name, content, good in (('a.yaml', b'a: \xff\n', ''), ('a.json', b'{"a": "\xc0\x80"}', ''),
                                    ('a.env', b'A=\xed\xa0\x80\n', 'A=1\n'), ('a.ini', b'a=\xf5\n', 'a=1\n')):
            with self.subTest(name):
                self.assert_bad(content, 'ParseFailed', name=name, good=good)

    def test_nul(self):
        for name, content, good in (('a.yaml', 'a: x\0y\n', ''), ('b.yaml', 'a: "x\\0y"\n', ''),
                                    ('c.yaml', '"a\\x00": 1\n', ''), ('a.json', '{"a": "\\u0000"}', ''),
                                    ('b.json', '{"a\\u0000": 1}', ''), ('a.env', 'A=\0\n', 'A=1\n'),
                                    ('a.ini', 'a=\0\n', 'a=1\n')):
            with self.subTest(name, content=content):
                self.assert_bad(content, 'ParseFailed', name=name, good=good)

    def test_two_documents(self):
        self.assert_bad('a: 1\n---\na: 2\n', 'ParseFailed')
        self.assert_fails('ParseFailed', self.client.register, 'b', self.write('b.json', '{} {}'))

    def test_root_that_is_no_map(self):
        self.assert_bad_yaml_and_json('[1]', 'ParseFailed')

    def test_30_digits(self):
        self.assert_bad_yaml_and_json('{"a": 123456789012345678901234567890}', 'ParseFailed', ':1:7:')

    def test_integers_just_out_of_range(self):
        for number in (2**64, -2**63 - 1):
            for name in ('a.yaml', 'a.json'):
                self.assert_fails('ParseFailed', self.client.register, 'a', self.write(name, f'{{"a": {number}}}'))

    def test_unknown_tag(self):
        self.assert_bad('a: !thing 1\n', 'ParseFailed', 'a.yaml:1:')

    def test_nan_in_json(self):
        for word in ('NaN', 'nan', '.nan', 'Infinity'):
            self.assert_fails('ParseFailed', self.client.register, 'b', self.write('b.json', f'{{"a": {word}}}'))
        self.assert_bad('{"a": NaN}', 'ParseFailed', name='a.json')

    def test_empty_json(self):
        self.assert_bad('', 'ParseFailed', name='a.json')
        self.assert_fails('ParseFailed', self.client.register, 'b', self.write('b.json', ' \n'))


class OddFiles(TestCase):
    """Odd, but nothing wrong with them."""

    def test_nan(self):
        """Not equal to itself as a number, but no change either."""
        config = self.watch(content='a: .nan\nb: 1\n')
        self.assertNotEqual(config.get('a'), config.get('a'))
        for number, text in enumerate(('a: .nan\nb: 1\n# same\n', 'a: .NaN\nb: 1\n', '---\na: .NAN\nb: 1\n')):
            self.save('a.yaml', text)
            self.assertEqual(config.reload(), 1, number)
        self.assertEqual(self.still(), [])
        self.save('a.yaml', 'a: .nan\nb: 2\n')
        self.assert_changed(config, ('b', 'modified', 1, 2))
        self.assertEqual(config.call('Diff', '(tt)', 1, 2), [('b', 'modified', 1, 2)])

    def test_nothing_in_it(self):
        for name, contents in (('a.yaml', ('', '\n', '# only\n# comments\n', '---\n', '\ufeff')),
                               ('a.env', ('', '# only comments\n', '\n\n')),
                               ('a.ini', ('', '; only\n# comments', '\n'))):
            for content in contents:
                with self.subTest(name, content=content):
                    config = self.client.register('a', self.write(name, content))
                    self.assertEqual(config.call('GetAll')[1], {})
                    self.client.manager('UnregisterConfig', '(s)', 'a')

    def test_ends_of_lines(self):
        for name, content, expected in (('a.yaml', 'a: 1\nb:\n  c: 2\n', {'a': 1, 'b': {'c': 2}}),
                                        ('a.json', '{"a": 1,\n"b": 2}\n', {'a': 1, 'b': 2}),
                                        ('a.env', 'A=1\nB="2"\n', {'A': '1', 'B': '2'}),
                                        ('a.ini', 'a=1\n[b]\nc=2\n', {'a': '1', 'b': {'c': '2'}})):
            config = self.client.register('a', self.write(name, content))
            self.assertEqual(config.get(), expected)
            for text in (content.replace('\n', '\r\n'), content.rstrip('\n'), '\ufeff' + content):
                with self.subTest(name, text=text):
                    self.write(name, text)
                    self.assertEqual((config.reload(), config.get()), (config.get_property('Version'), expected))
            self.assertEqual(len(config.history()), 1)
            self.client.manager('UnregisterConfig', '(s)', 'a')


class LongPaths(TestCase):
    """The paths of changes are larger than the file that they are in: each has the same long key in it."""

    # Ends the connection of whoever sends more than 32 MiB.
    bus_kind = 'system'

    def change(self, values):
        def content(value):
            return json.dumps({'k' * MIB: {str(number): value for number in range(values)}})

        schema = self.write('schema.json', '{"additionalProperties": {"additionalProperties": {"x-restart": true}}}')
        config = self.watch('a.json', content(1), schema=str(schema))
        self.save('a.json', content(2))
        root, version, _, changes, details = config.wait_changed()
        self.assertEqual((len(root), version, changes, details['truncated']), (MIB + 2, 2, [], True))
        return config, details['restart']

    def test_values(self):
        config, restart = self.change(50)
        self.assertEqual(restart, [''])
        self.assert_fails('TooLarge', config.call, 'Diff', '(tt)', 1, 2)
        self.assertEqual(config.subscribe(1), (2, [], {'complete': False}))

    def test_more_values_than_memory(self):
        config, _ = self.change(50000)
        (path, kind, _, value), = config.call('Diff', '(tt)', 1, 2)
        self.assertEqual((len(path), kind, len(value)), (MIB, 'modified', 50000))


class Many(TestCase):
    def test_a_thousand_registrations(self):
        for number in range(1000):
            self.client.register(f'c{number}', self.write(f'{number}.yaml', f'a: {number}\n'))
        self.assertEqual(len(self.client.manager('ListConfigs')), 1000)
        self.forget()
        self.save('777.yaml', 'a: x\n')
        self.assert_changed(self.client.config('c777'), ('a', 'modified', 777, 'x'))
        self.bus.end_daemon()
        self.assertEqual(len(self.client.manager('ListConfigs')), 1000)
        self.assertEqual(self.client.config('c777').get('a'), 'x')
        self.pid = self.bus.daemon_pid()

    def test_a_thousand_that_fail(self):
        good, bad = self.write('a.yaml', 'a: 1\n'), self.write('b.yaml', 'a: [\n')
        descriptors = self.descriptors()
        for number in range(1000):
            self.assert_fails('ParseFailed', self.client.register, f'c{number}', bad)
            self.client.register('a', good)
        self.assertEqual(self.client.manager('GetStatistics')['configs'], 1)
        self.assertLessEqual(self.descriptors(), descriptors + 2)

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.pid}/fd'))
