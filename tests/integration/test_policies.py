# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the buses and polkit are told of the service is what the service is."""
import pathlib
import re
import unittest
import xml.etree.ElementTree as xml

import people
import reconf

SHARE = reconf.PREFIX / 'share'
SOURCES = pathlib.Path(__file__).parents[2] / 'introspection'
VALIDATOR = f'{reconf.NAME}.Validator'
STANDARD = {f'org.freedesktop.DBus.{name}' for name in ('Introspectable', 'ObjectManager', 'Peer', 'Properties')}


class BusPolicy(unittest.TestCase):
    policies = xml.parse(SHARE / 'dbus-1' / 'system.d' / f'{reconf.NAME}.conf').getroot().findall('policy')

    def rules(self, **of):
        return [rule for policy in self.policies if policy.attrib == of for rule in policy]

    def test_contexts(self):
        """No others, and nothing is forbidden that somebody might take for the only thing that is."""
        self.assertEqual([policy.attrib for policy in self.policies], [{'user': 'root'}, {'context': 'default'}])
        self.assertEqual({rule.tag for policy in self.policies for rule in policy}, {'allow'})

    def test_root(self):
        """Has the name, and asks validators, whoever they are."""
        self.assertEqual([rule.attrib for rule in self.rules(user='root')],
                         [{'own': reconf.NAME},
                          {'send_interface': VALIDATOR, 'send_member': 'Validate', 'send_type': 'method_call'}])

    def test_all(self):
        """May call all that is served, at the service."""
        served = {interface.get('name') for file in SOURCES.glob('*.xml')
                  for interface in xml.parse(file).getroot().findall('interface')} - {VALIDATOR}
        self.assertGreaterEqual(served, {reconf.MANAGER, reconf.CONFIG, reconf.INSTANCE})
        rules = [rule.attrib for rule in self.rules(context='default')]
        self.assertEqual({rule.pop('send_interface') for rule in rules}, served | STANDARD)
        self.assertEqual(len(rules), len(served | STANDARD))
        self.assertEqual([rule for rule in rules if rule != {'send_destination': reconf.NAME}], [])


class Actions(unittest.TestCase):
    actions = xml.parse(SHARE / 'polkit-1' / 'actions' / f'{reconf.NAME}.policy').getroot().findall('action')

    def test_complete(self):
        """Those that the service asks for, and no others."""
        asked = re.findall(rf'"({re.escape(reconf.NAME)}\.[a-z]+)"', (SOURCES / 'names.h').read_text())
        self.assertEqual(sorted(action.get('id') for action in self.actions), sorted(asked))
        self.assertEqual(sorted(asked), sorted((people.EDIT, people.READ, people.REGISTER)))

    def test_nobody_gets_in_unasked(self):
        """Nor does one answer hold for what makes a file one that the service writes."""
        for action in self.actions:
            with self.subTest(action=action.get('id')):
                defaults = {default.tag: default.text for default in action.find('defaults')}
                kept = 'auth_admin' if action.get('id') == people.REGISTER else 'auth_admin_keep'
                self.assertEqual(defaults, {'allow_any': 'auth_admin', 'allow_inactive': 'auth_admin',
                                            'allow_active': kept})

    def test_prompts(self):
        """Whoever is asked is told what it is about."""
        for action in self.actions:
            with self.subTest(action=action.get('id')):
                self.assertEqual(set(re.findall(r'\$\((\w+)\)', action.findtext('message'))), {'config', 'change'})


class Bus(people.TestCase):
    def test_other_interfaces(self):
        """What is for none of the service's interfaces does not reach it."""
        with self.assertRaises(reconf.BusError) as caught:
            self.person('stranger').call(reconf.MANAGER_PATH, 'org.example.Other', 'Do')
        self.assertEqual(caught.exception.name, people.DENIED)
        self.assertIn('Rejected send message', caught.exception.message)

    def test_name(self):
        with self.assertRaises(reconf.BusError) as caught:
            self.person('stranger').call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName', '(su)',
                                         reconf.NAME, 0, name='org.freedesktop.DBus')
        self.assertEqual(caught.exception.name, people.DENIED)
