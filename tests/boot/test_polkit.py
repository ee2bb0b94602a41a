# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a real polkitd allows, beyond what the kernel does: nothing but what a rule grants."""
import errno
import os

import machine
import reconf
import terminal

NAME, UID = 'buyer', 1000
FILE = '/etc/shop/shop.yaml'
ONE, TWO = 'a: 1\n', 'a: 2\n'

# As reconfctl(1) has it.
ACCESS_DENIED = 4

RULE = '''
polkit.addRule(function(action, subject) {
        if (action.id == "org.reconf.Reconf1.%s" && subject.user == "%s")
                return polkit.Result.YES;
});
'''


# One that takes its time: until somebody writes to the FIFO.
SLOW_RULE = '''
polkit.addRule(function(action, subject) {
        if (action.id == "org.reconf.Reconf1.register" && subject.user == "%s") {
                polkit.spawn(["cat", "/run/answer"]);
                return polkit.Result.YES;
        }
});
'''


class Polkit(machine.TestCase):
    """A file that root alone may read, in its second version, and a user."""

    def setUp(self):
        super().setUp()
        self.add_user(NAME, UID)
        self.write(FILE, ONE).chmod(0o600)

    def start(self, *granted):
        for action in granted:
            self.write(f'/etc/polkit-1/rules.d/50-{action}.rules', RULE % (action, NAME))
        self.boot()
        self.config = self.client.register('shop', FILE)
        self.machine.path(FILE).write_text(TWO)
        self.config.reload()
        self.assertEqual(self.config.get(), {'a': 2})

    def reconfctl(self, *arguments):
        return self.machine.run('reconfctl', '--system', *arguments, uid=UID, check=False)

    def assert_denied(self, *arguments):
        said = self.reconfctl(*arguments)
        self.assertEqual((said.returncode, said.stdout), (ACCESS_DENIED, ''), said.stderr)
        return said.stderr

    def assert_done(self, *arguments):
        said = self.reconfctl(*arguments)
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout

    def assert_untouched(self):
        self.assertEqual((self.read(FILE), self.config.get()), (TWO, {'a': 2}))
        self.assertEqual([row[0] for row in self.client.manager('ListConfigs')], ['shop'])

    def test_no_grant(self):
        self.start()
        # Not that it knew nothing of the action: somebody could be asked for a password.
        self.assertIn('prompt', self.assert_denied('get', 'shop'))
        self.assert_denied('rollback', 'shop', '1')
        self.assert_denied('unregister', 'shop')
        self.assert_untouched()
        self.assertEqual(self.machine.unit('polkit.service', 'ActiveState'), {'ActiveState': 'active'})

    def test_read(self):
        self.start('read')
        self.assertEqual(self.assert_done('get', 'shop', 'a'), '2\n')
        self.assert_denied('rollback', 'shop', '1')
        self.assert_denied('unregister', 'shop')
        self.assert_untouched()

    def test_edit(self):
        """Who may edit goes back, and the history says who it was."""
        self.start('read', 'edit')
        self.assert_done('rollback', 'shop', '1')
        self.assertEqual((self.read(FILE), self.config.get()), (ONE, {'a': 1}))
        newest = self.config.history()[0]
        self.assertEqual((newest[2], newest[5]['uid']), ('rollback', UID))
        self.assert_denied('unregister', 'shop')

    def test_register(self):
        """Even who may say what is watched makes nothing of a file that he could not read."""
        self.start('register')
        self.write('/etc/shop/open.yaml', ONE)
        self.write('/etc/shop/closed.yaml', ONE).chmod(0o600)
        self.assert_done('register', 'open', '/etc/shop/open.yaml')
        self.assert_denied('register', 'closed', '/etc/shop/closed.yaml')
        self.assertEqual([row[0] for row in self.client.manager('ListConfigs')], ['open', 'shop'])

    def test_sample_rule(self):
        """As it is installed, it lets the group read and edit, and nobody else."""
        rules = self.machine.path('/etc/polkit-1/rules.d/50-reconf.rules')
        rules.write_text((machine.IMAGE / 'usr/share/doc/reconf/examples/reconf.rules').read_text())
        self.add_user('other', UID + 1)
        with open(self.machine.path('/etc/group'), 'a') as groups:
            print(f'reconf:x:{UID + 2}:{NAME}', file=groups)
        self.start()
        self.assertEqual(self.assert_done('get', 'shop', 'a'), '2\n')
        self.assert_done('rollback', 'shop', '1')
        self.assertEqual(self.read(FILE), ONE)
        self.assert_denied('unregister', 'shop')
        refused = self.machine.run('reconfctl', '--system', 'get', 'shop', uid=UID + 1, check=False)
        self.assertEqual(refused.returncode, ACCESS_DENIED, refused.stderr)

    def test_defaults(self):
        """Without a rule each takes an administrator's password, and that of registering is asked for each time."""
        self.boot()
        for action, active in (('read', 'auth_admin_keep'), ('edit', 'auth_admin_keep'), ('register', 'auth_admin')):
            with self.subTest(action=action):
                told = self.machine.run('pkaction', '--verbose', '--action-id', f'org.reconf.Reconf1.{action}').stdout
                implicit = [line.split()[-1] for line in told.splitlines() if line.strip().startswith('implicit')]
                self.assertEqual(implicit, ['auth_admin', 'auth_admin', active])
                self.assertIn('$(config)', told)

    def test_password(self):
        """Whoever is logged in at a terminal is asked there for an administrator's, by polkit's own program."""
        self.start()
        self.machine.run('sh', '-c', 'echo "root:open sesame" | chpasswd')
        for word, status, shown in (('open barley', ACCESS_DENIED, 'may not'), ('open sesame', 0, 'a: 2')):
            with self.subTest(word):
                program = terminal.Terminal(machine.ENVIRONMENT, *self.machine.inside(
                    'systemd-run', '--quiet', '--pty', f'--property=User={NAME}', '--property=PAMName=login',
                    '--setenv=LC_ALL=C.UTF-8', 'reconfctl', '--no-pager', 'get', 'shop'))
                self.addCleanup(program.close)
                program.wait_for('Password: ')
                self.assertIn('org.reconf.Reconf1.read', program.raw)
                program.type(f'{word}\n')
                self.assertEqual(program.wait_end(), status, program.raw)
                self.assertIn(shown, program.raw)
                self.assertNotIn(word, program.raw)
        running = self.machine.run('sh', '-c', 'cat /proc/[0-9]*/comm 2>/dev/null', check=False).stdout.split()
        self.assertIn('polkitd', running)
        self.assertNotIn('pkttyagent', running)

    def test_rule_goes(self):
        """A grant holds for a call, not for ever."""
        self.start('read')
        self.assert_done('get', 'shop')
        self.machine.path('/etc/polkit-1/rules.d/50-read.rules').unlink()
        self.machine.run('systemctl', 'restart', 'polkit.service')
        self.assert_denied('get', 'shop')

    def test_without_polkit(self):
        """Where there is no polkit, it is root and the kernel's word."""
        self.machine.path('/etc/systemd/system/polkit.service').symlink_to('/dev/null')
        self.start('read', 'edit', 'register')
        self.assert_denied('get', 'shop')
        self.assert_denied('rollback', 'shop', '1')
        self.assert_untouched()
        self.machine.path(FILE).chmod(0o644)
        self.assertEqual(self.assert_done('get', 'shop', 'a'), '2\n')


