# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stand-in for systemd on a private bus: as much of its manager as a daemon needs that has units reloaded.

It does what the test says, while the test waits for something: a job ends as `result` says, or, where that is None,
when the test ends it.
"""
import collections

from gi.repository import Gio, GLib

import reconf

NAME = 'org.freedesktop.systemd1'
PATH = '/org/freedesktop/systemd1'
MANAGER = NAME + '.Manager'
UNIT = NAME + '.Unit'
SERVICE = NAME + '.Service'

JOB_METHODS = ('ReloadUnit', 'TryRestartUnit', 'ReloadOrTryRestartUnit', 'StartUnit')
MANAGER_XML = f'''<node><interface name="{MANAGER}">
<method name="Subscribe"/><method name="Unsubscribe"/>
<method name="ResetFailedUnit"><arg type="s" direction="in"/></method>
''' + ''.join(f'''<method name="{method}"><arg type="s" direction="in"/><arg type="s" direction="in"/>
<arg type="o" direction="out"/></method>''' for method in JOB_METHODS) + '</interface></node>'
UNIT_XML = f'''<node><interface name="{UNIT}"><property name="LoadState" type="s" access="read"/>
<property name="ActiveState" type="s" access="read"/><property name="SubState" type="s" access="read"/>
</interface><interface name="{SERVICE}"><property name="MainPID" type="u" access="read"/>
<property name="ExecMainStartTimestamp" type="t" access="read"/></interface></node>'''
TYPES = {'MainPID': 'u', 'ExecMainStartTimestamp': 't'}

Job = collections.namedtuple('Job', 'method unit path')


class Unit:
    def __init__(self, systemd, name, state):
        self.systemd = systemd
        self.path = f'{PATH}/unit/' + ''.join(c if c.isalnum() else f'_{ord(c):02x}' for c in name)
        self.state = {'LoadState': 'loaded', 'ActiveState': 'active', 'SubState': 'running', 'MainPID': 0,
                      'ExecMainStartTimestamp': 0} | state

    def _get(self, connection, sender, path, interface, name):
        return GLib.Variant(TYPES.get(name, 's'), self.state[name])

    def export(self):
        for interface in Gio.DBusNodeInfo.new_for_xml(UNIT_XML).interfaces:
            self.systemd.connection.register_object(self.path, interface, None, self._get, None)

    def set(self, **state):
        """Changes it, and says so."""
        self.state |= state
        changed = {'MainPID': GLib.Variant('u', self.state['MainPID'])}
        self.systemd.signal(self.path, reconf.PROPERTIES, 'PropertiesChanged', '(sa{sv}as)', SERVICE, changed, [])


class Systemd:
    def __init__(self, bus):
        self.bus = bus
        self.units = {}
        self.calls = []  # names of methods other than those for jobs
        self.jobs = collections.deque()  # that nobody has waited for
        self.count = 0
        self.result = 'done'
        self.error = None  # the name of what each wish for a job is answered with
        self.mute = False
        self.on_job = None  # makes the result of a job
        self.connect()

    def connect(self):
        client = self.bus.connect(deaf=True)
        self.connection = client.connection
        interface = Gio.DBusNodeInfo.new_for_xml(MANAGER_XML).interfaces[0]
        self.connection.register_object(PATH, interface, self._on_call, None, None)
        for unit in self.units.values():
            unit.export()
        client.call('/org/freedesktop/DBus', 'org.freedesktop.DBus', 'RequestName', '(su)', NAME, 0,
                    name='org.freedesktop.DBus')

    def begin_anew(self):
        """As systemctl daemon-reexec."""
        self.connection.flush_sync(None)
        self.connection.close_sync(None)
        self.connect()

    def add(self, name, **state):
        """A unit; it is running unless told otherwise."""
        unit = self.units[name] = Unit(self, name, state)
        unit.export()
        return unit

    def signal(self, path, interface, member, signature, *arguments):
        self.connection.emit_signal(None, path, interface, member, GLib.Variant(signature, arguments))

    def _on_call(self, connection, sender, path, interface, method, arguments, invocation):
        if method not in JOB_METHODS:
            self.calls.append(method)
            invocation.return_value(None)
            return
        unit, mode = arguments.unpack()
        assert mode == 'replace', mode
        self.count += 1
        job = Job(method, unit, f'{PATH}/job/{self.count}')
        self.jobs.append(job)
        if self.mute:
            return
        if self.error:
            invocation.return_dbus_error(self.error, 'it is as it is')
            return
        invocation.return_value(GLib.Variant('(o)', (job.path,)))
        result = self.on_job(job) if self.on_job else self.result
        if result:
            self.end(job, result)

    def end(self, job, result):
        self.signal(PATH, MANAGER, 'JobRemoved', '(uoss)', 1, job.path, job.unit, result)

    def wait_job(self):
        reconf.wait_until(lambda: self.jobs, 'a job')
        return self.jobs.popleft()
