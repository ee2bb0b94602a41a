# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that do not depend on the service: the library asks it, or else reads the files, and goes over."""
import os

import library
import scene
from gi.repository import Gio, GLib
from library import Reconf


class TestCase(library.TestCase):
    def setUp(self):
        super().setUp()
        former = os.environ.get('DBUS_SESSION_BUS_ADDRESS')
        self.addCleanup(lambda: os.environ.pop('DBUS_SESSION_BUS_ADDRESS') if former is None
                        else os.environ.update(DBUS_SESSION_BUS_ADDRESS=former))
        os.environ['DBUS_SESSION_BUS_ADDRESS'] = self.bus.address

    def open_file(self, content='a: 1\n', name='a.yaml'):
        return Reconf.Config.open_sync(Gio.BusType.SESSION, str(self.write(name, content)), None)

    def start_bus(self, config):
        """The bus and the service come, and the config is with the service."""
        self.bus.start()
        self.client = self.bus.connect()
        config.get_client().reconnect()
        self.wait_moved(config)

    def wait_moved(self, config):
        self.wait(config.get_object_path, 'the config to go over')

    def assert_alone(self, config):
        self.assertIsNone(config.get_object_path())
        self.assertEqual(config.get_status(), Reconf.Status.CONNECTED)
        with self.assertRaises(GLib.Error) as caught:
            config.get_history_sync(None)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_SUPPORTED))


class WithTheService(TestCase):
    def test_known(self):
        """It has what the service has, even if the file is no good."""
        on_bus = self.watch()
        config = self.open_file('a: [\n')
        self.assertEqual((config.get_name(), config.get_object_path(), config.get_int('a', 0)), ('a', on_bus.path, 1))
        self.assertEqual(config.get_client().get_status(), Reconf.Status.CONNECTED)
        heard = self.note(config)
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: heard)
        self.assertEqual(heard, [(1, 2, [('a', 1, 2)])])

    def test_not_yet_known(self):
        config = self.open_file()
        self.assertEqual(config.get_object_path(), self.client.config('a').path)

    def test_by_name(self):
        """Whatever is registered under the name; or else it is registered."""
        self.watch('a.yaml', 'a: 1\n')
        other = self.write('other.yaml', 'a: 2\n')
        for name, value in ('a', 1), ('b', 2):
            config = Reconf.Config.open_files_sync(Gio.BusType.SESSION, name, [str(other)], None, None)
            self.assertEqual((config.get_name(), config.get_int('a', 0)), (name, value))
            self.assertEqual(config.get_object_path(), self.client.config(name).path)

    def test_asynchronously(self):
        path = str(self.write('a.yaml', 'a: 1\n'))
        configs = []
        take = lambda _, result: configs.append(Reconf.Config.open_finish(result))  # noqa: E731
        Reconf.Config.open(Gio.BusType.SESSION, path, None, take)
        Reconf.Config.open_files(Gio.BusType.SESSION, 'a', [path], None, None, take)
        self.wait(lambda: len(configs) == 2)
        for config in configs:
            self.assertEqual(config.get_object_path(), self.client.config('a').path)

    def test_cancelled(self):
        path = str(self.write('a.yaml', 'a: 1\n'))
        cancellable = Gio.Cancellable()
        errors = []

        def finish(_, result):
            with self.assertRaises(GLib.Error) as caught:
                Reconf.Config.open_finish(result)
            errors.append(caught.exception)
        Reconf.Config.open(Gio.BusType.SESSION, path, cancellable, finish)
        cancellable.cancel()
        self.wait(lambda: errors)
        with self.assertRaises(GLib.Error) as caught:
            Reconf.Config.open_sync(Gio.BusType.SESSION, path, cancellable)
        for error in (*errors, caught.exception):
            self.assertTrue(error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED), error)


