"""Hot data: 100,000 keys of 100 bytes that fit every cache.

Owns: the scenarios hot-*. Tests: test_driver.py runs one of them against redis-server twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import load
from context import Context, Scenario, Table, count, markdown_table, medians, verdict
from resp import fill_requests
from server import NAMES

KEYS = 100_000
VALUE_BYTES = 100
VALUE = "v" * VALUE_BYTES
RANDOM_KEY = "key:__rand_int__"
GET = ("GET", RANDOM_KEY)
SET = ("SET", RANDOM_KEY, VALUE)
INCR = ("INCR", "counter:__rand_int__")
MGET = ("MGET", *[RANDOM_KEY] * 10)
MSET = ("MSET", *[RANDOM_KEY, VALUE] * 10)


@dataclass(frozen=True)
class Hot(Scenario):
    shape: load.Shape
    # The promise, as a ratio of CPU per operation to Redis; None where there is none.
    cpu_ratio_max: float | None = None


SCENARIOS = (
    Hot("hot-get-p16", "GET of a random key, 16 requests in flight per connection.",
        load.Shape(GET, pipeline=16), 1.0),
    Hot("hot-set-p16", "SET of a random existing key, 16 in flight.",
        load.Shape(SET, pipeline=16), 1.5),
    Hot("hot-get-p1", "GET, one request in flight per connection.", load.Shape(GET), 1.2),
    Hot("hot-set-p1", "SET, one in flight.", load.Shape(SET), 1.2),
    Hot("hot-incr-p16", "INCR of a random counter, 16 in flight.", load.Shape(INCR, pipeline=16)),
    Hot("hot-incr-p1", "INCR, one in flight.", load.Shape(INCR)),
    Hot("hot-mget10-p16", "MGET of 10 random keys, 16 in flight.", load.Shape(MGET, pipeline=16)),
    Hot("hot-mset10-p16", "MSET of 10 random keys, 16 in flight.", load.Shape(MSET, pipeline=16)),
)


def run(context: Context, chosen: Sequence[Hot]) -> str:
    rows = []
    with context.pair() as servers:
        for server in servers.values():
            with server.client() as client:
                client.load(fill_requests(range(KEYS), VALUE_BYTES))
            server.wait_quiet()
        for scenario in chosen:
            rows.append(row(context, servers, scenario))
    head = ["scenario", "ferrock op/s", "redis op/s", "ratio", "ferrock CPU µs/op",
            "redis CPU µs/op", "ratio", "promised"]
    return markdown_table(head, rows)


def row(context: Context, servers: dict, scenario: Hot) -> list[object]:
    requests = {
        name: load.requests_for(server, scenario.shape, context.seconds)
        for name, server in servers.items()
    }
    rates: dict[str, list[float]] = {name: [] for name in NAMES}
    costs: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(context.rounds):
        for name, server in servers.items():
            sample = load.run(server, scenario.shape, requests[name])
            rates[name].append(sample.per_second)
            costs[name].append(sample.cpu_us)
    ours, redis, ratio = medians(rates)
    our_cost, redis_cost, cost_ratio = medians(costs)
    context.progress(f"{scenario.name}: {ours:,.0f} / {redis:,.0f} op/s, "
                     f"{our_cost:.2f} / {redis_cost:.2f} us")
    promised = verdict(cost_ratio, at_most=scenario.cpu_ratio_max)
    return [scenario.name, count(ours), count(redis), f"{ratio:.2f}", f"{our_cost:.2f}",
            f"{redis_cost:.2f}", f"{cost_ratio:.2f}", promised]


TABLE = Table(
    "hot", "Hot data",
    f"{KEYS:,} keys of {VALUE_BYTES} bytes, 50 connections, both servers with "
    "`appendonly yes`, `appendfsync everysec`. CPU is user + system of the server process, work "
    "that it finishes after the last reply included.",
    SCENARIOS, run,
)
