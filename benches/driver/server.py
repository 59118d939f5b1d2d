"""One server under measurement: ours or Debian's redis-server, started alike.

Owns: the process, its directory and port. Invariants: both servers get the same durability
directives and fresh directories on the same disk; a server that was started is stopped, by pid.
Must not know: scenarios. Tests: test_driver.py.
"""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import process
from resp import Client

START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60
LOG_TAIL_LINES = 20
OURS, REDIS = "ferrock", "redis"
NAMES = (OURS, REDIS)

# Every write reaches the kernel before its reply and the disk within a second; no snapshots.
DURABLE = (("appendonly", "yes"), ("appendfsync", "everysec"), ("save", ""))


class ServerFailed(Exception):
    """The server ended or did not come up; carries the end of its log."""


class Server:
    def __init__(
        self, name: str, binary: Path, base: Path, directives: Sequence[tuple[str, str]] = (),
        wrapper: Sequence[str] = (),
    ) -> None:
        """`directives` override DURABLE; `wrapper` is a command that runs the server's command,
        such as one that enters a cgroup first and then replaces itself."""
        self.name = name
        self.binary = binary
        self.directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
        self.directives = {**dict(DURABLE), **dict(directives)}
        self.wrapper = list(wrapper)
        self.process: subprocess.Popen | None = None
        self.port = 0

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def log(self) -> Path:
        return self.directory / "log"

    def start(self) -> float:
        """Starts the process on a free port; returns the seconds until it answered."""
        self.port = free_port()
        command = [*self.wrapper, str(self.binary), "--port", str(self.port),
                   "--bind", "127.0.0.1", "--dir", str(self.directory)]
        for directive, value in self.directives.items():
            command += [f"--{directive}", value]
        with open(self.log, "ab") as sink:
            self.process = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=sink,
                stderr=subprocess.STDOUT,
            )
        started = time.monotonic()
        while not self._answers():
            waited = time.monotonic() - started
            if self.process.poll() is not None or waited > START_SECONDS_MAX:
                self.kill()
                raise ServerFailed(f"{' '.join(command)}\n{self.log_tail()}")
            time.sleep(0.005)
        return time.monotonic() - started

    def _answers(self) -> bool:
        """Any answer will do, except that a data set is still being loaded."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as peer:
                peer.settimeout(1)
                peer.sendall(b"PING\r\n")
                answer = peer.recv(8)
                return bool(answer) and answer != b"-LOADING"
        except OSError:
            return False

    def check_alive(self) -> None:
        status = self.process.poll()
        if status is not None:
            raise ServerFailed(f"{self.name} ended ({status})\n{self.log_tail()}")

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """kill -9: nothing is flushed, nothing is said."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def client(self) -> Client:
        return Client(self.port)

    def cpu_seconds(self) -> float:
        return process.cpu_seconds(self.pid)

    def resident_bytes(self) -> int:
        return process.resident_bytes(self.pid)

    def wait_quiet(self, seconds_max: float = process.QUIET_WAIT_SECONDS_MAX) -> bool:
        return process.wait_quiet(self.pid, seconds_max)

    def disk_bytes(self) -> int:
        files = (path for path in self.directory.rglob("*") if path.is_file())
        return sum(path.stat().st_size for path in files)

    def log_tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
