# SPDX-License-Identifier: LGPL-2.1-or-later
"""reconfctl about what is valid, what is secret, and what needs a restart."""
import json
import os
import subprocess

import reconf
import scene

SCHEMA = {
    'type': 'object',
    'additionalProperties': False,
    'properties': {
        'port': {'type': 'integer', 'minimum': 1, 'x-restart': True},
        'level': {'enum': ['debug', 'info'], 'default': 'info'},
        'database': {'type': 'object', 'properties': {
            'size': {'type': 'integer', 'default': 5}, 'password': {'type': 'string', 'writeOnly': True}}},
    },
}

GOOD = 'port: 80\ndatabase:\n  password: hunter2\n'

BAD, NOT_FOUND, USAGE = 5, 3, 2


class CtlCase(scene.TestCase):
    def setUp(self):
        super().setUp()
        self.schema = self.save('schema.json', json.dumps(SCHEMA, indent=2))

    def run_ctl(self, *arguments, status=0, stdin=None, cwd=None):
        """What it prints on standard output; what on standard error is kept."""
        result = subprocess.run([reconf.PREFIX / 'bin' / 'reconfctl', '--user', *map(str, arguments)],
                                env=self.bus.environment | {'LC_ALL': 'C.UTF-8'}, input=stdin or '',
                                capture_output=True, text=True, check=False, timeout=reconf.TIMEOUT, cwd=cwd)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.errors = result.stderr
        return result.stdout

    def with_schema(self, content=GOOD, name='a.yaml', **settings):
        return self.watch(name, content, schema=str(self.schema), **settings)

    def refuse(self, config, content):
        self.save('a.yaml', content)
        self.wait_state(config, 'invalid')


