"""How the cost of one command grows with the number of keys, or with the bytes of a string.

Owns: the scenarios keys-* and bytes-*. Invariants: a figure is a median over many single calls,
both servers called in turns; the first call of a kind is not counted. Tests: test_driver.py.
"""

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from context import Context, Scenario, Table, count, markdown_table
from resp import Client, encode, fill_requests
from server import NAMES, OURS, Server

KEY_COUNTS = (10**3, 10**4, 10**5, 10**6, 10**7)
# The last one stays just below the 512 MiB that a string may have, so that APPEND has room.
STRING_BYTES = (10**3, 10**4, 10**5, 10**6, 10**7, 10**8, 2**29 - 2**20)
VALUE_BYTES = 16
APPEND_CHUNK_BYTES = 2**20
CALLS = 101
# What destroys a subject that is dear to make needs a new one for each call.
CALLS_OF_DEAR = 11
CALLS_OF_LARGE = 5
LARGE_BYTES = 10**7
WARMING_ROUNDS = 20
# A doubling of the size may cost at most about 7 %: below this, the cost counts as flat.
FLAT_EXPONENT_MAX = 0.10

Prepare = Callable[[Client, int], None]


@dataclass(frozen=True)
class Call(Scenario):
    """`request(size)` makes one request; `prepare` sets its subject up anew before each call. With
    `warming` the subject is dear: flushes and compactions that it brings about come to an end
    first, and the same command runs on small subjects, since a pause slows the next calls."""

    request: Callable[[int], bytes]
    prepare: Prepare | None = None
    warming: tuple[bytes, ...] = ()


def key_to_rename(client: Client, _size: int) -> None:
    client.command("SET", "from", "v")


def copy_string(client: Client, _size: int) -> None:
    client.command("DEL", "victim", "renamed")
    client.command("COPY", "big", "victim")


KEYS = (
    Call("keys-dbsize", "DBSIZE.", lambda size: encode("DBSIZE")),
    Call("keys-randomkey", "RANDOMKEY.", lambda size: encode("RANDOMKEY")),
    Call("keys-scan", "The first page of a SCAN, COUNT 10.",
         lambda size: encode("SCAN", 0, "COUNT", 10)),
    Call("keys-rename", "RENAME of one small key.",
         lambda size: encode("RENAME", "from", "to"), key_to_rename),
    Call("keys-flushall", "FLUSHALL, in the foreground.", lambda size: encode("FLUSHALL")),
)

BYTES = (
    Call("bytes-setbit", "SETBIT of a random bit.",
         lambda size: encode("SETBIT", "big", random.randrange(size * 8), 1)),
    Call("bytes-getbit", "GETBIT of a random bit.",
         lambda size: encode("GETBIT", "big", random.randrange(size * 8))),
    Call("bytes-setrange", "SETRANGE of 16 bytes at a random place.",
         lambda size: encode("SETRANGE", "big", random.randrange(size - 16), b"x" * 16)),
    Call("bytes-getrange", "GETRANGE of 64 bytes at a random place.",
         lambda size: range_request(random.randrange(size - 64))),
    Call("bytes-append", "APPEND of 16 bytes.", lambda size: encode("APPEND", "big", b"x" * 16)),
    Call("bytes-strlen", "STRLEN.", lambda size: encode("STRLEN", "big")),
    Call("bytes-rename", "RENAME of the string.",
         lambda size: encode("RENAME", "victim", "renamed"), copy_string,
         (encode("SET", "small", "v"), encode("RENAME", "small", "other"))),
    Call("bytes-del", "DEL of the string.", lambda size: encode("DEL", "victim"), copy_string,
         (encode("SET", "small", "v"), encode("DEL", "small"))),
)


def range_request(start: int) -> bytes:
    return encode("GETRANGE", "big", start, start + 63)


def timed_us(
    client: Client, request: bytes, receive: Callable[[], object] | None = None
) -> float:
    """`receive` takes the reply, if something other than its value is wanted."""
    receive = receive or client.reply
    begun = time.perf_counter_ns()
    client.socket.sendall(request)
    receive()
    return (time.perf_counter_ns() - begun) / 1000


