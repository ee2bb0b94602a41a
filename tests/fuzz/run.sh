#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs a fuzzer from its seeds: run.sh FUZZER SEEDS [OPTION of libFuzzer …]
#
# The seeds are only read. What the fuzzer finds new goes to $RECONF_FUZZ_DIR, to be found there by the next run,
# or is thrown away where that is not set; so with a directory, and without -max_total_time, it goes on as long as
# one likes. Input that fails is left in the current directory.
set -eu

fuzzer=$1
seeds=$2
shift 2

if [ -n "${RECONF_FUZZ_DIR:-}" ]; then
        corpus=$RECONF_FUZZ_DIR/${fuzzer##*/}
        mkdir -p "$corpus"
else
        corpus=$(mktemp -d)
        trap 'rm -rf "$corpus"' EXIT
fi

"$fuzzer" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 "$@" "$corpus" "$seeds"