class Offline(CtlCase):
    """Nothing is started for it."""

    def tearDown(self):
        self.assertEqual(self.bus.daemon_pid(), 0)
        super().tearDown()

    def validate(self, *arguments, **keywords):
        return self.run_ctl('validate', f'--schema={self.schema}', *arguments, **keywords)

    def test_good(self):
        first, second = self.write('a.yaml', GOOD), self.write('b.ini', 'port = 80\n')
        self.assertEqual(self.validate(first, second), f'{first}: no problems\n{second}: no problems\n')
        self.assertEqual(self.validate('-q', first), '')

    def test_no_bus(self):
        result = subprocess.run([reconf.PREFIX / 'bin' / 'reconfctl', 'validate', '--schema', self.schema,
                                 self.write('a.yaml', GOOD)],
                                env={'DBUS_SYSTEM_BUS_ADDRESS': 'unix:path=/dev/null'}, capture_output=True,
                                text=True, check=False, timeout=reconf.TIMEOUT)
        self.assertEqual((result.returncode, result.stderr), (0, ''))

    def test_problems_as_a_compiler_shows_them(self):
        self.write('a.yaml', 'port: 80\nlevel: inof\n')
        shown = self.validate('a.yaml', status=BAD, cwd=self.files)
        message, line, caret = shown.splitlines()
        self.assertTrue(message.startswith('a.yaml:2:8: level: '), message)
        self.assertIn('did you mean "info"?', message)
        self.assertEqual((line, caret), ('    2 | level: inof', '      |        ^'))

    def test_all_files_and_problems(self):
        self.write('a.yaml', 'port: x\nlevel: y\n')
        self.write('b.json', '{"port": 0}')
        self.write('c.env', 'port=80\n')
        shown = self.validate('a.yaml', 'b.json', 'c.env', status=BAD, cwd=self.files)
        self.assertEqual([line.split(': ')[0] for line in shown.splitlines() if not line.startswith(' ')],
                         ['c.env', 'a.yaml:1:7', 'a.yaml:2:8', 'b.json:1:10'])

    def test_json(self):
        self.write('a.yaml', 'port: x\n')
        problem, = json.loads(self.validate('--json', 'a.yaml', status=BAD, cwd=self.files))
        self.assertIn('integer', problem.pop('message'))
        self.assertEqual(problem, {'path': 'port', 'file': 'a.yaml', 'line': 1, 'column': 7})
        self.write('a.yaml', GOOD)
        self.assertEqual(json.loads(self.validate('--json=short', 'a.yaml', cwd=self.files)), [])

    def test_standard_input(self):
        self.validate('-', status=USAGE, stdin=GOOD)
        self.assertIn('--format=', self.errors)
        self.assertEqual(self.validate('-', '--format=yaml', stdin=GOOD), '<stdin>: no problems\n')
        self.assertIn('<stdin>:1:7: ', self.validate('-', '--format=yaml', stdin='port: x\n', status=BAD))

    def test_secret_is_not_shown(self):
        file = self.write('a.yaml', 'port: x\ndatabase:\n  password: [hunter2]\n')
        shown = self.validate(file, status=BAD)
        self.assertIn('port: x', shown)
        self.assertIn('database.password', shown)
        self.assertNotIn('hunter2', shown)
        self.assertIn('hunter2', self.validate('--show-secrets', file, status=BAD))
        self.write('a.yaml', 'database:\n  password: "hunter2\n')
        self.assertNotIn('hunter2', self.validate(file, status=BAD))

    def test_broken_schema(self):
        self.schema = self.write('broken.json', '{"properties": {"port":\n {"type": 5}}}')
        shown = self.validate(self.write('a.yaml', GOOD), status=BAD)
        self.assertTrue(shown.startswith(f'{self.schema}:2:11: '), shown)
        self.assertIn('{"type": 5}', shown)

    def test_what_cannot_be_read(self):
        self.assertIn('none.yaml', self.validate(self.path('none.yaml'), status=BAD))
        self.schema = self.path('none.json')
        self.assertIn('none.json', self.validate(self.write('a.yaml', GOOD), status=BAD))

    def test_defaults_and_separator(self):
        self.schema = self.save('schema.json', '{"required": ["a"], "properties": {"a": {"default": 1}, '
                                               '"b": {"properties": {"c": {"type": "integer"}}}}}')
        file = self.write('a.env', 'B__C=7\n')
        self.validate(file, status=BAD)
        self.validate('--defaults', '--env-separator=__', file)

    def test_usage(self):
        self.run_ctl('validate', 'a', 'b', 'c', status=USAGE)
        self.run_ctl('validate', 'a', '--defaults', status=USAGE)
        self.run_ctl('reload', 'a', '--schema=x', status=USAGE)
        self.validate(self.write('a.txt', ''), status=USAGE)

    def test_infer(self):
        file = self.write('a.yaml', 'port: 80\nhosts: [a]\n')
        self.schema = self.write('drafted.json', self.run_ctl('schema', '--infer', file))
        self.assertEqual(json.loads(self.schema.read_text())['properties']['port']['type'], 'integer')
        self.validate(file)
        self.validate(self.write('b.yaml', 'port: x\nhosts: []\n'), status=BAD)
        self.run_ctl('schema', '--infer', self.write('c.txt', 'a=1\n'), status=USAGE)
        self.assertIn('"a"', self.run_ctl('schema', '--infer', '--format=env', self.path('c.txt')))
        self.run_ctl('schema', '--infer', self.write('d.yaml', 'a: [\n'), status=BAD)


