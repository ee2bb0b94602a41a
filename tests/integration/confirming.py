# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of versions that go back by themselves share."""
import time

import reconf
import scene

# In ms. Nothing is over before a test ends it;
LONG = 600000
# it is over soon, and nothing is to be done before;
SOON = 300
# it is over while somebody waits, and not before a loaded machine has done what is to be done first.
BRIEF = 3000


class TestCase(scene.TestCase):
    def unconfirmed(self, confirm_ms=LONG, content='a: 2 # two\n', **settings):
        """Version 1 is confirmed; version 2 waits."""
        config = self.watch(content='a: 1 # one\n', confirm_ms=confirm_ms, **settings)
        self.assertEqual(self.state(config), 'active')
        self.save('a.yaml', content)
        self.assertEqual(config.wait_changed()[1], 2)
        return config

    def confirm(self, config, version):
        config.call('Confirm', '(t)', version)

    def extend(self, config, version, ms):
        return config.call('ExtendConfirm', '(tu)', version, ms)

    def deadline(self, config):
        return config.get_property('ConfirmDeadline')

    def read(self, name='a.yaml'):
        return self.path(name).read_text()

    def states(self, config):
        return [(row[0], row[2], row[4]) for row in config.history()]

    def wait_past(self, deadline):
        reconf.wait_until(lambda: time.time_ns() // 1000 > deadline, 'the deadline')

    def wait_return(self, config, origin='timeout'):
        return config.wait_changed(lambda signal: signal.arguments[4]['origin'] == origin)
