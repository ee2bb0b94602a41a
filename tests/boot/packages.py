# SPDX-License-Identifier: LGPL-2.1-or-later
"""The Debian packages of what is in the source tree.

They are built once for each state of it, which takes as long as to compile everything; tests are no part of packages.
"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import debian

SOURCE = pathlib.Path(__file__).parents[2]
PACKAGING = SOURCE / 'data' / 'packaging'
DIRECTORY = pathlib.Path(os.environ['RECONF_BOOT_IMAGE']).with_name('packages')
DIGEST = DIRECTORY / 'digest'

# Those of a running system. To build programs takes more than the tree has.
INSTALLED = ('reconf', 'libreconf-1-0', 'gir1.2-reconf-1', 'reconf-gsettings-backend', 'reconf-doc')


def version():
    """As the changelog has it."""
    head = (PACKAGING / 'debian' / 'changelog').read_text()
    return re.match(r'reconf \((.*)\)', head).group(1)


def release():
    """The tree that they were built in."""
    return DIRECTORY / 'out' / f'reconf-{version().partition("-")[0]}'


def changes():
    return next((DIRECTORY / 'out').glob('reconf_*.changes'))


def find(*names):
    """Packages by their names; all, without."""
    found = sorted((DIRECTORY / 'out').glob('*.deb'))
    return [path for path in found if not names or path.name.partition('_')[0] in names]


def digest():
    """Of all that the packages are made of; None where git does not tell what that is."""
    listed = subprocess.run(['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', ':!tests'],
                            cwd=SOURCE, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        return None
    whole = hashlib.sha256()
    for name in sorted(set(listed.stdout.split('\0')) - {''}):
        path = SOURCE / name
        if path.is_file():
            whole.update(f'{name}\0{path.stat().st_mode:o}\0'.encode() + hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def build():
    present = digest()
    if present and DIGEST.exists() and DIGEST.read_text() == present:
        return
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    DIRECTORY.mkdir(parents=True)
    # The tests are built and run elsewhere, where warnings are errors, too.
    os.environ['DEB_BUILD_OPTIONS'] = f'nocheck parallel={os.cpu_count()}'
    os.environ['DEB_CFLAGS_APPEND'] = '-Werror'
    debian.run(PACKAGING / 'build-deb', DIRECTORY / 'out')
    if present:
        DIGEST.write_text(present)


def install(tree, image):
    """Makes the image, which lies over the tree, anew."""
    shutil.rmtree(image, ignore_errors=True)
    shutil.rmtree(f'{image}.partial', ignore_errors=True)
    debian.run('unshare', '--mount', 'sh', pathlib.Path(__file__).with_name('install-packages.sh'), tree, image,
               *find(*INSTALLED))


def make_next(package, directory):
    """The same package as of a later version, in that directory. Returns its version."""
    later = f'{version()}+next'
    unpacked = directory / 'unpacked'
    debian.run('dpkg-deb', '--raw-extract', package, unpacked)
    control = unpacked / 'DEBIAN' / 'control'
    control.write_text(re.sub('^Version: .*', f'Version: {later}', control.read_text(), flags=re.M))
    debian.run('dpkg-deb', '--root-owner-group', '-Znone', '--build', unpacked, directory / package.name)
    shutil.rmtree(unpacked)
    return later
