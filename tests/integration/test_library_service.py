# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client library and a service that goes, comes, forgets, and is asked for all that it knows."""
import os
import shutil
import signal
import subprocess
import threading

import reconf
import scene
from gi.repository import Gio, GLib
from library import Reconf, TestCase, native


class Returning(TestCase):
    """Whatever ends the service, and whatever changes meanwhile: one change tells all of it."""

    def setUp(self):
        super().setUp()
        self.number = 0

    def content(self):
        """Each has some keys that the one before had not, lacks others, and nests."""
        self.number += 1
        number = self.number
        return {'n': number, f'only-{number}': True, 'same': 'x', 'map': {'a': number % 3, f'b{number % 2}': [number]}}

    def put(self):
        content = self.content()
        self.save('a.yaml', repr(content).replace('True', 'true') + '\n')
        return content

    def go(self, gone):
        """Has it gone, and nobody bring it back."""
        self.library.set_auto_reconnect(False)
        gone()
        self.wait(lambda: self.library.get_status() == Reconf.Status.DISCONNECTED, 'the end to be heard')

    def come(self):
        self.library.set_auto_reconnect(True)
        self.library.reconnect()

    def killed(self, change):
        self.go(lambda: self.bus.end_daemon(signal.SIGKILL))
        change()
        self.come()

    def ended(self, change):
        self.go(lambda: self.bus.end_daemon(signal.SIGTERM))
        change()
        self.come()

    def replaced(self, change):
        """It comes by itself, another program from another place."""
        self.go(lambda: self.bus.end_daemon(signal.SIGTERM))
        change()
        process = subprocess.Popen(scene.daemon_command(), env=self.bus.environment)
        self.addCleanup(process.wait)
        self.wait(lambda: self.library.get_status() == Reconf.Status.CONNECTED, 'the other one')
        self.library.set_auto_reconnect(True)

    def left(self, change):
        """Idle, when the last config was unregistered."""
        self.go(lambda: self.bus.end_daemon(signal.SIGTERM))
        # Not for longer: one that is idle from the start would leave while calls are on their way to it.
        self.configure(IdleExitSec=0)
        self.library.reconnect()
        self.wait(lambda: self.library.get_status() == Reconf.Status.CONNECTED, 'the one that leaves')
        self.configure()
        pid = self.bus.daemon_pid()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        reconf.wait_for_end(pid)
        self.wait(lambda: self.library.get_status() == Reconf.Status.DISCONNECTED, 'the end to be heard')
        change()
        self.client.register('a', self.path('a.yaml'))
        self.library.set_auto_reconnect(True)

    def lost_bus(self, change):
        self.go(self.end_bus)
        change()
        self.bus.start()
        self.client = self.bus.connect()
        self.come()

    def test_all_in_a_loop(self):
        before = self.content()
        config = self.open(repr(before).replace('True', 'true') + '\n')
        heard = self.note(config)
        picture = dict(flatten(before))
        for way in (self.killed, self.ended, self.replaced, self.left, self.lost_bus) * 2:
            with self.subTest(way.__name__, number=self.number):
                after = []

                def change():
                    self.put()
                    self.assertEqual(native(config.get_variant('')), before, 'what was read last can be read')
                    after.append(self.put())

                way(change)
                self.wait(lambda: heard, 'what was missed')
                self.wait_connected(config)
                self.check(config, heard, picture, before, after[0])
                # And nothing is deaf after that.
                before = self.put()
                self.wait(lambda: heard, 'a change')
                self.check(config, heard, picture, after[0], before)

    def check(self, config, heard, picture, before, after):
        """One change was heard, with all that differs; who goes by it has the picture that the file gives."""
        self.library.list_configs_sync(None)
        self.client.settle()
        self.assertEqual(len(heard), 1, heard)
        previous, version, items = heard.pop()
        self.assertLess(previous, version)
        self.assertEqual(config.get_version(), version)
        for path, old, new in items:
            self.assertEqual(pick(before, path), old)
            for known in [known for known in picture if known == path or known.startswith(path + '.')]:
                del picture[known]
            picture.update(flatten(new, path) if new is not None else ())
        self.assertEqual(picture, dict(flatten(after)))
        self.assertEqual(native(config.get_variant('')), after)


