# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian tree that is booted, and the installation that is laid over it.

The tree is made once by debootstrap and kept in $XDG_CACHE_HOME/reconf (~/.cache/reconf), under a name made of the
release and of how it is made, so that no build directory has to make its own. It is never written again. A tree is of
this machine's own release: the programs are built against its libraries.
"""
import fcntl
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess

# What boots; what the programs are linked with; a service whose settings are made live, and what stops programs at
# their system calls and tells of them.
PACKAGES = (
    'dbus', 'dbus-user-session', 'libpam-systemd', 'systemd', 'systemd-sysv',
    'gir1.2-glib-2.0', 'libacl1', 'libglib2.0-0', 'libmount1', 'libsodium23', 'libsqlite3-0', 'libyaml-0-2',
    'dnsmasq', 'strace',
)

# What debootstrap configures too early.
LATER_PACKAGES = ('polkitd',)

SCRIPT = pathlib.Path(__file__).parent / 'make-tree.sh'

# How debootstrap and apt say that the network is what is missing.
UNREACHABLE = ('Failed getting release file', "Couldn't download", 'Invalid Release file', 'Failed to fetch')


class Unavailable(Exception):
    """There is no tree, and none can be made here."""


def release():
    system = platform.freedesktop_os_release()
    if system['ID'] != 'debian' or 'VERSION_CODENAME' not in system:
        raise Unavailable(f'a tree of Debian runs what is built on the same Debian, and this is {system["ID"]}')
    return system['VERSION_CODENAME']


def mirror(codename):
    """Where this machine's own packages come from."""
    default = 'http://deb.debian.org/debian'
    targets = subprocess.run(
        ['apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', f'Codename: {codename}'],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return next((site for site in targets.stdout.splitlines() if site.startswith('http')), default)


def location():
    """Where the tree is, or is going to be."""
    cache = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    codename = release()
    what = ' '.join((codename, *PACKAGES, *LATER_PACKAGES)).encode() + SCRIPT.read_bytes()
    return pathlib.Path(cache) / 'reconf' / f'{codename}-{hashlib.sha256(what).hexdigest()[:12]}'


def run(*command):
    """Runs a tool that has to succeed; what it says, it says in the error."""
    result = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, errors='replace', check=False)
    if result.returncode != 0:
        raise subprocess.CalledProcessError(result.returncode, command, result.stdout)


def bootstrap(directory):
    codename = release()
    try:
        run('unshare', '--mount', 'sh', SCRIPT, codename, mirror(codename), ','.join(PACKAGES),
            ','.join(LATER_PACKAGES), directory)
    except subprocess.CalledProcessError as error:
        if any(words in error.output for words in UNREACHABLE):
            raise Unavailable('no tree has been made yet, and the packages cannot be had') from None
        raise


def make_tree():
    """The tree's directory. Makes it if there is none; a kill in the middle leaves none behind."""
    tree = location()
    tree.parent.mkdir(parents=True, exist_ok=True)
    with open(tree.with_suffix('.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.exists():
            partial = tree.with_suffix('.partial')
            if partial.exists():
                shutil.rmtree(partial)
            bootstrap(partial)
            (partial / 'tree').rename(tree)
            shutil.rmtree(partial)
    return tree