class Idle(machine.TestCase):
    def test_stays_until_the_answer(self):
        """A service that has nothing else to do does not leave while polkit is asked."""
        self.add_user(NAME, UID)
        self.write('/etc/shop/shop.yaml', ONE)
        self.write('/etc/reconf/reconf.conf', '[Reconf]\nIdleExitSec=0\n')
        self.write('/etc/polkit-1/rules.d/50-slow.rules', SLOW_RULE % NAME)
        self.boot()
        self.machine.run('mkfifo', '--mode=666', '/run/answer')
        self.machine.run('sh', '-c', 'reconfctl --system register shop /etc/shop/shop.yaml >/tmp/said 2>&1 &', uid=UID)
        fifo = reconf.wait_until(lambda: self.open_read(self.machine.running_path('/run/answer')), 'polkit to be asked')
        before = self.machine.unit('reconf.service', 'ActiveState', 'InvocationID')
        self.assertEqual(before['ActiveState'], 'active')
        for _ in range(5):
            self.assertEqual(self.client.manager('ListConfigs'), [])
        os.write(fifo, b'yes\n')
        os.close(fifo)
        said = self.machine.running_path('/tmp/said')
        reconf.wait_until(lambda: said.read_text() == 'Registered shop.\n', 'the answer')
        self.assertEqual(self.client.config('shop').get('a'), 1)
        self.assertEqual(self.machine.unit('reconf.service', 'ActiveState', 'InvocationID'), before)

    def open_read(self, path):
        """The FIFO, once somebody reads from it."""
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            self.assertEqual(error.errno, errno.ENXIO)
            return None
