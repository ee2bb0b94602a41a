# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the daemon serves is what the XML says, and the XML has what clients were promised.

Clients, bindings and scripts rely on names, types and access: those of PROMISED may not change or go. More may come.
"""
import pathlib
import xml.etree.ElementTree as xml

import reconf
from gi.repository import GLib
from reconf import CONFIG, INSTANCE, MANAGER, MANAGER_PATH

SOURCES = pathlib.Path(__file__).parents[2] / 'introspection'
INTERFACES = reconf.PREFIX / 'share' / 'dbus-1' / 'interfaces'
INTROSPECTABLE = 'org.freedesktop.DBus.Introspectable'
EMITS_CHANGED = 'org.freedesktop.DBus.Property.EmitsChangedSignal'
# What sd-bus says of methods that are for root; it depends on the bus.
PRIVILEGED = 'org.freedesktop.systemd1.Privileged'

# Methods: what goes in, what comes out. Signals: what they bring. Properties: their type, how changes are announced.
PROMISED = {
    MANAGER: {
        'methods': {
            'RegisterConfig': ('s as a{sv}', 'o'),
            'RegisterDirectory': ('s s s a{sv}', 'ao'),
            'UnregisterConfig': ('s', ''),
            'GetConfig': ('s', 'o'),
            'GetConfigByFile': ('s', 'ao'),
            'ListConfigs': ('', 'a(sossta{sv})'),
            'Reload': ('s', 't'),
            'Rollback': ('s t', 't'),
            'GetVersionHistory': ('s', 'a(ttsssa{sv})'),
            'ListInstances': ('s', 'a(osuststa{sv})'),
            'RegisterInstance': ('s a{sv}', 'o t'),
            'SetHotReload': ('b', ''),
            'GetStatistics': ('', 'a{sv}'),
        },
        'signals': {},
        'properties': {
            'Version': ('s', 'const'),
            'Epoch': ('s', 'const'),
            'Environment': ('s', 'const'),
            'HotReload': ('b', 'true'),
        },
    },
    CONFIG: {
        'methods': {
            'Reload': ('a{sv}', 't'),
            'Rollback': ('t a{sv}', 't'),
            'GetVersionHistory': ('', 'a(ttsssa{sv})'),
            'Label': ('t s', ''),
            'ListInstances': ('', 'a(osuststa{sv})'),
            'Diff': ('t t', 'a(ssvv)'),
            'Get': ('s', 'v'),
            'GetAll': ('', 't a{sv}'),
            'GetSnapshot': ('', 't h'),
            'SetFiles': ('as', 't'),
            'SetHotReload': ('b', ''),
            'Confirm': ('t', ''),
            'ExtendConfirm': ('t u', 't'),
            'Validate': ('s s', 'a(suus)'),
            'AddValidator': ('o a{sv}', ''),
            'RemoveValidator': ('o', ''),
            'GetProblems': ('', 'a(suus)'),
            'Subscribe': ('t a{sv}', 't a(ssvv) a{sv}'),
            'Unsubscribe': ('', ''),
            'GetStatistics': ('', 'a{sv}'),
        },
        'signals': {
            'ConfigChanged': 's t t a(ssvv) a{sv}',
            'ReloadFailed': 's a(suus)',
            'InstanceStateChanged': 'o s t',
        },
        'properties': {
            'Name': ('s', 'const'),
            'Files': ('as', 'true'),
            'Format': ('s', 'true'),
            'Schema': ('s', 'true'),
            'State': ('s', 'true'),
            'Version': ('t', 'false'),
            'Public': ('b', 'true'),
            'HotReload': ('b', 'true'),
            'Pending': ('b', 'true'),
            'LastReload': ('t', 'false'),
            'ConfirmDeadline': ('t', 'true'),
            'Options': ('a{sv}', 'true'),
        },
    },
    INSTANCE: {
        'methods': {
            'ReportApplied': ('t s s', ''),
            'Renotify': ('', ''),
            'Unregister': ('', ''),
        },
        'signals': {},
        'properties': {
            'Config': ('s', 'const'),
            'Pid': ('u', 'false'),
            'Name': ('s', 'true'),
            'StartTime': ('t', 'false'),
            'Unit': ('s', 'const'),
            'State': ('s', 'false'),
            'Version': ('t', 'false'),
        },
    },
}


def members(interface):
    """Each member of an interface as a value that equals another's where nothing that counts differs."""
    found = {}
    for member in interface:
        if member.tag == 'annotation':
            continue
        default = {'method': 'in', 'signal': 'out'}.get(member.tag)
        arguments = [(argument.get('name'), argument.get('type'), argument.get('direction', default))
                     for argument in member.findall('arg')]
        notes = {note.get('name'): note.get('value') for note in member.findall('annotation')}
        notes.pop(PRIVILEGED, None)
        if member.tag == 'property':
            notes.setdefault(EMITS_CHANGED, 'true')
        found[member.tag, member.get('name')] = (arguments, member.get('type'), member.get('access'), notes)
    return found


