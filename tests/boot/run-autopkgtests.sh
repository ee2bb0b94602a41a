#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# run-autopkgtests.sh DEBIAN TESTS PACKAGE...: installs packages over this very machine, as only this process and those
# below it see it, and runs tests of DEBIAN/tests, joined by blanks. Says "ok TEST" of each that passes, and the rest on
# standard error. To be run in a mount namespace of its own.
set -eu

debian=$1
tests=$2
shift 2

scratch=/mnt
root=$scratch/root
mount -t tmpfs -o mode=755 tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$root"
for name in dev proc sys; do
        mount --rbind "/$name" "$root/$name"
done
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
cp -R -- "$debian" "$root/tmp/debian"
mkdir "$root/tmp/packages"
cp -- "$@" "$root/tmp/packages"

chroot "$root" sh -c 'dpkg --force-unsafe-io --install /tmp/packages/*.deb' >&2
for test in $tests; do
        if chroot "$root" sh -c 'cd /tmp && debian/tests/on-own-bus "debian/tests/$1"' sh "$test" >&2; then
                echo "ok $test"
        fi
done