def flatten(value, path=''):
    if not isinstance(value, dict):
        yield path, value
        return
    for key, below in value.items():
        yield from flatten(below, f'{path}.{key}' if path else key)


def pick(value, path):
    for key in path.split('.'):
        value = value.get(key) if value is not None else None
    return value


class Forgetting(TestCase):
    def test_unregistered(self):
        config = self.open()
        heard = self.note(config)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.wait(lambda: config.get_status() == Reconf.Status.ERROR, 'the end to be heard')
        self.assertTrue(config.dup_error().matches(Reconf.error_quark(), Reconf.Error.NO_SUCH_CONFIG))
        self.assertEqual(config.get_int('a', 0), 1)
        self.assertEqual(self.library.get_status(), Reconf.Status.CONNECTED)
        self.save('a.yaml', 'a: 2\n')
        self.client.register('a', self.path('a.yaml'))
        self.wait_connected(config)
        self.wait(lambda: heard)
        self.assertIsNone(config.dup_error())
        self.assertEqual(heard, [(1, 2, [('a', 1, 2)])])
        self.save('a.yaml', 'a: 3\n')
        self.wait(lambda: config.get_int('a', 0) == 3)

    def test_unregistered_for_good(self):
        """Who registered it does not undo what somebody else has asked for, also not when the service comes back."""
        config = self.library.register_sync('a', [str(self.write('a.yaml', 'a: 1\n'))], None, None)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.wait(lambda: config.get_status() == Reconf.Status.ERROR, 'the end to be heard')
        other = self.open(name='b')
        self.bus.end_daemon()
        self.wait(lambda: self.library.get_status() != Reconf.Status.CONNECTED, 'the end to be heard')
        self.wait_connected(other)
        self.wait(lambda: config.get_status() == Reconf.Status.ERROR, 'the config to be gone')
        self.assertEqual(self.names(), ['b'])

    def test_state_lost(self):
        """Numbers begin anew: the same one is another version."""
        config = self.library.register_sync('a', [str(self.write('a.yaml', 'a: 1\n'))], None, None)
        heard = self.note(config)
        self.library.set_auto_reconnect(False)
        self.bus.end_daemon()
        self.wait(lambda: config.get_status() == Reconf.Status.DISCONNECTED, 'the end to be heard')
        shutil.rmtree(self.bus.state / 'reconf')
        self.save('a.yaml', 'a: 2\n')
        self.library.set_auto_reconnect(True)
        self.library.reconnect()
        self.wait(lambda: heard)
        self.assertEqual(heard, [(1, 1, [('a', 1, 2)])])
        self.save('a.yaml', 'a: 3\n')
        self.wait(lambda: config.get_int('a', 0) == 3)


