# SPDX-License-Identifier: LGPL-2.1-or-later
"""Versions that go back by themselves unless they are confirmed in time."""
import time

import confirming
import reconf
from gi.repository import GLib


class Waiting(confirming.TestCase):
    def test_unconfirmed(self):
        before = time.time_ns() // 1000
        config = self.unconfirmed()
        self.assertEqual(self.state(config), 'unconfirmed')
        self.assertFalse(config.get_property('Pending'))
        self.assertGreaterEqual(self.deadline(config), before + confirming.LONG * 1000)
        self.assertLessEqual(self.deadline(config), time.time_ns() // 1000 + confirming.LONG * 1000)
        self.assertEqual(self.client.manager('ListConfigs')[0][3], 'unconfirmed')

    def test_first_version_has_nothing_to_go_back_to(self):
        config = self.watch(confirm_ms=confirming.SOON)
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assert_fails('NotUnconfirmed', self.confirm, config, 1)

    def test_timeout(self):
        config = self.unconfirmed(confirming.SOON)
        root, version, previous, changes, details = self.wait_return(config)
        self.assertEqual((root, version, previous, changes), ('/a/', 3, 2, [('a', 'modified', 2, 1)]))
        self.assertIn('not confirmed', details['message'])
        self.assertEqual(self.read(), 'a: 1 # one\n')
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assertEqual(self.states(config), [(3, 'timeout', 'active'), (2, 'file', 'rolled-back'),
                                               (1, 'register', 'superseded')])
        self.assertEqual(config.history()[0][5]['from-version'], 1)
        self.assertIn('not confirmed', config.history()[0][5]['message'])
        self.assertEqual(config.call('GetProblems'), [])
        self.assertEqual(self.still(), [])

    def test_confirm(self):
        config = self.unconfirmed(confirming.BRIEF)
        deadline = self.deadline(config)
        self.confirm(config, 2)
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assert_fails('NotUnconfirmed', self.confirm, config, 2)
        self.forget()
        self.wait_past(deadline)
        self.assertEqual(self.still(), [])
        self.assertEqual((config.get('a'), self.read()), (2, 'a: 2 # two\n'))

    def test_wrong_version(self):
        config = self.unconfirmed()
        for version in (0, 1, 3, 2**64 - 1):
            with self.subTest(version):
                self.assertIn('2', self.assert_fails('NotUnconfirmed', self.confirm, config, version))
                self.assert_fails('NotUnconfirmed', self.extend, config, version, 5)
        self.assertEqual(self.state(config), 'unconfirmed')

    def test_extend(self):
        config = self.unconfirmed()
        before = time.time_ns() // 1000
        deadline = self.extend(config, 2, 2 * confirming.LONG)
        self.assertGreaterEqual(deadline, before + 2 * confirming.LONG * 1000)
        self.assertEqual(self.deadline(config), deadline)
        self.extend(config, 2, confirming.SOON)
        self.assertEqual(self.wait_return(config)[1], 3)

    def test_no_time_at_all(self):
        config = self.unconfirmed()
        self.extend(config, 2, 0)
        self.assertEqual(self.wait_return(config)[1], 3)

    def test_announced(self):
        config = self.watch(content='a: 1\n', confirm_ms=confirming.SOON)
        self.save('a.yaml', 'a: 2\n')
        told = []

        def look():
            self.client.settle()
            told.extend(heard.arguments[1] for heard in self.client.heard if heard.member == 'PropertiesChanged')
            self.client.heard.clear()
            return told and told[-1].get('State') == 'active'
        reconf.wait_until(look, 'the state')
        self.assertEqual([properties['State'] for properties in told if 'State' in properties],
                         ['unconfirmed', 'active'])
        deadlines = [properties['ConfirmDeadline'] for properties in told if 'ConfirmDeadline' in properties]
        self.assertGreater(deadlines[0], 0)
        self.assertEqual(deadlines[1:], [0])
        self.assertEqual(self.deadline(config), 0)

    def test_newest_waits(self):
        config = self.unconfirmed()
        first = self.deadline(config)
        self.save('a.yaml', 'a: 3\n')
        self.assertEqual(config.wait_changed()[1:3], (3, 2))
        self.assertGreater(self.deadline(config), first)
        self.assert_fails('NotUnconfirmed', self.confirm, config, 2)
        self.extend(config, 3, 0)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 3, 1)])
        self.assertEqual(self.read(), 'a: 1 # one\n')
        self.assertEqual(config.history()[0][5]['from-version'], 1)

    def test_confirmed_content_needs_no_confirmation(self):
        config = self.unconfirmed()
        self.save('a.yaml', 'a: 1 # again\n')
        config.wait_changed()
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))
        self.assertEqual(self.read(), 'a: 1 # again\n')

    def test_rollback_takes_back(self):
        config = self.unconfirmed()
        self.assertEqual(config.rollback(), 3)
        self.assertEqual((self.state(config), self.read()), ('active', 'a: 1 # one\n'))

    def test_comments_while_unconfirmed(self):
        config = self.unconfirmed()
        self.save('a.yaml', 'a: 2 # other words\n')
        self.assertEqual(self.still(), [])
        self.extend(config, 2, 0)
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_broken_while_unconfirmed(self):
        """What is broken is no version to go back from, and nobody's to overwrite."""
        config = self.unconfirmed()
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        self.assertEqual(self.state(config), 'invalid')
        self.assertGreater(self.deadline(config), 0)
        self.extend(config, 2, 0)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 2, 1)])
        self.assertEqual(self.read(), 'a: [\n')
        self.assertEqual((self.state(config), self.deadline(config)), ('invalid', 0))
        self.assertTrue(config.get_property('Pending'))

    def test_pending_edit_is_left(self):
        config = self.unconfirmed()
        config.call('SetHotReload', '(b)', False)
        self.save('a.yaml', 'a: 3\n')
        self.wait_property(config, 'Pending', True)
        self.extend(config, 2, 0)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 2, 1)])
        self.assertEqual((self.read(), config.get('a')), ('a: 3\n', 1))
        self.assertTrue(config.get_property('Pending'))
        self.assertEqual(self.still(), [])

    def test_several_files(self):
        first, second = self.write('a.yaml', 'a: 1\n'), self.write('b.yaml', 'b: 1\n')
        config = self.client.register('a', first, second, confirm_ms=confirming.LONG)
        self.forget()
        with self.held():
            self.save('a.yaml', 'a: 2\n')
            self.save('b.yaml', 'b: 2\n')
        self.extend(config, config.wait_changed()[1], 0)
        self.wait_return(config)
        self.assertEqual((self.read(), self.read('b.yaml')), ('a: 1\n', 'b: 1\n'))
        self.assertEqual(config.call('GetAll')[1], {'a': 1, 'b': 1})

    def test_set_files(self):
        config = self.watch(content='a: 1\n', confirm_ms=confirming.SOON)
        other = self.write('b.yaml', 'a: 2\n')
        config.call('SetFiles', '(as)', [str(other)])
        self.wait_return(config)
        self.assertEqual(config.get_property('Files'), [str(self.path('a.yaml'))])
        self.assertEqual((self.read(), self.read('b.yaml')), ('a: 1\n', 'a: 2\n'))
        self.bus.end_daemon()
        self.assertEqual(config.get_property('Files'), [str(self.path('a.yaml'))])

    def test_schema_that_makes_both_alike(self):
        """There is no other content to go back to then, but other bytes."""
        schema = self.save('schema.json', '{"properties": {"A": {"type": "string"}}}')
        config = self.watch('a.ini', 'A = 1\n', confirm_ms=confirming.LONG, schema=str(schema))
        self.save('a.ini', 'A = 01\n')
        config.wait_changed()
        self.save('schema.json', '{"properties": {"A": {"type": "integer"}}}')
        version = config.wait_changed()[1]
        self.assertEqual(self.state(config), 'unconfirmed')
        self.extend(config, version, 0)
        self.wait_state(config, 'active')
        self.assertEqual((self.read('a.ini'), self.deadline(config)), ('A = 1\n', 0))
        self.bus.end_daemon()
        self.assertEqual((self.state(config), self.read('a.ini')), ('active', 'A = 1\n'))

    def test_pruning_keeps_what_is_gone_back_to(self):
        config = self.unconfirmed(max_versions=1)
        for number in range(3, 8):
            self.save('a.yaml', f'a: {number}\n')
            config.wait_changed()
        self.extend(config, 7, 0)
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_unregister_while_unconfirmed(self):
        deadline = self.deadline(self.unconfirmed(confirming.BRIEF))
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.forget()
        self.wait_past(deadline)
        self.assertEqual(self.still(), [])
        self.assertEqual(self.read(), 'a: 2 # two\n')


