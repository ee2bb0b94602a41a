# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the units leave to the service is what its work takes, and no more."""
import os
import struct

import machine
import reconf

OWNER, GROUP, FRIEND = 1234, 5678, 4321
PLACE = '/srv/shop'
FILE = f'{PLACE}/shop.yaml'
ONE, TWO = 'a: 1 # one\n', 'a: 2 # two\n'

ANYONE = 0xffffffff

# As reconfctl(1) has it.
ACCESS_DENIED = 4


def access_list(friend, group):
    """With (tag, permissions, id) each: what the friend may do, and the group; the owner reads and writes."""
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in (
        (0x01, 6, ANYONE), (0x02, friend, FRIEND), (0x04, group, ANYONE), (0x10, friend | group, ANYONE),
        (0x20, 0, ANYONE)))


class RightsCase(machine.TestCase):
    """A file of somebody's in a directory that is closed to others."""

    def setUp(self):
        super().setUp()
        path = self.write(FILE, ONE)
        self.own(path.parent, 0o700)
        self.own(path, 0o640)

    def own(self, path, mode):
        os.chown(path, OWNER, GROUP)
        path.chmod(mode)

    def edit(self, content, name=FILE):
        """In place, so that all but the bytes stays as it is."""
        self.machine.path(name).write_text(content)

    def register(self, name=FILE):
        """The config, with a subscription: few of these files are public."""
        config = self.client.register('shop', name)
        config.subscribe()
        self.client.settle()
        self.client.heard.clear()
        return config

    def error(self, call, *arguments):
        with self.assertRaises(reconf.BusError) as caught:
            call(*arguments)
        return caught.exception.name, caught.exception.message

    def check_place(self, name, prepare=lambda: None):
        """A save there is heard, and a rollback puts the bytes back."""
        self.boot()
        prepare()
        path = self.machine.running_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ONE)
        config = self.register(name)
        path.write_text(TWO)
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 2)])
        config.rollback()
        self.assertEqual(path.read_text(), ONE)


class Files(RightsCase):
    def status(self):
        path = self.machine.path(FILE)
        status = path.stat()
        return (status.st_uid, status.st_gid, oct(status.st_mode),
                {name: os.getxattr(path, name) for name in os.listxattr(path)})

    def test_rollback_keeps_all(self):
        """Owner, group, mode, access list and attributes, of a file that root without rights could not even read."""
        path = self.machine.path(FILE)
        os.setxattr(path, 'system.posix_acl_access', access_list(4, 4))
        os.setxattr(path, 'user.shop.note', b'kept')
        before = self.status()
        self.assertEqual(before[3].keys(), {'system.posix_acl_access', 'user.shop.note'})
        self.boot()
        config = self.register()
        inode = path.stat().st_ino
        self.edit(TWO)
        config.wait_changed()
        config.rollback()
        self.assertEqual((self.read(FILE), self.status()), (ONE, before))
        self.assertNotEqual(path.stat().st_ino, inode)

    def test_special_bits(self):
        """Nothing that runs with somebody else's rights is ever made; the file stays as it is."""
        self.machine.path(FILE).chmod(0o6750)
        self.boot()
        config = self.register()
        self.machine.path(FILE).write_text(TWO)
        self.machine.path(FILE).chmod(0o6750)
        config.wait_changed()
        self.assertEqual(self.error(config.rollback)[0], 'WriteFailed')
        self.assertEqual((self.read(FILE), os.listdir(self.machine.path(PLACE))), (TWO, ['shop.yaml']))


class Callers(RightsCase):
    """Whether a caller could open the files is asked of the kernel, by a service that may do little else."""

    def setUp(self):
        super().setUp()
        for name, uid in (('friend', FRIEND), ('stranger', FRIEND + 1)):
            self.add_user(name, uid)
        self.machine.path(PLACE).chmod(0o755)
        self.boot()

    def reconfctl(self, uid, *arguments):
        """Whether it was done."""
        said = self.machine.run('reconfctl', '--system', *arguments, uid=uid, check=False)
        self.assertIn(said.returncode, (0, ACCESS_DENIED), said.stderr)
        return said.returncode == 0

    def set_list(self, permissions):
        os.setxattr(self.machine.path(FILE), 'system.posix_acl_access', access_list(permissions, 0))

    def test_access_list(self):
        """Nobody but who is in it gets in, and no further than it lets him."""
        self.set_list(4)
        config = self.register()
        self.edit(TWO)
        config.wait_changed()
        self.assertTrue(self.reconfctl(FRIEND, 'get', 'shop'))
        self.assertFalse(self.reconfctl(FRIEND, 'rollback', 'shop'))
        self.assertFalse(self.reconfctl(FRIEND + 1, 'get', 'shop'))
        self.assertEqual(self.read(FILE), TWO)

        self.set_list(6)
        self.assertTrue(self.reconfctl(FRIEND, 'rollback', 'shop'))
        self.assertFalse(self.reconfctl(FRIEND + 1, 'rollback', 'shop'))
        self.assertEqual(self.read(FILE), ONE)
        newest = config.history()[0]
        self.assertEqual((newest[2], newest[5]['uid']), ('rollback', FRIEND))

    def test_directory(self):
        """A way that is closed closes all behind it."""
        self.machine.path(FILE).chmod(0o644)
        self.register()
        self.assertTrue(self.reconfctl(FRIEND, 'get', 'shop'))
        self.machine.path(PLACE).chmod(0o700)
        self.assertFalse(self.reconfctl(FRIEND, 'get', 'shop'))