class LeftInPeace(TestCase):
    """Nobody starts a service that nothing needs, or that is not to be got back."""

    def wait_disconnected(self):
        self.wait(lambda: self.library.get_status() == Reconf.Status.DISCONNECTED, 'the end to be heard')

    def starts(self, after=0):
        """How often the library has had the bus start the service, whatever is still under way included."""
        bus = 'org.freedesktop.DBus'
        connection = self.library.dup_connection()
        connection.call_sync(bus, '/org/freedesktop/DBus', bus, 'GetId', None, None, Gio.DBusCallFlags.NONE, -1, None)
        return self.bus.log.read_text()[after:].count(
            f"Activating service name='{reconf.NAME}' requested by '{connection.get_unique_name()}'")

    def end_service(self):
        """As when it is idle."""
        self.bus.end_daemon(signal.SIGTERM)
        self.wait_disconnected()

    def test_no_configs(self):
        self.end_service()
        self.assertIsNone(self.library.dup_error())
        self.assertEqual(self.starts(), 1)
        # Asked for something, the client has it started, also where it has yet to hear of that.
        self.client.register('a', self.write('a.yaml', 'a: 1\n'))
        config = self.library.get_config_sync('a', None, None)
        self.assertEqual(config.get_int('a', 0), 1)
        self.wait(lambda: self.library.get_status() == Reconf.Status.CONNECTED, 'the service')
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: config.get_int('a', 0) == 2)
        # From now on it is needed.
        self.bus.end_daemon()
        self.wait(lambda: self.starts() == 2, 'it to be started')
        self.wait_connected(config)

    def test_nothing_followed_any_more(self):
        config = self.library.register_sync('a', [str(self.write('a.yaml', 'a: 1\n'))], None, None)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.wait(lambda: config.get_status() == Reconf.Status.ERROR, 'the end to be heard')
        self.end_service()
        # What became of the config is still to be seen.
        self.assertEqual(config.get_status(), Reconf.Status.ERROR)
        self.assertTrue(config.dup_error().matches(Reconf.error_quark(), Reconf.Error.NO_SUCH_CONFIG))
        self.save('a.yaml', 'a: 2\n')
        self.client.register('a', self.path('a.yaml'))
        self.wait_connected(config)
        self.wait(lambda: config.get_int('a', 0) == 2)
        self.assertEqual(self.starts(), 1)

    def test_last_config_dropped(self):
        """Whoever waits to try finds that he need not."""
        config = self.open()
        self.library.set_reconnect_delay(100)
        self.bus.end_daemon()
        self.wait(lambda: self.library.get_status() == Reconf.Status.CONNECTING, 'the end to be heard')
        del config
        self.wait_disconnected()
        self.assertEqual(self.starts(), 1)

    def test_bus_without_service(self):
        """The connection to the bus is got back in any case."""
        self.end_bus()
        self.wait(lambda: self.library.get_status() == Reconf.Status.CONNECTING, 'the end to be heard')
        before = len(self.bus.log.read_text())
        self.bus.start()
        self.client = self.bus.connect()
        self.wait_disconnected()
        self.assertEqual(self.starts(before), 0)
        self.assertEqual(self.library.list_configs_sync(None).unpack(), [])

    def test_call_under_way(self):
        """A call that the library makes by itself, to a service that has left, has nobody start another one."""
        config = self.open()
        self.library.set_auto_reconnect(False)
        self.client.config('a').call('SetHotReload', '(b)', False)
        self.save('a.yaml', 'a: 2\n')
        # The signal is with the library, which hears it when the loop runs, and takes the snapshot then.
        self.client.config('a').reload()
        pid = self.bus.daemon_pid()
        os.kill(pid, signal.SIGKILL)
        reconf.wait_for_end(pid)
        while self.bus.daemon_pid():
            pass
        self.assertEqual(self.library.get_status(), Reconf.Status.CONNECTED)
        self.wait_disconnected()
        self.assertEqual(self.starts(), 1)
        self.assertEqual(config.get_status(), Reconf.Status.DISCONNECTED)

    def test_switched_while_away(self):
        config = self.open()
        self.library.set_auto_reconnect(False)
        self.bus.end_daemon()
        self.wait_disconnected()
        # For so long that nobody comes to trying.
        self.library.set_reconnect_delay(3600000)
        self.library.set_auto_reconnect(True)
        self.assertEqual(config.get_status(), Reconf.Status.CONNECTING)
        self.library.set_auto_reconnect(False)
        self.assertEqual(config.get_status(), Reconf.Status.DISCONNECTED)
        self.library.set_reconnect_delay(1)
        self.assertEqual(self.starts(), 1)
        self.library.set_auto_reconnect(True)
        self.wait_connected(config)

    def test_switched_by_another_thread(self):
        """It is for the thread that the client is of to do by that."""
        config = self.open()
        self.library.set_reconnect_delay(3600000)
        self.bus.end_daemon()
        self.wait(lambda: config.get_status() == Reconf.Status.CONNECTING, 'the end to be heard')
        thread = threading.Thread(target=lambda: self.library.set_auto_reconnect(False))
        thread.start()
        thread.join()
        self.assertEqual(self.library.get_status(), Reconf.Status.CONNECTING)
        self.wait_disconnected()

    def test_higher_limit(self):
        config = self.open()
        self.library.set_max_reconnect_attempts(1)
        self.end_bus()
        self.wait(lambda: config.get_status() == Reconf.Status.ERROR, 'it to give up')
        self.bus.start()
        self.client = self.bus.connect()
        self.library.set_max_reconnect_attempts(0)
        self.wait_connected(config)


