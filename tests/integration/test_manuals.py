# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages say what is there, all of it, and nothing else.

What the programs have is asked of them where they tell (--help, completion), and read in the source where they do not:
the tables of settings and keys. Examples are run.
"""
import pathlib
import re
import shutil
import subprocess
import textwrap
import unittest
import xml.etree.ElementTree as xml

import manual
import reconf
import scene
from manual import Manual

SOURCE = pathlib.Path(__file__).parents[2]
INTERFACES = sorted((SOURCE / 'introspection').glob('*.xml'))
# Each has a page by its own name.
UNITS = {f'{path.name.removesuffix(".in")}.8' for path in (SOURCE / 'data' / 'system').glob('*.service.in')
         if not path.name.startswith('org.')}
OPTION = r'--[a-z][a-z-]+'


def output(program, *arguments):
    return subprocess.run([reconf.PREFIX / program, *arguments], check=True, capture_output=True, text=True,
                          timeout=reconf.TIMEOUT).stdout


def reconfctl(*arguments):
    return output('bin/reconfctl', *arguments)


def strings(path, begin):
    """Those of a C array, from what begins it to the end of its initializer."""
    text = (SOURCE / path).read_text()
    return set(re.findall(r'"([^"]+)"', text[text.index(begin):].split('= {', 1)[1].split('};', 1)[0]))


def keys(source):
    """Of settings: KEY in KEY=."""
    return {tag.removesuffix('=') for tag in manual.tags(source)}


class Pages(unittest.TestCase):
    pages = sorted(manual.DIRECTORY.glob('man?/*'))

    def setUp(self):
        if not shutil.which('groff'):
            self.skipTest('there is no groff')

    def test_there_is_one_for_each_thing(self):
        self.assertEqual({page.name for page in self.pages},
                         {'reconfctl.1', 'libreconf-1.3', 'reconfd.8', 'reconf.conf.5', 'reconf-config.5',
                          'reconf-gsettings.7', 'org.reconf.Reconf1.5'} | UNITS)

    def test_no_warnings(self):
        for page in self.pages:
            result = manual.roff('-ww', '-z', '-rLL=80n', str(page))
            self.assertEqual((result.returncode, result.stderr), (0, ''), page)

    @unittest.skipUnless(shutil.which('mandoc'), 'there is no mandoc')
    def test_no_lint(self):
        """Pages have no dates: they are as new as their version."""
        said = subprocess.run(['mandoc', '-Tlint', '-Wwarning', *map(str, self.pages)], capture_output=True, text=True,
                              check=False, timeout=reconf.TIMEOUT, stdin=subprocess.DEVNULL).stdout
        self.assertEqual([line for line in said.splitlines() if 'missing date' not in line], [])

    def test_nothing_is_left_to_fill_in(self):
        for page in self.pages:
            self.assertNotRegex(page.read_text(), r'@(VERSION|prefix|[a-z]+dir)@')

    def test_names(self):
        """As whatis reads them."""
        for page in self.pages:
            name = manual.unescape(Manual(page.name).section('NAME').strip())
            self.assertIn(page.stem, name.partition(' - ')[0].split(', '))

    def test_what_is_referred_to(self):
        """What has one of our names is there, and what is to be seen also comes in order."""
        ours = {(page.stem, page.suffix[1:]) for page in self.pages}
        for page in self.pages:
            also = [(manual.unescape(name), section) for name, section in
                    re.findall(r'^\.BR (\S+) \((\d)\)', Manual(page.name).section('SEE ALSO'), re.M)]
            self.assertNotIn((page.stem, page.suffix[1:]), also)
            self.assertLessEqual({item for item in also if 'reconf' in item[0]}, ours)
            self.assertEqual(also, sorted(also, key=lambda item: (item[1], item[0])), page.name)


class Command(unittest.TestCase):
    """reconfctl(1) and what it can do."""

    page = Manual('reconfctl.1')
    help = reconfctl('--help')

    @classmethod
    def setUpClass(cls):
        listed = (line.split('\t') for line in reconfctl('complete', 'verbs').splitlines())
        cls.verbs = dict(listed)
        cls.options = {verb: set(reconfctl('complete', 'options', verb).split()) for verb in cls.verbs}
        cls.generic = set(reconfctl('complete', 'options').split())

    def test_verbs(self):
        found = manual.tags(self.page.section('VERBS'))
        self.assertGreaterEqual(set(self.verbs), {'list', 'register'})
        self.assertEqual({tag.split()[0] for tag in found}, set(self.verbs))
        for verb, summary in self.verbs.items():
            line = next(line for line in self.help.splitlines() if line.startswith(f'  {verb} '))
            self.assertIn(line.removesuffix(summary).strip(), found)

    def described(self, source):
        """As completion has them: with a "=" where a value follows."""
        return {name + ('=' if value else '') for tag in manual.tags(source)
                for name, value in re.findall(rf'({OPTION})(=|\[=)?', tag)}

    def test_options(self):
        found = set()
        for title, source in self.page.subsections('OPTIONS').items():
            described = self.described(source)
            verbs = [verb for verb in re.split(', | and ', title.removeprefix('Of ')) if verb]
            for verb in verbs:
                self.assertLessEqual(described, self.options[verb] - self.generic, title)
            if not verbs:
                self.assertEqual(described, self.generic)
            self.assertFalse(found & described)
            found |= described
        self.assertEqual(found, set.union(*self.options.values()))

    def test_what_verbs_take(self):
        """Each option of a verb is in a part that is called after it, or is mentioned there."""
        parts = self.page.subsections('OPTIONS')
        for verb, options in self.options.items():
            own = {option.rstrip('=') for option in options - self.generic}
            told = {option for title, source in parts.items() if title and re.search(rf'\b{verb}\b', title + source)
                    for option in re.findall(OPTION, manual.unescape(source))}
            self.assertLessEqual(own, told, verb)

    def test_short_options(self):
        found = {option for tag in manual.tags(self.page.section('OPTIONS'))
                 for option in re.findall(r'(?<![\w-])-\w\b', tag)}
        self.assertEqual(found, set(re.findall(r'^  (-\w) ', self.help, re.M)))

    def test_no_other_options(self):
        mentioned = set(re.findall(rf'(?<![\w-]){OPTION}', manual.unescape(self.page.source)))
        self.assertLessEqual(mentioned, {option.rstrip('=') for option in set.union(*self.options.values())})

    def test_settings(self):
        """What -o takes, the page has as options."""
        found = {option.strip('-=') for option in self.described(self.page.section('OPTIONS'))}
        for setting in reconfctl('complete', 'settings').split():
            self.assertTrue({setting.rstrip('='), 'no-' + setting.rstrip('=')} & found, setting)

    def test_exit_statuses(self):
        found = {tag for tag in manual.tags(self.page.section('EXIT STATUS')) if len(tag) == 1}
        self.assertEqual(found, set(re.findall(r'^  (\d)  ', self.help, re.M)))

    def test_environment(self):
        sources = '\n'.join(path.read_text() for path in (SOURCE / 'client' / 'ctl').glob('*.c'))
        read = set(re.findall(r'g_getenv\("(\w+)"\)', sources)) | strings('client/ctl/pager.c', 'variables[]')
        set_for_run = {'RECONF_CONFIG', 'RECONF_VERSION'}
        found = set(re.findall(r'\b[A-Z_]{4,}\b', manual.unescape(self.page.section('ENVIRONMENT'))))
        self.assertGreater(len(read), 5)
        self.assertLessEqual(read | set_for_run, found)


class Service(unittest.TestCase):
    def test_options(self):
        told = set(re.findall(rf'^  ({OPTION})', output('libexec/reconfd', '--help'), re.M))
        self.assertEqual(set(manual.tags(Manual('reconfd.8').section('OPTIONS'))), told)

    def test_version(self):
        self.assertIn(f'"Reconf {output("libexec/reconfd", "--version").split()[1]}"', Manual('reconfd.8').source)

    def test_environment(self):
        sources = '\n'.join(path.read_text() for path in (SOURCE / 'daemon').glob('**/*.c'))
        read = set(re.findall(r'g_getenv\(\s*"(\w+)"\)', sources)) | {'RECONF_ENVIRONMENT'}
        self.assertGreater(len(read), 3)
        self.assertLessEqual(read, set(', '.join(manual.tags(Manual('reconfd.8').section('ENVIRONMENT'))).split(', ')))

    def test_journal(self):
        text = '\n'.join(path.read_text() for path in (SOURCE / 'daemon').glob('*.c'))
        found = set(', '.join(manual.tags(Manual('reconfd.8').section('JOURNAL'))).split(', '))
        self.assertEqual(found, set(re.findall(r'GLogField\)\{ "(RECONF_\w+)"', text)))

    def test_settings(self):
        self.assertEqual(keys(Manual('reconf.conf.5').section('SETTINGS')), strings('daemon/settings.c', 'known[]'))


class Library(unittest.TestCase):
    page = Manual('libreconf-1.3')

    def test_functions(self):
        """What it names is in the library; a name that ends in dots stands for several."""
        symbols = set((SOURCE / 'client' / 'lib' / 'libreconf-1.symbols').read_text().split())
        named = set(re.findall(r'\breconf_\w+', manual.unescape(self.page.source)))
        self.assertGreater(len(named), 8)
        self.assertLessEqual(named, symbols)

    def test_objects(self):
        declared = set(re.findall(r'G_DECLARE_FINAL_TYPE\((\w+),', ''.join(
            path.read_text() for path in (SOURCE / 'client' / 'lib' / 'reconf').glob('*.h'))))
        found = {tag for tag in manual.tags(self.page.section('DESCRIPTION'))}
        self.assertGreaterEqual(found, declared)
        self.assertGreaterEqual(len(declared), 3)

    def test_environment(self):
        """It has none of its own."""
        sources = '\n'.join(path.read_text() for path in (SOURCE / 'client' / 'lib').glob('*.c'))
        self.assertEqual(re.findall(r'getenv\(', sources), [])


class Dropins(unittest.TestCase):
    page = Manual('reconf-config.5')

    def test_config(self):
        table = re.findall(r'^        \{ "[a-z-]+", +"(\w+)",', (SOURCE / 'daemon' / 'options.c').read_text(), re.M)
        self.assertGreater(len(table), 10)
        self.assertEqual(keys(self.page.section('THE GROUP [CONFIG]')),
                         set(table) | strings('daemon/dropin.c', ' own[]'))

    def test_commands(self):
        known = strings('daemon/dropin-commands.c', '*read_group(')
        for group in 'DECODE', 'VALIDATE':
            self.assertEqual(keys(self.page.section(f'THE GROUP [{group}]')), known)

    def test_apply(self):
        self.assertEqual(keys(self.page.section('THE GROUP [APPLY]')),
                         strings('daemon/dropin-commands.c', '*read_apply('))

    def test_groups(self):
        text = (SOURCE / 'daemon' / 'dropin-commands.h').read_text()
        groups = {'Config'} | set(re.findall(r'#define DROPIN_\w+_GROUP "(\w+)"', text))
        self.assertEqual(set(re.findall(r'^\.SH THE GROUP \[(\w+)\]', self.page.source, re.M)),
                         {group.upper() for group in groups})


class Interfaces(unittest.TestCase):
    """What the XML says is on the page, every word of it."""

    def setUp(self):
        if not shutil.which('groff'):
            self.skipTest('there is no groff')
        self.text = Manual('org.reconf.Reconf1.5').text()

    def test_comments(self):
        self.assertGreaterEqual(len(INTERFACES), 3)
        for path in INTERFACES:
            for comment in re.findall(r'<!--\s+[\w.]+:\n(.*?)-->', path.read_text(), re.S):
                for line in textwrap.dedent(comment).splitlines():
                    words = ' '.join(re.sub(r'^(@\w+:|- )', '', line).split())
                    self.assertIn(words, self.text)

    def test_members(self):
        for path in INTERFACES:
            for interface in xml.parse(path).getroot().findall('interface'):
                self.assertIn(interface.get('name'), self.text)
                self.check_members(interface)

    def check_members(self, interface):
        for member in interface:
            arguments = {'in': [], 'out': []}
            for argument in member.findall('arg'):
                arguments[argument.get('direction', 'in')].append(f'{argument.get("type")} {argument.get("name")}')
            title = f'{member.get("name")}({", ".join(arguments["in"])})'
            if member.tag == 'property':
                title = f' {member.get("name")} {member.get("type")} '
            elif arguments['out']:
                title += f' → ({", ".join(arguments["out"])})'
            self.assertIn(title, self.text)


class CommandExamples(reconf.TestCase):
    """The examples of reconfctl(1), one after the other."""

    def setUp(self):
        super().setUp()
        self.write('app.yaml', 'database:\n  host: db.example.com\n  pool:\n    size: 5   # per worker\n')
        self.bus.environment |= {'LC_ALL': 'C.UTF-8', 'PATH': f'{reconf.PREFIX}/bin:{self.bus.environment["PATH"]}'}

    def run_line(self, line):
        # On a private session bus, where a user has what root has on the system's.
        result = self.bus.run('sh', '-c', line.replace('reconfctl ', 'reconfctl --user '), cwd=self.files)
        # The service sees by itself what becomes of the file.
        if line.startswith('sed '):
            self.client.wait_signal(self.changes.pop(0))
        shown = (result.stdout + result.stderr).replace(str(self.files), '/etc/app').replace(' --user', '')
        return re.sub(r'back in .* unless', 'back in 2min unless', shown.rstrip('\n'))

    def test_all(self):
        self.changes = ['ConfigChanged', 'ReloadFailed']
        count = 0
        for example in manual.examples(Manual('reconfctl.1').section('EXAMPLES')):
            for block in re.split(r'^\$ ', '\n'.join(example), flags=re.M)[1:]:
                command, _, expected = block.partition('\n')
                self.client.heard.clear()
                self.assertEqual(self.run_line(command), expected.rstrip('\n'), command)
                count += 1
        self.assertGreater(count, 5)
        self.assertEqual(self.changes, [])


class SettingsExamples(scene.DropinTestCase):
    """The service takes the examples of its settings and drop-ins."""

    def test_settings(self):
        settings = manual.examples(Manual('reconf.conf.5').section('EXAMPLES'))[0]
        path = self.bus.settings / 'reconf' / 'reconf.conf'
        path.write_text('\n'.join(settings) + '\n')
        self.assertEqual(self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Environment'), 'production')

    def test_dropins(self):
        texts = ['\n'.join(example) + '\n' for example in manual.examples(Manual('reconf-config.5').section('EXAMPLES'))]
        texts = [text for text in texts if text.startswith('[')]
        self.configure(Environment='staging')
        for number, text in enumerate(texts):
            self.dropin(f'example-{number}', text)
        members = self.names()
        self.assertGreaterEqual(len(texts), 3)
        self.assertEqual(members, [f'example-{number}' for number, text in enumerate(texts) if 'File=' in text])
        self.assertNotIn('drop-in', self.bus.log.read_text())
