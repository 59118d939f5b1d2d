"""Rows of the complexity table: commands of any key, on a hash of N fields.

Tests: test_complexity.py.
"""

from complexity_rows.case import LINEAR, ONE, PAGE, SORTING, Case, Step, always, row, undone
from resp import encode

FAR_SECONDS, FAR_MS = 10**10, 10**13
PERSIST = ("PERSIST", "hash")



def restore(size: int) -> Step:
    return Step(encode("RESTORE"), before=(encode("DUMP", "hash"),),
                made_of=lambda payload: encode("RESTORE", "stored", 0, payload),
                after=(encode("DEL", "stored"),))


ROWS: tuple[Case, ...] = (
    row("scan", "O(1) per page", ONE, "hash", always("SCAN", 0, "COUNT", PAGE)),
    row("exists", "O(1)", ONE, "hash", always("EXISTS", "hash")),
    row("type", "O(1)", ONE, "hash", always("TYPE", "hash")),
    row("touch", "O(1)", ONE, "hash", always("TOUCH", "hash")),
    row("object-encoding", "O(1)", ONE, "hash", always("OBJECT", "ENCODING", "hash")),
    row("object-idletime", "O(1)", ONE, "hash", always("OBJECT", "IDLETIME", "hash")),
    row("object-refcount", "O(1)", ONE, "hash", always("OBJECT", "REFCOUNT", "hash")),
    row("expire", "O(1)", ONE, "hash", undone(("EXPIRE", "hash", FAR_SECONDS // 100), PERSIST)),
    row("pexpire", "O(1)", ONE, "hash", undone(("PEXPIRE", "hash", FAR_MS // 100), PERSIST)),
    row("expireat", "O(1)", ONE, "hash", undone(("EXPIREAT", "hash", FAR_SECONDS), PERSIST)),
    row("pexpireat", "O(1)", ONE, "hash", undone(("PEXPIREAT", "hash", FAR_MS), PERSIST)),
    row("persist", "O(1)", ONE, "hash", undone(PERSIST, ("EXPIREAT", "hash", FAR_SECONDS))),
    row("ttl", "O(1)", ONE, "hash", always("TTL", "hash")),
    row("pttl", "O(1)", ONE, "hash", always("PTTL", "hash")),
    row("expiretime", "O(1)", ONE, "hash", always("EXPIRETIME", "hash")),
    row("pexpiretime", "O(1)", ONE, "hash", always("PEXPIRETIME", "hash")),
    row("rename", "O(1)", ONE, "hash",
        undone(("RENAME", "hash", "renamed"), ("RENAME", "renamed", "hash"))),
    row("renamenx", "O(1)", ONE, "hash",
        undone(("RENAMENX", "hash", "renamed"), ("RENAME", "renamed", "hash"))),
    row("dump", "O(N)", LINEAR, "hash", always("DUMP", "hash"), wide=True),
    row("restore", "O(N)", LINEAR, "hash", restore),
    row("sort_ro", "O(N + M log M), M = N", SORTING, "list", always("SORT_RO", "list"), wide=True),
    row("sort-alpha-store", "O(N + M log M), M = N", SORTING, "set",
        undone(("SORT", "set", "ALPHA", "STORE", "stored"), ("DEL", "stored"))),
)
