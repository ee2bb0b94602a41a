# SPDX-License-Identifier: LGPL-2.1-or-later
"""Other users on a system bus, and a polkit that says what a test wants it to say.

Others are made in this process: a connection that is made as somebody else stays that somebody's. polkit has a thread
of its own, so that calls that wait for it do not wait for ever.
"""
import contextlib
import os
import pwd
import threading
import unittest

import reconf
import scene
from gi.repository import Gio, GLib

READ, EDIT, REGISTER = (f'{reconf.NAME}.{action}' for action in ('read', 'edit', 'register'))
DENIED = 'org.freedesktop.DBus.Error.AccessDenied'
APP_GROUP = 4242
NO_GROUP = 65534
PEOPLE = ('owner', 'member', 'stranger', 'granted')

POLKIT = 'org.freedesktop.PolicyKit1'
POLKIT_INTERFACE = f'''<node><interface name="{POLKIT}.Authority">
<method name="CheckAuthorization">
  <arg type="(sa{{sv}})" direction="in"/><arg type="s" direction="in"/><arg type="a{{ss}}" direction="in"/>
  <arg type="u" direction="in"/><arg type="s" direction="in"/><arg type="(bba{{ss}})" direction="out"/>
</method>
<method name="CancelCheckAuthorization"><arg type="s" direction="in"/></method>
</interface></node>'''


@contextlib.contextmanager
def somebody(uid, gid, groups=()):
    """As that user, in these groups alone, but for the way back."""
    before = os.getgroups()
    os.setgroups(list(groups))
    os.setresgid(gid, gid, 0)
    os.setresuid(uid, uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(before)


class Question:
    """What polkit was asked."""

    def __init__(self, parameters, uid, invocation):
        (kind, subject), self.action, self.details, self.flags, self.id = parameters
        assert kind == 'system-bus-name', kind
        self.client = subject['name']
        self.uid = uid
        self.interactive = self.flags == 1
        self.invocation = invocation

    def answer(self, authorized, challenge=False):
        self.invocation.return_value(GLib.Variant('((bba{ss}))', ((authorized, challenge, {}),)))


class Polkit:
    """Grants what is in grants, (uid, action); has held ones wait; of all others says no, or that it takes a prompt."""

    def __init__(self, address):
        self.grants = set()
        self.holds = set()
        self.challenges = set()
        self.asked = []
        self.cancelled = []
        self.error = None
        self.loop = None
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(address, ready))
        self.thread.start()
        if not ready.wait(reconf.TIMEOUT):
            raise AssertionError('polkit does not start')

    def _run(self, address, ready):
        context = GLib.MainContext.new()
        context.push_thread_default()
        self.loop = GLib.MainLoop.new(context, False)
        self.client = reconf.Client(address, deaf=True)
        information = Gio.DBusNodeInfo.new_for_xml(POLKIT_INTERFACE).interfaces[0]
        self.client.connection.register_object('/org/freedesktop/PolicyKit1/Authority', information, self._call, None,
                                               None)
        self._ask_bus('RequestName', '(su)', POLKIT, 4)
        ready.set()
        self.loop.run()
        self.client.close()
        context.pop_thread_default()

    def _ask_bus(self, method, signature, *arguments):
        return self.client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', method, signature, *arguments,
                                name='org.freedesktop.DBus')

    def _call(self, connection, sender, path, interface, method, parameters, invocation):
        if method == 'CancelCheckAuthorization':
            self.cancelled.append(reconf.native(parameters)[0])
            invocation.return_value(None)
            return
        values = reconf.native(parameters)
        uid = self._ask_bus('GetConnectionUnixUser', '(s)', values[0][1]['name'])
        question = Question(values, uid, invocation)
        self.asked.append(question)
        if self.error:
            invocation.return_dbus_error(self.error, 'no')
        elif (uid, question.action) in self.holds:
            pass
        else:
            question.answer((uid, question.action) in self.grants, (uid, question.action) in self.challenges)

    def stop(self):
        self.loop.quit()
        self.thread.join()

    def wait_asked(self, count=1):
        """The last of so many questions."""
        reconf.wait_until(lambda: len(self.asked) >= count, f'polkit to be asked {count} times')
        return self.asked[-1]


class TestCase(scene.TestCase):
    """A case on a system bus with some users: root is client, and others with and without rights to a file."""

    bus_kind = 'system'

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest('the service of the system is for root')

        # Any will do that the bus finds in the user database; groups need not be there.
        users = sorted({entry.pw_uid for entry in pwd.getpwall()} - {0})
        if len(users) < len(PEOPLE):
            raise unittest.SkipTest('there are not enough users')
        cls.uids = dict(zip(PEOPLE, users))

    def setUp(self):
        super().setUp()
        self.polkit = None
        self.clients = {'root': self.client}

    def start_polkit(self):
        self.polkit = Polkit(self.bus.address)
        self.addCleanup(self.polkit.stop)
        for action in (READ, EDIT, REGISTER):
            self.grants(self.uids['granted'], action)
        return self.polkit

    def grants(self, uid, action):
        self.polkit.grants.add((uid, action))

    def connect_as(self, person, **how):
        """A new connection of his."""
        if person == 'root':
            return self.bus.connect(**how)
        uid = self.uids[person]
        with somebody(uid, NO_GROUP, (APP_GROUP,) if person == 'member' else ()):
            return self.bus.connect(**how)

    def person(self, person):
        """His one connection."""
        if person not in self.clients:
            self.clients[person] = self.connect_as(person)
        return self.clients[person]

    def write_owned(self, name, content, mode=0o640):
        """A file of the owner's, which the group may read, unless the mode says otherwise."""
        path = self.path(name)
        if not path.exists():
            path.touch(mode=0o600)
            os.chown(path, self.uids['owner'], APP_GROUP)
        path.chmod(mode)
        path.write_text(content)
        return path

    def own(self, name='a', content='a: 1\n', mode=0o640, **settings):
        """Registers such a file as a config; what was heard until then is forgotten."""
        config = self.client.register(name, self.write_owned(f'{name}.yaml', content, mode), **settings)
        self.forget()
        return config

    def seen_by(self, person, config):
        """The config, as called by him."""
        return reconf.Config(self.person(person), config.path)

    def assert_denied(self, call, *arguments, **keywords):
        return self.assert_fails(DENIED, call, *arguments, **keywords)
