# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client library, as Python has it, on a private bus."""
import signal

import reconf
from gi.repository import Gio, GLib
from library import Reconf, TestCase, native


class Reading(TestCase):
    def test_values(self):
        config = self.open('{db: {pool: {size: 20}, host: x}, list: [a, b], on: true, rate: 1.5}\n')
        self.assertEqual(config.get_int('db.pool.size', 5), 20)
        self.assertEqual(config.get_int('db.pool.wait', 5), 5)
        self.assertEqual(config.dup_string('db.host', None), 'x')
        self.assertEqual(config.dup_strv('list'), ['a', 'b'])
        self.assertTrue(config.get_boolean('on', False))
        self.assertEqual(config.get_double('rate', 0), 1.5)
        self.assertEqual(reconf.native(config.get_variant('')), {
            'db': {'pool': {'size': 20}, 'host': 'x'}, 'list': ['a', 'b'], 'on': True, 'rate': 1.5})
        self.assertEqual(config.get_version(), 1)
        self.assertEqual(config.get_name(), 'a')
        self.assertEqual(config.get_status(), Reconf.Status.CONNECTED)

    def test_no_such_config(self):
        with self.assertRaises(GLib.Error) as caught:
            self.library.get_config_sync('none', None, None)
        self.assertTrue(caught.exception.matches(Reconf.error_quark(), Reconf.Error.NO_SUCH_CONFIG))
        self.assertNotIn('GDBus', caught.exception.message)

    def test_asynchronously(self):
        self.watch()
        done = []
        Reconf.Client.new_for_address(self.bus.address, None, lambda _, result: done.append(result))
        library = Reconf.Client.new_finish(self.wait(lambda: done)[0])
        done.clear()
        library.get_config('a', None, None, lambda _, result: done.append(result))
        config = library.get_config_finish(self.wait(lambda: done)[0])
        self.assertEqual(config.get_int('a', 0), 1)
        heard = self.note(config)
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: heard)
        self.assertEqual(heard, [(1, 2, [('a', 1, 2)])])
        done.clear()
        library.get_config('none', None, None, lambda _, result: done.append(result))
        with self.assertRaises(GLib.Error):
            library.get_config_finish(self.wait(lambda: done)[0])


class Hearing(TestCase):
    def test_changes(self):
        config = self.open('{a: 1, b: {c: 1}}\n')
        everything, below = self.note(config), self.note(config, 'changed::b')
        self.save('a.yaml', '{a: 2, b: {c: 1}}\n')
        self.wait(lambda: everything)
        self.save('a.yaml', '{a: 2, b: {c: 2}}\n')
        self.wait(lambda: below)
        self.assertEqual(everything, [(1, 2, [('a', 1, 2)]), (2, 3, [('b.c', 1, 2)])])
        self.assertEqual(below, everything[1:])

    def test_details(self):
        config = self.open()
        details = []
        config.connect('changed', lambda _, change: details.append(change.get_details().unpack()))
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: details)
        self.assertEqual(details[0]['origin'], 'file')

    def test_private(self):
        path = self.write('a.yaml', 'a: 1\n')
        path.chmod(0o600)
        self.client.register('a', path)
        config = self.library.get_config_sync('a', None, None)
        heard = self.note(config)
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: heard)
        self.assertEqual(config.get_int('a', 0), 2)

    def test_watch(self):
        config = self.open('b: 1\n')
        heard = []
        handle = config.watch('test.value', lambda _, path, old, new: heard.append((path, native(old), native(new))))
        self.save('a.yaml', 'test: {value: 42}\n')
        self.wait(lambda: heard)
        self.save('a.yaml', 'b: 1\n')
        self.wait(lambda: len(heard) == 2)
        self.assertEqual(heard, [('test.value', None, 42), ('test.value', 42, None)])
        self.assertTrue(config.unwatch(handle))

    def test_failed(self):
        config = self.open()
        failed = []
        config.connect('reload-failed', lambda _, stage, problems: failed.append((stage, problems.unpack())))
        self.save('a.yaml', 'a: [\n')
        self.wait(lambda: failed)
        self.assertEqual(failed[0][0], 'parse')
        self.assertEqual(failed[0][1][0][1], 2)
        self.assertEqual(config.get_int('a', 0), 1)

    def test_paths(self):
        """What does not touch the paths wakes nobody; gaps are as they should be."""
        config = self.open('{a: 1, b: {c: 1}}\n', paths=['b.c'])
        heard = self.note(config)
        for value in (2, 3):
            self.save('a.yaml', f'{{a: {value}, b: {{c: 1}}}}\n')
            self.client.wait_signal('ConfigChanged')
        self.assertEqual(config.get_version(), 1)
        self.save('a.yaml', '{a: 3, b: {c: 2}}\n')
        self.wait(lambda: heard)
        self.assertEqual(heard, [(1, 4, [('a', 1, 3), ('b.c', 1, 2)])])

    def test_forged(self):
        """Anybody may send a signal to one connection; nobody but the service is believed."""
        config = self.open()
        failed = []
        config.connect('reload-failed', lambda *_: failed.append(True))
        name = self.library.dup_connection().get_unique_name()
        forger = self.bus.connect().connection
        forger.emit_signal(name, reconf.MANAGER_PATH + '/config/a', reconf.CONFIG, 'ReloadFailed',
                           GLib.Variant('(sa(suus))', ('parse', [])))
        forger.flush_sync(None)
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: config.get_int('a', 0) == 2)
        self.assertEqual(failed, [])

    def test_bind(self):
        config = self.open('on: false\n')
        action = Gio.SimpleAction(name='x')
        config.bind('on', action, 'enabled', Reconf.BindFlags.DEFAULT)
        self.assertFalse(action.get_enabled())
        self.save('a.yaml', 'on: true\n')
        self.wait(action.get_enabled)

    def test_bind_with_closure(self):
        config = self.open('level: low\n')
        action = Gio.SimpleAction(name='x')
        handle = config.bind_with_closure('level', action, 'enabled', Reconf.BindFlags.DEFAULT,
                                          lambda variant: variant.unpack() == 'high')
        self.assertFalse(action.get_enabled())
        self.save('a.yaml', 'level: high\n')
        self.wait(action.get_enabled)
        self.assertTrue(config.unwatch(handle))


