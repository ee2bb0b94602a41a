# SPDX-License-Identifier: LGPL-2.1-or-later
"""The system bus: whose it is, and that what is public all may hear. Who may call what is in test_access_matrix."""
import os

import opens
import people
import reconf
from gi.repository import Gio, GLib

NOBODY = 65534


class SystemBus(people.TestCase):
    def connect_as_nobody(self):
        client = self.connect_as('stranger')
        uid = client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'GetConnectionUnixUser', '(s)',
                          client.connection.get_unique_name(), name='org.freedesktop.DBus')
        self.assertEqual(uid, self.uids['stranger'])
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

    def test_others_may_start_it(self):
        other = self.connect_as_nobody()
        self.assertEqual(other.manager('ListConfigs'), [])

    def test_others_may_not_call_what_is_no_interface_of_it(self):
        """The bus lets nothing through that the service has no use for."""
        other = self.connect_as_nobody()
        self.assert_denied(other.call, reconf.MANAGER_PATH, 'org.example.Other', 'Do')

    def test_others_cannot_take_its_name(self):
        other = self.connect_as_nobody()
        with self.assertRaises(reconf.BusError) as caught:
            other.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName', '(su)', reconf.NAME, 0,
                       name='org.freedesktop.DBus')
        self.assertEqual(caught.exception.name, people.DENIED)

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

    def test_save_while_it_is_read(self):
        """What was read is no longer there to be asked about; the new one is as public."""
        config = self.watch(hot_reload=False)
        stranger = self.connect_as('stranger')
        try:
            held = opens.Opens(self.path('a.yaml'))
        except OSError as error:
            self.skipTest(f'opens cannot be held: {error}')
        self.addCleanup(held.stop)
        held.hold(0)
        self.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Reload', GLib.Variant('(a{sv})', ({},)),
                                    None, Gio.DBusCallFlags.NONE, -1, None, lambda connection, result: None)
        held.wait_held()
        self.save('a.yaml', 'a: 2\n')
        held.release()
        heard = stranger.wait_signal('ConfigChanged', lambda signal: signal.path == config.path)
        self.assertEqual(heard.arguments[3], [('a', 'modified', 1, 2)])
        self.assertTrue(config.get_property('Public'))

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
