# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a config's path runs through: directories that move, chains of links, mounts, file systems without events."""
import os
import unittest

import mounts
import scene


class Directories(scene.TestCase):
    def test_parent_moves_away_and_back(self):
        config = self.watch('up/down/a.yaml')
        for moved, other in (('up/down', 'up/elsewhere'), ('up', 'elsewhere')):
            with self.subTest(moved):
                number = config.get('a') + 1
                self.path(moved).rename(self.path(other))
                self.wait_state(config, 'missing')
                self.path(other).rename(self.path(moved))
                self.wait_state(config, 'active')
                self.save('up/down/a.yaml', f'a: {number}\n')
                self.assert_changed(config, ('a', 'modified', number - 1, number))

    def test_changed_while_away(self):
        config = self.watch('down/a.yaml')
        self.path('down').rename(self.path('elsewhere'))
        self.wait_state(config, 'missing')
        self.write('elsewhere/a.yaml', 'a: 2\n')
        self.path('elsewhere').rename(self.path('down'))
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_parent_is_replaced(self):
        config = self.watch('down/a.yaml')
        self.path('new').mkdir()
        self.write('new/a.yaml', 'a: 2\n')
        self.path('down').rename(self.path('old'))
        self.path('new').rename(self.path('down'))
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.save('old/a.yaml', 'a: 7\n')
        self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'], [])
        self.save('down/a.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 2, 3))

    def test_parent_is_removed_and_made_again(self):
        config = self.watch('up/down/a.yaml')
        self.run_tool('rm', '-r', self.path('up'))
        self.wait_state(config, 'missing')
        self.path('up/down').mkdir(parents=True)
        self.write('up/down/a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))


class Links(scene.TestCase):
    def link(self, target, name):
        """Puts a link in place by rename, whatever is there."""
        temporary = self.path(name + '.new')
        temporary.symlink_to(target)
        temporary.rename(self.path(name))

    def test_each_link_of_a_chain(self):
        for name, value in (('one/real.yaml', 1), ('two/real.yaml', 2), ('three.yaml', 3), ('four.yaml', 4)):
            self.path(name).parent.mkdir(exist_ok=True)
            self.write(name, f'a: {value}\n')
        self.link('one', 'current')
        self.link('current/real.yaml', 'middle.yaml')
        self.link(self.path('middle.yaml'), 'a.yaml')
        config = self.client.register('a', self.path('a.yaml'))
        self.forget()
        self.link('two', 'current')
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.save('one/real.yaml', 'a: 7\n')
        self.assertEqual(self.still(), [])
        self.save('two/real.yaml', 'a: 22\n')
        self.assert_changed(config, ('a', 'modified', 2, 22))
        self.link('three.yaml', 'middle.yaml')
        self.assert_changed(config, ('a', 'modified', 22, 3))
        self.link('four.yaml', 'a.yaml')
        self.assert_changed(config, ('a', 'modified', 3, 4))
        self.write('four.yaml', 'a: 5\n')
        self.assert_changed(config, ('a', 'modified', 4, 5))
        self.save('a.yaml', 'a: 6\n')
        self.assert_changed(config, ('a', 'modified', 5, 6))

    def test_kubernetes(self):
        """A mounted ConfigMap: all files change at once, by one rename of a link beside them."""
        def publish(stamp, **contents):
            self.path(stamp).mkdir()
            for name, content in contents.items():
                self.write(f'{stamp}/{name}.yaml', content)
            self.path('..data_tmp').symlink_to(stamp)
            self.path('..data_tmp').rename(self.path('..data'))

        publish('..2026_1', a='a: 1\n', b='b: 1\n')
        for name in ('a', 'b'):
            self.path(f'{name}.yaml').symlink_to(f'..data/{name}.yaml')
        config = self.client.register('a', self.path('a.yaml'), self.path('b.yaml'))
        self.forget()
        for number in (2, 3):
            publish(f'..2026_{number}', a=f'a: {number}\n', b=f'b: {number}\n')
            self.assert_changed(config, ('a', 'modified', number - 1, number), ('b', 'modified', number - 1, number))
            self.run_tool('rm', '-r', self.path(f'..2026_{number - 1}'))
        self.assertEqual(self.still(), [])

    def test_ln(self):
        for value in (1, 2):
            self.path(str(value)).mkdir()
            self.write(f'{value}/a.yaml', f'a: {value}\n')
        self.run_tool('ln', '-s', '1', self.path('current'))
        config = self.client.register('a', self.path('current/a.yaml'))
        self.forget()
        for before, after in ((1, 2), (2, 1)):
            self.run_tool('ln', '-sfn', after, self.path('current'))
            self.assert_changed(config, ('a', 'modified', before, after))
        self.assertEqual(self.still(), [])

    def test_dangling_and_mended(self):
        self.write('real.yaml', 'a: 1\n')
        self.link('real.yaml', 'a.yaml')
        config = self.client.register('a', self.path('a.yaml'))
        self.forget()
        self.path('real.yaml').unlink()
        self.wait_state(config, 'missing')
        self.write('real.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_circle(self):
        config = self.watch()
        self.link('a.yaml', 'a.yaml')
        config.wait_signal('ReloadFailed')
        self.assertNotEqual(self.state(config), 'active')
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))


class OthersLinks(scene.TestCase):
    """Root goes only where the owner of a link could go himself."""
    USER = 1234

    def setUp(self):
        super().setUp()
        self.assertEqual(os.geteuid(), 0)
        self.directory.chmod(0o755)
        self.files.chmod(0o755)
        self.own = self.files / 'own'
        self.own.mkdir()
        os.chown(self.own, self.USER, self.USER)
        self.secret = self.write('secret.yaml', 'a: 666\n')
        self.secret.chmod(0o600)

    def lead(self, target, name='own/a.yaml'):
        """As he would, in one step."""
        temporary = self.path('own/temporary')
        temporary.symlink_to(target)
        os.chown(temporary, self.USER, self.USER, follow_symlinks=False)
        temporary.rename(self.path(name))

    def assert_refused(self, config):
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'read')
        self.assertIn(f'user {self.USER} can lead this path elsewhere', problems[0][3])
        self.assertEqual((self.state(config), config.get('a')), ('invalid', 1))

    def test_file(self):
        config = self.watch('own/a.yaml')
        self.lead('../secret.yaml')
        self.assert_refused(config)
        self.secret.chmod(0o644)
        config.reload()
        self.assertEqual(config.get('a'), 666)

    def test_what_is_hidden(self):
        """A link does not tell what is there."""
        self.path('hidden').mkdir(0o700)
        self.path('hidden/d').mkdir()
        self.write('hidden/there.yaml', 'a: 1\n')
        config = self.watch('own/a.yaml')
        told = set()
        for target in ('there.yaml', 'none.yaml', 'd', 'none/a.yaml', 'there.yaml/a.yaml'):
            self.lead(f'../hidden/{target}')
            told.add((self.assert_fails('FileUnreadable', config.reload), self.state(config)))
        self.assertEqual(len(told), 1, told)
        # What he can see to be missing, is.
        self.lead('../none.yaml')
        self.assert_fails('FileNotFound', config.reload)
        self.assertEqual(self.state(config), 'missing')

    def test_directory(self):
        config = self.watch('own/d/a.yaml')
        private = self.path('private')
        private.mkdir(0o700)
        self.secret.rename(private / 'a.yaml')
        self.path('own/d').rename(self.path('own/e'))
        self.lead('../private', 'own/d')
        self.assert_refused(config)

    def test_names_in_a_directory(self):
        """Those of configs everybody may know."""
        self.path('own/d').mkdir()
        os.chown(self.path('own/d'), self.USER, self.USER)
        self.write('own/d/a.yaml', 'a: 1\n')
        self.client.manager('RegisterDirectory', '(sssa{sv})', 'd', str(self.path('own/d')), '*.yaml', {})
        private = self.path('private')
        private.mkdir(0o711)
        self.write('private/hidden.yaml', 'a: 1\n').chmod(0o644)
        self.path('own/d').rename(self.path('own/e'))
        self.lead('../private', 'own/d')
        self.still()
        self.assertNotIn('d@hidden', self.names())
        self.assert_refused_directory('e', 'own/d')
        # Also where there is no link.
        self.path('own/d').unlink()
        private.rename(self.path('own/d'))
        self.still()
        self.assertNotIn('d@hidden', self.names())
        self.assert_refused_directory('e', 'own/d')
        self.path('own/d').chmod(0o755)
        self.write('own/d/another.yaml', 'a: 1\n')
        self.wait_names('d@another', 'd@hidden', 'sentinel')

    def assert_refused_directory(self, name, directory):
        self.assert_fails('FileUnreadable', self.client.manager, 'RegisterDirectory', '(sssa{sv})', name,
                          str(self.path(directory)), '*.yaml', {})

    def test_others_file_in_his_directory(self):
        """He can give it another name, and take it away again when it was read."""
        config = self.watch('own/a.yaml')
        self.secret.rename(self.path('own/a.yaml'))
        self.assert_refused(config)
        self.path('own/a.yaml').chmod(0o644)
        config.reload()
        self.assertEqual(config.get('a'), 666)

    def test_others_directory_in_his_directory(self):
        self.path('own/d').mkdir()
        config = self.watch('own/d/a.yaml')
        private = self.path('own/private')
        private.mkdir(0o700)
        self.write('own/private/a.yaml', 'a: 666\n')
        self.path('own/d').rename(self.path('own/e'))
        private.rename(self.path('own/d'))
        self.assert_refused(config)

    def test_registration(self):
        self.lead('../secret.yaml')
        message = self.assert_fails('FileUnreadable', self.client.register, 'a', self.path('own/a.yaml'))
        self.assertNotIn('666', message)

    def test_schema(self):
        schema = self.write('own/schema.json', '{}')
        config = self.watch(schema=str(schema))
        self.path('secret.json').write_text('{"type": "object"}')
        self.path('secret.json').chmod(0o600)
        self.lead('../secret.json', 'own/schema.json')
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'schema')
        self.assertIn(f'user {self.USER}', problems[0][3])

    def test_write(self):
        """A rollback does not write behind it, whatever is there."""
        config = self.watch('own/a.yaml', 'a: 1\n')
        self.save('own/a.yaml', 'a: 2\n')
        config.wait_changed()
        victim = self.write('victim.yaml', 'a: 2\n')
        victim.chmod(0o644)
        self.lead('../victim.yaml')
        self.still()
        self.assertIn(f'user {self.USER}', self.assert_fails('WriteFailed', config.rollback, 1))
        self.assertEqual((victim.read_text(), config.get('a')), ('a: 2\n', 2))


