"""The collections of N elements that the rows of the complexity table want.

Owns: the requests that make each. Invariants: a second collection beside it has SMALL members,
whatever N is. Must not know: rows, servers. Tests: test_complexity.py.
"""

from collections.abc import Iterator

import elements
from complexity_rows.case import FIRST_ID
from elements import member, score
from resp import encode

SMALL = 10
VALUE = b"v" * 8
# Commands in flight while `pending` is delivered, whose replies are long.
DELIVERIES_IN_FLIGHT = 8


def fill(subject: str, size: int) -> Iterator[bytes]:
    """Requests that make the collection called `subject`, of `size` elements."""
    if subject in ("stream", "pending"):
        yield from fill_stream(subject, size)
        yield encode("XGROUP", "CREATE", subject, "group", 0)
    elif subject == "lexical":
        yield from elements.fill_lexical(subject, size)
    elif subject == "places":
        yield from elements.fill_places(subject, size)
    elif subject == "sketch":
        yield from fill_sketch(subject, size)
    else:
        yield from elements.fill(subject, subject, size)
        yield from fill_small(subject, size)


def fill_small(subject: str, size: int) -> Iterator[bytes]:
    numbers = [n * 97 % size for n in range(SMALL)]
    if subject == "set":
        yield encode("SADD", "small", *[member(n) for n in numbers])
    elif subject == "zset":
        pairs = [part for n in numbers for part in (score(n, size), member(n))]
        yield encode("ZADD", "small", *pairs)


def fill_stream(name: str, size: int) -> Iterator[bytes]:
    """Entries under numbered ids, which a row can name."""
    head = b"*5\r\n$4\r\nXADD\r\n$%d\r\n%s\r\n$12\r\n" % (len(name), name.encode())
    tail = b"-0\r\n$1\r\nf\r\n$%d\r\n%s\r\n" % (len(VALUE), VALUE)
    for number in range(FIRST_ID, FIRST_ID + size):
        yield b"%s%d%s" % (head, number, tail)


def fill_sketch(name: str, size: int) -> Iterator[bytes]:
    for first in range(0, size, elements.PER_COMMAND):
        numbers = range(first, min(first + elements.PER_COMMAND, size))
        yield encode("PFADD", name, *[member(n) for n in numbers])


def deliver(size: int) -> Iterator[bytes]:
    """Delivers all entries of `pending` to a consumer that acknowledges none."""
    for _ in range(0, size, elements.PER_COMMAND):
        yield encode("XREADGROUP", "GROUP", "group", "one", "COUNT", elements.PER_COMMAND,
                     "STREAMS", "pending", ">")
