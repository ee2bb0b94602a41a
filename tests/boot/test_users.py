# SPDX-License-Identifier: LGPL-2.1-or-later
"""Users: what others than root may do to the system's service, and the service that each has of his own."""
import os
import re

import machine
import reconf

NAME, UID = 'buyer', 1000
RUNTIME = f'/run/user/{UID}'

# As reconfctl(1) has it.
ACCESS_DENIED = 4


class UserCase(machine.TestCase):
    def setUp(self):
        super().setUp()
        self.add_user(NAME, UID)

    def run_user(self, *command, check=True):
        return self.machine.run('env', f'XDG_RUNTIME_DIR={RUNTIME}', f'HOME=/home/{NAME}', *command, uid=UID,
                                check=check)


class Strangers(UserCase):
    def test_edit(self):
        """Who could not write the file does not change it through the service, nor says what is watched."""
        self.boot()
        config = self.watch('a: 1\n')
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        config.wait_changed()
        for verb in (('rollback', 'shop'), ('unregister', 'shop'), ('register', 'other', '/etc/shop/shop.yaml')):
            with self.subTest(verb=verb):
                refused = self.run_user('reconfctl', '--system', *verb, check=False)
                self.assertEqual(refused.returncode, ACCESS_DENIED, refused.stderr)
        self.assertEqual([row[0] for row in self.client.manager('ListConfigs')], ['shop'])
        self.assertEqual((self.read('/etc/shop/shop.yaml'), config.get('a')), ('a: 2\n', 2))

    def test_name(self):
        """Nobody but root takes the service's place on the bus."""
        self.boot()
        refused = self.run_user('busctl', '--system', 'call', 'org.freedesktop.DBus', '/', 'org.freedesktop.DBus',
                                'RequestName', 'su', reconf.NAME, '0', check=False)
        self.assertIn('Access denied', refused.stderr)


class Manager(UserCase):
    """A user's own systemd, with the session bus."""

    FILE = f'/home/{NAME}/shop.yaml'

    def setUp(self):
        super().setUp()
        path = self.write(self.FILE, 'a: 1\n')
        for owned in (path.parent, path):
            os.chown(owned, UID, UID)
        self.boot()
        self.machine.run('loginctl', 'enable-linger', NAME)
        reconf.wait_until(lambda: self.machine.running_path(f'{RUNTIME}/bus').exists(), 'the session bus')

    def unit(self, *properties):
        shown = self.run_user('systemctl', '--user', 'show', *(f'--property={name}' for name in properties),
                              'reconf.service')
        return dict(line.split('=', 1) for line in shown.stdout.splitlines())

    def reconfctl(self, *arguments):
        return self.run_user('reconfctl', '--user', *arguments).stdout

    def register(self):
        self.reconfctl('register', 'shop', self.FILE)

    def get(self):
        return self.reconfctl('get', 'shop', 'a').strip()

    def save_wait(self, content, value):
        self.machine.path(self.FILE).write_text(content)
        reconf.wait_until(lambda: self.get() == value, 'the new version')

    def test_activation(self):
        """The session bus has the user's systemd start it; the system's service is not concerned."""
        self.assertEqual(self.unit('ActiveState'), {'ActiveState': 'inactive'})
        self.register()
        self.assertEqual(self.unit('ActiveState', 'StatusText'),
                         {'ActiveState': 'active', 'StatusText': 'Watching on the session bus'})
        self.save_wait('a: 2\n', '2')
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState'), {'ActiveState': 'inactive'})

    def test_rollback(self):
        """What is written back is the user's, and the history is in his home."""
        self.register()
        self.save_wait('a: 2\n', '2')
        self.reconfctl('rollback', 'shop')
        path = self.machine.path(self.FILE)
        self.assertEqual((path.read_text(), path.stat().st_uid), ('a: 1\n', UID))
        state = self.machine.path(f'/home/{NAME}/.local/state/reconf')
        self.assertEqual((state.stat().st_uid, oct(state.stat().st_mode & 0o777)), (UID, '0o700'))

    def test_sandbox(self):
        self.register()
        pid = self.unit('MainPID')['MainPID']
        process = self.machine.running_path(f'/proc/{pid}')
        status = dict(line.split(':\t', 1) for line in (process / 'status').read_text().splitlines())
        self.assertEqual((status['NoNewPrivs'], status['Seccomp'], int(status['CapEff'], 16)), ('1', '2', 0))
        self.assertRegex((process / 'limits').read_text(), r'Max core file size +0 +0 ')

    def test_kill(self):
        self.register()
        self.run_user('systemctl', '--user', 'kill', '--signal=KILL', 'reconf.service')
        reconf.wait_until(lambda: self.unit('NRestarts', 'ActiveState') == {'NRestarts': '1', 'ActiveState': 'active'},
                          'the restart')
        self.save_wait('a: 2\n', '2')

    def test_end(self):
        """It ends before its bus does, and that is no failure."""
        self.register()
        self.machine.run('systemctl', 'stop', f'user@{UID}.service')
        journal = self.machine.journal()
        self.assertNotIn('reconf.service: Failed', journal)
        ends = [journal.index(words) for words in ('Stopped reconf.service', 'Stopping dbus.service')]
        self.assertEqual(ends, sorted(ends))

    def test_enabled(self):
        """It watches from login on."""
        self.register()
        self.run_user('systemctl', '--user', 'enable', 'reconf.service')
        self.machine.run('systemctl', 'restart', f'user@{UID}.service')
        reconf.wait_until(lambda: self.unit('ActiveState') == {'ActiveState': 'active'}, 'the service')
        self.save_wait('a: 2\n', '2')

    def test_command(self):
        """A command of a user's drop-in runs as a unit of the user's systemd."""
        self.write(f'/home/{NAME}/check', '#!/bin/sh\ngrep --quiet 1 "$1" && exit\ncat /proc/self/cgroup\nexit 1\n')
        self.machine.path(f'/home/{NAME}/check').chmod(0o755)
        self.write(f'/home/{NAME}/.config/reconf/configs.d/shop.conf',
                   f'[Config]\nFile={self.FILE}\n[Validate]\nCommand=/home/{NAME}/check %f\n')
        self.get()
        self.machine.path(self.FILE).write_text('a: 2\n')
        said = re.compile(rf'/user@{UID}\.service/.*reconf-command-[0-9a-f-]+\.service')
        reconf.wait_until(lambda: said.search(self.run_user('reconfctl', '--user', '--json', 'status', 'shop',
                                                            check=False).stdout), 'the refusal')


