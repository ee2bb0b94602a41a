# SPDX-License-Identifier: LGPL-2.1-or-later
"""Instances: which program runs on which version, and for how long."""
import os
import re
import signal
import time
import unittest

import reconf
import scene
from program import Program
from reconf import INSTANCE, MANAGER_PATH

INVALID = 'InvalidArgument'
DENIED = 'org.freedesktop.DBus.Error.AccessDenied'


class InstanceCase(scene.TestCase):
    """The config a is registered, and self.client hears of it."""

    def setUp(self):
        super().setUp()
        self.config = self.watch(**self.settings())

    def settings(self):
        return {}

    def rows(self, config=''):
        return self.client.manager('ListInstances', '(s)', config)

    def row(self):
        """The only one."""
        (row,) = self.rows()
        return row

    def details(self):
        return self.row()[7]

    def wait_gone(self):
        reconf.wait_until(lambda: not self.rows(), 'the instances to go')

    def change(self, value):
        """The config's next version."""
        self.save('a.yaml', f'a: {value}\n')
        return self.config.reload()

    def managed(self):
        objects = self.client.call(MANAGER_PATH, reconf.OBJECT_MANAGER, 'GetManagedObjects')
        return {path: interfaces[INSTANCE] for path, interfaces in objects.items() if INSTANCE in interfaces}


