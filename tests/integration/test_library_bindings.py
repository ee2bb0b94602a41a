# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the client library is for programs outside of this tree: complete, and usable from each language."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml

import manual
import reconf
from gi.repository import GLib
from library import Reconf, native

SOURCE = pathlib.Path(__file__).parents[2]
LIBRARY = next(reconf.PREFIX.glob('**/pkgconfig/reconf-1.pc')).parents[1]
GIR = {'gir': 'http://www.gtk.org/introspection/core/1.0', 'c': 'http://www.gtk.org/introspection/c/1.0'}

# What stands for each member of the interfaces; config_read is reading that is local.
MEMBERS = {
    'Manager': {
        'RegisterConfig': 'client_register', 'RegisterDirectory': 'client_register_directory',
        'UnregisterConfig': 'client_unregister', 'GetConfig': 'client_get_config',
        'GetConfigByFile': 'client_find_configs', 'ListConfigs': 'client_list_configs', 'Reload': 'config_reload',
        'Rollback': 'config_rollback', 'GetVersionHistory': 'config_get_history', 'GetAudit': 'client_get_audit',
        'ListInstances': 'client_list_instances', 'RegisterInstance': 'instance_new',
        'SetHotReload': 'client_set_hot_reload', 'GetStatistics': 'client_get_statistics',
    },
    'Config': {
        'Reload': 'config_reload_with_options', 'Rollback': 'config_rollback',
        'GetVersionHistory': 'config_get_history', 'Label': 'config_label', 'ListInstances': 'config_list_instances',
        'Diff': 'config_diff', 'Get': 'config_get_variant', 'GetAll': 'config_get_variant',
        'GetSnapshot': 'config_dup_snapshot', 'SetFiles': 'config_set_files', 'SetHotReload': 'config_set_hot_reload',
        'Confirm': 'config_confirm', 'ExtendConfirm': 'config_extend_confirm', 'Validate': 'config_validate',
        'AddValidator': 'instance_new', 'RemoveValidator': 'instance_unregister', 'GetProblems': 'config_get_problems',
        'Subscribe': 'client_get_config', 'Unsubscribe': 'client_get_config',
        'GetStatistics': 'config_get_statistics',
    },
    'Instance': {'ReportApplied': 'instance_report', 'Renotify': 'instance_renotify',
                 'Unregister': 'instance_unregister'},
    'Validator': {'Validate': 'change_reject'},
}


