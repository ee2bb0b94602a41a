# SPDX-License-Identifier: LGPL-2.1-or-later
"""The system bus: root may call everything, others nothing; what is public all may hear.

Others are tried in-process: a connection that is made as somebody else stays that somebody's.
"""
import contextlib
import os
import unittest
import xml.etree.ElementTree as xml

import reconf
import scene
from gi.repository import GLib

NOBODY = 65534
DENIED = 'org.freedesktop.DBus.Error.AccessDenied'
STANDARD = {
    'org.freedesktop.DBus.Properties': {'Get': 'ss', 'GetAll': 's', 'Set': 'ssv'},
    'org.freedesktop.DBus.Introspectable': {'Introspect': ''},
    'org.freedesktop.DBus.Peer': {'Ping': ''},
    reconf.OBJECT_MANAGER: {'GetManagedObjects': ''},
}
# Some value of each type that methods take.
VALUES = {'o': '/a', 's': 'a', 'as': [], 'a{sv}': {}, 't': 1, 'u': 1, 'b': False, 'v': GLib.Variant('b', False)}


@contextlib.contextmanager
def nobody():
    """As nobody, and in nobody's group alone, but for the way back."""
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


def methods(interface):
    """The methods that the XML has, each with the types of what it takes."""
    root = xml.parse(reconf.PREFIX / 'share' / 'dbus-1' / 'interfaces' / f'{interface}.xml').getroot()
    return {method.get('name'): [argument.get('type') for argument in method.findall('arg')
                                 if argument.get('direction') == 'in'] for method in root.iter('method')}


class SystemBus(scene.TestCase):
    bus_kind = 'system'

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest('the service of the system is for root')

    def connect_as_nobody(self):
        with nobody():
            client = self.bus.connect()
        uid = client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetConnectionUnixUser', '(s)',
                          client.connection.get_unique_name(), name='org.freedesktop.DBus')
        self.assertEqual(uid, NOBODY)
        return client

    def test_root_may_call(self):
        config = self.watch()
        self.assertEqual(config.subscribe(), (1, [], {'complete': True}))
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 2)])
        self.assertEqual(config.rollback(), 3)
        self.assertEqual(config.history()[0][5]['uid'], 0)
        config.call('Label', '(ts)', 3, 'works')
        self.assertEqual(config.history()[0][5]['label'], 'works')
        self.client.manager('UnregisterConfig', '(s)', 'a')

    def test_others_may_call_nothing(self):
        config = self.watch()
        instance, _ = self.client.register_instance('a', ack=True)
        other = self.connect_as_nobody()
        tried = 0
        for path, own in ((reconf.MANAGER_PATH, reconf.MANAGER), (config.path, reconf.CONFIG),
                          (instance.path, reconf.INSTANCE)):
            for interface, members in {own: methods(own), **STANDARD}.items():
                for method, types in members.items():
                    with self.subTest(f'{interface}.{method}'):
                        arguments = [VALUES[kind] for kind in types]
                        self.assert_fails(DENIED, other.call, path, interface, method, f'({"".join(types)})',
                                          *arguments)
                    tried += 1
        self.assertGreater(tried, 35)
        self.assertEqual(instance.get_property('State'), 'pending')
        self.assertEqual(config.call('GetAll'), (1, {'a': 1}))
        self.assertTrue(config.get_property('HotReload'))
        self.assertEqual([entry[0] for entry in self.client.manager('ListConfigs')], ['a'])

    def test_others_cannot_start_it(self):
        other = self.connect_as_nobody()
        self.assert_fails(DENIED, other.manager, 'ListConfigs')
        self.assertEqual(self.bus.daemon_pid(), 0)

    def test_others_cannot_take_its_name(self):
        other = self.connect_as_nobody()
        with self.assertRaises(reconf.BusError) as caught:
            other.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName', '(su)', reconf.NAME, 0,
                       name='org.freedesktop.DBus')
        self.assertEqual(caught.exception.name, DENIED)

    def test_others_hear_what_is_public(self):
        config = self.watch()
        other = self.connect_as_nobody()
        self.save('a.yaml', 'a: 2\n')
        heard = other.wait_signal('ConfigChanged', lambda signal: signal.path == config.path)
        self.assertEqual(heard.arguments[3], [('a', 'modified', 1, 2)])

    def test_others_do_not_hear_what_is_secret(self):
        public = self.watch()
        secret = self.client.register('b', self.write_secret('b: 1\n'))
        self.forget()
        other = self.connect_as_nobody()
        self.write_secret('b: 2\n')
        secret.reload()
        self.write_secret('b: [\n')
        self.assert_fails('ParseFailed', secret.reload)
        # Sent after, so heard after.
        self.save('a.yaml', 'a: 2\n')
        public.reload()
        reconf.wait_until(lambda: 'ConfigChanged' in [heard.member for heard in other.heard], 'the public one')
        self.assertEqual([heard.path for heard in other.heard if heard.interface == reconf.CONFIG], [public.path])

    def write_secret(self, content):
        path = self.path('b.yaml')
        path.touch(mode=0o600)
        path.write_text(content)
        return path

    def test_public_is_what_anybody_may_read(self):
        """As the kernel has it: the whole path counts, and groups and lists that give somebody less."""
        config = self.watch()
        path = self.path('a.yaml')
        for owner, group, mode, public in ((0, 0, 0o644, True), (0, 0, 0o640, False), (0, 0, 0o604, False),
                                           (NOBODY, 0, 0o044, False), (0, 0, 0o444, True), (0, 0, 0o004, False)):
            with self.subTest(oct(mode)):
                os.chown(path, owner, group)
                path.chmod(mode)
                config.reload()
                self.assertEqual(config.get_property('Public'), public)