class Registering(InstanceCase):
    def test_what_is_known(self):
        """Pid, program and start time are the kernel's; the rest is what the program said."""
        before = time.time()
        shop = Program(self)
        after = time.time()
        path, version = shop.register('a', name='shop 1')
        self.assertEqual(version, 1)
        self.assertTrue(re.fullmatch('/org/reconf/Reconf1/instance/[0-9a-f]{32}', path))
        row = self.row()
        self.assertEqual(row[:4] + row[5:7], (path, 'a', shop.pid, 'webshop', 'untracked', 0))
        self.assertGreater(row[4] / 1e6, before - 1)
        self.assertLess(row[4] / 1e6, after + 1)
        details = row[7]
        details.pop('unit', None)
        self.assertEqual(details, {'name': 'shop 1', 'uid': os.getuid(), 'vote': False})

    def test_properties(self):
        shop = Program(self)
        path, _ = shop.register('a', ack=True)
        row = self.row()
        properties = self.client.call(path, reconf.PROPERTIES, 'GetAll', '(s)', INSTANCE)
        self.assertEqual(properties, {'Config': 'a', 'Pid': shop.pid, 'Name': 'webshop', 'StartTime': row[4],
                                      'Unit': row[7].get('unit', ''), 'State': 'pending', 'Version': 0})
        self.assertEqual(self.managed(), {path: properties})

    def test_nobody(self):
        self.assertEqual(self.rows(), [])
        self.assertEqual(self.config.call('ListInstances'), [])
        self.assertEqual(self.managed(), {})

    def test_no_version_yet(self):
        self.write('b.yaml', 'b: [\n')
        (path,) = self.client.manager('RegisterDirectory', '(sssa{sv})', 'd', str(self.files), 'b.yaml', {})
        self.assertEqual(self.client.register_instance('d@b', ack=True)[1], 0)
        instance = self.row()[0]
        self.assertEqual(self.row()[5:7], ('pending', 0))
        self.assert_fails('NoSuchVersion', reconf.Instance(self.client, instance).report, 0)
        self.save('b.yaml', 'b: 1\n')
        reconf.Config(self.client, path).wait_changed()
        reconf.Instance(self.client, instance).report(1)
        self.assertEqual(self.row()[5:7], ('current', 1))

    def test_again(self):
        """The same connection is the same instance; its options are what it said last."""
        first, _ = self.client.register_instance('a', name='one')
        self.change(2)
        self.client.heard.clear()
        second, version = self.client.register_instance('a', name='two', ack=True)
        self.assertEqual((first.path, version), (second.path, 2))
        self.assertEqual((self.row()[5], self.details()['name'], self.details()['vote']), ('pending', 'two', True))
        changed = self.client.wait_signal('PropertiesChanged').arguments
        self.assertEqual(changed[:2], (INSTANCE, {'Name': 'two'}))
        first.wait_state('pending', 0)
        self.client.register_instance('a')
        first.wait_state('untracked', 0)
        self.assertEqual((self.row()[5], self.details()['vote']), ('untracked', False))
        self.assertNotIn('name', self.details())

    def test_again_keeps_what_was_reported(self):
        instance, _ = self.client.register_instance('a', ack=True)
        instance.report(1, 'partial', 'not all')
        self.client.register_instance('a', ack=True)
        self.assertEqual((self.row()[5:7], self.details()['message']), (('partial', 1), 'not all'))

    def test_two_configs(self):
        other = self.watch('b.yaml', 'b: 1\n', 'b')
        first, _ = self.client.register_instance('a')
        second, _ = self.client.register_instance('b')
        self.assertEqual([row[:2] for row in self.rows()], [(first.path, 'a'), (second.path, 'b')])
        self.assertEqual([row[0] for row in self.rows('b')], [second.path])
        self.assertEqual([row[0] for row in other.call('ListInstances')], [second.path])
        self.assertEqual({row[2] for row in self.rows()}, {os.getpid()})
        first.call('Unregister')
        self.assertEqual([row[0] for row in self.rows()], [second.path])
        self.client.manager('UnregisterConfig', '(s)', 'b')
        self.assertEqual(self.rows(), [])

    def test_two_connections(self):
        """In the order in which they came."""
        clients = [self.client, self.bus.connect(), self.bus.connect()]
        paths = [client.register_instance('a')[0].path for client in clients]
        self.assertEqual(len(set(paths)), 3)
        self.assertEqual([row[0] for row in self.rows('a')], paths)
        clients[1].close()
        reconf.wait_until(lambda: len(self.rows()) == 2, 'one to go')
        self.assertEqual([row[0] for row in self.rows('a')], [paths[0], paths[2]])

    def test_bad_options(self):
        register = self.client.register_instance
        for settings in ({'nothing': ''}, {'ack': 'yes'}, {'name': True}, {'name': 'x' * 129}, {'name': 'a\nb'},
                         {'name': 'a\x1b[0m'}, {'name': 'ä' * 65}):
            self.assert_fails(INVALID, lambda: register('a', **settings))
        self.assert_fails('NoSuchConfig', register, 'b')
        self.assert_fails('NoSuchConfig', register, '')
        self.assertEqual(self.rows(), [])
        for name in ('x' * 128, 'ä' * 64, 'a b'):
            register('a', name=name)
            self.assertEqual(self.details()['name'], name)
        register('a', name='')
        self.assertNotIn('name', self.details())

    def test_announced(self):
        path = self.client.register_instance('a')[0].path
        added = self.client.wait_signal('InterfacesAdded')
        self.assertEqual((added.path, added.arguments[0]), (MANAGER_PATH, path))
        self.assertEqual(added.arguments[1][INSTANCE]['Config'], 'a')
        reconf.Instance(self.client, path).call('Unregister')
        removed = self.client.wait_signal('InterfacesRemoved')
        self.assertEqual(removed.arguments[0], path)
        self.assertIn(INSTANCE, removed.arguments[1])
        with self.assertRaises(reconf.BusError) as caught:
            reconf.Instance(self.client, path).call('Unregister')
        self.assertEqual(caught.exception.name, 'org.freedesktop.DBus.Error.UnknownObject')

    def test_ids_are_not_used_again(self):
        paths = set()
        for _ in range(50):
            instance, _ = self.client.register_instance('a')
            paths.add(instance.path)
            instance.call('Unregister')
        self.assertEqual(len(paths), 50)

    def test_counted(self):
        other = self.watch('b.yaml', 'b: 1\n', 'b')
        self.client.register_instance('a')
        self.bus.connect().register_instance('a')
        self.client.register_instance('b')
        self.assertEqual(self.client.manager('GetStatistics')['instances'], 3)
        self.assertEqual((self.statistics(self.config, 'instances'), self.statistics(other, 'instances')), (2, 1))

    def test_limit(self):
        """Counted for each user, over all connections and configs."""
        configs = ['a']
        for i in range(39):
            self.watch(f'b{i}.yaml', 'b: 1\n', f'b{i}')
            configs.append(f'b{i}')
        clients = [self.bus.connect() for _ in range(25)]
        for client in clients:
            for config in configs:
                client.register_instance(config)
        self.assertEqual(len(self.rows()), 1000)
        self.assertIn('1000', self.assert_fails('LimitExceeded', self.client.register_instance, 'a'))
        # One that is there may still be changed.
        clients[0].register_instance('a', name='x')
        clients[0].close()
        reconf.wait_until(lambda: len(self.rows()) == 960, 'the instances of one connection to go')
        self.client.register_instance('a')

    def test_keeps_a_config_whose_file_is_gone(self):
        self.write('b.yaml', 'b: 1\n')
        self.client.manager('RegisterDirectory', '(sssa{sv})', 'd', str(self.files), 'b.yaml', {})
        instance, _ = self.client.register_instance('d@b')
        self.path('b.yaml').unlink()
        self.wait_state(self.client.config('d@b'), 'missing')
        instance.call('Unregister')
        self.wait_names('a')


