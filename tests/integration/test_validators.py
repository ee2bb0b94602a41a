# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that are asked before a version is made."""
import mmap
import os

from gi.repository import Gio, GLib

import reconf
import scene

VALIDATOR = reconf.NAME + '.Validator'
XML = f'''<node><interface name="{VALIDATOR}"><method name="Validate">
<arg name="config" type="o" direction="in"/><arg name="version" type="t" direction="in"/>
<arg name="changes" type="a(ssvv)" direction="in"/><arg name="snapshot" type="h" direction="in"/>
</method></interface></node>'''


class Validator:
    """An exported object that keeps what it is asked, until it is told what to say."""

    def __init__(self, client, config, path='/validator', **settings):
        self.client = client
        self.path = path
        self.config = config
        self.asked = []
        interface = Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0]
        client.connection.register_object(path, interface, self._on_call, None, None)
        # As long as there can be: those who are to answer are not to be late.
        settings = {'timeout_ms': GLib.Variant('u', 9000)} | settings
        client.call(config.path, reconf.CONFIG, 'AddValidator', '(oa{sv})', path, reconf.options(**settings))

    def _on_call(self, connection, sender, path, interface, method, arguments, invocation):
        self.asked.append((reconf.native(arguments), invocation))

    def wait(self):
        """The next question: its arguments, and what answers it."""
        reconf.wait_until(lambda: self.asked, 'a question')
        return self.asked.pop(0)

    def accept(self):
        arguments, invocation = self.wait()
        invocation.return_value(None)
        return arguments

    def reject(self, message):
        _, invocation = self.wait()
        invocation.return_dbus_error('org.example.No', message)

    def remove(self):
        self.client.call(self.config.path, reconf.CONFIG, 'RemoveValidator', '(o)', self.path)


class ValidatorCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.config = self.watch()
        self.other = self.bus.connect()

    def refused(self):
        stage, problems = self.config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'validator')
        return problems[0][3]


