# SPDX-License-Identifier: LGPL-2.1-or-later
"""Drop-ins of the user over those of the machine.

The machine's lie below the prefix, which all tests share: this module runs while no other does.
"""
import os
import shutil

import reconf
import scene


class Masking(scene.DropinTestCase):
    def setUp(self):
        super().setUp()
        self.vendor = reconf.PREFIX / 'etc' / 'xdg' / 'reconf' / 'configs.d'
        shutil.rmtree(self.vendor, ignore_errors=True)
        self.vendor.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, self.vendor)
        self.mine, self.theirs = self.write('mine.yaml', 'a: 1\n'), self.write('theirs.yaml', 'a: 2\n')

    def test_vendor_alone(self):
        self.dropin('a', directory=self.vendor, File=self.theirs)
        self.assertEqual(self.client.config('a').get('a'), 2)

    def test_override_and_back(self):
        self.dropin('a', directory=self.vendor, File=self.theirs)
        config = self.client.config('a')
        self.forget()
        path = self.dropin('a', File=self.mine)
        self.assert_changed(config, ('a', 'modified', 2, 1))
        path.unlink()
        self.assert_changed(config, ('a', 'modified', 1, 2))

    def test_mask_by_link(self):
        self.dropin('a', directory=self.vendor, File=self.theirs)
        self.assertEqual(self.names(), ['a'])
        mask = self.bus.configs_d / 'a.conf'
        os.symlink('/dev/null', mask)
        self.wait_names()
        mask.unlink()
        self.wait_names('a')

    def test_mask_by_empty_file(self):
        self.dropin('a', directory=self.vendor, File=self.theirs)
        self.dropin('b', directory=self.vendor, File=self.theirs)
        self.dropin('a', '')
        self.assertEqual(self.names(), ['b'])
