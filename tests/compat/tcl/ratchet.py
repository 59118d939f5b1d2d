"""The committed counts and excuses, and what a run may not fall below.

Owns: the formats of results.txt (written by the runner) and excused.md (written by people).
Invariants: a passing count never falls unnoticed; a test fails only with a written reason; an
excuse always names a test that exists. Must not know: processes. Tests: test_runner.py.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from report import OUTSIDE, Report

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.txt"
EXCUSES = HERE / "excused.md"

HEADER = """\
# Counts of the upstream Tcl suite, written by: tests/compat/tcl/run.py --update
# A run with fewer passing tests than `ok`, or with a failing test without a line in excused.md,
# fails. `upstream` is what the real redis-server passes in the same mode (--reference).
"""


@dataclass
class Line:
    upstream: int | None = None
    ok: int | None = None
    err: int = 0
    ignored: int = 0
    failing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Excuse:
    unit: str
    mode: str
    test: str
    action: str
    reason: str

    def covers(self, unit: str, mode: str) -> bool:
        return self.unit == unit and self.mode in (mode, "both")


Key = tuple[str, str]


def read_results(path: Path = RESULTS) -> tuple[str, dict[Key, Line]]:
    """Returns the suite's version and the committed lines, empty when there is no file."""
    lines: dict[Key, Line] = {}
    suite_version = ""
    last = None
    for text in path.read_text().splitlines() if path.is_file() else []:
        if text.startswith("# suite: "):
            suite_version = text.removeprefix("# suite: ")
        elif text.startswith("  - ") and last:
            last.failing.append(text[4:])
        elif text and not text.startswith("#") and not text.startswith("unit "):
            unit, mode, *counts = text.split()
            upstream, ok, err, ignored = (None if c == "-" else int(c) for c in counts)
            last = Line(upstream, ok, err or 0, ignored or 0)
            lines[unit, mode] = last
    return suite_version, lines


def write_results(suite_version: str, lines: dict[Key, Line], path: Path = RESULTS) -> None:
    def shown(count: int | None) -> str:
        return "-" if count is None else str(count)

    row = "{:<24} {:<9} {:>8} {:>4} {:>4} {:>8}\n"
    text = HEADER + f"# suite: {suite_version}\n"
    text += row.format("unit", "mode", "upstream", "ok", "err", "ignored")
    for (unit, mode), line in lines.items():
        counts = (line.upstream, line.ok, line.err, line.ignored)
        text += row.format(unit, mode, *map(shown, counts))
        text += "".join(f"  - {name}\n" for name in line.failing)
    path.write_text(text)


def read_excuses(path: Path = EXCUSES) -> list[Excuse]:
    """Reads the rows of the table in excused.md: unit, mode, test, action, reason."""
    excuses = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        if not text.startswith("| unit/"):
            continue
        cells = [c.strip().replace("\\|", "|") for c in re.split(r"(?<!\\)\|", text)[1:-1]]
        if len(cells) != 5 or not all(cells):
            raise ValueError(f"{path.name}:{number}: five filled cells expected")
        excuse = Excuse(cells[0], cells[1], cells[2].strip("`"), cells[3], cells[4])
        if excuse.mode not in ("both", "external", "spawn") or excuse.action not in ("run", "skip"):
            raise ValueError(f"{path.name}:{number}: unknown mode or action")
        excuses.append(excuse)
    return excuses


def judge(
    key: Key, result: Report, committed: Line | None, excuses: list[Excuse]
) -> tuple[list[str], list[str]]:
    """Returns what is wrong with this result, and what got better."""
    unit, mode = key
    mine = [excuse for excuse in excuses if excuse.covers(unit, mode)]
    excused = {excuse.test for excuse in mine}
    failing = set(result.failing_names())
    problems = [f"fails: {name}" for name in sorted(failing - excused)]
    if result.aborted is not None:
        problems.append(f"unit aborted: {result.aborted}")
    passed = len(result.passed)
    improvements = []
    if committed is None or committed.ok is None:
        problems.append("no committed count; record it with --update")
    elif passed < committed.ok:
        problems.append(f"{passed} tests pass, {committed.ok} did")
    elif passed > committed.ok:
        improvements.append(f"{passed} tests pass, {committed.ok} did")
    known = failing | set(result.passed) | set(result.skipped)
    # A unit that stopped half-way says nothing about the tests that it did not reach.
    complete = result.aborted is None and OUTSIDE not in failing
    for excuse in mine:
        if excuse.test not in known and complete:
            problems.append(f"excused.md names a test that this unit does not have: {excuse.test}")
        elif excuse.test in result.passed and excuse.test not in failing:
            improvements.append(f"excused, yet passes: {excuse.test}")
    return problems, improvements


def recorded(result: Report, upstream: int | None) -> Line:
    failing = result.failing_names()
    ignored = len(result.ignored) + len(result.skipped)
    return Line(upstream, len(result.passed), len(failing), ignored, failing)
