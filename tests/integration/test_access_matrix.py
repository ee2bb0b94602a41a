# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may do what on the system bus: every method, property and signal that the XML has, by everybody.

A member that is not in EXPECTED fails the test: whoever adds one has to say who may use it.
"""
import unittest
import xml.etree.ElementTree as xml

import people
import reconf
from gi.repository import GLib
from reconf import CONFIG, INSTANCE, MANAGER, MANAGER_PATH

EVERYBODY = {'root', 'owner', 'member', 'stranger', 'granted'}
READERS = EVERYBODY - {'stranger'}
EDITORS = READERS - {'member'}
REGISTRARS = {'root', 'granted'}
ROOT = {'root'}

# Who may call it about a file that its owner may write and a group read; and about one that all may read.
EXPECTED = {
    CONFIG: {
        'Reload': (READERS, EVERYBODY), 'Rollback': (EDITORS, EDITORS), 'GetVersionHistory': (READERS, EVERYBODY),
        'Label': (EDITORS, EDITORS), 'ListInstances': (EVERYBODY, EVERYBODY), 'Diff': (READERS, EVERYBODY),
        'Get': (READERS, EVERYBODY), 'GetAll': (READERS, EVERYBODY), 'GetSnapshot': (READERS, EVERYBODY),
        # Also polkit lets nobody have the service read for him what he could not read.
        'SetFiles': (ROOT, REGISTRARS),
        'SetHotReload': (EDITORS, EDITORS), 'Confirm': (EDITORS, EDITORS), 'ExtendConfirm': (EDITORS, EDITORS),
        'Validate': (READERS, EVERYBODY), 'AddValidator': (EDITORS, EDITORS), 'RemoveValidator': (EDITORS, EDITORS),
        'GetProblems': (READERS, EVERYBODY), 'Subscribe': (READERS, EVERYBODY),
        'Unsubscribe': (EVERYBODY, EVERYBODY), 'GetStatistics': (EVERYBODY, EVERYBODY),
    },
    MANAGER: {
        'RegisterConfig': (ROOT, REGISTRARS), 'RegisterDirectory': (ROOT, REGISTRARS),
        'UnregisterConfig': (ROOT, REGISTRARS), 'GetConfig': (EVERYBODY, EVERYBODY),
        'GetConfigByFile': (EVERYBODY, EVERYBODY), 'ListConfigs': (EVERYBODY, EVERYBODY),
        'Reload': (READERS, EVERYBODY), 'Rollback': (EDITORS, EDITORS), 'GetVersionHistory': (READERS, EVERYBODY),
        'GetAudit': (ROOT, ROOT), 'ListInstances': (EVERYBODY, EVERYBODY), 'RegisterInstance': (READERS, EVERYBODY),
        'SetHotReload': (REGISTRARS, REGISTRARS), 'GetStatistics': (EVERYBODY, EVERYBODY),
    },
    # Of an instance of the member's.
    INSTANCE: {
        'ReportApplied': ({'member'}, {'member'}), 'Renotify': ({'root', 'member'}, {'root', 'member'}),
        'Unregister': ({'root', 'member'}, {'root', 'member'}),
    },
}

PROPERTIES = {
    MANAGER: {'Version', 'Epoch', 'Environment', 'HotReload'},
    CONFIG: {'Name', 'Files', 'Format', 'Schema', 'State', 'Version', 'Public', 'HotReload', 'Pending', 'LastReload',
             'ConfirmDeadline', 'Options'},
    INSTANCE: {'Config', 'Pid', 'Name', 'StartTime', 'Unit', 'State', 'Version'},
}

# Who is told that subscribed while he could, or with a grant; and who hears it without having done anything.
SIGNALS = {
    'ConfigChanged': {'told': (READERS, EVERYBODY), 'heard': (set(), EVERYBODY)},
    'ReloadFailed': {'told': (READERS, EVERYBODY), 'heard': (set(), EVERYBODY)},
    'InstanceStateChanged': {'told': (EVERYBODY, EVERYBODY), 'heard': (EVERYBODY, EVERYBODY)},
}


def members(interface, kind):
    """What the XML has of methods, properties or signals."""
    root = xml.parse(reconf.PREFIX / 'share' / 'dbus-1' / 'interfaces' / f'{interface}.xml').getroot()
    return {member.get('name'): [argument.get('type') for argument in member.findall('arg')
                                 if argument.get('direction') == 'in'] for member in root.iter(kind)}


class Complete(unittest.TestCase):
    """Not on a bus: the tables above against the XML."""

    def test_methods(self):
        for interface, expected in EXPECTED.items():
            self.assertEqual(set(expected), set(members(interface, 'method')), interface)

    def test_properties(self):
        for interface, expected in PROPERTIES.items():
            self.assertEqual(expected, set(members(interface, 'property')), interface)

    def test_signals(self):
        self.assertEqual(set(SIGNALS), set(members(CONFIG, 'signal')))
        for interface in (MANAGER, INSTANCE):
            self.assertEqual(members(interface, 'signal'), {})


class Matrix(people.TestCase):
    def setUp(self):
        super().setUp()
        self.start_polkit()
        self.files.joinpath('d').mkdir()

    def arguments(self, interface, method, name):
        """Such that whoever is let in changes nothing that the next one needs, and may fail otherwise."""
        path = str(self.path(f'{name}.yaml'))
        directory = str(self.path(f'd-{name}'))
        return {
            (CONFIG, 'Reload'): ({},), (CONFIG, 'Rollback'): (999, {}), (CONFIG, 'Label'): (999, 'x'),
            (CONFIG, 'Diff'): (0, 0), (CONFIG, 'Get'): ('a',), (CONFIG, 'SetFiles'): ([path],),
            (CONFIG, 'SetHotReload'): (True,), (CONFIG, 'Confirm'): (999,), (CONFIG, 'ExtendConfirm'): (999, 1),
            (CONFIG, 'Validate'): ('a: 1', ''), (CONFIG, 'AddValidator'): ('/a', {'timeout-ms':
                                                                                GLib.Variant('u', 0)}),
            (CONFIG, 'RemoveValidator'): ('/b',), (CONFIG, 'Subscribe'): (0, {}),
            (MANAGER, 'RegisterConfig'): (f'again-{name}', [path], {}),
            (MANAGER, 'RegisterDirectory'): (f'directory-{name}', directory, '*.yaml', {}),
            (MANAGER, 'UnregisterConfig'): (f'again-{name}',), (MANAGER, 'GetConfig'): (name,),
            (MANAGER, 'GetConfigByFile'): (path,), (MANAGER, 'Reload'): (name,), (MANAGER, 'Rollback'): (name, 999),
            (MANAGER, 'GetVersionHistory'): (name,), (MANAGER, 'GetAudit'): ('', {}),
            (MANAGER, 'ListInstances'): (name,), (MANAGER, 'RegisterInstance'): (name, {}),
            (MANAGER, 'SetHotReload'): (True,), (INSTANCE, 'ReportApplied'): (1, 'applied', ''),
        }.get((interface, method), ())

    def is_let_in(self, person, path, interface, method, name):
        arguments = self.arguments(interface, method, name)
        signature = ''.join(members(interface, 'method')[method])
        try:
            self.person(person).call_raw(path, interface, method, GLib.Variant(f'({signature})', arguments))
        except reconf.BusError as error:
            return error.name != people.DENIED
        return True

    def assert_let_in(self, interface, method, name, column, find_path):
        may = set()
        for person in sorted(EVERYBODY):
            if method == 'UnregisterConfig':
                self.client.register(f'again-{name}', self.path(f'{name}.yaml'))
            if self.is_let_in(person, find_path(), interface, method, name):
                may.add(person)
        self.assertEqual(may, EXPECTED[interface][method][column])

    def check_methods(self, name, mode, column):
        config = self.own(name, mode=mode)
        directory = self.path(f'd-{name}')
        directory.mkdir(mode=0o700 if column == 0 else 0o755)
        directory.joinpath('x.yaml').write_text('a: 1\n')
        instance = None

        def find_instance():
            nonlocal instance
            mine = [row[0] for row in self.client.manager('ListInstances', '(s)', name) if row[2] and
                    row[7]['uid'] == self.uids['member']]
            if not mine:
                instance, _ = self.person('member').register_instance(name, ack=True)
                mine = [instance.path]
            return mine[0]

        paths = {CONFIG: lambda: config.path, MANAGER: lambda: MANAGER_PATH, INSTANCE: find_instance}
        for interface in EXPECTED:
            for method in EXPECTED[interface]:
                with self.subTest(f'{interface}.{method}'):
                    self.assert_let_in(interface, method, name, column, paths[interface])

    def test_methods_of_what_is_not_public(self):
        self.check_methods('a', 0o640, 0)

    def test_methods_of_what_is_public(self):
        self.check_methods('a', 0o644, 1)

    def test_properties(self):
        """Everybody may read all of them, also at once."""
        config = self.own()
        instance, _ = self.client.register_instance('a')
        for person in sorted(EVERYBODY):
            client = self.person(person)
            for path, interface in ((MANAGER_PATH, MANAGER), (config.path, CONFIG), (instance.path, INSTANCE)):
                with self.subTest(f'{person}: {interface}'):
                    found = client.call(path, reconf.PROPERTIES, 'GetAll', '(s)', interface)
                    self.assertEqual(set(found), PROPERTIES[interface])
                    for name in PROPERTIES[interface]:
                        self.assertEqual(client.get_property(path, interface, name), found[name])

    def test_standard_interfaces(self):
        config = self.own()
        for person in sorted(EVERYBODY):
            client = self.person(person)
            with self.subTest(person):
                client.call(MANAGER_PATH, 'org.freedesktop.DBus.Peer', 'Ping')
                self.assertIn('GetSnapshot', client.call(config.path, 'org.freedesktop.DBus.Introspectable',
                                                         'Introspect'))
                self.assertIn(config.path, client.call(MANAGER_PATH, reconf.OBJECT_MANAGER, 'GetManagedObjects'))

    def check_signals(self, mode, column):
        config = self.own(mode=mode)
        subscribed, listening = {}, {}
        for person in sorted(EVERYBODY):
            subscribed[person], listening[person] = self.connect_as(person), self.connect_as(person)
            try:
                reconf.Config(subscribed[person], config.path).subscribe()
            except reconf.BusError as error:
                self.assertEqual(error.name, people.DENIED)
        instance, _ = self.client.register_instance('a', ack=True)
        self.write_owned('a.yaml', 'a: 2\n', mode)
        config.reload()
        self.write_owned('a.yaml', 'a: [\n', mode)
        self.assert_fails('ParseFailed', config.reload)
        instance.report(2)
        for signal, expected in SIGNALS.items():
            for how, clients in (('told', subscribed), ('heard', listening)):
                with self.subTest(f'{signal}, {how}'):
                    got = {person for person, client in clients.items()
                           if any(heard.member == signal and heard.path == config.path
                                  for heard in client.settle())}
                    self.assertEqual(got, expected[how][column])

    def test_signals_of_what_is_not_public(self):
        self.check_signals(0o640, 0)

    def test_signals_of_what_is_public(self):
        self.check_signals(0o644, 1)
