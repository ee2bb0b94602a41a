# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the client library asks of the service, as Python has it: each call, both waiting and not."""
import reconf
from gi.repository import Gio, GLib
from library import Reconf, TestCase


def variants(**values):
    """An a{sv} of (type, value) pairs; _ stands for -."""
    return GLib.Variant('a{sv}', {name.replace('_', '-'): GLib.Variant(*value) for name, value in values.items()})


def unpack(value):
    return value.unpack() if isinstance(value, GLib.Variant) else value


class Calls(TestCase):
    def both(self, object_, stem, *arguments):
        """What stem_sync gives, after stem and stem_finish gave it, too."""
        results = []
        getattr(object_, stem)(*arguments, None, lambda source, result: results.append(
            unpack(getattr(source, f'{stem}_finish')(result))))
        self.wait(lambda: results, stem)
        return results[0], unpack(getattr(object_, f'{stem}_sync')(*arguments, None))

    def assert_both(self, expected, object_, stem, *arguments):
        self.assertEqual(self.both(object_, stem, *arguments), (expected, expected))

    def assert_raises(self, quark, code, object_, stem, *arguments):
        """Both ways of a call fail with this error."""
        errors = []

        def finish(source, result):
            with self.assertRaises(GLib.Error) as caught:
                getattr(source, f'{stem}_finish')(result)
            errors.append(caught.exception)
        getattr(object_, stem)(*arguments, None, finish)
        self.wait(lambda: errors, stem)
        with self.assertRaises(GLib.Error) as caught:
            getattr(object_, f'{stem}_sync')(*arguments, None)
        for error in (*errors, caught.exception):
            self.assertTrue(error.matches(quark, code), error)
            self.assertNotIn('GDBus', error.message)

    def assert_refused(self, code, object_, stem, *arguments):
        self.assert_raises(Reconf.error_quark(), code, object_, stem, *arguments)


class OfTheService(Calls):
    def test_directory(self):
        directory = self.path('tenants')
        directory.mkdir()
        self.save('tenants/one.yaml', 'a: 1\n')
        self.assert_both(['tenant@one'], self.library, 'register_directory', 'tenant', str(directory), '*.yaml', None)
        config = self.library.get_config_sync('tenant@one', None, None)
        self.assertEqual(config.get_int('a', 0), 1)
        self.client.heard.clear()
        self.save('tenants/two.yaml', 'a: 2\n')
        self.client.wait_signal('InterfacesAdded')
        options = variants(debounce_ms=('u', 5))
        self.assert_both(['other@one', 'other@two'], self.library, 'register_directory', 'other', str(directory),
                         '*.yaml', options)
        self.assert_refused(Reconf.Error.INVALID_ARGUMENT, self.library, 'register_directory', 'third', str(directory),
                            '*.yaml', variants(no=('b', True)))
        self.assertTrue(self.library.unregister_sync('tenant', None))
        self.assertEqual([row[0] for row in self.library.list_configs_sync(None).unpack()],
                         ['other@one', 'other@two'])

    def test_unregister(self):
        for name in 'a', 'b':
            self.watch(f'{name}.yaml', config=name)
        done = []
        self.library.unregister('a', None, lambda source, result: done.append(source.unregister_finish(result)))
        self.wait(lambda: done)
        self.assertEqual(done, [True])
        self.assertTrue(self.library.unregister_sync('b', None))
        self.assert_both([], self.library, 'list_configs')
        self.assert_refused(Reconf.Error.NO_SUCH_CONFIG, self.library, 'unregister', 'a')

    def test_list(self):
        path = self.watch('a.yaml') and str(self.path('a.yaml'))
        asynchronous, synchronous = self.both(self.library, 'list_configs')
        self.assertEqual(asynchronous, synchronous)
        self.assertEqual(synchronous[0][:5], ('a', self.client.config('a').path, path, 'active', 1))

    def test_find(self):
        path = self.write('a.yaml', 'a: 1\n')
        for name in 'x', 'y.z':
            self.client.register(name, path)
        self.assert_both(['x', 'y.z'], self.library, 'find_configs', str(path))
        self.assert_both([], self.library, 'find_configs', str(self.path('other.yaml')))

    def test_hot_reload(self):
        config = self.watch()
        self.assert_both(True, self.library, 'set_hot_reload', False)
        self.assertFalse(config.get_property('HotReload'))
        self.assertFalse(self.library.get_info_sync(None).unpack()['HotReload'])
        self.save('a.yaml', 'a: 2\n')
        self.wait_property(config, 'Pending', True)
        self.assertTrue(self.library.set_hot_reload_sync(True, None))
        config.wait_changed()

    def test_instances(self):
        for name in 'a', 'b':
            self.watch(f'{name}.yaml', config=name)
        objects = [self.client.register_instance(name)[0].path for name in ('a', 'b')]
        for name, expected in (None, ['a', 'b']), ('b', ['b']):
            asynchronous, synchronous = self.both(self.library, 'list_instances', name)
            self.assertEqual(asynchronous, synchronous)
            self.assertEqual([row[1] for row in synchronous], expected)
        self.assertEqual(synchronous[0][0], objects[1])
        self.assert_refused(Reconf.Error.NO_SUCH_CONFIG, self.library, 'list_instances', 'c')

    def test_audit(self):
        for name in 'a', 'b':
            self.watch(f'{name}.yaml', config=name)
        for name, expected in (None, ['b', 'a']), ('a', ['a']):
            asynchronous, synchronous = self.both(self.library, 'get_audit', name, None)
            self.assertEqual(asynchronous, synchronous)
            self.assertEqual([(row[1], row[2], row[6]) for row in synchronous],
                             [('register', config, 'ok') for config in expected])
        self.assertEqual(len(self.library.get_audit_sync(None, variants(limit=('u', 1)), None)), 1)
        self.assert_refused(Reconf.Error.INVALID_ARGUMENT, self.library, 'get_audit', None, variants(limit=('u', 0)))

    def test_statistics(self):
        self.watch()
        for statistics in self.both(self.library, 'get_statistics'):
            self.assertEqual((statistics['configs'], statistics['denials']), (1, 0))
            self.assertEqual(set(statistics['latency-us']), {'p50', 'p90', 'p99', 'max'})

    def test_info(self):
        info, again = self.both(self.library, 'get_info')
        self.assertEqual(info, again)
        self.assertEqual(info, {name: self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, name)
                                for name in ('Version', 'Epoch', 'Environment', 'HotReload')})

    def test_no_bus(self):
        self.library.set_auto_reconnect(False)
        self.end_bus()
        self.wait(lambda: self.library.get_status() == Reconf.Status.DISCONNECTED, 'the end to be heard')
        for stem, *arguments in (('get_statistics',), ('get_info',), ('find_configs', '/a')):
            self.assert_raises(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_CONNECTED, self.library, stem, *arguments)


