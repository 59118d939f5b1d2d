"""Rows of the complexity table: sorted sets and geographic indexes. Tests: test_complexity.py."""

import random
from collections.abc import Callable

from complexity_rows.case import (
    LINEAR, LOG, ONE, PAGE, SORTING, Case, Step, always, by_name, draw, row, stored, undone,
)
from elements import STRIDE, member, score
from resp import encode

PAGED = f"O(log N + M), M = {PAGE}"
# A fixed place amid all of them, and a member of that name.
PLACE = ("1.5", "2.5")


def numbers_of(ranks: range, size: int) -> list[int]:
    """The numbers of the members at these ranks of `zset`."""
    backward = pow(STRIDE, -1, size)
    return [rank * backward % size for rank in ranks]


def added_again(key: str, numbers: list[int], size: int) -> bytes:
    pairs = [part for n in numbers for part in (score(n, size), member(n))]
    return encode("ZADD", key, *pairs)


def far(size: int) -> int:
    """A position far from both ends."""
    return size // 4 + draw(size // 2)


def ranks(command: str, *behind: object) -> Callable[[int], Step]:
    def step(size: int) -> Step:
        first = far(size)
        return Step(encode(command, "zset", first, first + PAGE - 1, *behind))
    return step


def lexical(command: str) -> Callable[[int], Step]:
    """PAGE members from a random one on."""
    def step(size: int) -> Step:
        ends = [b"[" + member(draw(size)), "-" if "REV" in command else "+"]
        return Step(encode(command, "lexical", *ends, "LIMIT", 0, PAGE))
    return step


def by_score(command: str) -> Callable[[int], Step]:
    def step(size: int) -> Step:
        ends = [draw(size), "-inf" if "REV" in command else "+inf"]
        return Step(encode(command, "zset", *ends, "LIMIT", 0, PAGE))
    return step


def zremrangebyrank(size: int) -> Step:
    first = far(size)
    numbers = numbers_of(range(first, first + PAGE), size)
    return Step(encode("ZREMRANGEBYRANK", "zset", first, first + PAGE - 1),
                after=(added_again("zset", numbers, size),))


def zremrangebyscore(size: int) -> Step:
    first = far(size)
    numbers = numbers_of(range(first, first + PAGE), size)
    return Step(encode("ZREMRANGEBYSCORE", "zset", first, first + PAGE - 1),
                after=(added_again("zset", numbers, size),))


def zremrangebylex(size: int) -> Step:
    first = far(size)
    members = [member(n) for n in range(first, first + PAGE)]
    pairs = [part for name in members for part in (0, name)]
    return Step(encode("ZREMRANGEBYLEX", "lexical", b"[" + members[0], b"[" + members[-1]),
                after=(encode("ZADD", "lexical", *pairs),))


