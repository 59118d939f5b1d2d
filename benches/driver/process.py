"""What a server process costs: CPU, resident memory, threads of it and children it has collected.

Owns: reading /proc, waiting until a process is quiet. Invariants: CPU is user plus system of all
threads, ended ones included, so work that a server hands to a helper thread is never missed.
Tests: test_driver.py.
"""

import os
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
QUIET_WINDOW_SECONDS = 0.25
# At most this share of one core counts as quiet: timers of an idle server stay below it.
QUIET_SHARE_MAX = 0.04
QUIET_WAIT_SECONDS_MAX = 60


def cpu_seconds(pid: int) -> float:
    """User + system of all threads, and of children waited for (Redis rewrites its AOF in one)."""
    text = Path(f"/proc/{pid}/stat").read_text()
    # The name may hold spaces and parentheses; fields are counted from behind it.
    fields = text.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_SECOND


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def device_bytes(pid: int) -> tuple[int, int]:
    """Bytes that this process made the block device read, and write."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    counters = dict(line.split(": ", 1) for line in lines)
    return int(counters["read_bytes"]), int(counters["write_bytes"])


def wait_quiet(pid: int, seconds_max: float = QUIET_WAIT_SECONDS_MAX) -> bool:
    """Waits until flushes, compactions and rewrites are over; false when they do not end."""
    deadline = time.monotonic() + seconds_max
    before = cpu_seconds(pid)
    while time.monotonic() < deadline:
        time.sleep(QUIET_WINDOW_SECONDS)
        after = cpu_seconds(pid)
        if after - before <= QUIET_WINDOW_SECONDS * QUIET_SHARE_MAX:
            return True
        before = after
    return False
