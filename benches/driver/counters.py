"""What one command makes the engine do: rows written, reads, iterator steps, blocks read.

Owns: the names of our INFO fields and the difference of two readings. Invariants: a field that a
server does not have is absent here, never zero. Must not know: scenarios. Tests: test_types.py.
"""

from pathlib import Path

from resp import Client
from server import Server

# Rows that were staged and are committed; of those of one key in a group the last is written.
ROWS = "committed_rows"
# Point reads, seeks and steps of iterators that reached the engine: what no cache of rows answered.
READS = ("engine_gets", "engine_seeks", "engine_steps")


def reading(client: Client) -> dict[str, int]:
    """The counters of this module that the server has."""
    info = client.info("rocksdb")
    return {name: int(info[name]) for name in (ROWS, *READS) if name in info}


def between(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in before if name in after}


def rows_of(counts: dict[str, int], commands: int) -> float | None:
    return counts[ROWS] / commands if ROWS in counts else None


def reads_of(counts: dict[str, int], commands: int) -> float | None:
    """Point reads, seeks and steps per command; None where the server does not count them all."""
    if any(name not in counts for name in READS):
        return None
    return sum(counts[name] for name in READS) / commands


def file_reads(server: Server) -> int:
    """read() calls of the process. Sockets are read by recv(), which the kernel does not count
    here, so under load this grows by the blocks that no cache of the process held."""
    lines = Path(f"/proc/{server.pid}/io").read_text().splitlines()
    return int(dict(line.split(": ", 1) for line in lines)["syscr"])
