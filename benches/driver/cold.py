"""Cold data: ten times more than `maxmemory`, and no page cache to hide in.

Owns: the scenarios cold-*. Our server runs in a memory cgroup of maxmemory + 25 %; Redis has no
such mode, so the yardstick is fio on the same disk. Tests: test_driver.py, on a small scale.
"""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from statistics import median

import cgroup
import curve
import fio
import load
from context import Context, Scenario, Table, count, markdown_table, verdict
from resp import encode, fill_requests
from server import OURS, Server

MAXMEMORY_MB = 256
DATA_PER_MAXMEMORY = 10
VALUE_BYTES = 1024
CGROUP_FACTOR = 1.25
RESIDENT_FACTOR_MAX = 1.20
IOPS_SHARE_MIN = 0.6
P99_FACTOR_MAX = 1.20
LOAD_SECONDS_MAX = 1200
LOAD_REQUESTS_PER_ROW = 40_000
READ_SECONDS = 60
WRITE_SECONDS = 30
FIO_SECONDS = 15
CHUNK_SECONDS = 2
HOT_KEYS = 1000
DISK_FACTOR = 4

GET = Scenario("cold-get", "Uniform random GET of 1 KiB values, 50 connections, after loading.")
SET = Scenario("cold-set", "Uniform random SET of the same keys, 50 connections.")
BESIDE = Scenario("cold-beside-hot", "The p99 of hot GETs on one connection while another reads "
                  "cold keys, against the p99 alone.")


class ColdStore:
    """A loaded server in its cgroup, with the curve of everything that happens to it."""

    def __init__(self, context: Context, server: Server, group: cgroup.Group) -> None:
        self.context = context
        self.server = server
        self.group = group
        self.maxmemory = maxmemory_bytes(context)
        self.keys = self.maxmemory * DATA_PER_MAXMEMORY // VALUE_BYTES
        self.recorder = curve.Recorder(server.pid, group)
        self.load_seconds = 0.0

    def fill(self) -> None:
        started = time.monotonic()
        with self.server.client() as client:
            for first in range(0, self.keys, LOAD_REQUESTS_PER_ROW):
                part = range(first, min(first + LOAD_REQUESTS_PER_ROW, self.keys))
                begun = time.monotonic()
                client.load(fill_requests(part, VALUE_BYTES, seed=first))
                self.recorder.row("load", len(part) / (time.monotonic() - begun))
                if time.monotonic() - started > LOAD_SECONDS_MAX:
                    raise load.LoadFailed(f"loading is not over after {LOAD_SECONDS_MAX} s")
        self.load_seconds = time.monotonic() - started
        self.server.wait_quiet()
        self.context.progress(f"cold: {self.keys:,} keys in {self.load_seconds:.0f} s, "
                              f"{self.server.disk_bytes() / 1e6:,.0f} MB on disk")

    def drive(self, phase: str, shape: load.Shape, seconds: float) -> list[load.Sample]:
        """Runs the load in short pieces for a while, one row of the curve per piece."""
        samples = []
        requests = 2000
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            sample = load.run(self.server, shape, requests, settle=False)
            self.recorder.row(phase, sample.per_second)
            samples.append(sample)
            requests = max(int(sample.per_second * CHUNK_SECONDS), 1000)
        # The first piece only finds out how fast the server is.
        return samples[1:] or samples


def maxmemory_bytes(context: Context) -> int:
    return max(int(MAXMEMORY_MB * context.scale), 24) * 2**20


