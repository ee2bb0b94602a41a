# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program of its own that runs on configs, and does as it is told.

Run as a script, it is that program: a line of JSON on its standard input is a command, and one on its standard output
the answer. What is imported is the other end of that.
"""
import json
import os
import pathlib
import signal
import subprocess
import sys

import reconf


class Program:
    """A process with a connection of its own. Ended with the case."""

    def __init__(self, case, name='webshop', prefix=()):
        self.process = subprocess.Popen(
            [*prefix, '/usr/bin/python3', pathlib.Path(__file__), case.bus.address, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        case.addCleanup(self._clean_up)
        # The program's own, where it lives; what stands before it may wait for it in another process.
        self.own_pid = self._read()

    @property
    def pid(self):
        return self.process.pid

    def _clean_up(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def _read(self):
        return json.loads(self.process.stdout.readline())

    def tell(self, command, *arguments):
        """What the command returned."""
        self.process.stdin.write(json.dumps([command, *arguments]) + '\n')
        self.process.stdin.flush()
        return self._read()

    def register(self, config, **settings):
        """The instance's path, and the version that was active."""
        return tuple(self.tell('register', config, settings))

    def report(self, path, version, status='applied', message=''):
        self.tell('report', path, version, status, message)

    def kill(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait()


def serve(client):
    def register(config, settings):
        instance, version = client.register_instance(config, **settings)
        return instance.path, version

    def report(path, version, status, message):
        reconf.Instance(client, path).report(version, status, message)

    def unregister(path):
        reconf.Instance(client, path).call('Unregister')

    def fork():
        """A child that holds the connection, and ends when told so."""
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        return pid

    commands = {'register': register, 'report': report, 'unregister': unregister, 'fork': fork}
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        print(json.dumps(commands[command](*arguments)), flush=True)


if __name__ == '__main__':
    pathlib.Path('/proc/self/comm').write_text(sys.argv[2])
    print(os.getpid(), flush=True)
    serve(reconf.Client(sys.argv[1]))
