/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The client library, as JavaScript has it: gjs library.js DIRECTORY, on the session bus, which has the service
 *
 * Each test has a config of its own. Prints TAP.
 */
imports.gi.versions.Reconf = '1';
const {Gio, GLib, Reconf} = imports.gi;
const System = imports.system;

const TIMEOUT_SECONDS = 20;
const directory = ARGV[0];
const client = Reconf.Client.new_sync(Gio.BusType.SESSION, null);
client.reconnect_delay = 10;

function save(name, text) {
    const path = GLib.build_filenamev([directory, `${name}.yaml`]);

    GLib.file_set_contents(path, text);
    return path;
}

function open(name, text) {
    return client.watch_file_sync(save(name, text), null);
}

function equal(value, expected) {
    const [found, wanted] = [value, expected].map(one => JSON.stringify(one));

    if (found !== wanted)
        throw new Error(`expected ${wanted}, found ${found}`);
}

function waitFor(what, condition) {
    const context = GLib.MainContext.default();
    let late = false;
    const timer = GLib.timeout_add_seconds(GLib.PRIORITY_DEFAULT, TIMEOUT_SECONDS, () => {
        late = true;
        return GLib.SOURCE_REMOVE;
    });

    while (!condition() && !late)
        context.iteration(true);
    if (late)
        throw new Error(`waited in vain for ${what}`);
    GLib.source_remove(timer);
}

function unpack(variant) {
    return variant ? variant.recursiveUnpack() : null;
}