class WithoutTheService(TestCase):
    def setUp(self):
        super().setUp()
        self.library = None
        self.end_bus()

    def test_files(self):
        config = self.open_file()
        self.assert_alone(config)
        self.assertEqual((config.get_name(), config.get_int('a', 0)), (str(self.path('a.yaml')), 1))
        heard = self.note(config)
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: heard)
        self.assertEqual(heard, [(1, 2, [('a', 1, 2)])])

    def test_asynchronously(self):
        path = str(self.write('a.yaml', 'a: 1\n'))
        configs = []
        Reconf.Config.open(Gio.BusType.SESSION, path, None,
                           lambda _, result: configs.append(Reconf.Config.open_finish(result)))
        self.wait(lambda: configs)
        self.assert_alone(configs[0])
        self.assertEqual(configs[0].get_int('a', 0), 1)

    def test_no_file(self):
        for call, arguments in ((Reconf.Config.open_sync, ()), (Reconf.Config.open_files_sync, ('a',))):
            files = str(self.path('none.yaml')), [str(self.path('none.yaml'))]
            with self.assertRaises(GLib.Error) as caught:
                if arguments:
                    call(Gio.BusType.SESSION, *arguments, files[1], None, None)
                else:
                    call(Gio.BusType.SESSION, files[0], None)
            self.assertTrue(caught.exception.matches(Reconf.error_quark(), Reconf.Error.FILE_NOT_FOUND))

    def test_layers(self):
        files = [str(self.write('a.yaml', '{a: {b: 1}}\n')), str(self.write('over.env', 'A__B=2\n'))]
        options = GLib.Variant('a{sv}', {'env-separator': GLib.Variant('s', '__')})
        config = Reconf.Config.open_files_sync(Gio.BusType.SESSION, 'shop', files, options, None)
        self.assertEqual(config.dup_string('a.b', None), '2')
        self.start_bus(config)
        self.assertEqual((config.get_name(), config.dup_string('a.b', None)), ('shop', '2'))
        self.assertEqual(self.client.config('shop').get_property('Files'), files)


class GoingOver(TestCase):
    def setUp(self):
        super().setUp()
        self.library = None

    def test_same(self):
        """Nothing is told of what is the same; and nothing is lost after that."""
        self.end_bus()
        config = self.open_file()
        heard, watched, names = self.note(config), [], []
        config.watch('a', lambda _, path, old, new: watched.append((old.unpack(), new.unpack())))
        config.connect('notify::name', lambda *_: names.append(config.get_name()))
        for value in 2, 3:
            self.save('a.yaml', f'a: {value}\n')
            self.wait(lambda: len(heard) == value - 1)
        self.start_bus(config)
        self.assertEqual(names, ['a'])
        self.assertEqual((config.get_version(), config.get_int('a', 0)), (1, 3))
        self.save('a.yaml', 'a: 4\n')
        self.wait(lambda: config.get_int('a', 0) == 4)
        self.wait(lambda: len(heard) == 3 and len(watched) == 3)
        self.assertEqual([step[2] for step in heard], [[('a', old, old + 1)] for old in (1, 2, 3)])
        self.assertEqual(watched, [(old, old + 1) for old in (1, 2, 3)])
        self.assertEqual([row[0] for row in config.get_history_sync(None).unpack()], [2, 1])

    def test_other(self):
        """What the service has active counts."""
        self.watch(hot_reload=False)
        self.end_bus()
        config = self.open_file('a: 2\n')
        heard = self.note(config)
        self.start_bus(config)
        self.wait(lambda: heard)
        self.assertEqual([step[2] for step in heard], [[('a', 2, 1)]])
        self.assertTrue(config.get_info_sync(None).unpack()['Pending'])
        self.assertEqual(config.reload_sync(None), (True, 2))
        self.wait(lambda: len(heard) == 2)
        self.assertEqual(heard[1], (1, 2, [('a', 1, 2)]))

    def test_service_goes(self):
        """There is no way back: the file is not read while the service is away."""
        self.end_bus()
        config = self.open_file()
        self.start_bus(config)
        self.end_bus()
        self.wait(lambda: config.get_status() == Reconf.Status.CONNECTING, 'the end to be heard')
        alone = Reconf.Config.new_for_file(str(self.path('a.yaml')))
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: alone.get_int('a', 0) == 2)
        self.assertEqual(config.get_int('a', 0), 1)
        self.bus.start()
        self.client = self.bus.connect()
        config.get_client().reconnect()
        self.wait(lambda: config.get_int('a', 0) == 2)

    def test_instance(self):
        """A program becomes an instance when it can."""
        self.end_bus()
        config = self.open_file()
        instances = []
        with self.assertRaises(GLib.Error):
            Reconf.Instance.new_sync(config, 'test', Reconf.InstanceFlags.DEFAULT, None)
        config.connect('notify::object-path', lambda *_: instances.append(
            Reconf.Instance.new_sync(config, 'test', Reconf.InstanceFlags.DEFAULT, None)))
        self.start_bus(config)
        self.wait(lambda: [row[5:7] for row in config.list_instances_sync(None).unpack()] == [('current', 1)])

    def test_given_up(self):
        """Nobody has to look for the service for ever."""
        self.end_bus()
        config = self.open_file()
        config.get_client().set_auto_reconnect(False)
        self.wait(lambda: config.get_client().get_status() == Reconf.Status.DISCONNECTED, 'the client to stop')
        self.assert_alone(config)
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: config.get_int('a', 0) == 2)


