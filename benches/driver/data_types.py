"""Hot collections of every data type: CPU of the server per command, and rows per write.

Owns: the scenarios types-*. Invariants: both servers are filled alike; a load that changes how
large its collections are starts every round on fresh ones; both servers live through the same
rounds in turns. Tests: test_types.py runs two of them against redis-server twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

import counters
import elements
import load
from context import Context, Scenario, Table, count, markdown_table, medians, verdict
from resp import ReplyError
from server import NAMES, OURS, Server

READ_CPU_RATIO_MAX = 1.5
WRITE_CPU_RATIO_MAX = 2.5
# redis-benchmark draws all random numbers of one run from one range.
RANDOM = "__rand_int__"
# Three numbers in one name: new members from a range of a few dozen.
RANDOM_WIDE = f"n:{RANDOM}{RANDOM}{RANDOM}{RANDOM}"
REQUESTS_PER_SECOND_GUESS = 200_000


@dataclass(frozen=True)
class Population:
    """`collections` collections of `elements` elements, every value of `value_bytes`."""

    kind: str
    collections: int
    elements: int
    value_bytes: int = 8

    @property
    def prefix(self) -> str:
        return f"{self.kind}-{self.elements}x{self.value_bytes}"

    @property
    def key(self) -> str:
        return f"{self.prefix}:{RANDOM}"

    def scaled(self, scale: float) -> "Population":
        return replace(self, collections=max(int(self.collections * scale), 8))

    def requests(self) -> Iterator[bytes]:
        for number in range(self.collections):
            name = f"{self.prefix}:{number:012d}"
            yield from elements.fill(self.kind, name, self.elements, self.value_bytes)


@dataclass(frozen=True)
class TypeLoad(Scenario):
    """`words` follow the key. `requests_max` bounds a load that changes its collections' size."""

    population: Population
    command: str
    words: tuple[str, ...] = ()
    pipeline: int = 1
    writes: bool = False
    requests_max: int | None = None

    @property
    def cpu_ratio_max(self) -> float:
        return WRITE_CPU_RATIO_MAX if self.writes else READ_CPU_RATIO_MAX

    def shape(self, keys: int) -> load.Shape:
        command = (self.command, self.population.key, *self.words)
        return load.Shape(command, pipeline=self.pipeline, keys=keys)


MANY, FEW = 10_000, 32
PACKED, EXPLODED = 10, 10_000
LONG_VALUE_BYTES = 200
ONE, ANY = "m:000000000005", f"m:{RANDOM}"


def packed(kind: str, size: int = PACKED, value_bytes: int = 8) -> Population:
    return Population(kind, MANY, size, value_bytes)


def exploded(kind: str) -> Population:
    return Population(kind, FEW, EXPLODED)


