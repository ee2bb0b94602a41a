# SPDX-License-Identifier: LGPL-2.1-or-later
"""[Apply] ReloadUnit=: what systemd is asked for after each new version, and what its answers lead to."""
import os
import time

import reconf
import scene
import systemd
from gi.repository import Gio, GLib

UNIT = 'app.service'


class TestCase(scene.DropinTestCase):
    def setUp(self):
        super().setUp()
        self.systemd = systemd.Systemd(self.bus)
        self.file = self.write('a.yaml', 'a: 1\n')

    def drop(self, name='a', unit=UNIT, mode=None, **settings):
        text = ''.join(f'{key}={value}\n' for key, value in ({'File': self.file} | settings).items())
        text = f'[Config]\n{text}[Apply]\nReloadUnit={unit}\n' + (f'ReloadMode={mode}\n' if mode else '')
        return self.dropin(name, text)

    def start(self, name='a', **settings):
        """A config with the unit, once that is on the first version."""
        self.drop(name, **settings)
        reconf.wait_until(lambda: name in self.names(), 'the config')
        config = self.client.config(name)
        self.assertEqual(config.get_property('Version'), 1)
        self.systemd.wait_job()
        self.wait_instance('current', 1, config=name)
        self.forget()
        return config

    def edit(self, number, name='a.yaml'):
        self.save(name, f'a: {number}\n')

    def instances(self, config=''):
        return self.client.manager('ListInstances', '(s)', config)

    def wait_instance(self, state, version, message=None, config='a'):
        """The one instance, once it is like that; a message is part of the whole."""

        def look():
            for row in self.instances(config):
                text = row[7].get('message', '')
                if row[5:7] == (state, version) and (message in text if message else not text):
                    return row
            return None

        return reconf.wait_until(look, f'an instance that is {state} on version {version}')

    def assert_no_job(self):
        """What has happened until now makes the daemon want no job."""
        self.client.settle()
        # It asks about the unit first: an answer, and what follows from that, are there before another answer.
        for _ in range(3):
            answered = []
            self.systemd.connection.call(
                reconf.NAME, reconf.MANAGER_PATH, 'org.freedesktop.DBus.Peer', 'Ping', None, None,
                Gio.DBusCallFlags.NONE, -1, None,
                lambda connection, result: answered.append(connection.call_finish(result)))
            reconf.wait_until(lambda: answered, 'the daemon')
        self.assertEqual(list(self.systemd.jobs), [])


