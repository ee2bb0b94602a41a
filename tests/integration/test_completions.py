# SPDX-License-Identifier: LGPL-2.1-or-later
"""What shells complete for reconfctl: each verb and option, and configs wherever one is named."""
import pathlib
import re
import shutil
import subprocess
import unittest

import reconf
import scene

SHARE = reconf.PREFIX / 'share'
BASH = SHARE / 'bash-completion' / 'completions' / 'reconfctl'
FISH = SHARE / 'fish' / 'vendor_completions.d' / 'reconfctl.fish'
ZSH = SHARE / 'zsh' / 'site-functions' / '_reconfctl'
BASH_COMPLETION = pathlib.Path('/usr/share/bash-completion/bash_completion')

# As the shell would call it, the words being those up to the cursor.
BASH_SCRIPT = '''
. "$1"; . "$2"; shift 2
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE=$*; COMP_POINT=${#COMP_LINE}
_reconfctl 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
'''

FISH_SCRIPT = '''
source $argv[1]
complete -C "$argv[2]"
'''

# What completion functions are given by zsh, as far as is needed to see what they come to.
ZSH_SCRIPT = '''
compadd() { local -i i=${@[(ie)--]}; ((i <= $#)) && shift $i; print -l -- "$@" }
_describe() { print -l -- ${${(P)4}%%:*} }
_call_program() { shift; eval "$@" }
_message() { : }
file=$1; shift
words=("$@"); CURRENT=$#; PREFIX=${words[-1]}
source $file
'''


def reconfctl(*arguments):
    return subprocess.run([reconf.PREFIX / 'bin' / 'reconfctl', *arguments], check=True, capture_output=True, text=True,
                          timeout=reconf.TIMEOUT).stdout


class Tables(unittest.TestCase):
    """What the scripts know by themselves: which options have their value in the next word."""

    def setUp(self):
        verbs = [line.split('\t')[0] for line in reconfctl('complete', 'verbs').splitlines()]
        options = {option for verb in verbs for option in reconfctl('complete', 'options', verb).split()}
        # That of --json is optional.
        self.valued = {option.rstrip('=') for option in options if option.endswith('=')} - {'--json'}
        self.assertGreater(len(self.valued), 20)

    def test_bash(self):
        self.check(self.arms(BASH))

    def test_zsh(self):
        self.check(self.arms(ZSH))

    def arms(self, path):
        """The patterns of words behind which another one is skipped."""
        arms = path.read_text().split('case $word in', 1)[1].split('esac', 1)[0].split(';;')
        return [arm.partition(' ((i')[0].partition(' scope+=')[0] for arm in arms
                if '++' in arm and '--json' not in arm]

    def test_fish(self):
        self.check(re.findall(r'^set -g __reconfctl_valued (.*?[^\\])$', FISH.read_text(), re.M | re.S))

    def check(self, arms):
        self.assertEqual(set(re.findall(r'--[a-z][a-z-]+', ' '.join(arms))), self.valued)


class Shell:
    """One of the shells; complete() is what it offers behind some words, the last of which is being typed."""

    @classmethod
    def setUpClass(cls):
        if not shutil.which(cls.shell):
            raise unittest.SkipTest(f'there is no {cls.shell}')
        cls.verbs = dict(line.split('\t') for line in reconfctl('complete', 'verbs').splitlines())
        cls.help = reconfctl('--help')

    def run_shell(self, *command):
        environment = self.bus.environment | {'PATH': f'{reconf.PREFIX}/bin:{self.bus.environment["PATH"]}',
                                              'HOME': str(self.directory), 'LC_ALL': 'C.UTF-8'}
        result = subprocess.run([str(word) for word in command], env=environment, cwd=self.files, check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=reconf.TIMEOUT)
        self.assertEqual(result.stderr, '')
        return {re.split('[\t ]', line)[0] for line in result.stdout.splitlines() if line}

    def first_word(self, verb):
        """What the help says that a verb takes first."""
        return re.search(rf'^  {verb} +(.*?)(?:  |$)', self.help, re.M)[1].split(' ')[0]

    def test_verbs(self):
        self.assertEqual(self.complete(''), set(self.verbs))
        self.assertEqual(self.complete('--no-pager', '-H', 'x', ''), set(self.verbs))

    def test_options(self):
        for verb in self.verbs:
            wanted = {option.rstrip('=') for option in reconfctl('complete', 'options', verb).split()}
            found = {option.rstrip('=') for option in self.complete(verb, '--') if option.startswith('--')}
            self.assertEqual(found, wanted, verb)

    def test_configs(self):
        self.client.register('shop', self.write('shop.yaml', 'a: 1\n'))
        for verb in self.verbs:
            takes_one = self.first_word(verb).strip('[].') in ('NAME', 'PATTERN') and verb != 'register'
            self.assertEqual('shop' in self.complete('--user', verb, ''), takes_one or verb == 'hot-reload', verb)
        self.assertIn('shop', self.complete('--user', 'audit', '--since', '1h', ''))
        self.assertIn('shop', self.complete('--user', '--json', 'short', 'audit', ''))

    def test_inside(self):
        config = self.client.register('shop', self.write('shop.yaml', 'a: 1\n'))
        config.call('Label', '(ts)', 1, 'good')
        self.assertEqual(self.complete('--user', 'get', 'shop', ''), {'a'})
        for verb in 'rollback', 'diff', 'confirm', 'label':
            self.assertLessEqual({'1', 'good'}, self.complete('--user', verb, 'shop', ''), verb)


class Bash(Shell, scene.TestCase):
    shell = 'bash'

    def setUp(self):
        super().setUp()
        if not BASH_COMPLETION.exists():
            self.skipTest('there is no bash-completion')

    def complete(self, *words):
        return self.run_shell('bash', '--norc', '-c', BASH_SCRIPT, 'bash', BASH_COMPLETION, BASH, 'reconfctl', *words)


class Fish(Shell, scene.TestCase):
    shell = 'fish'

    def complete(self, *words):
        return self.run_shell('fish', '--no-config', '-c', FISH_SCRIPT, FISH, ' '.join(('reconfctl', *words)))


class Zsh(Shell, scene.TestCase):
    shell = 'zsh'

    def complete(self, *words):
        return self.run_shell('zsh', '-f', '-c', ZSH_SCRIPT, 'zsh', ZSH, 'reconfctl', *words)
