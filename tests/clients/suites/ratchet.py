"""The committed outcomes of the client suites, and what a run may not fall below.

Owns: the format of results.txt, which the runner writes. Invariants: a passing count never falls
unnoticed; a test that is not listed as failing must not fail. Must not know: processes.
Tests: test_suites.py.
"""

from dataclasses import dataclass, field
from pathlib import Path

from outcome import Outcome

RESULTS = Path(__file__).resolve().parent / "results.txt"
HEADER = """\
# Outcomes of real clients' test programs, written by: tests/clients/suites/run.py --update
# A run with fewer passing tests than `ok`, or with a failing test that is not listed here, fails.
# `upstream` is what Debian's redis-server passes (--reference). Versions stand in fetch.py.
"""


@dataclass
class Line:
    upstream: int | None = None
    ok: int | None = None
    skipped: int = 0
    failing: list[str] = field(default_factory=list)


def read(path: Path = RESULTS) -> dict[str, Line]:
    """The committed lines by suite; empty when there is no file."""
    lines: dict[str, Line] = {}
    last = None
    for text in path.read_text().splitlines() if path.is_file() else []:
        if text.startswith("  - ") and last:
            last.failing.append(text[4:])
        elif text and not text.startswith(("#", "suite ")):
            name, *counts = text.split()
            upstream, ok, skipped = (None if count == "-" else int(count) for count in counts)
            last = Line(upstream, ok, skipped or 0)
            lines[name] = last
    return lines


def write(lines: dict[str, Line], path: Path = RESULTS) -> None:
    row = "{:<20} {:>8} {:>6} {:>8}\n"
    text = HEADER + row.format("suite", "upstream", "ok", "skipped")
    for name in sorted(lines):
        line = lines[name]
        counts = ["-" if count is None else count for count in (line.upstream, line.ok)]
        text += row.format(name, *counts, line.skipped)
        text += "".join(f"  - {failing}\n" for failing in line.failing)
    path.write_text(text)


def judge(result: Outcome, committed: Line | None) -> tuple[list[str], list[str]]:
    """Returns what is wrong with this result, and what got better."""
    known = set(committed.failing) if committed else set()
    problems = [f"fails: {name}\n        {result.failed[name]}"
                for name in sorted(set(result.failed) - known)]
    better = []
    if result.aborted:
        problems.append(f"aborted: {result.aborted}")
    if committed is None or committed.ok is None:
        problems.append("no committed outcome; record it with --update")
    elif len(result.passed) < committed.ok:
        problems.append(f"{len(result.passed)} tests pass, {committed.ok} did")
    elif len(result.passed) > committed.ok:
        better.append(f"{len(result.passed)} tests pass, {committed.ok} did")
    better += [f"listed as failing, yet passes: {name}" for name in sorted(known & result.passed)]
    return problems, better


def recorded(result: Outcome, upstream: int | None) -> Line:
    return Line(upstream, len(result.passed), len(result.skipped), sorted(result.failed))