class Mounts(scene.TestCase):
    """With a mount namespace that is this process's own; what is mounted goes with it."""

    @classmethod
    def setUpClass(cls):
        try:
            mounts.make_private()
        except OSError as error:
            raise unittest.SkipTest(f'no mounts to be had: {error}')

    def test_mount_over_directory_and_back(self):
        config = self.watch('down/a.yaml')
        self.path('other').mkdir()
        self.write('other/a.yaml', 'a: 2\n')
        mounts.bind(self.path('other'), self.path('down'))
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.save('down/a.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 2, 3))
        mounts.unmount(self.path('down'))
        self.assert_changed(config, ('a', 'modified', 3, 1))
        self.save('down/a.yaml', 'a: 4\n')
        self.assert_changed(config, ('a', 'modified', 1, 4))

    def test_mount_that_hides(self):
        config = self.watch('down/a.yaml')
        mounts.mount('test', self.path('down'), 'tmpfs')
        self.wait_state(config, 'missing')
        mounts.unmount(self.path('down'))
        self.wait_state(config, 'active')
        self.assertEqual(self.numbers(config), [1])

    def test_mount_over_file(self):
        """As containers do with single files."""
        config = self.watch()
        self.write('b.yaml', 'a: 2\n')
        mounts.bind(self.path('b.yaml'), self.path('a.yaml'))
        self.assert_changed(config, ('a', 'modified', 1, 2))
        with open(self.path('a.yaml'), 'w') as file:
            file.write('a: 3\n')
        self.assert_changed(config, ('a', 'modified', 2, 3))
        mounts.unmount(self.path('a.yaml'))
        self.assert_changed(config, ('a', 'modified', 3, 1))

    def serve(self, name, **files):
        self.path(name).mkdir()
        try:
            server = mounts.FuseServer(self.path(name), {f'{stem}.yaml': content for stem, content in files.items()})
        except OSError as error:
            self.skipTest(f'no FUSE to be had: {error}')
        self.addCleanup(server.stop)
        return server

    def test_file_system_without_events(self):
        server = self.serve('remote', a=b'a: 1\n')
        config = self.client.register('a', self.path('remote/a.yaml'), poll_ms=100)
        self.assertEqual(config.get('a'), 1)
        self.forget()
        server.change('a.yaml', b'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2), origin='file')
        server.change('a.yaml', b'a: [\n')
        config.wait_signal('ReloadFailed')
        self.wait_state(config, 'invalid')
        server.change('a.yaml', b'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 2, 3))

    def test_layer_without_events(self):
        server = self.serve('remote', top=b'a: 1\n')
        config = self.client.register('a', self.write('a.yaml', 'b: 1\n'), self.path('remote/top.yaml'), poll_ms=100)
        self.forget()
        server.change('top.yaml', b'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.save('a.yaml', 'b: 2\n')
        self.assert_changed(config, ('b', 'modified', 1, 2))

    def test_link_to_file_system_without_events(self):
        server = self.serve('remote', a=b'a: 1\n', b=b'a: 10\n')
        self.path('a.yaml').symlink_to('remote/a.yaml')
        config = self.client.register('a', self.path('a.yaml'), poll_ms=100)
        self.forget()
        self.run_tool('ln', '-sfn', 'remote/b.yaml', self.path('a.yaml'))
        self.assert_changed(config, ('a', 'modified', 1, 10))
        server.change('b.yaml', b'a: 11\n')
        self.assert_changed(config, ('a', 'modified', 10, 11))
        os.unlink(self.path('a.yaml'))
        self.save('a.yaml', 'a: 12\n')
        self.assert_changed(config, ('a', 'modified', 11, 12))
