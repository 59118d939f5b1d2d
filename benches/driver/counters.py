"""What one command makes the engine do: rows written, reads, iterator steps, blocks read.

Owns: the names of our INFO fields and the difference of two readings. Invariants: a field that a
server does not have is absent here, never zero. Must not know: scenarios. Tests: test_types.py.
"""

from resp import Client

# Rows that were staged and are committed; of those of one key in a group the last is written.
ROWS = "committed_rows"
# Point reads, seeks and steps of iterators that reached the engine: what no cache of rows answered.
READS = ("engine_gets", "engine_seeks", "engine_steps")
# Blocks that readers took from files; counted where `engine-statistics` is on.
BLOCKS = "engine_blocks_read"
# The section of INFO that has them all, and one of few fields elsewhere.
SECTION = "rocksdb"


def reading(client: Client) -> dict[str, int]:
    """The counters of this module that the server has."""
    info = client.info(SECTION)
    return {name: int(info[name]) for name in (ROWS, *READS, BLOCKS) if name in info}


def between(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in before if name in after}


def rows_of(counts: dict[str, int], commands: int) -> float | None:
    return counts[ROWS] / commands if ROWS in counts else None


def reads_of(counts: dict[str, int], commands: int) -> float | None:
    """Point reads, seeks and steps per command; None where the server does not count them all."""
    if any(name not in counts for name in READS):
        return None
    return sum(counts[name] for name in READS) / commands


def blocks_of(counts: dict[str, int], commands: int) -> float | None:
    return counts[BLOCKS] / commands if BLOCKS in counts else None
