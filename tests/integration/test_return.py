# SPDX-License-Identifier: LGPL-2.1-or-later
"""Returns that come too often, and such that cannot be made at once."""
import os

import confirming
import mounts
import reconf
import scene


def setUpModule():
    mounts.make_private()


class Suspended(confirming.TestCase):
    def go_back(self, config, value):
        """Saves, and has that go back at once."""
        self.save('a.yaml', f'a: {value}\n')
        version = config.wait_changed()[1]
        self.extend(config, version, 0)
        self.wait_return(config)

    def suspend(self, times=3):
        config = self.watch(content='a: 1\n', confirm_ms=confirming.LONG)
        for number in range(times):
            self.assertEqual(self.state(config), 'active')
            self.go_back(config, number + 2)
        self.assertEqual(self.state(config), 'suspended')
        return config

    def test_files_wait(self):
        config = self.suspend()
        self.save('a.yaml', 'a: 9\n')
        self.wait_property(config, 'Pending', True)
        self.forget()
        self.assertEqual(self.still(), [])
        self.assertEqual((config.get('a'), self.state(config)), (1, 'suspended'))

    def test_reload_resumes(self):
        config = self.suspend()
        self.save('a.yaml', 'a: 9\n')
        config.reload()
        self.assertEqual((config.get('a'), self.state(config)), (9, 'unconfirmed'))
        self.confirm(config, config.history()[0][0])
        self.forget()
        # The count has begun anew.
        self.go_back(config, 10)
        self.assertEqual(self.state(config), 'active')

    def test_survives(self):
        config = self.suspend()
        self.bus.end_daemon()
        self.assertEqual(self.state(config), 'suspended')
        self.save('a.yaml', 'a: 9\n')
        self.wait_property(config, 'Pending', True)
        self.assertEqual(config.get('a'), 1)
        config.reload(confirm_ms=0)
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.state(config)), (9, 'active'))

    def test_settings(self):
        self.configure(SuspendAfter=1, SuspendWithinSec=1)
        self.suspend(1)


class Diverged(confirming.TestCase):
    MS_RDONLY, MS_REMOUNT = 1, 32

    def lock(self):
        """The directory cannot be written to from now on. Returns what ends that."""
        mounts.bind(str(self.files), str(self.files))
        self.addCleanup(mounts.unmount, str(self.files))
        return lambda: self.set_flags(0), lambda: self.set_flags(self.MS_RDONLY)

    def set_flags(self, flags):
        mounts.mount(None, str(self.files), flags=self.MS_REMOUNT | mounts.MS_BIND | flags)

    def diverge(self):
        self.unlock, lock = self.lock()
        config = self.unconfirmed()
        lock()
        self.extend(config, 2, 0)
        self.assertEqual(self.wait_return(config)[3], [('a', 'modified', 2, 1)])
        self.assertEqual((self.state(config), config.get('a')), ('diverged', 1))
        self.assertEqual(self.read(), 'a: 2 # two\n')
        self.assertTrue(config.get_property('Pending'))
        return config

    def test_why(self):
        """It is told once, and by the config until it is mended."""
        config = self.diverge()
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual((stage, len(problems)), ('read', 1))
        self.assertIn(str(self.path('a.yaml')), problems[0][3])
        self.assert_fails('WriteFailed', config.reload)
        self.assertEqual(config.call('GetProblems'), problems)
        self.bus.end_daemon()
        self.assertEqual(config.call('GetProblems'), problems)
        self.forget()
        self.assert_fails('WriteFailed', config.reload)
        self.assertNotIn('ReloadFailed', [heard.member for heard in self.client.settle()])
        self.unlock()
        config.reload()
        self.assertEqual(config.call('GetProblems'), [])

    def test_reload_mends(self):
        config = self.diverge()
        self.assert_fails('WriteFailed', config.reload)
        self.assertEqual((self.state(config), config.get('a')), ('diverged', 1))
        self.unlock()
        self.assertEqual(config.reload(), 3)
        self.assertEqual((self.state(config), self.read()), ('active', 'a: 1 # one\n'))
        self.assertFalse(config.get_property('Pending'))

    def test_next_event_mends(self):
        config = self.diverge()
        self.unlock()
        os.utime(self.path('a.yaml'))
        with open(self.path('a.yaml'), 'a', encoding='utf-8'):
            pass
        self.wait_state(config, 'active')
        self.assertEqual(self.read(), 'a: 1 # one\n')

    def test_edit_is_a_candidate(self):
        config = self.diverge()
        self.unlock()
        self.save('a.yaml', 'a: 7\n')
        self.assertEqual(config.wait_changed()[3], [('a', 'modified', 1, 7)])
        self.assertEqual((self.state(config), self.read()), ('unconfirmed', 'a: 7\n'))

    def test_restart_mends(self):
        config = self.diverge()
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.state(config)), (1, 'diverged'))
        self.unlock()
        self.bus.end_daemon()
        self.assertEqual((config.get('a'), self.state(config)), (1, 'active'))
        self.assertEqual(self.read(), 'a: 1 # one\n')


