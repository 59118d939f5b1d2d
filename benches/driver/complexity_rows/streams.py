"""Rows of the complexity table: streams, groups and pending entries. Tests: test_complexity.py.

Ids that a row adds later are above all others, those of both servers too: `stream` also takes ids
of the clock, `pending` only numbered ones.
"""

from collections.abc import Callable

from complexity_rows.case import (
    LINEAR, LOG, ONE, PAGE, Case, Step, always, draw, entry_id, later_id, row, undone,
)
from resp import encode

FIELD = ("f", "v" * 8)
PENDING = ("pending", "group")
PAGED = f"O(1) with a constant COUNT, {PAGE}"
ADDED = encode("XADD", "stream", "*", *FIELD)
READ_NEW = ("XREADGROUP", "GROUP", "group", "one", "COUNT", 1, "STREAMS", "pending", ">")


def one_more() -> tuple[bytes, ...]:
    """One more pending entry."""
    return encode("XADD", "pending", later_id(), *FIELD), encode(*READ_NEW)


def xadd_trimmed(sign: str) -> Callable[[int], Step]:
    return lambda size: Step(encode("XADD", "stream", "MAXLEN", sign, size, "*", *FIELD))


def xtrim(size: int) -> Step:
    return Step(encode("XTRIM", "stream", "MAXLEN", "=", size), before=(ADDED,))


def from_entry(command: str, *behind: object) -> Callable[[int], Step]:
    """A range of the stream that begins at a random entry."""
    def step(size: int) -> Step:
        return Step(encode(command, "stream", entry_id(draw(size)), *behind, "COUNT", PAGE))
    return step


def xread(size: int) -> Step:
    return Step(encode("XREAD", "COUNT", PAGE, "STREAMS", "stream", entry_id(draw(size))))


def deleted(*words: object) -> Callable[[int], Step]:
    """Deletes a random entry, named last; another one is added."""
    return lambda size: Step(encode(*words, entry_id(draw(size))), after=(ADDED,))


def acknowledged(*words: object) -> Callable[[int], Step]:
    """Acknowledges a random pending entry, named last; another one is delivered."""
    return lambda size: Step(encode(*words, entry_id(draw(size))), after=one_more())


def xreadgroup(size: int) -> Step:
    new = later_id()
    return Step(encode(*READ_NEW), before=(encode("XADD", "pending", new, *FIELD),),
                after=(encode("XACK", *PENDING, new), encode("XDEL", "pending", new)))


def xreadgroup_history(size: int) -> Step:
    return Step(encode("XREADGROUP", "GROUP", "group", "one", "COUNT", PAGE, "STREAMS", "pending",
                       entry_id(draw(size))))


def xautoclaim(size: int) -> Step:
    return Step(encode("XAUTOCLAIM", *PENDING, "one", 0, entry_id(draw(size)), "COUNT", PAGE,
                       "JUSTID"))


def xsetid(size: int) -> Step:
    return Step(encode("XSETID", "pending", later_id()))


def xgroup_setid(size: int) -> Step:
    return Step(encode("XGROUP", "SETID", "stream", "group", entry_id(draw(size))))


ENTRIES = (
    row("xrange", PAGED, ONE, "stream", from_entry("XRANGE", "+")),
    row("xrevrange", PAGED, ONE, "stream", from_entry("XREVRANGE", "-")),
    row("xrange-all", "O(N)", LINEAR, "stream", always("XRANGE", "stream", "-", "+"), wide=True),
    row("xread", PAGED, ONE, "stream", xread),
    row("xlen", "O(1)", ONE, "stream", always("XLEN", "stream")),
    row("xinfo-stream", "O(1)", ONE, "stream", always("XINFO", "STREAM", "stream")),
    row("xadd", "O(1)", ONE, "stream", lambda size: Step(ADDED)),
    row("xadd-maxlen-exact", "O(1) with one entry trimmed", ONE, "stream", xadd_trimmed("=")),
    row("xadd-maxlen-about", "O(1) with one entry trimmed", ONE, "stream", xadd_trimmed("~")),
    row("xtrim-one", "O(N), N = removed, 1", ONE, "stream", xtrim),
    row("xdel", "O(1)", ONE, "stream", deleted("XDEL", "stream")),
    row("xdelex", "O(1)", ONE, "stream", deleted("XDELEX", "stream", "KEEPREF", "IDS", 1)),
)
GROUPS = (
    row("xgroup-create", "O(1)", ONE, "stream",
        undone(("XGROUP", "CREATE", "stream", "new", 0), ("XGROUP", "DESTROY", "stream", "new"))),
    row("xgroup-setid", "O(1)", ONE, "stream", xgroup_setid),
    row("xgroup-createconsumer", "O(1)", ONE, "pending",
        undone(("XGROUP", "CREATECONSUMER", *PENDING, "new"),
               ("XGROUP", "DELCONSUMER", *PENDING, "new"))),
    row("xinfo-groups", "O(1)", ONE, "pending", always("XINFO", "GROUPS", "pending")),
    row("xinfo-consumers", "O(1)", ONE, "pending", always("XINFO", "CONSUMERS", *PENDING)),
    row("xpending", "O(1) as a summary", ONE, "pending", always("XPENDING", *PENDING)),
    row("xpending-range", PAGED, ONE, "pending",
        lambda size: Step(encode("XPENDING", *PENDING, entry_id(draw(size)), "+", PAGE))),
    row("xreadgroup", "O(M), M = 1", ONE, "pending", xreadgroup),
    row("xreadgroup-history", f"O(M), M = {PAGE}", ONE, "pending", xreadgroup_history),
    row("xclaim", "O(log N)", LOG, "pending",
        lambda size: Step(encode("XCLAIM", *PENDING, "one", 0, entry_id(draw(size)), "JUSTID"))),
    row("xautoclaim", PAGED, ONE, "pending", xautoclaim),
    row("xack", "O(1)", ONE, "pending", acknowledged("XACK", *PENDING)),
    row("xackdel", "O(1)", ONE, "pending", acknowledged("XACKDEL", *PENDING, "KEEPREF", "IDS", 1)),
    row("xsetid", "O(1)", ONE, "pending", xsetid),
)
ROWS: tuple[Case, ...] = (*ENTRIES, *GROUPS)
