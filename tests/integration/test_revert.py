# SPDX-License-Identifier: LGPL-2.1-or-later
"""on-invalid=revert: what is bad goes from the file, and is kept."""
import scene

GOOD = 'a: 1 # good\n'
BAD = 'a: [\n'


class Revert(scene.TestCase):
    def reverting(self, **settings):
        return self.watch(content=GOOD, on_invalid='revert', **settings)

    def wait_reverted(self, config):
        stage, problems = config.wait_signal('ReloadFailed').arguments
        self.wait_state(config, 'active')
        self.assertEqual(self.path('a.yaml').read_text(), GOOD)
        return stage, problems

    def test_last_good_bytes_come_back(self):
        config = self.reverting()
        self.write('a.yaml', BAD)
        stage, problems = self.wait_reverted(config)
        self.assertEqual(stage, 'parse')
        self.assertIn('written back', problems[-1][3])
        self.assertFalse(config.get_property('Pending'))
        self.assertEqual((config.get('a'), config.get_property('Version')), (1, 1))
        self.assertEqual(config.call('GetProblems'), [])

    def test_refused_bytes_are_kept(self):
        config = self.reverting()
        self.write('a.yaml', BAD)
        self.wait_reverted(config)
        (number, _, _, _, state, details), first = config.history()
        self.assertEqual((state, details['size'], first[4]), ('rejected', len(BAD), 'active'))
        self.assert_fails('NoSuchVersion', config.rollback, number)
        self.save('a.yaml', 'a: 2\n')
        self.assertEqual(config.wait_changed()[2], 1)

    def test_keep_leaves_the_file(self):
        config = self.watch(content=GOOD)
        self.write('a.yaml', BAD)
        self.wait_state(config, 'invalid')
        self.assertEqual(self.path('a.yaml').read_text(), BAD)
        self.assertEqual(len(config.history()), 1)

    def test_missing_file_is_not_bad(self):
        config = self.reverting()
        self.path('a.yaml').unlink()
        self.wait_state(config, 'missing')
        self.assertFalse(self.path('a.yaml').exists())

    def test_editor_that_insists(self):
        config = self.reverting()
        self.write('a.yaml', BAD)
        self.wait_reverted(config)
        for _ in range(2):
            self.write('a.yaml', BAD)
            scene.reconf.wait_until(lambda: self.path('a.yaml').read_text() == GOOD, 'the good bytes')
            self.still()
        self.write('a.yaml', BAD)
        _, problems = config.wait_signal('ReloadFailed').arguments
        self.assertIn('left as they are', problems[-1][3])
        self.assertEqual(self.path('a.yaml').read_text(), BAD)
        self.assertEqual(self.state(config), 'invalid')
        self.assertEqual([version[4] for version in config.history()], ['rejected', 'active'])

    def test_reload_tells_why(self):
        config = self.reverting(hot_reload=False)
        self.write('a.yaml', BAD)
        self.assert_fails('ParseFailed', config.reload)
        self.assertEqual(self.path('a.yaml').read_text(), GOOD)
