"""Collections of every data type: the requests that fill them.

Owns: names of elements and the commands that add them. Invariants: element `n` bears the name that
redis-benchmark makes of `m:__rand_int__`, so a load finds what was filled; the scores of a zset
are a permutation of its members' numbers, so neighbours by rank are no neighbours by name.
Must not know: servers, scenarios. Tests: test_types.py.
"""

from collections.abc import Iterable, Iterator

from resp import encode

KINDS = ("hash", "list", "set", "zset", "stream")
# Elements of one variadic command: large enough to be cheap, small enough for any limit.
PER_COMMAND = 500
# Prime, and no factor of any size used here: multiplying by it modulo the size permutes.
STRIDE = 7919


def member(number: int) -> bytes:
    return b"m:%012d" % number


def score(number: int, size: int) -> int:
    """The score of member `number` in a zset of `size` members: 0..size-1, each once."""
    return number * STRIDE % size


def fill(kind: str, name: str | bytes, size: int, value_bytes: int = 8) -> Iterator[bytes]:
    """Requests that make `name` a collection of `size` elements."""
    value = b"v" * value_bytes
    if kind == "stream":
        for _ in range(size):
            yield encode("XADD", name, "*", "f", value)
        return
    for first in range(0, size, PER_COMMAND):
        numbers = range(first, min(first + PER_COMMAND, size))
        yield _add(kind, name, numbers, size, value)


def _add(kind: str, name: str | bytes, numbers: Iterable[int], size: int, value: bytes) -> bytes:
    if kind == "hash":
        parts = [part for n in numbers for part in (member(n), value)]
        return encode("HSET", name, *parts)
    if kind == "zset":
        parts = [part for n in numbers for part in (score(n, size), member(n))]
        return encode("ZADD", name, *parts)
    if kind == "list":
        return encode("RPUSH", name, *[b"%0*d" % (len(value), n) for n in numbers])
    if kind == "set":
        return encode("SADD", name, *[wide_member(n, value) for n in numbers])
    raise ValueError(f"no such kind of collection: {kind}")


def wide_member(number: int, value: bytes) -> bytes:
    """Member `number`, made longer for sets whose elements must be large."""
    return member(number) + (value if len(value) > len(member(0)) else b"")


def fill_lexical(name: str, size: int) -> Iterator[bytes]:
    """A zset whose members all have score 0, as ZLEXCOUNT wants them."""
    for first in range(0, size, PER_COMMAND):
        numbers = range(first, min(first + PER_COMMAND, size))
        yield encode("ZADD", name, *[part for n in numbers for part in (0, member(n))])


def fill_places(name: str, size: int) -> Iterator[bytes]:
    """Places on a grid over a fixed area, whatever their number."""
    side = int(size**0.5) + 1
    for first in range(0, size, PER_COMMAND):
        parts: list[object] = []
        for n in range(first, min(first + PER_COMMAND, size)):
            east, north = n % side / side, n // side / side
            parts += [f"{-60 + 120 * east:.6f}", f"{-60 + 120 * north:.6f}", member(n)]
        yield encode("GEOADD", name, *parts)
