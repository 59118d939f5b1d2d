#!/usr/bin/env python3
"""Runs units of the upstream Tcl suite against ferrock-server, one process per unit and mode.

    tests/compat/tcl/run.py                      all units, both modes, judged by the ratchet
    tests/compat/tcl/run.py --unit unit/expire --mode spawn --verbose
    tests/compat/tcl/run.py --update             record the counts of this run
    tests/compat/tcl/run.py --reference          record what the real redis-server passes

The suite is Debian's source package of redis, fetched when first needed into the user's cache;
nothing of it stands in this repository. results.txt holds the counts, excused.md the tests that
may fail and why.
"""

import argparse
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent import futures
from pathlib import Path

import ratchet
import suite
import unit

UNITS = (
    "unit/type/string", "unit/type/incr", "unit/type/hash", "unit/type/list", "unit/type/list-2",
    "unit/type/list-3", "unit/type/set", "unit/type/zset", "unit/type/stream",
    "unit/type/stream-cgroups", "unit/bitops", "unit/bitfield", "unit/geo", "unit/hyperloglog",
    "unit/keyspace", "unit/expire", "unit/scan", "unit/sort", "unit/dump", "unit/other",
    "unit/protocol", "unit/printver", "unit/quit",
)
# Units wait for timeouts more than they compute, so two at a time take about half the time.
WORKERS = 2
# All units in both modes take about three minutes against a server that works.
SECONDS_MAX = 900


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unit", action="append", help="only this unit (may be repeated)")
    parser.add_argument("--mode", choices=unit.MODES, help="only this mode")
    parser.add_argument("--server", type=Path, help="the binary under test")
    parser.add_argument("--update", action="store_true", help="write results.txt")
    parser.add_argument("--reference", action="store_true",
                        help="run Debian's redis-server and record the upstream column")
    parser.add_argument("--verbose", action="store_true", help="explain each failure")
    parser.add_argument("--keep", action="store_true", help="keep the logs, and say where")
    return parser.parse_args()


def server_binary(options: argparse.Namespace) -> Path:
    if options.reference:
        found = shutil.which("redis-server")
        if found is None:
            sys.exit("run.py: redis-server is not on PATH (package redis-server)")
        # Debian's redis-server is a link to a binary that goes by its name: keep the name.
        return Path(found)
    if options.server:
        return options.server
    root = Path(__file__).resolve().parents[3]
    target = Path(os.environ.get("CARGO_TARGET_DIR") or root / "target")
    binary = target / "release" / "ferrock-server"
    if not binary.is_file():
        sys.exit(f"run.py: {binary} is missing: build it with `make build`")
    return binary


def print_failures(result, excuses) -> None:
    excused = {excuse.test for excuse in excuses}
    for failure in result.failures:
        mark = " (excused)" if failure.name in excused else ""
        print(f"    [err] {failure.name}{mark}")
        for line in failure.detail:
            print(f"        {line}")


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: terminated"))
    server = server_binary(options)
    try:
        tree = suite.fetch()
    except suite.SuiteUnavailable as error:
        sys.exit(f"run.py: the Tcl suite is not available: {error}")
    suite_version = suite.version(tree)
    _, lines = ratchet.read_results()
    # The excuses are ours; the reference run shows what the suite does without any.
    excuses = [] if options.reference else ratchet.read_excuses()
    started = time.monotonic()
    scratch = Path(tempfile.mkdtemp(prefix="ferrock-tcl-"))
    print(f"suite {suite_version}, server {server}", flush=True)
    bad = 0
    modes = [options.mode] if options.mode else unit.MODES
    keys = [(name, mode) for name in options.unit or UNITS for mode in modes]
    try:
        copies = [
            suite.working_copy(tree, server, scratch / f"worker-{number}", not options.reference)
            for number in range(min(WORKERS, len(keys)))
        ]
        # In spawn mode the suite waits minutes for each server that does not come up.
        with unit.ExternalServer(copies[0], scratch) as probe:
            if not probe.answers():
                sys.exit(f"run.py: {server} does not serve:\n{probe.log_tail()}")
        for key, result, seconds in run_all(copies, keys, excuses, scratch):
            bad += conclude(options, key, result, seconds, lines, excuses)
            if time.monotonic() - started > SECONDS_MAX:
                sys.exit(f"run.py: not finished after {SECONDS_MAX} s")
    finally:
        if options.keep:
            print(f"logs are in {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    if options.update or options.reference:
        order = [(name, mode) for name in UNITS for mode in unit.MODES]
        ordered = {key: lines[key] for key in order if key in lines}
        ratchet.write_results(suite_version, ordered)
        print(f"wrote {ratchet.RESULTS}")
    return 1 if bad else 0


def run_all(copies, keys, excuses, scratch):
    """Runs each (unit, mode) of `keys`, one at a time in each of `copies`; yields the key, the
    report and the seconds of each as it ends."""
    # A run of the suite clears its tree of what it left there, so a tree serves one at a time.
    free = queue.SimpleQueue()
    for number, copy in enumerate(copies):
        free.put((number, copy))

    def one(key):
        name, mode = key
        skip = [e.test for e in excuses if e.covers(name, mode) and e.action == "skip"]
        number, copy = free.get()
        try:
            started = time.monotonic()
            result = unit.run(copy, name, mode, skip, scratch, number)
            return key, result, time.monotonic() - started
        finally:
            free.put((number, copy))

    pool = futures.ThreadPoolExecutor(max_workers=len(copies))
    try:
        for done in futures.as_completed([pool.submit(one, key) for key in keys]):
            yield done.result()
    finally:
        # Whoever stops early still waits for the units that run, so that none outlives us.
        pool.shutdown(cancel_futures=True)


def conclude(options, key, result, seconds, lines, excuses) -> int:
    """Judges and prints what one unit did in one mode; returns the number of problems."""
    name, mode = key
    mine = [excuse for excuse in excuses if excuse.covers(name, mode)]
    committed = lines.get(key)
    upstream = committed.upstream if committed else None
    if options.reference:
        lines[key] = committed or ratchet.Line()
        lines[key].upstream = len(result.passed)
        problems = [f"fails: {failing}" for failing in result.failing_names()]
        problems += [result.aborted] if result.aborted else []
        improvements = []
    else:
        problems, improvements = ratchet.judge(key, result, committed, excuses)
        if options.update:
            lines[key] = ratchet.recorded(result, upstream)
    counts = f"{len(result.passed)} ok, {len(result.failures)} err, {len(result.ignored)} ignored"
    beside = f" (upstream {upstream})" if upstream is not None else ""
    print(f"{name} {mode}: {counts}{beside}, {seconds:.0f} s", flush=True)
    for text in problems:
        print(f"    PROBLEM {text}")
    for text in improvements:
        print(f"    better: {text} (record it with --update)")
    if options.verbose or problems:
        print_failures(result, mine)
    sys.stdout.flush()
    return len(problems)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (subprocess.SubprocessError, ValueError) as error:
        sys.exit(f"run.py: {error}")