class Ending(InstanceCase):
    def test_killed(self):
        shop = Program(self)
        path, _ = shop.register('a', ack=True)
        shop.kill()
        self.assertEqual(self.client.wait_signal('InterfacesRemoved').arguments[0], path)
        self.assertEqual(self.rows(), [])
        self.assertEqual(self.client.manager('GetStatistics')['instances'], 0)

    def test_connection_kept_by_a_child(self):
        """A process that has ended runs on nothing, whoever holds its socket."""
        shop = Program(self)
        path, _ = shop.register('a')
        child = shop.tell('fork')
        self.addCleanup(os.kill, child, signal.SIGKILL)
        name = self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ListNames',
                                name='org.freedesktop.DBus')
        shop.kill()
        self.assertEqual(self.client.wait_signal('InterfacesRemoved').arguments[0], path)
        self.assertEqual(self.rows(), [])
        # The connection is there all the same.
        self.assertEqual(self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ListNames',
                                          name='org.freedesktop.DBus'), name)

    def test_connection_closed(self):
        other = self.bus.connect()
        other.register_instance('a')
        other.close()
        self.wait_gone()

    def test_all_of_a_program(self):
        self.watch('b.yaml', 'b: 1\n', 'b')
        shop, other = Program(self), Program(self, 'mailer')
        for name in 'ab':
            shop.register(name)
        other.register('b')
        shop.kill()
        reconf.wait_until(lambda: [row[3] for row in self.rows()] == ['mailer'], 'the program to go')

    def test_daemon_killed(self):
        """Nothing of an instance is kept; whoever is there comes again."""
        self.client.register_instance('a')
        self.bus.end_daemon()
        self.assertEqual(self.rows(), [])


