# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconfctl with a service on another host, to which a program in the place of ssh leads; it never leaves this one."""
import json
import os
import pwd
import shutil
import subprocess
import unittest

import reconf
import scene

BAD, USAGE, UNREACHABLE = 5, 2, 6

HOST = 'root@db.example.com'

# It leaves what it was called with, and leads to the bus of the case.
SSH = '''#!/bin/sh
printf '%s\\n' "$@" >"$RECONF_SSH_ARGUMENTS"
exec systemd-stdio-bridge --bus-path="$DBUS_SESSION_BUS_ADDRESS"
'''

NO_ROUTE = '''#!/bin/sh
echo "ssh: connect to host db.example.com port 22: No route to host" >&2
exit 255
'''


@unittest.skipUnless(shutil.which('systemd-stdio-bridge'), 'there is no systemd-stdio-bridge')
class RemoteCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.path('bin').mkdir()
        self.put_ssh(SSH)

    def put_ssh(self, script):
        program = self.write('bin/ssh', script)
        program.chmod(0o755)

    def run_ctl(self, *arguments, status=0, where=('-H', HOST)):
        """What it prints on standard output; what on standard error is kept."""
        environment = self.bus.environment | {
            'LC_ALL': 'C.UTF-8', 'PATH': f'{self.path("bin")}:{os.environ["PATH"]}',
            'RECONF_SSH_ARGUMENTS': str(self.path('arguments')),
            # Of this host, where nobody is.
            'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=/dev/null'}
        result = subprocess.run([reconf.PREFIX / 'bin' / 'reconfctl', *where, *map(str, arguments)],
                                env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                check=False, timeout=reconf.TIMEOUT)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.errors = result.stderr
        return result.stdout


class Host(RemoteCase):
    def test_all_the_way(self):
        """A config's life: nothing of it needs this host."""
        file = self.write('a.yaml', 'a: 1\nlist: [x, y]\n')
        self.assertEqual(self.run_ctl('register', 'a', file), 'Registered a.\n')
        self.assertEqual(self.path('arguments').read_text().splitlines(),
                         ['-xT', '--', HOST, 'systemd-stdio-bridge'])
        self.assertEqual(self.run_ctl('get', 'a', 'a'), '1\n')
        self.assertEqual(json.loads(self.run_ctl('get', 'a', '--json=short')), {'a': 1, 'list': ['x', 'y']})
        self.save('a.yaml', 'a: 2\n')
        self.run_ctl('reload', 'a')
        self.assertIn('1 → 2', self.run_ctl('diff', 'a'))
        self.run_ctl('rollback', 'a')
        self.assertEqual(self.run_ctl('get', 'a', 'a'), '1\n')
        self.assertEqual([version['version'] for version in json.loads(self.run_ctl('history', 'a', '-j'))], [3, 2, 1])

    def test_advice(self):
        """What it says to do next is for the same host."""
        config = self.watch()
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        self.assertIn(f'reconfctl --host={HOST} confirm a', self.run_ctl('rollback', 'a', '--confirm=1h'))

    def test_users(self):
        """They are that host's, of whom this one knows the numbers."""
        self.watch()
        self.run_ctl('rollback', 'a', '1')
        user = pwd.getpwuid(os.getuid()).pw_name
        for verb in ('audit', 'history'):
            self.assertIn(user, self.run_ctl(verb, 'a', where=('--user',)))
            self.assertNotIn(user, self.run_ctl(verb, 'a'))

    def test_completion(self):
        """ssh may ask for a password, which nobody expects while he types."""
        self.watch()
        self.assertEqual(self.run_ctl('complete', 'configs'), '')
        self.assertIn('list\t', self.run_ctl('complete', 'verbs'))
        self.assertFalse(self.path('arguments').exists())


class Files(RemoteCase):
    """Files of that host, by the names that they have there, may be others here."""

    def test_whole_path(self):
        self.run_ctl('register', 'a', 'a.yaml', status=USAGE)
        self.assertIn("takes its whole path, from / on, not 'a.yaml'", self.errors)
        self.run_ctl('register', 'a', self.write('a.yaml', 'a: 1\n'), '--schema=schema.json', status=USAGE)
        self.run_ctl('register', '--directory=etc', 'a', status=USAGE)

    def test_no_excerpt(self):
        file = self.write('a.yaml', 'a: 1\nb: [\n')
        self.run_ctl('register', 'a', file, status=BAD)
        self.assertIn(f'{file}:', self.errors)
        self.assertNotIn('b: [', self.errors)
        self.write('a.yaml', 'a: 1\n')
        self.run_ctl('register', 'a', file)
        self.save('a.yaml', 'a: 1\nb: [\n')
        self.run_ctl('reload', 'a', status=BAD)
        shown = self.run_ctl('status', 'a', status=BAD)
        self.assertIn(f'{file}:', shown)
        self.assertNotIn('b: [', shown + self.errors)

    def test_secrets(self):
        """What is one, only the schema tells, which cannot be read from here."""
        schema = self.write('schema.json', '{"type": "object"}')
        self.run_ctl('register', 'a', self.write('a.yaml', 'a: 1\n'), f'--schema={schema}')
        self.run_ctl('get', 'a', status=BAD)
        self.assertIn('it is a file of another machine', self.errors)
        self.assertEqual(self.run_ctl('get', 'a', '--show-secrets'), 'a: 1\n')
        self.run_ctl('schema', 'a', status=1)
        self.assertIn(f'its schema is a file of another machine: {schema}', self.errors)

    def test_validate(self):
        """A candidate is here, the config's own file is not."""
        self.run_ctl('register', 'a', self.write('a.yaml', 'a: 1\n'))
        candidate = self.write('b.json', '{"a": 1,}\n')
        self.assertIn('{"a": 1,}', self.run_ctl('validate', 'a', candidate, status=BAD))
        self.run_ctl('validate', 'a', status=USAGE)
        self.assertIn('takes a FILE', self.errors)

    def test_run(self):
        self.run_ctl('run', 'a', 'true', status=USAGE)
        self.assertIn('the program would run here', self.errors)


class Unreachable(RemoteCase):
    def test_no_route(self):
        """ssh says why, reconfctl what it takes."""
        self.put_ssh(NO_ROUTE)
        self.run_ctl('list', status=UNREACHABLE)
        self.assertIn('No route to host\n', self.errors)
        self.assertIn(f'reconfctl: the system bus of the host {HOST} cannot be reached: ', self.errors)
        self.assertIn('It takes ssh, and systemd-stdio-bridge on that host.', self.errors)

    def test_not_a_host(self):
        for host in 'a:b:c', '':
            self.run_ctl('list', where=('-H', host), status=USAGE)
            self.assertIn(f"'{host}' does not name a host", self.errors)

    def test_no_container(self):
        self.run_ctl('list', where=('-M', 'there-is-none'), status=UNREACHABLE)
        self.assertIn('the system bus of the container there-is-none cannot be reached: ', self.errors)
        self.assertIn("'machinectl list'", self.errors)

    def test_not_a_container(self):
        self.run_ctl('list', where=('-M', '/'), status=USAGE)
        self.assertIn("'/' does not name a container", self.errors)
