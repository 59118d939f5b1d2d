"""Rows of the complexity table: sets and HyperLogLogs. Tests: test_complexity.py."""

import random

from complexity_rows.case import (
    LINEAR, ONE, PAGE, Case, Step, always, by_name, draw, row, stored, undone,
)
from elements import member
from resp import encode

SMALLER = "O(N M), N = the smaller, 10"


def spop(size: int) -> Step:
    # What it took is not known before the reply: a member of another name takes its place.
    name = b"x:%015d" % random.randrange(10**15)
    return Step(encode("SPOP", "set"), after=(encode("SADD", "set", name),))


def srem(size: int) -> Step:
    name = member(draw(size))
    return Step(encode("SREM", "set", name), after=(encode("SADD", "set", name),))


def smove(size: int) -> Step:
    name = member(draw(size))
    return Step(encode("SMOVE", "set", "stored", name), before=(encode("SADD", "set", name),),
                after=(encode("SMOVE", "stored", "set", name),))


SETS = (
    row("sadd", "O(1)", ONE, "set", undone(("SADD", "set", "new"), ("SREM", "set", "new"))),
    row("srem", "O(1)", ONE, "set", srem),
    row("scard", "O(1)", ONE, "set", always("SCARD", "set")),
    row("sismember", "O(1)", ONE, "set", by_name("SISMEMBER", "set")),
    row("smismember", "O(M), M = 2", ONE, "set", by_name("SMISMEMBER", "set", member(1))),
    row("smove", "O(1)", ONE, "set", smove),
    row("srandmember", "O(1)", ONE, "set", always("SRANDMEMBER", "set")),
    row("sscan", "O(1) per page", ONE, "set", always("SSCAN", "set", 0, "COUNT", PAGE)),
    row("smembers", "O(N)", LINEAR, "set", always("SMEMBERS", "set"), wide=True),
    row("sinter-small", SMALLER, ONE, "set", always("SINTER", "set", "small")),
    row("sintercard-small", SMALLER, ONE, "set", always("SINTERCARD", 2, "set", "small")),
    row("sinterstore-small", SMALLER, ONE, "set", stored("SINTERSTORE", "stored", "set", "small")),
    row("sunion", "O(N)", LINEAR, "set", always("SUNION", "set", "small"), wide=True),
    row("sunionstore", "O(N)", LINEAR, "set", stored("SUNIONSTORE", "stored", "set", "small")),
    row("sdiff", "O(N)", LINEAR, "set", always("SDIFF", "set", "small"), wide=True),
    row("sdiffstore", "O(N)", LINEAR, "set", stored("SDIFFSTORE", "stored", "set", "small")),
    # The last one: it leaves members of other names behind.
    row("spop", "O(1)", ONE, "set", spop),
)
SKETCHES = (
    row("pfadd", "O(1)", ONE, "sketch",
        lambda size: Step(encode("PFADD", "sketch", random.randrange(10**15)))),
    row("pfcount", "O(1)", ONE, "sketch", always("PFCOUNT", "sketch")),
    row("pfmerge", "O(K), K = 1 key", ONE, "sketch", stored("PFMERGE", "stored", "sketch")),
)
ROWS: tuple[Case, ...] = (*SETS, *SKETCHES)
