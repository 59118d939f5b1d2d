"""Runs one unit of the suite, as a process of its own with an outer time limit.

Owns: the suite's command line in both modes, the external server's process, clean-up.
Invariants: every process started here is dead when `run` returns, and only those are killed.
Modes: `external` = the suite talks to a server that we start; `spawn` = the suite starts and
restarts the binary itself, with configuration files of its own, as src/redis-server.
Must not know: committed results. Tests: test_runner.py covers the parsing; the reference run of
the real redis-server (run.py --reference) covers the rest.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import report

MODES = ("external", "spawn")
SECONDS_MAX = 240
WORKERS_MAX = 4
START_SECONDS_MAX = 60
POLL_SECONDS = 0.05
LOG_TAIL_LINES = 25

# What the suite itself needs from a server that it did not configure.
EXTERNAL_SERVER_OPTIONS = (
    "--save", "", "--enable-debug-command", "yes", "--enable-protected-configs", "yes",
)

# Redis 8 calls short lists and small sets listpacks where the suite of 7.0 expects a quicklist or a
# hashtable throughout. What OBJECT ENCODING answers for them is tested in tests/commands.
UNITS_WITHOUT_ENCODINGS = ("unit/type/list", "unit/type/list-2", "unit/type/list-3", "unit/type/set")


def run(copy: Path, name: str, mode: str, skip: list[str], scratch: Path,
        worker: int = 0) -> report.Report:
    """Runs unit `name` in `mode`, without the tests named in `skip`. Runs at the same time have
    different numbers as `worker`, below WORKERS_MAX, and different trees as `copy`."""
    output = scratch / f"{name.replace('/', '-')}.{mode}.log"
    command = ["./runtest", "--durable", "--clients", "1", "--single", name, *_ports(worker)]
    if name in UNITS_WITHOUT_ENCODINGS:
        command.append("--ignore-encoding")
    for test in skip:
        command += ["--skiptest", test]
    with contextlib.ExitStack() as stack:
        server = None
        if mode == "external":
            server = stack.enter_context(ExternalServer(copy, scratch))
            if not server.answers():
                return report.Report(aborted=f"the server did not start:\n{server.log_tail()}")
            command += ["--host", "127.0.0.1", "--port", str(server.port)]
        timed_out = _run_group(command, copy, output)
        result = report.parse(output.read_text(errors="replace"))
        if timed_out:
            result.aborted = f"not finished after {SECONDS_MAX} s"
        if server is not None and server.process.poll() is not None:
            status = server.process.returncode
            result.aborted = f"the server ended ({status}):\n{server.log_tail()}"
    return result


def _ports(worker: int) -> list[str]:
    """A range of its own for the suite, below the kernel's range of ephemeral ports."""
    base = random.randrange(20100, 31900, 100 * WORKERS_MAX) + 100 * worker
    return ["--baseport", str(base), "--portcount", "60"]


def _run_group(command: list[str], cwd: Path, output: Path) -> bool:
    """Runs `command` in a process group of its own; returns whether it was out of time."""
    environment = {**os.environ, "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    with open(output, "wb") as sink:
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True,
        )
    deadline = time.monotonic() + SECONDS_MAX
    try:
        # WNOWAIT leaves the leader unreaped, so its group id cannot be anyone else's below.
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        while os.waitid(os.P_PID, process.pid, flags) is None:
            if time.monotonic() > deadline:
                return True
            time.sleep(POLL_SECONDS)
        return False
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ExternalServer:
    """The binary of the tree, started by us on a free port with a directory of its own."""

    def __init__(self, copy: Path, scratch: Path) -> None:
        self.port = free_port()
        # A port may come up twice in a run; a directory may not.
        directory = Path(tempfile.mkdtemp(dir=scratch, prefix=f"server-{self.port}-"))
        self.log = directory / "log"
        with open(self.log, "wb") as sink:
            self.process = subprocess.Popen(
                [copy / "src" / "redis-server", "--port", str(self.port), "--dir", directory,
                 "--bind", "127.0.0.1", *EXTERNAL_SERVER_OPTIONS],
                stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT, cwd=directory,
            )

    def __enter__(self) -> "ExternalServer":
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()

    def answers(self) -> bool:
        """Waits for +PONG; false when the process ends or the time is up first."""
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
                    peer.sendall(b"PING\r\n")
                    if peer.recv(7) == b"+PONG\r\n":
                        return True
            except OSError:
                pass
            time.sleep(POLL_SECONDS)
        return False

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])