class Jobs(TestCase):
    def setUp(self):
        super().setUp()
        self.unit = self.systemd.add(UNIT, MainPID=os.getpid())

    def test_instance(self):
        self.start()
        path, config, pid, program, start_time, state, version, details = self.wait_instance('current', 1)
        self.assertTrue(path.startswith(reconf.MANAGER_PATH + '/instance/'))
        self.assertEqual((config, pid, state, version), ('a', os.getpid(), 'current', 1))
        self.assertTrue(program)
        self.assertGreater(start_time, 0)
        self.assertEqual((details['unit'], details['vote']), (UNIT, True))

    def test_modes(self):
        for mode, method in ((None, 'ReloadUnit'), ('restart', 'TryRestartUnit'),
                             ('reload-or-restart', 'ReloadOrTryRestartUnit'), ('reload', 'ReloadUnit')):
            with self.subTest(mode):
                path = self.drop(mode=mode)
                self.wait_names('a')
                before = self.client.config('a').get_property('Version')
                # It may have been asked about its first version before.
                self.systemd.jobs.clear()
                self.edit(before + 1)
                reconf.wait_until(lambda: any(job.method == method for job in self.systemd.jobs), method)
                self.assertEqual(self.systemd.jobs[-1][:2], (method, UNIT))
                self.wait_instance('current', before + 1)
                path.unlink()
                self.wait_names()

    def test_after_the_signal(self):
        config = self.start()
        self.edit(2)
        heard = []
        self.systemd.on_job = lambda job: heard.extend(self.client.settle()) or 'done'
        self.wait_instance('current', 2)
        self.assertIn('ConfigChanged', [signal.member for signal in heard if signal.path == config.path])

    def test_only_versions(self):
        config = self.start()
        self.save('a.yaml', 'a: 1 # the same\n')
        config.reload()
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        self.assert_no_job()

    def test_results(self):
        """What is reported is in the log, too; the last version that was applied stays what it was."""
        self.start()
        for version, (result, word) in enumerate((
                ('failed', 'its job failed'), ('timeout', 'longer'), ('canceled', 'canceled'),
                ('dependency', 'a unit that it needs'), ('skipped', 'condition'), ('invalid', '(invalid)')), 2):
            with self.subTest(result):
                self.systemd.result = result
                self.edit(version)
                message = self.wait_instance('failed', 1, word)[7]['message']
                self.assertTrue(message.startswith('not reloaded: '))
                self.assertIn(f'a: {UNIT} on version {version}: {message}', self.bus.log.read_text())
        self.systemd.result = 'done'
        self.edit(0)
        self.wait_instance('current', version + 1)

    def test_errors(self):
        self.start()
        for version, (error, word) in enumerate((
                ('org.freedesktop.DBus.Error.AccessDenied', 'root'),
                ('org.freedesktop.systemd1.NoSuchUnit', 'ReloadUnit='),
                ('org.freedesktop.systemd1.JobTypeNotApplicable', 'ReloadMode='),
                ('org.freedesktop.systemd1.Odd', 'it is as it is')), 2):
            with self.subTest(error):
                self.systemd.error = error
                self.edit(version)
                self.wait_instance('failed', 1, word)

    def test_not_running(self):
        self.start()
        self.unit.set(ActiveState='inactive', MainPID=0)
        self.edit(2)
        self.wait_instance('current', 2, 'not running')
        reconf.wait_until(lambda: self.instances()[0][2] == 0, 'no process')
        self.assert_no_job()
        self.unit.set(ActiveState='active', MainPID=os.getpid(), ExecMainStartTimestamp=time.time_ns() // 1000)
        self.wait_instance('current', 2)
        reconf.wait_until(lambda: self.instances()[0][2] == os.getpid(), 'the process')

    def test_not_found(self):
        self.start()
        self.unit.set(LoadState='not-found', ActiveState='inactive', MainPID=0)
        self.edit(2)
        self.wait_instance('failed', 1, 'no such unit')

    def test_queue(self):
        """One after the other, and of those that waited only the last."""
        config = self.start()
        self.systemd.result = None
        self.edit(2)
        first = self.systemd.wait_job()
        for number in (3, 4, 5):
            self.edit(number)
            config.wait_changed()
        self.assert_no_job()
        self.wait_instance('pending', 1)
        self.systemd.end(first, 'done')
        second = self.systemd.wait_job()
        self.wait_instance('pending', 2)
        self.systemd.end(second, 'failed')
        self.wait_instance('failed', 2, 'failed')
        self.assert_no_job()

    def test_retry(self):
        self.start()
        self.systemd.result = 'failed'
        self.edit(2)
        self.systemd.wait_job()
        row = self.wait_instance('failed', 1, 'failed')
        self.client.call(row[0], reconf.NAME + '.Instance', 'Renotify')
        self.systemd.wait_job()
        reconf.wait_until(lambda: self.bus.log.read_text().count('not reloaded') == 2, 'another failure')
        self.systemd.result = 'done'
        result = self.bus.reconfctl('retry', 'a')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.systemd.wait_job()
        self.wait_instance('current', 2)
        self.client.call(row[0], reconf.NAME + '.Instance', 'Renotify')
        self.assert_no_job()
        self.assert_fails('InvalidArgument', self.client.call, row[0], reconf.NAME + '.Instance', 'Unregister')
        self.assert_fails('org.freedesktop.DBus.Error.AccessDenied', self.client.call, row[0],
                          reconf.NAME + '.Instance', 'ReportApplied', '(tss)', 2, 'failed', '')

    def test_files_differ(self):
        """A unit that reads its files now would read what nobody has accepted."""
        config = self.start()
        self.systemd.result = None
        self.edit(2)
        first = self.systemd.wait_job()
        self.edit(3)
        config.wait_changed(lambda signal: signal.arguments[1] == 3)
        self.save('a.yaml', 'a: [\n')
        config.wait_signal('ReloadFailed')
        self.systemd.end(first, 'done')
        self.wait_instance('failed', 2, 'hold something else')
        self.assert_no_job()
        self.edit(3)
        self.systemd.end(self.systemd.wait_job(), 'done')
        self.wait_instance('current', 3)
        self.assertEqual(self.numbers(config), [3, 2, 1])

    def test_hot_reload_off(self):
        config = self.start(HotReload='no')
        self.edit(2)
        self.wait_property(config, 'Pending', True)
        self.assert_no_job()
        self.assertEqual(config.reload(), 2)
        self.systemd.wait_job()
        self.wait_instance('current', 2)

    def test_forged(self):
        self.start()
        self.systemd.result = None
        self.edit(2)
        job = self.systemd.wait_job()
        pid = self.bus.daemon_pid()
        name = next(name for name in self.client.call('/', 'org.freedesktop.DBus', 'ListNames',
                                                      name='org.freedesktop.DBus')
                    if name.startswith(':') and self.client.call(
                        '/', 'org.freedesktop.DBus', 'GetConnectionUnixProcessID', '(s)', name,
                        name='org.freedesktop.DBus') == pid)
        self.client.connection.emit_signal(name, systemd.PATH, systemd.MANAGER, 'JobRemoved',
                                           GLib.Variant('(uoss)', (1, job.path, UNIT, 'failed')))
        self.client.settle()
        self.wait_instance('pending', 1)
        self.systemd.end(job, 'done')
        self.wait_instance('current', 2)

    def test_systemd_begins_anew(self):
        self.start()
        self.systemd.result = None
        self.edit(2)
        self.systemd.wait_job()
        self.systemd.calls.clear()
        self.systemd.begin_anew()
        job = self.systemd.wait_job()
        self.assertIn('Subscribe', self.systemd.calls)
        self.systemd.end(job, 'done')
        self.wait_instance('current', 2)

    def test_process(self):
        self.start()
        self.unit.set(MainPID=1)
        reconf.wait_until(lambda: self.instances()[0][2] == 1, 'the new process')
        self.unit.set(ActiveState='failed', MainPID=0)
        reconf.wait_until(lambda: self.instances()[0][2] == 0, 'no process')
        self.wait_instance('current', 1)


class GoingBack(TestCase):
    def setUp(self):
        super().setUp()
        self.unit = self.systemd.add(UNIT, MainPID=os.getpid())

    def begin(self, **settings):
        return self.start(OnFailure='rollback', **settings)

    def wait_back(self, config):
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(stage, 'instance')
        _, version, previous, changes, details = config.wait_changed(lambda signal: signal.arguments[1] > 2)
        self.assertEqual((version, previous, changes), (3, 2, [('a', 'modified', 2, 1)]))
        self.assertEqual(details['origin'], 'failure')
        self.assertEqual(self.file.read_text(), 'a: 1\n')
        self.assertEqual([row[4] for row in config.history()], ['active', 'rolled-back', 'superseded'])
        return problems

    def test_failed(self):
        """The version before comes back, and the unit is told of that, too."""
        config = self.begin()
        self.systemd.on_job = lambda job: 'failed' if self.file.read_text() == 'a: 2\n' else 'done'
        self.edit(2)
        [(_, _, _, message)] = self.wait_back(config)
        self.assertIn('not reloaded', message)
        self.assertEqual([self.systemd.wait_job().method for _ in range(2)], ['ReloadUnit'] * 2)
        self.wait_instance('current', 3)

    def test_down(self):
        """What a bad version took down is started with the good one, though nobody starts what was down before."""
        config = self.begin(mode='restart')

        def restart(job):
            good = self.file.read_text() == 'a: 1\n'
            self.unit.set(ActiveState='active' if good else 'failed', MainPID=os.getpid() if good else 0)
            return 'done' if good else 'failed'

        self.systemd.on_job = restart
        self.edit(2)
        self.wait_back(config)
        self.assertEqual([self.systemd.wait_job().method for _ in range(2)], ['TryRestartUnit', 'StartUnit'])
        self.wait_instance('current', 3)
        self.assertIn('ResetFailedUnit', self.systemd.calls)

    def test_silent(self):
        """A manager that never answers is no better than one that says no."""
        config = self.begin(AckMs=200)
        self.systemd.mute = True
        self.edit(2)
        self.wait_back(config)
        self.assertEqual(config.get('a'), 1)

    def test_never_ends(self):
        config = self.begin(AckMs=200)
        self.systemd.result = None
        self.edit(2)
        job = self.systemd.wait_job()
        self.wait_back(config)
        self.wait_instance('pending', 1)
        self.systemd.result = 'done'
        self.systemd.end(job, 'done')
        self.wait_instance('current', 3)

    def test_not_running(self):
        config = self.begin()
        self.unit.set(ActiveState='inactive', MainPID=0)
        self.edit(2)
        self.wait_instance('current', 2, 'not running')
        self.still()
        self.assertEqual(config.get_property('Version'), 2)

    def test_confirms(self):
        config = self.start(ConfirmMs=60000, ConfirmBy='instances')
        self.systemd.result = None
        self.edit(2)
        job = self.systemd.wait_job()
        self.wait_state(config, 'unconfirmed')
        self.systemd.end(job, 'done')
        self.wait_state(config, 'active')


class Absent(scene.DropinTestCase):
    """No systemd on the bus."""

    def test_absent(self):
        file = self.write('a.yaml', 'a: 1\n')
        self.dropin('a', f'[Config]\nFile={file}\n[Apply]\nReloadUnit={UNIT}\n')
        config = self.client.config('a')
        self.assertEqual(config.get('a'), 1)

        def message():
            [row] = self.client.manager('ListInstances', '(s)', 'a')
            return row[7].get('message') if row[5] == 'failed' else None

        self.assertIn('reconfctl run', reconf.wait_until(message, 'the failure'))


class Several(TestCase):
    def test_share(self):
        """One job for all that changed meanwhile, in the manner that does for each."""
        self.systemd.add(UNIT)
        one = self.start()
        two = self.start('b', File=self.write('b.yaml', 'a: 1\n'), mode='restart')
        self.systemd.result = None
        self.edit(2)
        first = self.systemd.wait_job()
        self.edit(2, 'b.yaml')
        self.edit(3)
        reconf.wait_until(lambda: (one.get('a'), two.get('a')) == (3, 2), 'the versions')
        self.assert_no_job()
        self.systemd.end(first, 'done')
        self.wait_instance('pending', 2)
        self.wait_instance('pending', 1, config='b')
        second = self.systemd.wait_job()
        self.assertEqual(second.method, 'TryRestartUnit')
        self.systemd.end(second, 'done')
        self.wait_instance('current', 3)
        self.wait_instance('current', 2, config='b')

    def test_reads_all(self):
        """A unit that could read nothing while one of them was no good has read all once it could."""
        self.systemd.add(UNIT)
        self.start()
        two = self.start('b', File=self.write('b.yaml', 'a: 1\n'))
        self.systemd.result = 'failed'
        self.edit(2)
        self.systemd.wait_job()
        self.wait_instance('failed', 1, 'failed')
        self.wait_instance('current', 1, config='b')
        self.save('b.yaml', 'a: [\n')
        two.wait_signal('ReloadFailed')
        self.edit(3)
        self.wait_instance('failed', 1, 'the files of b ')
        self.systemd.result = 'done'
        self.edit(2, 'b.yaml')
        self.systemd.wait_job()
        self.wait_instance('current', 3)
        self.wait_instance('current', 2, config='b')
        self.assert_no_job()

    def test_directory(self):
        self.path('tenants').mkdir()
        self.write('tenants/one.yaml', 'a: 1\n')
        self.write('tenants/x-2@z.yaml', 'a: 1\n')
        units = {'app@one.service', 'app@x-2@z.service', 'app@new.service'}
        for unit in units:
            self.systemd.add(unit)
        self.dropin('tenant', f'[Config]\nDirectory={self.path("tenants")}\nPattern=*.yaml\n'
                    '[Apply]\nReloadUnit=app@%i.service\n')
        self.wait_names('tenant@one', 'tenant@x-2@z')
        self.write('tenants/new.yaml', 'a: 1\n')
        self.assertEqual({self.systemd.wait_job().unit for _ in units}, units)
        self.wait_instance('current', 1, config='tenant@new')
        self.path('tenants/new.yaml').unlink()
        reconf.wait_until(lambda: len(self.instances()) == 2, 'the instance to go')


class Dropins(TestCase):
    def setUp(self):
        super().setUp()
        self.systemd.add(UNIT)

    def test_changes(self):
        config = self.start()
        self.systemd.add('other.service')
        self.drop(unit='other.service', mode='restart')
        row = reconf.wait_until(lambda: next((row for row in self.instances()
                                              if row[7]['unit'] == 'other.service'), None), 'the other unit')
        # Nobody knows what it has read.
        self.assertEqual(row[5:7], ('pending', 0))
        self.assertEqual(len(self.instances()), 1)
        self.edit(2)
        self.assertEqual(self.systemd.wait_job()[:2], ('TryRestartUnit', 'other.service'))
        self.wait_instance('current', 2)
        self.drop(unit='other.service')
        self.edit(3)
        config.wait_changed(lambda signal: signal.arguments[1] == 3)
        self.wait_instance('current', 3)
        self.dropin('a', File=self.file)
        reconf.wait_until(lambda: not self.instances(), 'the instance to go')
        self.edit(4)
        config.wait_changed(lambda signal: signal.arguments[1] == 4)
        reconf.wait_until(lambda: 'Unsubscribe' in self.systemd.calls, 'the farewell')

    def test_comes_later(self):
        """To a config that a client has registered."""
        config = self.client.register('a', self.file)
        self.drop()
        reconf.wait_until(self.instances, 'the unit')
        self.edit(2)
        self.systemd.wait_job()
        self.wait_instance('current', 2)
        self.assertEqual(self.numbers(config), [2, 1])

    def test_goes_while_asked(self):
        self.start()
        self.systemd.result = None
        self.edit(2)
        job = self.systemd.wait_job()
        (self.bus.configs_d / 'a.conf').unlink()
        self.wait_names()
        self.systemd.end(job, 'failed')
        self.assertEqual(self.instances(), [])

    def test_not_over_the_bus(self):
        for option in 'reload-unit', 'reload-mode', 'apply', 'unit':
            self.assert_fails('InvalidArgument', self.client.register, 'b', self.file, **{option: UNIT})

    def test_bad(self):
        path = self.dropin('bad', f'[Config]\nFile={self.file}\n[Apply]\nReloadUnit=app.socket\n')
        self.assertEqual(self.names(), [])
        reconf.wait_until(lambda: f'{path}:4: ' in self.bus.log.read_text(), 'a report')


class Starts(TestCase):
    """A daemon that finds everything as it was asks for nothing."""

    def setUp(self):
        super().setUp()
        self.unit = self.systemd.add(UNIT, MainPID=os.getpid(), ExecMainStartTimestamp=1)
        self.config = self.start()

    def again(self):
        self.bus.end_daemon()
        self.systemd.calls.clear()
        self.assertEqual(self.client.config('a').get_property('Version'), 1)
        reconf.wait_until(lambda: 'Subscribe' in self.systemd.calls, 'the daemon to listen')

    def test_started_before(self):
        """Nobody knows whether it was reloaded since."""
        self.again()
        reconf.wait_until(lambda: self.instances()[0][2] == os.getpid(), 'its process')
        self.wait_instance('pending', 0)
        self.assert_no_job()
        # Whoever starts it has it read the files.
        self.unit.set(ExecMainStartTimestamp=time.time_ns() // 1000)
        self.wait_instance('current', 1)
        self.assert_no_job()

    def test_started_since(self):
        self.unit.state['ExecMainStartTimestamp'] = time.time_ns() // 1000
        self.again()
        self.wait_instance('current', 1)
        self.assert_no_job()

    def test_files_differ(self):
        """What it read when it was started was something else."""
        self.write('a.yaml', 'a: [\n')
        self.unit.state['ExecMainStartTimestamp'] = time.time_ns() // 1000
        self.again()
        self.wait_state(self.config, 'invalid')
        reconf.wait_until(lambda: self.instances()[0][2] == os.getpid(), 'its process')
        self.wait_instance('pending', 0)

    def test_not_running(self):
        self.unit.set(ActiveState='inactive', MainPID=0)
        self.again()
        self.wait_instance('current', 1, 'not running')

    def test_changed_meanwhile(self):
        self.bus.end_daemon()
        self.edit(2)
        self.assertEqual(self.client.config('a').get('a'), 2)
        self.assertEqual(self.systemd.wait_job().method, 'ReloadUnit')
        self.wait_instance('current', 2)