class OfAConfig(Calls):
    def test_trial(self):
        """A reload that has to be confirmed."""
        config = self.open()
        self.client.config('a').call('SetHotReload', '(b)', False)
        options = variants(confirm_ms=('u', 60000))
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.both(config, 'reload_with_options', options), ((True, 2), (True, 2)))
        self.assertEqual(config.get_int('a', 0), 2)
        self.assertEqual(config.get_info_sync(None).unpack()['State'], 'unconfirmed')
        for deadline in (done[1] for done in self.both(config, 'extend_confirm', 2, 120000)):
            self.assertGreater(deadline, GLib.get_real_time())
        self.assertTrue(config.confirm_sync(2, None))
        self.assertEqual(config.get_info_sync(None).unpack()['State'], 'active')
        self.assert_refused(Reconf.Error.NOT_UNCONFIRMED, config, 'confirm', 2)
        self.assert_refused(Reconf.Error.INVALID_ARGUMENT, config, 'reload_with_options', variants(no=('b', True)))
        self.save('a.yaml', 'a: [\n')
        self.assert_refused(Reconf.Error.PARSE_FAILED, config, 'reload_with_options', options)

    def test_files(self):
        config = self.open('{a: 1, b: 1}\n')
        layers = [str(self.path('a.yaml')), str(self.write('over.yaml', 'b: 2\n'))]
        self.assertEqual(self.both(config, 'set_files', layers), ((True, 2), (True, 2)))
        self.assertEqual((config.get_int('a', 0), config.get_int('b', 0)), (1, 2))
        self.assertEqual(config.get_info_sync(None).unpack()['Files'], layers)
        self.assert_refused(Reconf.Error.FILE_NOT_FOUND, config, 'set_files', [str(self.path('none.yaml'))])
        self.assertEqual(config.get_info_sync(None).unpack()['Files'], layers)

    def test_files_are_registered_again(self):
        """A service that forgets a config is told of the files that it has had last."""
        first, second = (str(self.write(f'{name}.yaml', f'at: {name}\n')) for name in ('first', 'second'))
        config = self.library.register_sync('a', [first], variants(persist=('b', False)), None)
        self.assertEqual(config.set_files_sync([second], None), (True, 2))
        self.bus.end_daemon()
        self.save('second.yaml', 'at: third\n')
        self.wait(lambda: config.dup_string('at', None) == 'third')

    def test_hot_reload(self):
        config = self.open()
        self.assert_both(True, config, 'set_hot_reload', False)
        self.assertFalse(config.get_info_sync(None).unpack()['HotReload'])

    def test_statistics(self):
        config = self.open()
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: config.get_int('a', 0) == 2)
        for statistics in self.both(config, 'get_statistics'):
            self.assertEqual((statistics['subscribers'], statistics['rollbacks']), (1, 0))
            self.assertGreater(statistics['signals'], 0)

    def test_info(self):
        config, on_bus = self.open(), self.client.config('a')
        info, again = self.both(config, 'get_info')
        self.assertEqual(info, again)
        self.assertEqual(info, {name: on_bus.get_property(name) for name in info})
        self.assertLessEqual({'Name', 'Files', 'Format', 'Schema', 'State', 'Version', 'Public', 'HotReload', 'Pending',
                              'LastReload', 'ConfirmDeadline', 'Options'}, set(info))

    def test_versions(self):
        config = self.open()
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.both(config, 'reload'), ((True, 2), (True, 2)))
        changes = [('a', 'modified', 1, 2)]
        self.assert_both(changes, config, 'diff', 1, 2)
        self.assert_both(True, config, 'label', 1, 'first')
        asynchronous, synchronous = self.both(config, 'get_history')
        self.assertEqual(asynchronous, synchronous)
        self.assertEqual([(row[0], row[5].get('label')) for row in synchronous], [(2, None), (1, 'first')])
        message = variants(message=('s', 'why'))
        self.assertEqual(self.both(config, 'rollback', 1, message), ((True, 3), (True, 3)))
        self.assert_refused(Reconf.Error.NO_SUCH_VERSION, config, 'rollback', 99, None)
        self.assert_refused(Reconf.Error.NO_SUCH_VERSION, config, 'diff', 99, 0)

    def test_problems(self):
        config = self.open()
        self.assert_both([], config, 'get_problems')
        for problems in self.both(config, 'validate', 'a: [', 'yaml'):
            self.assertEqual([row[1] for row in problems], [2])
        self.assert_refused(Reconf.Error.INVALID_ARGUMENT, config, 'validate', '', 'xml')

    def test_alone(self):
        """What needs the service says so where there is none."""
        config = Reconf.Config.new_for_file(str(self.write('a.yaml', 'a: 1\n')))
        self.assertEqual(self.both(config, 'reload'), ((True, 1), (True, 1)))
        for stem, *arguments in (('reload_with_options', None), ('rollback', 0, None), ('diff', 0, 0),
                                 ('label', 1, 'x'), ('confirm', 1), ('extend_confirm', 1, 1), ('get_history',),
                                 ('validate', '', None), ('get_problems',), ('list_instances',),
                                 ('set_hot_reload', True), ('set_files', ['/a']), ('get_statistics',), ('get_info',)):
            with self.subTest(stem):
                self.assert_raises(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_SUPPORTED, config, stem, *arguments)