class Asking(TestCase):
    def test_reload(self):
        config = self.open()
        config_on_bus = self.client.config('a')
        config_on_bus.call('SetHotReload', '(b)', False)
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(config.reload_sync(None), (True, 2))
        self.assertEqual(config.get_int('a', 0), 2)
        done = []
        self.save('a.yaml', 'a: 3\n')
        config.reload(None, lambda _, result: done.append((config.get_int('a', 0), config.reload_finish(result))))
        self.wait(lambda: done)
        self.assertEqual(done, [(3, (True, 3))])
        self.save('a.yaml', 'a: [\n')
        with self.assertRaises(GLib.Error) as caught:
            config.reload_sync(None)
        self.assertTrue(caught.exception.matches(Reconf.error_quark(), Reconf.Error.PARSE_FAILED))

    def test_rollback(self):
        config = self.open()
        self.save('a.yaml', 'a: 2\n')
        config.reload_sync(None)
        self.assertEqual(config.rollback_sync(0, None, None), (True, 3))
        self.assertEqual(config.get_int('a', 0), 1)
        history = config.get_history_sync(None).unpack()
        self.assertEqual([version[0] for version in history], [3, 2, 1])
        done = []
        config.get_history(None, lambda _, result: done.append(config.get_history_finish(result).unpack()))
        self.wait(lambda: done)
        self.assertEqual(done, [history])

    def test_watch_file(self):
        path = str(self.write('shop.yaml', 'a: 1\n'))
        config = self.library.watch_file_sync(path, None)
        self.assertEqual((config.get_name(), config.get_int('a', 0)), ('shop', 1))
        self.assertEqual(self.library.watch_file_sync(path, None).get_name(), 'shop')
        (self.files / 'other').mkdir()
        other = self.write('other/shop.yaml', 'a: 2\n')
        config = self.library.watch_file_sync(str(other), None)
        self.assertRegex(config.get_name(), '^shop-[0-9a-f]{8}$')
        self.assertEqual(config.get_int('a', 0), 2)
        rows = self.library.list_configs_sync(None).unpack()
        self.assertEqual(len(rows), 2)
        self.assertTrue(self.library.unregister_sync('shop', None))

    def test_register(self):
        path = str(self.write('x.json', '{"a": 1}'))
        options = GLib.Variant('a{sv}', {'debounce-ms': GLib.Variant('u', 5)})
        config = self.library.register_sync('x', [path], options, None)
        self.assertEqual(config.get_int('a', 0), 1)
        with self.assertRaises(GLib.Error) as caught:
            self.library.register_sync('y', [path], GLib.Variant('a{sv}', {'no': GLib.Variant('b', True)}), None)
        self.assertTrue(caught.exception.matches(Reconf.error_quark(), Reconf.Error.INVALID_ARGUMENT))

    def test_without_service(self):
        path = self.write('alone.yaml', 'a: 1\n')
        config = Reconf.Config.new_for_file(str(path))
        heard = self.note(config)
        self.save('alone.yaml', 'a: 2\n')
        self.wait(lambda: heard)
        self.assertEqual(config.get_int('a', 0), 2)
        self.save('alone.yaml', 'a: 3\n')
        self.assertEqual(config.reload_sync(None), (True, 3))
        with self.assertRaises(GLib.Error) as caught:
            config.get_history_sync(None)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_SUPPORTED))


