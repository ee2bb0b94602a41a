# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody would have the service do for him that he may not do himself: run, read and write with its rights.

The owner of a config's file, or who may only read it, is whom the service is to be protected from here.
"""
import os

import people
import reconf
import test_leaving


class Commands(test_leaving.TestCase):
    """Programs that a drop-in names look at what somebody says with his rights, and say it to him."""

    def start(self, group, command, path):
        """A config of the file with such a command."""
        script = self.directory / 'command'
        script.write_text(f'#!/bin/sh\n{command}\n')
        script.chmod(0o755)
        directory = self.bus.settings / 'reconf' / 'configs.d'
        directory.mkdir(parents=True, exist_ok=True)
        temporary = directory / 'a.new'
        temporary.write_text(f'[Config]\nFile={path}\n[{group}]\nCommand={script} %f\n')
        temporary.rename(directory / 'a.conf')
        reconf.wait_until(lambda: self.names() == ['a'], 'the config')
        return self.client.config('a')

    def user_of(self, person, config):
        """Whom a command that rejects what person gives it is run as."""
        [(*_, message)] = self.seen_by(person, config).call('Validate', '(ss)', 'a: 2\n', '')
        return int(message.split()[-1])

    def test_content_is_looked_at_as_whoever_gives_it(self):
        """It may name other files, and the answer what they hold."""
        config = self.start('Validate', 'grep -q "a: 1" "$1" || { id -u; exit 1; }', self.write('a.yaml', 'a: 1\n'))
        self.assertEqual(config.get('a'), 1)
        for person in ('stranger', 'member', 'owner'):
            self.assertEqual(self.user_of(person, config), self.uids[person])
        self.assertEqual(self.user_of('root', config), 0)


class Schemas(people.TestCase):
    """A schema refers to what its author could read, since what is told about it tells what that holds."""

    def setUp(self):
        super().setUp()
        self.files.chmod(0o1777)
        self.config = self.own(mode=0o644, schema=str(self.write_as('owner', 'schema.json', '{}')))

    def write_as(self, person, name, content):
        path = self.write(name, content)
        os.chown(path, self.uids[person] if person != 'root' else 0, 0)
        path.chmod(0o644)
        return path

    def refer(self, name, to):
        path = self.path(name)
        path.write_text(f'{{"$ref": "{to}"}}')

    def test_reference_to_a_secret(self):
        secret = self.write_as('root', 'secret.json', '{"const": 4711}')
        self.refer('schema.json', 'secret.json')
        self.assertIn('4711', self.assert_fails('ValidationFailed', self.config.reload))
        secret.chmod(0o600)
        self.path('schema.json').touch()
        reconf.wait_until(lambda: 'may not read it himself' in self.problems(), 'the refusal')
        self.assertNotIn('4711', self.problems())
        # Nor are its mistakes told.
        secret.write_text('{"type": 4712}')
        self.refer('schema.json', 'secret.json')
        self.assertIn('may not read it himself', self.assert_fails('ValidationFailed', self.config.reload))

    def problems(self):
        try:
            self.config.reload()
        except reconf.BusError as error:
            return error.message
        return ''

    def test_reference_of_another(self):
        """Whoever wrote one of the files on the way has a say in what is read."""
        self.write_as('stranger', 'between.json', '{"$ref": "secret.json"}')
        secret = self.write_as('owner', 'secret.json', '{"const": 4711}')
        secret.chmod(0o600)
        self.refer('schema.json', 'between.json')
        self.assertIn(f'user {self.uids["stranger"]} has written',
                      self.assert_fails('ValidationFailed', self.config.reload))

    def test_references_of_roots(self):
        os.chown(self.path('schema.json'), 0, 0)
        self.write_as('root', 'secret.json', '{"properties": {"a": {"type": "integer"}}}').chmod(0o600)
        self.refer('schema.json', 'secret.json')
        self.config.reload()
        self.assertEqual(self.config.get_property('State'), 'active')
        self.path('a.yaml').write_text('a: x\n')
        self.assert_fails('ValidationFailed', self.config.reload)


class Log(people.TestCase):
    """What somebody calls his files, or says of a config, makes up no line of the log."""

    FORGED = 'forged\nforged: app was rolled back\x1b[31m'

    def wait_logged(self, text):
        reconf.wait_until(lambda: text in self.bus.log.read_text(), f'{text} in the log')
        lines = self.bus.log.read_text().splitlines()
        self.assertEqual([line for line in lines if line.startswith('forged') or '\x1b' in line], [])

    def test_names_of_files(self):
        directory = self.path('d')
        directory.mkdir()
        self.write(f'd/{self.FORGED}.yaml', 'a: 1\n')
        self.client.manager('RegisterDirectory', '(sssa{sv})', 'd', str(directory), '*.yaml', {})
        self.wait_logged('forged: app was rolled back')

    def test_messages_of_instances(self):
        config = self.own(mode=0o644, on_failure='rollback', voters='readers')
        instance, _ = self.person('stranger').register_instance('a', ack=True)
        instance.report(1)
        self.path('a.yaml').write_text('a: 2\n')
        config.reload()
        instance.report(2, 'failed', self.FORGED)
        self.wait_logged('forged: app was rolled back')