class WhereSomebodyElseDecides(TestCase, scene.DropinTestCase):
    def setUp(self):
        super().setUp()
        self.library = None

    def test_registered_later(self):
        """Who may not register a file follows it alone, until somebody else has registered it."""
        self.end_bus()
        inner = self.bus._configure()
        outer = self.directory / 'outer.conf'
        outer.write_text(f'<busconfig><include>{inner}</include><policy context="mandatory">'
                         '<deny send_interface="org.reconf.Reconf1.Manager" send_member="RegisterConfig"/>'
                         '</policy></busconfig>')
        self.bus._configure = lambda: outer
        self.bus.start()
        self.client = self.bus.connect()
        config = self.open_file()
        self.assert_alone(config)
        heard = self.note(config)
        self.dropin('other', File=self.write('other.yaml', 'a: 9\n'))
        self.wait_names('other')
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: heard)
        self.assert_alone(config)
        self.dropin('a', File=self.path('a.yaml'))
        self.wait_moved(config)
        self.save('a.yaml', 'a: 3\n')
        self.wait(lambda: len(heard) == 2)
        self.assertEqual([step[2] for step in heard], [[('a', 1, 2)], [('a', 2, 3)]])

    def test_never_good(self):
        """Nothing at all is no version to go over to."""
        schema = self.write('schema.json', '{"properties": {"a": {"type": "integer"}}}')
        self.dropin('a', File=self.write('a.yaml', 'a: one\n'), Schema=schema)
        self.wait_names('a')
        self.assertEqual(self.client.config('a').get_property('Version'), 0)
        config = self.open_file('a: two\n')
        self.assert_alone(config)
        heard = self.note(config)
        self.save('a.yaml', 'a: three\n')
        self.wait(lambda: heard)
        self.assert_alone(config)
        self.save('a.yaml', 'a: 4\n')
        self.wait_moved(config)
        self.wait(lambda: len(heard) == 2)
        self.save('a.yaml', 'a: 5\n')
        self.wait(lambda: len(heard) == 3)
        self.assertEqual([step[2] for step in heard], [[('a', 'two', 'three')], [('a', 'three', 4)], [('a', 4, 5)]])
        self.save('a.yaml', 'a: six\n')
        self.wait(lambda: config.get_problems_sync(None).unpack())
        self.assertEqual(config.get_int('a', 0), 5)