class StayingConnected(TestCase):
    def states(self, object_):
        seen = []
        object_.connect('notify::status', lambda *_: seen.append(object_.get_status().value_nick))
        return seen

    def test_killed(self):
        config = self.open()
        heard, states = self.note(config), self.states(self.library)
        for value in range(2, 6):
            self.bus.end_daemon(signal.SIGKILL if value % 2 else signal.SIGTERM)
            self.wait(lambda: config.get_status() != Reconf.Status.CONNECTED, 'the end to be heard')
            self.assertEqual(config.get_int('a', 0), value - 1)
            self.save('a.yaml', f'a: {value}\n')
            self.wait_connected(config)
            self.wait(lambda: config.get_int('a', 0) == value, 'what was missed')
            self.wait(lambda: len(heard) == value - 1, 'one signal')
            self.assertEqual(heard[-1][2], [('a', value - 1, value)])
            self.assertEqual(self.library.get_reconnect_attempts(), 0)
        self.assertEqual(states, ['connecting', 'connected'] * 4)
        self.save('a.yaml', 'a: 9\n')
        self.wait(lambda: config.get_int('a', 0) == 9)

    def test_several_versions_missed_are_one_change(self):
        config = self.open('{a: 1, b: 1}\n')
        heard = self.note(config)
        self.bus.end_daemon()
        self.save('a.yaml', '{a: 2, b: 1}\n')
        self.client.config('a')
        self.save('a.yaml', '{a: 2, c: 1}\n')
        self.wait(lambda: config.has('c'))
        self.wait(lambda: heard and heard[-1][2][-1][0] == 'c')
        self.assertLessEqual(len(heard), 2)

    def test_bus_goes(self):
        config = self.open()
        self.end_bus()
        self.wait(lambda: self.library.get_status() != Reconf.Status.CONNECTED, 'the end to be heard')
        self.assertEqual(config.get_int('a', 0), 1)
        self.wait(lambda: self.library.get_reconnect_attempts() >= 2, 'some attempts')
        self.assertIsNotNone(self.library.dup_error())
        self.save('a.yaml', 'a: 2\n')
        self.bus.start()
        self.client = self.bus.connect()
        self.wait_connected(config)
        self.wait(lambda: config.get_int('a', 0) == 2, 'what was missed')
        self.assertIsNone(self.library.dup_error())
        self.save('a.yaml', 'a: 3\n')
        self.wait(lambda: config.get_int('a', 0) == 3)

    def test_limit(self):
        config = self.open()
        self.library.set_max_reconnect_attempts(3)
        self.end_bus()
        self.wait(lambda: self.library.get_status() == Reconf.Status.ERROR, 'it to give up')
        self.assertEqual(self.library.get_reconnect_attempts(), 3)
        self.wait(lambda: config.get_status() == Reconf.Status.ERROR, 'the config to say so')
        self.assertIsNotNone(config.dup_error())
        with self.assertRaises(GLib.Error) as caught:
            config.reload_sync(None)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_CONNECTED))
        self.bus.start()
        self.client = self.bus.connect()
        self.library.reconnect()
        self.wait_connected(config)

    def test_switched_off(self):
        config = self.open()
        self.library.set_auto_reconnect(False)
        # A call that is still under way would have the bus start the service again.
        config.reload_sync(None)
        self.wait_connected(config)
        self.bus.end_daemon()
        self.wait(lambda: self.library.get_status() == Reconf.Status.DISCONNECTED, 'the end to be heard')
        self.assertEqual(config.get_int('a', 0), 1)
        # The service comes by itself.
        self.client.config('a')
        self.wait_connected(config)

    def test_not_kept(self):
        """What the service has forgotten is registered again by who registered it."""
        path = self.write('a.yaml', 'a: 1\n')
        options = GLib.Variant('a{sv}', {'persist': GLib.Variant('b', False)})
        config = self.library.register_sync('a', [str(path)], options, None)
        heard = self.note(config)
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: heard)
        self.assertEqual(heard[0][2], [('a', 1, 2)])
        self.wait_connected(config)


