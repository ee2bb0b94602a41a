# SPDX-License-Identifier: LGPL-2.1-or-later
"""The GSettings backend, under programs that know nothing of it, on a private bus."""
import pathlib
import shutil
import signal
import subprocess
import tempfile
from xml.sax.saxutils import escape

import reconf
import scene
from settings_program import SettingsProgram

TEST = 'org.reconf.test'
CHILD = 'org.reconf.test.child'
ITEM = 'org.reconf.test.item'

# Name, type, and the default as GVariant text.
KEYS = (
    ('a-boolean', 'b', 'false'), ('a-byte', 'y', '0x07'), ('an-int16', 'n', '7'), ('a-uint16', 'q', '7'),
    ('an-int32', 'i', '7'), ('a-uint32', 'u', '7'), ('an-int64', 'x', '7'), ('a-uint64', 't', '7'),
    ('a-double', 'd', '7.0'), ('a-string', 's', "'seven'"), ('an-object', 'o', "'/seven'"),
    ('a-signature', 'g', "'y'"),
    ('strings', 'as', "['seven']"), ('integers', 'ai', '[7]'), ('pairs', 'a(ss)', "[('a', 'b')]"),
    ('a-tuple', '(si)', "('seven', 7)"), ('names', 'a{ss}', "{'a': 'b'}"), ('anything', 'a{sv}', '{}'),
    ('numbered', 'a{us}', '{}'), ('a-variant', 'v', '<7>'), ('a-maybe', 'mi', 'just 7'),
    ('nested', 'a{sa(ii)}', '{}'), ('bytes', 'ay', "b'seven'"),
)
SCHEMAS = f"""<schemalist>
  <enum id='{TEST}.Colour'><value nick='red' value='1'/><value nick='blue' value='2'/></enum>
  <flags id='{TEST}.Sides'><value nick='left' value='1'/><value nick='right' value='2'/></flags>
  <schema id='{TEST}' path='/org/reconf/test/'>
    {''.join(f"<key name='{name}' type='{kind}'><default>{escape(default)}</default></key>"
             for name, kind, default in KEYS)}
    <key name='ranged' type='i'><range min='0' max='10'/><default>7</default></key>
    <key name='colour' enum='{TEST}.Colour'><default>'red'</default></key>
    <key name='sides' flags='{TEST}.Sides'><default>['left']</default></key>
    <child name='child' schema='{CHILD}'/>
  </schema>
  <schema id='{CHILD}' path='/org/reconf/test/child/'>
    <key name='size' type='i'><default>7</default></key>
    <key name='name' type='s'><default>'seven'</default></key>
  </schema>
  <schema id='{ITEM}'><key name='size' type='i'><default>7</default></key></schema>
</schemalist>"""


def nest(content):
    """As the content of /org/reconf/test/ in a config of all paths."""
    return 'org: {reconf: {test: ' + content + '}}\n'