class WithPaths(Calls):
    def signals(self):
        """Whatever the bus sends the library of versions."""
        seen = []
        self.library.dup_connection().signal_subscribe(
            None, reconf.CONFIG, 'ConfigChanged', None, None, Gio.DBusSignalFlags.NO_MATCH_RULE,
            lambda *arguments: seen.append(arguments[5].unpack()[0]))
        return seen

    def check(self, paths):
        """Only what touches the path is sent, with gaps in the numbers; all of it to one that wants all."""
        config = self.library.get_config_sync('a', paths, None)
        seen = self.signals()
        for value in range(2, 5):
            self.save('a.yaml', f'{{a: {value}, b: {{c: 1}}}}\n')
            self.client.wait_signal('ConfigChanged')
        self.save('a.yaml', '{a: 4, b: {c: 2}}\n')
        self.wait(lambda: config.get_int('b.c', 0) == 2)
        self.assertEqual((config.get_int('a', 0), config.get_version()), (4, 5))
        return seen

    def test_public(self):
        """The bus itself holds back what nobody asked for."""
        self.watch(content='{a: 1, b: {c: 1}}\n')
        self.assertEqual(self.check(['b.c']), ['/b/c/'])

    def test_private(self):
        """So does the service, where it sends to each by himself."""
        path = self.write('a.yaml', '{a: 1, b: {c: 1}}\n')
        path.chmod(0o600)
        self.client.register('a', path)
        self.client.config('a').call('Subscribe', '(ta{sv})', 0, {})
        self.assertEqual(self.check(['b.c']), ['/b/c/'])

    def test_without(self):
        self.watch(content='{a: 1, b: {c: 1}}\n')
        self.assertEqual(self.check(None), ['/a/', '/a/', '/a/', '/b/c/'])


