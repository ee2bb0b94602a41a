# SPDX-License-Identifier: LGPL-2.1-or-later
"""A YAML file drives a GNOME program as it comes from the distribution: what its window shows follows the file."""
import os
import re
import shutil
import subprocess

import example
import manual
import reconf
import screen
import test_gsettings

EDITOR = 'gnome-text-editor'
TEXT = 'Some words\nin three\nlines\n'


class Editor(test_gsettings.TestCase):
    def setUp(self):
        super().setUp()
        for program in (EDITOR, 'Xvfb'):
            if not shutil.which(program):
                self.skipTest(f'there is no {program}')
        self.screen = screen.Screen(self)

    def start_editor(self, configs='editor=/org/gnome/TextEditor/'):
        """Its own instance, with its own schemas and no others."""
        environment = self.environment(configs) | self.screen.environment | {'GSETTINGS_BACKEND': 'reconf'}
        del environment['GSETTINGS_SCHEMA_DIR']
        return example.Example(self, EDITOR, '--standalone', self.write('text.txt', TEXT), **environment)

    def wait(self, condition, name):
        picture = self.screen.wait(condition, f'the window to be {name}')
        picture.leave(f'editor-{name}')
        return picture

    def paper(self, picture):
        """The colour of the page where no text is, below 0x100; 0 where there is no window yet."""
        return picture.pixels[picture.width * 400 + 400] & 0xff

    def is_dark(self, picture):
        return 0 < self.paper(picture) < 0x80

    def is_light(self, picture):
        return self.paper(picture) >= 0x80

    def ink(self, picture):
        """How much there is of what letters are drawn with on a light page."""
        return sum(0 < pixel & 0xff < 0x80 for pixel in picture.pixels)

    def test_follows(self):
        self.watch('editor.yaml', 'style-variant: dark\n', 'editor')
        program = self.start_editor()
        self.wait(self.is_dark, 'dark')
        self.save('editor.yaml', '{}\n')
        light = self.wait(self.is_light, 'light')
        self.save('editor.yaml', 'use-system-font: false\ncustom-font: Monospace 40\nshow-line-numbers: true\n')
        self.wait(lambda picture: self.is_light(picture) and self.ink(picture) > 3 * self.ink(light), 'large')
        # A restart of the service, and a value that is none.
        self.bus.end_daemon()
        self.save('editor.yaml', 'style-variant: dark\nuse-system-font: [no]\n')
        self.wait(self.is_dark, 'dark-again')
        program.wait_for('/org/gnome/TextEditor/use-system-font has its default: .* has a list that is no value of type b')
        self.assertIsNone(program.process.poll())


class Documented(test_gsettings.TestCase):
    """The sessions that README and the manual page show, as they stand there."""

    def setUp(self):
        super().setUp()
        if not shutil.which(EDITOR):
            self.skipTest(f'there is no {EDITOR}')

    def parts(self, lines):
        """What is typed, with what is shown after it."""
        parts = []
        for line in lines:
            if line.startswith('$ '):
                parts.append([line.removeprefix('$ '), ''])
            else:
                parts[-1][1] += line + '\n'
        return parts

    def run_session(self, lines):
        environment = self.environment()
        for name in ('GSETTINGS_BACKEND', 'GSETTINGS_SCHEMA_DIR'):
            del environment[name]
        environment['PATH'] = f'{reconf.PREFIX}/bin:{os.environ["PATH"]}'
        exports = ''
        for typed, shown in self.parts(lines):
            if typed.startswith('cat '):
                path = self.bus.directory / typed.removeprefix('cat ~/')
                path.parent.mkdir(exist_ok=True)
                path.write_text(shown)
            elif typed.startswith('export '):
                exports = typed + '; '
            elif typed != EDITOR:
                result = subprocess.run(['sh', '-c', exports + typed], env=environment, stdin=subprocess.DEVNULL,
                                        capture_output=True, text=True, timeout=reconf.TIMEOUT, check=False)
                self.assertEqual((result.stdout, result.stderr), (shown, ''), typed)

    def test_readme(self):
        readme = (example.ROOT / 'README.md').read_text()
        section = readme.split('## Programs of GSettings\n')[1].split('\n## ')[0]
        self.run_session(re.search(r'```console\n(.*?)\n```', section, re.S).group(1).split('\n'))

    def test_manual(self):
        if not (manual.DIRECTORY / 'man7').exists():
            self.skipTest('there are no manual pages')
        sessions = manual.examples(manual.Manual('reconf-gsettings.7').section('EXAMPLES'))
        self.assertEqual(len(sessions), 2)
        for session in sessions:
            self.run_session(session)