class BeingAnInstance(TestCase):
    def states(self):
        return [(row[5], row[6]) for row in self.client.manager('ListInstances', '(s)', 'a')]

    def wait_states(self, *states):
        self.wait(lambda: self.states() == list(states), f'the states {states}')

    def register(self, config, flags=Reconf.InstanceFlags.DEFAULT):
        return Reconf.Instance.new_sync(config, 'test', flags, None)

    def test_applied(self):
        config = self.open()
        instance = self.register(config)
        self.wait_states(('current', 1))
        self.save('a.yaml', 'a: 2\n')
        self.wait_states(('current', 2))
        self.assertIs(instance.get_config(), config)
        del instance
        self.wait_states()

    def test_held(self):
        config = self.open()
        instance = self.register(config)
        config.connect('changed', lambda _, change: change.hold())
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: config.get_version() == 2)
        self.library.list_configs_sync(None)
        self.wait_states(('pending', 1))
        self.assertTrue(instance.report_sync(2, Reconf.Report.FAILED, 'no', None))
        self.assertEqual(self.states(), [('failed', 1)])
        done = []
        instance.report(2, Reconf.Report.PARTIAL, 'half', None,
                        lambda _, result: done.append(instance.report_finish(result)))
        self.wait(lambda: done)
        self.assertEqual(self.states(), [('partial', 2)])
        with self.assertRaises(GLib.Error) as caught:
            instance.report_sync(99, Reconf.Report.APPLIED, None, None)
        self.assertTrue(caught.exception.matches(Reconf.error_quark(), Reconf.Error.NO_SUCH_VERSION))

    def test_silent(self):
        config = self.open()
        instance = self.register(config, Reconf.InstanceFlags.SILENT)
        self.assertEqual(self.states(), [('untracked', 0)])
        self.assertIsNotNone(instance)

    def test_asynchronously(self):
        config = self.open()
        done = []
        Reconf.Instance.new(config, None, Reconf.InstanceFlags.DEFAULT, None, lambda _, result: done.append(result))
        instance = Reconf.Instance.new_finish(self.wait(lambda: done)[0])
        self.wait_states(('current', 1))
        self.assertIsNotNone(instance)

    def test_reported_again(self):
        """What the program said of a version is told a service that comes back; and nothing, where it has yet to."""
        config = self.open()
        instance = self.register(config)
        config.connect('changed', lambda _, change: change.hold())
        self.save('a.yaml', 'a: 2\n')
        self.wait_states(('pending', 1))
        self.bus.end_daemon()
        self.wait_states(('pending', 0))
        self.library.list_configs_sync(None)
        self.client.settle()
        instance.report_sync(2, Reconf.Report.PARTIAL, 'half', None)
        self.bus.end_daemon()
        self.wait_states(('partial', 2))
        details = self.client.manager('ListInstances', '(s)', 'a')[0][7]
        self.assertEqual((details['name'], details['message']), ('test', 'half'))

    def test_registered_again(self):
        config = self.open()
        instance = self.register(config)
        self.wait_states(('current', 1))
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 2\n')
        self.wait_states(('current', 2))
        self.assertIsNotNone(instance)

    def test_validate(self):
        config = self.open()
        asked = []

        def validate(_, change):
            value = change.get_after().get_int('a', 0)
            asked.append(value)
            if value == 3:
                change.reject('a is three')
            return value != 4

        instance = self.register(config, Reconf.InstanceFlags.VALIDATES)
        instance.connect('validate', validate)
        failed = []
        config.connect('reload-failed', lambda _, stage, problems: failed.append((stage, problems.unpack()[0][3])))
        # The validator is known once this has been answered, which takes the same questions to the bus.
        config.reload_sync(None)
        for value in (2, 3, 4, 5):
            self.save('a.yaml', f'a: {value}\n')
            self.wait(lambda: value in asked)
            self.wait(lambda: config.get_int('a', 0) == value or len(failed) == value - 2)
        self.assertEqual(config.get_int('a', 0), 5)
        self.assertEqual([stage for stage, _ in failed], ['validator'] * 2)
        self.assertIn('a is three', failed[0][1])
        self.assertEqual(asked, [2, 3, 4, 5])

    def test_validate_timeout(self):
        config = self.open()
        instance = self.register(config, Reconf.InstanceFlags.VALIDATES)
        self.assertEqual(instance.get_validate_timeout(), 2000)
        asked, failed = [], []
        instance.connect('validate', lambda _, change: asked.append(change.get_version()) or True)
        config.connect('reload-failed', lambda _, stage, problems: failed.append(stage))
        instance.props.validate_timeout = 1
        config.reload_sync(None)
        on_bus = self.client.config('a')
        # Our loop does not turn while we wait for the reply, so there is no answer in time.
        self.save('a.yaml', 'a: 2\n')
        self.assert_fails('ValidationFailed', on_bus.reload)
        self.wait(lambda: failed)
        self.assertEqual(set(failed), {'validator'})
        instance.set_validate_timeout(9000)
        # Who calls is asked about for this as for a validator, in turn: the service knows of it then.
        config.set_hot_reload_sync(True, None)
        self.save('a.yaml', 'a: 3\n')
        self.wait(lambda: config.get_int('a', 0) == 3)
        self.assertTrue(asked)
