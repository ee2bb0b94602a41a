# SPDX-License-Identifier: LGPL-2.1-or-later
"""Control groups of the machines' own, so that no two that run at the same time get into each other's."""
import os
import pathlib
import secrets

ROOT = pathlib.Path('/sys/fs/cgroup')


def own():
    """The directories of the groups that this process is in, in all hierarchies that systemd puts processes in."""
    for line in pathlib.Path('/proc/self/cgroup').read_text().splitlines():
        _, controllers, path = line.split(':', 2)
        # The unified one is all there is, or stands beside the others.
        mounts = {'name=systemd': ['systemd'], '': ['unified', '.']}.get(controllers, [])
        found = (ROOT / mount / path.strip('/') for mount in mounts)
        yield from [directory for directory in found if (directory / 'cgroup.procs').exists()][:1]


def can_be_made():
    directories = list(own())
    return bool(directories) and all(os.access(directory, os.W_OK) for directory in directories)


class ControlGroup:
    def __init__(self):
        name = f'reconf-boot-{secrets.token_hex(4)}'
        self.directories = [directory / name for directory in own()]
        for directory in self.directories:
            directory.mkdir()

    def enter(self):
        for directory in self.directories:
            (directory / 'cgroup.procs').write_text('0')

    def remove(self):
        """With those that systemd made in it; all processes are gone."""
        for directory in self.directories:
            for path, _, _ in os.walk(directory, topdown=False):
                os.rmdir(path)