def measure(
    servers: dict[str, Server], clients: dict[str, Client], call: Call, size: int
) -> dict[str, float]:
    """Median microseconds of each server, called in turns."""
    calls = CALLS
    if call.warming:
        calls = CALLS_OF_LARGE if size >= LARGE_BYTES else CALLS_OF_DEAR
    times: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(calls + 1):
        for name, client in clients.items():
            if call.prepare:
                call.prepare(client, size)
            if call.warming:
                for server in servers.values():
                    server.wait_quiet()
                for request in call.warming * WARMING_ROUNDS:
                    timed_us(client, request)
            times[name].append(timed_us(client, call.request(size)))
    return {name: median(series[1:]) for name, series in times.items()}


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """Slope of log(time) over log(size): 0 is flat, 1 is linear."""
    xs, ys = [math.log(size) for size in sizes], [math.log(time) for time in times]
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    if spread == 0:
        return 0.0
    return sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys)) / spread


Series = dict[str, dict[str, list[float]]]


def report(chosen: Sequence[Call], sizes: Sequence[int], series: Series) -> str:
    head = ["scenario", "server", *[f"{size:,}" for size in sizes], "exponent", "flat"]
    rows = []
    for call in chosen:
        for name in NAMES:
            times = series[call.name][name]
            slope = exponent(sizes, times)
            flat = ("yes" if slope <= FLAT_EXPONENT_MAX else "**no**") if name == OURS else ""
            rows.append([call.name, name, *[microseconds(us) for us in times], f"{slope:.2f}",
                         flat])
    return markdown_table(head, rows)


def microseconds(us: float) -> str:
    return count(us) if us >= 100 else f"{us:.1f}"


def fill_keys(server: Server, keys: range) -> None:
    with server.client() as client:
        client.load(fill_requests(keys, VALUE_BYTES))


def run_keys(context: Context, chosen: Sequence[Call]) -> str:
    sizes = [size for size in KEY_COUNTS if size <= max(KEY_COUNTS[-1] * context.scale, 10**4)]
    series: Series = {call.name: {name: [] for name in NAMES} for call in chosen}
    with context.pair() as servers:
        for size in sizes:
            clients = {name: server.client() for name, server in servers.items()}
            for server in servers.values():
                fill_keys(server, range(size))
                server.wait_quiet()
            for call in chosen:
                destroys = call.name == "keys-flushall"
                if destroys:
                    times = flush_times(context, servers, clients, size)
                else:
                    times = measure(servers, clients, call, size)
                for name in NAMES:
                    series[call.name][name].append(times[name])
            for client in clients.values():
                client.command("FLUSHALL")
                client.socket.close()
            context.progress(f"keys: {size:,} done")
    return report(chosen, sizes, series)


def flush_times(
    context: Context, servers: dict[str, Server], clients: dict[str, Client], size: int
) -> dict[str, float]:
    """FLUSHALL of `size` keys: refilled for each call, fewer calls for many keys."""
    calls = CALLS_OF_LARGE if size <= 10**5 else 1
    times: dict[str, list[float]] = {name: [] for name in servers}
    for call in range(calls):
        for name, server in servers.items():
            if call:
                fill_keys(server, range(size))
                server.wait_quiet()
            times[name].append(timed_us(clients[name], encode("FLUSHALL")))
    return {name: median(series) for name, series in times.items()}


def run_bytes(context: Context, chosen: Sequence[Call]) -> str:
    sizes = [size for size in STRING_BYTES if size <= max(STRING_BYTES[-1] * context.scale, 10**5)]
    series: Series = {call.name: {name: [] for name in NAMES} for call in chosen}
    with context.pair() as servers:
        clients = {name: server.client() for name, server in servers.items()}
        have = 0
        for size in sizes:
            for name, client in clients.items():
                grow_string(client, have, size)
                servers[name].wait_quiet()
            have = size
            for call in chosen:
                times = measure(servers, clients, call, size)
                for name in NAMES:
                    series[call.name][name].append(times[name])
            for client in clients.values():
                have = client.command("STRLEN", "big")
                client.command("DEL", "victim", "renamed")
            context.progress(f"bytes: {size:,} done")
        for client in clients.values():
            client.socket.close()
    return report(chosen, sizes, series)


def grow_string(client: Client, have: int, size: int) -> None:
    """Appends random bytes: a string of zeros might have no bytes behind it."""
    while have < size:
        part = min(APPEND_CHUNK_BYTES, size - have)
        have = client.command("APPEND", "big", random.randbytes(part))


TABLES = (
    Table("keys", "Cost growth with the number of keys",
          "Microseconds of one call over a loopback connection, medians; the columns are the "
          "number of keys. `exponent` is the slope of log(time) over log(size).",
          KEYS, run_keys),
    Table("bytes", "Cost growth with the bytes of a string",
          "Microseconds of one call, medians; the columns are the length of the string. Before "
          "RENAME and DEL the string is copied, both servers come to rest, and the same command "
          "runs on small strings.",
          BYTES, run_bytes),
)
