# SPDX-License-Identifier: LGPL-2.1-or-later
"""Services that know nothing of Reconf, made safe to reconfigure by a drop-in."""
import shutil

import machine
import reconf

EXAMPLE = machine.IMAGE / 'usr' / 'share' / 'doc' / 'reconf' / 'examples' / 'dnsmasq'
FILE = '/etc/dnsmasq.conf'
HOST = 'printer.home'


def content(address, *more):
    return '\n'.join(('listen-address=127.0.0.1', 'bind-interfaces', 'no-resolv', 'no-hosts',
                      f'address=/{HOST}/{address}', *more, ''))


class ServiceCase(machine.TestCase):
    """A case with a service that is the only instance of its config."""

    def wait_current(self, config):
        """The service has taken the active version."""
        name = config.get_property('Name')
        reconf.wait_until(lambda: [row[5:7] for row in self.client.manager('ListInstances', '(s)', name)] ==
                          [('current', config.get_property('Version'))], 'the service to be current')

    def wait_returned(self, config):
        self.assertEqual(config.wait_signal('ReloadFailed').arguments[0], 'instance')
        config.wait_changed(lambda heard: heard.arguments[4]['origin'] == 'failure')
        self.wait_current(config)
        newest, before, *_ = config.history()
        self.assertEqual((newest[2], newest[4], before[4]), ('failure', 'active', 'rolled-back'))
        return newest[5]['message']


class Dnsmasq(ServiceCase):
    """As Debian packs it, with the drop-in of the example."""

    def setUp(self):
        super().setUp()
        for name, place in (('dnsmasq.conf', '/etc/reconf/configs.d'), ('dnsmasq-to-json', '/usr/local/lib/reconf')):
            directory = self.machine.path(place)
            directory.mkdir(parents=True, exist_ok=True)
            shutil.copy(EXAMPLE / name, directory / name)
        self.write('/etc/resolv.conf', 'nameserver 127.0.0.1\n')
        self.write(FILE, content('192.0.2.1'))
        self.boot()
        self.machine.run('systemctl', 'enable', '--now', 'dnsmasq.service', 'reconf.service')
        self.config = self.client.config('dnsmasq')
        self.assert_live('192.0.2.1')

    def resolve(self):
        """What dnsmasq says of the host, asked as any program would."""
        answer = self.machine.run('getent', 'hosts', HOST, check=False).stdout.split()
        return answer[0] if answer else None

    def assert_live(self, address):
        self.wait_current(self.config)
        self.assertEqual(self.resolve(), address)

    def test_good_edit(self):
        """Live by nothing but a save."""
        before = self.machine.unit('dnsmasq.service', 'InvocationID')
        self.save(FILE, content('192.0.2.2'))
        self.assertEqual(self.config.wait_changed(lambda heard: heard.arguments[1] > 1)[3],
                         [('address', 'modified', f'/{HOST}/192.0.2.1', f'/{HOST}/192.0.2.2')])
        self.assert_live('192.0.2.2')
        self.assertNotEqual(self.machine.unit('dnsmasq.service', 'InvocationID'), before)

    def test_broken_edit(self):
        """Refused by the service's own check, which the service never hears of."""
        before = self.machine.unit('dnsmasq.service', 'InvocationID')
        self.save(FILE, content('192.0.2.2', 'no-such-option'))
        stage, problems = self.config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'command')
        self.assertIn('bad option at line 6', problems[0][3])
        self.assertEqual(self.config.get_property('State'), 'invalid')
        self.assertEqual(self.resolve(), '192.0.2.1')
        self.assertEqual(self.machine.unit('dnsmasq.service', 'InvocationID'), before)

    def test_edit_that_it_cannot_run_with(self):
        """Its check finds nothing wrong, and it does not start: both come back, the file and the service."""
        self.save(FILE, content('192.0.2.2', 'listen-address=203.0.113.1'))
        self.assertIn('dnsmasq.service', self.wait_returned(self.config))
        self.assert_live('192.0.2.1')
        self.assertEqual(self.read(FILE), content('192.0.2.1'))
        self.assertEqual(self.machine.unit('dnsmasq.service', 'ActiveState'), {'ActiveState': 'active'})


class Reload(ServiceCase):
    """A service that reads its file again when it is told to."""

    UNIT = """
[Service]
ExecStart=sleep infinity
ExecReload=grep --quiet good /etc/shop/shop.yaml
ExecReload=cp /etc/shop/shop.yaml /run/taken
"""
    DROPIN = """
[Config]
File=/etc/shop/shop.yaml
OnFailure=rollback
AckMs=60000

[Apply]
ReloadUnit=shop.service
"""

    def setUp(self):
        super().setUp()
        self.write('/etc/systemd/system/shop.service', self.UNIT)
        self.write('/etc/reconf/configs.d/shop.conf', self.DROPIN)
        self.write('/etc/shop/shop.yaml', 'a: good 1\n')
        self.boot()
        self.machine.run('systemctl', 'start', 'shop.service')
        self.config = self.client.config('shop')
        self.wait_current(self.config)

    def taken(self):
        return self.machine.running_path('/run/taken').read_text()

    def test_reload(self):
        before = self.machine.unit('shop.service', 'MainPID')
        self.save('/etc/shop/shop.yaml', 'a: good 2\n')
        self.config.wait_changed(lambda heard: heard.arguments[3][0][3] == 'good 2')
        self.wait_current(self.config)
        self.assertEqual(self.taken(), 'a: good 2\n')
        self.assertEqual(self.machine.unit('shop.service', 'MainPID'), before)

    def test_reload_fails(self):
        self.save('/etc/shop/shop.yaml', 'a: bad\n')
        self.assertIn('shop.service', self.wait_returned(self.config))
        self.assertEqual((self.taken(), self.read('/etc/shop/shop.yaml')), ('a: good 1\n', 'a: good 1\n'))
