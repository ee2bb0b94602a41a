# SPDX-License-Identifier: LGPL-2.1-or-later
"""The packages as such: what is in them, what checkers say of them, and the tests that they bring along."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sysconfig
import tempfile
import unittest

import packages

LIBDIR = f'/usr/lib/{sysconfig.get_config_var("MULTIARCH")}'
SPEC = packages.PACKAGING / 'reconf.spec'

def output(*command, **keywords):
    """What a program says, on both, which has to succeed."""
    result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors='replace', check=False, **keywords)
    if result.returncode != 0:
        raise AssertionError(f'{command} ended with {result.returncode}:\n{result.stdout}')
    return result.stdout


def files(package):
    """What is in a package, but for directories, as {name: mode and link}."""
    listed = output('dpkg-deb', '--contents', package).splitlines()
    split = (line.split(maxsplit=5) for line in listed if not line.startswith('d'))
    return {name.partition(' -> ')[0].removeprefix('.'): mode for mode, _, _, _, _, name in split}


def installed():
    """What meson installs of the release as the packages had it built, by the names of a system whose /lib is /usr/lib."""
    build = next(packages.release().glob('obj-*'))
    said = subprocess.run(['meson', 'introspect', '--installed', build], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True)
    return {re.sub('^/lib/', '/usr/lib/', name) for name in json.loads(said.stdout).values()}


def is_link_of_library(name):
    return re.search(r'/libreconf-1\.so(\.0)?$', name)


class Contents(unittest.TestCase):
    maxDiff = None

    def test_lintian(self):
        """No errors, no warnings."""
        said = subprocess.run(['lintian', '--allow-root', '--fail-on=error,warning', packages.changes()],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual((said.returncode, said.stdout), (0, ''), said.stderr)

    def test_complete(self):
        """Everything that is installed is in one package, and nothing else."""
        packed = []
        for package in packages.find():
            packed += [name for name in files(package) if '-dbgsym' not in package.name]
        own = re.compile(r'/usr/share/(doc/[^/]*/(changelog.*|copyright|README.*)|devhelp/.*|doc-base/.*)$')
        packed = sorted(re.sub('^/lib/', '/usr/lib/', re.sub(r'(/man/.*)\.gz$', r'\1', name)).replace(
            '/zsh/vendor-completions/', '/zsh/site-functions/') for name in packed if not own.match(name))
        wanted = installed()
        directories = {name for name in wanted if any(other.startswith(name + '/') for other in packed)}
        self.assertEqual(len(packed), len(set(packed)))
        found = {name for name in packed if not any(name.startswith(d + '/') for d in directories)}
        self.assertEqual({name for name in found if not is_link_of_library(name)},
                         {name for name in wanted - directories if not is_link_of_library(name)})

    def test_versions(self):
        """One, in all places."""
        project = re.search(r"version: '(.*)'", (packages.SOURCE / 'meson.build').read_text()).group(1)
        self.assertEqual(packages.version().partition('-')[0], project)
        self.assertIn(f'\nVersion:        {project}\n', SPEC.read_text())
        self.assertIn(f'- {project}-1\n', SPEC.read_text())

    def test_hardening(self):
        with tempfile.TemporaryDirectory() as directory:
            for package in packages.find('reconf', 'libreconf-1-0', 'reconf-gsettings-backend'):
                output('dpkg-deb', '--extract', package, directory)
            root = pathlib.Path(directory)
            programs = [root / 'usr/bin/reconfctl', root / 'usr/libexec/reconfd']
            libraries = [next(root.glob('usr/lib/*/libreconf-1.so.0')), *root.glob('usr/lib/*/gio/modules/*.so')]
            self.assertEqual(len(libraries), 2)
            for file in programs + libraries:
                said = output('readelf', '--wide', '--file-header', '--program-headers', '--dynamic', '--dyn-syms', file)
                self.assertIn('BIND_NOW', said)
                self.assertIn('GNU_RELRO', said)
                self.assertRegex(said, r'GNU_STACK .* RW ')
                self.assertNotIn('RUNPATH', said)
                self.assertIn('__stack_chk_fail', said)
            for program in programs:
                said = output('readelf', '--wide', '--dynamic', '--dyn-syms', program)
                self.assertIn('PIE', said)
                self.assertRegex(said, '__[a-z]*_chk@')


class Release(unittest.TestCase):
    def test_tests(self):
        """Who has but the tarball can build and run the tests, too: nothing of them is missing in it."""
        with tempfile.TemporaryDirectory() as build:
            output('meson', 'setup', build, packages.release(), '-Dtests=enabled', '-Dexamples=enabled',
                   f'-Dprefix={build}/image')

    def test_no_traces(self):
        """Where it was built is nobody's business, and would have each build differ."""
        for package in packages.find():
            if '-dbgsym' in package.name:
                continue
            with tempfile.TemporaryDirectory() as directory:
                output('dpkg-deb', '--raw-extract', package, directory)
                found = subprocess.run(['grep', '-rlF', str(packages.DIRECTORY), directory], stdin=subprocess.DEVNULL,
                                       capture_output=True, text=True, check=False)
                self.assertEqual(found.stdout, '')


