# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the kernel tells of a process: memory, and how often its threads ran."""

import pathlib
import time


def read_fields(path):
    fields = (line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return {name: value.split() for name, value in fields}


def private_kb(pid):
    # The first line is an address range, with colons of its own; its fields are never asked for.
    fields = read_fields(pathlib.Path(f"/proc/{pid}/smaps_rollup"))
    return int(fields["Private_Clean"][0]) + int(fields["Private_Dirty"][0])


def peak_kb(pid):
    """The most that was ever in memory, shared or not."""
    return int(read_fields(pathlib.Path(f"/proc/{pid}/status"))["VmHWM"][0])


def switches(pid):
    """How often any thread was put on a processor: no wakeup goes without one."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = read_fields(task / "status")
        total += int(fields["voluntary_ctxt_switches"][0])
        total += int(fields["nonvoluntary_ctxt_switches"][0])
    return total


def wait_until_settled(pid, quiet=1.0):
    """Waits until the process has done what was left to do: for a while nothing wakes it."""
    last = switches(pid)
    while True:
        time.sleep(quiet)
        now = switches(pid)
        if now == last:
            return
        last = now