class TestCase(scene.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schemas = pathlib.Path(tempfile.mkdtemp(prefix='reconf-schemas-'))
        cls.addClassCleanup(shutil.rmtree, cls.schemas)
        (cls.schemas / 'test.gschema.xml').write_text(SCHEMAS)
        subprocess.run(['glib-compile-schemas', '--strict', cls.schemas], check=True)

    def environment(self, configs=None, **variables):
        modules = next(reconf.PREFIX.glob('**/libgsettingsreconf.so')).parent
        self.assertIn('libgsettingsreconf.so: gsettings-backend', (modules / 'giomodule.cache').read_text())
        environment = self.bus.environment | {'GIO_EXTRA_MODULES': str(modules), 'GSETTINGS_BACKEND': 'reconf',
                                              'GSETTINGS_SCHEMA_DIR': str(self.schemas)}
        if configs is not None:
            environment['RECONF_GSETTINGS'] = configs
        return environment | variables

    def start(self, configs=None, **variables):
        return SettingsProgram(self, self.environment(configs, **variables))

    def open(self, content, configs=None):
        """A program that reads a config of the usual name."""
        self.watch('gsettings.yaml', nest(content), 'gsettings')
        return self.start(configs)

    def change(self, content):
        self.save('gsettings.yaml', nest(content))

    def hears(self, program, *expected):
        """Just that is told next."""
        heard = []

        def listen():
            heard.extend(program.heard())
            return len(heard) >= len(expected)
        reconf.wait_until(listen, f'{expected}, not {heard}')
        self.assertEqual(sorted(heard), sorted(list(item) for item in expected))

    def becomes(self, program, key, value, schema=TEST):
        reconf.wait_until(lambda: program.get(schema, key) == value, f'{key} to be {value}')

    def tool(self, *arguments, configs=None):
        return subprocess.run(['gsettings', *arguments], env=self.environment(configs), timeout=reconf.TIMEOUT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


class Reading(TestCase):
    def check(self, program, **expected):
        for key, value in expected.items():
            with self.subTest(key):
                self.assertEqual(program.get(TEST, key.replace('_', '-')), value)

    def test_types(self):
        program = self.open("""{
            a-boolean: true, a-byte: 255, an-int16: -32768, a-uint16: 65535, an-int32: -2147483648,
            a-uint32: 4294967295, an-int64: -9223372036854775808, a-uint64: 18446744073709551615,
            a-double: 1.5, a-string: eight, an-object: /eight, a-signature: as,
            strings: [a, b], integers: [1, -2], pairs: [[xkb, us], [xkb, de]], a-tuple: [eight, 8],
            names: {x: y, z: ''}, anything: {list: [1, a], on: true, strings: [a, b]}, numbered: {5: five, 6: six},
            a-variant: [1], a-maybe: 8, nested: {a: [[1, 2], [3, 4]]}, bytes: [1, 2],
            ranged: 10, colour: blue, sides: [left, right]}""")
        self.check(program, a_boolean='true', a_byte='0xff', an_int16='-32768', a_uint16='65535',
                   an_int32='-2147483648', a_uint32='4294967295', an_int64='-9223372036854775808',
                   a_uint64='18446744073709551615', a_double='1.5', a_string="'eight'", an_object="'/eight'",
                   a_signature="'as'", strings="['a', 'b']", integers='[1, -2]',
                   pairs="[('xkb', 'us'), ('xkb', 'de')]", a_tuple="('eight', 8)", names="{'x': 'y', 'z': ''}",
                   anything="{'list': <[<1>, <'a'>]>, 'on': <true>, 'strings': <['a', 'b']>}",
                   numbered="{5: 'five', 6: 'six'}", a_variant='<[1]>', a_maybe='8', nested="{'a': [(1, 2), (3, 4)]}",
                   bytes='[0x01, 0x02]', ranged='10', colour="'blue'", sides="['left', 'right']")
        self.assertEqual(program.warnings(), [])

    def test_integer_as_double(self):
        self.check(self.open('{a-double: 3, a-maybe: null}'), a_double='3.0', a_maybe='nothing')

    def test_defaults(self):
        program = self.open('{a-string: null, child: {size: 8}}')
        for key, _, default in KEYS:
            self.assertEqual(program.get(TEST, key), default.removeprefix('just '))
            self.assertIsNone(program.get_user(TEST, key))
        self.assertEqual(program.get(CHILD, 'size'), '8')
        self.assertEqual(program.get_user(CHILD, 'size'), '8')
        self.assertEqual(program.get(CHILD, 'name'), "'seven'")
        self.assertEqual(program.warnings(), [])

    def test_text(self):
        """INI has strings only, and they are what gsettings takes."""
        path = self.write('gsettings.ini', '[org.reconf.test]\nan-int32=8\na-boolean=true\na-double=1e3\n'
                          "strings=['a', 'b']\npairs=[('xkb', 'us')]\na-string=5\nbytes=b'abc'\nsides=@as []\n")
        self.client.register('gsettings', path)
        self.check(self.start(), an_int32='8', a_boolean='true', a_double='1000.0', strings="['a', 'b']",
                   pairs="[('xkb', 'us')]", a_string="'5'", bytes="b'abc'", sides='[]')

    def test_misfits(self):
        content = """{a-boolean: 1, a-byte: 256, an-int16: 32768, a-uint16: -1, an-int32: 2147483648, a-uint32: -5,
            an-int64: 9223372036854775808, a-uint64: -1, a-double: secret, a-string: 5, an-object: secret,
            a-signature: '!', strings: [a, 1], integers: [1, 1.5], pairs: [[a]], a-tuple: [secret],
            names: {x: 1}, anything: [1], numbered: {secret: x}, a-maybe: secret, nested: {a: 1}, bytes: 'x'}"""
        program = self.open(content)
        for key, _, default in KEYS:
            if key != 'a-variant':
                self.assertEqual(program.get(TEST, key), default.removeprefix('just '), key)
                self.assertEqual(program.get(TEST, key), default.removeprefix('just '), key)
        warnings = program.warnings()
        self.assertEqual(len(warnings), len(KEYS) - 1, warnings)
        self.assertNotIn('secret', ''.join(warnings))
        self.assertIn('/org/reconf/test/a-byte has its default: at org.reconf.test.a-byte the config gsettings has '
                      'an integer that is no value of type y', warnings[1])
        self.change('{a-byte: 1}')
        self.becomes(program, 'a-byte', '0x01')
        self.change('{a-byte: 300}')
        self.becomes(program, 'a-byte', '0x07')
        self.assertEqual(len(program.warnings()), len(warnings) + 1)

    def test_out_of_the_schemas_range(self):
        self.check(self.open('{ranged: 11, colour: green, sides: [up]}'), ranged='7', colour="'red'",
                   sides="['left']")

    def test_relocatable(self):
        program = self.open('{items: {":1": {size: 8}, ":2": {}}}')
        for name, size in ((':1', '8'), (':2', '7'), (':3', '7')):
            self.assertEqual(program.get(ITEM, 'size', f'/org/reconf/test/items/{name}/'), size)

    def test_several_configs(self):
        """The longest path counts, and no other."""
        self.watch('app.yaml', '{an-int32: 8}\n', 'app')
        program = self.open('{an-int32: 9, a-string: nine, child: {size: 9, name: nine}}',
                            'gsettings; app=/org/reconf/test/; gsettings=/org/reconf/test/child')
        self.check(program, an_int32='8', a_string="'seven'")
        self.assertEqual(program.get(CHILD, 'size'), '7')
        program.watch(TEST)
        program.watch(CHILD)
        # The first is hidden.
        self.change('{an-int32: 10}')
        self.save('app.yaml', '{a-string: eight}\n')
        self.hears(program, ('an-int32', '7'), ('a-string', "'eight'"))
        self.save('gsettings.yaml', 'size: 8\n')
        self.hears(program, ('size', '8'))

    def test_malformed(self):
        self.watch('gsettings.yaml', nest('{an-int32: 8}'), 'gsettings')
        for configs in ('gsettings=org', '=/org/', 'gsettings=/org//x/', 'a;b'):
            with self.subTest(configs):
                program = self.start(configs)
                self.check(program, an_int32='7')
                self.assertEqual(len(program.warnings()), 1)
                self.assertIn("RECONF_GSETTINGS: '", program.warnings()[0])

    def test_no_paths(self):
        """Keys that are no config's."""
        self.watch('app.yaml', 'an-int32: 8\n', 'app')
        self.check(self.start('app=/org/other/'), an_int32='7')

    def test_not_asked_for(self):
        program = self.start(GSETTINGS_BACKEND='')
        self.assertNotIn('Reconf', program.backend(TEST))
        self.assertEqual(self.start().backend(TEST), 'ReconfSettingsBackend')

    def test_threads(self):
        program = self.open('{an-int32: 1}')
        for value in range(2, 6):
            self.change(f'{{an-int32: {value}}}')
            self.assertEqual(program.await_without_loop(TEST, 'an-int32', str(value)), str(value))
        self.change('{an-int32: 6}')
        self.assertLessEqual(set(program.read_from_threads(TEST, 'an-int32', '6')), {'5', '6'})


class Watching(TestCase):
    def test_keys(self):
        program = self.open('{an-int32: 1, a-string: one}')
        program.watch(TEST)
        self.change('{an-int32: 2, a-string: one}')
        self.hears(program, ('an-int32', '2'))
        self.change('{an-int32: 2, a-boolean: true}')
        self.hears(program, ('a-string', "'seven'"), ('a-boolean', 'true'))
        self.change('{an-int32: wrong, a-boolean: true}')
        self.hears(program, ('an-int32', '7'))

    def test_maps(self):
        """A map that appears or goes is about all below it, and no more."""
        program = self.open('{an-int32: 1}')
        program.watch(TEST)
        program.watch(CHILD)
        self.change('{an-int32: 1, child: {size: 2}}')
        self.hears(program, ('size', '2'))
        self.save('gsettings.yaml', 'other: 1\n')
        self.hears(program, ('an-int32', '7'), ('size', '7'))
        self.change('{an-int32: 1, child: {size: 2, name: x}}')
        self.hears(program, ('an-int32', '1'), ('size', '2'), ('name', "'x'"))

    def test_value_with_members(self):
        """What changes in a map changes the key that has the map as its value."""
        program = self.open('{names: {a: x, b: y}}')
        program.watch(TEST)
        self.change('{names: {a: x, b: z}}')
        self.hears(program, ('names', "{'a': 'x', 'b': 'z'}"))

    def test_at_once(self):
        """A version is told as one."""
        program = self.open('{an-int32: 1, a-string: one}')
        program.watch_batches(TEST)
        program.get(TEST, 'an-int32')
        self.change('{an-int32: 2, a-string: two}')
        reconf.wait_until(lambda: program.heard() == [2], 'both keys')

    def test_relocatable(self):
        program = self.open('{items: {x: {size: 1}, y: {size: 1}}}')
        program.watch(ITEM, '/org/reconf/test/items/x/')
        self.change('{items: {x: {size: 1}, y: {size: 2}}}')
        self.change('{items: {x: {size: 3}, y: {size: 2}}}')
        self.hears(program, ('size', '3'))

    def test_odd_names(self):
        """Not every key of a document can be one of GSettings."""
        program = self.open('{an-int32: 1}')
        program.watch(TEST)
        self.change('{an-int32: 1, "": 1, "a/b": {c: 1}, "an-int32/": 1, "x.y": {"": 2}}')
        self.change('{an-int32: 2}')
        self.hears(program, ('an-int32', '2'))

    def test_bound(self):
        """A property follows, and a widget for it knows that it cannot set it."""
        program = self.open('{a-boolean: false}')
        program.bind(TEST, 'a-boolean')
        self.assertEqual(program.get_bound(), [False, False])
        self.change('{a-boolean: true}')
        reconf.wait_until(lambda: program.get_bound() == [True, False], 'the property')

    def test_delayed(self):
        """Who has not applied anything hears what the file says, and loses what cannot be written."""
        program = self.open('{an-int32: 1}')
        program.delay(TEST)
        program.watch(TEST)
        self.change('{an-int32: 2}')
        self.hears(program, ('an-int32', '2'))
        program.set(TEST, 'an-int32', '5')
        program.revert(TEST)
        self.assertEqual(program.get(TEST, 'an-int32'), '2')

    def test_private(self):
        path = self.write('gsettings.yaml', nest('{an-int32: 1}'))
        path.chmod(0o600)
        self.client.register('gsettings', path)
        program = self.start()
        program.watch(TEST)
        self.change('{an-int32: 2}')
        self.hears(program, ('an-int32', '2'))


class Writing(TestCase):
    def test_nothing_is_writable(self):
        program = self.open('{an-int32: 1}')
        self.assertEqual(program.set(TEST, 'an-int32', '5'), [False, '1', False])
        self.assertEqual(program.set(TEST, 'a-uint32', '5'), [False, '7', False])
        self.assertEqual(program.reset(TEST, 'an-int32'), '1')
        self.assertEqual(program.set_delayed(TEST, 'a-string', "'x'"), ["'seven'", False])

    def test_tool(self):
        self.open('{an-int32: 1}')
        self.assertEqual(self.tool('writable', TEST, 'an-int32').stdout, 'false\n')
        result = self.tool('set', TEST, 'an-int32', '5')
        self.assertEqual(result.returncode, 1)
        self.assertIn('not writable', result.stderr)
        self.assertEqual(self.tool('reset', TEST, 'an-int32').returncode, 0)
        self.assertEqual(self.tool('get', TEST, 'an-int32').stdout, '1\n')


class Tool(TestCase):
    def test_get(self):
        self.open('{an-int32: 1, child: {name: x}}')
        self.assertEqual(self.tool('get', TEST, 'an-int32').stdout, '1\n')
        self.assertEqual(self.tool('get', TEST, 'a-uint32').stdout, 'uint32 7\n')
        self.assertEqual(self.tool('list-recursively', CHILD).stdout, f"{CHILD} name 'x'\n{CHILD} size 7\n")

    def test_monitor(self):
        self.open('{an-int32: 1}')
        monitor = subprocess.Popen(['gsettings', 'monitor', TEST], env=self.environment(), stdout=subprocess.PIPE,
                                   stdin=subprocess.DEVNULL, text=True)
        self.addCleanup(monitor.stdout.close)
        self.addCleanup(monitor.wait)
        self.addCleanup(monitor.kill)
        # When it listens cannot be seen from outside; what it says first can be any of these.
        values = iter(range(2, 100000))
        reader = reconf.GLib.io_add_watch(monitor.stdout.fileno(), reconf.GLib.PRIORITY_DEFAULT,
                                          reconf.GLib.IOCondition.IN, lambda *_: lines.append(
                                              monitor.stdout.readline()) or True)
        self.addCleanup(reconf.GLib.source_remove, reader)
        lines = []

        def change():
            self.change(f'{{an-int32: {next(values)}}}')
            return lines
        reconf.wait_until(change, 'the tool to say something')
        self.assertRegex(lines[0], r'^an-int32: \d+\n$')


class ComingAndGoing(TestCase, scene.DropinTestCase):
    def test_killed(self):
        program = self.open('{an-int32: 1}')
        program.watch(TEST)
        for value, number in ((2, signal.SIGKILL), (3, signal.SIGTERM)):
            self.bus.end_daemon(number)
            self.assertEqual(program.get(TEST, 'an-int32'), str(value - 1))
            self.change(f'{{an-int32: {value}}}')
            self.hears(program, ('an-int32', str(value)))

    def test_no_bus(self):
        path = self.write('gsettings.yaml', nest('{an-int32: 8}'))
        self.client.register('gsettings', path)
        self.bus.stop()
        program = self.start()
        program.watch(TEST)
        self.assertEqual(program.get(TEST, 'an-int32'), '7')
        self.assertEqual(len(program.warnings()), 1)
        self.assertIn('Settings have their defaults until the service can be reached: ', program.warnings()[0])
        self.assertEqual(program.set(TEST, 'an-int32', '5'), [False, '7', False])
        self.bus.start()
        self.client = self.bus.connect()
        self.hears(program, ('an-int32', '8'))
        self.change('{an-int32: 9}')
        self.hears(program, ('an-int32', '9'))
        self.assertEqual(len(program.warnings()), 1)

    def test_no_config(self):
        program = self.start()
        program.watch(TEST)
        self.assertEqual(program.get(TEST, 'an-int32'), '7')
        self.assertEqual(len(program.warnings()), 1)
        self.assertIn('where the config gsettings is to hold them', program.warnings()[0])
        self.watch('gsettings.yaml', nest('{an-int32: 8}'), 'gsettings')
        self.hears(program, ('an-int32', '8'))
        self.change('{an-int32: 9}')
        self.hears(program, ('an-int32', '9'))

    def test_no_config_of_several(self):
        self.watch('gsettings.yaml', nest('{child: {size: 8}}'), 'gsettings')
        program = self.start('gsettings;app=/org/reconf/test/')
        program.watch(TEST)
        self.watch('app.yaml', 'an-int32: 8\n', 'app')
        self.hears(program, ('an-int32', '8'))

    def test_registered_anew(self):
        """What was read last stays until there is another of that name, whose files need not be public."""
        program = self.open('{an-int32: 1}')
        program.watch(TEST)
        for value in range(2, 5):
            self.client.manager('UnregisterConfig', '(s)', 'gsettings')
            self.assertEqual(program.get(TEST, 'an-int32'), str(value - 1))
            path = self.write(f'other-{value}.yaml', nest(f'{{an-int32: {value}}}'))
            path.chmod(0o600)
            self.client.register('gsettings', path)
            self.hears(program, ('an-int32', str(value)))
        self.save('other-4.yaml', nest('{an-int32: 9}'))
        self.hears(program, ('an-int32', '9'))

    def test_never_good(self):
        """A config whose file was never good has nothing."""
        self.dropin('gsettings', File=self.write('gsettings.yaml', 'a: [\n'))
        program = self.start()
        program.watch(TEST)
        self.assertEqual(program.get(TEST, 'an-int32'), '7')
        self.change('{an-int32: 8}')
        self.hears(program, ('an-int32', '8'))

    def test_hung(self):
        """A service that does not answer holds up the first read for a while, and no other."""
        self.watch('gsettings.yaml', nest('{an-int32: 8}'), 'gsettings')
        go_on = self.hold()
        try:
            program = self.start()
            program.watch(TEST)
            self.assertEqual(program.get(TEST, 'an-int32'), '7')
        finally:
            go_on()
        self.hears(program, ('an-int32', '8'))


class OnTheSystemBus(TestCase):
    """A service of the system has no session bus, and takes the other one for it."""
    bus_kind = 'system'

    def test_follows(self):
        self.watch('gsettings.yaml', nest('{an-int32: 8}'), 'gsettings')
        program = self.start(DBUS_SESSION_BUS_ADDRESS=self.bus.address)
        program.watch(TEST)
        self.assertEqual(program.get(TEST, 'an-int32'), '8')
        self.bus.end_daemon()
        self.change('{an-int32: 9}')
        self.hears(program, ('an-int32', '9'))
