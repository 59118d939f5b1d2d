"""How the cost of a command grows with the elements of a collection, beside its documentation.

Owns: timing, counting and judging of the rows of `complexity_rows`. Invariants: a figure is the
median of single calls on one connection, less the median of PING there; both servers are called in
turns; reads and iterator steps are counted apart from the timing; a collection is filled once for
all rows that want it. Tests: test_complexity.py.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

import complexity_rows
import counters
from complexity_rows import subjects
from complexity_rows.case import LINEAR, LOG, ONE, SORTING, Case, Step
from context import Context, Table, markdown_table
from growth import exponent, microseconds, timed_us
from resp import Client, ReplyError, encode
from server import NAMES, OURS, REDIS, Server

SIZES = (10**3, 10**4, 10**5, 10**6)
# Calls of one cell: as many as its seconds allow, preparation included.
CALLS_MAX, CALLS_MIN = 101, 5
CELL_SECONDS = 0.3
# Of calls that take this long, preparation included, fewer will do.
SLOW_CALL_SECONDS, SLOW_CALLS_MIN = 0.2, 3
COUNTED_CALLS, COUNTED_CALLS_SLOW, COUNTED_CALLS_HEAVY = 10, 1, 2
# A pause and megabytes through the caches slow the next few calls, any: these come first.
WARMING_PINGS, WARMING_PINGS_HEAVY = 5, 20
WARMING_WRITES_HEAVY = (encode("SET", "warm", "v"), encode("DEL", "warm")) * 10
# A copy of this size leaves background work to our server that would disturb the call.
REST_SIZE_MIN = 10**5
REST_SECONDS_MAX = 1.0
# Differences from PING below this are noise of the loopback.
FLOOR_US = 5.0
# What caches of the machine add to the exponent of a time, and rounding to that of a count.
TIME_MARGIN, COUNT_MARGIN = 0.15, 0.05
SHAPES = {ONE: lambda n: 1.0, LOG: math.log, LINEAR: float, SORTING: lambda n: n * math.log(n)}


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
            client.fill(subjects.fill(subject, size))
            if subject == "pending":
                client.fill(subjects.deliver(size), subjects.DELIVERIES_IN_FLIGHT)
        except ReplyError:
            pass
        servers[name].wait_quiet()


def measure(
    servers: dict[str, Server], clients: dict[str, Client], case: Case, size: int,
    series: dict[tuple[str, str], Series],
) -> None:
    cells = {name: Cell() for name in clients}
    while True:
        waiting = [name for name, cell in cells.items()
                   if not series[case.name, name].refused and not cell.is_done()]
        if not waiting:
            break
        for name in waiting:
            rest = rest_for(servers[name], case, size)
            begun = time.monotonic()
            try:
                cells[name].add(*call(clients[name], case, case.step(size), rest))
            except ReplyError as error:
                series[case.name, name].refused = str(error)
            cells[name].seconds += time.monotonic() - begun
    for name, client in clients.items():
        mine = series[case.name, name]
        if mine.refused:
            continue
        mine.times.append(cells[name].cost_us())
        rest = rest_for(servers[name], case, size)
        reads = counted(client, case, size, cells[name].is_slow(), rest)
        if reads is not None:
            mine.reads.append(reads)


def rest_for(server: Server, case: Case, size: int) -> Callable[[], object] | None:
    if case.heavy and size >= REST_SIZE_MIN and server.name == OURS:
        return lambda: server.wait_quiet(REST_SECONDS_MAX)
    return None


@dataclass
class Cell:
    """The calls of one case at one size on one server."""

    times: list[float] = field(default_factory=list)
    pings: list[float] = field(default_factory=list)
    # The clock's, preparation included.
    seconds: float = 0.0

    def add(self, spent_us: float, ping_us: float) -> None:
        self.times.append(spent_us)
        self.pings.append(ping_us)

    def is_slow(self) -> bool:
        return bool(self.times) and self.seconds / len(self.times) >= SLOW_CALL_SECONDS

    def is_done(self) -> bool:
        """The first call is not counted."""
        calls = len(self.times) - 1
        enough = calls >= (SLOW_CALLS_MIN if self.is_slow() else CALLS_MIN)
        return calls >= CALLS_MAX or (enough and self.seconds >= CELL_SECONDS)

    def cost_us(self) -> float:
        return max(median(self.times[1:]) - median(self.pings[1:]), 0.0)


def prepare(client: Client, step: Step, rest: Callable[[], object] | None = None) -> bytes:
    """Returns the request that is to be timed."""
    answer = None
    for request in step.before:
        answer, = client.pipeline([request])
    if rest is not None:
        rest()
    client.pipeline(list(step.dooming))
    time.sleep(step.pause_seconds)
    return step.made_of(answer) if step.made_of else step.request


def call(
    client: Client, case: Case, step: Step, rest: Callable[[], object] | None = None
) -> tuple[float, float]:
    """Microseconds of the timed request of a step, and of the PING just before it."""
    request = prepare(client, step, rest)
    if case.heavy:
        for warming in WARMING_WRITES_HEAVY:
            client.pipeline([warming])
    for _ in range(WARMING_PINGS_HEAVY if case.heavy else WARMING_PINGS):
        ping = timed_us(client, encode("PING"))
    spent = timed_us(client, request, client.skip if case.wide else client.reply)
    client.pipeline(list(step.after))
    return spent, ping


def counted(
    client: Client, case: Case, size: int, slow: bool, rest: Callable[[], object] | None
) -> float | None:
    """Engine reads, seeks and steps of one call; None when the server does not count them."""
    if counters.reads_of(counters.reading(client), 1) is None:
        return None
    found = []
    calls = COUNTED_CALLS_SLOW if slow else COUNTED_CALLS
    for _ in range(COUNTED_CALLS_HEAVY if case.heavy else calls):
        step = case.step(size)
        request = prepare(client, step, rest)
        before = counters.reading(client)
        client.socket.sendall(request)
        client.skip() if case.wide else client.reply()
        counts = counters.between(before, counters.reading(client))
        client.pipeline(list(step.after))
        found.append(counters.reads_of(counts, 1) or 0.0)
    # What was copied or freed before goes on being swept: the least disturbed call counts.
    return min(found) if case.heavy else median(found)


def allowed(growth: str, sizes: Sequence[int]) -> float:
    """The exponent over `sizes` of a cost that grows as documented."""
    return exponent(sizes, [SHAPES[growth](size) for size in sizes])


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
            "engine reads", "exponent", "documented one", "as documented"]
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
            expected, verdict = "", ""
            if name == OURS:
                passes = judged(case, sizes, mine, series[case.name, REDIS])
                verdict = "yes" if passes else "**no**"
                expected = f"{allowed(case.growth, sizes):.2f}"
                failed += [] if passes else [case.sentence]
            reads = " · ".join(f"{count:.0f}" for count in mine.reads)
            rows.append([case.sentence, case.documented, name,
                         *[microseconds(us) for us in mine.times], reads, f"{slope:.2f}",
                         expected, verdict])
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
    complexity_rows.CASES, run,
)
