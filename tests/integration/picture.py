# SPDX-License-Identifier: LGPL-2.1-or-later
"""A client that keeps a config's document by what it is told, as any client may.

It asks once with Subscribe(), and from then on applies the changes that ConfigChanged brings. A signal is a hint: one
whose previous version is not the version held means that some were lost, and Subscribe() with the version held tells
what they would have told. The same call is made whenever the service comes to the bus, which it may have left.

As a program, picture.py ADDRESS OBJECT FILE [PATH ...], it goes on where FILE ends, and writes what it holds to it, a
line each: [epoch, version, document]. It ends once it holds the version that a line of standard input tells, and says
how it came by what it holds.
"""
import collections
import json
import os
import re
import sys

import reconf
from gi.repository import Gio, GLib

KEY = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')


def keys(path):
    """The keys of a dotted path."""
    return [plain or re.sub(r'\\(.)', r'\1', quoted) for quoted, plain in KEY.findall(path)]


def apply(document, changes):
    """Makes the changes in the document. Lists are changed as a whole, so only maps are walked through."""
    for path, kind, _, value in changes:
        *above, last = keys(path)
        place = document
        for key in above:
            place = place[key]
        if kind == 'removed':
            del place[last]
        else:
            place[last] = value


def touches(path, other):
    """Whether one of them lies at or under the other."""
    return all(key == other_key for key, other_key in zip(keys(path), keys(other)))


class Picture:
    """A config as one client sees it: all of it, or as much as lies at, above and below some paths.

    held is called with this object whenever it holds another version.
    """

    def __init__(self, client, path, held, paths=()):
        self.client = client
        self.config = reconf.Config(client, path)
        self.held = held
        self.paths = list(paths)
        self.epoch, self.version, self.document = '', 0, {}
        self.counts = collections.Counter()

    def begin(self):
        connection = self.client.connection
        # From the name's owner only: GDBus sees to that.
        self.signals = connection.signal_subscribe(reconf.NAME, reconf.CONFIG, 'ConfigChanged', self.config.path, None,
                                                   Gio.DBusSignalFlags.NONE, self._changed)
        # One of the two is called soon, which is the first time that it catches up. A service that left is started.
        self.watch = Gio.bus_watch_name_on_connection(connection, reconf.NAME, Gio.BusNameWatcherFlags.NONE,
                                                      lambda *_: self.catch_up(), lambda *_: self.catch_up())

    def end(self):
        Gio.bus_unwatch_name(self.watch)
        self.client.connection.signal_unsubscribe(self.signals)

    def _changed(self, connection, sender, path, interface, member, arguments):
        _, version, previous, changes, details = reconf.native(arguments)
        if version <= self.version:
            return  # Subscribe() was quicker
        if previous != self.version or details.get('truncated'):
            self.counts['gaps'] += 1
            self.catch_up()
            return
        self.counts['signals'] += 1
        self._take(version, changes)

    def _take(self, version, changes):
        # What is broadcast knows nothing of anybody's paths.
        wanted = [change for change in changes
                  if not self.paths or any(touches(change[0], path) for path in self.paths)]
        apply(self.document, wanted)
        self.version = version
        self.held(self)

    def catch_up(self):
        """Whatever was missed, from the last version held; or all there is, where that is not known any longer."""
        try:
            epoch = self.client.get_property(reconf.MANAGER_PATH, reconf.MANAGER, 'Epoch')
            since = self.version if epoch == self.epoch else 0
            version, changes, details = self.config.subscribe(since, **({'paths': self.paths} if self.paths else {}))
            if since > 0 and details['complete']:
                self.counts['diffs'] += 1
                if version != since:
                    self._take(version, changes)
                return
            version, document = self.config.call('GetAll')
        except reconf.BusError as error:
            if error.name != 'org.freedesktop.DBus.Error.NoReply':
                raise
            return  # it left in the middle, and will be told to have come back
        self.counts['documents'] += 1
        self.epoch, self.version, self.document = epoch, version, document
        self.held(self)


def main(address, path, file, *paths):
    loop = GLib.MainLoop()
    last = [None]

    def held(picture):
        output.write(json.dumps([picture.epoch, picture.version, picture.document]) + '\n')
        end()

    def end(*_):
        if last[0] and picture.version >= last[0]:
            loop.quit()

    def read_end(*_):
        last[0] = int(sys.stdin.readline())
        end()
        return False

    picture = Picture(reconf.Client(address, deaf=True), path, held, paths)
    if os.path.exists(file):
        with open(file, encoding='utf-8') as lines:
            picture.epoch, picture.version, picture.document = json.loads(lines.readlines()[-1])
    with open(file, 'a', buffering=1, encoding='utf-8') as output:
        picture.begin()
        GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN, read_end)
        loop.run()
    print(json.dumps(picture.counts))


if __name__ == '__main__':
    main(*sys.argv[1:])
