#!/usr/bin/env python3
"""Ferrock beside Debian's redis-server: the same machine, disk, moment and load.

    benches/driver/run.py --list
    benches/driver/run.py --only hot-get --only write-always
    benches/driver/run.py --scale 0.02 --rounds 2 --seconds 1      a quick look at everything
    benches/driver/run.py --only cold --write                      record a table in RESULTS.md

Prints markdown. Fails when something is wrong (an error reply, a lost byte, a dead server), never
because something is slow. --write records only tables that were run whole and at full scale.
"""

import argparse
import os
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path

import big_zset
import cold
import complexity
import data_types
import growth
import hot
import machine
import packages
import partitions
import queues
import results
import writes
from cgroup import NoLimit
from context import Context, Table
from load import LoadFailed
from resp import ReplyError
from server import OURS, REDIS, ServerFailed

TABLES = (
    hot.TABLE, data_types.TABLE, complexity.TABLE, *queues.TABLES, big_zset.TABLE,
    writes.TABLE, cold.TABLE, *growth.TABLES, partitions.TABLE, packages.TABLE,
)
DEFAULT_ROUNDS = 5
DEFAULT_SECONDS = 3.0
# A run to be recorded may not be shorter than this.
RECORDED_ROUNDS_MIN = 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="name every scenario")
    parser.add_argument("--only", action="append", metavar="PREFIX",
                        help="scenarios or tables whose name begins so (may be repeated)")
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS)
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS,
                        help="length of one run of a load")
    parser.add_argument("--scale", type=float, default=1.0, help="of data sets and long phases")
    parser.add_argument("--dir", type=Path, help="where the servers keep their data")
    parser.add_argument("--server", type=Path, help="our binary")
    parser.add_argument("--redis", type=Path, help="the redis-server beside it")
    parser.add_argument("--set", action="append", default=[], metavar="DIRECTIVE=VALUE",
                        help="a further directive for our server")
    parser.add_argument("--write", action="store_true", help="record whole tables in RESULTS.md")
    return parser.parse_args()


def our_binary(options: argparse.Namespace) -> Path:
    root = Path(__file__).resolve().parents[2]
    target = Path(os.environ.get("CARGO_TARGET_DIR") or root / "target")
    binary = options.server or target / "release" / "ferrock-server"
    if not binary.is_file():
        sys.exit(f"run.py: {binary} is missing: build it with `make build`")
    return binary.absolute()


def redis_binary(options: argparse.Namespace) -> Path:
    found = options.redis or shutil.which("redis-server")
    if not found or not shutil.which("redis-benchmark"):
        sys.exit("run.py: redis-server and redis-benchmark are needed: .ci/install bench")
    return Path(found).absolute()


def chosen(table: Table, prefixes: list[str] | None) -> list:
    if not prefixes or table.name in prefixes:
        return list(table.scenarios)
    return [one for one in table.scenarios if one.name.startswith(tuple(prefixes))]


def context_for(options: argparse.Namespace, base: Path) -> Context:
    pairs = [text.partition("=") for text in options.set]
    return Context(
        binaries={OURS: our_binary(options), REDIS: redis_binary(options)}, base=base,
        rounds=options.rounds, seconds=options.seconds, scale=options.scale,
        ours_directives=[(name, value) for name, _, value in pairs],
    )


def command_for(table: Table, options: argparse.Namespace) -> str:
    words = ["make", "bench"]
    inner = ["--only", table.name]
    for name in ("rounds", "seconds", "scale"):
        value = getattr(options, name)
        if value != {"rounds": DEFAULT_ROUNDS, "seconds": DEFAULT_SECONDS, "scale": 1.0}[name]:
            inner += [f"--{name}", f"{value:g}"]
    for text in options.set:
        inner += ["--set", text]
    return " ".join(words) + " ARGS=" + shlex.quote(shlex.join(inner))


def main() -> int:
    options = arguments()
    if options.list:
        # Whoever has read enough closes the pipe, which is no error.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        for table in TABLES:
            print(f"{table.name}: {table.title}")
            for one in table.scenarios:
                print(f"  {one.name:<20} {one.sentence}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: terminated"))
    selection = [(table, chosen(table, options.only)) for table in TABLES]
    if not any(scenarios for _, scenarios in selection):
        sys.exit("run.py: no such scenario; see --list")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parent = options.dir or cache / "ferrock" / "bench"
    parent.mkdir(parents=True, exist_ok=True)
    base = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    try:
        context = context_for(options, base)
        line = machine.describe(base, context.binaries)
        for table, scenarios in selection:
            if scenarios:
                run_table(context, table, scenarios, options, line)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    for text in context.problems:
        print(f"PROBLEM {text}", file=sys.stderr)
    return 1 if context.problems else 0


def run_table(context: Context, table: Table, scenarios: list, options, line: str) -> None:
    context.progress(f"{table.name}: {', '.join(one.name for one in scenarios)}")
    problems = len(context.problems)
    try:
        body = table.run(context, scenarios)
    except (LoadFailed, NoLimit, OSError, ReplyError, ServerFailed) as error:
        context.problem(f"{table.name}: {error}")
        return
    # Where a name says it all, the rows of the table are enough.
    told = [one for one in scenarios if not one.name.endswith(one.sentence)]
    sentences = "\n".join(f"- `{one.name}`: {one.sentence}" for one in told)
    about = f"{table.about}\n\n{sentences}".rstrip()
    part = results.section(table.title, about, body, command_for(table, options), line)
    print(part, flush=True)
    if not options.write:
        return
    whole = len(scenarios) == len(table.scenarios) and options.scale >= 1.0
    if whole and options.rounds >= RECORDED_ROUNDS_MIN and len(context.problems) == problems:
        results.write(table.name, part)
    else:
        context.progress(f"{table.name} is not recorded: partial, shortened or failed")


if __name__ == "__main__":
    sys.exit(main())
