# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody would have the service do for him that he may not do himself: run, read and write with its rights.

The owner of a config's file, or who may only read it, is whom the service is to be protected from here.
"""
import os
import subprocess
import unittest

import people
import reconf
from test_leaving import WITH_SETTINGS


class Commands(people.TestCase):
    """Programs that a drop-in names look at what somebody says with his rights, and say it to him."""

    bus_prefix = WITH_SETTINGS

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if subprocess.run(['unshare', '--mount', 'true'], stdin=subprocess.DEVNULL, capture_output=True,
                          check=False).returncode != 0:
            raise unittest.SkipTest('there are no mount namespaces to be had')

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
