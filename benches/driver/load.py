"""redis-benchmark as the load, and what the server paid for it.

Owns: its command line, its CSV, the CPU account of one run. Invariants: a run in which the
server answered an error is no result; background work that a run left behind is charged to that
run, not to the next one. Must not know: scenarios. Tests: test_driver.py.
"""

import csv
import io
import subprocess
import time
from dataclasses import dataclass

from server import Server

RUN_SECONDS_MAX = 1800
CALIBRATION_REQUESTS = 20_000
CALIBRATION_SECONDS_MIN = 0.3


class LoadFailed(Exception):
    """redis-benchmark failed, or the server answered it with errors."""


@dataclass(frozen=True)
class Shape:
    """How the load arrives: connections, requests in flight on each, random keys, the command."""

    command: tuple[str, ...]
    connections: int = 50
    pipeline: int = 1
    keys: int = 100_000


@dataclass(frozen=True)
class Sample:
    """One run. CPU includes what the server went on doing after the last reply."""

    requests: int
    seconds: float
    cpu_seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / self.requests * 1e6


def command_line(port: int, shape: Shape, requests: int) -> list[str]:
    return ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-c", str(shape.connections),
            "-P", str(shape.pipeline), "-n", str(requests), "-r", str(shape.keys), "--csv", "-e",
            *shape.command]


def parse(output: str) -> tuple[float, float, float]:
    """Returns requests per second and the p50 and p99 latency in ms of the last result line."""
    rows = [row for row in csv.reader(io.StringIO(output)) if len(row) == 8]
    if len(rows) < 2 or rows[0][1] != "rps":
        raise LoadFailed(f"redis-benchmark printed no result: {output[-400:]!r}")
    return float(rows[-1][1]), float(rows[-1][4]), float(rows[-1][6])


def run(server: Server, shape: Shape, requests: int, settle: bool = True) -> Sample:
    """Sends `requests` requests. With `settle`, waits for background work and charges it too."""
    requests = max(requests // shape.pipeline, shape.connections) * shape.pipeline
    before = server.cpu_seconds()
    started = time.monotonic()
    done = subprocess.run(
        command_line(server.port, shape, requests), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=RUN_SECONDS_MAX, check=False,
    )
    wall = time.monotonic() - started
    server.check_alive()
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0 or "Error from server" in output:
        raise LoadFailed(f"{' '.join(done.args)}\n{output[-800:]}")
    rate, p50_ms, p99_ms = parse(output)
    # The tool rounds its own duration to nothing in very short runs; the wall clock never does.
    seconds = requests / rate if rate > 0 else wall
    if settle:
        server.wait_quiet()
    return Sample(requests, seconds, server.cpu_seconds() - before, p50_ms, p99_ms)


def requests_for(server: Server, shape: Shape, seconds: float) -> int:
    """How many requests keep the server busy for about `seconds`, from a growing trial run."""
    requests = CALIBRATION_REQUESTS
    while True:
        sample = run(server, shape, requests)
        if sample.seconds >= min(CALIBRATION_SECONDS_MIN, seconds):
            return max(int(sample.per_second * seconds), CALIBRATION_REQUESTS)
        requests *= 4
