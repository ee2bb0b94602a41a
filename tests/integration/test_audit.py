# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who did what: on the bus, in the database, in the journal, and by reconfctl."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import people
import reconf
import scene
from gi.repository import GLib

SOURCE = pathlib.Path(__file__).parents[2]
CATALOG = reconf.PREFIX / 'lib' / 'systemd' / 'catalog' / 'reconf.catalog'
NOBODY = 2 ** 32 - 1


class TestCase(scene.DropinTestCase):
    def audit(self, name='', **options):
        """Action, config, version, whether it was us, outcome; newest first."""
        return [(action, config, version, self.is_us(uid, pid), outcome)
                for _, action, config, version, uid, pid, outcome, _ in self.entries(name, **options)]

    def is_us(self, uid, pid):
        if (uid, pid) == (NOBODY, 0):
            return False
        self.assertEqual((uid, pid), (os.getuid(), os.getpid()))
        return True

    def entries(self, name='', **options):
        given = {key: GLib.Variant({'since': 't', 'limit': 'u'}[key], value) for key, value in options.items()}
        return self.client.manager('GetAudit', '(sa{sv})', name, given)


class Audit(TestCase):
    def test_life(self):
        config = self.watch()
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        config.rollback(1, message='not good')
        config.call('SetHotReload', '(b)', False)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.assertEqual(self.audit('a'), [
            ('unregister', 'a', 0, True, 'ok'),
            ('hot-reload', 'a', 0, True, 'ok'),
            ('rollback', 'a', 3, True, 'ok'),
            ('change', 'a', 2, False, 'ok'),
            ('register', 'a', 1, True, 'ok'),
        ])
        messages = [details.get('message') for *_, details in self.entries('a')]
        self.assertEqual(messages, [None, 'off', 'not good', None, None])

    def test_confirmed(self):
        config = self.watch(hot_reload=False)
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(config.reload(confirm_ms=3600 * 1000), 2)
        config.call('ExtendConfirm', '(tu)', 2, 1800 * 1000)
        config.call('Confirm', '(t)', 2)
        config.call('Label', '(ts)', 2, 'works')
        self.assertEqual([entry[0] for entry in self.audit('a')],
                         ['label', 'confirm', 'extend', 'reload', 'register'])
        self.assertEqual({entry[2:] for entry in self.audit('a')[:4]}, {(2, True, 'ok')})

    def test_goes_back_by_itself(self):
        config = self.watch(hot_reload=False)
        self.save('a.yaml', 'a: 2\n')
        config.reload(confirm_ms=1)
        config.wait_changed(lambda heard: heard.arguments[1] == 3)
        self.assertEqual(self.audit('a')[:2], [('return', 'a', 3, False, 'ok'), ('reload', 'a', 2, True, 'ok')])

    def test_failed(self):
        config = self.watch(hot_reload=False)
        self.save('a.yaml', 'a: [\n')
        self.assert_fails('ParseFailed', config.reload)
        self.assert_fails('NoSuchVersion', config.rollback, 99)
        self.assert_fails('AlreadyRegistered', self.client.register, 'a', self.write('b.yaml', 'b: 1\n'))
        self.assert_fails('ParseFailed', self.client.register, 'b', self.write('b.yaml', 'b: [\n'))
        self.assert_fails('InvalidName', self.client.register, '/etc/shadow', self.path('b.yaml'))
        self.assertEqual([(action, name, details['error']) for _, action, name, *_, outcome, details in self.entries()
                          if outcome == 'failed'],
                         [('register', '', 'InvalidName'), ('register', 'b', 'ParseFailed'),
                          ('register', 'a', 'AlreadyRegistered'), ('rollback', 'a', 'NoSuchVersion'),
                          ('reload', 'a', 'ParseFailed')])

    def assert_fails(self, name, function, *arguments):
        with self.assertRaises(reconf.BusError) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.name, name)

    def test_what_does_nothing_is_not_there(self):
        config = self.watch()
        before = self.audit()
        config.reload()
        config.get()
        self.client.register('a', self.path('a.yaml'))
        self.client.manager('SetHotReload', '(b)', True)
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        self.assertEqual(self.audit(), before)

    def test_directory(self):
        self.path('tenants').mkdir()
        self.write('tenants/one.yaml', 'a: 1\n')
        self.client.manager('RegisterDirectory', '(sssa{sv})', 'tenant', str(self.path('tenants')), '*.yaml', {})
        self.assertEqual(self.audit(), [('register', 'tenant', 0, True, 'ok'),
                                        ('register', 'tenant@one', 1, True, 'ok')])
        self.client.manager('UnregisterConfig', '(s)', 'tenant')
        self.assertEqual(self.audit('tenant')[0], ('unregister', 'tenant', 0, True, 'ok'))

    def test_dropin(self):
        self.dropin('a', File=self.write('a.yaml', 'a: 1\n'))
        self.assertEqual(self.client.config('a').get('a'), 1)
        self.assertEqual(self.audit('a'), [('change', 'a', 1, False, 'ok')])

    def test_over_restart(self):
        config = self.watch()
        config.call('Label', '(ts)', 1, 'works')
        before = self.entries()
        self.assertEqual(len(before), 2)
        for number in (signal.SIGKILL, signal.SIGTERM):
            self.bus.end_daemon(number)
            self.assertEqual(self.entries(), before)
        self.bus.end_daemon()
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(self.audit('a')[0], ('change', 'a', 2, False, 'ok'))

    def test_since_and_limit(self):
        config = self.watch()
        config.call('Label', '(ts)', 1, 'works')
        times = [entry[0] for entry in self.entries()]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertLess(abs(times[0] / 1e6 - time.time()), 3600)
        self.assertEqual([entry[0] for entry in self.audit(since=times[0])], ['label'])
        self.assertEqual([entry[0] for entry in self.audit(limit=1)], ['label'])
        self.assertEqual(self.audit('b'), [])

    def test_no_values(self):
        marker = 'a-value-that-nobody-tells'
        config = self.watch(content=f'a: {marker}\n')
        self.save('a.yaml', f'a: {marker}-2\n')
        config.wait_changed()
        self.save('a.yaml', f'{marker}: [\n')
        config.wait_signal('ReloadFailed')
        config.rollback(1)
        self.assertNotIn(marker, str(self.entries()))


