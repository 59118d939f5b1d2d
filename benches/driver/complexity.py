"""How the cost of a command grows with the elements of a collection, beside its documentation.

Owns: timing, counting and judging of the cases of `complexity_calls`. Invariants: a figure is the
median of single calls on one connection, less the median of PING there; both servers are called in
turns; reads and iterator steps are counted apart from the timing. Tests: test_types.py.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import complexity_calls as calls
import counters
from complexity_calls import Case, Step
from context import Context, Table, markdown_table
from growth import exponent, microseconds, timed_us
from resp import Client, ReplyError, encode
from server import NAMES, OURS, REDIS, Server

SIZES = (10**3, 10**4, 10**5, 10**6)
CALLS = 101
COUNTED_CALLS = 20
# A case whose preparation copies N elements.
HEAVY_CALLS = 7
# A pause and megabytes through the caches slow the next few calls, any: these come first.
WARMING_PINGS, WARMING_PINGS_HEAVY = 5, 20
WARMING_WRITES_HEAVY = (encode("SET", "warm", "v"), encode("DEL", "warm")) * 10
# Differences from PING below this are noise of the loopback.
FLOOR_US = 5.0
# What caches of the machine add to the exponent of a time, and rounding to that of a count.
TIME_MARGIN, COUNT_MARGIN = 0.15, 0.05
REPLIES_PER_BATCH = 8


@dataclass
class Series:
    """One case on one server: what each size cost."""

    times: list[float] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    # The server's own words, when it does not know the command.
    refused: str = ""


def run(context: Context, chosen: Sequence[Case]) -> str:
    sizes = [size for size in SIZES if size <= max(SIZES[-1] * context.scale, SIZES[1])]
    series = {(case.name, name): Series() for case in chosen for name in NAMES}
    with context.pair() as servers:
        clients = {name: server.client() for name, server in servers.items()}
        for size in sizes:
            for subject in dict.fromkeys(case.subject for case in chosen):
                fill_subject(servers, clients, subject, size)
                for case in chosen:
                    if case.subject == subject:
                        measure(servers, clients, case, size, series)
                context.progress(f"complexity: {subject} of {size:,} done")
                for client in clients.values():
                    client.command("FLUSHALL")
        for client in clients.values():
            client.socket.close()
    return report(context, chosen, sizes, series)


def fill_subject(
    servers: dict[str, Server], clients: dict[str, Client], subject: str, size: int
) -> None:
    for name, client in clients.items():
        # A server that lacks a type refuses its commands again below, and the table says so.
        try:
            client.fill(calls.fill(subject, size))
            if subject == "pending":
                client.fill(calls.fill_pending(size), REPLIES_PER_BATCH)
        except ReplyError:
            pass
        servers[name].wait_quiet()


def measure(
    servers: dict[str, Server], clients: dict[str, Client], case: Case, size: int,
    series: dict[tuple[str, str], Series],
) -> None:
    # A copy leaves work behind that would disturb the call.
    rests = {name: server.wait_quiet for name, server in servers.items() if case.heavy}
    times: dict[str, list[float]] = {name: [] for name in clients}
    pings: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(calls_of(case) + 1):
        for name, client in clients.items():
            mine = series[case.name, name]
            if mine.refused:
                continue
            try:
                spent, ping = call(client, case, case.step(size), rests.get(name))
            except ReplyError as error:
                mine.refused = str(error)
                continue
            times[name].append(spent)
            pings[name].append(ping)
    for name, client in clients.items():
        mine = series[case.name, name]
        if mine.refused:
            continue
        spent = median(times[name][1:]) - median(pings[name][1:])
        mine.times.append(max(spent, 0.0))
        reads = counted(client, case, size)
        if reads is not None:
            mine.reads.append(reads)


def calls_of(case: Case) -> int:
    return HEAVY_CALLS if case.heavy else CALLS


def prepare(client: Client, step: Step, rest: Callable[[], object] | None = None) -> None:
    for request in step.before:
        client.pipeline([request])
    if rest is not None:
        rest()
        for request in WARMING_WRITES_HEAVY:
            client.pipeline([request])
    client.pipeline(list(step.dooming))
    time.sleep(step.pause_seconds)


def call(
    client: Client, case: Case, step: Step, rest: Callable[[], object] | None = None
) -> tuple[float, float]:
    """Microseconds of the timed request of a step, and of the PING just before it."""
    prepare(client, step, rest)
    for _ in range(WARMING_PINGS_HEAVY if case.heavy else WARMING_PINGS):
        ping = timed_us(client, encode("PING"))
    spent = timed_us(client, step.request)
    client.pipeline(list(step.after))
    return spent, ping


def counted(client: Client, case: Case, size: int) -> float | None:
    """Engine reads, seeks and steps of one call; None when the server does not count them."""
    if counters.reads_of(counters.reading(client), 1) is None:
        return None
    found = []
    for _ in range(3 if case.heavy else COUNTED_CALLS):
        step = case.step(size)
        prepare(client, step)
        before = counters.reading(client)
        client.pipeline([step.request])
        counts = counters.between(before, counters.reading(client))
        client.pipeline(list(step.after))
        found.append(counters.reads_of(counts, 1) or 0.0)
    return median(found)


def allowed(growth: str, sizes: Sequence[int]) -> float:
    """The exponent over `sizes` of a cost that grows as documented."""
    shapes = {calls.ONE: lambda n: 1.0, calls.LOG: math.log, calls.LINEAR: float}
    return exponent(sizes, [shapes[growth](size) for size in sizes])


def fitted(sizes: Sequence[int], costs: Sequence[float], floor: float) -> float:
    return exponent(sizes, [max(cost, floor) for cost in costs])


def judged(case: Case, sizes: Sequence[int], ours: Series, redis: Series) -> bool:
    """Whether ours grows as documented, or at least no faster than Redis was seen to grow."""
    documented = allowed(case.growth, sizes)
    limit = documented
    if not case.stricter and len(redis.times) == len(sizes):
        limit = max(limit, fitted(sizes, redis.times, FLOOR_US))
    if fitted(sizes, ours.times, FLOOR_US) > limit + TIME_MARGIN:
        return False
    return not ours.reads or fitted(sizes, ours.reads, 1.0) <= documented + COUNT_MARGIN


def report(
    context: Context, chosen: Sequence[Case], sizes: Sequence[int],
    series: dict[tuple[str, str], Series],
) -> str:
    head = ["command", "documented", "server", *[f"N = {size:,}" for size in sizes],
            "engine reads", "exponent", "as documented"]
    rows: list[list[object]] = []
    failed, refused = [], []
    for case in chosen:
        for name in NAMES:
            mine = series[case.name, name]
            if mine.refused or len(mine.times) < len(sizes):
                if name == OURS:
                    refused.append(f"{case.sentence} ({mine.refused})")
                continue
            slope = fitted(sizes, mine.times, FLOOR_US)
            verdict = ""
            if name == OURS:
                passes = judged(case, sizes, mine, series[case.name, REDIS])
                verdict = "yes" if passes else "**no**"
                failed += [] if passes else [case.sentence]
            reads = " · ".join(f"{count:.0f}" for count in mine.reads)
            rows.append([case.sentence, case.documented, name,
                         *[microseconds(us) for us in mine.times], reads, f"{slope:.2f}", verdict])
    if refused:
        context.problem("refused by our server: " + "; ".join(refused))
    return f"{markdown_table(head, rows)}\n\n{summary(len(chosen), failed)}"


def summary(total: int, failed: Sequence[str]) -> str:
    if not failed:
        return f"All {total} cases grow no faster than documented."
    return f"{total - len(failed)} of {total} cases grow as documented; not: {', '.join(failed)}."


TABLE = Table(
    "complexity", "Cost growth with the elements of a collection",
    "Microseconds of one call, median, less PING on the same connection; `engine reads` are point "
    "reads, seeks and iterator steps of one call at each N (ours). `exponent` is the slope of "
    f"log(time) over log(N), times below {FLOOR_US:g} µs counted as that. A case is as documented "
    "when the slope exceeds that of the documented growth, or the one that Redis shows beside it, "
    f"by at most {TIME_MARGIN} (times), and the documented one by {COUNT_MARGIN} (engine reads). "
    "Where the column says `ours`, Redis's slope is no excuse.",
    calls.CASES, run,
)