class Candidates(CtlCase):
    """What the service is asked about."""

    def test_file(self):
        self.with_schema()
        good = self.write('new.yaml', 'port: 81\n')
        self.assertEqual(self.run_ctl('validate', 'a', good), f'{good}: no problems\n')
        bad = self.write('bad.json', '{\n"port": 0}')
        shown = self.run_ctl('validate', 'a', bad, status=BAD)
        self.assertTrue(shown.startswith(f'{bad}:2:9: port: '), shown)
        self.assertIn('    2 | "port": 0}\n      |         ^\n', shown)
        self.assertEqual(self.path('a.yaml').read_text(), GOOD)

    def test_standard_input(self):
        self.with_schema()
        self.assertIn('<stdin>:1:7: ', self.run_ctl('validate', 'a', '-', stdin='port: x\n', status=BAD))
        self.run_ctl('validate', 'a', '-', '--format=json', stdin='{"port": 1}')

    def test_what_the_file_holds_now(self):
        self.with_schema(hot_reload=False)
        self.assertIn('no problems', self.run_ctl('validate', 'a'))
        file = self.write('a.yaml', 'port: x\n')
        problem, = json.loads(self.run_ctl('validate', 'a', '--json', status=BAD))
        self.assertEqual((problem['file'], problem['line'], problem['column']), (str(file), 1, 7))

    def test_other_layers(self):
        layer = self.write('b.yaml', 'level: loud\n')
        self.client.register('a', self.write('a.yaml', GOOD), layer)
        self.client.manager('UnregisterConfig', '(s)', 'a')
        self.write('b.yaml', 'level: debug\n')
        self.client.register('a', self.path('a.yaml'), layer, schema=str(self.schema), hot_reload=False)
        self.write('b.yaml', 'level: loud\n')
        shown = self.run_ctl('validate', 'a', '-', stdin='port: 1\n', status=BAD)
        self.assertTrue(shown.startswith(f'{layer}:1:8: level: '), shown)
        self.assertIn('level: loud', shown)

    def test_bytes_that_are_no_text(self):
        self.with_schema()
        file = self.write('b.yaml', b'port: \xff\n')
        self.assertIn('b.yaml', self.run_ctl('validate', 'a', file, status=BAD))
        self.run_ctl('validate', 'a', self.write('c.yaml', b'port: 1\0'), status=BAD)

    def test_nothing_there(self):
        self.run_ctl('validate', 'none', status=NOT_FOUND)
        self.with_schema()
        self.run_ctl('validate', 'a', self.path('none.yaml'), status=BAD)
        self.run_ctl('validate', 'a', '--format=toml', status=USAGE)


class Problems(CtlCase):
    def test_status(self):
        config = self.with_schema()
        self.refuse(config, 'port: x\n')
        shown = self.run_ctl('status', 'a', status=BAD)
        self.assertIn(f'Schema: {self.schema}\n', shown)
        self.assertIn(f'{self.path("a.yaml")}:1:7: port: ', shown)
        self.assertIn('    1 | port: x\n      |       ^\n', shown)

    def test_reload(self):
        self.with_schema(hot_reload=False)
        self.write('a.yaml', 'port: x\nlevel: y\n')
        self.assertEqual(self.run_ctl('reload', 'a', status=BAD), '')
        self.assertIn('reconfctl: a: 2 problems\n', self.errors)
        self.assertIn('    2 | level: y\n', self.errors)

    def test_reload_of_what_was_written_back(self):
        self.with_schema(hot_reload=False, on_invalid='revert')
        self.write('a.yaml', 'port: x\n')
        self.run_ctl('reload', 'a', status=BAD)
        self.assertIn('a.yaml:1:7: ', self.errors)
        self.assertNotIn(' | ', self.errors)

    def test_register(self):
        self.write('a.yaml', 'port: x\nlevel: y\ndatabase: {password: 5}\n')
        self.run_ctl('register', 'a', 'a.yaml', '--schema=schema.json', status=BAD, cwd=self.files)
        self.assertIn('reconfctl: a: 3 problems\n', self.errors)
        self.assertIn(f'{self.path("a.yaml")}:1:7: port: ', self.errors)
        self.assertIn('    1 | port: x\n', self.errors)
        self.assertNotIn('password: 5', self.errors)
        self.assertEqual(self.names(), [])

    def test_secret_line(self):
        config = self.with_schema()
        self.refuse(config, 'port: 80\ndatabase:\n  password: [hunter2]\n')
        shown = self.run_ctl('status', 'a', status=BAD)
        self.assertIn('database.password', shown)
        self.assertNotIn('hunter2', shown)

    def test_broken_schema(self):
        config = self.with_schema()
        self.write('schema.json', '{"properties": {"port":\n {"type": 5}}}')
        self.wait_state(config, 'invalid')
        shown = self.run_ctl('status', 'a', status=BAD)
        self.assertIn(f'{self.schema}:2:11: ', shown)
        self.assertIn('{"type": 5}', shown)


