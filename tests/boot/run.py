# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs boot tests where they can do no harm.

    run.py prepare
    run.py test MODULE [PATTERN ...]

`prepare` makes the Debian tree, unless there is one, builds the packages and has dpkg install them over the tree. `test`
runs the cases in mount and process namespaces: however the tests end, all that they started and mounted ends, too.

Where machines cannot be booted, the tests are skipped, and say why.
"""
import os
import pathlib
import shutil
import subprocess
import sys

import cgroup
import debian
import packages

PROGRAMS = ('debootstrap', 'dpkg-buildpackage', 'git', 'systemd-nspawn', 'nsenter', 'unshare', 'mount', 'journalctl')
NAMESPACES = ('unshare', '--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc')

HERE = pathlib.Path(__file__).parent


def check_machine():
    """Raises debian.Unavailable where there is no use in trying."""
    if os.geteuid() != 0:
        raise debian.Unavailable('only root can boot a container')
    # Not everybody's root has it.
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        raise debian.Unavailable(f'missing programs (of systemd-container, debootstrap, dpkg-dev or git): {" ".join(missing)}')
    overlays = 'overlay' in pathlib.Path('/proc/filesystems').read_text()
    if not overlays and subprocess.run(['modprobe', 'overlay'], capture_output=True, check=False).returncode != 0:
        raise debian.Unavailable('the kernel has no overlay file system')
    # Unless it can mount in a namespace, it can do nothing that follows.
    trial = subprocess.run([*NAMESPACES, 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        raise debian.Unavailable(f'there are no namespaces to be had: {trial.stderr.strip()}')
    if not cgroup.can_be_made():
        raise debian.Unavailable('no control groups can be made')


def prepare(image):
    tree = debian.make_tree()
    print('ok 1 tree', flush=True)
    packages.build()
    print('ok 2 packages', flush=True)
    packages.install(tree, image)
    print('ok 3 installation')
    print('1..3')


def run_module(arguments):
    """In the place of this process."""
    if not pathlib.Path(os.environ['RECONF_BOOT_IMAGE']).exists():
        print('Bail out! nothing is installed yet; run the test "prepare" first')
        sys.exit(1)
    os.environ['RECONF_BOOT_TREE'] = str(debian.make_tree())
    os.makedirs(os.environ['RECONF_BOOT_SCRATCH'], exist_ok=True)
    program = 'mount -t tmpfs -o mode=755 tmpfs "$RECONF_BOOT_SCRATCH" && exec "$@"'
    tap = HERE.parent / 'integration' / 'tap.py'
    command = [*NAMESPACES, 'sh', '-c', program, 'sh', sys.executable, str(tap), *arguments]
    os.execvp(command[0], command)


def main():
    image = pathlib.Path(os.environ['RECONF_BOOT_IMAGE'])
    try:
        check_machine()
        if sys.argv[1] == 'prepare':
            prepare(image)
        else:
            run_module(sys.argv[2:])
    except debian.Unavailable as reason:
        print(f'1..0 # SKIP {reason}')
    except subprocess.CalledProcessError as error:
        print(f'Bail out! {" ".join(str(word) for word in error.cmd)}: {error.output[-4000:]}')
        return 1
    return 0


sys.exit(main())