def zcount(size: int) -> Step:
    low = draw(size // 2)
    return Step(encode("ZCOUNT", "zset", low, low + size // 2))


def zlexcount(size: int) -> Step:
    low = draw(size // 2)
    return Step(encode("ZLEXCOUNT", "lexical", b"[" + member(low), b"[" + member(low + size // 2)))


def zrem(size: int) -> Step:
    number = draw(size)
    return Step(encode("ZREM", "zset", member(number)),
                after=(added_again("zset", [number], size),))


def popped(*words: object) -> Callable[[int], Step]:
    """Takes the first or the last member, by rank."""
    last = any("MAX" in str(word) for word in words)

    def step(size: int) -> Step:
        rank = size - 1 if last else 0
        return Step(encode(*words),
                    after=(added_again("zset", numbers_of(range(rank, rank + 1), size), size),))
    return step


def zrangestore(size: int) -> Step:
    first = far(size)
    return Step(encode("ZRANGESTORE", "stored", "zset", first, first + PAGE - 1),
                after=(encode("DEL", "stored"),))


def around(*words: object) -> Callable[[int], Step]:
    """A radius that shrinks as the places get denser, so that it holds about as many.

    `words` may name the radius as RADIUS.
    """
    def step(size: int) -> Step:
        kilometres = f"{40_000 / size**0.5:.3f}"
        filled = [kilometres if word == "RADIUS" else word for word in words]
        return Step(encode(*filled), after=(encode("DEL", "stored"),))
    return step


MEMBERS = (
    row("zadd", "O(log N)", LOG, "zset",
        undone(("ZADD", "zset", 7.5, "new"), ("ZREM", "zset", "new"))),
    row("zadd-move", "O(log N)", LOG, "zset",
        lambda size: Step(encode("ZADD", "zset", draw(size), member(2)),
                          after=(added_again("zset", [2], size),))),
    row("zscore", "O(1)", ONE, "zset", by_name("ZSCORE", "zset")),
    row("zmscore", "O(M), M = 2", ONE, "zset", by_name("ZMSCORE", "zset", member(1))),
    row("zincrby", "O(log N)", LOG, "zset",
        lambda size: Step(encode("ZINCRBY", "zset", random.choice((-3, 3)), member(1)),
                          after=(added_again("zset", [1], size),))),
    row("zrem", "O(log N)", LOG, "zset", zrem),
    row("zcard", "O(1)", ONE, "zset", always("ZCARD", "zset")),
    row("zrank", "O(log N)", LOG, "zset", by_name("ZRANK", "zset")),
    row("zrevrank", "O(log N)", LOG, "zset", by_name("ZREVRANK", "zset")),
    row("zcount", "O(log N)", LOG, "zset", zcount),
    row("zlexcount", "O(log N)", LOG, "lexical", zlexcount),
    row("zpopmin", "O(log N)", LOG, "zset", popped("ZPOPMIN", "zset")),
    row("zpopmax", "O(log N)", LOG, "zset", popped("ZPOPMAX", "zset")),
    row("zmpop", "O(log N)", LOG, "zset", popped("ZMPOP", 1, "zset", "MIN")),
    row("bzpopmin", "O(log N)", LOG, "zset", popped("BZPOPMIN", "zset", 0)),
    row("bzpopmax", "O(log N)", LOG, "zset", popped("BZPOPMAX", "zset", 0)),
    row("bzmpop", "O(log N)", LOG, "zset", popped("BZMPOP", 0, 1, "zset", "MAX")),
    row("zrandmember", "O(1)", ONE, "zset", always("ZRANDMEMBER", "zset")),
    row("zscan", "O(1) per page", ONE, "zset", always("ZSCAN", "zset", 0, "COUNT", PAGE)),
)
RANGES = (
    row("zrange-far", PAGED, LOG, "zset", ranks("ZRANGE")),
    row("zrange-all", "O(log N + M), M = N", LINEAR, "zset", always("ZRANGE", "zset", 0, -1),
        wide=True),
    row("zrevrange-far", PAGED, LOG, "zset", ranks("ZREVRANGE")),
    row("zrangebyscore-limit", PAGED, LOG, "zset", by_score("ZRANGEBYSCORE")),
    row("zrevrangebyscore-limit", PAGED, LOG, "zset", by_score("ZREVRANGEBYSCORE")),
    row("zrangebylex-limit", PAGED, LOG, "lexical", lexical("ZRANGEBYLEX")),
    row("zrevrangebylex-limit", PAGED, LOG, "lexical", lexical("ZREVRANGEBYLEX")),
    row("zrangestore", PAGED, LOG, "zset", zrangestore),
    row("zremrangebyrank", PAGED, LOG, "zset", zremrangebyrank),
    row("zremrangebyscore", PAGED, LOG, "zset", zremrangebyscore),
    row("zremrangebylex", PAGED, LOG, "lexical", zremrangebylex),
)
ALGEBRA = (
    row("zinter-small", "O(N K), N = the smaller, 10", ONE, "zset",
        always("ZINTER", 2, "zset", "small")),
    row("zintercard-small", "O(N K), N = the smaller, 10", ONE, "zset",
        always("ZINTERCARD", 2, "zset", "small")),
    row("zinterstore-small", "O(N K), N = the smaller, 10", ONE, "zset",
        stored("ZINTERSTORE", "stored", 2, "zset", "small")),
    row("zunion", "O(N) + O(M log M)", SORTING, "zset", always("ZUNION", 2, "zset", "small"),
        wide=True),
    row("zunionstore", "O(N) + O(M log M)", SORTING, "zset",
        stored("ZUNIONSTORE", "stored", 2, "zset", "small")),
    row("zdiff", "O(L + (N - K) log N)", SORTING, "zset", always("ZDIFF", 2, "zset", "small"),
        wide=True),
    row("zdiffstore", "O(L + (N - K) log N)", SORTING, "zset",
        stored("ZDIFFSTORE", "stored", 2, "zset", "small")),
)
AREA = "O(N + log M), N = in the area"
HERE = (*PLACE, "RADIUS", "km", "ASC")
GEO = (
    row("geoadd", "O(log N)", LOG, "places",
        undone(("GEOADD", "places", *PLACE, "new"), ("ZREM", "places", "new"))),
    row("geodist", "O(1)", ONE, "places", by_name("GEODIST", "places", member(1))),
    row("geopos", "O(1)", ONE, "places", by_name("GEOPOS", "places")),
    row("geohash", "O(1)", ONE, "places", by_name("GEOHASH", "places")),
    row("geosearch", AREA, LOG, "places",
        around("GEOSEARCH", "places", "FROMLONLAT", *PLACE, "BYRADIUS", "RADIUS", "km", "ASC")),
    row("geosearchstore", AREA, LOG, "places",
        around("GEOSEARCHSTORE", "stored", "places", "FROMLONLAT", *PLACE, "BYRADIUS", "RADIUS",
               "km", "ASC")),
    row("georadius", AREA, LOG, "places", around("GEORADIUS", "places", *HERE)),
    row("georadius_ro", AREA, LOG, "places", around("GEORADIUS_RO", "places", *HERE)),
    row("georadiusbymember", AREA, LOG, "places",
        around("GEORADIUSBYMEMBER", "places", member(500), "RADIUS", "km", "ASC")),
    row("georadiusbymember_ro", AREA, LOG, "places",
        around("GEORADIUSBYMEMBER_RO", "places", member(500), "RADIUS", "km", "ASC")),
)
ROWS: tuple[Case, ...] = (*MEMBERS, *RANGES, *ALGEBRA, *GEO)
