# SPDX-License-Identifier: LGPL-2.1-or-later
"""An installed manual page, as far as tests want to know of it: what stands where, as readers see it."""
import re
import subprocess

import reconf

DIRECTORY = reconf.PREFIX / 'share' / 'man'

ESCAPES = {r'\-': '-', r'\(aq': "'", r'\(dq': '"', r'\(lq': '“', r'\(rq': '”', r'\(ti': '~', r'\(->': '→',
           r'\e': '\\', r'\ ': ' '}


def unescape(text):
    """Without changes of font, and as it looks. What is none of the escapes that our pages have is an error."""
    text = re.sub(r'\\f[BIR]', '', text)
    return re.sub(r'\\(?:\(..|.)', lambda found: ESCAPES[found[0]], text)


def roff(*arguments):
    return subprocess.run(['groff', '-K', 'utf8', '-mandoc', *arguments], capture_output=True, text=True, check=False,
                          timeout=reconf.TIMEOUT, stdin=subprocess.DEVNULL)


class Manual:
    def __init__(self, name):
        self.path = DIRECTORY / f'man{name[-1]}' / name
        self.source = re.sub(r'^\.\\".*\n', '', self.path.read_text(), flags=re.M)

    def section(self, title):
        """Its source, with all subsections."""
        return re.search(rf'^\.SH {re.escape(title)}\n(.*?)(?=^\.SH |\Z)', self.source, re.M | re.S)[1]

    def subsections(self, title):
        """Of a section: their sources by title; what is before the first is under ''."""
        parts = re.split(r'^\.SS (.*)\n', self.section(title), flags=re.M)
        return {'': parts[0]} | {unescape(name): text for name, text in zip(parts[1::2], parts[2::2])}

    def text(self):
        """All of it as it is shown, in one line."""
        shown = roff('-Tutf8', '-rLL=100000n', '-P-c', str(self.path)).stdout
        # Bold is a character over itself.
        return ' '.join(re.sub('.\b', '', shown).split())


def tags(source):
    """What its tagged paragraphs are about."""
    return [read_line(line) for line in re.findall(r'^\.TP.*\n(.*)$', source, re.M)]


def read_line(line):
    """A line as it is shown, also if it is a macro for fonts."""
    macro = re.fullmatch(r'\.([BIR]{1,2}) (.*)', line)
    if not macro:
        return unescape(line)
    words = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', macro[2])]
    return unescape(('' if len(macro[1]) == 2 else ' ').join(words))


def examples(source):
    """The lines of each example."""
    return [unescape(example).split('\n') for example in re.findall(r'^\.EX\n(.*?)\n\.EE', source, re.M | re.S)]
