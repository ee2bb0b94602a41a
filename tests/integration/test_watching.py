# SPDX-License-Identifier: LGPL-2.1-or-later
"""Saves, as programs make them: whole ones, halves, bursts, large ones and such as are none."""
import os
import shutil
import time
import unittest

import reconf
import scene
from gi.repository import Gio, GLib


class Saves(scene.TestCase):
    def test_rename(self):
        config = self.watch()
        for value in (2, 3):
            self.save('a.yaml', f'a: {value}\n')
            self.assert_changed(config, ('a', 'modified', value - 1, value), origin='file',
                                files=[str(self.path('a.yaml'))])

    def test_in_place(self):
        config = self.watch()
        for value in (2, 3):
            self.write('a.yaml', f'a: {value}\n')
            self.assert_changed(config, ('a', 'modified', value - 1, value), origin='file')
        self.assertEqual(self.still(), [])
        self.assertEqual(config.get_property('Version'), 3)

    def test_equal_content(self):
        config = self.watch()
        self.save('a.yaml', 'a: 1\n')
        self.save('a.yaml', 'a: 1 # said in other words\n')
        self.assertEqual(self.still(), [])
        self.assertEqual(self.numbers(config), [1])
        self.assertFalse(config.get_property('Pending'))

    def test_delete_and_recreate(self):
        config = self.watch()
        self.path('a.yaml').unlink()
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'read')
        self.assertIn('a.yaml', problems[0][3])
        self.wait_state(config, 'missing')
        self.assertEqual(config.get('a'), 1)
        self.write('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assertEqual(self.state(config), 'active')
        self.assertEqual(config.call('GetProblems'), [])

    def test_delete_and_recreate_the_same(self):
        config = self.watch()
        self.path('a.yaml').unlink()
        self.wait_state(config, 'missing')
        self.write('a.yaml', 'a: 1\n')
        self.wait_state(config, 'active')
        self.assertEqual(self.numbers(config), [1])

    def test_moved_away_and_other_moved_in(self):
        config = self.watch(debounce_ms=5000)
        self.write('b.yaml', 'a: 2\n')
        self.path('a.yaml').rename(self.path('old.yaml'))
        self.path('b.yaml').rename(self.path('a.yaml'))
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assertEqual(self.still(), [])

    def test_hard_link(self):
        config = self.watch()
        self.write('b.yaml', 'a: 2\n')
        self.path('a.yaml').unlink()
        os.link(self.path('b.yaml'), self.path('a.yaml'))
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_writer_that_never_closes(self):
        config = self.watch()
        with open(self.path('a.yaml'), 'w') as file:
            for value in (2, 3):
                file.seek(0)
                file.write(f'a: {value}\n')
                file.flush()
                self.assert_changed(config, ('a', 'modified', value - 1, value))

    def test_layers_saved_together(self):
        layers = ['base.yaml', 'middle.json', 'top.env']
        contents = ['a: %d\n', '{"b": %d}\n', 'c=%d\n']
        config = self.client.register('a', *(self.write(name, content % 1)
                                             for name, content in zip(layers, contents)))
        self.forget()
        for name, content in zip(layers, contents):
            self.write('new-' + name, content % 2)
        with self.held():
            for name in layers:
                self.path('new-' + name).rename(self.path(name))
        self.assert_changed(config, ('a', 'modified', 1, 2), ('b', 'modified', 1, 2), ('c', 'modified', '1', '2'),
                            files=[str(self.path(name)) for name in layers])
        self.assertEqual(self.still(), [])


class Halves(scene.TestCase):
    def test_finished_in_time(self):
        config = self.watch(debounce_ms=30000)
        with open(self.path('a.yaml'), 'w') as file:
            file.write('a: [1, ')
            file.flush()
            self.assertEqual(self.still(), [])
            self.assertEqual(self.state(config), 'active')
            self.assertEqual(config.get('a'), 1)
            file.write('2]\n')
        self.assert_changed(config, ('a', 'modified', 1, [1, 2]))
        self.assertEqual(config.call('GetStatistics')['failures']['parse'], 0)
        self.assertEqual(self.numbers(config), [2, 1])

    def test_left_broken(self):
        config = self.watch()
        with open(self.path('a.yaml'), 'w') as file:
            file.write('a: 2\nb: "tw')
            file.flush()
            stage, problems = config.wait_signal('ReloadFailed').arguments
            self.assertEqual(stage, 'parse')
            self.assertEqual(problems[0][1], 2, 'the line')
            self.assertEqual(self.state(config), 'invalid')
            self.assertEqual(config.get('a'), 1)
            self.assertTrue(config.get_property('Pending'))
            file.write('o"\n')
        self.assert_changed(config, ('a', 'modified', 1, 2), ('b', 'added', None, 'two'))
        self.assertEqual(self.state(config), 'active')

    def test_broken_save_is_reported_once(self):
        config = self.watch()
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        self.save('a.yaml', 'a: [\n')
        os.utime(self.path('a.yaml'))
        self.assertEqual([heard for heard in self.still() if heard.member == 'ReloadFailed'], [])

    def test_cut_then_written_is_never_empty(self):
        # No machine takes that long between the two.
        config = self.watch(debounce_ms=5000)
        for value in range(2, 40):
            with open(self.path('a.yaml'), 'w') as file:
                # Lets the daemon look in between.
                self.client.settle()
                file.write(f'a: {value}\n')
        reconf.wait_until(lambda: config.get('a') == 39, 'the last save')
        changes = [heard.arguments[3] for heard in self.still() if heard.member == 'ConfigChanged']
        self.assertGreater(len(changes), 0)
        for change in changes:
            self.assertEqual([(path, kind) for path, kind, _, _ in change], [('a', 'modified')])

    def test_cut_and_closed_then_written(self):
        config = self.watch(debounce_ms=5000)
        self.write('a.yaml', '')
        self.assertEqual(self.still(), [])
        self.assertEqual(config.get('a'), 1)
        self.write('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_emptied_for_good(self):
        config = self.watch()
        self.write('a.yaml', '')
        self.assert_changed(config, ('a', 'removed', 1, None))


class Tools(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.watch(content='# about a\na: 1\n')

    def test_sed(self):
        self.run_tool('sed', '-i', 's/a: 1/a: 2/', self.path('a.yaml'))
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        self.assertEqual(self.still(), [])

    def test_sed_with_backup(self):
        self.run_tool('sed', '-i.bak', 's/a: 1/a: 2/', self.path('a.yaml'))
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        self.assertEqual(self.still(), [])

    def test_shell(self):
        self.run_tool('sh', '-c', 'echo "b: 2" >> a.yaml', cwd=self.files)
        self.assert_changed(self.config, ('b', 'added', None, 2))

    def test_cp_and_mv(self):
        self.write('b.yaml', 'a: 2\n')
        self.run_tool('cp', self.path('b.yaml'), self.path('a.yaml'))
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        self.write('b.yaml', 'a: 3\n')
        self.run_tool('mv', self.path('b.yaml'), self.path('a.yaml'))
        self.assert_changed(self.config, ('a', 'modified', 2, 3))

    def test_install(self):
        self.write('b.yaml', 'a: 2\n')
        self.run_tool('install', '-m644', self.path('b.yaml'), self.path('a.yaml'))
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        self.assertEqual(self.still(), [])

    @unittest.skipUnless(shutil.which('ed'), 'there is no ed')
    def test_ed(self):
        self.run_tool('sh', '-c', r"printf '2s/1/2/\nw\nq\n' | ed -s a.yaml", cwd=self.files)
        self.assert_changed(self.config, ('a', 'modified', 1, 2))

    @unittest.skipUnless(shutil.which('vim'), 'there is no vim')
    def test_vim(self):
        for value, how in ((2, 'backupcopy=yes'), (3, 'backupcopy=no'), (4, 'nowritebackup')):
            self.run_tool('vim', '-N', '-es', '-u', 'NONE', '-i', 'NONE', '-c', f'set backup {how}',
                          '-c', f'2s/[0-9]/{value}/', '-c', 'wq', self.path('a.yaml'))
            self.assert_changed(self.config, ('a', 'modified', value - 1, value))
        self.assertEqual(self.still(), [])

    def test_dance_of_vim(self):
        """What vim does with backupcopy=no, whether or not it is installed."""
        path = self.path('a.yaml')
        self.write('.a.yaml.swp', 'b0VIM')
        self.write('4913', '')
        self.path('4913').unlink()
        path.rename(self.path('a.yaml~'))
        self.write('a.yaml', 'a: 2\n')
        path.chmod(0o644)
        self.path('a.yaml~').unlink()
        self.path('.a.yaml.swp').unlink()
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        self.assertEqual(self.still(), [])
        self.assertEqual(self.numbers(self.config), [2, 1])

    def test_git_checkout(self):
        environment = {key: value for key, value in os.environ.items() if not key.startswith('GIT_')} | {
            'HOME': str(self.directory), 'GIT_CONFIG_NOSYSTEM': '1', 'GIT_AUTHOR_NAME': 'a', 'GIT_AUTHOR_EMAIL': 'a',
            'GIT_COMMITTER_NAME': 'a', 'GIT_COMMITTER_EMAIL': 'a'}

        def git(*arguments):
            self.run_tool('git', '-C', self.files, *arguments, env=environment)

        git('init', '-q', '-b', 'one')
        git('add', 'a.yaml')
        git('commit', '-q', '-m', 'one')
        git('checkout', '-q', '-b', 'two')
        self.write('a.yaml', 'a: 2\n')
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        git('commit', '-q', '-a', '-m', 'two')
        for branch, before, after in (('one', 2, 1), ('two', 1, 2), ('one', 2, 1)):
            git('checkout', '-q', branch)
            self.assert_changed(self.config, ('a', 'modified', before, after))
        self.assertEqual(self.still(), [])

    def test_swap_and_backup_files_cost_nothing(self):
        before = {name: self.statistics(self.config, name) for name in ('file-events', 'reloads')}
        for name in ('.a.yaml.swp', '.a.yaml.swx', 'a.yaml~', '4913', '#a.yaml#', 'a.yaml.bak', 'a.yam', 'b.yaml'):
            self.write(name, 'a: 7\n')
            self.save(name, 'a: 8\n')
            self.path(name).unlink()
        self.path('.#a.yaml').symlink_to('user@host.1234')
        self.path('a.yaml').read_bytes()
        self.assertEqual(self.still(), [])
        self.assertEqual({name: self.statistics(self.config, name) for name in before}, before)


class Bursts(scene.TestCase):
    def changed_until(self, config, value):
        versions = 0
        while config.wait_changed()[3][0][3] != value:
            versions += 1
        return versions + 1

    def test_burst_is_folded(self):
        config = self.watch(max_versions=1000)
        begin = time.monotonic()
        for value in range(2, 52):
            self.save('a.yaml', f'a: {value}\n')
        versions = self.changed_until(config, 51)
        # Whatever the machine does meanwhile, the window lies between one version and the next.
        self.assertLessEqual(versions, 2 + (time.monotonic() - begin) / 0.1)
        self.assertEqual(self.still(), [])
        self.assertEqual(len(self.numbers(config)), versions + 1)

    def test_endless_burst_is_capped(self):
        """Saves that follow each other more closely than the window put it off, but not for ever."""
        config = self.watch()
        heard = 0
        value = 1
        deadline = time.monotonic() + reconf.TIMEOUT
        while heard < 2:
            self.assertLess(time.monotonic(), deadline)
            value += 1
            self.save('a.yaml', f'a: {value}\n')
            heard = len([told for told in self.client.settle() if told.member == 'ConfigChanged'])
        self.changed_until(config, value)

    def test_queue_overflow(self):
        config = self.watch()
        with open('/proc/sys/fs/inotify/max_queued_events') as file:
            limit = int(file.read())
        if limit > 100000:
            self.skipTest('the queue is too long to fill')
        others = [self.path('one'), self.path('two')]
        release = self.hold()
        try:
            # Two in turn: events that equal the one before are not queued.
            for _ in range(limit // 4 + 100):
                for other in others:
                    other.touch()
                    other.unlink()
            self.save('a.yaml', 'a: 2\n')
        finally:
            release()
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.save('a.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 2, 3))


class Large(scene.TestCase):
    def content(self, size, value):
        return f'a: {value}\n' + ''.join(f'k{i}: some text to fill the line\n' for i in range(size // 36))

    def test_saves(self):
        config = self.watch(content=self.content(66 * 1024, 1))
        for value, size in ((2, 70 * 1024), (3, 5 * 1024 * 1024), (4, 1000)):
            self.save('a.yaml', self.content(size, value))
            config.wait_changed()
            self.assertEqual(config.get('a'), value)
        self.assertEqual(self.state(config), 'active')

    def test_calls_are_answered_meanwhile(self):
        config = self.watch(content=self.content(1000, 1), max_size=GLib.Variant('t', 10 << 20), hot_reload=False)
        self.save('a.yaml', self.content(3 * 1024 * 1024, 2))
        answers = []

        def call(method, parameters):
            def done(connection, result):
                answers.append((method, connection.call_finish(result).unpack()))

            self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, method, parameters, None,
                                        Gio.DBusCallFlags.NONE, int(reconf.TIMEOUT * 1000), None, done)

        with self.held():
            call('Reload', GLib.Variant('(a{sv})', ({},)))
            call('Get', GLib.Variant('(s)', ('a',)))
            self.client.connection.flush_sync(None)
        reconf.wait_until(lambda: len(answers) == 2, 'both answers')
        self.assertEqual(answers, [('Get', (1,)), ('Reload', (2,))])
        self.assertEqual(config.get('a'), 2)


class NoFiles(scene.TestCase):
    """Things that are no files, in the place of one."""

    def replace_with(self, make, word):
        config = self.watch()
        path = self.path('a.yaml')
        with self.held():
            path.unlink()
            make(path)
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'read')
        self.assertIn(word, problems[0][3])
        self.assertEqual(self.state(config), 'invalid')
        self.assert_fails('FileUnreadable', config.reload)
        self.assertEqual(config.get('a'), 1)
        if path.is_dir():
            path.rmdir()
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_directory(self):
        self.replace_with(os.mkdir, 'directory')

    def test_fifo(self):
        self.replace_with(os.mkfifo, 'FIFO')
