"""Our server with 1, 4 and 16 partitions, whose write buffers have the same bytes in all.

Owns: the scenarios partitions-*. Invariants: the product of partitions, write buffers of each and
their size is the same in every run; each run begins with an empty directory; the numbers of
partitions take turns. Must not know: what a partition is. Tests: test_types.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import fresh
import load
from context import Context, Scenario, Table, count, markdown_table
from resp import fill_requests
from server import OURS, Server

PARTITIONS = (1, 4, 16)
BUFFERS_TOTAL_MB = 64
# The directives accept no less.
BUFFER_MB_MIN, BUFFER_MB_MAX = 1, 4
ROUNDS_MAX = 3
HOT_KEYS = 100_000
VALUE_BYTES = 100
SUSTAINED_SECONDS = 6
# Of the other loads, at most.
LOAD_SECONDS_MAX = 1.5

BURST = Scenario("partitions-burst", "SET of fresh random keys for a moment, into an idle server.")
SUSTAINED = Scenario(
    "partitions-sustained", f"The same for {SUSTAINED_SECONDS} s; compaction is waited for and "
    "charged.")
HOT_SET = Scenario("partitions-hot-set", f"SET of {HOT_KEYS:,} existing keys.")
HOT_GET = Scenario("partitions-hot-get", f"GET of {HOT_KEYS:,} keys.")
SCENARIOS = (BURST, SUSTAINED, HOT_SET, HOT_GET)


@dataclass
class Account:
    """One load with one number of partitions."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def add(self, samples: Sequence[load.Sample], cpu_seconds: float | None = None) -> None:
        self.rates.append(fresh.rate(samples))
        self.costs.append(fresh.cost(samples, cpu_seconds))


def buffers(partitions: int) -> tuple[int, int]:
    """Megabytes of a write buffer, and buffers of one partition."""
    megabytes = min(max(BUFFERS_TOTAL_MB // (partitions * 16), BUFFER_MB_MIN), BUFFER_MB_MAX)
    return megabytes, BUFFERS_TOTAL_MB // (partitions * megabytes)


def directives(partitions: int) -> tuple[tuple[str, str], ...]:
    megabytes, number = buffers(partitions)
    return (("partitions", str(partitions)), ("memtable-bytes", f"{megabytes}mb"),
            ("memtable-number-max", str(number)), ("maxmemory", f"{fresh.MAXMEMORY_MB}mb"))


def hot(context: Context, server: Server, command: tuple[str, ...]) -> list[load.Sample]:
    shape = load.Shape(command, pipeline=fresh.PIPELINE, keys=HOT_KEYS)
    requests = load.requests_for(server, shape, min(context.seconds, LOAD_SECONDS_MAX))
    return [load.run(server, shape, requests)]


def one_round(
    context: Context, server: Server, chosen: Sequence[Scenario], accounts: dict[str, Account]
) -> None:
    shape = fresh.shape(context.scale)
    if BURST in chosen:
        requests = load.requests_for(server, shape, min(context.seconds, LOAD_SECONDS_MAX))
        accounts[BURST.name].add([load.run(server, shape, requests, settle=False)])
    if SUSTAINED in chosen:
        server.wait_quiet()
        before = server.cpu_seconds()
        samples = fresh.chunks(server, shape, SUSTAINED_SECONDS * context.scale)
        server.wait_quiet()
        accounts[SUSTAINED.name].add(samples, server.cpu_seconds() - before)
    if HOT_SET in chosen or HOT_GET in chosen:
        with server.client() as client:
            client.command("FLUSHALL")
            client.load(fill_requests(range(HOT_KEYS), VALUE_BYTES))
        server.wait_quiet()
    if HOT_SET in chosen:
        value = "v" * VALUE_BYTES
        accounts[HOT_SET.name].add(hot(context, server, ("SET", "key:__rand_int__", value)))
    if HOT_GET in chosen:
        accounts[HOT_GET.name].add(hot(context, server, ("GET", "key:__rand_int__")))


def run(context: Context, chosen: Sequence[Scenario]) -> str:
    accounts = {number: {one.name: Account() for one in chosen} for number in PARTITIONS}
    for _ in range(min(context.rounds, ROUNDS_MAX)):
        for number in PARTITIONS:
            with context.server(OURS, directives(number)) as server:
                one_round(context, server, chosen, accounts[number])
            context.progress(f"partitions: {number}, " + ", ".join(
                f"{name.partition('-')[2]} {account.rates[-1]:,.0f} op/s"
                for name, account in accounts[number].items()))
    return report(chosen, accounts)


def report(chosen: Sequence[Scenario], accounts: dict[int, dict[str, Account]]) -> str:
    head = ["scenario", "partitions", "write buffers", "op/s", "of those with 1", "CPU µs/op",
            "of that with 1"]
    rows = []
    for one in chosen:
        rate_of_one, cost_of_one = figures(accounts[PARTITIONS[0]][one.name])
        for number in PARTITIONS:
            megabytes, buffered = buffers(number)
            rate, cost = figures(accounts[number][one.name])
            rows.append([one.name, number, f"{number} × {buffered} × {megabytes} MB", count(rate),
                         f"{rate / rate_of_one:.2f}", f"{cost:.2f}",
                         f"{cost / max(cost_of_one, 1e-9):.2f}"])
    return markdown_table(head, rows)


def figures(account: Account) -> tuple[float, float]:
    return median(account.rates), median(account.costs)


TABLE = Table(
    "partitions", "Number of partitions",
    f"Our server alone, `maxmemory {fresh.MAXMEMORY_MB}mb`, 50 connections, {fresh.PIPELINE} "
    "requests in flight on each; the write buffers of all partitions have the same bytes together. "
    "Each round starts on an empty directory.",
    SCENARIOS, run,
)