class OtherBus(UserCase):
    """A user's own systemd that has no bus, as without dbus-user-session: sessions bring theirs along."""

    FILE = f'/home/{NAME}/shop.yaml'

    def setUp(self):
        super().setUp()
        path = self.write(self.FILE, 'a: 1\n')
        for owned in (path.parent, path):
            os.chown(owned, UID, UID)
        for name in ('dbus.service', 'dbus.socket', 'sockets.target.wants/dbus.socket'):
            self.machine.path(f'/usr/lib/systemd/user/{name}').unlink()
        self.boot()

    def start_manager(self):
        self.machine.run('loginctl', 'enable-linger', NAME)
        reconf.wait_until(lambda: self.machine.unit(f'user@{UID}.service', 'ActiveState') == {'ActiveState': 'active'},
                          'the manager')

    def test_session(self):
        """Such a bus starts the service by itself, which works as it does elsewhere."""
        self.start_manager()
        said = self.run_user('dbus-run-session', '--', 'sh', '-euc', f'''
                reconfctl --user register shop {self.FILE}
                echo "a: 2" >{self.FILE}
                reconfctl --user reload shop
                reconfctl --user rollback shop
                reconfctl --user get shop a''')
        self.assertEqual(said.stdout.splitlines()[-1], '1')
        self.assertEqual(self.read(self.FILE), 'a: 1\n')
        said = self.run_user('dbus-run-session', '--', 'reconfctl', '--user', 'get', 'shop', 'a')
        self.assertEqual(said.stdout, '1\n')

    def test_enabled(self):
        """A unit that could do nothing is passed over, and nothing has failed."""
        self.machine.run('systemctl', '--global', 'enable', 'reconf.service')
        self.start_manager()
        shown = self.run_user('systemctl', '--user', 'show', '--property=ActiveState', '--property=ConditionResult',
                              '--property=NRestarts', 'reconf.service')
        self.assertEqual(sorted(shown.stdout.splitlines()),
                         ['ActiveState=inactive', 'ConditionResult=no', 'NRestarts=0'])
