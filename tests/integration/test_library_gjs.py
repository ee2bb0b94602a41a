# SPDX-License-Identifier: LGPL-2.1-or-later
"""The client library in JavaScript: each of its tests, on one bus."""
import pathlib
import shutil

import reconf

SUITE = pathlib.Path(__file__).parent / 'library.js'


class JavaScript(reconf.TestCase):
    def test_suite(self):
        result = self.bus.run(shutil.which('gjs'), SUITE, self.files)
        lines = result.stdout.splitlines()
        self.assertEqual([line for line in lines if line.startswith('not ok')], [], result.stderr)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(lines[0], f'1..{len(lines) - 1}')
