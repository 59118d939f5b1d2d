"""Collections that turn over: queues through ten million elements, and space that comes back.

Owns: the scenarios queue-* and space-*. Invariants: the work of every part of a run is the same, so
a part that is slower is slower for what went before it; disk space is looked at only when nobody
writes. Tests: test_types.py runs each against redis-server on a small scale.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import elements
from context import Context, Scenario, Table, count, markdown_table
from resp import encode
from server import NAMES, OURS, Server

TURNOVER = 10_000_000
PARTS = 10
DEPTH = 10_000
# Elements of one variadic command.
PER_TURN = 10
# Turns of one batch; all replies of a batch fit the socket buffers.
BATCH = 1000
# The last part may take this much longer than the first.
LAST_TO_FIRST_MAX = 1.3
SPACE_ELEMENTS = 1_000_000
SPACE_SECONDS_MAX = 300
SPACE_POLL_SECONDS = 1.0
# What may stay behind of what the collection had added to the directory.
SPACE_LEFT_SHARE_MAX = 0.1
MEGABYTE = 1e6


@dataclass(frozen=True)
class Queue(Scenario):
    """`turn` is sent once for each `per_turn` elements that pass; DEPTH elements stay behind."""

    kind: str
    turn: tuple[bytes, ...]
    per_turn: int = 1


@dataclass(frozen=True)
class Space(Scenario):
    kind: str


VALUE = "v" * 8
QUEUES = (
    Queue("queue-list", f"LPUSH and RPOP, {PER_TURN} elements each.", "list",
          (encode("LPUSH", "queue", *[VALUE] * PER_TURN), encode("RPOP", "queue", PER_TURN)),
          PER_TURN),
    Queue("queue-stream-exact", "XADD MAXLEN = 10,000.", "stream",
          (encode("XADD", "queue", "MAXLEN", "=", DEPTH, "*", "f", VALUE),)),
    Queue("queue-stream-about", "XADD MAXLEN ~ 10,000.", "stream",
          (encode("XADD", "queue", "MAXLEN", "~", DEPTH, "*", "f", VALUE),)),
    Queue("queue-zset", f"ZADD of growing scores and ZPOPMIN, {PER_TURN} members each.", "zset",
          (), PER_TURN),
)
SPACES = tuple(
    Space(f"space-{kind}", f"DEL of a {kind} of {SPACE_ELEMENTS:,} elements.", kind)
    for kind in elements.KINDS
)


def turns(queue: Queue, first: int, number: int) -> Iterator[bytes]:
    if queue.turn:
        # The same bytes each time: the loader costs next to nothing.
        batch = b"".join(queue.turn)
        for _ in range(number):
            yield batch
        return
    popping = encode("ZPOPMIN", "queue", PER_TURN)
    for turn in range(first, first + number):
        numbers = range(turn * PER_TURN, (turn + 1) * PER_TURN)
        pairs = [part for n in numbers for part in (DEPTH + n, b"q:%d" % n)]
        yield encode("ZADD", "queue", *pairs) + popping


def part_elements(context: Context) -> int:
    return max(int(TURNOVER * context.scale) // PARTS, BATCH)


def queue_seconds(context: Context, queue: Queue, server: Server) -> list[float]:
    """Seconds of each part of the run, the server's background work included."""
    turns_each = part_elements(context) // queue.per_turn
    seconds = []
    with server.client() as client:
        client.fill(elements.fill(queue.kind, "queue", DEPTH))
        server.wait_quiet()
        for number in range(PARTS):
            begun = time.monotonic()
            client.fill(turns(queue, number * turns_each, turns_each), BATCH)
            seconds.append(time.monotonic() - begun)
        length = {"list": "LLEN", "stream": "XLEN", "zset": "ZCARD"}[queue.kind]
        left = client.command(length, "queue")
        if not DEPTH <= left <= 2 * DEPTH:
            context.problem(f"{queue.name}: {server.name} holds {left} elements at the end")
        client.command("DEL", "queue")
    return seconds


def run_queues(context: Context, chosen: Sequence[Queue]) -> str:
    rows = []
    with context.pair() as servers:
        for queue in chosen:
            for name in NAMES:
                seconds = queue_seconds(context, queue, servers[name])
                context.progress(f"{queue.name} {name}: {sum(seconds):.1f} s")
                ratio = seconds[-1] / seconds[0]
                flat = "yes" if ratio <= LAST_TO_FIRST_MAX else "**no**"
                rows.append([queue.name, name, *[f"{one:.2f}" for one in seconds],
                             f"{ratio:.2f}", flat if name == OURS else ""])
    head = ["scenario", "server", *[f"{number + 1}" for number in range(PARTS)], "last / first",
            f"≤ {LAST_TO_FIRST_MAX}"]
    return f"Seconds of each {part_elements(context):,} elements.\n\n{markdown_table(head, rows)}"


def directory_bytes(directory: Path) -> int:
    """Bytes on disk; files may be unlinked meanwhile."""
    total = 0
    for folder, _, files in os.walk(directory):
        for file in files:
            try:
                total += os.stat(os.path.join(folder, file)).st_blocks * 512
            except FileNotFoundError:
                continue
    return total


@dataclass(frozen=True)
class Reclaimed:
    empty: int
    full: int
    left: int
    del_us: float
    seconds: float

    @property
    def share_left(self) -> float:
        return (self.left - self.empty) / max(self.full - self.empty, 1)


def reclaim(context: Context, space: Space) -> Reclaimed:
    """Fills, deletes and waits until the directory is nearly as small as it was before."""
    size = max(int(SPACE_ELEMENTS * context.scale), 10_000)
    with context.server(OURS) as server, server.client() as client:
        client.command("SET", "beside", "v")
        server.wait_quiet()
        empty = directory_bytes(server.directory)
        client.fill(elements.fill(space.kind, "victim", size, value_bytes=100))
        server.wait_quiet()
        full = directory_bytes(server.directory)
        begun = time.perf_counter()
        client.command("DEL", "victim")
        del_us = (time.perf_counter() - begun) * 1e6
        deleted = time.monotonic()
        while True:
            seconds = time.monotonic() - deleted
            now = Reclaimed(empty, full, directory_bytes(server.directory), del_us, seconds)
            if now.share_left <= SPACE_LEFT_SHARE_MAX or seconds > SPACE_SECONDS_MAX:
                return now
            time.sleep(SPACE_POLL_SECONDS)


def run_spaces(context: Context, chosen: Sequence[Space]) -> str:
    rows = []
    for space in chosen:
        found = reclaim(context, space)
        back = found.share_left <= SPACE_LEFT_SHARE_MAX
        context.progress(f"{space.name}: {found.share_left:.0%} left after {found.seconds:.0f} s")
        rows.append([space.name, *[count(value / MEGABYTE)
                                   for value in (found.empty, found.full, found.left)],
                     count(found.del_us), f"{found.seconds:.0f}", "yes" if back else "**no**"])
    head = ["scenario", "empty MB", "filled MB", "after MB", "DEL µs", "seconds", "space is back"]
    return markdown_table(head, rows)


TABLES = (
    Table("queues", "Queues through ten million elements",
          f"One connection, pipelined; {DEPTH:,} elements stay in the queue throughout.",
          QUEUES, run_queues),
    Table("space", "Space back after DEL of a large collection",
          "Our server alone, no other writes; the directory is looked at every second until at "
          f"most {SPACE_LEFT_SHARE_MAX:.0%} of what the collection had added is left, for "
          f"{SPACE_SECONDS_MAX} s at most.",
          SPACES, run_spaces),
)