class Registration(CtlCase):
    def test_options(self):
        self.write('a.yaml', 'port: 80\ndatabase: {}\n')
        self.run_ctl('register', 'a', 'a.yaml', '--schema=./schema.json', '--defaults', '--on-invalid=revert',
                     cwd=self.files)
        config = self.client.config('a')
        self.assertEqual(config.get_property('Schema'), str(self.schema))
        self.assertEqual(config.get(), {'port': 80, 'level': 'info', 'database': {'size': 5}})
        self.assertEqual(config.get_property('Options')['on-invalid'], 'revert')
        self.run_ctl('register', 'b', 'a.yaml', '--on-invalid=maybe', status=USAGE, cwd=self.files)

    def test_defaults_in_status(self):
        self.with_schema('port: 80\ndatabase: {}\n', defaults=True)
        self.assertIn('Defaults: database.size, level\n', self.run_ctl('status', 'a'))
        status, = json.loads(self.run_ctl('status', 'a', '--json'))
        self.assertEqual(status['Defaults'], ['database.size', 'level'])

    def test_no_defaults(self):
        self.with_schema()
        self.assertNotIn('Defaults', self.run_ctl('status', 'a'))

    def test_schema(self):
        self.with_schema()
        self.assertEqual(self.run_ctl('schema', 'a'), self.schema.read_text())
        self.assertEqual(json.loads(self.run_ctl('schema', 'a', '--json')), SCHEMA)
        self.watch('b.yaml', config='b')
        self.run_ctl('schema', 'b', status=NOT_FOUND)
        self.run_ctl('schema', 'none', status=NOT_FOUND)


class Secrets(CtlCase):
    def test_get(self):
        self.with_schema()
        self.assertEqual(self.run_ctl('get', 'a'), 'database:\n  password: "***"\nport: 80\n')
        self.assertEqual(self.run_ctl('get', 'a', 'database'), 'password: "***"\n')
        self.assertEqual(self.run_ctl('get', 'a', 'database.password'), '***\n')
        self.assertEqual(self.run_ctl('get', 'a', 'port'), '80\n')
        self.assertEqual(json.loads(self.run_ctl('get', 'a', '--json=short')),
                         {'port': 80, 'database': {'password': '***'}})
        self.assertEqual(self.run_ctl('get', 'a', 'database.password', '--show-secrets'), 'hunter2\n')

    def test_diff(self):
        config = self.with_schema()
        self.save('a.yaml', GOOD.replace('hunter2', 'hunter3').replace('80', '81'))
        config.wait_changed()
        self.assertEqual(self.run_ctl('diff', 'a', '--no-legend'),
                         '~ database.password: "***" → "***"\n~ port: 80 → 81 (restart)\n')
        changes = json.loads(self.run_ctl('diff', 'a', '--json'))
        self.assertEqual(changes[0], {'path': 'database.password', 'kind': 'modified', 'before': '***',
                                      'after': '***'})
        self.assertTrue(changes[1]['restart'])
        self.assertIn('hunter2 → hunter3', self.run_ctl('diff', 'a', '--show-secrets'))

    def test_reload_tells_of_restarts(self):
        self.with_schema(hot_reload=False)
        self.write('a.yaml', 'port: 81\nlevel: debug\n')
        self.assertEqual(self.run_ctl('reload', 'a'), 'a: version 1 → 2\na: port (restart)\n')
        self.write('a.yaml', 'port: 81\nlevel: info\n')
        self.assertEqual(json.loads(self.run_ctl('reload', 'a', '--json'))[0]['restart'], [])

    def test_schema_that_cannot_be_used(self):
        config = self.with_schema('port: 81\n')
        self.write('schema.json', '{')
        self.wait_state(config, 'invalid')
        self.assertEqual(self.run_ctl('get', 'a', 'port', status=BAD), '')
        self.assertIn('--show-secrets', self.errors)
        self.assertIn(str(self.schema), self.errors)
        self.assertEqual(self.run_ctl('get', 'a', 'port', '--show-secrets'), '81\n')


