#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# install-packages.sh TREE IMAGE PACKAGE...: has dpkg install the files of packages into a Debian tree, which is left as
# it is; what became different goes to IMAGE, to be laid over the tree. To be run in a mount namespace of its own.
set -eu

tree=$1
image=$2
shift 2

# Not every file system can be the upper one of an overlay, and dpkg syncs what it writes.
mkdir -p "$image"
mount -t tmpfs -o mode=755 tmpfs "$image"
mkdir "$image/upper" "$image/work" "$image/root"
mount -t overlay -o "lowerdir=$tree,upperdir=$image/upper,workdir=$image/work" overlay "$image/root"

mkdir "$image/root/packages"
cp -- "$@" "$image/root/packages"
DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        chroot "$image/root" sh -c 'dpkg --install /packages/*.deb'
rm -r "$image/root/packages"
umount "$image/root"

cp -a "$image/upper" "$image.partial"
umount "$image"
rmdir "$image"
mv "$image.partial" "$image"
