# SPDX-License-Identifier: LGPL-2.1-or-later
"""A case with the client library, as Python has it, on its bus."""
import gi
import reconf
import scene

gi.require_version('Reconf', '1')
from gi.repository import GLib, Reconf  # noqa: E402


class TestCase(scene.TestCase):
    """A case with a client of the library's (self.library)."""

    def setUp(self):
        super().setUp()
        self.library = self.connect()

    def connect(self):
        library = Reconf.Client.new_for_address_sync(self.bus.address, None)
        library.set_reconnect_delay(10)
        return library

    def open(self, content='a: 1\n', name='a', paths=None):
        self.watch(f'{name}.yaml', content, name)
        return self.library.get_config_sync(name, paths, None)

    def note(self, config, detail='changed'):
        """Changes heard, as (previous, version, [(path, old, new)])."""
        heard = []

        def on_changed(_, change):
            items = [(change.get_path(i), native(change.get_old_value(i)), native(change.get_new_value(i)))
                     for i in range(change.get_n_items())]
            heard.append((change.get_previous(), change.get_version(), items))
        config.connect(detail, on_changed)
        return heard

    def wait_connected(self, config):
        self.wait(lambda: config.get_status() == Reconf.Status.CONNECTED, 'the config to be connected')

    def end_bus(self):
        """The daemon goes with it."""
        pid = self.bus.daemon_pid()
        for client in self.bus.clients:
            client.close()
        self.bus.clients.clear()
        self.bus.process.terminate()
        self.bus.process.wait(reconf.TIMEOUT)
        reconf.wait_for_end(pid)

    def assert_error(self, code, call, *arguments):
        """The call fails with an error of the library's domain."""
        with self.assertRaises(GLib.Error) as caught:
            call(*arguments)
        self.assertTrue(caught.exception.matches(Reconf.error_quark(), code), caught.exception)

    def wait(self, condition, what='the library'):
        return reconf.wait_until(condition, what)


def native(value):
    return None if value is None else reconf.native(value)
