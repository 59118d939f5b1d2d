"""What every scenario is given: the two binaries, a place on the disk, how long and how often.

Owns: the options of a run, pairs of servers. Invariants: both servers of a pair live through the
same rounds, one idle while the other is measured. Must not know: single scenarios.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from server import NAMES, OURS, REDIS, Server


@dataclass(frozen=True)
class Scenario:
    """One row (or one series) of a table; `name` is what --only takes."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Table:
    """A section of the results. `run` returns its markdown, given the chosen scenarios."""

    name: str
    title: str
    about: str
    scenarios: Sequence[Scenario]
    run: Callable[["Context", Sequence[Scenario]], str]


@dataclass
class Context:
    binaries: dict[str, Path]
    base: Path
    rounds: int
    seconds: float
    # Shrinks data sets and long phases for a quick look; 1.0 is what the results are made with.
    scale: float
    # Further directives for our server only.
    ours_directives: Sequence[tuple[str, str]] = ()
    problems: list[str] = field(default_factory=list)

    def server(
        self, name: str, directives: Sequence[tuple[str, str]] = (), wrapper: Sequence[str] = ()
    ) -> Server:
        own = tuple(self.ours_directives) if name == OURS else ()
        return Server(name, self.binaries[name], self.base, (*directives, *own), wrapper)

    @contextlib.contextmanager
    def pair(self, directives: Sequence[tuple[str, str]] = ()) -> Iterator[dict[str, Server]]:
        with contextlib.ExitStack() as stack:
            yield {
                name: stack.enter_context(self.server(name, directives)) for name in NAMES
            }

    def progress(self, text: str) -> None:
        print(f"[bench] {text}", file=sys.stderr, flush=True)

    def problem(self, text: str) -> None:
        """Something that makes the run wrong, not merely slow: the exit code tells."""
        self.problems.append(text)
        self.progress(f"PROBLEM {text}")


def medians(samples: dict[str, list[float]]) -> tuple[float, float, float]:
    """Returns the medians of ours and of Redis, and the ratio ours / Redis."""
    ours, redis = median(samples[OURS]), median(samples[REDIS])
    return ours, redis, ours / redis if redis else float("nan")


def verdict(value: float, at_most: float | None = None, at_least: float | None = None) -> str:
    if at_most is not None:
        return f"≤ {at_most:g}: {'yes' if value <= at_most else '**no**'}"
    if at_least is not None:
        return f"≥ {at_least:g}: {'yes' if value >= at_least else '**no**'}"
    return ""


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The first column is text, the others are numbers or verdicts."""
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def count(value: float) -> str:
    return f"{value:,.0f}"
