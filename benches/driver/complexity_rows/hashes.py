"""Rows of the complexity table: hashes, and the times of their fields.

Tests: test_complexity.py.
"""

from collections.abc import Callable

from complexity_rows.case import (
    LINEAR, ONE, PAGE, Case, Step, always, by_name, draw, row, undone,
)
from elements import member
from resp import encode

VALUE = "v" * 8
FAR_SECONDS, FAR_MS = 10**10, 10**13
REMOVED = ("HDEL", "hash", "new")


def removed(*words: object) -> Callable[[int], Step]:
    """Removes a random field, named last, which is added again."""
    def step(size: int) -> Step:
        field = member(draw(size))
        return Step(encode(*words, field), after=(encode("HSET", "hash", field, VALUE),))
    return step


def timed(command: str, when: int) -> Callable[[int], Step]:
    """Gives a random field a time, which is taken from it again."""
    def step(size: int) -> Step:
        field = member(draw(size))
        return Step(encode(command, "hash", when, "FIELDS", 1, field),
                    after=(encode("HPERSIST", "hash", "FIELDS", 1, field),))
    return step


def asked(command: str) -> Callable[[int], Step]:
    return by_name(command, "hash", "FIELDS", 1)


def hpersist(size: int) -> Step:
    field = member(draw(size))
    return Step(encode("HPERSIST", "hash", "FIELDS", 1, field),
                before=(encode("HPEXPIREAT", "hash", FAR_MS, "FIELDS", 1, field),))


FIELDS = (
    row("hget", "O(1)", ONE, "hash", by_name("HGET", "hash")),
    row("hmget", "O(M), M = 2", ONE, "hash", by_name("HMGET", "hash", member(1))),
    row("hexists", "O(1)", ONE, "hash", by_name("HEXISTS", "hash")),
    row("hstrlen", "O(1)", ONE, "hash", by_name("HSTRLEN", "hash")),
    row("hset-new", "O(1)", ONE, "hash", undone(("HSET", "hash", "new", "v"), REMOVED)),
    row("hset", "O(1)", ONE, "hash", lambda size: Step(
        encode("HSET", "hash", member(draw(size)), f"{draw(10**8):08d}"))),
    row("hmset", "O(M), M = 1", ONE, "hash", lambda size: Step(
        encode("HMSET", "hash", member(draw(size)), f"{draw(10**8):08d}"))),
    row("hsetnx", "O(1)", ONE, "hash", undone(("HSETNX", "hash", "new", "v"), REMOVED)),
    row("hincrby", "O(1)", ONE, "hash", undone(("HINCRBY", "hash", "new", 7), REMOVED)),
    row("hincrbyfloat", "O(1)", ONE, "hash",
        undone(("HINCRBYFLOAT", "hash", "new", "0.5"), REMOVED)),
    row("hdel", "O(1)", ONE, "hash", removed("HDEL", "hash")),
    row("hlen", "O(1)", ONE, "hash", always("HLEN", "hash")),
    row("hrandfield", "O(1)", ONE, "hash", always("HRANDFIELD", "hash")),
    row("hscan", "O(1) per page", ONE, "hash", always("HSCAN", "hash", 0, "COUNT", PAGE)),
    row("hgetall", "O(N)", LINEAR, "hash", always("HGETALL", "hash"), wide=True),
    row("hkeys", "O(N)", LINEAR, "hash", always("HKEYS", "hash"), wide=True),
    row("hvals", "O(N)", LINEAR, "hash", always("HVALS", "hash"), wide=True),
)
TIMES = (
    row("hexpire", "O(M), M = 1", ONE, "hash", timed("HEXPIRE", FAR_SECONDS // 100)),
    row("hpexpire", "O(M), M = 1", ONE, "hash", timed("HPEXPIRE", FAR_MS // 100)),
    row("hexpireat", "O(M), M = 1", ONE, "hash", timed("HEXPIREAT", FAR_SECONDS)),
    row("hpexpireat", "O(M), M = 1", ONE, "hash", timed("HPEXPIREAT", FAR_MS)),
    row("httl", "O(M), M = 1", ONE, "hash", asked("HTTL")),
    row("hpttl", "O(M), M = 1", ONE, "hash", asked("HPTTL")),
    row("hexpiretime", "O(M), M = 1", ONE, "hash", asked("HEXPIRETIME")),
    row("hpexpiretime", "O(M), M = 1", ONE, "hash", asked("HPEXPIRETIME")),
    row("hpersist", "O(M), M = 1", ONE, "hash", hpersist),
    row("hgetex", "O(M), M = 1", ONE, "hash", asked("HGETEX")),
    row("hsetex", "O(M), M = 1", ONE, "hash",
        undone(("HSETEX", "hash", "EX", FAR_SECONDS // 100, "FIELDS", 1, "new", "v"), REMOVED)),
    row("hgetdel", "O(M), M = 1", ONE, "hash", removed("HGETDEL", "hash", "FIELDS", 1)),
)
ROWS: tuple[Case, ...] = (*FIELDS, *TIMES)