class Reporting(InstanceCase):
    def setUp(self):
        super().setUp()
        self.instance, _ = self.client.register_instance('a', ack=True)
        self.forget()

    def test_states(self):
        for status, state, version in (('failed', 'failed', 0), ('partial', 'partial', 1), ('applied', 'current', 1),
                                       ('failed', 'failed', 1), ('applied', 'current', 1)):
            self.instance.report(1, status, f'as {status}')
            self.instance.wait_state(state, version)
            self.assertEqual(self.row()[5:7], (state, version))
            self.assertEqual((self.details()['message'], self.details()['reported']), (f'as {status}', 1))
            self.assertEqual(self.instance.get_property('State'), state)

    def test_every_report_is_told(self):
        for _ in range(3):
            self.instance.report(1)
        self.assertEqual([heard.arguments[1:] for heard in self.client.settle()], [('current', 1)] * 3)

    def test_new_version(self):
        """ConfigChanged first, then who is behind."""
        self.instance.report(1)
        self.forget()
        self.change(2)
        heard = [signal.member for signal in self.client.settle() if signal.interface == reconf.CONFIG]
        self.assertEqual(heard, ['ConfigChanged', 'InstanceStateChanged'])
        self.instance.wait_state('pending', 1)
        # One that is behind already is no more so.
        self.change(3)
        heard = [signal.member for signal in self.client.settle() if signal.interface == reconf.CONFIG]
        self.assertEqual(heard, ['ConfigChanged'])
        self.instance.report(3)
        self.instance.wait_state('current', 3)

    def test_late(self):
        """What is said of a version that is active no longer is noted, and changes no state."""
        self.change(2)
        self.instance.report(1, 'failed', 'too late')
        self.assertEqual(self.row()[5:7], ('pending', 0))
        self.assertEqual((self.details()['message'], self.details()['reported']), ('too late', 1))
        self.instance.report(1)
        self.assertEqual((self.row()[5:7], self.details().get('message')), (('pending', 1), None))
        self.instance.report(2)
        self.instance.report(1, 'partial', 'late')
        self.assertEqual(self.row()[5:7], ('current', 2))

    def test_no_such_version(self):
        self.change(2)
        for version in (0, 3, 2 ** 63, 2 ** 64 - 1):
            self.assert_fails('NoSuchVersion', self.instance.report, version)
        self.assertEqual(self.row()[5:7], ('pending', 0))
        self.assertNotIn('reported', self.details())

    def test_bad_reports(self):
        self.assert_fails(INVALID, self.instance.report, 1, 'done')
        self.assert_fails(INVALID, self.instance.report, 1, '')
        self.assert_fails(INVALID, self.instance.report, 1, 'failed', 'x' * 4097)
        self.assertEqual(self.row()[5], 'pending')
        self.instance.report(1, 'failed', 'x' * 4096)
        self.assertEqual(len(self.details()['message']), 4096)

    def test_of_another(self):
        other = reconf.Instance(self.bus.connect(), self.instance.path)
        self.assert_fails(DENIED, other.report, 1)
        self.assertEqual(self.row()[5], 'pending')
        # The user himself may do the rest, as root may.
        other.call('Renotify')
        other.call('Unregister')
        self.assertEqual(self.rows(), [])

    def test_untracked(self):
        """One that did not promise to report may, but is not counted on."""
        other, _ = self.bus.connect().register_instance('a')
        other.report(1, 'failed', 'no')
        self.assertEqual((self.rows()[1][5:7], self.rows()[1][7]['message']), (('untracked', 0), 'no'))
        other.report(1)
        self.assertEqual(self.rows()[1][5:7], ('untracked', 1))
        self.change(2)
        self.assertEqual(self.rows()[1][5:7], ('untracked', 1))


