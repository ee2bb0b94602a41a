# SPDX-License-Identifier: LGPL-2.1-or-later
"""Going back: what is written to the files, and what becomes of the versions."""
import os
import shutil
import unittest

import scene


class TestCase(scene.TestCase):
    def save_versions(self, config, *contents):
        """A version for each content, waited for."""
        for content in contents:
            self.save('a.yaml', content)
            config.wait_changed()

    def content(self, name='a.yaml'):
        return self.path(name).read_text()


class Choice(TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.watch(content='# one\na: 1\n')
        self.save_versions(self.config, 'a: 2 # two\n', 'a: 3\n')

    def states(self):
        return {version[0]: version[4] for version in self.config.history()}

    def test_by_number(self):
        self.assertEqual(self.config.rollback(1, message='enough'), 4)
        root, version, previous, changes, details = self.config.wait_changed()
        self.assertEqual((root, version, previous, changes), ('/a/', 4, 3, [('a', 'modified', 3, 1)]))
        self.assertLessEqual({'origin': 'rollback', 'message': 'enough', 'uid': os.getuid()}.items(), details.items())
        self.assertEqual(self.content(), '# one\na: 1\n')
        self.assertEqual(self.states(), {4: 'active', 3: 'rolled-back', 2: 'superseded', 1: 'superseded'})
        newest = self.config.history()[0]
        self.assertEqual(newest[2], 'rollback')
        self.assertLessEqual({'from-version': 1, 'message': 'enough'}.items(), newest[5].items())
        self.assertEqual(newest[3], self.config.history()[3][3])
        # The daemon's own write is no news to it.
        self.assertEqual(self.still(), [])
        self.assertEqual(self.config.get_property('Version'), 4)

    def test_zero(self):
        self.assertEqual(self.config.rollback(), 4)
        self.assertEqual(self.content(), 'a: 2 # two\n')
        # Not to 3, which went back, nor to 2, which equals what is active.
        self.assertEqual(self.config.rollback(0), 5)
        self.assertEqual(self.content(), '# one\na: 1\n')

    def test_zero_with_nothing_before(self):
        config = self.watch('b.yaml', config='b')
        self.assert_fails('NoSuchVersion', config.rollback)
        self.save('b.yaml', 'a: 2\n')
        config.wait_changed()
        self.assertEqual(config.rollback(), 3)
        self.assert_fails('NoSuchVersion', config.rollback)
        self.assertEqual(self.content('b.yaml'), 'a: 1\n')

    def test_zero_after_a_new_edit(self):
        self.config.rollback()
        self.config.wait_changed()
        self.save_versions(self.config, 'a: 5\n')
        self.assertEqual(self.config.rollback(), 6)
        self.assertEqual(self.content(), 'a: 2 # two\n')

    def test_by_name(self):
        self.assertEqual(self.client.manager('Rollback', '(st)', 'a', 1), 4)
        self.assertEqual(self.config.get('a'), 1)

    def test_no_such_version(self):
        for number in (4, 2**64 - 1):
            self.assert_fails('NoSuchVersion', self.config.rollback, number)
        self.assertEqual(self.content(), 'a: 3\n')
        self.assertEqual(self.numbers(self.config), [3, 2, 1])

    def test_unknown_option(self):
        self.assert_fails('InvalidArgument', self.config.rollback, 1, unknown='x')
        self.assertEqual(self.numbers(self.config), [3, 2, 1])

    def test_active_with_files_as_they_are(self):
        inode = self.path('a.yaml').stat().st_ino
        self.assertEqual(self.config.rollback(3), 3)
        self.assertEqual(self.still(), [])
        self.assertEqual(self.numbers(self.config), [3, 2, 1])
        self.assertEqual(self.path('a.yaml').stat().st_ino, inode)

    def test_active_mends_files(self):
        self.save('a.yaml', 'a: [\n')
        self.wait_state(self.config, 'invalid')
        self.forget()
        self.assertEqual(self.config.rollback(3), 3)
        self.assertEqual(self.content(), 'a: 3\n')
        self.assertEqual(self.state(self.config), 'active')
        self.assertIs(self.config.get_property('Pending'), False)
        self.assertEqual([heard for heard in self.still() if heard.member == 'ConfigChanged'], [])
        self.assertEqual(self.numbers(self.config), [3, 2, 1])

    def test_active_brings_a_file_back(self):
        self.path('a.yaml').unlink()
        self.wait_state(self.config, 'missing')
        self.assertEqual(self.config.rollback(3), 3)
        self.assertEqual(self.content(), 'a: 3\n')
        self.assertEqual(self.state(self.config), 'active')
        self.forget()
        self.save_versions(self.config, 'a: 4\n')

    def test_newer_bytes_of_equal_content(self):
        """A reload without a change still brings its comments into the history."""
        self.save('a.yaml', 'a: 3 # three\n')
        self.still()
        self.save_versions(self.config, 'a: 4\n')
        self.config.rollback(3)
        self.assertEqual(self.content(), 'a: 3 # three\n')

    def test_equal_document_of_other_version(self):
        """Back to bytes that mean what is active: no version, but the bytes are there."""
        self.save_versions(self.config, 'a: 2 # again\n')
        self.assertEqual(self.config.rollback(2), 4)
        self.assertEqual(self.content(), 'a: 2 # two\n')
        self.assertEqual(self.still(), [])
        self.assertEqual(self.numbers(self.config), [4, 3, 2, 1])


class Files(TestCase):
    def test_mode_and_owner(self):
        config = self.watch()
        self.save_versions(config, 'a: 2\n')
        path = self.path('a.yaml')
        path.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(path, 1234, 5678)
        before = path.stat()
        config.rollback(1)
        after = path.stat()
        self.assertEqual(self.content(), 'a: 1\n')
        self.assertEqual((after.st_mode, after.st_uid, after.st_gid), (before.st_mode, before.st_uid, before.st_gid))
        self.assertEqual(os.listdir(self.files), ['a.yaml'])

    def test_extended_attributes(self):
        config = self.watch()
        self.save_versions(config, 'a: 2\n')
        try:
            os.setxattr(self.path('a.yaml'), 'user.note', b'mine')
        except OSError as error:
            self.skipTest(f'no extended attributes to be had: {error}')
        config.rollback(1)
        self.assertEqual(self.content(), 'a: 1\n')
        self.assertEqual(os.getxattr(self.path('a.yaml'), 'user.note'), b'mine')

    @unittest.skipUnless(shutil.which('setfacl'), 'there is no setfacl')
    def test_access_list(self):
        config = self.watch()
        self.save_versions(config, 'a: 2\n')
        self.run_tool('setfacl', '-m', 'u:1234:rw,g:5678:r', self.path('a.yaml'))
        before = os.getxattr(self.path('a.yaml'), 'system.posix_acl_access')
        config.rollback(1)
        self.assertEqual(self.content(), 'a: 1\n')
        self.assertEqual(os.getxattr(self.path('a.yaml'), 'system.posix_acl_access'), before)

    def test_link_stays(self):
        self.path('real').mkdir()
        self.write('real/a.yaml', 'a: 1\n')
        self.path('a.yaml').symlink_to('real/a.yaml')
        config = self.client.register('a', self.path('a.yaml'))
        self.forget()
        self.save('real/a.yaml', 'a: 2\n')
        config.wait_changed()
        config.rollback(1)
        self.assertEqual(os.readlink(self.path('a.yaml')), 'real/a.yaml')
        self.assertEqual(self.content('real/a.yaml'), 'a: 1\n')
        self.assertEqual(os.listdir(self.path('real')), ['a.yaml'])
        self.forget()
        self.save('real/a.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 1, 3))

    def test_large(self):
        filling = ''.join(f'k{i}: {i}\n' for i in range(20000))
        config = self.watch(content='a: 1\n' + filling)
        self.save_versions(config, 'a: 2\n')
        self.assertEqual(config.rollback(1), 3)
        self.assertEqual(self.content(), 'a: 1\n' + filling)
        self.assertEqual(config.get('k19999'), 19999)


class Layers(TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.client.register('a', self.write('a.yaml', 'a: 1\n'), self.path('b.yaml'))
        self.forget()

    def test_layer_that_was_not_there(self):
        self.write('b.yaml', 'a: 2 # layer\n')
        self.config.wait_changed()
        self.assertEqual(self.config.rollback(1), 3)
        self.assert_changed(self.config, ('a', 'modified', 2, 1), files=[str(self.path('b.yaml'))])
        self.assertFalse(self.path('b.yaml').exists())
        self.assertEqual(self.config.rollback(2), 4)
        self.assert_changed(self.config, ('a', 'modified', 1, 2))
        self.assertEqual(self.content('b.yaml'), 'a: 2 # layer\n')
        self.assertEqual(self.still(), [])

    def test_all_layers(self):
        self.write('b.yaml', 'b: 1\n')
        self.config.wait_changed()
        self.save('a.yaml', 'a: 2\n')
        self.config.wait_changed()
        self.save('b.yaml', 'b: 2\n')
        self.config.wait_changed()
        self.assertEqual(self.config.rollback(2), 5)
        self.assert_changed(self.config, ('a', 'modified', 2, 1), ('b', 'modified', 2, 1))
        self.assertEqual((self.content('a.yaml'), self.content('b.yaml')), ('a: 1\n', 'b: 1\n'))

    def test_other_set_of_files(self):
        other = self.write('other.json', '{"a": 5}')
        self.config.call('SetFiles', '(as)', [str(other)])
        self.config.wait_changed()
        self.assertEqual(self.config.rollback(1), 3)
        self.assertEqual(self.config.get_property('Files'), [str(self.path('a.yaml')), str(self.path('b.yaml'))])
        self.assertEqual(other.read_text(), '{"a": 5}')
        self.forget()
        self.write('b.yaml', 'b: 1\n')
        self.assert_changed(self.config, ('b', 'added', None, 1))
        self.bus.end_daemon()
        self.assertEqual(self.config.get_property('Files'), [str(self.path('a.yaml')), str(self.path('b.yaml'))])
