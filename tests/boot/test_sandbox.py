# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the units take away from the programs, seen from inside and outside. That the rest is enough: test_rights."""
import json
import os
import re
import subprocess

import machine

# By the rating of systemd, which goes from 0.0 to 10.0.
MOST_EXPOSED = 20

CAPABILITIES = {'CHOWN': 0, 'DAC_OVERRIDE': 1, 'FOWNER': 3, 'KILL': 5, 'SETGID': 6, 'SETUID': 7}

# What root can do in the machine and the service cannot, and what is said to it.
SOCKET = "perl -MSocket -e 'socket(S, {}, SOCK_DGRAM, 0) or die $!'"
FORBIDDEN = {
    SOCKET.format('AF_INET'): 'Address family not supported',
    SOCKET.format('AF_INET6'): 'Address family not supported',
    SOCKET.format('16'): 'Address family not supported',  # netlink
    'unshare --net true': 'Operation not permitted',
    'unshare --user true': 'Operation not permitted',
    'mount -t tmpfs tmpfs /mnt': 'permission denied',
    'chroot / true': 'Operation not permitted',
    'hostname probe': 'must be root',
    'renice -n -5 $$': 'Operation not permitted',
    'chrt --fifo 1 true': 'Operation not permitted',
    'setarch --addr-no-randomize true': 'Operation not permitted',
    'mknod /run/reconfd/null c 1 3': 'Operation not permitted',
    'touch /run/reconfd/a && chmod u+s /run/reconfd/a': 'Operation not permitted',
    'touch /run/reconfd/b && chmod g+s /run/reconfd/b': 'Operation not permitted',
    'touch /usr/lib/probe': 'Read-only file system',
    'touch /usr/bin/probe': 'Read-only file system',
    'ls /tmp/everybody': 'No such file',
    'ls /var/tmp/everybody': 'No such file',
}
# Each writes what it says, and its status, to a file of its number.
PROBE = '''\
number=0
mkdir -p "$1"
while read -r command; do
        sh -c "$command" >"$1/$number" 2>&1
        echo "status $?" >>"$1/$number"
        number=$((number + 1))
done </etc/probe-commands
true
'''

# All that the daemon ever talks to.
PEERS = {'/run/dbus/system_bus_socket', '/run/systemd/journal/socket', '/run/systemd/notify'}
# And the C library, where it is asked which groups a user is in.
CACHE = '/var/run/nscd/socket'


class Rating(machine.TestCase):
    def check(self, unit):
        self.machine.boot()
        rated = self.machine.run('systemd-analyze', 'security', '--no-pager', f'--threshold={MOST_EXPOSED}', unit,
                                 check=False)
        self.assertIn(f'Overall exposure level for {unit}: ', rated.stdout)
        self.assertEqual(rated.returncode, 0, rated.stdout)

    def test_daemon(self):
        self.check('reconf.service')

    def open_fields(self, unit):
        rated = self.machine.run('systemd-analyze', 'security', '--no-pager', '--json=short', unit).stdout
        return {row['name'].partition('=')[0] for row in json.loads(rated) if row.get('exposure')}

    def test_explained(self):
        """What is left open is spoken of in the unit."""
        self.machine.boot()
        text, early = ((machine.IMAGE / 'usr/lib/systemd/system' / unit).read_text()
                       for unit in ('reconf.service', 'reconf-recover.service'))
        open_fields = self.open_fields('reconf.service')
        self.assertIn('ProtectHome', open_fields)
        self.assertEqual([name for name in open_fields if f'{name}=' not in text], [])
        self.assertIn('As in reconf.service', early)
        self.assertEqual([name for name in self.open_fields('reconf-recover.service')
                          if f'{name}=' not in text + early], [])

    def test_recovery(self):
        self.check('reconf-recover.service')
        # What these need would be made in /tmp while that is emptied.
        self.assertEqual(self.machine.unit('reconf-recover.service', 'PrivateDevices', 'PrivateTmp'),
                         {'PrivateDevices': 'no', 'PrivateTmp': 'no'})


class Process(machine.TestCase):
    def namespace(self, pid, kind):
        return os.readlink(self.machine.running_path(f'/proc/{pid}/ns/{kind}'))

    def test_status(self):
        """What the kernel says of it."""
        self.boot()
        self.watch('a: 1\n')
        pid = self.machine.unit('reconf.service', 'MainPID')['MainPID']
        process = self.machine.running_path(f'/proc/{pid}')
        status = dict(line.split(':\t', 1) for line in (process / 'status').read_text().splitlines())
        kept = f'{sum(1 << number for number in CAPABILITIES.values()):016x}'
        none = f'{0:016x}'
        self.assertEqual({name: value for name, value in status.items() if name.startswith('Cap')},
                         {'CapInh': none, 'CapPrm': kept, 'CapEff': kept, 'CapBnd': kept, 'CapAmb': none})
        self.assertEqual((status['NoNewPrivs'], status['Seccomp']), ('1', '2'))
        self.assertRegex((process / 'limits').read_text(), r'Max core file size +0 +0 ')
        for kind in ('mnt', 'net'):
            self.assertNotEqual(self.namespace(pid, kind), self.namespace(1, kind))
        # Callers have to be who they are.
        self.assertEqual(self.namespace(pid, 'user'), self.namespace(1, 'user'))

    def results(self, directory):
        texts = [self.machine.running_path(f'{directory}/{number}').read_text() for number in range(len(FORBIDDEN))]
        return dict(zip(FORBIDDEN, texts))

    def test_forbidden(self):
        """By a program in the daemon's place; in any other service it can be done."""
        self.write('/etc/probe', PROBE)
        self.write('/etc/probe-commands', ''.join(f'{command}\n' for command in FORBIDDEN))
        self.write('/var/tmp/everybody', '')
        self.override('reconf.service', 'ExecStartPre=sh /etc/probe /run/reconfd/probe')
        self.boot()
        self.machine.run('touch', '/tmp/everybody')
        self.watch('a: 1\n')
        inside = self.results('/run/reconfd/probe')
        self.machine.run('systemd-run', '--wait', '--quiet', 'sh', '/etc/probe', '/run/probe')
        outside = self.results('/run/probe')
        for command, told in FORBIDDEN.items():
            with self.subTest(command=command):
                self.assertIn(told, inside[command])
                self.assertNotIn('status 0\n', inside[command])
                self.assertTrue(outside[command].endswith('status 0\n'), outside[command])


