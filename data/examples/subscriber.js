#!/usr/bin/env -S gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Follows a config file while running, and tells what each change of it is: subscriber.js FILE
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Reconf from 'gi://Reconf?version=1';
import {exit, programArgs} from 'system';

function show(value) {
    return value ? value.print(false) : 'nothing';
}

function onChanged(config, change) {
    for (let i = 0; i < change.get_n_items(); i++) {
        const [before, after] = [change.get_old_value(i), change.get_new_value(i)];
        print(`${change.get_path(i)}: ${show(before)} -> ${show(after)}`);
    }
}

// The file has been saved and is no good: what was read last stays.
function onReloadFailed(config, stage, problems) {
    for (const [path, line, column, message] of problems.deepUnpack())
        print(`Not reloaded (${stage}), line ${line}: ${message}`);
}

function applyTimeout(config) {
    print(`Timeout: ${config.get_int('server.timeout', 30)} s`);
}

if (programArgs.length !== 1) {
    printerr('Usage: subscriber.js FILE');
    exit(1);
}
// In reach of the whole module, so that they live as long as the program does.
let client, config;
try {
    client = Reconf.Client.new_sync(Gio.BusType.SESSION, null);
    config = client.watch_file_sync(programArgs[0], null);
} catch (error) {
    printerr(error.message);
    exit(1);
}
config.connect('changed', onChanged);
config.connect('changed::server.timeout', applyTimeout);
config.connect('reload-failed', onReloadFailed);
applyTimeout(config);
new GLib.MainLoop(null, false).run();
