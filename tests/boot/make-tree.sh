#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# make-tree.sh RELEASE MIRROR PACKAGES LATER DIRECTORY: a Debian tree in DIRECTORY/tree, with these packages, which are
# joined by commas, and nothing enabled that is no part of the system. LATER are those that can be configured only when
# all others are. To be run in a mount namespace of its own, so that what is mounted here ends with it.
#
# It is made in memory, since dpkg syncs every file of it.
set -eu

release=$1
mirror=$2
packages=$3
later=$4
directory=$5

mkdir -p "$directory/memory"
mount -t tmpfs tmpfs "$directory/memory"
tree=$directory/memory/tree

debootstrap --variant=minbase --include="$packages" "$release" "$tree" "$mirror"
# Nothing is started: to what Debian's packages ask, this is no machine that runs.
env DEBIAN_FRONTEND=noninteractive chroot "$tree" apt-get install -qq -y --no-install-recommends \
        $(echo "$later" | tr , ' ')
systemctl --root="$tree" --quiet disable dnsmasq.service
(cd "$tree" && rm -rf usr/share/doc usr/share/locale usr/share/man var/cache/apt var/lib/apt/lists)
cp -a "$tree" "$directory/tree"