class Undecodable(scene.DropinTestCase):
    """What it would go back to cannot be had."""

    def begin(self, **settings):
        """Version 2 is active, and 1 cannot be decoded."""
        self.decode = self.directory / 'decode'
        self.runs = self.directory / 'runs'
        self.write_program('cat')
        self.file = self.write('a.conf', '{"a": 1}')
        self.dropin('a', f'[Config]\nFile={self.file}\n' +
                    ''.join(f'{key}={value}\n' for key, value in settings.items()) +
                    f'[Decode]\nCommand={self.decode}\n')
        config = self.client.config('a')
        self.assertEqual(config.get('a'), 1)
        self.client.register_instance('a', ack=True)
        self.save('a.conf', '{"a": 2}')
        reconf.wait_until(lambda: config.get('a') == 2, 'the save')
        self.write_program(f'echo >>{self.runs}; exit 1')
        self.forget()
        return config

    def wait_tried_again(self):
        reconf.wait_until(lambda: len(self.runs.read_text()) > 1, 'another try')

    def assert_back(self, config, origin):
        self.write_program('cat')
        config.wait_changed(lambda signal: signal.arguments[4]['origin'] == origin)
        self.assertEqual((config.get('a'), self.file.read_text()), (1, '{"a": 1}'))
        self.assertEqual((config.get_property('State'), config.call('GetProblems')), ('active', []))

    def test_tried_again(self):
        config = self.begin(ConfirmMs=confirming.LONG)
        config.call('ExtendConfirm', '(tu)', 2, 0)
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.assertEqual((stage, config.get('a')), ('decode', 2))
        # The files hold what is active.
        self.assertEqual((self.state(config), config.get_property('Pending')), ('unconfirmed', False))
        self.assertEqual(config.call('GetProblems'), problems)
        self.assert_back(config, 'timeout')

    def test_confirmed_after_all(self):
        config = self.begin(ConfirmMs=confirming.LONG)
        config.call('ExtendConfirm', '(tu)', 2, 0)
        config.wait_signal('ReloadFailed')
        config.call('Confirm', '(t)', 2)
        self.assertEqual((self.state(config), config.call('GetProblems')), ('active', []))

    def test_told_once(self):
        config = self.begin(OnFailure='rollback', AckMs=confirming.LONG // 10)
        instance, version = self.client.register_instance('a', ack=True)
        instance.report(version, 'failed')
        stages = []

        def hear():
            stages.extend(heard.arguments[0] for heard in self.client.heard if heard.member == 'ReloadFailed')
            self.client.heard.clear()
            return len(stages) == 2

        reconf.wait_until(hear, 'both failures')
        self.wait_tried_again()
        self.client.settle()
        hear()
        self.assertEqual(stages, ['instance', 'decode'])
        self.assert_back(config, 'failure')

    def write_program(self, text):
        temporary = self.decode.with_suffix('.new')
        temporary.write_text(f'#!/bin/sh\n{text}\n')
        temporary.chmod(0o755)
        temporary.rename(self.decode)
