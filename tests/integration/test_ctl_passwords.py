# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconfctl where polkit has somebody asked for a password: by whom, for which calls, and where nobody is there.

Whoever asks is a program in the place of pkttyagent, which says when it came and when it went.
"""
import os
import shutil
import subprocess
import unittest

import people
import reconf
import terminal

DENIED = 4

AGENT = '''#!/usr/bin/python3
import os, signal, sys

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
with open(os.environ['AGENT_LOG'], 'a') as log:
    print(os.getppid(), *sys.argv[1:], *map(os.isatty, range(3)), file=log, flush=True)
    os.close(int(sys.argv[2]))
    signal.sigwait([signal.SIGTERM])
    print('ended', file=log)
'''

FAILING = '''#!/bin/sh
echo "$PPID" >>"$AGENT_LOG"
echo 'there is no polkit' >&2
exit 127
'''

SSH = '''#!/bin/sh
exec systemd-stdio-bridge --bus-path="$DBUS_SYSTEM_BUS_ADDRESS"
'''


@unittest.skipUnless(shutil.which('setpriv'), 'there is no setpriv')
class PasswordCase(people.TestCase):
    def setUp(self):
        super().setUp()
        self.start_polkit()
        self.config = self.own(mode=0o600)
        self.stranger = self.uids['stranger']
        self.polkit.holds.add((self.stranger, people.READ))
        self.path('bin').mkdir(mode=0o755)
        self.log = self.write('agent-log', '')
        self.log.chmod(0o666)
        self.put('pkttyagent', AGENT)
        self.path_of_programs = f'{self.path("bin")}:{os.environ["PATH"]}'
        for directory in (self.path('bin'), *self.path('bin').parents):
            if directory.stat().st_mode & 0o001 == 0:
                directory.chmod(directory.stat().st_mode | 0o011)

    def put(self, name, script):
        self.write(f'bin/{name}', script).chmod(0o755)

    def environment(self):
        return self.bus.environment | {
            'AGENT_LOG': str(self.log), 'PATH': self.path_of_programs, 'RECONF_PAGER': '',
            # Of the same service, which is nobody's own.
            'DBUS_SESSION_BUS_ADDRESS': self.bus.environment['DBUS_SYSTEM_BUS_ADDRESS']}

    def command(self, *arguments):
        return ['setpriv', f'--reuid={self.stranger}', f'--regid={people.NO_GROUP}', '--clear-groups',
                reconf.PREFIX / 'bin' / 'reconfctl', *arguments]

    def start(self, *arguments):
        """As a stranger at a terminal."""
        self.terminal = terminal.Terminal(self.environment(), *self.command(*arguments))
        self.addCleanup(self.terminal.close)
        return self.terminal

    def run_blind(self, *arguments, **keywords):
        """As a stranger with neither a terminal nor anything else."""
        return subprocess.run(self.command(*arguments), env=self.environment(), capture_output=True, text=True,
                              check=False, timeout=reconf.TIMEOUT, **{'stdin': subprocess.DEVNULL} | keywords)

    def agents(self):
        return self.log.read_text().splitlines()

    def asked(self):
        """What somebody may be asked for a password about."""
        return [question.action for question in self.polkit.asked if question.interactive]


class Asked(PasswordCase):
    def test_by_an_agent(self):
        """It is there before polkit looks for one, and goes with the program."""
        program = self.start('get', 'a')
        question = self.polkit.wait_asked()
        self.assertTrue(question.interactive)
        started, = self.agents()
        pid, option, _, *others = started.split()
        self.assertEqual((int(pid), option, others),
                         (program.process.pid, '--notify-fd', ['--fallback', 'False', 'False', 'False']))
        question.answer(True)
        self.assertEqual(program.wait_end(), 0)
        self.assertEqual(program.raw, 'a: 1\r\n')
        self.assertEqual(self.agents(), [started, 'ended'])

    def test_says_no(self):
        program = self.start('get', 'a')
        self.polkit.wait_asked().answer(False)
        self.assertEqual(program.wait_end(), DENIED)
        self.assertEqual(self.agents()[1:], ['ended'])

    def test_once(self):
        """However many calls it takes."""
        self.polkit.holds.clear()
        self.start('status', 'a').wait_end()
        self.assertGreater(len(self.asked()), 1)
        self.assertEqual(len(self.agents()), 2)

    def test_agent_that_does_not_start(self):
        self.put('pkttyagent', FAILING)
        program = self.start('get', 'a')
        self.polkit.wait_asked().answer(True)
        self.assertEqual(program.wait_end(), 0)
        self.assertEqual(program.raw, 'a: 1\r\n')
        self.assertEqual(len(self.agents()), 1)

    def test_no_agent(self):
        """The session may have another."""
        self.path('bin/pkttyagent').unlink()
        self.path_of_programs = str(self.path('bin'))
        self.put('setpriv', f'#!/bin/sh\nexec {shutil.which("setpriv")} "$@"\n')
        program = self.start('get', 'a')
        self.polkit.wait_asked().answer(True)
        self.assertEqual(program.wait_end(), 0)
        self.assertEqual(self.asked(), [people.READ])

    def test_watch(self):
        program = self.start('watch', 'a')
        self.polkit.wait_asked().answer(True)
        self.assertEqual(len(self.agents()), 1)
        self.assertEqual(self.asked(), [people.READ])
        program.type('\x03')
        program.wait_end()

    def test_run(self):
        program = self.start('run', 'a', 'true')
        self.polkit.wait_asked().answer(False)
        self.assertEqual(program.wait_end(), DENIED)
        self.assertEqual(self.asked(), [people.READ])
        self.assertEqual(self.agents()[1:], ['ended'])


class NotAsked(PasswordCase):
    def setUp(self):
        super().setUp()
        self.polkit.holds.clear()

    def check(self, program, status=DENIED):
        self.assertEqual(program.wait_end(), status, program.raw)
        self.assertEqual((self.agents(), self.asked()), ([], []))

    def test_unwanted(self):
        self.check(self.start('--no-ask-password', 'get', 'a'))
        self.assertEqual(len(self.polkit.asked), 1)

    def test_what_is_for_anybody(self):
        self.check(self.start('list'), 0)
        self.check(self.start('statistics', 'a'), 0)

    def test_what_is_for_root(self):
        self.check(self.start('audit'))

    def test_users_own(self):
        self.check(self.start('--user', 'get', 'a'))

    def test_root(self):
        self.config.get('a')
        program = terminal.Terminal(self.environment(), reconf.PREFIX / 'bin' / 'reconfctl', 'get', 'a')
        self.addCleanup(program.close)
        self.check(program, 0)

    @unittest.skipUnless(shutil.which('systemd-stdio-bridge'), 'there is no systemd-stdio-bridge')
    def test_elsewhere(self):
        self.put('ssh', SSH)
        self.check(self.start('-H', 'db.example.com', 'get', 'a'))
        self.assertEqual(len(self.polkit.asked), 1)

    def test_all_configs(self):
        """Nobody wants to be asked about each."""
        program = self.start('watch')
        self.polkit.wait_asked()
        program.type('\x03')
        program.wait_end()
        self.assertEqual((self.agents(), self.asked()), ([], []))

    def test_completion(self):
        """While somebody types something else."""
        self.check(self.start('complete', 'paths', 'a', ''), 0)
        self.check(self.start('complete', 'versions', 'a'), 0)
        self.assertEqual(len(self.polkit.asked), 2)

    def test_nobody_is_there(self):
        self.assertEqual(self.run_blind('get', 'a').returncode, DENIED)
        self.assertEqual((self.agents(), self.asked()), ([], []))

    def test_no_place_for_the_question(self):
        """Standard error leads elsewhere, but whoever is there may have another agent."""
        master, slave = os.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        self.assertEqual(self.run_blind('get', 'a', stdin=slave).returncode, DENIED)
        self.assertEqual(self.agents(), [])
        self.assertEqual(self.asked(), [people.READ])
