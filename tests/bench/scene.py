# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private bus with a daemon on it, and processors that stay awake."""

import ctypes
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile

BUS_CONFIG = """<busconfig>
<type>session</type>
<listen>unix:tmpdir=/tmp</listen>
<auth>EXTERNAL</auth>
<policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy>
<limit name="max_completed_connections">100000</limit>
<limit name="max_incomplete_connections">10000</limit>
<limit name="max_connections_per_user">100000</limit>
<limit name="max_match_rules_per_connection">50000</limit>
<limit name="max_outgoing_bytes">1000000000</limit>
<limit name="max_incoming_bytes">1000000000</limit>
<limit name="max_message_size">1000000000</limit>
</busconfig>
"""

# What may call the floor of a bench, on a bus where nobody may call anybody by default.
BENCH_POLICY = """<busconfig><policy context="default">
<allow own="org.reconf.Bench"/><allow send_destination="org.reconf.Bench"/>
</policy></busconfig>
"""

SOURCE = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS = 30
PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def stop(process):
    process.terminate()
    process.wait()


class Awake:
    """Keeps every processor out of idle with a process that runs only where nobody else wants to.

    The time an idle virtual processor takes to wake is most of any figure below a millisecond, and drifts.
    """

    def __enter__(self):
        self.spinners = [
            subprocess.Popen(["sh", "-c", "while :; do :; done"], preexec_fn=self.step_back)
            for _ in os.sched_getaffinity(0)
        ]
        return self

    @staticmethod
    def step_back():
        die_with_parent()
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

    def __exit__(self, *_):
        for spinner in self.spinners:
            stop(spinner)


class Scene:
    """A directory that everybody may read, a bus, and reconfd on it.

    The bus has no limits worth the name. A strict one has those of the system bus and its rules, with reconfd as the
    system has it; only root can have that, and others get a bus as a session has it.
    """

    def __init__(self, build, strict=False):
        self.build = pathlib.Path(build)
        self.strict = strict
        self.is_system = strict and os.geteuid() == 0

    def __enter__(self):
        # Each subscriber is a connection here and one in the bus.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="reconf-bench-"))
        self.directory.chmod(0o755)
        self.files = self.directory / "files"
        self.files.mkdir()
        self.processes = []
        try:
            self.start_bus()
            self.start_daemon()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, command, **arguments):
        process = subprocess.Popen(command, preexec_fn=die_with_parent, **arguments)
        self.processes.append(process)
        return process

    def write_policies(self, parent):
        parent.mkdir(parents=True)
        shutil.copy(SOURCE / "data" / "system" / "org.reconf.Reconf1.conf", parent)
        (parent / "org.reconf.Bench.conf").write_text(BENCH_POLICY)

    def bus_config(self):
        if not self.strict:
            return BUS_CONFIG
        data = self.directory / "share"
        self.write_policies(data / "dbus-1" / "system.d")
        kind = "system" if self.is_system else "session"
        template = SOURCE / "tests" / "integration" / f"{kind}-bus.conf.in"
        return template.read_text().replace("@datadir@", str(data))

    def start_bus(self):
        config = self.directory / "bus.conf"
        # What it says of where to listen gives way to the command line.
        config.write_text(self.bus_config())
        bus = self.start(
            ["dbus-daemon", f"--config-file={config}", f"--address=unix:path={self.directory / 'bus'}", "--nofork",
             "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE,
            stderr=(self.directory / "bus.log").open("w"),
            text=True,
        )
        self.address = bus.stdout.readline().strip()
        self.environment = {
            **os.environ,
            # Programs that measure go there whatever its kind.
            "DBUS_SESSION_BUS_ADDRESS": self.address,
            "DBUS_SYSTEM_BUS_ADDRESS": self.address,
            "STATE_DIRECTORY": str(self.directory / "state" / "reconf"),
            "XDG_CONFIG_HOME": str(self.directory / "config"),
            "XDG_STATE_HOME": str(self.directory / "state"),
        }

    def start_daemon(self):
        settings = self.directory / "config" / "reconf"
        # What does not exist is waited for, in whatever directory does: one where nobody else is busy.
        (settings / "configs.d").mkdir(parents=True)
        # Without a config it would leave in the middle of what is measured.
        (settings / "reconf.conf").write_text("[Reconf]\nIdleExitSec=86400\n")

        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        ready.settimeout(START_SECONDS)
        ready.bind(str(self.directory / "notify"))
        self.daemon = self.start(
            [self.build / "daemon" / "reconfd", "--system" if self.is_system else "--user"],
            env={**self.environment, "NOTIFY_SOCKET": str(self.directory / "notify")},
            stderr=(self.directory / "reconfd.log").open("w"),
        )
        while b"READY=1" not in ready.recv(4096):
            pass
        ready.close()

    def run(self, program, *arguments):
        """Runs a measuring program; what it printed, by label: how many, p50 and p99 in microseconds."""
        command = [self.build / "tests" / "bench" / program, *map(str, arguments)]
        done = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True)
        rows = (line.split("\t") for line in done.stdout.splitlines())
        return {label: (int(count), float(p50), float(p99)) for label, count, p50, p99 in rows}

    def __exit__(self, *_):
        for process in reversed(self.processes):
            stop(process)
        shutil.rmtree(self.directory)
