"""One row per command and case whose documentation states a complexity in a collection's size."""

from complexity_rows import hashes, keyspace, lists, sets, streams, whole, zsets
from complexity_rows.case import Case

CASES: tuple[Case, ...] = (
    *zsets.ROWS, *lists.ROWS, *hashes.ROWS, *sets.ROWS, *streams.ROWS, *keyspace.ROWS, *whole.ROWS,
)
# Documented commands without a row, and why.
ELSEWHERE = {
    "migrate": "DUMP here and RESTORE there",
    "keys": "N is the number of keys, as that of table `keys`",
    "randomkey": "table `keys`",
    "wait": "N is the number of replicas",
    "waitaof": "N is the number of replicas",
    "move": "RENAME into another database, under the same record",
    "sort": "SORT_RO, and a list of the result",
    "pfdebug": "a test of the server",
    "pfselftest": "a test of the server",
    "xgroup": "a row for each subcommand",
    "xinfo": "a row for each subcommand",
    "object": "a row for each subcommand",
}
