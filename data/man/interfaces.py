#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the manual page of the D-Bus interfaces of what their XML says: interfaces.py VERSION FILE ...

The comments in the XML are the only source: their paragraphs, lists and lines that begin with @ become those of the
page. What gdbus-codegen makes of the same comments needs DocBook or Docutils to become a page, and this nothing but
what meson itself runs on.
"""
import re
import sys
import textwrap
import xml.etree.ElementTree as xml

EMITS_CHANGED = 'org.freedesktop.DBus.Property.EmitsChangedSignal'
ANNOUNCES = {
    'const': 'It never changes.',
    'true': 'Changes are announced with PropertiesChanged.',
    'invalidates': 'That it changed is announced with PropertiesChanged, the value is not.',
    'false': 'Changes are not announced.',
}

HEAD = r'''.\" SPDX-License-Identifier: LGPL-2.1-or-later
.\" Made of introspection/*.xml by data/man/interfaces.py.
.TH ORG.RECONF.RECONF1 5 "" "Reconf {version}" "D\-Bus interfaces"
.nh
.ad l
.SH NAME
org.reconf.Reconf1 \- D\-Bus interfaces of Reconf
.SH INTERFACES'''

TAIL = r'''.SH SEE ALSO
.BR busctl (1),
.BR reconfctl (1),
.BR reconf\-config (5),
.BR reconf.conf (5),
.BR reconfd (8)'''


def escape(text):
    """Text as roff shows it unchanged, wherever it stands in a line."""
    text = text.replace('\\', r'\e').replace('-', r'\-').replace("'", r'\(aq').replace('`', r'\(ga')
    text = text.replace('^', r'\(ha').replace('~', r'\(ti')
    text = ''.join(c if ord(c) < 128 else f'\\[u{ord(c):04X}]' for c in text)
    return r'\&' + text if text.startswith('.') else text


def bold(text):
    return rf'\fB{escape(text)}\fR'


def italic(text):
    return rf'\fI{escape(text)}\fR'


class Comment:
    """What stands above an interface or a member: tags by name, and blocks, each 'paragraph' or 'item' and text."""

    def __init__(self, name, text):
        lines = textwrap.dedent(text.strip('\n').rstrip()).split('\n')
        if lines[0] != f'{name}:':
            raise ValueError(f'the comment before {name} begins with "{lines[0]}", not with "{name}:"')
        self.tags = {}
        self.blocks = []
        for block in re.split(r'\n\s*\n', '\n'.join(lines[1:])):
            self._add(block.strip('\n'))

    def _add(self, block):
        """Only what begins at the margin begins something."""
        for part in re.split(r'\n(?=@|- )', block):
            text = ' '.join(part.split())
            tag = re.fullmatch(r'@(\w+): (.*)', text)
            if tag:
                self.tags[tag[1]] = tag[2]
            elif text.startswith('- '):
                self.blocks.append(('item', text[2:]))
            elif text:
                self.blocks.append(('paragraph', text))


class Page:
    def __init__(self):
        self.lines = []

    def add(self, *lines):
        """A heading begins a paragraph by itself."""
        for line in lines:
            if line != '.PP' or not self.lines[-1].startswith(('.SH ', '.SS ')):
                self.lines.append(line)

    def add_blocks(self, comment):
        for kind, text in comment.blocks:
            self.add(r'.IP \(bu 2' if kind == 'item' else '.PP', escape(text))

    def add_member(self, title, comment, argument_names, note=None):
        if set(comment.tags) != set(argument_names):
            raise ValueError(f'{title}: the arguments are {argument_names}, the comment has {list(comment.tags)}')
        self.add('.PP', title, '.RS 4')
        for name in argument_names:
            self.add('.TP 4', italic(name), escape(comment.tags[name]))
        self.add_blocks(comment)
        if note:
            self.add('.PP', escape(note))
        self.add('.RE')

    def add_arguments(self, member, comment):
        """A method or a signal."""
        arguments = member.findall('arg')
        outs = [argument for argument in arguments if argument.get('direction') == 'out']
        ins = [argument for argument in arguments if argument not in outs]
        title = bold(member.get('name')) + in_parentheses(ins)
        if outs:
            title += r' \(-> ' + in_parentheses(outs)
        self.add_member(title, comment, [argument.get('name') for argument in ins + outs])

    def add_property(self, member, comment):
        notes = {note.get('name'): note.get('value') for note in member.findall('annotation')}
        self.add_member(f'{bold(member.get("name"))} {escape(member.get("type"))}', comment, [],
                        ANNOUNCES[notes.get(EMITS_CHANGED, 'true')])

    def add_interface(self, interface, comments):
        self.add(f'.SH {escape(interface.get("name"))}')
        self.add_blocks(comments[interface])
        for tag, title in (('method', 'Methods'), ('signal', 'Signals'), ('property', 'Properties')):
            members = interface.findall(tag)
            if members:
                self.add(f'.SS {title}')
            for member in members:
                add = self.add_property if tag == 'property' else self.add_arguments
                add(member, comments[member])


def in_parentheses(arguments):
    return '(' + ', '.join(f'{escape(argument.get("type"))} {italic(argument.get("name"))}'
                           for argument in arguments) + ')'


def read(path):
    """The interface in a file, and the comments by what they stand above."""
    root = xml.parse(path, xml.XMLParser(target=xml.TreeBuilder(insert_comments=True))).getroot()
    interface = root.find('interface')
    comments = {}
    for parent in (root, interface):
        above = None
        for child in parent:
            if child.tag is xml.Comment:
                above = child.text
            elif above is None:
                raise ValueError(f'{path}: {child.get("name")} has no comment')
            else:
                comments[child] = Comment(child.get('name'), above)
                above = None
    return interface, comments


def main():
    version, *paths = sys.argv[1:]
    found = [read(path) for path in paths]
    page = Page()
    page.add(HEAD.format(version=escape(version)))
    for interface, comments in found:
        page.add('.TP', bold(interface.get('name')), escape(comments[interface].tags['short_description']))
    for interface, comments in found:
        page.add_interface(interface, comments)
    page.add(TAIL)
    print('\n'.join(page.lines))


main()
