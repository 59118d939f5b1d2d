"""Rows of the complexity table: lists. Tests: test_complexity.py.

Positions in the middle cost O(log N) here and O(N) in Redis: the documented growth is Redis's.
"""

from collections.abc import Callable

from complexity_rows.case import LINEAR, ONE, PAGE, Case, Step, always, draw, row, undone
from resp import encode


def element(number: int) -> str:
    """Element `number` of `list` (see `elements.fill`)."""
    return f"{number:08d}"


def from_head(*words: object) -> Callable[[int], Step]:
    """Takes the first element, which is put back."""
    return undone(words, ("LPUSH", "list", element(0)))


def from_tail(*words: object) -> Callable[[int], Step]:
    return lambda size: Step(encode(*words), after=(encode("RPUSH", "list", element(size - 1)),))


def turned(*words: object) -> Callable[[int], Step]:
    """Moves the last element to the front, and back."""
    return undone(words, ("LMOVE", "list", "list", "LEFT", "RIGHT"))


def middle_range(size: int) -> Step:
    return Step(encode("LRANGE", "list", size // 2, size // 2 + PAGE - 1))


def ltrim(size: int) -> Step:
    return Step(encode("LTRIM", "list", 0, size - 1), before=(encode("RPUSH", "list", "new"),))


def linsert_middle(size: int) -> Step:
    return Step(encode("LINSERT", "list", "BEFORE", element(size // 2), "new"),
                after=(encode("LREM", "list", 1, "new"),))


def lrem_middle(size: int) -> Step:
    before = encode("LINSERT", "list", "BEFORE", element(size // 2), "new")
    return Step(encode("LREM", "list", 1, "new"), before=(before,))


ENDS = (
    row("lpush", "O(1)", ONE, "list", undone(("LPUSH", "list", "new"), ("LPOP", "list"))),
    row("lpushx", "O(1)", ONE, "list", undone(("LPUSHX", "list", "new"), ("LPOP", "list"))),
    row("rpush", "O(1)", ONE, "list", undone(("RPUSH", "list", "new"), ("RPOP", "list"))),
    row("rpushx", "O(1)", ONE, "list", undone(("RPUSHX", "list", "new"), ("RPOP", "list"))),
    row("lpop", "O(1)", ONE, "list", from_head("LPOP", "list")),
    row("rpop", "O(1)", ONE, "list", from_tail("RPOP", "list")),
    row("lmpop", "O(1)", ONE, "list", from_head("LMPOP", 1, "list", "LEFT")),
    row("blpop", "O(1)", ONE, "list", from_head("BLPOP", "list", 0)),
    row("brpop", "O(1)", ONE, "list", from_tail("BRPOP", "list", 0)),
    row("blmpop", "O(1)", ONE, "list", from_head("BLMPOP", 0, 1, "list", "LEFT")),
    row("lmove", "O(1)", ONE, "list", turned("LMOVE", "list", "list", "RIGHT", "LEFT")),
    row("blmove", "O(1)", ONE, "list", turned("BLMOVE", "list", "list", "RIGHT", "LEFT", 0)),
    row("rpoplpush", "O(1)", ONE, "list", turned("RPOPLPUSH", "list", "list")),
    row("brpoplpush", "O(1)", ONE, "list", turned("BRPOPLPUSH", "list", "list", 0)),
    row("llen", "O(1)", ONE, "list", always("LLEN", "list")),
)
POSITIONS = (
    row("lindex-head", "O(1) at an end", ONE, "list", always("LINDEX", "list", 3)),
    row("lindex-tail", "O(1) at an end", ONE, "list", always("LINDEX", "list", -4)),
    row("lindex-middle", "O(N)", LINEAR, "list",
        lambda size: Step(encode("LINDEX", "list", size // 2))),
    row("lset-middle", "O(N)", LINEAR, "list",
        lambda size: Step(encode("LSET", "list", size // 2 + 1, element(draw(10**8))))),
    row("lrange-head", "O(S + M), S = 0", ONE, "list", always("LRANGE", "list", 0, PAGE - 1)),
    row("lrange-tail", "O(S + M), S = 0", ONE, "list", always("LRANGE", "list", -PAGE, -1)),
    row("lrange-middle", "O(S + M), S = N / 2", LINEAR, "list", middle_range),
    row("lrange-all", "O(S + M), M = N", LINEAR, "list", always("LRANGE", "list", 0, -1),
        wide=True),
    row("linsert-head", "O(1) near the head", ONE, "list",
        undone(("LINSERT", "list", "BEFORE", element(5), "new"), ("LREM", "list", 1, "new"))),
    row("linsert-middle", "O(N)", LINEAR, "list", linsert_middle),
    row("lrem-middle", "O(N + M)", LINEAR, "list", lrem_middle),
    row("lpos-middle", "O(N)", LINEAR, "list",
        lambda size: Step(encode("LPOS", "list", element(size // 2)))),
    row("ltrim-one", "O(N), N = removed, 1", ONE, "list", ltrim),
)
ROWS: tuple[Case, ...] = (*ENDS, *POSITIONS)