class Flood(people.TestCase):
    """Somebody who may do nothing, and does not stop trying."""
    TIMES = 50
    # As daemon/audit-fold.h has it.
    MAX_CONFIG, MAX_USER = 5, 20

    def entries(self):
        """By root: action, config, uid, outcome and message of those that have a user; newest first."""
        entries = self.client.manager('GetAudit', '(sa{sv})', '', {})
        return [(action, config, uid, outcome, details.get('message'))
                for _, action, config, _, uid, _, outcome, details in entries if uid not in (0, NOBODY)]

    def ended(self):
        """What is there when the service has ended, when no minute is over yet."""
        self.bus.end_daemon(signal.SIGTERM)
        return self.entries()

    def logged(self, text):
        return self.bus.log.read_text().count(text)

    def test_denied(self):
        config = self.seen_by('stranger', self.own())
        uid = self.uids['stranger']
        for _ in range(self.TIMES):
            self.assert_denied(config.rollback, 1)
        self.assertEqual(self.entries(), [('rollback', 'a', uid, 'denied', None)] * self.MAX_CONFIG)
        self.assertEqual(self.client.manager('GetStatistics')['denials'], self.TIMES)
        self.assertEqual(self.ended()[0], ('rollback', 'a', uid, 'denied', '45 more within a minute'))
        self.assertEqual(len(self.entries()), self.MAX_CONFIG + 1)
        self.assertEqual(self.logged('a: rollback was denied'), self.MAX_CONFIG)
        self.assertEqual(self.logged('a: 45 more were denied within a minute, the last was rollback'), 1)

    def test_failed(self):
        """What anybody may do can fail as often."""
        root = self.own(mode=0o644, hot_reload=False)
        self.write_owned('a.yaml', 'a: [\n', 0o644)
        config = self.seen_by('stranger', root)
        for _ in range(self.TIMES):
            self.assert_fails('ParseFailed', config.reload)
        self.assertEqual(len(self.entries()), self.MAX_CONFIG)
        self.assertEqual(self.ended()[0],
                         ('reload', 'a', self.uids['stranger'], 'failed', '45 more within a minute'))
        self.assertEqual(self.logged('a: reload failed with ParseFailed'), self.MAX_CONFIG)

    def test_names(self):
        """Names that he makes up, too."""
        stranger = self.person('stranger')
        for number in range(self.TIMES):
            self.assert_denied(stranger.manager, 'UnregisterConfig', '(s)', f'made-up-{number}')
        self.assertEqual(len(self.entries()), self.MAX_USER)
        self.assertEqual(self.ended()[0],
                         ('unregister', '', self.uids['stranger'], 'denied', '30 more within a minute'))
        self.assertEqual(len(self.entries()), self.MAX_USER + 1)

    def test_others(self):
        """What root and others do is there all the same, each by itself."""
        root = self.own()
        for _ in range(self.TIMES):
            self.assert_denied(self.seen_by('stranger', root).rollback, 1)
        self.assert_denied(self.seen_by('member', root).rollback, 1)
        for _ in range(self.MAX_USER + 1):
            self.assert_fails('NoSuchVersion', root.rollback, 99)
        self.assertEqual(self.entries()[0], ('rollback', 'a', self.uids['member'], 'denied', None))
        outcomes = [entry[6] for entry in self.client.manager('GetAudit', '(sa{sv})', '', {}) if entry[4] == 0]
        self.assertEqual(outcomes, ['failed'] * (self.MAX_USER + 1) + ['ok'])