class Asking(ValidatorCase):
    def test_accepted(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\n')
        path, version, changes, _ = validator.accept()
        self.assertEqual((path, version, changes), (self.config.path, 2, [('a', 'modified', 1, 2)]))
        self.assert_changed(self.config, ('a', 'modified', 1, 2))

    def test_snapshot(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\nb: [x]\n')
        _, invocation = validator.wait()
        descriptor = invocation.get_message().get_unix_fd_list().get(0)
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as memory:
            content = GLib.Variant.new_from_bytes(GLib.VariantType('a{sv}'), GLib.Bytes.new(memory[:]), False)
        os.close(descriptor)
        self.assertEqual(content.unpack(), {'a': 2, 'b': ['x']})
        invocation.return_value(None)
        self.config.wait_changed()

    def test_deadline_meanwhile(self):
        """What is asked about a newer save keeps nothing from going back in time; then it is asked again."""
        config = self.watch('b.yaml', config='b', confirm_ms=60000)
        self.save('b.yaml', 'a: 2\n')
        config.wait_changed()
        validator = Validator(self.other, config)
        self.save('b.yaml', 'a: 3\n')
        self.assertEqual(validator.wait()[0][2], [('a', 'modified', 2, 3)])
        self.forget()
        config.call('ExtendConfirm', '(tu)', 2, 0)
        news = reconf.wait_until(lambda: [heard for heard in self.client.heard
                                          if heard.member in ('ConfigChanged', 'ReloadFailed')], 'any news')
        self.assertEqual((news[0].member, news[0].arguments[3]), ('ConfigChanged', [('a', 'modified', 2, 1)]))
        self.forget()
        self.assertEqual(validator.accept()[2], [('a', 'modified', 1, 3)])
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 3)])
        self.assertEqual(self.path('b.yaml').read_text(), 'a: 3\n')

    def test_rejected(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\n')
        validator.reject('two is too many')
        self.assertIn('two is too many', self.refused())
        self.assertEqual((self.config.get('a'), self.state(self.config)), (1, 'invalid'))

    def test_words_about_a_private_config_stay_out_of_the_log(self):
        self.path('a.yaml').chmod(0o600)
        self.wait_property(self.config, 'Public', False)
        self.config.subscribe()
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: hunter2\n')
        validator.reject('hunter2 is too short')
        self.assertIn('hunter2', self.refused())
        self.assertNotIn('hunter2', self.bus.log.read_text(errors='replace'))

    def test_reload_hears_why(self):
        validator = Validator(self.other, self.config)
        self.config.call('SetHotReload', '(b)', False)
        self.save('a.yaml', 'a: 2\n')
        failures = []

        def done(connection, result):
            try:
                connection.call_finish(result)
            except GLib.Error as error:
                failures.append(Gio.DBusError.get_remote_error(error))

        self.client.connection.call(reconf.NAME, self.config.path, reconf.CONFIG, 'Reload',
                                    GLib.Variant('(a{sv})', ({},)), None, Gio.DBusCallFlags.NONE, -1, None, done)
        validator.reject('no')
        reconf.wait_until(lambda: failures, 'the reply')
        self.assertEqual(failures, [reconf.ERROR + 'ValidationFailed'])

    def test_silence(self):
        Validator(self.other, self.config, timeout_ms=GLib.Variant('u', 50))
        self.save('a.yaml', 'a: 2\n')
        self.assertIn('50 ms', self.refused())

    def test_exit(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\n')
        validator.wait()
        self.other.close()
        self.refused()
        self.save('a.yaml', 'a: 3\n')
        self.assert_changed(self.config, ('a', 'modified', 1, 3))

    def test_all_are_asked_at_once(self):
        first = Validator(self.other, self.config)
        second = Validator(self.bus.connect(), self.config)
        self.save('a.yaml', 'a: 2\n')
        _, one = first.wait()
        _, two = second.wait()
        two.return_value(None)
        self.assertEqual(self.config.get('a'), 1)
        one.return_value(None)
        self.config.wait_changed()

    def test_removed_ones_are_not_asked(self):
        validator = Validator(self.other, self.config)
        validator.remove()
        self.save('a.yaml', 'a: 2\n')
        self.config.wait_changed()
        self.assertEqual(validator.asked, [])
        self.assert_fails('InvalidArgument', validator.remove)

    def test_rollback_is_asked_about(self):
        self.save('a.yaml', 'a: 2\n')
        self.config.wait_changed()
        validator = Validator(self.other, self.config)
        done = []
        self.client.connection.call(reconf.NAME, self.config.path, reconf.CONFIG, 'Rollback',
                                    GLib.Variant('(ta{sv})', (1, {})), None, Gio.DBusCallFlags.NONE, -1, None,
                                    lambda connection, result: done.append(connection.call_finish(result)))
        validator.accept()
        reconf.wait_until(lambda: done, 'the reply')
        self.assertEqual(self.path('a.yaml').read_text(), 'a: 1\n')


class Meanwhile(ValidatorCase):
    def test_others_are_served(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\n')
        _, invocation = validator.wait()
        self.assertEqual(self.config.get('a'), 1)
        other = self.watch('b.yaml', config='b')
        self.save('b.yaml', 'a: 5\n')
        other.wait_changed()
        invocation.return_value(None)
        self.config.wait_changed()

    def test_newer_save_supersedes(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\n')
        _, first = validator.wait()
        self.save('a.yaml', 'a: 3\n')
        arguments, second = validator.wait()
        self.assertEqual(arguments[2], [('a', 'modified', 1, 3)])
        first.return_dbus_error('org.example.Late', 'an answer that nobody waits for')
        second.return_value(None)
        self.assert_changed(self.config, ('a', 'modified', 1, 3))

    def test_saves_without_end(self):
        """Somebody who saves more often than a validator answers does not keep all of it from being active."""
        validator = Validator(self.other, self.config)
        number = 1

        def save():
            nonlocal number
            number += 1
            self.save('a.yaml', f'a: {number}\n')
            return True

        def answer():
            for _, invocation in validator.asked:
                GLib.timeout_add(500, invocation.return_value, None)
            validator.asked.clear()
            return True

        for source in GLib.timeout_add(50, save), GLib.timeout_add(10, answer):
            self.addCleanup(GLib.source_remove, source)
        self.config.wait_changed()

    def test_calling_back_is_busy(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\n')
        _, invocation = validator.wait()
        mine = reconf.Config(self.other, self.config.path)
        self.assert_fails('Busy', mine.reload)
        self.assert_fails('Busy', mine.rollback, 1)
        self.assert_fails('Busy', mine.call, 'SetFiles', '(as)', [str(self.path('a.yaml'))])
        self.assert_fails('Busy', mine.call, 'Confirm', '(t)', 1)
        self.assert_fails('Busy', mine.call, 'ExtendConfirm', '(tu)', 1, 1000)
        self.assertEqual(mine.get('a'), 1)
        invocation.return_value(None)
        self.config.wait_changed()

    def test_removed_as_soon_as_added(self):
        self.call_at_once(self.other, self.config, ('AddValidator', '(oa{sv})', '/validator', {}),
                          ('RemoveValidator', '(o)', '/validator'))
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(self.config, ('a', 'modified', 1, 2))

    def test_unregistered(self):
        validator = Validator(self.other, self.config)
        self.save('a.yaml', 'a: 2\n')
        validator.wait()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.assertEqual(self.names(), [])


class Limits(ValidatorCase):
    def test_sixty_four_a_user(self):
        for number in range(64):
            Validator(self.other, self.config, f'/v{number}')
        self.assert_fails('LimitExceeded', Validator, self.other, self.config, '/one_more')
        self.other.close()
        self.other = self.bus.connect()
        reconf.wait_until(lambda: not self._is_full(), 'room')

    def _is_full(self):
        try:
            Validator(self.bus.connect(), self.config, '/again')
        except reconf.BusError:
            return True
        return False

    def test_timeout(self):
        for value in (0, 9001):
            self.assert_fails('InvalidArgument', Validator, self.other, self.config,
                              f'/t{value}', timeout_ms=GLib.Variant('u', value))


del ValidatorCase
