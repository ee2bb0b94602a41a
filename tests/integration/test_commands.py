# SPDX-License-Identifier: LGPL-2.1-or-later
"""Commands of drop-ins: programs that decode a format, and programs that have the last word on a candidate."""
import os
import pathlib
import signal
import time

import reconf
import scene

# Reads TOML, writes JSON; a mistake is told as compilers tell it.
TOML = '''\
import json, re, sys, tomllib
try:
    print(json.dumps(tomllib.load(sys.stdin.buffer)))
except tomllib.TOMLDecodeError as error:
    place = re.search(r'line (\\d+), column (\\d+)', str(error))
    sys.exit(f'<stdin>:{place[1]}:{place[2]}: {error}')
'''


class CommandTestCase(scene.DropinTestCase):
    def setUp(self):
        super().setUp()
        self.private = self.directory / 'private'
        self.private.mkdir()
        self.bus.environment['RUNTIME_DIRECTORY'] = str(self.private)
        self.restart_bus()

    def script(self, name, text, interpreter='/bin/sh'):
        """A program that all may run. Returns its path."""
        path = self.directory / name
        temporary = path.with_suffix('.new')
        temporary.write_text(f'#!{interpreter}\n{text}\n')
        temporary.chmod(0o755)
        temporary.rename(path)
        return path

    def commands(self, name='a', file=None, decode=None, validate=None, **settings):
        """A drop-in with commands; a timeout goes behind the command, as [command, seconds]."""
        text = f'[Config]\nFile={file}\n' + ''.join(f'{key}={value}\n' for key, value in settings.items())
        for group, command in ('Decode', decode), ('Validate', validate):
            if command:
                # Together they may have ten.
                line, seconds = command if isinstance(command, list) else (command, 5 if decode and validate else 10)
                text += f'[{group}]\nCommand={line}\nTimeoutSec={seconds}\n'
        return self.dropin(name, text)

    def wait_failed(self, config, stage):
        """The problems of the next failure, each of which names the config's file."""
        told, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(told, stage, problems)
        self.assertEqual(config.call('GetProblems'), problems)
        return self.shorten(problems)

    def shorten(self, problems):
        prefix = f'{self.file}: '
        for *_, message in problems:
            self.assertTrue(message.startswith(prefix), message)
        return [(path, line, column, message.removeprefix(prefix)) for path, line, column, message in problems]


