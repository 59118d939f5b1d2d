"""Writes: a burst, a sustained load far beyond memory, and one fsync per acknowledged write.

Owns: the scenarios write-*. Invariants: the sustained figure includes every compaction and
rewrite that its writes caused. Tests: test_driver.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

import fresh
import load
import process
from context import Context, Scenario, Table, count, markdown_table, medians, verdict
from server import NAMES, OURS, Server

SUSTAINED_SECONDS = 90
SUSTAINED_ROUNDS_MAX = 2

BURST = Scenario("write-burst", "SET of fresh random keys for a moment, into an idle server.")
SUSTAINED = Scenario(
    "write-sustained",
    f"SET of {fresh.KEYS:,} random keys for {SUSTAINED_SECONDS} s, our server with "
    f"maxmemory {fresh.MAXMEMORY_MB} MB; compaction is waited for and charged.",
)
ALWAYS_P1 = Scenario("write-always-p1", "SET with appendfsync always, one in flight.")
ALWAYS_P16 = Scenario("write-always-p16", "SET with appendfsync always, 16 in flight.")


@dataclass
class Account:
    """What one server did with one load."""

    rates: list[float] = field(default_factory=list)
    slowest: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    written_per_byte: list[float] = field(default_factory=list)


def directives_for(context: Context, name: str) -> tuple[tuple[str, str], ...]:
    """Redis keeps everything in memory, so a limit would only make it refuse writes."""
    megabytes = max(int(fresh.MAXMEMORY_MB * context.scale), 64)
    return (("maxmemory", f"{megabytes}mb"),) if name == OURS else ()


def burst(context: Context) -> dict[str, Account]:
    accounts = {name: Account() for name in NAMES}
    shape = fresh.shape(context.scale)
    for _ in range(context.rounds):
        for name in NAMES:
            with context.server(name, directives_for(context, name)) as server:
                requests = load.requests_for(server, shape, context.seconds)
                sample = load.run(server, shape, requests, settle=False)
                record(accounts[name], server, [sample])
    return accounts


def sustained(context: Context) -> dict[str, Account]:
    accounts = {name: Account() for name in NAMES}
    shape = fresh.shape(context.scale)
    duration = max(SUSTAINED_SECONDS * context.scale, 2 * fresh.CHUNK_SECONDS)
    for _ in range(min(context.rounds, SUSTAINED_ROUNDS_MAX)):
        for name in NAMES:
            with context.server(name, directives_for(context, name)) as server:
                before = server.cpu_seconds()
                samples = fresh.chunks(server, shape, duration)
                if not server.wait_quiet():
                    context.progress(f"{name} was still busy when the load had long ended")
                whole = server.cpu_seconds() - before
                record(accounts[name], server, samples, whole)
                context.progress(f"write-sustained {name}: {accounts[name].rates[-1]:,.0f} op/s, "
                                 f"{accounts[name].costs[-1]:.2f} us")
    return accounts


def record(
    account: Account, server: Server, samples: list[load.Sample], cpu: float | None = None
) -> None:
    account.rates.append(fresh.rate(samples))
    account.slowest.append(min(sample.per_second for sample in fresh.steady(samples)))
    account.costs.append(fresh.cost(samples, cpu))
    account.resident_mb.append(server.resident_bytes() / 1e6)
    payload = sum(sample.requests for sample in samples) * fresh.PAYLOAD_BYTES
    account.written_per_byte.append(process.device_bytes(server.pid)[1] / payload)


def compare(scenario: Scenario, accounts: dict[str, Account]) -> list[list[object]]:
    rows = []
    for name in NAMES:
        account = accounts[name]
        rows.append([
            scenario.name, name, count(median(account.rates)), count(median(account.slowest)),
            f"{median(account.costs):.2f}", count(median(account.resident_mb)),
            f"{median(account.written_per_byte):.1f}",
        ])
    ratios = [medians({name: getattr(accounts[name], what) for name in NAMES})[2]
              for what in ("rates", "slowest", "costs", "resident_mb", "written_per_byte")]
    return [*rows, [scenario.name, "ratio", *[f"{ratio:.2f}" for ratio in ratios]]]


def always(context: Context, pipeline: int) -> list[object]:
    shape = load.Shape(("SET", "key:__rand_int__", "v" * 100), pipeline=pipeline)
    rates: dict[str, list[float]] = {name: [] for name in NAMES}
    costs: dict[str, list[float]] = {name: [] for name in NAMES}
    with context.pair([("appendfsync", "always")]) as servers:
        requests = {name: load.requests_for(server, shape, context.seconds)
                    for name, server in servers.items()}
        for _ in range(context.rounds):
            for name, server in servers.items():
                sample = load.run(server, shape, requests[name])
                rates[name].append(sample.per_second)
                costs[name].append(sample.cpu_us)
    ours, redis, ratio = medians(rates)
    our_cost, redis_cost, cost_ratio = medians(costs)
    context.progress(f"write-always-p{pipeline}: {ours:,.0f} / {redis:,.0f} op/s")
    return [f"write-always-p{pipeline}", count(ours), count(redis), f"{ratio:.2f}",
            f"{our_cost:.2f}", f"{redis_cost:.2f}", f"{cost_ratio:.2f}",
            verdict(ratio, at_least=1.0)]


def run(context: Context, chosen: Sequence[Scenario]) -> str:
    parts = []
    rows = []
    if BURST in chosen:
        rows += compare(BURST, burst(context))
    if SUSTAINED in chosen:
        rows += compare(SUSTAINED, sustained(context))
    if rows:
        parts.append(markdown_table(
            ["scenario", "server", "op/s", f"slowest {fresh.CHUNK_SECONDS} s, op/s", "CPU µs/op",
             "resident MB", "device bytes written per byte set"], rows))
    forced = [pipeline for scenario, pipeline in ((ALWAYS_P1, 1), (ALWAYS_P16, 16))
              if scenario in chosen]
    if forced:
        parts.append(markdown_table(
            ["scenario", "ferrock op/s", "redis op/s", "ratio", "ferrock CPU µs/op",
             "redis CPU µs/op", "ratio", "promised"],
            [always(context, pipeline) for pipeline in forced]))
    return "\n\n".join(parts)


TABLE = Table(
    "writes", "Writes",
    f"50 connections. Burst and sustained use `appendfsync everysec`, {fresh.PIPELINE} requests in "
    "flight and 96-byte values of random digits; each round starts both servers on empty "
    "directories.",
    (BURST, SUSTAINED, ALWAYS_P1, ALWAYS_P16), run,
)
