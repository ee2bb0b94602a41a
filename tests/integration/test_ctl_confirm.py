# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconfctl about versions that wait to be confirmed, at a terminal and elsewhere."""
import json
import os
import re
import signal

import reconf
import scene
import terminal

# Shown alike for its first 50 seconds, since hours are shown with minutes only.
LONG, SHOWN = '90min 50s', '1h 30min'
# It is over while somebody waits, and not before a loaded machine has asked about it.
BRIEF = '5s'
FAILURE, USAGE, NOT_FOUND, WENT_BACK = 1, 2, 3, 7
CTRL_C = '\x03'
PROMPT = 'Enter keeps it, Ctrl-C takes it back now'


class ConfirmCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.bus.environment['LC_ALL'] = 'C.UTF-8'
        self.config = self.watch(content='a: 1\n', hot_reload=False)

    def run_ctl(self, *arguments, status=0):
        result = self.bus.reconfctl(*arguments)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.errors = result.stderr
        return result.stdout

    def reload(self, *arguments, content='a: 2\n', **keywords):
        self.save('a.yaml', content)
        return self.run_ctl('reload', 'a', *arguments, **keywords)

    def read(self):
        return self.path('a.yaml').read_text()

    def active(self):
        return self.config.call('GetAll')[0], self.state(self.config)


class Plain(ConfirmCase):
    """Nobody is there to answer."""

    def test_reload(self):
        shown = self.reload('--confirm', LONG)
        self.assertEqual(shown.splitlines(), [
            'a: version 1 → 2',
            f'a: version 2 goes back in {SHOWN} unless it is confirmed: reconfctl --user confirm a 2'])
        self.assertEqual(self.active(), (2, 'unconfirmed'))
        self.assertEqual(self.run_ctl('confirm', 'a', '2'), 'a: version 2 is confirmed\n')
        self.assertEqual(self.active(), (2, 'active'))

    def test_nothing_changed(self):
        self.assertEqual(self.run_ctl('reload', 'a', '--confirm=30').splitlines(),
                         ['a: nothing changed, version 1', 'a: there is nothing to confirm'])
        self.assertEqual(self.run_ctl('reload', 'a'), 'a: nothing changed, version 1\n')

    def test_nothing_changed_while_it_waits(self):
        self.reload('--confirm', LONG)
        self.assertIn('unless it is confirmed', self.run_ctl('reload', 'a', '--confirm', LONG))

    def test_setting_of_the_config(self):
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.run_ctl('register', 'a', self.path('a.yaml'), '--confirm-ms=600000', '--hot-reload=no')
        self.assertIn('unless it is confirmed', self.reload(content='a: 3\n'))

    def test_goes_back(self):
        self.reload('--confirm', '400ms')
        self.assertEqual(self.config.wait_changed(
            lambda heard: heard.arguments[4]['origin'] == 'timeout')[3], [('a', 'modified', 2, 1)])
        self.assertEqual(self.read(), 'a: 1\n')

    def test_json(self):
        row, = json.loads(self.reload('--confirm', LONG, '--json=short'))
        self.assertEqual((row['version'], row['confirmation']), (2, 'waits'))
        row = json.loads(self.run_ctl('rollback', 'a', '--json=short'))
        self.assertEqual((row['version'], row['confirmation']), (3, 'none'))

    def test_rollback(self):
        self.reload()
        self.assertIn(f'a: version 3 goes back in {SHOWN} ', self.run_ctl('rollback', 'a', '--confirm', LONG))
        self.assertEqual(self.active(), (3, 'unconfirmed'))

    def test_confirm_the_active_one(self):
        self.reload('--confirm', LONG)
        self.assertEqual(json.loads(self.run_ctl('confirm', 'a', '--json=short')),
                         {'name': 'a', 'version': 2, 'deadline': None})
        self.run_ctl('confirm', 'a', status=FAILURE)
        self.assertIn('reconfctl status a', self.errors)

    def test_extend(self):
        self.reload('--confirm', LONG)
        before = self.config.get_property('ConfirmDeadline')
        self.assertIn('a: version 2 waits for confirmation until', self.run_ctl('confirm', 'a', '--extend=3h'))
        deadline = self.config.get_property('ConfirmDeadline')
        self.assertGreater(deadline, before + 80 * 60 * 10**6)
        self.run_ctl('confirm', 'a', '--extend', '10ms')
        self.config.wait_changed(lambda heard: heard.arguments[4]['origin'] == 'timeout')
        self.run_ctl('confirm', 'a', '--extend', '10ms', status=FAILURE)

    def test_usage(self):
        self.run_ctl('reload', 'a', 'b', '--confirm=1', status=USAGE)
        self.run_ctl('reload', 'a', '--confirm=soon', status=USAGE)
        self.run_ctl('reload', 'a', '--extend=1', status=USAGE)
        self.run_ctl('confirm', 'a', '--confirm=1', status=USAGE)
        self.run_ctl('confirm', 'none', status=NOT_FOUND)
        self.run_ctl('confirm', 'a', 'nonesuch', status=NOT_FOUND)

    def test_status(self):
        self.reload('--confirm', LONG)
        self.assertIn(f"State: unconfirmed (goes back in {SHOWN}; 'reconfctl --user confirm a' keeps it)\n",
                      self.run_ctl('status', 'a'))


