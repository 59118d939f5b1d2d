"""The commands whose documentation states a complexity in the size of a collection.

Owns: one row per command and case, its documented complexity, the requests of one call. Invariants:
a call leaves its collection as large as it found it, by a request that is not timed; positions and
members are drawn anew for each call. Must not know: how calls are timed. Tests: test_types.py.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import elements
from context import Scenario
from elements import STRIDE, member, score
from resp import encode

# How a cost may grow: constant, logarithmic, linear.
ONE, LOG, LINEAR = "1", "log N", "N"
PAGE = 10
SMALL_SET = 10


@dataclass(frozen=True)
class Step:
    """One call: `before`, `dooming` and `after` are sent without being timed."""

    request: bytes
    before: tuple[bytes, ...] = ()
    # Makes what `before` made expire, once the server has come to rest.
    dooming: tuple[bytes, ...] = ()
    # Until that has expired.
    pause_seconds: float = 0.0
    after: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Case(Scenario):
    """`subject` names the collection of N elements that it wants (see `fill`)."""

    documented: str
    growth: str
    subject: str
    step: Callable[[int], Step]
    # Prepared by a request that costs O(N): called less often when N is large.
    heavy: bool = False
    # Held to less than Redis does, so Redis's own growth is no excuse.
    stricter: bool = False


def fill(subject: str, size: int) -> Iterator[bytes]:
    """Requests that make the collection called `subject`, of `size` elements."""
    if subject == "lexical":
        yield from elements.fill_lexical(subject, size)
    elif subject == "places":
        yield from elements.fill_places(subject, size)
    elif subject == "pending":
        yield from elements.fill("stream", subject, size)
    elif subject == "set":
        yield from elements.fill("set", subject, size)
        yield encode("SADD", "small", *[member(n * 97 % size) for n in range(SMALL_SET)])
    else:
        yield from elements.fill(subject, subject, size)


def fill_pending(size: int) -> Iterator[bytes]:
    """Delivers all entries of `pending` to a consumer that acknowledges none."""
    yield encode("XGROUP", "CREATE", "pending", "group", 0)
    for _ in range(0, size, elements.PER_COMMAND):
        yield encode("XREADGROUP", "GROUP", "group", "one", "COUNT", elements.PER_COMMAND,
                     "STREAMS", "pending", ">")


def draw(size: int) -> int:
    return random.randrange(size)


def by_name(*words: str) -> Callable[[int], Step]:
    """A call with a random member behind `words`."""
    return lambda size: Step(encode(*words, member(draw(size))))


def always(*words: object) -> Callable[[int], Step]:
    return lambda size: Step(encode(*words))


def ranks(command: str, take: int = PAGE) -> Callable[[int], Step]:
    """A range by position, far from both ends."""
    def step(size: int) -> Step:
        first = size // 4 + draw(size // 2)
        return Step(encode(command, "zset", first, first + take - 1))
    return step


def zremrangebyrank(size: int) -> Step:
    first = size // 4 + draw(size // 2)
    backward = pow(STRIDE, -1, size)
    numbers = [rank * backward % size for rank in range(first, first + PAGE)]
    pairs = [part for n in numbers for part in (score(n, size), member(n))]
    return Step(encode("ZREMRANGEBYRANK", "zset", first, first + PAGE - 1),
                after=(encode("ZADD", "zset", *pairs),))


def zrangebyscore(size: int) -> Step:
    return Step(encode("ZRANGEBYSCORE", "zset", draw(size), "+inf", "LIMIT", 0, PAGE))


def zcount(size: int) -> Step:
    low = draw(size // 2)
    return Step(encode("ZCOUNT", "zset", low, low + size // 2))


def zlexcount(size: int) -> Step:
    low = draw(size // 2)
    return Step(encode("ZLEXCOUNT", "lexical", b"[" + member(low), b"[" + member(low + size // 2)))


def add_and_remove(add: tuple, remove: tuple) -> Callable[[int], Step]:
    """A call that adds an element, which is removed again."""
    return lambda size: Step(encode(*add), after=(encode(*remove),))


def remove_and_add(command: str, key: str, *values: object) -> Callable[[int], Step]:
    """Removes a random member, which is added again."""
    adding = {"HDEL": "HSET", "SREM": "SADD", "ZREM": "ZADD"}[command]

    def step(size: int) -> Step:
        number = draw(size)
        if adding == "ZADD":
            again = encode(adding, key, score(number, size), member(number))
        else:
            again = encode(adding, key, member(number), *values)
        return Step(encode(command, key, member(number)), after=(again,))
    return step


def spop(size: int) -> Step:
    # What it took is not known before the reply: a member of another name takes its place.
    name = b"x:%015d" % random.randrange(10**15)
    return Step(encode("SPOP", "set"), after=(encode("SADD", "set", name),))


def insert_near_head(size: int) -> Step:
    return Step(encode("LINSERT", "list", "BEFORE", "%08d" % 5, "new"),
                after=(encode("LREM", "list", 1, "new"),))


def xdel(size: int) -> Step:
    return Step(encode("XDEL", "stream", "9-9"), before=(encode("XADD", "other", "*", "f", "v"),))


def xadd_trimmed(sign: str) -> Callable[[int], Step]:
    return lambda size: Step(encode("XADD", "stream", "MAXLEN", sign, size, "*", "f", "v" * 8))


def xack(size: int) -> Step:
    """Of an entry that is not pending: it is looked for like one that is."""
    return Step(encode("XACK", "pending", "group", "%d-0" % draw(10**12)))


def copied(subject: str, *words: object) -> Callable[[int], Step]:
    """A call on `victim`, a fresh copy of a collection."""
    made = (encode("DEL", "victim", "renamed"), encode("COPY", subject, "victim"))
    return lambda size: Step(encode(*words), before=made)


def expired(subject: str) -> Callable[[int], Step]:
    """A look at `victim`, a copy whose time is up: whoever looks first removes it."""
    made = (encode("DEL", "victim", "renamed"), encode("COPY", subject, "victim"))
    dooming = (encode("PEXPIRE", "victim", 1),)
    return lambda size: Step(encode("EXISTS", "victim"), before=made, dooming=dooming,
                             pause_seconds=0.003)


def sampled(command: str, key: str) -> Callable[[int], Step]:
    return always(command, key)


def geosearch(size: int) -> Step:
    """A radius that shrinks as the places get denser, so that it holds about as many."""
    kilometres = 40_000 / size**0.5
    return Step(encode("GEOSEARCH", "places", "FROMLONLAT", "1.5", "2.5", "BYRADIUS",
                       f"{kilometres:.3f}", "km", "ASC"))


def middle_range(size: int) -> Step:
    return Step(encode("LRANGE", "list", size // 2, size // 2 + PAGE - 1))


def row(
    name: str, documented: str, growth: str, subject: str, step: Callable[[int], Step],
    heavy: bool = False, stricter: bool = False,
) -> Case:
    return Case(f"complexity-{name}", name, documented, growth, subject, step, heavy, stricter)


ZSET = (
    row("zadd", "O(log N)", LOG, "zset",
        add_and_remove(("ZADD", "zset", 7.5, "new"), ("ZREM", "zset", "new"))),
    row("zadd-move", "O(log N)", LOG, "zset",
        lambda size: Step(encode("ZADD", "zset", draw(size), member(0)))),
    row("zscore", "O(1)", ONE, "zset", by_name("ZSCORE", "zset")),
    row("zincrby", "O(log N)", LOG, "zset",
        lambda size: Step(encode("ZINCRBY", "zset", random.choice((-3, 3)), member(1)))),
    row("zrem", "O(log N)", LOG, "zset", remove_and_add("ZREM", "zset")),
    row("zcard", "O(1)", ONE, "zset", always("ZCARD", "zset")),
    row("zrank", "O(log N)", LOG, "zset", by_name("ZRANK", "zset")),
    row("zrevrank", "O(log N)", LOG, "zset", by_name("ZREVRANK", "zset")),
    row("zcount", "O(log N)", LOG, "zset", zcount),
    row("zlexcount", "O(log N)", LOG, "lexical", zlexcount),
    row("zrange-far", "O(log N + M), M = 10", LOG, "zset", ranks("ZRANGE")),
    row("zrevrange-far", "O(log N + M), M = 10", LOG, "zset", ranks("ZREVRANGE")),
    row("zrangebyscore-limit", "O(log N + M), M = 10", LOG, "zset", zrangebyscore),
    row("zremrangebyrank", "O(log N + M), M = 10", LOG, "zset", zremrangebyrank),
    row("zpopmin", "O(log N)", LOG, "zset",
        lambda size: Step(encode("ZPOPMIN", "zset"),
                          after=(encode("ZADD", "zset", 0, member(0)),))),
    row("zrandmember", "O(1)", ONE, "zset", sampled("ZRANDMEMBER", "zset")),
    row("zscan", "O(1) per page", ONE, "zset", always("ZSCAN", "zset", 0, "COUNT", PAGE)),
)
LIST = (
    row("lpush", "O(1)", ONE, "list",
        add_and_remove(("LPUSH", "list", "new"), ("LPOP", "list"))),
    row("lpop", "O(1)", ONE, "list", lambda size: Step(
        encode("LPOP", "list"), after=(encode("LPUSH", "list", "%08d" % 0),))),
    row("rpop", "O(1)", ONE, "list", lambda size: Step(
        encode("RPOP", "list"), after=(encode("RPUSH", "list", "%08d" % (size - 1)),))),
    row("llen", "O(1)", ONE, "list", always("LLEN", "list")),
    row("lindex-head", "O(1) at an end", ONE, "list", always("LINDEX", "list", 3)),
    row("lindex-tail", "O(1) at an end", ONE, "list", always("LINDEX", "list", -4)),
    row("lindex-middle", "O(N)", LINEAR, "list",
        lambda size: Step(encode("LINDEX", "list", size // 2))),
    row("lset-middle", "O(N)", LINEAR, "list",
        lambda size: Step(encode("LSET", "list", size // 2, "%08d" % draw(10**8)))),
    row("lrange-head", "O(S + M), S = 0", ONE, "list", always("LRANGE", "list", 0, PAGE - 1)),
    row("lrange-tail", "O(S + M), S = 0", ONE, "list", always("LRANGE", "list", -PAGE, -1)),
    row("lrange-middle", "O(S + M), S = N / 2", LINEAR, "list", middle_range),
    row("linsert-head", "O(1) near the head", ONE, "list", insert_near_head),
)
HASH = (
    row("hget", "O(1)", ONE, "hash", by_name("HGET", "hash")),
    row("hset-new", "O(1)", ONE, "hash",
        add_and_remove(("HSET", "hash", "new", "v"), ("HDEL", "hash", "new"))),
    row("hset", "O(1)", ONE, "hash", lambda size: Step(
        encode("HSET", "hash", member(draw(size)), "%08d" % draw(10**8)))),
    row("hlen", "O(1)", ONE, "hash", always("HLEN", "hash")),
    row("hdel", "O(1)", ONE, "hash", remove_and_add("HDEL", "hash", "v" * 8)),
    row("hrandfield", "O(1)", ONE, "hash", sampled("HRANDFIELD", "hash")),
    row("hscan", "O(1) per page", ONE, "hash", always("HSCAN", "hash", 0, "COUNT", PAGE)),
)
SET = (
    row("sadd", "O(1)", ONE, "set",
        add_and_remove(("SADD", "set", "new"), ("SREM", "set", "new"))),
    row("srem", "O(1)", ONE, "set", remove_and_add("SREM", "set")),
    row("scard", "O(1)", ONE, "set", always("SCARD", "set")),
    row("sismember", "O(1)", ONE, "set", by_name("SISMEMBER", "set")),
    row("spop", "O(1)", ONE, "set", spop),
    row("srandmember", "O(1)", ONE, "set", sampled("SRANDMEMBER", "set")),
    row("sinter-small", "O(N × M), N = the smaller, 10", ONE, "set",
        always("SINTER", "set", "small")),
    row("sscan", "O(1) per page", ONE, "set", always("SSCAN", "set", 0, "COUNT", PAGE)),
)
STREAM = (
    row("xadd", "O(1)", ONE, "stream", always("XADD", "stream", "*", "f", "v" * 8)),
    row("xadd-maxlen-exact", "O(1) with one entry trimmed", ONE, "stream", xadd_trimmed("=")),
    row("xadd-maxlen-about", "O(1) with one entry trimmed", ONE, "stream", xadd_trimmed("~")),
    row("xrange", "O(1) with a constant COUNT", ONE, "stream",
        always("XRANGE", "stream", "-", "+", "COUNT", PAGE)),
    row("xrevrange", "O(1) with a constant COUNT", ONE, "stream",
        always("XREVRANGE", "stream", "+", "-", "COUNT", PAGE)),
    row("xlen", "O(1)", ONE, "stream", always("XLEN", "stream")),
    row("xdel", "O(1)", ONE, "stream", xdel),
    row("xread", "O(M), M = 10", ONE, "stream",
        always("XREAD", "COUNT", PAGE, "STREAMS", "stream", 0)),
    row("xack", "O(1)", ONE, "pending", xack),
    row("xpending", "O(1) as a summary", ONE, "pending", always("XPENDING", "pending", "group")),
    row("xpending-range", "O(M), M = 10", ONE, "pending",
        always("XPENDING", "pending", "group", "-", "+", PAGE)),
)
GEO = (
    row("geoadd", "O(log N)", LOG, "places",
        add_and_remove(("GEOADD", "places", 1.5, 2.5, "new"), ("ZREM", "places", "new"))),
    row("geodist", "O(1)", ONE, "places", lambda size: Step(
        encode("GEODIST", "places", member(draw(size)), member(draw(size))))),
    row("geosearch", "O(N + log M), N = in the area", LOG, "places", geosearch),
)
# What Redis frees in the foreground in O(N), ours does not: it is held to O(1).
def whole(kind: str) -> tuple[Case, ...]:
    copying = (encode("DEL", "victim"),)
    return (
        row(f"del-{kind}", "O(N); ours O(1)", ONE, kind, copied(kind, "DEL", "victim"),
            heavy=True, stricter=True),
        row(f"unlink-{kind}", "O(1)", ONE, kind, copied(kind, "UNLINK", "victim"), heavy=True),
        row(f"overwrite-{kind}", "O(N) to free; ours O(1)", ONE, kind,
            copied(kind, "SET", "victim", "v"), heavy=True, stricter=True),
        row(f"expired-{kind}", "O(N) to free; ours O(1)", ONE, kind, expired(kind),
            heavy=True, stricter=True),
        row(f"rename-{kind}", "O(1)", ONE, kind, copied(kind, "RENAME", "victim", "renamed"),
            heavy=True),
        row(f"copy-{kind}", "O(N)", LINEAR, kind,
            lambda size: Step(encode("COPY", kind, "victim"), before=copying), heavy=True),
    )


WHOLE = tuple(case for kind in elements.KINDS for case in whole(kind))
KEYSPACE = (
    row("scan", "O(1) per page", ONE, "hash", always("SCAN", 0, "COUNT", PAGE)),
)
CASES = (*ZSET, *LIST, *HASH, *SET, *STREAM, *GEO, *WHOLE, *KEYSPACE)