class Control(TestCase):
    def run_audit(self, *arguments):
        result = self.bus.reconfctl('audit', *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ''))
        return result.stdout

    def test_table(self):
        config = self.watch()
        config.rollback(1, message='because')
        lines = self.run_audit('a').splitlines()
        self.assertEqual(lines[0].split(), ['TIME', 'ACTION', 'CONFIG', 'VERSION', 'BY', 'OUTCOME', 'MESSAGE'])
        self.assertRegex(lines[1], r' rollback +a +1 +\S+ +ok +because$')
        self.assertRegex(lines[2], r' register +a +1 +\S+ +ok +-$')
        self.assertEqual(lines[-1], '2 events listed.')

    def test_json(self):
        config = self.watch()
        with self.assertRaises(reconf.BusError):
            config.rollback(99)
        failed, registered = json.loads(self.run_audit('--json=short'))
        self.assertEqual((failed['action'], failed['config'], failed['outcome'], failed['error'], failed['uid']),
                         ('rollback', 'a', 'failed', 'NoSuchVersion', os.getuid()))
        self.assertEqual((registered['version'], registered['pid'], registered['message'], registered['error']),
                         (1, os.getpid(), None, None))

    def test_nobody(self):
        self.dropin('a', File=self.write('a.yaml', 'a: 1\n'))
        self.client.config('a')
        changed, = json.loads(self.run_audit('a', '-j'))
        self.assertEqual((changed['by'], changed['uid'], changed['pid'], changed['unit']), (None,) * 4)

    def test_since(self):
        self.watch()
        shown = re.match(r'\S+ \S+ \S+ [A-Z]+', self.run_audit().splitlines()[1])[0]
        for since, count in (('1h', 1), ('yesterday', 1), ('2 days ago', 1), (shown, 1), ('@0', 1), ('tomorrow', 0),
                             ('+1h', 0), (f'@{int(time.time()) + 3600}', 0)):
            with self.subTest(since):
                self.assertEqual(len(json.loads(self.run_audit('-j', '--since', since))), count)

    def test_usage(self):
        for arguments in (['a', 'b'], ['--since=later'], ['--since=5'], ['--steps=1']):
            with self.subTest(arguments):
                self.assertEqual(self.bus.reconfctl('audit', *arguments).returncode, 2)
        self.assertEqual(self.bus.reconfctl('history', 'a', '--since=1h').returncode, 2)
        self.assertEqual(self.bus.reconfctl('audit', '-').returncode, 2)


class Catalog(reconf.TestCase):
    """What journalctl -x has to say."""

    def ids(self):
        names = (SOURCE / 'introspection' / 'names.h').read_text()
        return dict(re.findall(r'#define RECONF_MESSAGE_(\w+) "([0-9a-f]{32})"', names))

    def test_ids(self):
        """Each is explained, once, and none is another's."""
        ids = list(self.ids().values())
        self.assertGreater(len(ids), 10)
        self.assertEqual(len(set(ids)), len(ids))
        self.assertEqual(sorted(re.findall(r'^-- ([0-9a-f]{32})$', CATALOG.read_text(), re.M)), sorted(ids))

    def test_systemd_takes_it(self):
        if not shutil.which('journalctl'):
            self.skipTest('there is no journalctl')
        root = pathlib.Path(tempfile.mkdtemp(dir=self.directory))
        there = root / 'usr' / 'lib' / 'systemd' / 'catalog'
        there.mkdir(parents=True)
        (root / 'var' / 'lib' / 'systemd' / 'catalog').mkdir(parents=True)
        (there / CATALOG.name).write_text(CATALOG.read_text())
        for action in '--update-catalog', '--list-catalog':
            result = subprocess.run(['journalctl', '--root', root, action], capture_output=True, text=True,
                                    check=False, timeout=reconf.TIMEOUT)
            self.assertEqual((result.returncode, result.stderr), (0, ''))
        self.assertEqual({line.split()[0] for line in result.stdout.splitlines()}, set(self.ids().values()))

    def test_nobody(self):
        """What nobody may have asked for, or several, does not count on somebody."""
        entries = dict(re.findall(r'^-- ([0-9a-f]{32})\n(.*?)(?=^-- |\Z)', CATALOG.read_text(), re.M | re.S))
        for name in ('CHANGED', 'ROLLED_BACK', 'RETURNED', 'REVERTED', 'CONFIRMED', 'FOLDED'):
            self.assertNotRegex(entries[self.ids()[name]], '@RECONF_(UID|PID|UNIT)@', name)
            if name == 'FOLDED':
                self.assertNotIn('@RECONF_CONFIG@', entries[self.ids()[name]])

    def test_fields(self):
        """What it fills in is what records have."""
        audit = (SOURCE / 'daemon' / 'audit.c').read_text()
        filled = set(re.findall(r'@(\w+)@', CATALOG.read_text()))
        self.assertLessEqual(filled, set(re.findall(r'"(RECONF_[A-Z]+)"', audit)))
