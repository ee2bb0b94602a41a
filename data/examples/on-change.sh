#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs a command at each change of a config: on-change.sh [--system] NAME COMMAND [ARGUMENT...]
#
#   on-change.sh nginx systemctl reload nginx
#
# The command finds the version in $RECONF_VERSION. Changes that come while it runs are one. It is for configs in files
# that every user may read, since signals about others go to programs that subscribed only.
#
# A signal is taken as a hint to look at the version, so nothing is run twice or missed when the service starts anew.
set -eu

bus=--session
if [ "${1:-}" = --system ]; then
        bus=--system
        shift
fi
if [ $# -lt 2 ]; then
        echo "Usage: on-change.sh [--system] NAME COMMAND [ARGUMENT...]" >&2
        exit 2
fi
name=$1
shift

service=org.reconf.Reconf1
manager=/org/reconf/Reconf1

# call OBJECT METHOD [ARGUMENT...]
call()
{
        object=$1
        shift
        gdbus call "$bus" --dest $service --object-path "$object" --method "$@"
}

# gdbus prints (objectpath '/org/...',) and (<uint64 3>,).
config=$(call $manager $service.Manager.GetConfig "$name" | sed "s/.*'\(.*\)'.*/\1/")
[ -n "$config" ] || exit 1

get_version()
{
        call "$config" org.freedesktop.DBus.Properties.Get $service.Config Version | tr -cd '0-9 ' | sed 's/.* //'
}

# Listening begins before the first look, which its first line causes.
gdbus monitor "$bus" --dest $service --object-path "$config" | {
        RECONF_VERSION=
        export RECONF_VERSION
        while read -r line; do
                case $line in
                # The service went, and is called back by the question; or it came; or it says that something changed.
                *'does not have an owner'* | *'is owned by'* | *.Config.ConfigChanged*) ;;
                *) continue ;;
                esac
                version=$(get_version)
                # A service that goes while it is asked says nothing; the line about that comes next.
                [ -n "$version" ] && [ "$version" != "$RECONF_VERSION" ] || continue
                first=${RECONF_VERSION:-first}
                RECONF_VERSION=$version
                if [ "$first" = first ]; then
                        echo "Version $version of $name"
                else
                        "$@" </dev/null || echo "on-change.sh: $1 failed, at version $version" >&2
                fi
        done
}

# Only the bus ends that. Whoever started this is to start it again when the bus is back.
echo "on-change.sh: the bus has gone" >&2
exit 1