class Empty(TestCase, scene.DropinTestCase):
    def test_never_good(self):
        """Version 0, with nothing in it, until the file is good."""
        self.dropin('a', File=self.write('a.yaml', 'a: [\n'))
        self.wait_names('a')
        config = self.library.get_config_sync('a', None, None)
        done = []
        self.library.get_config('a', None, None, lambda _, result: done.append(result))
        other = self.library.get_config_finish(self.wait(lambda: done)[0])
        for one in (config, other):
            self.assertEqual((one.get_version(), one.has('a'), one.get_int('a', 5)), (0, False, 5))
            self.assertEqual(native(one.get_variant('')), {})
            self.assertEqual(one.get_status(), Reconf.Status.CONNECTED)
        heard = self.note(config)
        self.save('a.yaml', 'a: 1\n')
        self.wait(lambda: heard)
        self.assertEqual(heard, [(0, 1, [('a', None, 1)])])


class Asking(TestCase):
    def finish(self, call, finish, *arguments):
        """Calls, and waits with the loop running."""
        done = []
        call(*arguments, None, lambda _, result: done.append(result))
        return finish(self.wait(lambda: done)[0])

    def test_details_of_synchronous_calls(self):
        config = self.open()
        self.client.config('a').call('SetHotReload', '(b)', False)
        details = []
        config.connect('changed', lambda _, change: details.append(change.get_details().unpack()))
        self.save('a.yaml', 'a: 2\n')
        config.reload_sync(None)
        self.wait(lambda: details)
        self.assertEqual(details[0]['origin'], 'reload')

    def test_versions(self):
        config = self.open('{a: 1, b: 1}\n')
        self.save('a.yaml', '{a: 2, c: 1}\n')
        config.reload_sync(None)
        expected = [('a', 'modified', 1, 2), ('b', 'removed', 1, None), ('c', 'added', None, 1)]
        for changes in (config.diff_sync(1, 0, None), self.finish(config.diff, config.diff_finish, 1, 2)):
            self.assertEqual([tuple(change[:2]) for change in native(changes)],
                             [change[:2] for change in expected])
        self.assert_error(Reconf.Error.NO_SUCH_VERSION, config.diff_sync, 1, 9, None)
        self.assertTrue(config.label_sync(1, 'first', None))
        self.assertEqual(config.get_history_sync(None).unpack()[1][5]['label'], 'first')
        self.assertTrue(self.finish(config.label, config.label_finish, 1, ''))
        self.assertNotIn('label', config.get_history_sync(None).unpack()[1][5])

    def test_confirmation(self):
        config = self.open()
        self.assert_error(Reconf.Error.NOT_UNCONFIRMED, config.confirm_sync, 1, None)
        options = GLib.Variant('a{sv}', {'confirm-ms': GLib.Variant('u', 60000)})
        self.save('a.yaml', 'a: 2\n')
        config.reload_sync(None)
        config.rollback_sync(0, options, None)
        done, deadline = config.extend_confirm_sync(3, 120000, None)
        self.assertTrue(done)
        self.assertEqual(deadline, self.client.config('a').get_property('ConfirmDeadline'))
        done, later = self.finish(config.extend_confirm, config.extend_confirm_finish, 3, 240000)
        self.assertGreater(later, deadline)
        self.assertTrue(config.confirm_sync(3, None))
        self.assertEqual(self.client.config('a').get_property('ConfirmDeadline'), 0)
        config.rollback_sync(2, options, None)
        self.assertTrue(self.finish(config.confirm, config.confirm_finish, 4))

    def test_files(self):
        config = self.open()
        self.assertEqual(config.validate_sync('a: 2', None, None).unpack(), [])
        self.assertEqual(config.validate_sync('{"a": 2}', 'json', None).unpack(), [])
        problems = self.finish(config.validate, config.validate_finish, 'a: [', 'yaml').unpack()
        self.assertEqual(problems[0][1], 2)
        self.assertEqual(config.get_problems_sync(None).unpack(), [])
        self.assertTrue(config.set_hot_reload_sync(False, None))
        self.save('a.yaml', 'a: [\n')
        self.assert_error(Reconf.Error.PARSE_FAILED, config.reload_sync, None)
        self.assertEqual(self.finish(config.get_problems, config.get_problems_finish).unpack()[0][1], 2)
        self.save('a.yaml', 'a: 2\n')
        self.assertTrue(self.finish(config.set_hot_reload, config.set_hot_reload_finish, True))
        self.wait(lambda: config.get_int('a', 0) == 2)

    def test_instances(self):
        config = self.open()
        self.assertEqual(config.list_instances_sync(None).unpack(), [])
        instance = Reconf.Instance.new_sync(config, 'test', Reconf.InstanceFlags.SILENT, None)
        rows = self.finish(config.list_instances, config.list_instances_finish).unpack()
        self.assertEqual([(row[1], row[5]) for row in rows], [('a', 'untracked')])
        self.assertIs(instance.get_config(), config)

    def test_cancelled(self):
        """Who opens a config and thinks better of it does not wait for a service that is stuck, at any step."""
        self.open()
        pid = self.bus.daemon_pid()
        context = GLib.MainContext.default()
        for turns in range(5):
            cancellable, done = Gio.Cancellable(), []
            self.library.get_config('a', None, cancellable, lambda _, result: done.append(result))
            for _ in range(turns):
                if not done:
                    context.iteration(True)
            os.kill(pid, signal.SIGSTOP)
            try:
                cancellable.cancel()
                # Less than what a call waits for.
                result = reconf.wait_until(lambda: done, 'the end', timeout=20)[0]
            finally:
                os.kill(pid, signal.SIGCONT)
            with self.assertRaises(GLib.Error) as caught:
                self.library.get_config_finish(result)
            self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))

    def test_instance_of_a_config_that_comes_back(self):
        config = self.open()
        instance = Reconf.Instance.new_sync(config, 'test', Reconf.InstanceFlags.DEFAULT, None)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.wait(lambda: config.get_status() == Reconf.Status.ERROR, 'the end to be heard')
        with self.assertRaises(GLib.Error) as caught:
            instance.report_sync(1, Reconf.Report.PARTIAL, 'half', None)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_CONNECTED))
        self.client.register('a', self.path('a.yaml'))
        self.wait_connected(config)
        self.wait(lambda: [row[5] for row in config.list_instances_sync(None).unpack()] == ['current'],
                  'the instance, once')

    def test_no_more_validators(self):
        """An instance that cannot be asked is none."""
        config = self.open()
        on_bus = self.client.config('a')
        for number in range(64):
            on_bus.call('AddValidator', '(oa{sv})', f'/validator/{number}', {})
        self.assert_error(Reconf.Error.LIMIT_EXCEEDED, Reconf.Instance.new_sync, config, 'test',
                          Reconf.InstanceFlags.VALIDATES, None)
        done = []
        Reconf.Instance.new(config, 'test', Reconf.InstanceFlags.VALIDATES, None,
                            lambda _, result: done.append(result))
        self.wait(lambda: done)
        self.assert_error(Reconf.Error.LIMIT_EXCEEDED, Reconf.Instance.new_finish, done.pop())
        self.wait(lambda: config.list_instances_sync(None).unpack() == [], 'the instances to be gone')
