# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconfctl --machine, from the machine that the container runs on."""
import os
import subprocess

import machine
import reconf

# What systemd-machined has of the containers that it knows, in a mount namespace where there is but this one.
REGISTERED = '''
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/machines
printf "CLASS=container\\nLEADER=$1\\n" >/run/systemd/machines/shop
shift
exec "$@"
'''


class Container(machine.TestCase):
    def setUp(self):
        super().setUp()
        self.boot()

    def run_ctl(self, *arguments, where=('--machine=shop',)):
        result = subprocess.run(
            ['unshare', '--mount', 'sh', '-euc', REGISTERED, 'sh', str(self.machine.leader),
             str(machine.IMAGE / 'usr/bin/reconfctl'), *where, *arguments],
            env=machine.ENVIRONMENT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=machine.TIMEOUT)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def test_user(self):
        """As one of the users there, on the bus of the system, and on his own."""
        self.add_user('buyer', 1000)
        self.machine.path('/home/buyer').mkdir(parents=True)
        os.chown(self.machine.path('/home/buyer'), 1000, 1000)
        self.write('/etc/shop/shop.yaml', 'a: 1\n')
        self.run_ctl('register', 'shop', '/etc/shop/shop.yaml')
        self.assertEqual(self.run_ctl('get', 'shop', 'a', where=('--machine=buyer@shop',)), '1\n')
        self.run_ctl('reload', 'shop', where=('-M', 'buyer@shop'))
        self.write('/home/buyer/own.yaml', 'b: 2\n')
        self.run_ctl('register', 'own', '/home/buyer/own.yaml', where=('--user', '--machine=buyer@shop'))
        self.assertEqual(self.run_ctl('get', 'own', 'b', where=('--user', '-M', 'buyer@shop')), '2\n')
        self.assertEqual([row[0] for row in self.client.manager('ListConfigs')], ['shop'])

    def test_all_the_way(self):
        """The service there is started, and reads and writes the files that are there."""
        self.write('/etc/shop/shop.yaml', 'a: 1\nb: [2]\n')
        self.assertEqual(self.run_ctl('register', 'shop', '/etc/shop/shop.yaml'), 'Registered shop.\n')
        self.assertEqual(self.run_ctl('get', 'shop'), 'a: 1\nb:\n  - 2\n')
        self.save('/etc/shop/shop.yaml', 'a: 3\n')
        reconf.wait_until(lambda: self.run_ctl('get', 'shop', 'a') == '3\n', 'the change')
        self.run_ctl('rollback', 'shop')
        self.assertEqual(self.read('/etc/shop/shop.yaml'), 'a: 1\nb: [2]\n')
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState'), {'ActiveState': 'active'})