class Places(RightsCase):
    def test_etc(self):
        self.check_place('/etc/shop/shop.yaml')

    def test_opt(self):
        self.check_place('/opt/shop/shop.yaml')

    def test_var(self):
        self.check_place('/var/lib/shop/shop.yaml')

    def test_run(self):
        self.check_place('/run/shop/shop.yaml')

    def test_home(self):
        self.check_place('/home/shop/.config/shop.yaml')

    def test_root_home(self):
        self.check_place('/root/shop.yaml')

    def test_local(self):
        self.check_place('/usr/local/etc/shop.yaml')

    def test_mounted_later(self):
        """What is mounted after its start is seen, and is not kept busy."""
        def mount():
            self.client.manager('ListConfigs')
            self.machine.run('mount', '-t', 'tmpfs', 'tmpfs', '/media')

        self.check_place('/media/shop/shop.yaml', mount)
        self.machine.run('umount', '/media')
        self.wait_state(self.client.config('shop'), 'missing')

    def test_programs(self):
        """Where programs come from it may look, and says why it cannot write."""
        name = '/usr/lib/shop/shop.yaml'
        self.write(name, ONE)
        self.boot()
        config = self.register(name)
        self.edit(TWO, name)
        config.wait_changed()
        error, message = self.error(config.rollback)
        self.assertEqual(error, 'WriteFailed')
        self.assertIn('reconfd(8)', message)
        self.assertEqual(self.read(name), TWO)

    def test_temporary(self):
        """What everybody may write is not there, and who does not know is told where to read of it."""
        self.boot()
        self.machine.running_path('/tmp/shop.yaml').write_text(ONE)
        error, message = self.error(self.client.register, 'shop', '/tmp/shop.yaml')
        self.assertEqual(error, 'FileNotFound')
        self.assertIn('reconfd(8)', message)


class Programs(RightsCase):
    def test_instance(self):
        """Whose processes they are does not matter to know their names and units."""
        self.boot()
        self.register()
        self.machine.run('systemd-run', '--quiet', '--unit=seller', 'reconfctl', 'run', 'shop', '--', 'sleep',
                         'infinity')
        rows = reconf.wait_until(lambda: self.client.manager('ListInstances', '(s)', 'shop'), 'the instance')
        _, config, pid, name, start, _, _, details = rows[0]
        self.assertEqual((config, name, details['unit']), ('shop', 'reconfctl', 'seller.service'))
        self.assertEqual(str(pid), self.machine.unit('seller.service', 'MainPID')['MainPID'])
        self.assertGreater(start, 0)


class CommandCase(RightsCase):
    """Commands run as the owner of the file that they are about. What they say is told, since all may read it."""

    UNIT, CHILD = '/usr/local/bin/check', '/usr/local/bin/a=check'
    WHO = '#!/bin/sh\ngrep --quiet one "$1" && exit\necho $(id -u) $(id -g) $(cat /proc/self/cgroup)\nexit 1\n'
    FOREVER = '#!/bin/sh\ngrep --quiet one "$1" && exit\nexec sleep infinity\n'

    def setUp(self):
        super().setUp()
        self.add_user('seller', OWNER)
        self.machine.path(PLACE).chmod(0o755)
        self.machine.path(FILE).chmod(0o644)

    def problem(self, program, script, seconds=5):
        """What a save comes to."""
        self.write(program, script).chmod(0o755)
        self.write('/etc/reconf/configs.d/shop.conf',
                   f'[Config]\nFile={FILE}\n[Validate]\nCommand={program} %f\nTimeoutSec={seconds}\n')
        self.boot()
        config = self.client.config('shop')
        self.edit(TWO)
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'command')
        return problems[0][3]

    def sleeps(self):
        names = self.machine.running_path('/proc').glob('[0-9]*/comm')
        return 'sleep\n' in [name.read_text() for name in names]


