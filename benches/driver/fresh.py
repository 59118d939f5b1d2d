"""The load of fresh random keys: what it sends, for how long, and what it came to.

Owns: its parameters. Invariants: values cannot be compressed away; the first of several pieces
only finds out how fast the server is, so it counts as cost and not as speed. Must not know:
scenarios. Tests: those of writes.py and partitions.py.
"""

import time
from collections.abc import Sequence

import load
from server import Server

# Twelve random digits eight times, as redis-benchmark fills them in.
VALUE = "__rand_int__" * 8
# Of one request, without the protocol.
PAYLOAD_BYTES = len("key:") + 12 + len(VALUE)
KEYS, KEYS_MIN = 20_000_000, 100_000
PIPELINE = 16
MAXMEMORY_MB = 256
CHUNK_SECONDS = 3


def shape(scale: float) -> load.Shape:
    return load.Shape(("SET", "key:__rand_int__", VALUE), pipeline=PIPELINE,
                      keys=max(int(KEYS * scale), KEYS_MIN))


def chunks(server: Server, what: load.Shape, duration: float) -> list[load.Sample]:
    """Runs the load in pieces, so that the slowest moment shows, for a fixed time."""
    samples = []
    requests = load.CALIBRATION_REQUESTS * 5
    ends = time.monotonic() + duration
    while time.monotonic() < ends:
        samples.append(load.run(server, what, requests, settle=False))
        requests = int(samples[-1].per_second * CHUNK_SECONDS)
    return samples


def steady(samples: Sequence[load.Sample]) -> Sequence[load.Sample]:
    return samples[1:] or samples


def rate(samples: Sequence[load.Sample]) -> float:
    """Requests per second."""
    kept = steady(samples)
    return sum(sample.requests for sample in kept) / sum(sample.seconds for sample in kept)


def cost(samples: Sequence[load.Sample], cpu_seconds: float | None = None) -> float:
    """CPU time per request in µs; `cpu_seconds` where it is not the sum of the pieces."""
    if cpu_seconds is None:
        cpu_seconds = sum(sample.cpu_seconds for sample in samples)
    return cpu_seconds / sum(sample.requests for sample in samples) * 1e6
