# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nothing of a config that is not public reaches somebody who could not read its files.

The file holds a marker, in a key, in values and in a comment, good and bad; and programs that may read it talk of it.
A stranger calls whatever there is, hears whatever the bus lets him hear, and looks at whatever the service left lying
about.
"""
import contextlib
import json
import os
import subprocess
import sys

import people
import reconf
import test_access_matrix
from gi.repository import Gio, GLib

MARKER = 'zebra4711'

# Prints the files below some directories that can be read, and have the marker in them or in their names.
LOOK = '''
import os, sys
marker, *roots = sys.argv[1:]
def look(path):
    try:
        with open(path, "rb") as file:
            return marker.encode() in file.read(1 << 24)
    except OSError:
        return False
for root in roots:
    for directory, directories, files in os.walk(root):
        for name in files:
            path = os.path.join(directory, name)
            link = ""
            if os.path.islink(path):
                try:
                    link = os.readlink(path)
                except OSError:
                    pass
            if not os.path.isfile(path) and not link:
                continue
            if marker in name or marker in link or look(path):
                print(path)
'''


class Leaks(people.TestCase):
    def setUp(self):
        super().setUp()
        self.seen = []
        self.tried = set()

    def listen(self, connection):
        """To all that the bus lets through, whoever sends it."""
        connection.signal_subscribe(None, None, None, None, None, Gio.DBusSignalFlags.NONE,
                                    lambda *signal: self.seen.append(f'{signal[2:5]} {signal[5].print_(True)}'))

    def call(self, client, path, interface, method, arguments):
        self.tried.add((interface, method))
        try:
            reply, descriptors = client.call_raw(path, interface, method, arguments)
        except reconf.BusError as error:
            self.seen.append(f'{error.name}: {error.message}')
            return
        self.seen.append(reply.print_(True))
        for descriptor in descriptors:
            self.seen.append(os.pread(descriptor, 1 << 20, 0).decode(errors='replace'))
            os.close(descriptor)

    def call_all(self, client, name, objects):
        """Each method on each object, as the config's readers would call it."""
        find = test_access_matrix.Matrix.arguments
        for interface, path in objects.items():
            for method, types in test_access_matrix.members(interface, 'method').items():
                arguments = find(self, interface, method, name)
                self.call(client, path, interface, method, GLib.Variant(f'({"".join(types)})', arguments))
            self.call(client, path, reconf.PROPERTIES, 'GetAll', GLib.Variant('(s)', (interface,)))
            self.call(client, path, 'org.freedesktop.DBus.Introspectable', 'Introspect', None)
        self.call(client, reconf.MANAGER_PATH, reconf.OBJECT_MANAGER, 'GetManagedObjects', None)
        config = objects[reconf.CONFIG]
        for method, arguments in (('Get', GLib.Variant('(s)', (MARKER,))),
                                  ('Diff', GLib.Variant('(tt)', (1, 2))),
                                  ('Subscribe', GLib.Variant('(ta{sv})', (1, {}))),
                                  ('Rollback', GLib.Variant('(ta{sv})', (1, {}))),
                                  ('Validate', GLib.Variant('(ss)', ('a: [', '')))):
            self.call(client, config, reconf.CONFIG, method, arguments)

    def reject(self, config):
        """A validator that tells what it was shown."""
        information = Gio.DBusNodeInfo.new_for_xml(
            (reconf.PREFIX / 'share' / 'dbus-1' / 'interfaces' / f'{reconf.NAME}.Validator.xml').read_text())
        owner = self.person('owner')
        identifier = owner.connection.register_object(
            '/v', information.interfaces[0],
            lambda *call: call[6].return_dbus_error('org.example.No', f'{MARKER} is no good'), None, None)
        self.seen_by('owner', config).call('AddValidator', '(oa{sv})', '/v', {})
        self.write_owned('a.yaml', f'{MARKER}: {MARKER}5\n', 0o640)
        config.client.connection.call(reconf.NAME, config.path, reconf.CONFIG, 'Reload', GLib.Variant('(a{sv})', ({},)),
                                      None, Gio.DBusCallFlags.NONE, -1, None, None)
        self.seen_by('owner', config).wait_signal('ReloadFailed')
        self.seen_by('owner', config).call('RemoveValidator', '(o)', '/v')
        owner.connection.unregister_object(identifier)

    def live(self, config, instance, look):
        """What happens to a config, with a look at everything after each step."""
        owner = self.seen_by('owner', config)
        owner.subscribe()
        for number, content in enumerate((
                f'{MARKER}: {MARKER}2 # {MARKER}\n', f'{MARKER}: [{MARKER}\n', f'{MARKER}: {{b: {MARKER}3}}\n',
                f'a: {MARKER}\n{MARKER}: 1\n', f'{MARKER}: {MARKER}4\n')):
            self.write_owned('a.yaml', content, 0o640)
            with contextlib.suppress(reconf.BusError):
                owner.reload()
            instance.report(1, 'failed', f'{MARKER} at {number}')
            look()
        self.reject(config)
        look()
        owner.rollback(1, message=f'because of {MARKER}')
        owner.call('Label', '(ts)', 1, MARKER)
        look()

    def test_nothing_leaks(self):
        schema = self.write('schema.json', json.dumps({'properties': {
            MARKER: {'type': 'string', 'enum': [f'{MARKER}{number}' for number in range(1, 6)]}, 'a': {'type': 'number'}}}))
        # Its readers are those of the file, so here it has no part in what is searched.
        schema.chmod(0o600)
        config = self.own(content=f'{MARKER}: {MARKER}1\n', schema=str(schema))
        instance, _ = self.person('member').register_instance('a', ack=True)
        stranger = self.person('stranger')
        self.listen(stranger.connection)
        pid = self.bus.daemon_pid()
        objects = {reconf.CONFIG: config.path, reconf.MANAGER: reconf.MANAGER_PATH, reconf.INSTANCE: instance.path}

        def look():
            stranger.settle()
            self.call_all(stranger, 'a', objects)
            self.assertEqual(self.look_around(pid), '')

        self.live(config, instance, look)
        stranger.settle()
        self.seen.extend(str(signal) for signal in stranger.heard)
        self.assertEqual([text for text in self.seen if MARKER in text], [])
        # It is there, for those who may know it; and all was tried.
        self.assertEqual(config.get(MARKER), f'{MARKER}1')
        self.assertEqual(config.history()[0][5]['message'], f'because of {MARKER}')
        self.assertLessEqual({(interface, method) for interface in objects
                              for method in test_access_matrix.members(interface, 'method')}, self.tried)
        self.assertGreater(len(self.seen), 300)
        self.assertNotIn(MARKER, self.bus.log.read_text())

    def look_around(self, pid):
        """What the stranger finds in files: those of the test, the state, and what the kernel shows of the process."""
        uid = self.uids['stranger']
        result = subprocess.run(
            [sys.executable, '-c', LOOK, MARKER, str(self.directory), f'/proc/{pid}/fd', f'/proc/{pid}/map_files',
             f'/proc/{pid}/task'], user=uid, group=people.NO_GROUP, extra_groups=[], capture_output=True, text=True,
            check=False, cwd='/')
        self.assertEqual(result.returncode, 0, result.stderr)
        for name in ('cmdline', 'environ', 'mem', 'auxv', 'comm', 'status', 'maps'):
            with contextlib.suppress(OSError), people.somebody(uid, people.NO_GROUP):
                with open(f'/proc/{pid}/{name}', 'rb') as file:
                    self.assertNotIn(MARKER.encode(), file.read(1 << 20))
        return result.stdout

    def test_looking_around_finds_something(self):
        """The search above, where there is something to find."""
        path = self.write('open.yaml', f'a: {MARKER}\n')
        self.assertEqual(self.look_around(os.getpid()), f'{path}\n')

    def test_state_is_for_root(self):
        self.own()
        self.assertEqual((self.bus.state / 'reconf').stat().st_mode & 0o777, 0o700)
        with people.somebody(self.uids['stranger'], people.NO_GROUP):
            with self.assertRaises(PermissionError):
                os.listdir(self.bus.state / 'reconf')

    def test_cores_are_not_written(self):
        self.own()
        with open(f'/proc/{self.bus.daemon_pid()}/limits', encoding='ascii') as limits:
            line = next(line for line in limits if line.startswith('Max core file size'))
        self.assertEqual(line.split()[4:6], ['0', '0'])
