# SPDX-License-Identifier: LGPL-2.1-or-later
"""What dpkg does with the packages on a machine that runs, and what is left when they are gone."""
import machine
import packages
import reconf

PACKAGES = '/packages'

# What of ours may be there for as long as dpkg knows the package, be it only as removed.
BOOKKEEPING = ('/var/lib/dpkg/', '/var/lib/systemd/deb-systemd-')

STATE = '/var/lib/reconf'
OWN = '/etc/reconf/configs.d/own.conf'


class PackageCase(machine.TestCase):
    def setUp(self):
        super().setUp()
        self.boot()

    def service(self):
        return self.machine.unit('reconf.service', 'ActiveState', 'UnitFileState')

    def upgrade(self):
        """To a later version of all; that of the service."""
        directory = self.machine.path(PACKAGES)
        directory.mkdir()
        for package in packages.find(*packages.INSTALLED):
            later = packages.make_next(package, directory)
        self.machine.run('sh', '-c', f'dpkg --install {PACKAGES}/*.deb')
        installed = self.machine.run('dpkg-query', '-W', '-f', '${Version} ${Status}', 'reconf').stdout
        self.assertEqual(installed, f'{later} install ok installed')

    def dpkg(self, how):
        self.machine.run('dpkg', how, *packages.INSTALLED)

    def left(self):
        """All that is called after us, as far as it is not dpkg's."""
        found = self.machine.run('find', '/etc', '/run', '/usr', '/var', '-xdev', '-iname', '*reconf*',
                                 '-not', '-name', 'dpkg-*', '-not', '-path', '/var/log/*', '-prune').stdout.split()
        return {name for name in found if not name.startswith(BOOKKEEPING)}


class Install(PackageCase):
    def test_nothing_is_started(self):
        """Nor enabled: the bus starts it when somebody calls."""
        self.assertEqual(self.service(), {'ActiveState': 'inactive', 'UnitFileState': 'disabled'})
        self.assertEqual(self.machine.run('systemctl', '--global', 'is-enabled', 'reconf.service', check=False).stdout,
                         'disabled\n')
        self.dpkg('--purge')
        self.machine.path(PACKAGES).mkdir()
        for package in packages.find(*packages.INSTALLED):
            packages.make_next(package, self.machine.path(PACKAGES))
        self.machine.run('sh', '-c', f'dpkg --install {PACKAGES}/*.deb')
        self.assertEqual(self.service(), {'ActiveState': 'inactive', 'UnitFileState': 'disabled'})
        self.assertEqual(self.watch('a: 1\n').get('a'), 1)


class Upgrade(PackageCase):
    def test_running(self):
        """It is started anew, and goes on where it was."""
        config = self.watch('a: 1\n')
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        config.wait_changed()
        before = self.machine.unit('reconf.service', 'InvocationID')
        self.upgrade()
        self.assertNotEqual(self.machine.unit('reconf.service', 'InvocationID'), before)
        self.assertEqual(self.service(), {'ActiveState': 'active', 'UnitFileState': 'disabled'})
        self.save('/etc/shop/shop.yaml', 'a: 3\n')
        self.assertEqual(config.wait_changed(lambda heard: heard.arguments[1] == 3)[3], [('a', 'modified', 2, 3)])
        self.assertEqual([row[0] for row in config.history()], [3, 2, 1])

    def test_not_running(self):
        """It is left alone; what was enabled stays so."""
        self.watch('a: 1\n')
        self.machine.run('systemctl', 'enable', 'reconf.service')
        self.machine.run('systemctl', 'stop', 'reconf.service')
        self.upgrade()
        self.assertEqual(self.service()['UnitFileState'], 'enabled')
        self.assertEqual(self.client.config('shop').get('a'), 1)

    def test_unconfirmed(self):
        """What waits for confirmation goes on waiting, and nothing that runs early in boot takes it back."""
        config = self.watch('a: 1\n', confirm_ms=3600000)
        self.save('/etc/shop/shop.yaml', 'a: 2\n')
        config.wait_changed()
        recovered = self.machine.unit('reconf-recover.service', 'InvocationID', 'ActiveState')
        self.upgrade()
        self.assertEqual(self.machine.unit('reconf-recover.service', 'InvocationID', 'ActiveState'), recovered)
        self.assertEqual(self.service()['ActiveState'], 'active')


class Removal(PackageCase):
    def setUp(self):
        super().setUp()
        self.write(OWN, '[Config]\nFile=/etc/shop/own.yaml\n')
        self.write('/etc/shop/own.yaml', 'b: 1\n')
        self.watch('a: 1\n')
        self.machine.run('systemctl', 'enable', 'reconf.service')
        self.machine.run('systemctl', '--global', 'enable', 'reconf.service')

    def test_remove(self):
        """Versions stay, so that whoever installs it again has them."""
        self.dpkg('--remove')
        self.assertNotIn('reconfd', self.machine.run('sh', '-c', 'readlink /proc/[0-9]*/exe').stdout)
        kept = {name for name in self.left() if not name.startswith('/etc/systemd/')}
        self.assertEqual(kept, {STATE, '/etc/reconf'})
        self.assertEqual(self.read('/etc/shop/shop.yaml'), 'a: 1\n')

        self.upgrade()
        config = self.client.config('shop')
        self.assertEqual([row[0] for row in config.history()], [1])
        self.assertEqual(self.service()['UnitFileState'], 'enabled')

    def test_purge(self):
        """Nothing is left but what others wrote."""
        self.dpkg('--purge')
        self.assertEqual(self.left(), {'/etc/reconf'})
        self.assertEqual(self.read('/etc/shop/shop.yaml'), 'a: 1\n')
        kept = self.machine.run('sh', '-c', 'ls -A /etc/reconf /etc/reconf/configs.d').stdout
        self.assertEqual(kept, '/etc/reconf:\nconfigs.d\n\n/etc/reconf/configs.d:\nown.conf\n')