class Validate(CommandTestCase):
    def setUp(self):
        super().setUp()
        # Objects to every line with 'bad' in it.
        self.check = self.script('check', '''grep -n bad "$1" | while IFS=: read line rest; do
            echo "$1:$line:4: found what is bad"; done
            ! grep -q bad "$1"''')
        self.file = self.write('a.yaml', 'a: 1\n')

    def start(self, **settings):
        self.commands(file=self.file, validate=settings.pop('validate', f'{self.check} %f'), **settings)
        config = self.client.config('a')
        self.assertEqual(config.get('a'), 1)
        self.forget()
        return config

    def test_accepted(self):
        config = self.start()
        self.save('a.yaml', 'a: 2\n')
        self.assert_changed(config, ('a', 'modified', 1, 2))
        self.assertEqual(list(self.private.iterdir()), [])

    def test_rejected(self):
        config = self.start()
        self.save('a.yaml', 'a: 2\nb: bad\nc: bad\n')
        self.assertEqual(self.wait_failed(config, 'command'),
                         [('', 2, 4, 'found what is bad'), ('', 3, 4, 'found what is bad')])
        self.assertEqual((self.state(config), config.get('a')), ('invalid', 1))
        self.assertEqual(self.numbers(config), [1])
        self.assertEqual(self.file.read_text(), 'a: 2\nb: bad\nc: bad\n')
        self.assertEqual(list(self.private.iterdir()), [])
        self.assertIn(f'{self.file}:2:4', self.assert_fails('ValidationFailed', config.reload))
        self.save('a.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 1, 3))
        self.assertEqual(self.state(config), 'active')

    def test_rejected_at_first(self):
        self.write('a.yaml', 'a: bad\n')
        self.commands(file=self.file, validate=f'{self.check} %f')
        config = self.client.config('a')
        self.wait_state(config, 'invalid')
        self.assertEqual(config.get_property('Version'), 0)

    def test_words(self):
        out = self.path('out')
        self.start(validate=f'/bin/sh -c \'printf "%%s\\n" "$@" >"$0"\' {out} "a  b" $HOME %f %%f')
        copy = out.read_text().split('\n')
        self.assertEqual((copy[:2], copy[3:]), (['a  b', '$HOME'], ['%f', '']))
        self.assertEqual(pathlib.Path(copy[2]).name, 'a.yaml')
        self.assertNotEqual(copy[2], str(self.file))

    def test_crashed(self):
        config = self.start()
        self.script('check', 'echo partly; kill -SEGV $$')
        self.save('a.yaml', 'a: 2\n')
        (_, _, _, first), (_, _, _, second) = self.wait_failed(config, 'command')
        self.assertIn('signal 11', first)
        self.assertEqual(second, 'partly')
        self.assertEqual(config.get('a'), 1)

    def test_cannot_be_run(self):
        config = self.start()
        self.check.unlink()
        self.save('a.yaml', 'a: 2\n')
        [(_, _, _, message)] = self.wait_failed(config, 'command')
        self.assertIn(str(self.check), message)

    def test_timed_out(self):
        """Meanwhile everybody else is served; whatever it started is gone afterwards."""
        config = self.start(validate=[f'{self.check} %f', 3])
        other = self.watch('b.yaml', 'b: 1\n', 'other')
        pids = self.path('pids')
        self.script('check', f'setsid sleep 1000 & echo $! >{pids}.new; echo $$ >>{pids}.new\n'
                    f'mv {pids}.new {pids}; sleep 1000')
        self.save('a.yaml', 'a: 2\n')
        reconf.wait_until(pids.exists, 'the command to run')
        self.assertEqual((other.get('b'), config.get('a')), (1, 1))
        self.save('b.yaml', 'b: 2\n')
        reconf.wait_until(lambda: other.get('b') == 2, 'the other save')
        [(_, _, _, message)] = self.wait_failed(config, 'command')
        self.assertIn('TimeoutSec=', message)
        for pid in pids.read_text().split():
            self.assertFalse(os.path.exists(f'/proc/{pid}'), 'a process of the command is left')

    def test_newer_save_supersedes(self):
        config = self.start()
        started = self.path('started')
        self.script('check', f'grep -q 2 "$1" || exit 0; echo >{started}; exec sleep 1000')
        self.save('a.yaml', 'a: 2\n')
        reconf.wait_until(started.exists, 'the command to run')
        self.save('a.yaml', 'a: 3\n')
        self.assert_changed(config, ('a', 'modified', 1, 3))
        self.assertEqual([heard.member for heard in self.client.settle() if heard.member == 'ReloadFailed'], [])

    def test_flood(self):
        config = self.start()
        self.script('check', 'exec cat /dev/zero')
        self.save('a.yaml', 'a: 2\n')
        problems = self.wait_failed(config, 'command')
        self.assertIn('wrote more', problems[0][3])

    def test_daemon_ends_meanwhile(self):
        config = self.start()
        started = self.path('started')
        self.script('check', f'>{started}; sleep 1000')
        self.save('a.yaml', 'a: 2\n')
        reconf.wait_until(started.exists, 'the command to run')
        begin = time.monotonic()
        self.bus.end_daemon(signal.SIGTERM)
        self.assertLess(time.monotonic() - begin, 9)
        self.check.write_text('#!/bin/sh\nexit 0\n')
        config = self.client.config('a')
        reconf.wait_until(lambda: config.get('a') == 2, 'the save')

    def test_killed_daemon_leaves_nothing(self):
        self.start()
        pid = self.path('pid')
        self.script('check', f'echo $$ >{pid}.new; mv {pid}.new {pid}; exec sleep 1000')
        self.save('a.yaml', 'a: 2\n')
        reconf.wait_until(pid.exists, 'the command to run')
        self.bus.end_daemon()
        reconf.wait_until(lambda: not os.path.exists(f'/proc/{pid.read_text().strip()}'), 'the command to end')
        reconf.wait_until(lambda: not list(self.private.iterdir()), 'its file to go')

    def test_new_command(self):
        """The active version stays, though the command that there is now would not have let it in."""
        config = self.start()
        self.commands(file=self.file, validate='/bin/false %f')
        [(_, _, _, message)] = self.wait_failed(config, 'command')
        self.assertIn('/bin/false exited with status 1', message)
        self.assertEqual((self.state(config), config.get('a')), ('invalid', 1))
        self.dropin('a', File=self.file)
        self.wait_state(config, 'active')
        self.assertEqual(self.numbers(config), [1])

    def test_new_command_while_away(self):
        self.start()
        self.bus.end_daemon()
        self.commands(file=self.file, validate='/bin/false %f')
        config = self.client.config('a')
        self.wait_state(config, 'invalid')
        self.assertEqual(config.get('a'), 1)

    def test_candidate(self):
        config = self.start()
        self.assertEqual(config.call('Validate', '(ss)', 'a: 2\n', ''), [])
        self.assertEqual(self.shorten(config.call('Validate', '(ss)', 'a: 2\nb: bad\n', '')),
                         [('', 2, 4, 'found what is bad')])
        self.assertEqual(self.numbers(config), [1])

    def test_rollback(self):
        config = self.start()
        self.save('a.yaml', 'a: 2\n')
        config.wait_changed()
        self.script('check', '! grep -q 1 "$1"')
        self.assert_fails('ValidationFailed', config.rollback, 1)
        self.assertEqual(self.file.read_text(), 'a: 2\n')
        self.script('check', '! grep -q 2 "$1"')
        self.assertEqual(config.rollback(1), 3)
        self.assertEqual(config.get('a'), 1)

    def test_revert(self):
        config = self.start(OnInvalid='revert')
        self.save('a.yaml', 'a: bad\n')
        reconf.wait_until(lambda: self.file.read_text() == 'a: 1\n', 'the last good bytes')
        self.wait_state(config, 'active')

    def test_private_config(self):
        """What a command quotes of it is for those who may read it, not for the log."""
        self.file.chmod(0o600)
        config = self.start()
        config.subscribe()
        self.script('check', 'echo "$1:1:4: hunter2 is no good"; exit 1')
        temporary = self.write('a.new', 'a: 2\n')
        temporary.chmod(0o600)
        temporary.rename(self.file)
        problems = self.wait_failed(config, 'command')
        self.assertEqual(problems[1], ('', 1, 4, 'hunter2 is no good'))
        self.assertNotIn('hunter2', self.bus.log.read_text())

    def test_directory(self):
        self.path('tenants').mkdir()
        self.write('tenants/one.yaml', 'a: 1\n')
        self.write('tenants/two.yaml', 'a: bad\n')
        self.dropin('tenant', f'[Config]\nDirectory={self.path("tenants")}\nPattern=*.yaml\n'
                    f'[Validate]\nCommand={self.check} %f\n')
        self.wait_names('tenant@one', 'tenant@two')
        self.assertEqual(self.client.config('tenant@one').get('a'), 1)
        self.wait_state(self.client.config('tenant@two'), 'invalid')

    def test_not_over_the_bus(self):
        for option in 'command', 'validate', 'decode', 'validate-command':
            self.assert_fails('InvalidArgument', self.client.register, 'b', self.file, **{option: '/bin/true'})


class Decode(CommandTestCase):
    def setUp(self):
        super().setUp()
        self.decoder = self.script('toml', TOML, '/usr/bin/python3')
        self.file = self.write('a.toml', 'a = 1\n[server]\nports = [80, 443]\nsince = "2020"\n')

    def start(self, **settings):
        self.commands(file=self.file, decode=self.decoder, **settings)
        config = self.client.config('a')
        reconf.wait_until(lambda: config.get_property('Version') > 0, 'the first version')
        self.forget()
        return config

    def test_toml(self):
        config = self.start()
        self.assertEqual(config.get(), {'a': 1, 'server': {'ports': [80, 443], 'since': '2020'}})
        self.assertEqual(config.get_property('Format'), '')
        self.save('a.toml', 'a = 1\n[server]\nports = [8080]\n')
        self.assert_changed(config, ('server.ports', 'modified', [80, 443], [8080]),
                            ('server.since', 'removed', '2020', None))

    def test_mistake(self):
        config = self.start()
        self.save('a.toml', 'a = 1\nb = = 2\n')
        [(_, line, column, message)] = self.wait_failed(config, 'decode')
        self.assertEqual((line, column), (2, 5), message)
        self.assertEqual((self.state(config), config.get('a')), ('invalid', 1))

    def test_no_json(self):
        config = self.start()
        self.script('toml', 'echo "{"')
        self.save('a.toml', 'a = 2\n')
        [(_, line, _, message)] = self.wait_failed(config, 'decode')
        self.assertEqual(line, 0)
        self.assertIn('JSON', message)

    def test_layers(self):
        """Only what no name tells the format of is the command's."""
        overlay, base = self.write('b.yaml', 'a: 5\n'), self.file
        self.commands(file=f'{base};{overlay}', decode=self.decoder)
        config = self.client.config('a')
        reconf.wait_until(lambda: config.get_property('Version') == 1, 'the first version')
        self.assertEqual(config.get(), {'a': 5, 'server': {'ports': [80, 443], 'since': '2020'}})

    def test_both(self):
        config = self.start(validate='/bin/sh -c \'! grep -n "bad" "$0"\' %f')
        self.save('a.toml', 'a = "bad"\n')
        [(_, _, _, message)] = self.wait_failed(config, 'command')
        self.assertEqual(message, '1:a = "bad"')

    def test_history(self):
        config = self.start()
        self.save('a.toml', 'a = 2\n')
        config.wait_changed()
        self.assertEqual(config.call('Diff', '(tt)', 1, 2)[0], ('a', 'modified', 1, 2))
        self.assertEqual(config.rollback(1), 3)
        self.assertEqual(config.get('server.ports'), [80, 443])
        self.assertIn('ports = [80, 443]', self.file.read_text())

    def test_candidate(self):
        config = self.start()
        self.assertEqual(config.call('Validate', '(ss)', 'a = 2\n', ''), [])
        [(_, line, column, _)] = config.call('Validate', '(ss)', 'a = = 2\n', '')
        self.assertEqual((line, column), (1, 5))
        self.assertEqual(config.call('Validate', '(ss)', '{"a": 2}', 'json'), [])

    def test_restart(self):
        """Whoever calls first finds what was active."""
        self.start()
        self.bus.end_daemon()
        config = self.client.config('a')
        self.assertEqual((config.get('a'), self.numbers(config)), (1, [1]))

    def test_restart_with_hot_reload_off(self):
        self.start(HotReload='false')
        self.bus.end_daemon()
        self.write('a.toml', 'a = 2\n')
        config = self.client.config('a')
        self.assertEqual(config.get('a'), 1)
        self.wait_property(config, 'Pending', True)
        self.assertEqual(config.reload(), 2)

    def test_restart_without_decoder(self):
        self.start()
        self.bus.end_daemon()
        self.decoder.unlink()
        config = self.client.config('a')
        self.wait_state(config, 'invalid')

    def test_appears_with_history(self):
        """A decoder that hangs keeps only its own config waiting."""
        path = self.commands(file=self.file, decode=self.decoder)
        reconf.wait_until(lambda: self.names() == ['a'] and self.client.config('a').get_property('Version') == 1,
                          'the first version')
        other = self.client.register('other', self.write('b.yaml', 'b: 1\n'))
        path.unlink()
        self.wait_names('other')
        started = self.path('started')
        self.script('toml', f'>{started}; sleep 1000')
        self.commands(file=self.file, decode=[self.decoder, 2])
        reconf.wait_until(started.exists, 'the command to run')
        self.assertEqual(other.get('b'), 1)
        self.wait_state(self.client.config('a'), 'invalid')

    def test_needs_a_command(self):
        self.dropin('a', File=self.file)
        self.assertEqual(self.names(), [])
        self.assertIn('[Decode]', self.bus.log.read_text())
        self.assert_fails('InvalidArgument', self.client.register, 'b', self.file)


class Bad(CommandTestCase):
    def test_is_reported_and_harmless(self):
        file = self.write('a.yaml', 'a: 1\n')
        for number, (text, word) in enumerate([
                ('[Validate]\n', 'Command='), ('[Validate]\nCommand=check %f\n', 'absolute'),
                ('[Validate]\nCommand=/bin/check %x\n', 'percent'), ('[Decode]\nCommand=/bin/check %f\n', 'percent'),
                ('[Validate]\nCommand=/bin/check "\n', 'words'), ('[Validate]\nCommand=/a\nTimeoutSec=11\n', '10'),
                ('[Validate]\nCommand=/a\nShell=yes\n', 'Shell=')]):
            with self.subTest(text):
                path = self.dropin(f'bad-{number}', f'[Config]\nFile={file}\n{text}')
                self.assertEqual(self.names(), [])
                reconf.wait_until(lambda: any(word in line for line in self.bus.log.read_text().splitlines()
                                              if path.name in line), 'a report')
                path.unlink()