class AtTerminal(ConfirmCase):
    def start(self, *arguments):
        started = terminal.Terminal(self.bus.environment, reconf.PREFIX / 'bin' / 'reconfctl', '--user', *arguments)
        self.addCleanup(started.close)
        return started

    def ask(self, time=LONG, content='a: 2\n', options=()):
        self.save('a.yaml', content)
        asked = self.start('reload', 'a', '--confirm', time, *options)
        asked.wait_for(PROMPT)
        return asked

    def end(self, asked, status, last):
        self.assertEqual(asked.wait_end(), status, asked.raw)
        self.assertEqual(asked.lines()[-1], last)
        self.assertTrue(asked.is_restored())

    def seconds_left(self, asked):
        """As they were told of ten minutes, one after the other."""
        return [600 if not seconds else 540 + int(seconds) for seconds in
                re.findall(r'goes back in (?:10min|9min (\d+)s);', asked.read())]

    def wait_ticks(self, asked):
        """The time left becomes less, and less again."""
        reconf.wait_until(lambda: len(set(self.seconds_left(asked))) > 2, 'the time to pass')

    def test_countdown(self):
        asked = self.ask('10min')
        self.wait_ticks(asked)
        told = self.seconds_left(asked)
        self.assertEqual(told, sorted(told, reverse=True))
        asked.wait_seen(lambda lines: lines[0] == 'a: version 1 → 2' and re.fullmatch(
            rf'a: version 2 goes back in 9min \d+s; {PROMPT}', '\n'.join(lines[1:])), 'what is left')
        self.assertFalse(asked.is_restored())

    def test_keys_that_keep_it(self):
        for number, key in enumerate('\ryk', 2):
            with self.subTest(repr(key)):
                asked = self.ask(content=f'a: {number}\n')
                asked.type(key)
                self.end(asked, 0, f'a: version {number} is confirmed')
                self.assertEqual(self.active(), (number, 'active'))

    def test_keys_that_take_it_back(self):
        for number, key in ((2, CTRL_C), (4, 'n')):
            with self.subTest(repr(key)):
                asked = self.ask(content=f'a: {number}\n')
                asked.type(key)
                self.end(asked, WENT_BACK,
                         f'a: version {number} is taken back: version {number + 1} has the content of {number - 1}')
                self.assertEqual((self.active(), self.read()), ((number + 1, 'active'), 'a: 1\n'))

    def test_other_keys(self):
        asked = self.ask('10min')
        asked.type('x \x1a\x1c\x1b')
        self.wait_ticks(asked)
        self.assertEqual(self.active(), (2, 'unconfirmed'))

    def test_time_is_up(self):
        asked = self.ask(BRIEF)
        self.end(asked, WENT_BACK, 'a: version 2 went back: version 3 has the content of 1 (timeout): '
                                   'version 2 was not confirmed in time')
        self.assertEqual(self.read(), 'a: 1\n')

    def test_somebody_else_confirms(self):
        asked = self.ask()
        self.config.call('Confirm', '(t)', 2)
        self.end(asked, 0, 'a: version 2 is confirmed')

    def test_somebody_else_takes_it_back(self):
        asked = self.ask()
        self.config.rollback(message='no good')
        self.assertEqual(asked.wait_end(), WENT_BACK, asked.raw)
        last = asked.lines()[-1]
        self.assertTrue(last.startswith('a: version 2 went back: version 3 has the content of 1 (rollback by '), last)
        self.assertTrue(last.endswith(': no good'), last)

    def test_somebody_else_gives_it_more_time(self):
        asked = self.ask('1min')
        self.config.call('ExtendConfirm', '(tu)', 2, 90 * 60000 + 50000)
        asked.wait_for(f'goes back in {SHOWN};')
        self.config.call('ExtendConfirm', '(tu)', 2, 10)
        self.assertEqual(asked.wait_end(), WENT_BACK)

    def vote(self, status, **settings):
        """Version 2 is what an instance with a vote says so about."""
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.config = self.watch(content='a: 1\n', hot_reload=False, **settings)
        instance, version = self.client.register_instance('a', ack=True)
        instance.report(version)
        asked = self.ask()
        instance.report(version + 1, status, 'no room')
        return asked, version + 1

    def test_instance_that_confirms(self):
        asked, version = self.vote('applied', confirm_by='instances')
        self.end(asked, 0, f'a: version {version} is confirmed')

    def test_instance_that_fails(self):
        asked, version = self.vote('failed', on_failure='rollback')
        self.assertEqual(asked.wait_end(), WENT_BACK)
        last = asked.lines()[-1]
        self.assertTrue(last.startswith(f'a: version {version} went back: version {version + 1} has the content of '
                                        f'{version - 1} (failure): '), last)
        self.assertIn('no room', last)

    def test_another_version(self):
        asked = self.ask()
        self.save('a.yaml', 'a: 3\n')
        self.config.reload()
        self.assertEqual(asked.wait_end(), FAILURE)
        last = asked.lines()[-1]
        self.assertTrue(last.startswith('a: version 3 took its place (reload by '), last)
        self.assertTrue(last.endswith('it waits for confirmation: reconfctl --user confirm a'), last)
        self.assertEqual(self.active(), (3, 'unconfirmed'))

    def test_restored_content(self):
        """What was confirmed once waits no longer when it is back."""
        asked = self.ask()
        self.save('a.yaml', 'a: 1\n')
        self.config.reload()
        self.assertEqual(asked.wait_end(), FAILURE)
        self.assertNotIn('it waits', asked.lines()[-1])

    def test_service_that_is_killed(self):
        asked = self.ask()
        self.bus.end_daemon()
        asked.wait_for('the service left the bus')
        self.assertEqual(asked.wait_end(), WENT_BACK, asked.raw)
        self.assertIn('version 3 has the content of 1 (timeout)', asked.lines()[-1])
        self.assertTrue(asked.is_restored())

    def test_config_that_goes(self):
        asked = self.ask()
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.assertEqual(asked.wait_end(), NOT_FOUND, asked.raw)
        self.assertTrue(asked.is_restored())

    def test_asked_to_end(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                asked = self.ask(content=f'a: {100 + number}\n')
                os.kill(asked.process.pid, number)
                self.assertEqual(asked.wait_end(), FAILURE)
                self.assertIn('goes back by itself unless it is confirmed', asked.raw)
                self.assertTrue(asked.is_restored())
        self.assertEqual(self.state(self.config), 'unconfirmed')

    def test_terminal_that_is_gone(self):
        asked = self.ask()
        asked.hang_up()
        self.assertEqual(asked.process.wait(reconf.TIMEOUT), FAILURE)
        self.assertEqual(self.active(), (2, 'unconfirmed'))

    def test_nothing_changed(self):
        asked = self.start('reload', 'a', '--confirm', LONG)
        self.end(asked, 0, 'a: there is nothing to confirm')

    def test_json(self):
        asked = self.ask(options=('--json=short', '--no-pager'))
        asked.type('k')
        self.assertEqual(asked.wait_end(), 0)
        row, = json.loads(asked.lines()[-1])
        self.assertEqual((row['previous'], row['version'], row['confirmation']), (1, 2, 'confirmed'))

    def test_rollback(self):
        self.reload()
        asked = self.start('rollback', 'a', '--confirm', LONG)
        asked.wait_for(PROMPT)
        asked.type(CTRL_C)
        self.end(asked, WENT_BACK, 'a: version 3 is taken back: version 4 has the content of 2')
        self.assertEqual(self.read(), 'a: 2\n')

    def test_narrow(self):
        self.save('a.yaml', 'a: 2\n')
        asked = self.start('reload', 'a', '--confirm', LONG)
        asked.resize(10, 30)
        asked.wait_for('goes back in')
        self.assertLessEqual(max(map(len, asked.lines())), 100)


class Labels(ConfirmCase):
    def test_label(self):
        self.reload()
        self.assertEqual(self.run_ctl('label', 'a', '1', 'good'), 'a: version 1 is labelled good\n')
        self.assertEqual(self.run_ctl('label', 'a', 'active', 'new'), 'a: version 2 is labelled new\n')
        rows = json.loads(self.run_ctl('history', 'a', '--json'))
        self.assertEqual([row['label'] for row in rows], ['new', 'good'])
        self.assertEqual(self.run_ctl('diff', 'a', 'good', 'new', '--no-legend'), '~ a: 1 → 2\n')
        self.assertIn('label good', self.run_ctl('status', 'a'))
        self.assertEqual(self.run_ctl('rollback', 'a', 'good'), 'a: version 2 → 3, with the content of 1\n')
        self.assertEqual(self.run_ctl('label', 'a', 'good'), 'a: version 1 has no label\n')
        self.run_ctl('rollback', 'a', 'good', status=NOT_FOUND)
        self.assertIn('reconfctl history a', self.errors)

    def test_refused(self):
        self.run_ctl('label', 'a', '1', '17', status=USAGE)
        self.run_ctl('label', 'a', '7', 'good', status=NOT_FOUND)
        self.run_ctl('label', 'none', '1', 'good', status=NOT_FOUND)

    def test_completion(self):
        self.run_ctl('label', 'a', '1', 'good')
        self.assertIn('good\tversion 1\n', self.run_ctl('complete', 'versions', 'a'))