class OfAnInstance(Calls):
    def start(self, flags=Reconf.InstanceFlags.DEFAULT, content='{a: 1, b: 1}\n', paths=None):
        """A config, an instance of it, and what is heard."""
        self.config = self.open(content, paths=paths)
        self.instance = Reconf.Instance.new_sync(self.config, 'test', flags, None)
        self.heard = self.note(self.config)
        self.watched = []
        self.config.watch('a', lambda _, path, old, new: self.watched.append(new.unpack()))

    def state(self):
        return [(row[5], row[6]) for row in self.client.manager('ListInstances', '(s)', 'a')]

    def fail(self, version):
        """Takes a version, and says that this did not go well."""
        handler = self.config.connect('changed', lambda _, change: change.hold())
        self.save('a.yaml', f'{{a: {version}, b: 1}}\n')
        self.wait(lambda: self.config.get_version() == version and self.watched[-1:] == [version])
        self.instance.report_sync(version, Reconf.Report.FAILED, 'no', None)
        self.config.disconnect(handler)

    def test_again(self):
        """The program's own attempt, waiting and not, then reconfctl's: the step from what was applied."""
        self.start()
        self.fail(2)
        del self.heard[:], self.watched[:]
        self.assertTrue(self.instance.renotify_sync(None))
        self.wait(lambda: self.state() == [('current', 2)], 'the report')
        self.assertEqual((self.heard, self.watched), ([(1, 2, [('a', 1, 2)])], [2]))
        # There is nothing more to tell.
        self.assert_both(True, self.instance, 'renotify')
        self.fail(3)
        self.fail(4)
        del self.heard[:], self.watched[:]
        self.assertEqual(self.bus.reconfctl('retry', 'a').returncode, 0)
        self.wait(lambda: self.state() == [('current', 4)], 'the report')
        self.assertEqual((self.heard, self.watched), ([(2, 4, [('a', 2, 4)])], [4]))

    def test_again_in_part(self):
        self.start()
        self.fail(2)
        self.instance.report_sync(2, Reconf.Report.PARTIAL, 'half', None)
        del self.heard[:]
        self.instance.renotify_sync(None)
        self.wait(lambda: self.heard)
        self.assertEqual(self.heard, [(1, 2, [('a', 1, 2)])])

    def test_again_after_return(self):
        """What failed is still so for a service that comes back, until it is tried again."""
        self.start()
        self.fail(2)
        self.bus.end_daemon()
        self.wait(lambda: self.state() == [('failed', 0)], 'the instance')
        self.wait_connected(self.config)
        self.save('a.yaml', '{a: 2, b: 2}\n')
        self.wait(lambda: self.state() == [('current', 3)], 'the report')

    def test_silent(self):
        self.start(Reconf.InstanceFlags.SILENT)
        self.save('a.yaml', '{a: 2, b: 1}\n')
        self.wait(lambda: self.watched)
        del self.heard[:]
        self.instance.renotify_sync(None)
        self.wait(lambda: self.heard)
        self.assertEqual(self.heard, [(0, 2, [('a', None, 2), ('b', None, 1)])])

    def test_several_paths(self):
        """A change that touches all of them is one."""
        self.start(Reconf.InstanceFlags.SILENT, paths=['a', 'b'])
        self.save('a.yaml', '{a: 2, b: 2}\n')
        self.wait(lambda: self.heard)
        self.save('a.yaml', '{a: 3, b: 3}\n')
        self.wait(lambda: self.config.get_version() == 3 and len(self.heard) > 1)
        self.assertEqual([step[:2] for step in self.heard], [(1, 2), (2, 3)])

    def test_unregister(self):
        self.start()
        self.wait(lambda: self.state() == [('current', 1)])
        self.assertTrue(self.instance.unregister_sync(None))
        self.assertEqual(self.state(), [])
        self.assert_raises(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED, self.instance, 'unregister')
        self.assert_raises(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED, self.instance, 'renotify')
        self.assert_raises(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED, self.instance, 'report', 1,
                           Reconf.Report.APPLIED, '')
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 2\n')
        self.wait(lambda: self.config.get_int('a', 0) == 2)
        self.assertEqual(self.state(), [])
        other = Reconf.Instance.new_sync(self.config, 'other', Reconf.InstanceFlags.DEFAULT, None)
        done = []
        other.unregister(None, lambda source, result: done.append(source.unregister_finish(result)))
        self.wait(lambda: done)
        self.assertEqual((done, self.state()), ([True], []))
