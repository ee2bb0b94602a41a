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

    errors() {
        try {
            client.get_config_sync('none', null, null);
        } catch (error) {
            equal(error.matches(Reconf.error_quark(), Reconf.Error.NO_SUCH_CONFIG), true);
            return;
        }
        throw new Error('there is no such config');
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