def types(arguments, direction):
    return ' '.join(kind for _, kind, where in arguments if where == direction)


class Introspection(reconf.TestCase):
    def from_file(self, directory, name):
        root = xml.parse(directory / f'{name}.xml').getroot()
        self.assertEqual([interface.get('name') for interface in root], [name])
        return members(root[0])

    def served(self, path):
        root = xml.fromstring(self.client.call(path, INTROSPECTABLE, 'Introspect'))
        return root, {interface.get('name'): members(interface) for interface in root.findall('interface')}

    def register(self):
        return self.client.register('a.b', self.write('a.yaml', 'a: 1\n'))

    def assert_promised(self, name):
        found = self.from_file(SOURCES, name)
        promised = PROMISED[name]
        for member, (given, taken) in promised['methods'].items():
            arguments = found['method', member][0]
            self.assertEqual((types(arguments, 'in'), types(arguments, 'out')), (given, taken), member)
        for member, brought in promised['signals'].items():
            self.assertEqual(types(found['signal', member][0], 'out'), brought, member)
        for member, (kind, emits) in promised['properties'].items():
            _, found_kind, access, notes = found['property', member]
            self.assertEqual((found_kind, access, notes), (kind, 'read', {EMITS_CHANGED: emits}), member)

    def test_manager_is_as_promised(self):
        self.assert_promised(MANAGER)

    def test_config_is_as_promised(self):
        self.assert_promised(CONFIG)

    def test_instance_is_as_promised(self):
        self.assert_promised(INSTANCE)

    def test_instance_serves_its_xml(self):
        self.register()
        path, _ = self.client.manager('RegisterInstance', '(sa{sv})', 'a.b', {})
        _, served = self.served(path)
        self.assertEqual(served[INSTANCE], self.from_file(SOURCES, INSTANCE))
        self.assertEqual(set(served), {INSTANCE, reconf.PROPERTIES, INTROSPECTABLE, 'org.freedesktop.DBus.Peer'})
        prefix, name = path.rsplit('/', 1)
        root, _ = self.served(prefix)
        self.assertEqual([node.get('name') for node in root.findall('node')], [name])

    def test_every_argument_has_a_name(self):
        for name in PROMISED:
            for member, (arguments, *_) in self.from_file(SOURCES, name).items():
                names = [argument for argument, _, _ in arguments]
                self.assertNotIn(None, names, member)
                self.assertEqual(len(set(names)), len(names), member)

    def test_manager_serves_its_xml(self):
        _, served = self.served(MANAGER_PATH)
        self.assertEqual(served[MANAGER], self.from_file(SOURCES, MANAGER))
        self.assertEqual(set(served), {MANAGER, reconf.PROPERTIES, INTROSPECTABLE, 'org.freedesktop.DBus.Peer',
                                       reconf.OBJECT_MANAGER})

    def test_config_serves_its_xml(self):
        _, served = self.served(self.register().path)
        self.assertEqual(served[CONFIG], self.from_file(SOURCES, CONFIG))
        self.assertEqual(set(served), {CONFIG, reconf.PROPERTIES, INTROSPECTABLE, 'org.freedesktop.DBus.Peer'})

    def test_configs_are_listed_as_nodes(self):
        config = self.register()
        prefix, name = config.path.rsplit('/', 1)
        root, _ = self.served(prefix)
        self.assertEqual([node.get('name') for node in root.findall('node')], [name])
        self.client.manager('UnregisterConfig', '(s)', 'a.b')
        with self.assertRaises(reconf.BusError):
            self.client.call(config.path, CONFIG, 'GetAll')

    def test_installed_files_are_the_same(self):
        for name in PROMISED:
            self.assertEqual((INTERFACES / f'{name}.xml').read_text(), (SOURCES / f'{name}.xml').read_text())

    def test_properties_are_read_only(self):
        """Settings are changed by methods, which can wait for an answer of who may."""
        config = self.register()
        for path, interface in ((MANAGER_PATH, MANAGER), (config.path, CONFIG)):
            with self.assertRaises(reconf.BusError) as caught:
                self.client.call(path, reconf.PROPERTIES, 'Set', '(ssv)', interface, 'HotReload',
                                 GLib.Variant('b', False))
            self.assertEqual(caught.exception.name, 'org.freedesktop.DBus.Error.PropertyReadOnly')
