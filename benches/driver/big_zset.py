"""A sorted set of ten million members, several times larger than the memory allowed.

Owns: the scenarios bigzset-*. Invariants: members, scores and the order of filling are three
different permutations, so no two of them lie together by accident; our server has a maxmemory when
it is measured, and Redis, which would refuse the writes under one, has none. The filling is not
measured: under that maxmemory each member would wait for the disk twice, one after the other, as
bigzset-zadd shows, so it is done before our server is started again, under that maxmemory and with
empty caches. Must not know: how members are kept. Tests: test_types.py runs it small against
redis-server twice.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import counters
import elements
import load
import process
from context import Context, Scenario, Table, count, markdown_table
from elements import member
from resp import Client, encode
from server import NAMES, OURS, Server

MEMBERS = 10_000_000
MAXMEMORY_MB = 128
MAXMEMORY_MB_MIN = 128
# While the set is filled.
FILL_MAXMEMORY_MB = 6144
CONNECTIONS = 4
# Ours counts the blocks that it reads.
COUNTING = (("engine-statistics", "yes"),)
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
    if name != OURS:
        return ()
    return (("maxmemory", f"{FILL_MAXMEMORY_MB}mb"), *COUNTING)


def measure(
    context: Context, server: Server, client: Client, scenario: BigZset, size: int
) -> list[object]:
    shape = load.Shape(scenario.command, connections=CONNECTIONS, keys=size)
    requests = load.requests_for(server, shape, context.seconds)
    samples, gets, blocks, device = [], [], [], []
    for _ in range(context.rounds):
        before, read_before = counters.reading(client), process.device_bytes(server.pid)[0]
        samples.append(load.run(server, shape, requests, settle=False))
        counts = counters.between(before, counters.reading(client))
        gets.append(counters.reads_of(counts, samples[-1].requests))
        blocks.append(counters.blocks_of(counts, samples[-1].requests))
        # Compactions that the writes caused read the device too.
        read = process.device_bytes(server.pid)[0] - read_before
        device.append(read / samples[-1].requests)
    shown, verdict = ["", ""], ""
    if None not in blocks and None not in gets:
        shown = [f"{median(gets):.2f}", f"{median(blocks):.2f}"]
        verdict = "yes" if median(blocks) <= math.log2(size) else "**no**"
    context.progress(f"{scenario.name} {server.name}: {samples[-1].per_second:,.0f} op/s, "
                     f"{shown[-1] or 'no'} blocks")
    return [scenario.name, server.name, count(median(one.per_second for one in samples)),
            f"{median(one.p50_ms for one in samples):.3f}",
            f"{median(one.p99_ms for one in samples):.3f}",
            f"{median(one.cpu_us for one in samples):.1f}", *shown,
            count(median(device)), verdict]


def run(context: Context, chosen: Sequence[BigZset]) -> str:
    size = max(int(MEMBERS * context.scale), 100_000)
    rows, about = [], []
    for name in NAMES:
        with context.server(name, directives_for(context, name)) as server:
            with server.client() as client:
                begun = time.monotonic()
                client.fill(fill(size))
                context.progress(f"bigzset: {name} filled in {time.monotonic() - begun:.0f} s")
                members = client.command("ZCARD", KEY)
                if members != size:
                    context.problem(f"bigzset: {name} has {members} members instead of {size}")
                if not server.wait_quiet():
                    context.progress(f"{name} is still busy long after the fill")
            if name == OURS:
                server.stop()
                server.directives["maxmemory"] = f"{maxmemory_mb(context)}mb"
                server.start()
            with server.client() as client:
                rows += [measure(context, server, client, scenario, size) for scenario in chosen]
                about.append(f"{name} holds {server.resident_bytes() / 1e6:,.0f} MB in memory and "
                             f"{server.disk_bytes() / 1e6:,.0f} MB on disk")
    order = {one.name: position for position, one in enumerate(chosen)}
    rows.sort(key=lambda row: order[row[0]])
    head = ["scenario", "server", "op/s", "p50 ms", "p99 ms", "CPU µs/op", "engine reads per op",
            "blocks read per op", "device bytes per op", f"≤ log2 N = {math.log2(size):.0f}"]
    data = size * ROW_BYTES / 1e6
    return (f"{size:,} members, about {data:,.0f} MB of rows, our maxmemory "
            f"{maxmemory_mb(context)} MB; {'; '.join(about)}.\n\n{markdown_table(head, rows)}")


TABLE = Table(
    "bigzset", "A sorted set five times larger than memory",
    f"{CONNECTIONS} connections, one request in flight on each. `engine reads` are point reads, "
    "seeks and iterator steps that reached the engine, `blocks read` those blocks of 4 KiB that it "
    "took from files for them, indexes and filters included, compactions not (ours). Filled under "
    f"a maxmemory of {FILL_MAXMEMORY_MB:,} MB; ours is started again under the lower "
    "one before it is measured.",
    SCENARIOS, run,
)