def long_valued(kind: str) -> Population:
    """Ten elements that together are too long for a packed form."""
    return Population(kind, MANY // 10, PACKED, LONG_VALUE_BYTES)


# name, population, command, words, and for loads that change sizes the most requests of a round.
READS = (
    ("hget-packed", packed("hash"), "HGET", (ONE,)),
    ("hget-exploded", exploded("hash"), "HGET", (ANY,)),
    ("hgetall10-packed", packed("hash"), "HGETALL", ()),
    ("hgetall10-exploded", long_valued("hash"), "HGETALL", ()),
    ("lrange10-packed", packed("list"), "LRANGE", ("0", "9")),
    ("lrange10-exploded", exploded("list"), "LRANGE", ("0", "9")),
    ("lrange100-packed", packed("list", 100, 4), "LRANGE", ("0", "99")),
    ("lrange100-exploded", exploded("list"), "LRANGE", ("0", "99")),
    ("sismember-packed", packed("set"), "SISMEMBER", (ONE,)),
    ("sismember-exploded", exploded("set"), "SISMEMBER", (ANY,)),
    ("smembers10-packed", packed("set"), "SMEMBERS", ()),
    ("smembers10-exploded", long_valued("set"), "SMEMBERS", ()),
    ("zscore-packed", packed("zset"), "ZSCORE", (ONE,)),
    ("zscore-exploded", exploded("zset"), "ZSCORE", (ANY,)),
    ("zrange10-packed", packed("zset"), "ZRANGE", ("0", "9")),
    ("zrange10-exploded", exploded("zset"), "ZRANGE", ("0", "9")),
    ("zrank-packed", packed("zset"), "ZRANK", (ONE,)),
    ("zrank-exploded", exploded("zset"), "ZRANK", (ANY,)),
    ("xrange10-packed", packed("stream"), "XRANGE", ("-", "+", "COUNT", "10")),
    ("xrange10-exploded", exploded("stream"), "XRANGE", ("-", "+", "COUNT", "10")),
)
WRITES = (
    ("hset-packed", packed("hash"), "HSET", (ONE, RANDOM), None),
    ("hset-exploded", exploded("hash"), "HSET", (ANY, RANDOM), None),
    ("lpush-packed", packed("list"), "LPUSH", ("v" * 8,), 300_000),
    ("lpush-exploded", exploded("list"), "LPUSH", ("v" * 8,), None),
    ("rpop-packed", packed("list", 40), "RPOP", (), 200_000),
    ("rpop-exploded", exploded("list"), "RPOP", (), 250_000),
    ("sadd-packed", packed("set"), "SADD", (ANY,), 150_000),
    ("sadd-exploded", exploded("set"), "SADD", (RANDOM_WIDE,), None),
    ("spop-packed", packed("set", 40), "SPOP", (), 200_000),
    ("spop-exploded", exploded("set"), "SPOP", (), 250_000),
    ("zadd-packed", packed("zset"), "ZADD", (RANDOM, ANY), 150_000),
    ("zadd-exploded", exploded("zset"), "ZADD", (RANDOM, RANDOM_WIDE), None),
    ("zadd-move-exploded", exploded("zset"), "ZADD", (RANDOM, ANY), None),
    ("xadd-packed", packed("stream"), "XADD", ("*", "f", "v" * 8), 100_000),
    ("xadd-exploded", exploded("stream"), "XADD", ("*", "f", "v" * 8), None),
)


def sentence(population: Population, command: str, words: Sequence[str], pipeline: int) -> str:
    shown = " ".join(word.replace(RANDOM, "N") for word in words)
    flight = "one in flight" if pipeline == 1 else f"{pipeline} in flight"
    return (f"`{command} key {shown}`".replace(" `", "`") +
            f" over {population.collections:,} collections of {population.elements:,} × "
            f"{population.value_bytes} bytes, {flight}.")


def scenarios() -> tuple[TypeLoad, ...]:
    found = []
    for pipeline in (16, 1):
        for row in (*READS, *WRITES):
            name, population, command, words, *limit = row
            found.append(TypeLoad(
                f"types-{name}-p{pipeline}", sentence(population, command, words, pipeline),
                population, command, words, pipeline, writes=bool(limit),
                requests_max=limit[0] if limit else None,
            ))
    return tuple(found)


@dataclass
class Samples:
    rates: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    costs: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    rows: list[float] = field(default_factory=list)


def run(context: Context, chosen: Sequence[TypeLoad]) -> str:
    rows = []
    with context.pair() as servers:
        filled = None
        for scenario in sorted(chosen, key=lambda one: (one.writes, one.population.prefix)):
            population = scenario.population.scaled(context.scale)
            try:
                if population != filled and scenario.requests_max is None:
                    start_over(servers, population)
                rows.append((scenario.name, measure(context, servers, scenario, population)))
            except (ReplyError, load.LoadFailed) as error:
                # One refused command does not lose the figures of the others.
                context.problem(f"{scenario.name}: {error}")
                filled = None
                continue
            # A load that changes sizes leaves nothing that the next one could use.
            filled = None if scenario.writes else population
    order = {one.name: position for position, one in enumerate(chosen)}
    rows.sort(key=lambda row: order[row[0]])
    head = ["scenario", "rows per write", "ferrock op/s", "redis op/s", "ferrock CPU µs/op",
            "redis CPU µs/op", "ratio", "promised"]
    return markdown_table(head, [cells for _, cells in rows])


def start_over(servers: dict[str, Server], population: Population) -> None:
    for server in servers.values():
        with server.client() as client:
            client.command("FLUSHALL")
            client.fill(population.requests())
        server.wait_quiet()


def measure(
    context: Context, servers: dict[str, Server], scenario: TypeLoad, population: Population
) -> list[object]:
    shape = scenario.shape(population.collections)
    samples = Samples()
    requests = {name: requests_for(context, server, scenario, shape, population)
                for name, server in servers.items()}
    for _ in range(context.rounds):
        if scenario.requests_max is not None:
            start_over(servers, population)
        for name, server in servers.items():
            with server.client() as client:
                before = counters.reading(client)
                sample = load.run(server, shape, requests[name])
                rows = counters.rows_of(
                    counters.between(before, counters.reading(client)), sample.requests)
            samples.rates[name].append(sample.per_second)
            samples.costs[name].append(sample.cpu_us)
            if name == OURS and rows is not None:
                samples.rows.append(rows)
    return cells(context, scenario, samples)


def requests_for(
    context: Context, server: Server, scenario: TypeLoad, shape: load.Shape, population: Population
) -> int:
    if scenario.requests_max is None:
        return load.requests_for(server, shape, context.seconds)
    bound = scenario.requests_max * population.collections // scenario.population.collections
    return min(bound, int(REQUESTS_PER_SECOND_GUESS * context.seconds))


def cells(context: Context, scenario: TypeLoad, samples: Samples) -> list[object]:
    ours, redis, _ = medians(samples.rates)
    our_cost, redis_cost, ratio = medians(samples.costs)
    context.progress(f"{scenario.name}: {ours:,.0f} / {redis:,.0f} op/s, "
                     f"{our_cost:.2f} / {redis_cost:.2f} us, {ratio:.2f}")
    rows = f"{median(samples.rows):.2f}" if scenario.writes and samples.rows else ""
    return [scenario.name, rows, count(ours), count(redis), f"{our_cost:.2f}",
            f"{redis_cost:.2f}", f"{ratio:.2f}", verdict(ratio, at_most=scenario.cpu_ratio_max)]


TABLE = Table(
    "types", "Hot collections of every type",
    "Small (packed) and large (exploded) collections that fit every cache, 50 connections, "
    "`appendonly yes`, `appendfsync everysec`. CPU is user + system of the server process. `rows "
    "per write` counts the rows that our edits staged, deletions included; of the rows of one key "
    "in a group only the last is written. N is a random number; `n:NNNN` is a new member.",
    scenarios(), run,
)
