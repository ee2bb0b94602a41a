#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A tour that plays by itself: tour.sh FILE, a copy of data/examples/example.yaml on a bus of its own (./dev run --demo)
#
# What is shown is what happened: each step prints its command and what that really said, and the tour ends with an
# error where anything is not as told.
set -eu

# What is compared below is written with arrows.
LC_ALL=C.UTF-8
export LC_ALL

file=$1
original=$file.original
heard=$file.heard
cp "$file" "$original"

say()
{
        printf '\n# %s\n' "$*"
}

fail()
{
        printf '\nThis is not what was to happen: %s\n' "$*" >&2
        exit 1
}

# Prints a command and what it says; that is left in $output, the exit status in $status.
show()
{
        printf '$'
        for word; do
                case $word in
                *[!A-Za-z0-9_./=-]*) printf " '%s'" "$word" ;;
                *) printf ' %s' "$word" ;;
                esac
        done
        echo
        status=0
        output=$("$@" 2>&1) || status=$?
        [ -z "$output" ] || printf '%s\n' "$output"
}

expect()
{
        case $output in
        *"$1"*) ;;
        *) fail "'$1' is not in what was said" ;;
        esac
}

# Waits until the watcher has said something that holds the text, and prints what it said since the last time.
expect_heard()
{
        tries=0
        until tail -n "+$((heard_lines + 1))" "$heard" | grep -qF -e "$1"; do
                tries=$((tries + 1))
                [ $tries -lt 1200 ] || fail "'$1' was not heard"
                sleep 0.05
        done
        output=$(tail -n "+$((heard_lines + 1))" "$heard")
        heard_lines=$(wc -l <"$heard")
        printf '%s\n' "$output"
}

say 'A file becomes a config, and somebody listens.'
show reconfctl --user register shop "$file"
[ $status -eq 0 ] || fail 'it is not registered'
echo '$ reconfctl --user watch &'
reconfctl --user watch >"$heard" 2>&1 &
watcher=$!
trap 'kill $watcher 2>/dev/null' EXIT
heard_lines=0
tries=0
until reconfctl --user --json=short statistics | grep -q '"subscribers":[^0]*1'; do
        tries=$((tries + 1))
        [ $tries -lt 1200 ] || fail 'nobody listens'
        sleep 0.05
done

say 'An edit is heard at once, as what changed and nothing else.'
show sed -i 's/size: 10$/size: 25/' "$file"
expect_heard 'database.pool.size: 10 → 25'

say 'A file that is half written is not misread: what was good stays until the writer is done.'
whole=$(sed 's/new-checkout: false/new-checkout: true/' "$file")
half=${whole%%-suggestions*}
printf '$ exec 3>%s; head -c %s new >&3\n' "$file" "${#half}"
exec 3>"$file"
printf '%s' "$half" >&3
show reconfctl --user get shop features
expect 'new-checkout: false'
expect 'search-suggestions: false'
printf '$ tail -c +%s new >&3; exec 3>&-\n' "$((${#half} + 1))"
printf '%s\n' "${whole#"$half"}" >&3
exec 3>&-
expect_heard 'features.new-checkout: false → true'
case $output in
*'- '*) fail 'something was taken for removed' ;;
esac

say 'An edit that breaks the file is refused, with its place, and what was good stays.'
show sed -i 's/level: info .*/level: [info/' "$file"
expect_heard 'not reloaded'
show reconfctl --user status shop
[ $status -eq 5 ] || fail 'the state is not a failure'
expect 'invalid'
printf '%s\n' "$output" | grep -qE 'shop\.yaml:[0-9]+:[0-9]+: ' || fail 'there is no line and column'
show reconfctl --user get shop log.level
[ "$output" = info ] || fail 'the last good value is gone'

say 'Each version is kept, and going back brings back the bytes, comments and all.'
show reconfctl --user history shop
show reconfctl --user rollback shop 1
[ $status -eq 0 ] || fail 'it does not go back'
expect_heard 'database.pool.size: 25 → 10'
show head -n 6 "$file"
cmp "$original" "$file" || fail 'these are not the bytes of before'
show cmp "$original" "$file"
show reconfctl --user status shop
[ $status -eq 0 ] || fail 'the state is not good'

say 'All of it happened as told.'
