#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Follows a config file while running, and tells what each change of it is: subscriber.py FILE"""
import sys

import gi

gi.require_version('Reconf', '1')
from gi.repository import Gio, GLib, Reconf  # noqa: E402


def show(value):
    return value.print_(False) if value else 'nothing'


def on_changed(config, change):
    for i in range(change.get_n_items()):
        before, after = change.get_old_value(i), change.get_new_value(i)
        print(f'{change.get_path(i)}: {show(before)} -> {show(after)}', flush=True)


def on_reload_failed(config, stage, problems):
    """The file has been saved and is no good: what was read last stays."""
    for path, line, column, message in problems.unpack():
        print(f'Not reloaded ({stage}), line {line}: {message}', flush=True)


def apply_timeout(config, *_):
    print(f'Timeout: {config.get_int("server.timeout", 30)} s', flush=True)


def main(file):
    client = Reconf.Client.new_sync(Gio.BusType.SESSION, None)
    config = client.watch_file_sync(file, None)
    config.connect('changed', on_changed)
    config.connect('changed::server.timeout', apply_timeout)
    config.connect('reload-failed', on_reload_failed)
    apply_timeout(config)
    GLib.MainLoop().run()


if len(sys.argv) != 2:
    sys.exit(__doc__)
try:
    main(sys.argv[1])
except GLib.Error as error:
    sys.exit(error.message)