class Autopkgtest(unittest.TestCase):
    """The tests that the source package has for the installed ones."""

    @classmethod
    def setUpClass(cls):
        control = (packages.PACKAGING / 'debian' / 'tests' / 'control').read_text()
        cls.names = re.findall(r'on-own-bus debian/tests/(.*)$', control, re.M)
        every = [package for package in packages.find() if '-dbgsym' not in package.name]
        environment = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LANG': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive'}
        cls.result = subprocess.run(
            ['unshare', '--mount', 'sh', pathlib.Path(__file__).with_name('run-autopkgtests.sh'),
             packages.PACKAGING / 'debian', ' '.join(cls.names), *every], env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors='replace', check=False)

    def check(self, name):
        self.assertIn(name, self.names)
        self.assertIn(f'ok {name}', self.result.stdout.splitlines(), self.result.stderr[-4000:])

    def test_session(self):
        self.check('session')

    def test_build(self):
        self.check('build')

    def test_gsettings(self):
        self.check('gsettings')

    def test_all(self):
        """There are no others, but for the one that test_units.py runs."""
        self.assertEqual(sorted(path.name for path in (packages.PACKAGING / 'debian' / 'tests').iterdir()),
                         sorted([*self.names, 'control', 'on-own-bus', 'system']))
        self.assertEqual(len(self.names), 3)


# What rpm has on the systems that it is for.
RPM_MACROS = {'_unitdir': '/usr/lib/systemd/system', '_userunitdir': '/usr/lib/systemd/user', '_libdir': LIBDIR,
              '_libexecdir': '/usr/libexec'}


@unittest.skipUnless(shutil.which('rpmspec'), 'there is no rpmspec')
class Rpm(unittest.TestCase):
    def parse(self):
        macros = [word for name, value in RPM_MACROS.items() for word in ('--define', f'{name} {value}')]
        return output('rpmspec', *macros, '--parse', SPEC, env=os.environ | {'HOME': '/nonexistent'})

    def test_files(self):
        """Each file that is installed is named once."""
        parsed = self.parse()
        patterns = [line for part in re.split(r'^%files.*\n', parsed, flags=re.M)[1:]
                    for line in part.splitlines() if line.startswith('/')]
        self.assertGreater(len(patterns), 20)
        used = set()
        for name in sorted(installed()):
            matching = [pattern for pattern in patterns
                        if pathlib.PurePath(name).match(pattern) or f'{name}/'.startswith(pattern.rstrip('/') + '/')]
            self.assertEqual(len(matching), 1, f'{name}: {matching}')
            used.update(matching)
        self.assertEqual({pattern for pattern in patterns if not is_link_of_library(pattern)} - used, set())