class Sockets(machine.TestCase):
    # A command that runs in the daemon's place, and one that systemd runs.
    DECODE = '/usr/local/bin/a=decode'
    DROPIN = f'''
[Config]
File=/etc/shop/shop.yaml;/etc/shop/shop.list
OnInvalid=revert

[Decode]
Command={DECODE}

[Validate]
Command=/bin/grep --quiet a %f

[Apply]
ReloadUnit=shop.service
'''

    def live(self):
        """A bit of all that the daemon does."""
        self.write('/etc/systemd/system/shop.service', '[Service]\nExecStart=sleep infinity\nExecReload=true\n')
        self.write('/etc/reconf/configs.d/shop.conf', self.DROPIN)
        self.write(self.DECODE, '#!/bin/sh\necho "{}"\n').chmod(0o755)
        self.write('/etc/shop/shop.yaml', 'a: 1\n')
        self.write('/etc/shop/shop.list', 'a\n')
        self.boot()
        self.machine.run('systemctl', 'start', 'shop.service')
        config = self.client.config('shop')
        config.subscribe()
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        config.wait_changed(lambda heard: heard.arguments[1] == 2)
        self.save('/etc/shop/shop.yaml', 'b: 2\n')
        config.wait_signal('ReloadFailed')
        config.rollback()
        self.client.register('other', '/etc/shop/shop.yaml', confirm_ms=60000)
        self.client.register_instance('other', ack=True)[0].report(1)
        self.client.manager('UnregisterConfig', '(s)', 'other')
        self.machine.run('setpriv', '--reuid=1', '--regid=1', '--clear-groups', 'reconfctl', 'get', 'shop', check=False)
        self.machine.run('reconfctl', 'audit')
        self.machine.run('systemctl', 'stop', 'reconf.service')

    def check(self, trace, peers):
        self.assertLessEqual(set(re.findall(r'(?:\bsocket(?:pair)?\(|sa_family=)(\w+)', trace)), {'AF_UNIX'})
        found = set(re.findall(r'(?:connect|sendmsg|sendto|sendmmsg)\(.*sun_path=(@?"[^"]*")', trace))
        self.assertEqual(found - {f'"{CACHE}"'}, {f'"{path}"' for path in peers})
        self.assertIsNone(re.search(r'\b(?:bind|listen|accept4?)\(', trace))

    def test_peers(self):
        """From its start to its end it opens no socket but to the bus, the journal and the service manager.

        Nor do its commands' supervisors, and what else is in its place.
        """
        self.trace('reconf.service', '/trace', '-e', 'trace=%%network,execve')
        self.live()
        trace = self.read('/trace')
        self.assertIn(f'execve("{self.DECODE}"', trace)
        self.check(trace, PEERS)

    def test_peers_of_recovery(self):
        """What runs early in boot has yet less to talk to."""
        self.boot()
        config = self.watch('a: 1\n', confirm_ms=600000)
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        config.wait_changed()
        self.trace('reconf-recover.service', '/trace', '-e', 'trace=%%network')
        self.machine.reboot()
        self.assertEqual(self.read('/etc/shop/shop.yaml'), 'a: 1\n')
        self.check(self.read('/trace'), {'/run/systemd/journal/socket'})

    def test_own_code(self):
        """Whatever else it may come to do: it has no call that makes a socket, which is for libsystemd and libc."""
        said = subprocess.run(['readelf', '--wide', '--dyn-syms', machine.IMAGE / 'usr/libexec/reconfd'],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
        names = set(re.findall(r' UND (\w+)', said))
        self.assertIn('sd_bus_open_system_with_description', names)
        self.assertEqual(names & {'socket', 'socketpair', 'connect', 'bind', 'listen', 'accept', 'accept4', 'sendto'},
                         set())
        self.assertEqual([name for name in names if name.startswith(('g_socket', 'g_dbus', 'g_resolver'))], [])
        self.assertEqual({name for name in names if name.startswith('sd_bus_open')},
                         {'sd_bus_open_system', 'sd_bus_open_system_with_description', 'sd_bus_open_user',
                          'sd_bus_open_user_with_description'})
