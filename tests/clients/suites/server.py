"""The server that a client's tests talk to.

Owns: one process on a free loopback port with a directory of its own. Invariants: it is dead and
its directory gone when the context is left; only that process is killed. Must not know: clients.
Tests: test_suites.py.
"""

import socket
import subprocess
import tempfile
import time
from pathlib import Path

START_SECONDS_MAX = 60
POLL_SECONDS = 0.02
LOG_TAIL_LINES = 25


class ServerFailed(Exception):
    """The server did not come up, or ended; carries the end of its log."""


class Server:
    def __init__(self, binary: Path) -> None:
        self.binary = binary
        self.port = 0
        self.process: subprocess.Popen | None = None
        self.home = tempfile.TemporaryDirectory(prefix="ferrock-clients-")

    def __enter__(self) -> "Server":
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.home.cleanup()

    def _start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        with open(self._log(), "wb") as sink:
            self.process = subprocess.Popen(
                [self.binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--dir", self.home.name, "--enable-debug-command", "yes"],
                stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                cwd=self.home.name,
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed(f"{self.binary} does not serve:\n{self.log_tail()}")
            time.sleep(POLL_SECONDS)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
                peer.sendall(b"PING\r\n")
                return peer.recv(7) == b"+PONG\r\n"
        except OSError:
            return False

    def ended(self) -> str | None:
        """How the server ended, when it has."""
        status = self.process.poll()
        return None if status is None else f"the server ended ({status}):\n{self.log_tail()}"

    def _log(self) -> Path:
        return Path(self.home.name) / "log"

    def log_tail(self) -> str:
        lines = self._log().read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])