class Complete(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        tree = xml.parse(next(reconf.PREFIX.glob('**/Reconf-1.gir')))
        cls.functions = {item.get('{%(c)s}identifier' % GIR).removeprefix('reconf_'): item
                         for kind in ('function', 'method', 'constructor')
                         for item in tree.iterfind(f'.//gir:{kind}', GIR)}

    def test_members(self):
        """Each method of the interfaces has a function, which can be called from any language."""
        for name, members in MEMBERS.items():
            path = SOURCE / 'introspection' / f'org.reconf.Reconf1.{name}.xml'
            methods = {method.get('name') for method in xml.parse(path).iterfind('.//method')}
            self.assertEqual(methods, set(members), name)
            for member, function in members.items():
                self.assertIn(function, self.functions, member)
                self.assertNotEqual(self.functions[function].get('introspectable'), '0', function)

    def test_each_call_waits_or_not(self):
        """Whatever can be cancelled is there in all three forms."""
        stems = {name.removesuffix('_sync') for name, item in self.functions.items()
                 if item.find('.//gir:type[@name="Gio.Cancellable"]', GIR) is not None}
        self.assertGreater(len(stems), 30)
        for stem in stems:
            finish = re.sub('(client_new|config_open).*', r'\1', stem)
            self.assertLessEqual({stem, f'{stem}_sync', f'{finish}_finish'}, set(self.functions))

    def test_errors_are_told(self):
        """Whatever may fail says how, or says as what it fails."""
        for name, item in self.functions.items():
            text = item.findtext('gir:doc', '', GIR)
            asks = item.find('.//gir:type[@name="Gio.Cancellable"]', GIR) is not None
            if asks or (item.get('throws') and not name.endswith('_finish')):
                self.assertRegex(text, r'Errors: |%\w*ERROR|\bAs \[', name)


class Python(unittest.TestCase):
    def setUp(self):
        self.config = Reconf.Config.new_for_data(
            b'{servers: [{host: a, port: 1}, {host: b}], m: {x: 1, "y.z": [2]}, s: hi, n: null, '
            b'big: 18446744073709551615, list: [a, b], mixed: [a, 1]}', 'yaml')

    def test_iterate(self):
        servers = Reconf.Iter.new(self.config.dup_snapshot(), 'servers')
        found = []
        while servers.next()[0]:
            found.append((servers.get_string('host', None), servers.get_int('port', 80), servers.has('port')))
        self.assertEqual(found, [('a', 1, True), ('b', 80, False)])
        members = Reconf.Iter.new(self.config.dup_snapshot(), 'm')
        found = {}
        more, key = members.next()
        while more:
            found[key] = native(members.get_variant(''))
            more, key = members.next()
        self.assertEqual(found, {'x': 1, 'y.z': [2]})
        self.assertEqual(tuple(Reconf.Iter.new(self.config.dup_snapshot(), 's').next()), (False, None))

    def test_types(self):
        config = self.config
        self.assertEqual(config.get_uint('big', 0), 2 ** 64 - 1)
        self.assertEqual(config.get_int('big', 7), 7)
        self.assertEqual(config.dup_strv('list'), ['a', 'b'])
        self.assertEqual(config.dup_strv('mixed'), [])
        self.assertEqual(config.get_variant('n').get_type_string(), 'g')
        self.assertIsNone(config.get_variant('none'))
        self.assertIsNone(config.lookup_value('s', GLib.VariantType('x')))
        self.assertEqual(config.lookup_value('s', GLib.VariantType('s')).unpack(), 'hi')
        snapshot = config.dup_snapshot()
        self.assertEqual(snapshot.get_value_type('m').dup_string(), 'a{sv}')
        self.assertEqual(snapshot.dup_keys('m'), ['x', 'y.z'])
        self.assertEqual(native(config.get_variant(Reconf.path_append('m', 'y.z'))), [2])

    def test_snapshot_never_changes(self):
        snapshot = self.config.dup_snapshot()
        self.config.set_data(b's: ho', 'yaml')
        self.assertEqual((snapshot.get_string('s', None), self.config.dup_string('s', None)), ('hi', 'ho'))
        self.assertEqual((snapshot.get_version(), self.config.get_version()), (1, 2))


C_PROGRAM = r'''
#include <reconf/reconf.h>
int main(void)
{
        g_autoptr(ReconfConfig) config = reconf_config_new_for_data("{a: {b: [1, 2]}, s: hi}", -1, "yaml", NULL);
        g_autoptr(ReconfSnapshot) snapshot = reconf_config_dup_snapshot(config);
        g_autoptr(ReconfChange) change = reconf_change_new(snapshot, snapshot);
        g_autoptr(ReconfClient) client = NULL;
        g_autoptr(ReconfInstance) instance = NULL;
        const char *text = NULL, *key;
        ReconfIter iter;

        reconf_iter_init(&iter, snapshot, "");
        while (reconf_iter_next(&iter, &key))
                g_print("%s ", key);
        if (reconf_snapshot_lookup(snapshot, "s", "&s", &text))
                g_print("%s %d %u\n", text, (int) reconf_config_get_int(config, "a.b.1", 0),
                        reconf_change_get_n_items(change));
        return RECONF_CHECK_VERSION(0, 1, 0) && !client && !instance ? 0 : 1;
}
'''

VALA_PROGRAM = '''
async void run (string file) throws Error {
    var config = yield Reconf.Config.open (BusType.SESSION, file, null);
    var handle = config.watch ("a", (config, path, old, now) => print ("%s\\n", path));
    config.changed["a"].connect ((change) => print ("%u\\n", change.get_n_items ()));
    var iter = new Reconf.Iter (config.dup_snapshot (), "");
    unowned string? key;
    uint64 version;
    while (iter.next (out key))
        print ("%s ", key);
    yield config.reload (null, out version);
    print ("%d %d %s\\n", (int) config.get_int ("a", 0), (int) version, config.unwatch (handle).to_string ());
}

int main (string[] arguments) {
    var loop = new MainLoop ();
    run.begin (arguments[1], (source, result) => {
        try {
            run.end (result);
        } catch (Error error) {
            print ("%s\\n", error.message);
        }
        loop.quit ();
    });
    loop.run ();
    return 0;
}
'''


class Outside(unittest.TestCase):
    """Programs that are built against what is installed."""

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix='reconf-test-'))
        self.addCleanup(shutil.rmtree, self.directory)
        self.environment = os.environ | {
            'PKG_CONFIG_PATH': f'{LIBRARY}/pkgconfig:{os.environ.get("PKG_CONFIG_PATH", "")}',
            'DBUS_SESSION_BUS_ADDRESS': 'unix:path=/nonexistent'}

    def run_program(self, *command):
        return subprocess.run([str(word) for word in command], cwd=self.directory, env=self.environment, text=True,
                              capture_output=True, check=False, timeout=reconf.TIMEOUT, stdin=subprocess.DEVNULL)

    def need(self, *programs):
        for program in programs:
            if not shutil.which(program):
                self.skipTest(f'there is no {program}')

    def compile(self, compiler, name, text, *options):
        flags = self.run_program('pkg-config', '--cflags', '--libs', 'reconf-1')
        self.assertEqual((flags.returncode, flags.stderr), (0, ''))
        (self.directory / name).write_text(text)
        return self.run_program(compiler, *options, name, '-o', 'program', *flags.stdout.split())

    def test_c(self):
        for compiler, name, standard in ('cc', 'program.c', 'c99'), ('c++', 'program.cc', 'c++14'):
            with self.subTest(compiler):
                self.need(compiler, 'pkg-config')
                built = self.compile(compiler, name, C_PROGRAM, '-Wall', '-Wextra', '-Wpedantic', '-Werror',
                                     f'-std={standard}', '-DRECONF_VERSION_MAX_ALLOWED=RECONF_VERSION_0_1',
                                     '-DRECONF_VERSION_MIN_REQUIRED=RECONF_VERSION_0_1')
                self.assertEqual((built.returncode, built.stderr), (0, ''))
                self.assertEqual(self.run_program('./program').stdout, 'a s hi 2 0\n')

    def test_one_header(self):
        self.need('cc', 'pkg-config')
        built = self.compile('cc', 'program.c', '#include <reconf/config.h>\nint main(void) { return 0; }\n')
        self.assertIn('Only <reconf/reconf.h> can be included directly', built.stderr)

    def test_too_old(self):
        """Who wants to run with an older library is warned of what that does not have."""
        self.need('cc', 'pkg-config')
        built = self.compile('cc', 'program.c', C_PROGRAM, '-DRECONF_VERSION_MAX_ALLOWED=(G_ENCODE_VERSION(0,0))')
        self.assertIn('Not available before 0.1', built.stderr)

    def test_manual(self):
        """The manual page's program does what the page says, without a bus."""
        page = reconf.PREFIX / 'share' / 'man' / 'man3' / 'libreconf-1.3'
        if not page.exists():
            self.skipTest('there are no manual pages')
        self.need('cc', 'pkg-config')
        lines = manual.examples(manual.Manual(page.name).section('EXAMPLES'))[0]
        built = self.compile('cc', 'program.c', '\n'.join(lines), '-Wall', '-Wextra', '-Wno-unused-parameter', '-Werror')
        self.assertEqual((built.returncode, built.stderr), (0, ''))
        file = self.directory / 'a.yaml'
        file.write_text('database: {pool: {size: 20}}\n')
        with subprocess.Popen([self.directory / 'program', file], env=self.environment, stdout=subprocess.PIPE,
                              text=True) as program:
            self.addCleanup(program.kill)
            self.assertEqual(program.stdout.readline(), '20\n')
            (self.directory / 'new').write_text('database: {pool: {size: 30}}\n')
            (self.directory / 'new').rename(file)
            self.assertEqual(program.stdout.readline(), '30\n')
            program.kill()

    def test_vala(self):
        self.need('valac')
        vapi = reconf.PREFIX / 'share' / 'vala' / 'vapi'
        if not (vapi / 'reconf-1.vapi').exists():
            self.skipTest('there is no Vala API')
        (self.directory / 'program.vala').write_text(VALA_PROGRAM)
        built = self.run_program('valac', '--vapidir', vapi, '--pkg', 'reconf-1', 'program.vala', '-o', 'program')
        self.assertEqual(built.returncode, 0, built.stderr)
        (self.directory / 'a.yaml').write_text('{a: 5, b: 1}')
        result = self.run_program('./program', self.directory / 'a.yaml')
        self.assertEqual((result.stdout, result.stderr), ('a b 5 1 true\n', ''))