class Again(InstanceCase):
    """Renotify: once more what was not taken."""

    def setUp(self):
        super().setUp()
        self.other = self.bus.connect()
        self.instance, _ = self.other.register_instance('a', ack=True)

    def settings(self):
        # Each version is the one that a test asks for: none comes of the save before.
        return {'max_versions': 3, 'hot_reload': False}

    def again(self):
        """The arguments of the one signal that was sent to it, and to nobody else."""
        for client in (self.other, self.client):
            client.settle()
            client.heard.clear()
        reconf.Instance(self.client, self.instance.path).call('Renotify')
        self.assertEqual([heard for heard in self.client.settle() if heard.member == 'ConfigChanged'], [])
        heard = [signal for signal in self.other.settle() if signal.member == 'ConfigChanged']
        self.assertLessEqual(len(heard), 1)
        for each in heard:
            self.assertEqual(each.path, self.config.path)
        return heard[0].arguments if heard else None

    def test_everything(self):
        root, version, previous, changes, details = self.again()
        self.assertEqual((root, version, previous), ('/a/', 1, 0))
        self.assertEqual(changes, [('a', 'added', None, 1)])
        self.assertEqual(details, {'origin': 'register', 'time': self.config.history()[0][1]})

    def test_since_the_last(self):
        self.instance.report(1)
        for value in (2, 3):
            self.change(value)
        self.instance.report(3, 'failed', 'no')
        root, version, previous, changes, details = self.again()
        self.assertEqual((root, version, previous, changes), ('/a/', 3, 1, [('a', 'modified', 1, 3)]))
        self.assertEqual(details['origin'], 'reload')

    def test_partial(self):
        """What it took in part it did not take."""
        self.instance.report(1)
        self.change(2)
        self.instance.report(2, 'partial', 'some')
        self.assertEqual(self.again()[1:4], (2, 1, [('a', 'modified', 1, 2)]))
        self.instance.report(2)
        self.assertIsNone(self.again())
        self.instance.report(2, 'failed')
        self.assertEqual(self.again()[1:4], (2, 0, [('a', 'added', None, 2)]))

    def test_nothing_to_do(self):
        self.instance.report(1)
        self.assertIsNone(self.again())

    def test_pruned(self):
        self.instance.report(1)
        for value in range(2, 6):
            self.change(value)
        reconf.wait_until(lambda: self.numbers(self.config) == [5, 4, 3], 'the history to be pruned')
        root, version, previous, changes, details = self.again()
        self.assertEqual((root, version, previous, changes), ('/', 5, 1, []))
        self.assertTrue(details['truncated'])

    def test_too_much_for_a_signal(self):
        self.instance.report(1)
        self.save('a.yaml', ''.join(f'k{i}: {"x" * 1000}\n' for i in range(1100)))
        self.config.reload()
        _, version, previous, changes, details = self.again()
        self.assertEqual((version, previous, details['truncated']), (2, 1, True))
        self.assertLess(len(changes), 1100)

    def test_without_a_version(self):
        self.write('b.yaml', 'b: [\n')
        self.client.manager('RegisterDirectory', '(sssa{sv})', 'd', str(self.files), 'b.yaml', {})
        instance, _ = self.other.register_instance('d@b')
        self.forget()
        instance.call('Renotify')
        self.assertEqual([heard.member for heard in self.other.settle() if heard.member == 'ConfigChanged'], [])


@unittest.skipIf(os.geteuid() != 0, 'pid namespaces are for root')
class Hidden(InstanceCase):
    def test_caller_in_a_pid_namespace(self):
        """What is told is what the daemon sees."""
        shop = Program(self, prefix=['unshare', '--pid', '--fork', '--kill-child'])
        path, _ = shop.register('a')
        self.assertEqual(shop.own_pid, 1)
        row = self.row()
        self.assertEqual((row[0], row[3]), (path, 'webshop'))
        with open(f'/proc/{row[2]}/status') as status:
            self.assertIn(f'PPid:\t{shop.pid}\n', status.read())
        self.assertGreater(row[4], 0)
        os.kill(row[2], signal.SIGKILL)
        self.wait_gone()


@unittest.skipIf(os.geteuid() != 0, 'pid namespaces are for root')
class Elsewhere(reconf.TestCase):
    """Bus and daemon live in a pid namespace where callers have no number."""

    bus_prefix = ('unshare', '--pid', '--fork', '--kill-child')

    def setUp(self):
        super().setUp()
        # Its number there is somebody else's here; all of them end with the first.
        self.bus.daemon_pid = lambda: 0

    def test_unknown_is_said_to_be(self):
        path = self.path('a.yaml')
        path.write_text('a: 1\n')
        self.client.register('a', path)
        instance, _ = self.client.register_instance('a', name='shop 1', ack=True)
        ((_, _, pid, name, start_time, state, _, details),) = self.client.manager('ListInstances', '(s)', '')
        self.assertEqual((pid, name, start_time, state), (0, '', 0, 'pending'))
        self.assertEqual(details, {'name': 'shop 1', 'uid': os.getuid(), 'vote': True})
        self.assertEqual((instance.get_property('Pid'), instance.get_property('Name')), (0, 'shop 1'))
        instance.report(1)
        other = self.bus.connect()
        other.register_instance('a')
        self.assertEqual(len(self.client.manager('ListInstances', '(s)', '')), 2)
        other.close()
        reconf.wait_until(lambda: len(self.client.manager('ListInstances', '(s)', '')) == 1, 'the instance to go')