@contextlib.contextmanager
def cold_store(context: Context) -> Iterator[ColdStore]:
    maxmemory = maxmemory_bytes(context)
    needed = maxmemory * DATA_PER_MAXMEMORY * DISK_FACTOR
    free = shutil.disk_usage(context.base).free
    if free < needed:
        raise load.LoadFailed(f"{needed / 1e9:.0f} GB of free disk are needed, {free / 1e9:.0f} "
                              "are there")
    directives = [("maxmemory", str(maxmemory))]
    with cgroup.limited("cold", int(maxmemory * CGROUP_FACTOR)) as group:
        with context.server(OURS, directives, group.wrapper()) as server:
            store = ColdStore(context, server, group)
            try:
                store.fill()
                yield store
            finally:
                store.recorder.close()
                if group.out_of_memory_kills():
                    context.problem("cold: the kernel killed the server at the cgroup's limit")
                kept = context.base.parent / "cold.csv"
                store.recorder.write_csv(kept)
                context.progress(f"the curve is in {kept}")


def run(context: Context, chosen: Sequence[Scenario]) -> str:
    parts = []
    with cold_store(context) as store:
        for scenario, measure in ((GET, reads), (BESIDE, beside_hot), (SET, writes)):
            if scenario in chosen:
                parts.append(measure(context, store))
        parts.insert(0, memory(store))
    return "\n\n".join(parts)


def memory(store: ColdStore) -> str:
    """Resident memory over the whole run, phase by phase."""
    rows = []
    for phase in dict.fromkeys(row.phase for row in store.recorder.rows):
        of_phase = store.recorder.of(phase)
        peak = max(row.resident_mb for row in of_phase)
        rates = [row.per_second for row in of_phase]
        rows.append([
            phase, count(median(rates)), count(min(rates)), count(peak),
            f"{peak * 1e6 / store.maxmemory:.2f}",
            verdict(peak * 1e6 / store.maxmemory, at_most=RESIDENT_FACTOR_MAX),
        ])
    table = markdown_table(
        ["phase", "op/s", "slowest piece, op/s", "resident peak MB", "of maxmemory", "promised"],
        rows)
    everything = store.recorder.rows
    return (
        f"{store.keys:,} keys of {VALUE_BYTES} bytes, maxmemory {store.maxmemory / 2**20:.0f} MiB, "
        f"cgroup v{store.group.version} limit {CGROUP_FACTOR:g} × maxmemory; loaded in "
        f"{store.load_seconds:.0f} s by one connection, "
        f"{store.server.disk_bytes() / 1e6:,.0f} MB on disk.\n\n{table}\n\n"
        "Over time, from the first key loaded to the last read:\n\n```\n"
        f"op/s     {curve.chart([row.per_second for row in everything])}\n"
        f"resident {curve.chart([row.resident_mb for row in everything])}\n```"
    )


def reads(context: Context, store: ColdStore) -> str:
    shape = load.Shape(("GET", "key:__rand_int__"), keys=store.keys)
    samples = store.drive("get", shape, READ_SECONDS * context.scale)
    rate = sum(s.requests for s in samples) / sum(s.seconds for s in samples)
    cost = sum(s.cpu_seconds for s in samples) / sum(s.requests for s in samples) * 1e6
    p99_ms = median(sample.p99_ms for sample in samples)
    context.progress(f"cold-get: {rate:,.0f} op/s")
    rows = []
    for block_bytes, iops in disk_iops(context, store).items():
        rows.append([f"fio {block_bytes} B, queue depth {fio.QUEUE_DEPTH}", count(iops),
                     f"{rate / iops:.2f}", verdict(rate / iops, at_least=IOPS_SHARE_MIN)])
    head = [f"cold GET: {rate:,.0f} op/s, p99 {p99_ms:.2f} ms, {cost:.1f} µs CPU", "IOPS",
            "GET / IOPS", "promised"]
    return markdown_table(head, rows)


def disk_iops(context: Context, store: ColdStore) -> dict[int, float]:
    """fio on a file as large as the data, in a cgroup like the server's."""
    file = context.base / "fio.dat"
    try:
        fio.lay_out(file, store.keys * VALUE_BYTES)
        with cgroup.limited("fio", int(store.maxmemory * CGROUP_FACTOR)) as group:
            return {
                block_bytes: fio.random_read_iops(
                    file, block_bytes, FIO_SECONDS * min(context.scale, 1), group.wrapper())
                for block_bytes in (4096, 1024)
            }
    finally:
        file.unlink(missing_ok=True)


