#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make-tree.sh RELEASE MIRROR PACKAGES DIRECTORY: a Debian tree in DIRECTORY/tree, with these packages (joined by commas)
# and none of their services enabled. In a mount namespace of its own, so that what is mounted here ends with it.
#
# It is made in memory: dpkg would sync every file of it.
set -eu

release=$1
mirror=$2
packages=$3
directory=$4

mkdir -p "$directory/memory"
mount -t tmpfs tmpfs "$directory/memory"
tree=$directory/memory/tree

debootstrap --variant=minbase --include="$packages" "$release" "$tree" "$mirror"
systemctl --root="$tree" --quiet disable dnsmasq.service nginx.service
rm -rf "$tree/var/cache/apt" "$tree/var/lib/apt/lists" "$tree/usr/share/doc" "$tree/usr/share/locale" "$tree/usr/share/man"
cp -a "$tree" "$directory/tree"