const tests = {
    reading() {
        const config = open('reading', '{db: {pool: {size: 20}, host: x}, list: [a, b], on: true, rate: 1.5}\n');

        equal(config.get_int('db.pool.size', 5), 20);
        equal(config.get_int('db.pool.wait', 5), 5);
        equal(config.dup_string('db.host', null), 'x');
        equal(config.dup_strv('list'), ['a', 'b']);
        equal(config.get_boolean('on', false), true);
        equal(config.get_double('rate', 0), 1.5);
        equal(unpack(config.get_variant('db')), {host: 'x', pool: {size: 20}});
        equal(config.dup_snapshot().dup_keys('db'), ['host', 'pool']);
        equal([config.name, config.version], ['reading', 1]);
    },

    types() {
        const config = open('types', `{
            none: null, on: true, int: -5, large: 18446744073709551615, real: 2.5, text: "5", list: [1, [x], {y: 2}],
            map: {"a.b": {"": 1}, "q\\"": 2}}\n`);
        const snapshot = config.dup_snapshot();

        equal([snapshot.get_int('int', 1), snapshot.get_uint('int', 1), snapshot.get_double('int', 1)], [-5, 1, -5]);
        equal([snapshot.get_int('large', 1), snapshot.get_variant('large').print(false)], [1, '18446744073709551615']);
        equal([snapshot.get_double('real', 1), snapshot.get_int('real', 1)], [2.5, 1]);
        equal([snapshot.get_boolean('on', false), snapshot.get_boolean('int', false)], [true, false]);
        equal([snapshot.get_string('text', null), snapshot.get_int('text', 1), snapshot.get_string('int', 'x')],
            ['5', 1, 'x']);
        equal([snapshot.dup_strv('list'), snapshot.n_children('list')], [null, 3]);
        equal([snapshot.get_string('list.1.0', null), snapshot.get_int('list.2.y', 0)], ['x', 2]);
        equal([snapshot.get_int('map."a.b".""', 0), snapshot.get_int('map."q\\""', 0)], [1, 2]);
        equal([snapshot.has('none'), snapshot.has('nothing'), snapshot.get_variant('nothing')], [true, false, null]);
        equal(['on', 'int', 'large', 'real', 'text', 'list', 'map'].map(
            path => snapshot.get_value_type(path).dup_string()), ['b', 'x', 't', 'd', 's', 'av', 'a{sv}']);
        equal(unpack(snapshot.lookup_value('real', new GLib.VariantType('d'))), 2.5);
        equal(snapshot.lookup_value('real', new GLib.VariantType('x')), null);
        // What was taken stays.
        save('types', 'int: 6\n');
        waitFor('the change', () => config.get_int('int', 0) === 6);
        equal([snapshot.get_int('int', 0), snapshot.get_version(), config.version], [-5, 1, 2]);
        equal([snapshot.equal(snapshot), snapshot.equal(config.dup_snapshot())], [true, false]);
    },

    errors() {
        const config = open('errors', 'a: 1\n');
        const path = save('bad', 'a: [\n');
        const cases = {
            NO_SUCH_CONFIG: () => client.get_config_sync('none', null, null),
            ALREADY_REGISTERED: () => client.register_sync('errors', [path], null, null),
            INVALID_NAME: () => client.register_sync('a/b', [path], null, null),
            INVALID_ARGUMENT: () => client.register_sync('new', [path], new GLib.Variant('a{sv}', {
                nonsense: new GLib.Variant('b', true)}), null),
            INVALID_PATH: () => Reconf.path_is_valid('a..b'),
            FILE_NOT_FOUND: () => client.watch_file_sync(`${directory}/none.yaml`, null),
            PARSE_FAILED: () => client.watch_file_sync(path, null),
            NO_SUCH_VERSION: () => config.rollback_sync(99, null, null),
            NOT_UNCONFIRMED: () => config.confirm_sync(1, null),
        };

        for (const [name, call] of Object.entries(cases)) {
            let error = null;

            try {
                call();
            } catch (caught) {
                error = caught;
            }
            if (!error || !error.matches(Reconf.Error, Reconf.Error[name]))
                throw new Error(`expected ${name}, found ${error}`);
            equal([error.matches(Reconf.error_quark(), Reconf.Error[name]), error.matches(Gio.IOErrorEnum, error.code)],
                [true, false]);
            equal(error.message.includes('GDBus.Error'), false);
        }
        // Of other domains: those of GIO stay what they are.
        const cancellable = new Gio.Cancellable();
        let cancelled = false;

        cancellable.cancel();
        try {
            config.reload_sync(cancellable);
        } catch (error) {
            cancelled = error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
        }
        equal(cancelled, true);
    },

    versions() {
        const config = open('versions', '{a: 1, b: {c: 1}}\n');

        save('versions', '{a: 2, d: 3}\n');
        equal(config.reload_sync(null), [true, 2]);
        equal(unpack(config.diff_sync(1, 0, null)).map(change => change.slice(0, 2)),
            [['a', 'modified'], ['b', 'removed'], ['d', 'added']]);
        equal(config.label_sync(1, 'good', null), true);
        equal(config.rollback_sync(0, null, null), [true, 3]);
        equal(unpack(config.get_variant('')), {a: 1, b: {c: 1}});
        const history = unpack(config.get_history_sync(null));

        equal(history.map(version => [version[0], version[4]]),
            [[3, 'active'], [2, 'rolled-back'], [1, 'superseded']]);
        equal([history[0][2], history[2][2]], ['rollback', 'register']);
        equal(history[2][5].label, 'good');
        equal(unpack(config.validate_sync('{a: [', 'yaml', null)).length, 1);
        equal(unpack(config.get_problems_sync(null)), []);
    },

    registry() {
        const tenants = GLib.build_filenamev([directory, 'tenants']);
        const path = save('registry', 'a: 1\n');

        GLib.mkdir_with_parents(tenants, 0o755);
        GLib.file_set_contents(`${tenants}/one.yaml`, 'a: 1\n');
        equal(client.register_directory_sync('tenants', tenants, '*.yaml', null, null).length, 1);
        const config = client.register_sync('registry', [path], new GLib.Variant('a{sv}', {
            'max-versions': new GLib.Variant('u', 3)}), null);

        const names = unpack(client.list_configs_sync(null)).map(row => row[0]);

        equal(['registry', 'tenants@one'].every(name => names.includes(name)), true);
        equal([client.find_configs_sync(path, null), config.name], [['registry'], 'registry']);
        equal(client.unregister_sync('registry', null), true);
        waitFor('its end', () => config.status === Reconf.Status.ERROR);
        equal(config.error.matches(Reconf.Error, Reconf.Error.NO_SUCH_CONFIG), true);
        // What was read last still reads.
        equal(config.get_int('a', 0), 1);
    },

    changed() {
        const config = open('changed', '{a: 1, b: {c: 1}}\n');
        const [all, below] = [[], []];
        const note = list => (_, change) => {
            for (let i = 0; i < change.get_n_items(); i++)
                list.push([change.get_path(i), unpack(change.get_old_value(i)), unpack(change.get_new_value(i))]);
        };

        config.connect('changed', note(all));
        config.connect('changed::b', note(below));
        save('changed', '{a: 2, b: {c: 1}}\n');
        waitFor('a', () => all.length === 1);
        save('changed', '{a: 2, b: {c: 2}}\n');
        waitFor('b.c', () => below.length === 1);
        equal(all, [['a', 1, 2], ['b.c', 1, 2]]);
        equal(below, [['b.c', 1, 2]]);
    },

    items() {
        const config = open('items', '{a: 1, b: {c: 1}, d: 1}\n');
        const heard = [];

        config.connect('changed', (_, change) => heard.push(change));
        save('items', '{a: 2, d: 1, e: {f: 1}}\n');
        waitFor('the change', () => heard.length === 1);
        const [change] = heard;
        const indexes = [...Array(change.get_n_items()).keys()];

        equal(indexes.map(i => [change.get_path(i), change.get_kind(i)]), [['a', Reconf.ChangeKind.MODIFIED],
            ['b', Reconf.ChangeKind.REMOVED], ['e', Reconf.ChangeKind.ADDED]]);
        equal(['a', 'b.c', 'e', 'd', 'e.g', 'e.f'].map(path => change.touches(path)),
            [true, true, true, false, false, true]);
        equal([change.get_before().get_int('a', 0), change.get_after().get_int('a', 0)], [1, 2]);
        equal([change.get_previous(), change.get_version()], [1, 2]);
        equal(unpack(change.get_details()).origin, 'file');
    },

    handler() {
        const heard = [];
        const listen = config => config.connect('changed', changed => heard.push(changed.name));

        // One for many.
        ['handler-a', 'handler-b'].map(name => open(name, 'a: 1\n')).forEach(listen);
        save('handler-b', 'a: 2\n');
        waitFor('the second', () => heard.length === 1);
        save('handler-a', 'a: 2\n');
        waitFor('the first', () => heard.length === 2);
        equal(heard, ['handler-b', 'handler-a']);
    },

    watch() {
        const config = open('watch', 'a: 1\n');
        const heard = [];
        const handle = config.watch('test.value', (_, path, before, after) =>
            heard.push([path, unpack(before), unpack(after)]));

        save('watch', 'test: {value: 42}\n');
        waitFor('its coming', () => heard.length === 1);
        save('watch', 'a: 1\n');
        waitFor('its going', () => heard.length === 2);
        equal(heard, [['test.value', null, 42], ['test.value', 42, null]]);
        equal(config.unwatch(handle), true);
    },

    failed() {
        const config = open('failed', 'a: 1\n');
        const heard = [];

        config.connect('reload-failed', (_, stage, problems) => heard.push([stage, unpack(problems)[0][1]]));
        save('failed', 'a: [\n');
        waitFor('the failure', () => heard.length > 0);
        equal(heard[0], ['parse', 2]);
        equal(config.get_int('a', 0), 1);
    },

    bind() {
        const config = open('bind', 'on: false\n');
        const action = new Gio.SimpleAction({name: 'x'});

        config.bind('on', action, 'enabled', Reconf.BindFlags.DEFAULT);
        equal(action.enabled, false);
        save('bind', 'on: true\n');
        waitFor('the property', () => action.enabled);
    },

    bindWithClosure() {
        const config = open('closure', 'level: low\n');
        const action = new Gio.SimpleAction({name: 'x'});

        config.bind_with_closure('level', action, 'enabled', Reconf.BindFlags.DEFAULT,
                                 variant => variant.unpack() === 'high');
        equal(action.enabled, false);
        save('closure', 'level: high\n');
        waitFor('the property', () => action.enabled);
    },

    instance() {
        const config = open('instance', 'a: 1\n');
        const instance = Reconf.Instance.new_sync(config, 'test', Reconf.InstanceFlags.VALIDATES, null);
        const states = () => unpack(config.list_instances_sync(null)).map(row => [row[5], row[6]]);
        const failed = [];

        instance.connect('validate', (_, change) => {
            const good = change.get_after().get_int('a', 0) !== 3;

            if (!good)
                change.reject('a is three');
            return good;
        });
        config.connect('reload-failed', (_, stage, problems) => failed.push(unpack(problems)[0][3]));
        waitFor('the first report', () => equalStates(states(), [['current', 1]]));
        save('instance', 'a: 2\n');
        waitFor('the second report', () => config.version === 2 && equalStates(states(), [['current', 2]]));
        save('instance', 'a: 3\n');
        waitFor('the objection', () => failed.length > 0);
        equal(failed[0].includes('a is three'), true);
        equal(config.get_int('a', 0), 2);
    },

    asynchronously() {
        const config = open('asynchronously', 'a: 1\n');
        const done = [];

        config.validate('a: [', null, null, (_, result) => done.push(unpack(config.validate_finish(result))));
        waitFor('the answer', () => done.length === 1);
        equal(done[0].length, 1);
    },

    status() {
        const config = open('status', 'a: 1\n');
        const [seen, heard] = [[], []];
        const pid = client.dup_connection().call_sync('org.freedesktop.DBus', '/', 'org.freedesktop.DBus',
            'GetConnectionUnixProcessID', new GLib.Variant('(s)', ['org.reconf.Reconf1']), null,
            Gio.DBusCallFlags.NONE, -1, null).recursiveUnpack()[0];

        client.connect('notify::status', () => seen.push(client.status));
        config.connect('changed', () => heard.push(config.get_int('a', 0)));
        GLib.spawn_command_line_sync(`kill -KILL ${pid}`);
        waitFor('the end', () => client.status !== Reconf.Status.CONNECTED);
        equal(config.get_int('a', 0), 1);
        save('status', 'a: 2\n');
        waitFor('the return', () => config.status === Reconf.Status.CONNECTED && heard.length === 1);
        equal(heard, [2]);
        equal(seen, [Reconf.Status.CONNECTING, Reconf.Status.CONNECTED]);
    },

    iterating() {
        const config = open('iterating', 'servers: [{host: a, port: 1}, {host: b}]\n');
        const servers = Reconf.Iter.new(config.dup_snapshot(), 'servers');
        const found = [];

        System.gc();
        while (servers.next()[0])
            found.push([servers.get_string('host', null), servers.get_int('port', 80)]);
        equal(found, [['a', 1], ['b', 80]]);
    },

    opening() {
        const path = save('opening', 'a: 1\n');
        const found = [];

        Gio._promisify(Reconf.Config, 'open', 'open_finish');
        Reconf.Config.open(Gio.BusType.SESSION, path, null).then(config =>
            found.push(config.name, config.get_int('a', 0), config.get_client().status));
        waitFor('the config', () => found.length > 0);
        equal(found, ['opening', 1, Reconf.Status.CONNECTED]);
    },

    again() {
        const config = open('again', 'a: 1\n');
        const instance = Reconf.Instance.new_sync(config, 'test', Reconf.InstanceFlags.DEFAULT, null);
        const heard = [];
        const handler = config.connect('changed', (_, change) => change.hold());

        config.connect('changed', (_, change) => heard.push([change.get_previous(), change.get_version()]));
        save('again', 'a: 2\n');
        waitFor('the change', () => heard.length === 1);
        instance.report_sync(2, Reconf.Report.FAILED, 'no', null);
        config.disconnect(handler);
        instance.renotify_sync(null);
        waitFor('it once more', () => heard.length === 2);
        equal(heard, [[1, 2], [1, 2]]);
        equal(instance.unregister_sync(null), true);
    },

    alone() {
        const config = Reconf.Config.new_for_file(save('alone', 'a: 1\n'));
        const heard = [];

        config.connect('changed::a', () => heard.push(config.get_int('a', 0)));
        save('alone', 'a: 2\n');
        waitFor('the file', () => heard.length === 1);
        equal(heard, [2]);
    },
};

function equalStates(found, expected) {
    return JSON.stringify(found) === JSON.stringify(expected);
}

let status = 0;

print(`1..${Object.keys(tests).length}`);
Object.keys(tests).forEach((name, index) => {
    try {
        tests[name]();
        print(`ok ${index + 1} ${name}`);
    } catch (error) {
        status = 1;
        print(`not ok ${index + 1} ${name}`);
        printerr(`${error}\n${error.stack}`);
    }
});
System.exit(status);