def writes(context: Context, store: ColdStore) -> str:
    value = ("__rand_int__" * (VALUE_BYTES // 12 + 1))[: VALUE_BYTES // 12 * 12]
    shape = load.Shape(("SET", "key:__rand_int__", value), keys=store.keys)
    samples = store.drive("set", shape, WRITE_SECONDS * context.scale)
    rate = sum(s.requests for s in samples) / sum(s.seconds for s in samples)
    slowest = min(sample.per_second for sample in samples)
    return markdown_table(
        ["cold SET, op/s", "slowest piece, op/s", "p99 ms"],
        [[count(rate), count(slowest), f"{median(s.p99_ms for s in samples):.2f}"]])


def beside_hot(context: Context, store: ColdStore) -> str:
    """Rounds of hot reads alone and beside one more connection, interleaved.

    The neighbour that reads hot keys is the control: it costs the hot reader only the share of
    the processors that the neighbour and its client take.
    """
    with store.server.client() as client:
        client.load(encode("SET", "hot:%012d" % n, b"h" * 100) for n in range(HOT_KEYS))
    hot = load.Shape(("GET", "hot:__rand_int__"), connections=1, keys=HOT_KEYS)
    cold = load.Shape(("GET", "key:__rand_int__"), connections=1, keys=store.keys)
    requests = load.requests_for(store.server, hot, context.seconds)
    measured: dict[str, list[tuple[load.Sample, float]]] = {}
    for _ in range(context.rounds):
        for state, neighbour in (("alone", None), ("hot", hot), ("cold", cold)):
            pair = run_beside(store, hot, requests, neighbour)
            measured.setdefault(state, []).append(pair)
            store.recorder.row(f"hot beside {state}" if neighbour else "hot alone",
                               pair[0].per_second)
    quiet_ms = median(sample.p99_ms for sample, _ in measured["alone"])
    rows = []
    for state, pairs in measured.items():
        p99_ms = median(sample.p99_ms for sample, _ in pairs)
        rate = median(rate for _, rate in pairs)
        rows.append([
            "alone" if state == "alone" else f"beside {rate:,.0f} {state} GET/s",
            count(median(sample.per_second for sample, _ in pairs)),
            f"{median(sample.p50_ms for sample, _ in pairs):.3f}", f"{p99_ms:.3f}",
            f"{p99_ms / quiet_ms:.2f}",
            verdict(p99_ms / quiet_ms, at_most=P99_FACTOR_MAX) if state == "cold" else "",
        ])
    return markdown_table(
        ["hot GET, one connection", "op/s", "p50 ms", "p99 ms", "p99 ratio", "promised"], rows)


def run_beside(
    store: ColdStore, measured: load.Shape, requests: int, neighbour: load.Shape | None
) -> tuple[load.Sample, float]:
    """Runs the measured load while the neighbour's goes on; returns also the neighbour's rate."""
    before, started = commands_processed(store.server), time.monotonic()
    reader = None
    if neighbour:
        endless = load.command_line(store.server.port, neighbour, 10**9)
        reader = subprocess.Popen(endless, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
    try:
        sample = load.run(store.server, measured, requests, settle=False)
        done = commands_processed(store.server) - before
        seconds = time.monotonic() - started
    finally:
        if reader:
            reader.kill()
            reader.wait()
    return sample, (done - sample.requests) / seconds


def commands_processed(server: Server) -> int:
    with server.client() as client:
        return int(client.info("stats")["total_commands_processed"])


TABLE = Table(
    "cold", "Cold data",
    f"Ten times more data than `maxmemory`; the server stands in a memory cgroup of "
    f"{CGROUP_FACTOR:g} × `maxmemory`, so the page cache cannot answer.",
    (GET, SET, BESIDE), run,
)
