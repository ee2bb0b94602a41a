# SPDX-License-Identifier: LGPL-2.1-or-later
"""Schemas: what does not fit is never active, and whoever wrote it learns why."""
import json

import reconf
import scene

SCHEMA = {
    'type': 'object',
    'additionalProperties': False,
    'required': ['port'],
    'properties': {
        'port': {'type': 'integer', 'minimum': 1, 'maximum': 65535, 'x-restart': True},
        'level': {'enum': ['debug', 'info', 'warning'], 'default': 'info'},
        'database': {'type': 'object', 'properties': {'size': {'type': 'integer'}, 'ratio': {'type': 'number'},
                                                      'on': {'type': 'boolean'}}},
        'password': {'type': 'string', 'minLength': 8, 'writeOnly': True},
    },
}


class SchemaCase(scene.TestCase):
    def schema(self, content=None, name='schema.json'):
        return self.save(name, json.dumps(SCHEMA if content is None else content, indent=2))

    def with_schema(self, content='port: 80\n', name='a.yaml', schema=None, **settings):
        return self.watch(name, content, schema=str(schema or self.schema()), **settings)

    def refused(self, config, stage='schema'):
        """The problems of the next ReloadFailed."""
        told, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual(told, stage)
        return problems


class Registration(SchemaCase):
    def test_fits(self):
        config = self.with_schema()
        self.assertEqual(config.get_property('Schema'), str(self.path('schema.json')))
        self.assertEqual(config.get('port'), 80)

    def test_does_not_fit(self):
        message = self.assert_fails('ValidationFailed', self.with_schema, 'port: no\n')
        self.assertIn('a.yaml:1:7', message)
        self.assertEqual(self.names(), [])

    def test_no_schema_there(self):
        self.assert_fails('ValidationFailed', self.with_schema, schema=self.path('none.json'))

    def test_relative_path(self):
        self.assert_fails('InvalidArgument', self.with_schema, schema='schema.json')

    def test_broken_schema(self):
        path = self.write('broken.json', '{"type":\n "nonsense"}')
        self.assertIn('broken.json:2:', self.assert_fails('ValidationFailed', self.with_schema, schema=path))

    def test_yaml(self):
        path = self.write('schema.yaml', 'type: object\nrequired: [port]\n')
        self.assert_fails('ValidationFailed', self.with_schema, 'a: 1\n', schema=path)

    def test_other_files_in_its_directory(self):
        self.write('port.json', '{"type": "integer"}')
        path = self.schema({'properties': {'port': {'$ref': 'port.json'}}})
        self.assert_fails('ValidationFailed', self.with_schema, 'port: x\n', schema=path)
        self.with_schema(schema=path)

    def test_files_elsewhere_are_not_read(self):
        for reference in ('../port.json', '/etc/passwd', 'https://example.com/x.json', 'file:///etc/passwd'):
            path = self.schema({'properties': {'port': {'$ref': reference}}})
            self.assert_fails('ValidationFailed', self.with_schema, schema=path)


class Reloads(SchemaCase):
    def test_misfit_is_refused_with_its_place(self):
        config = self.with_schema('port: 80\ndatabase:\n  size: 5\n')
        self.save('a.yaml', 'port: 80\ndatabase:\n  size: many\n')
        (path, line, column, message), = self.refused(config)
        self.assertEqual((path, line, column), ('database.size', 3, 9))
        self.assertIn('integer', message)
        self.assertEqual(self.state(config), 'invalid')
        self.assertEqual(config.get('database.size'), 5)
        self.assertEqual([problem[0] for problem in config.call('GetProblems')], ['database.size'])
        self.save('a.yaml', 'port: 80\ndatabase:\n  size: 6\n')
        self.assert_changed(config, ('database.size', 'modified', 5, 6))
        self.assertEqual(config.call('GetProblems'), [])

    def test_all_problems_are_told(self):
        config = self.with_schema()
        self.save('a.yaml', 'port: 0\nlevel: loud\ndatabase: {size: x}\n')
        self.assertEqual(sorted(problem[0] for problem in self.refused(config)), ['database.size', 'level', 'port'])

    def test_missing_key_has_its_parents_place(self):
        config = self.with_schema()
        self.save('a.yaml', '\nlevel: info\n')
        (path, line, _, message), = self.refused(config)
        self.assertEqual((path, line), ('', 2))
        self.assertIn('port', message)

    def test_near_misses_are_named(self):
        config = self.with_schema()
        self.save('a.yaml', 'port: 80\ndatabse: {}\nlevel: inof\n')
        messages = ' '.join(problem[3] for problem in self.refused(config))
        self.assertIn('database', messages)
        self.assertIn('info', messages)

    def test_secrets_are_not_quoted(self):
        config = self.with_schema()
        self.save('a.yaml', 'port: 80\npassword: hunter2\n')
        (path, _, _, message), = self.refused(config)
        self.assertEqual(path, 'password')
        self.assertNotIn('hunter2', message)
        self.assertNotIn('hunter2', self.bus.log.read_text(errors='replace'))

    def test_restart_is_told(self):
        config = self.with_schema('port: 80\nlevel: info\n')
        self.save('a.yaml', 'port: 81\nlevel: debug\n')
        self.assertEqual(config.wait_changed()[4]['restart'], ['port'])
        self.save('a.yaml', 'port: 81\nlevel: info\n')
        self.assertNotIn('restart', config.wait_changed()[4])

    def test_hundred_problems(self):
        config = self.with_schema(schema=self.schema({'additionalProperties': {'type': 'integer'}}))
        self.save('a.yaml', ''.join(f'k{i}: x\n' for i in range(300)))
        self.assertEqual(len(self.refused(config)), 100)