class Commands(CommandCase):
    def test_unit(self):
        """systemd runs them, apart from the service."""
        self.assertRegex(self.problem(self.UNIT, self.WHO),
                         rf'{OWNER} {OWNER} .*/reconf-command-[0-9a-f-]+\.service')

    def test_child(self):
        """What cannot be run so runs in the service's place."""
        self.assertRegex(self.problem(self.CHILD, self.WHO), rf'{OWNER} {OWNER} .*/reconf\.service')

    def test_unknown_user(self):
        """systemd runs nothing as somebody who is in no database."""
        for path in self.machine.path(FILE), self.machine.path(FILE).parent:
            os.chown(path, FRIEND, GROUP)
        self.assertRegex(self.problem(self.UNIT, self.WHO), rf'{FRIEND} 65534 .*/reconf\.service')

    def test_unit_ends(self):
        self.assertIn('took longer', self.problem(self.UNIT, self.FOREVER, 1))
        reconf.wait_until(lambda: not self.sleeps(), 'the end')

    def test_child_ends(self):
        self.assertIn('took longer', self.problem(self.CHILD, self.FOREVER, 1))
        reconf.wait_until(lambda: not self.sleeps(), 'the end')


class Confinement(CommandCase):
    """What a command gets to see and to write, of what its user could."""

    SCRIPT = f'''#!/bin/sh
grep --quiet one "$1" && exit
for place in /etc /run/shared {PLACE} /home/seller /var/lib/shared /tmp /usr/local/lib/shared; do
        if touch $place/made 2>/dev/null; then echo -n "$place "; fi
done
test -e /tmp/everybody && echo -n "everybody "
echo -n "$(readlink /proc/self/ns/net) $(grep -c : /proc/net/dev) "
echo $(grep -E '^(NoNewPrivs|CapEff|CapBnd):' /proc/self/status)
exit 1
'''

    def tell(self, program):
        for name in ('/home/seller', '/var/lib/shared', '/usr/local/lib/shared'):
            self.machine.path(name).mkdir(parents=True)
            self.machine.path(name).chmod(0o777)
        return self.problem(program, self.SCRIPT).removeprefix(f'{FILE}: ').split()

    def boot(self):
        super().boot()
        self.machine.run('touch', '/tmp/everybody')
        self.machine.run('mkdir', '--mode=777', '/run/shared')

    def check(self, words, *writable):
        self.assertEqual(words[:len(writable)], list(writable))
        network, interfaces, *status = words[len(writable):]
        self.assertNotEqual(network, os.readlink(self.machine.running_path('/proc/1/ns/net')))
        self.assertEqual(interfaces, '1')
        return status

    def test_unit(self):
        """Nothing but a /tmp of its own, and no right that could be had."""
        status = self.check(self.tell(self.UNIT), '/tmp')
        self.assertEqual(status, ['CapEff:', '0' * 16, 'CapBnd:', '0' * 16, 'NoNewPrivs:', '1'])

    def test_child(self):
        """In the service's place it has no network, no rights, and does not see others' temporary files."""
        status = self.check(self.tell(self.CHILD), '/run/shared', PLACE, '/home/seller', '/var/lib/shared', '/tmp',
                            '/usr/local/lib/shared')
        self.assertEqual((status[1], status[-1]), ('0' * 16, '1'))


class Capabilities(CommandCase):
    """Each of the unit's is needed: without it something else goes wrong."""

    def without(self, name):
        self.override('reconf.service', f'CapabilityBoundingSet=~CAP_{name}')

    def rollback_without(self, name):
        self.without(name)
        self.boot()
        config = self.register()
        self.edit(TWO)
        config.wait_changed()
        error, message = self.error(config.rollback)
        self.assertEqual((error, self.read(FILE)), ('WriteFailed', TWO))
        return message

    def test_chown(self):
        self.assertIn('cannot keep its owner', self.rollback_without('CHOWN'))

    def test_fowner(self):
        self.assertIn('cannot keep its mode', self.rollback_without('FOWNER'))

    def test_dac_override(self):
        self.assertIn('cannot create a file', self.rollback_without('DAC_OVERRIDE'))

    def test_setuid(self):
        self.without('SETUID')
        self.assertIn('cannot be run', self.problem(self.CHILD, self.WHO))

    def test_setgid(self):
        self.without('SETGID')
        self.assertIn('cannot be run', self.problem(self.CHILD, self.WHO))

    def test_kill(self):
        self.without('KILL')
        self.assertIn('took longer', self.problem(self.CHILD, self.FOREVER, 1))
        self.assertTrue(self.sleeps())
