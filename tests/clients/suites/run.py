#!/usr/bin/env python3
"""Runs real clients' test programs against ferrock-server: redis-py's own suite, node programs.

    tests/clients/suites/run.py                     all suites, judged by the ratchet
    tests/clients/suites/run.py --suite ioredis --verbose
    tests/clients/suites/run.py --update            record the outcomes of this run
    tests/clients/suites/run.py --reference         record what Debian's redis-server passes

Clients come from PyPI and the npm registry into the user's cache when first needed. A suite whose
client cannot be had is skipped and says so; with --require that is a failure.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fetch
import ratchet
from outcome import Outcome
from server import Server, ServerFailed
from suites import SUITES, Suite

# Each suite mostly waits, for timeouts that it tests among others.
AT_ONCE = 2


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = [suite.name for suite in SUITES]
    parser.add_argument("--suite", action="append", choices=names, help="may be repeated")
    parser.add_argument("--server", type=Path, help="the binary under test")
    parser.add_argument("--update", action="store_true", help="write results.txt")
    parser.add_argument("--reference", action="store_true",
                        help="run Debian's redis-server and record the upstream column")
    parser.add_argument("--require", action="store_true", help="a skipped suite is a failure")
    parser.add_argument("--verbose", action="store_true", help="explain each failure")
    return parser.parse_args()


def server_binary(options: argparse.Namespace) -> Path:
    if options.reference:
        found = shutil.which("redis-server")
        if found is None:
            sys.exit("run.py: redis-server is not on PATH (package redis-server)")
        return Path(found)
    if options.server:
        return options.server.absolute()
    root = Path(__file__).resolve().parents[3]
    target = Path(os.environ.get("CARGO_TARGET_DIR") or root / "target")
    binary = target / "release" / "ferrock-server"
    if not binary.is_file():
        sys.exit(f"run.py: {binary} is missing: build it with `make build`")
    return binary.absolute()


def run_suite(suite: Suite, binary: Path) -> tuple[Outcome | str, float]:
    """The outcome, or why there is none; and the seconds it took."""
    started = time.monotonic()
    try:
        with Server(binary) as server:
            result = suite.run(server)
            result.aborted = server.ended() or result.aborted
    except fetch.Unavailable as error:
        return str(error), 0.0
    except ServerFailed as error:
        return Outcome(aborted=str(error)), time.monotonic() - started
    return result, time.monotonic() - started


def report(
    suite: Suite, result: Outcome, options: argparse.Namespace, lines: dict[str, ratchet.Line]
) -> int:
    """Prints and files one outcome; returns the number of problems."""
    committed = lines.get(suite.name)
    upstream = committed.upstream if committed else None
    problems, better = ratchet.judge(result, committed)
    if options.reference:
        lines[suite.name] = committed or ratchet.Line()
        lines[suite.name].upstream = len(result.passed)
        problems = [f"aborted: {result.aborted}"] if result.aborted else []
        better = []
    elif options.update:
        lines[suite.name] = ratchet.recorded(result, upstream)
        problems = [f"aborted: {result.aborted}"] if result.aborted else []
    for text in problems:
        print(f"    PROBLEM {text}")
    for text in better:
        print(f"    better: {text} (record it with --update)")
    if options.verbose:
        for name, detail in sorted(result.failed.items()):
            print(f"    [failed] {name}\n        {detail}")
    return len(problems)


def main() -> int:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: terminated"))
    binary = server_binary(options)
    chosen = [suite for suite in SUITES if not options.suite or suite.name in options.suite]
    lines = ratchet.read()
    bad = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = pool.map(lambda suite: run_suite(suite, binary), chosen)
        for suite, (result, seconds) in zip(chosen, results):
            if isinstance(result, str):
                bad += options.require
                print(f"{suite.name}: skipped: {result}", flush=True)
                continue
            committed = lines.get(suite.name)
            beside = f" (upstream {committed.upstream})" if committed and committed.upstream else ""
            print(f"{suite.name}: {len(result.passed)} ok, {len(result.failed)} failed, "
                  f"{len(result.skipped)} skipped{beside}, {seconds:.0f} s", flush=True)
            bad += report(suite, result, options, lines)
    if options.update or options.reference:
        ratchet.write(lines)
        print(f"wrote {ratchet.RESULTS}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
