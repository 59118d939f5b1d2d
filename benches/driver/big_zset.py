"""A sorted set of ten million members, several times larger than the memory allowed.

Owns: the scenarios bigzset-*. Invariants: members, scores and the order of filling are three
different permutations, so no two of them lie together by accident; our server has a maxmemory, and
Redis, which would refuse the writes under one, has none. Must not know: how members are kept.
Tests: test_types.py runs it small against redis-server twice.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import counters
import elements
import load
import process
from context import Context, Scenario, Table, count, markdown_table
from elements import member
from resp import encode
from server import NAMES, OURS, Server

MEMBERS = 10_000_000
MAXMEMORY_MB = 128
MAXMEMORY_MB_MIN = 32
CONNECTIONS = 4
KEY = "bigzset"
RANDOM = "__rand_int__"
# Primes that divide no power of ten.
FILL_STRIDE, SCORE_STRIDE = 6_700_417, 2_750_159
# Rows of a member: its own and its score's. Twice its name, and about this much around it.
ROW_BYTES = 2 * (len(member(0)) + 32)


@dataclass(frozen=True)
class BigZset(Scenario):
    command: tuple[str, ...]


SCENARIOS = (
    BigZset("bigzset-zscore", "ZSCORE of a random member.", ("ZSCORE", KEY, f"m:{RANDOM}")),
    BigZset("bigzset-zrank", "ZRANK of a random member.", ("ZRANK", KEY, f"m:{RANDOM}")),
    BigZset("bigzset-zrangebyscore", "ZRANGEBYSCORE from a random score, LIMIT 0 10.",
            ("ZRANGEBYSCORE", KEY, RANDOM, "+inf", "LIMIT", "0", "10")),
    BigZset("bigzset-zadd", "ZADD of a random score to a random member.",
            ("ZADD", KEY, RANDOM, f"m:{RANDOM}")),
)


def fill(size: int) -> Iterator[bytes]:
    for first in range(0, size, elements.PER_COMMAND):
        parts: list[object] = []
        for position in range(first, min(first + elements.PER_COMMAND, size)):
            number = position * FILL_STRIDE % size
            parts += [number * SCORE_STRIDE % size, member(number)]
        yield encode("ZADD", KEY, *parts)


def maxmemory_mb(context: Context) -> int:
    return max(int(MAXMEMORY_MB * context.scale), MAXMEMORY_MB_MIN)


def directives_for(context: Context, name: str) -> tuple[tuple[str, str], ...]:
    return (("maxmemory", f"{maxmemory_mb(context)}mb"),) if name == OURS else ()


def measure(
    context: Context, server: Server, scenario: BigZset, size: int
) -> list[object]:
    shape = load.Shape(scenario.command, connections=CONNECTIONS, keys=size)
    requests = load.requests_for(server, shape, context.seconds)
    samples, blocks, device = [], [], []
    for _ in range(context.rounds):
        before = counters.file_reads(server), process.device_bytes(server.pid)[0]
        samples.append(load.run(server, shape, requests, settle=False))
        # Compactions that the writes caused read files too, in calls of megabytes.
        blocks.append((counters.file_reads(server) - before[0]) / samples[-1].requests)
        read = process.device_bytes(server.pid)[0] - before[1]
        device.append(read / samples[-1].requests)
    reads = median(blocks)
    # Redis reads its sockets by read() too, so the count says nothing about files there.
    shown, verdict = "", ""
    if server.name == OURS:
        shown = f"{reads:.2f}"
        verdict = "yes" if reads <= math.log2(size) else "**no**"
    context.progress(f"{scenario.name} {server.name}: {samples[-1].per_second:,.0f} op/s, "
                     f"{reads:.2f} reads")
    return [scenario.name, server.name, count(median(one.per_second for one in samples)),
            f"{median(one.p50_ms for one in samples):.3f}",
            f"{median(one.p99_ms for one in samples):.3f}",
            f"{median(one.cpu_us for one in samples):.1f}", shown,
            count(median(device)), verdict]


def run(context: Context, chosen: Sequence[BigZset]) -> str:
    size = max(int(MEMBERS * context.scale), 100_000)
    rows, about = [], []
    for name in NAMES:
        with context.server(name, directives_for(context, name)) as server:
            with server.client() as client:
                client.fill(fill(size))
                members = client.command("ZCARD", KEY)
            if members != size:
                context.problem(f"bigzset: {name} has {members} members instead of {size}")
            if not server.wait_quiet():
                context.progress(f"{name} is still busy long after the fill")
            about.append(f"{name} holds {server.resident_bytes() / 1e6:,.0f} MB in memory and "
                         f"{server.disk_bytes() / 1e6:,.0f} MB on disk")
            rows += [measure(context, server, scenario, size) for scenario in chosen]
    order = {one.name: position for position, one in enumerate(chosen)}
    rows.sort(key=lambda row: order[row[0]])
    head = ["scenario", "server", "op/s", "p50 ms", "p99 ms", "CPU µs/op", "file reads per op",
            "device bytes per op", f"≤ log2 N = {math.log2(size):.0f}"]
    data = size * ROW_BYTES / 1e6
    return (f"{size:,} members, about {data:,.0f} MB of rows, our maxmemory "
            f"{maxmemory_mb(context)} MB; {'; '.join(about)}.\n\n{markdown_table(head, rows)}")


TABLE = Table(
    "bigzset", "A sorted set five times larger than memory",
    f"{CONNECTIONS} connections, one request in flight on each. `file reads` are read() calls of "
    "the server per operation: blocks that none of its caches held, compaction included. The "
    "kernel's page cache is not limited here.",
    SCENARIOS, run,
)
