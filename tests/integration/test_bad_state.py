# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad places: a state database that is broken, foreign or read-only, disks that are full, files that stay as they are.

A database that cannot be used is set aside, whole, and a new one begun with a new epoch; that is said aloud. What
cannot be written is refused with WriteFailed, and version, document and files are as they were.
"""
import array
import fcntl
import os
import signal
import sqlite3
import time
import unittest

import mounts
import reconf
import scene

MS_RDONLY, MS_REMOUNT = 1, 32
FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IMMUTABLE_FL = 0x80086601, 0x40086602, 0x10


class StateDatabase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.watch()
        self.save('a.yaml', 'a: 2\n')
        self.config.wait_changed()
        self.epoch = self.get_epoch()
        self.database = self.bus.state / 'reconf' / 'state.db'

    def get_epoch(self):
        return self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Epoch')

    def end(self):
        """Ends the daemon in peace, so that the database is one file."""
        self.bus.end_daemon(signal.SIGTERM)

    def set_aside(self):
        return sorted(path for path in self.database.parent.iterdir() if '.set-aside-' in path.name)

    def assert_set_aside(self, content=None):
        """The next daemon begins anew, and works."""
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assertNotEqual(self.get_epoch(), self.epoch)
        kept = self.set_aside()
        self.assertTrue(kept)
        if content is not None:
            self.assertEqual(kept[0].read_bytes(), content)
        log = self.bus.log.read_text()
        self.assertIn('set aside', log)
        self.assertIn(kept[0].name, log)
        config = self.client.register('a', self.path('a.yaml'))
        self.assertEqual(config.history()[0][:3:2], (1, 'register'))
        epoch = self.get_epoch()
        self.bus.end_daemon()
        self.assertEqual((self.get_epoch(), config.get('a')), (epoch, 2))
        self.assertEqual(self.set_aside(), kept, 'nothing more is set aside')

    def test_garbage(self):
        for content in (b'garbage' * 1000, b'SQLite format 3\0' + b'\xff' * 5000):
            with self.subTest(content[:15]):
                self.end()
                self.database.write_bytes(content)
                self.assert_set_aside(content)
                self.epoch = self.get_epoch()
                for path in self.set_aside():
                    path.unlink()

    def test_cut_off(self):
        self.end()
        content = self.database.read_bytes()[:5000]
        self.database.write_bytes(content)
        self.assert_set_aside(content)

    def test_damaged_in_the_middle(self):
        """Found when it is read; nothing that was kept is lost to the user."""
        self.end()
        content = bytearray(self.database.read_bytes())
        content[4096:] = b'\xa5' * (len(content) - 4096)
        self.database.write_bytes(content)
        self.client.manager('ListConfigs')
        config = self.client.register('b', self.write('b.yaml', 'a: 1\n'))
        self.assertEqual(config.get('a'), 1)
        kept = [path.read_bytes() for path in self.set_aside()]
        self.assertIn(bytes(content[4096:]), b''.join(kept))
        self.assertNotEqual(self.get_epoch(), self.epoch)

    def change_database(self, *statements):
        self.end()
        connection = sqlite3.connect(self.database)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()
        return self.database.read_bytes()

    def test_newer_release(self):
        self.assert_set_aside(self.change_database('PRAGMA user_version = 1000'))

    def test_of_another_program(self):
        self.end()
        self.database.unlink()
        connection = sqlite3.connect(self.database)
        connection.execute('CREATE TABLE versions (a)')
        connection.commit()
        connection.close()
        self.assert_set_aside(self.database.read_bytes())

    def test_directory_in_its_place(self):
        self.end()
        self.database.unlink()
        self.database.mkdir()
        (self.database / 'kept').write_text('kept')
        self.assert_set_aside()
        self.assertEqual((self.set_aside()[0] / 'kept').read_text(), 'kept')

    def test_fifo_in_its_place(self):
        self.end()
        self.database.unlink()
        os.mkfifo(self.database)
        self.assert_set_aside()

    def test_gone(self):
        self.end()
        self.database.unlink()
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assertNotEqual(self.get_epoch(), self.epoch)


class MountCase(scene.TestCase):
    @classmethod
    def setUpClass(cls):
        try:
            mounts.make_private()
        except OSError as error:
            raise unittest.SkipTest(f'no mounts to be had: {error}')

    def small_disk(self, path):
        path.mkdir(exist_ok=True)
        mounts.mount('test', path, 'tmpfs', data='size=1m,mode=0755')
        self.addCleanup(mounts.unmount, path)
        return path

    def fill(self, path):
        """Until not a byte more goes in. Returns what makes room again."""
        filler = path / 'filler'
        with open(filler, 'wb', buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(b'x' * size)
                except OSError:
                    pass
        return filler.unlink

    def assert_alive(self, config, version, value):
        self.assertEqual(config.call('GetAll'), (version, {'a': value}))
        self.assertEqual(self.bus.daemon_pid(), self.pid)

    def watch_versions(self, name='a.yaml', count=2):
        config = self.watch(name)
        for value in range(2, count + 1):
            self.save(name, f'a: {value}\n')
            config.reload()
        self.forget()
        self.pid = self.bus.daemon_pid()
        return config


class ReadOnly(MountCase):
    def remount(self, path, flags):
        mounts.mount(None, path, flags=mounts.MS_BIND | MS_REMOUNT | flags)

    def read_only(self, path):
        mounts.bind(path, path)
        self.addCleanup(mounts.unmount, path)
        self.remount(path, MS_RDONLY)

    def test_files(self):
        """Cannot be written back: neither the files nor the version change."""
        config = self.watch_versions()
        self.read_only(self.files)
        for version in (0, 1):
            message = self.assert_fails('WriteFailed', config.rollback, version)
            self.assertIn('a.yaml', message)
        self.assertEqual(self.client.settle(), [])
        self.assert_alive(config, 2, 2)
        self.assertEqual((self.path('a.yaml').read_text(), self.numbers(config)), ('a: 2\n', [2, 1]))
        self.assertEqual(config.rollback(2), 2, 'nothing is to be written')
        self.remount(self.files, 0)
        self.assertEqual(config.rollback(1), 3)

    def test_one_of_several_files(self):
        """The one that was written before is put back."""
        self.path('locked').mkdir()
        files = [self.write(name, f'{name[-6]}: 1\n') for name in ('a.yaml', 'locked/b.yaml')]
        config = self.client.register('a', *files)
        for file in files:
            file.write_text(file.read_text().replace('1', '2'))
        self.assertGreater(config.reload(), 1)
        before = config.call('GetAll')
        self.read_only(self.path('locked'))
        self.assert_fails('WriteFailed', config.rollback, 1)
        self.assertEqual([file.read_text() for file in files], ['a: 2\n', 'b: 2\n'])
        self.assertEqual(config.call('GetAll'), before)
        self.forget()
        self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'], [])

    def volatile_states(self):
        return list(self.bus.directory.glob('reconf-state-*'))

    def epoch(self):
        return self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Epoch')

    def assert_volatile(self):
        """That nothing will last is said aloud, with the place."""
        log = self.bus.log.read_text()
        place, = self.volatile_states()
        for words in ('Read-only', str(self.bus.state / 'reconf'), str(place), 'only until reconfd ends'):
            self.assertIn(words, log)

    def assert_serves(self, config, value):
        """Changes are heard and versions kept, as ever; files can be written."""
        version = config.get_property('Version')
        self.client.heard.clear()
        self.save('a.yaml', f'a: {value}\n')
        self.assertEqual(config.wait_changed()[1:4], (version + 1, version, [('a', 'modified', value - 1, value)]))
        self.assertEqual(config.rollback(version), version + 2)
        self.assertEqual(self.path('a.yaml').read_text(), f'a: {value - 1}\n')

    def test_state_from_the_start(self):
        """All is served from a copy, which ends with the daemon."""
        config = self.watch_versions()
        epoch = self.epoch()
        self.bus.end_daemon()
        self.read_only(self.bus.state)
        self.assertEqual((config.get('a'), self.numbers(config), self.state(config)), (2, [2, 1], 'active'))
        self.assertNotEqual(self.epoch(), epoch)
        self.assert_volatile()
        self.assert_serves(config, 3)
        other = self.client.register('b', self.write('b.yaml', 'b: 1\n'))
        self.assertEqual(other.get('b'), 1)

        self.bus.end_daemon(signal.SIGTERM)
        self.assertEqual(self.volatile_states(), [])
        self.remount(self.bus.state, 0)
        self.assertEqual(([entry[0] for entry in self.client.manager('ListConfigs')], self.epoch()), (['a'], epoch))
        self.assertEqual((config.get('a'), self.numbers(config)), (2, [2, 1]))

    def test_last_good_document_from_the_start(self):
        """What the files hold now is bad, and what was good can be had from the copy alone."""
        config = self.watch_versions()
        self.bus.end_daemon()
        self.read_only(self.bus.state)
        self.save('a.yaml', 'a: [\n')
        self.assertEqual(config.call('GetAll'), (2, {'a': 2}))
        self.assertEqual(self.state(config), 'invalid')
        self.assert_volatile()

    def set_immutable(self, path, on):
        """As a disk that becomes read-only, does so to files that are open for writing, too."""
        with open(path, 'rb') as file:
            flags = array.array('L', [0])
            fcntl.ioctl(file, FS_IOC_GETFLAGS, flags)
            flags[0] = flags[0] | FS_IMMUTABLE_FL if on else flags[0] & ~FS_IMMUTABLE_FL
            fcntl.ioctl(file, FS_IOC_SETFLAGS, flags)

    def make_immutable(self, path):
        self.set_immutable(path, True)
        self.addCleanup(self.set_immutable, path, False)

    def need_immutable(self):
        with open(self.write('probe', ''), 'wb', buffering=0) as probe:
            try:
                self.make_immutable(probe.name)
                probe.write(b'x')
            except PermissionError:
                return
            except OSError as error:
                self.skipTest(f'no files that cannot be written: {error}')
        self.skipTest('files that are open can always be written here')

    def test_state_while_running(self):
        self.need_immutable()
        config = self.watch_versions()
        files = list((self.bus.state / 'reconf').iterdir())
        for file in files:
            self.make_immutable(file)
        self.save('a.yaml', 'a: 3\n')
        config.wait_signal('ReloadFailed')
        self.assertTrue(config.get_property('Pending'))
        self.assert_fails('WriteFailed', config.reload)
        self.assert_fails('WriteFailed', config.rollback, 1)
        self.assert_fails('WriteFailed', self.client.register, 'b', self.write('b.yaml', 'b: 1\n'))
        self.assert_alive(config, 2, 2)
        self.assertEqual((self.path('a.yaml').read_text(), self.numbers(config)), ('a: 3\n', [2, 1]))
        for file in files:
            self.set_immutable(file, False)
        config.reload()
        self.assert_alive(config, config.get_property('Version'), 3)

    def test_no_state_from_the_start(self):
        self.read_only(self.bus.state)
        self.assertEqual(self.client.manager('ListConfigs'), [])
        self.assert_volatile()
        self.assert_serves(self.watch(), 2)


class FullDisk(MountCase):
    def setUp(self):
        super().setUp()
        self.small_disk(self.bus.state)

    def test_each_write(self):
        config = self.watch_versions()
        other = self.write('b.yaml', 'a: 9\n')
        make_room = self.fill(self.bus.state)
        self.save('a.yaml', 'a: 3\n' + '#' * 100000)
        calls = [
            (config.reload,),
            (config.rollback, 1),
            (config.call, 'SetFiles', '(as)', [str(other)]),
            (self.client.register, 'b', other),
            (self.client.manager, 'RegisterDirectory', '(sssa{sv})', 'c', str(self.files), 'b*', {}),
        ]
        for call in calls:
            with self.subTest(call[0].__name__):
                self.assert_fails('WriteFailed', *call)
                self.assert_alive(config, 2, 2)
        self.assertTrue(self.path('a.yaml').read_text().startswith('a: 3\n'))
        self.assertEqual([entry[0] for entry in self.client.manager('ListConfigs')], ['a'])
        self.assertEqual(self.numbers(config), [2, 1])
        self.assertEqual(config.call('Diff', '(tt)', 1, 2), [('a', 'modified', 1, 2)])
        self.assertEqual([heard for heard in self.client.settle() if heard.member == 'ConfigChanged'], [])
        make_room()
        self.assertEqual(config.reload(), config.get_property('Version'))
        self.assertEqual((config.get('a'), self.state(config)), (3, 'active'))
        self.client.register('b', other)
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.numbers(config)[1:]), (3, [2, 1]))

    def test_change_of_a_file(self):
        """Heard of as a failure, and made up for once there is room."""
        config = self.watch_versions()
        make_room = self.fill(self.bus.state)
        self.save('a.yaml', 'a: 3\n' + '#' * 100000)
        self.assertEqual(config.wait_signal('ReloadFailed').arguments[0], 'read')
        self.assertTrue(config.get_property('Pending'))
        self.assert_alive(config, 2, 2)
        make_room()
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 2, 3)])

    def test_start(self):
        """What was kept can still be read."""
        config = self.watch_versions()
        make_room = self.fill(self.bus.state)
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.numbers(config)), (2, [2, 1]))
        self.pid = self.bus.daemon_pid()
        self.save('a.yaml', 'a: 3\n' + '#' * 100000)
        self.assert_fails('WriteFailed', config.reload)
        self.assert_alive(config, 2, 2)
        make_room()
        config.reload()
        self.assertEqual(config.get('a'), 3)

    def test_first_start(self):
        """There is no room for a state at all."""
        make_room = self.fill(self.bus.state)
        config = self.watch_versions()
        self.assertEqual((config.get('a'), self.numbers(config)), (2, [2, 1]))
        self.assertIn('only until reconfd ends', self.bus.log.read_text())
        self.bus.end_daemon(signal.SIGTERM)
        make_room()
        self.assertEqual(self.client.manager('ListConfigs'), [])

    def test_no_number_comes_back(self):
        config = self.watch_versions()
        for _ in range(3):
            make_room = self.fill(self.bus.state)
            self.save('a.yaml', f'a: {time.monotonic_ns()}\n' + '#' * 100000)
            self.assert_fails('WriteFailed', config.reload)
            make_room()
            config.reload()
            self.bus.end_daemon()
        numbers = self.numbers(config)
        self.assertEqual(numbers, sorted(set(numbers), reverse=True))

    def test_rollback(self):
        """Where the files are, too, there may be no room."""
        disk = self.small_disk(self.path('disk'))
        config = self.watch_versions('disk/a.yaml')
        self.save('disk/a.yaml', 'a: 3\n# ' + 'x' * 100000)
        config.reload()
        self.save('disk/a.yaml', 'a: 4\n')
        config.reload()
        self.forget()
        make_room = self.fill(disk)
        message = self.assert_fails('WriteFailed', config.rollback, 3)
        self.assertIn('a.yaml', message)
        self.assertEqual((config.get('a'), self.path('disk/a.yaml').read_text()), (4, 'a: 4\n'))
        self.assertEqual(sorted(os.listdir(disk)), ['a.yaml', 'filler'])
        self.assertEqual(self.client.settle(), [])
        make_room()
        config.rollback(3)
        self.assertEqual(config.get('a'), 3)