class ChangedSchema(SchemaCase):
    def test_active_document_no_longer_fits(self):
        config = self.with_schema()
        self.schema({'properties': {'port': {'maximum': 10}}})
        (path, *_), = self.refused(config)
        self.assertEqual(path, 'port')
        self.assertEqual(self.state(config), 'invalid')
        self.assertEqual((config.get('port'), config.get_property('Version')), (80, 1))
        self.assertFalse(config.get_property('Pending'))
        self.schema()
        self.wait_state(config, 'active')
        self.assertEqual(config.get_property('Version'), 1)

    def test_next_schema_says_why_it_does_not_fit(self):
        config = self.with_schema()
        self.schema({'properties': {'port': {'maximum': 10}}})
        first = self.refused(config)
        self.schema({'properties': {'port': {'type': 'string'}}})
        second = self.refused(config)
        self.assertNotEqual(first, second)
        self.assertEqual(config.call('GetProblems'), second)

    def test_broken_schema_leaves_the_config(self):
        config = self.with_schema()
        self.write('schema.json', '{"properties": {"port":\n {"type": 5}}}')
        (_, line, _, message), = self.refused(config)
        self.assertEqual(line, 2)
        self.assertIn('schema.json', message)
        self.assertEqual(config.get('port'), 80)

    def test_all_that_use_it_are_validated(self):
        first, second = self.with_schema(), self.with_schema(name='b.yaml', config='b')
        self.schema({'properties': {'port': {'maximum': 10}}})
        self.wait_state(first, 'invalid')
        self.wait_state(second, 'invalid')

    def test_file_it_refers_to(self):
        self.write('port.json', '{"type": "integer"}')
        config = self.with_schema(schema=self.schema({'properties': {'port': {'$ref': 'port.json'}}}))
        self.save('port.json', '{"maximum": 10}')
        self.wait_state(config, 'invalid')


class Values(SchemaCase):
    def test_text_becomes_what_is_asked_for(self):
        config = self.with_schema('[database]\nsize = 5\nratio = 0.5\non = true\n', 'a.ini',
                                  self.schema({'properties': SCHEMA['properties']}))
        self.assertEqual(config.get('database'), {'size': 5, 'ratio': 0.5, 'on': True})
        self.save('a.ini', '[database]\nsize = five\n')
        self.refused(config)

    def test_text_of_yaml_stays_text(self):
        self.assert_fails('ValidationFailed', self.with_schema, 'port: "80"\n')

    def test_defaults(self):
        config = self.with_schema(defaults=True)
        self.assertEqual(config.get(), {'port': 80, 'level': 'info'})
        self.assertEqual(self.path('a.yaml').read_text(), 'port: 80\n')

    def test_no_defaults_unless_asked_for(self):
        self.assertEqual(self.with_schema().get(), {'port': 80})

    def test_earlier_versions_are_what_they_were(self):
        config = self.with_schema('[database]\nsize = 5\n', 'a.ini', self.schema({'properties': SCHEMA['properties']}))
        self.save('a.ini', '[database]\nsize = 6\n')
        config.wait_changed()
        self.assertEqual(config.call('Diff', '(tt)', 1, 2), [('database.size', 'modified', 5, 6)])
        self.bus.end_daemon()
        config = self.client.config('a')
        self.assertEqual(config.get_property('Version'), 2)
        self.assertEqual(config.subscribe(1)[1], [('database.size', 'modified', 5, 6)])

    def test_earlier_versions_can_be_read_without_a_schema(self):
        config = self.with_schema()
        self.save('a.yaml', 'port: 81\n')
        config.wait_changed()
        self.path('schema.json').unlink()
        self.wait_state(config, 'invalid')
        self.assertEqual(config.call('Diff', '(tt)', 1, 2), [('port', 'modified', 80, 81)])
        self.bus.end_daemon()
        self.assertEqual(self.client.config('a').get('port'), 81)

    def test_rollback_is_validated(self):
        config = self.with_schema()
        self.save('a.yaml', 'port: 5\n')
        config.wait_changed()
        self.schema({'properties': {'port': {'maximum': 10}}})
        self.assert_fails('ValidationFailed', config.rollback, 1)
        self.assertEqual(self.path('a.yaml').read_text(), 'port: 5\n')


class Validate(SchemaCase):
    def validate(self, config, content, kind=''):
        return config.call('Validate', '(ss)', content, kind)

    def test_good(self):
        config = self.with_schema()
        self.assertEqual(self.validate(config, 'port: 81\n'), [])
        self.assertEqual(self.validate(config, '{"port": 81}', 'json'), [])
        self.assertEqual((config.get('port'), self.still()), (80, []))

    def test_bad(self):
        config = self.with_schema()
        (path, line, column, _), = self.validate(config, 'port: x\n')
        self.assertEqual((path, line, column), ('port', 1, 7))
        (_, line, _, _), = self.validate(config, 'a: [\n')
        self.assertEqual(line, 2)
        self.assertEqual((self.state(config), self.still()), ('active', []))

    def test_wrong_format(self):
        config = self.with_schema()
        self.assert_fails('InvalidArgument', self.validate, config, '', 'toml')

    def test_too_large(self):
        config = self.with_schema(max_size=reconf.GLib.Variant('t', 100))
        self.assert_fails('TooLarge', self.validate, config, '#' * 101)


del SchemaCase
