# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of GSettings that knows nothing of Reconf, and does as it is told.

Run as a script, it is that program: a line of JSON on its standard input is a command, and one on its standard output
the answer. What is imported is the other end of that.
"""
import json
import pathlib
import subprocess
import sys
import threading

from gi.repository import Gio, GLib


class SettingsProgram:
    """A process with an environment of its own. Ended with the case."""

    def __init__(self, case, environment):
        self.errors = open(case.directory / 'program-errors', 'w+')
        self.process = subprocess.Popen(['/usr/bin/python3', pathlib.Path(__file__)], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        case.addCleanup(self._clean_up)

    def _clean_up(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()

    def __getattr__(self, command):
        """Each command is a method; see serve()."""
        def tell(*arguments):
            self.process.stdin.write(json.dumps([command, *arguments]) + '\n')
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        return tell

    def warnings(self):
        """The lines that it has written on its standard error."""
        self.errors.seek(0)
        return [line for line in self.errors.read().splitlines() if line]


def text(value):
    return None if value is None else value.print_(False)


class Commands:
    def __init__(self):
        self.open = {}
        self.noted = []
        self.bound = []

    def _settings(self, schema, path=None):
        key = schema, path
        if key not in self.open:
            self.open[key] = (Gio.Settings.new_with_path(schema, path) if path else Gio.Settings.new(schema))
        return self.open[key]

    def get(self, schema, key, path=None):
        """The value as GVariant text."""
        return text(self._settings(schema, path).get_value(key))

    def get_user(self, schema, key):
        return text(self._settings(schema).get_user_value(key))

    def watch(self, schema, path=None):
        """From now on notes each key that is told of, with its value."""
        settings = self._settings(schema, path)
        for key in settings.props.settings_schema.list_keys():
            settings.get_value(key)
        settings.connect('changed', lambda _, key: self.noted.append([key, text(settings.get_value(key))]))

    def watch_batches(self, schema):
        """Notes how many keys are told of at once."""
        self._settings(schema).connect('change-event', lambda _, keys, n: self.noted.append(n))

    def heard(self):
        """What was noted since it was last asked."""
        noted, self.noted = self.noted, []
        return noted

    def await_without_loop(self, schema, key, value):
        """Reads on, while its main loop stands still."""
        while self.get(schema, key) != value:
            pass
        return value

    def read_from_threads(self, schema, key, last):
        """All that was read by several threads until each has read the last one."""
        seen = set()

        def read():
            settings = Gio.Settings.new(schema)
            value = None
            while value != last:
                value = text(settings.get_value(key))
                seen.add(value)
        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(seen)

    def set(self, schema, key, value):
        """Whether it could, what is read then, and whether it is writable."""
        settings = self._settings(schema)
        done = settings.set_value(key, GLib.Variant.parse(settings.get_value(key).get_type(), value, None, None))
        Gio.Settings.sync()
        return [done, text(settings.get_value(key)), settings.is_writable(key)]

    def set_delayed(self, schema, key, value):
        """What is read after that was applied, and whether there is anything left to apply."""
        settings = Gio.Settings.new(schema)
        settings.delay()
        settings.set_value(key, GLib.Variant.parse(None, value, None, None))
        settings.apply()
        return [text(settings.get_value(key)), settings.props.has_unapplied]

    def delay(self, schema):
        """From now on, what is set waits to be applied."""
        self._settings(schema).delay()

    def revert(self, schema):
        self._settings(schema).revert()

    def bind(self, schema, key):
        """Has one property follow a key, and another one whether it can be written."""
        settings = self._settings(schema)
        self.bound = [Gio.SimpleAction(name='value'), Gio.SimpleAction(name='writable')]
        settings.bind(key, self.bound[0], 'enabled', Gio.SettingsBindFlags.DEFAULT)
        settings.bind_writable(key, self.bound[1], 'enabled', False)

    def get_bound(self):
        return [action.props.enabled for action in self.bound]

    def reset(self, schema, key):
        self._settings(schema).reset(key)
        Gio.Settings.sync()
        return text(self._settings(schema).get_value(key))

    def backend(self, schema):
        return self._settings(schema).props.backend.__gtype__.name


def main():
    commands = Commands()
    loop = GLib.MainLoop()

    def on_line(source, condition):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        command, *arguments = json.loads(line)
        print(json.dumps(getattr(commands, command)(*arguments)), flush=True)
        return True

    GLib.io_add_watch(sys.stdin.fileno(), GLib.PRIORITY_DEFAULT_IDLE, GLib.IOCondition.IN | GLib.IOCondition.HUP,
                      on_line)
    loop.run()


if __name__ == '__main__':
    main()
