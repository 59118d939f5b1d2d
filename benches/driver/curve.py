"""Throughput and memory over time: samples, a CSV file, a line of text that shows the shape.

Owns: the sampling thread. Invariants: a row's memory is the highest seen since the row before it,
so a peak between two rows is never lost. Tests: test_driver.py.
"""

import csv
import threading
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import cgroup
import process

SAMPLE_SECONDS = 0.1
CHART_COLUMNS = 60
BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Row:
    seconds: float
    phase: str
    per_second: float
    resident_mb: float
    cgroup_mb: float


class Recorder:
    """Samples one process until closed; `row` ends an interval."""

    def __init__(self, pid: int, group: cgroup.Group) -> None:
        self.rows: list[Row] = []
        self._pid = pid
        self._group = group
        self._peak = (0, 0)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._closed.wait(SAMPLE_SECONDS):
            try:
                now = (process.resident_bytes(self._pid), self._group.used_bytes())
            except (OSError, ValueError):
                # The process has ended: whoever drives the load notices and says so.
                return
            with self._lock:
                self._peak = (max(self._peak[0], now[0]), max(self._peak[1], now[1]))

    def row(self, phase: str, per_second: float) -> None:
        with self._lock:
            peak, self._peak = self._peak, (0, 0)
        if peak == (0, 0) and self.rows:
            # An interval shorter than a sample has seen nothing new.
            peak = (self.rows[-1].resident_mb * 1e6, self.rows[-1].cgroup_mb * 1e6)
        elapsed = time.monotonic() - self._started
        self.rows.append(Row(elapsed, phase, per_second, peak[0] / 1e6, peak[1] / 1e6))

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def of(self, phase: str) -> list[Row]:
        return [row for row in self.rows if row.phase == phase]

    def write_csv(self, path: Path) -> None:
        with open(path, "w", newline="") as sink:
            writer = csv.writer(sink)
            writer.writerow([field.name for field in fields(Row)])
            writer.writerows(
                [f"{cell:.1f}" if isinstance(cell, float) else cell for cell in astuple(row)]
                for row in self.rows
            )


def chart(values: Sequence[float], columns: int = CHART_COLUMNS) -> str:
    """The values as bars over 0..max; more values than columns are averaged."""
    if not values:
        return ""
    columns = min(columns, len(values))
    means = []
    for column in range(columns):
        first = column * len(values) // columns
        part = values[first : (column + 1) * len(values) // columns]
        means.append(sum(part) / len(part))
    top = max(means) or 1.0
    return "".join(BARS[round(mean / top * (len(BARS) - 1))] for mean in means)