class Watching(CtlCase):
    def start(self, *arguments):
        process = subprocess.Popen([reconf.PREFIX / 'bin' / 'reconfctl', '--user', 'watch', *arguments],
                                   env=self.bus.environment | {'LC_ALL': 'C.UTF-8'}, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, process)
        os.set_blocking(process.stdout.fileno(), False)
        self.shown = ''
        reconf.wait_until(lambda: self.statistics_of('subscribers'), 'the subscription')
        return process

    def end(self, process):
        process.terminate()
        process.communicate(timeout=reconf.TIMEOUT)

    def statistics_of(self, name):
        return self.client.manager('GetStatistics')[name]

    def wait_shown(self, process, text):
        def look():
            self.shown += (process.stdout.read() or b'').decode()
            return text in self.shown

        try:
            reconf.wait_until(look, text)
        except AssertionError as error:
            raise AssertionError(f'{error}: {self.shown}') from None

    def test_changes(self):
        self.with_schema()
        process = self.start()
        self.save('a.yaml', GOOD.replace('hunter2', 'hunter3').replace('80', '81'))
        self.wait_shown(process, '  ~ port: 80 → 81 (restart)\n')
        self.assertIn('  ~ database.password: "***" → "***"\n', self.shown)
        self.assertNotIn('hunter', self.shown)

    def test_secrets_shown(self):
        self.with_schema()
        process = self.start('--show-secrets')
        self.save('a.yaml', GOOD.replace('hunter2', 'hunter3'))
        self.wait_shown(process, 'hunter2 → hunter3')

    def test_schema_that_changes(self):
        self.write('schema.json', '{}')
        self.with_schema('word: hunter1\n')
        process = self.start()
        self.save('a.yaml', 'word: hunter2\n')
        self.wait_shown(process, 'hunter1 → hunter2')
        self.save('schema.json', '{"properties": {"word": {"writeOnly": true}}}')
        self.save('a.yaml', 'word: hunter3\n')
        self.wait_shown(process, 'version 2 → 3')
        self.wait_shown(process, '"***" → "***"')
        self.assertNotIn('hunter3', self.shown)

    def test_problems(self):
        self.with_schema()
        process = self.start()
        self.save('a.yaml', 'port: x\n')
        self.wait_shown(process, '    1 | port: x\n        |       ^\n')

    def test_problems_of_what_was_written_back(self):
        self.with_schema(on_invalid='revert')
        process = self.start()
        self.save('a.yaml', 'port: x\n')
        self.wait_shown(process, 'written back')
        self.assertNotIn(' | ', self.shown)


class Rejected(CtlCase):
    def test_history_and_diff(self):
        config = self.with_schema(on_invalid='revert')
        self.save('a.yaml', 'port: 0\n')
        config.wait_signal('ReloadFailed')
        self.wait_state(config, 'active')
        reconf.wait_until(lambda: len(config.history()) == 2, 'what was rejected')
        rows = json.loads(self.run_ctl('history', 'a', '--json'))
        self.assertEqual([(row['version'], row['state']) for row in rows], [(2, 'rejected'), (1, 'active')])
        self.assertIn('rejected', self.run_ctl('history', 'a'))
        self.assertEqual(self.run_ctl('diff', 'a', 2, '--no-legend'),
                         '+ database: {password: "***"}\n~ port: 0 → 80 (restart)\n')
        self.assertEqual(self.run_ctl('diff', 'a', 1, 2, '--no-legend'),
                         '- database: {password: "***"}\n~ port: 80 → 0 (restart)\n')

    def test_what_does_not_decode(self):
        config = self.with_schema(on_invalid='revert')
        self.save('a.yaml', 'port: [\n')
        config.wait_signal('ReloadFailed')
        reconf.wait_until(lambda: len(config.history()) == 2, 'what was rejected')
        self.run_ctl('diff', 'a', 2, status=BAD)
        self.assertIn('a.yaml:2', self.errors)


del CtlCase