class Asked(confirming.TestCase):
    """confirm-ms of a single call."""

    def test_reload(self):
        config = self.watch(content='a: 1\n', hot_reload=False)
        self.write('a.yaml', 'a: 2\n')
        self.assertEqual(config.reload(confirm_ms=confirming.LONG), 2)
        self.assertEqual(self.state(config), 'unconfirmed')
        self.extend(config, 2, 0)
        self.assertEqual(self.wait_return(config)[1], 3)
        self.assertEqual(self.read(), 'a: 1\n')

    def test_reload_of_nothing_new(self):
        config = self.watch()
        self.assertEqual(config.reload(confirm_ms=confirming.SOON), 1)
        self.assertEqual(self.state(config), 'active')

    def test_reload_without(self):
        config = self.watch(content='a: 1\n', hot_reload=False, confirm_ms=confirming.SOON)
        self.write('a.yaml', 'a: 2\n')
        config.reload(confirm_ms=0)
        self.assertEqual((self.state(config), self.deadline(config)), ('active', 0))

    def test_next_save_waits_as_long(self):
        config = self.watch(content='a: 1\n', hot_reload=False)
        self.write('a.yaml', 'a: 2\n')
        config.reload(confirm_ms=confirming.LONG)
        deadline = self.deadline(config)
        for number in range(3, 23):
            self.write('a.yaml', f'a: {number}\n')
            config.reload()
            self.assertEqual(self.deadline(config), deadline)
        self.extend(config, number, 0)
        self.wait_return(config)
        self.assertEqual(self.read(), 'a: 1\n')

    def test_rollback(self):
        config = self.watch(content='a: 1 # one\n')
        self.save('a.yaml', 'a: 2 # two\n')
        config.wait_changed()
        self.assertEqual(config.rollback(1, confirm_ms=confirming.LONG, message='try'), 3)
        self.assertEqual((self.state(config), self.read()), ('unconfirmed', 'a: 1 # one\n'))
        self.extend(config, 3, 0)
        self.assertEqual(self.wait_return(config)[1], 4)
        self.assertEqual(self.read(), 'a: 2 # two\n')
        self.assertEqual(self.states(config)[0:2], [(4, 'timeout', 'active'), (3, 'rollback', 'rolled-back')])

    def test_bad_options(self):
        config = self.watch()
        for settings in ({'confirm_ms': GLib.Variant('t', 5)}, {'confirm': GLib.Variant('u', 5)}):
            self.assert_fails('InvalidArgument', config.reload, **settings)
            self.assert_fails('InvalidArgument', config.rollback, **settings)
