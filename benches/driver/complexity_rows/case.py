"""What a row of the complexity table is: its documented growth and the requests of one call.

Owns: Step and Case, the kinds of growth, the helpers that several types use. Invariants: a call
leaves its collection as large as it found it, by a request that is not timed; positions and members
are drawn anew for each call. Must not know: how calls are timed. Tests: test_complexity.py.
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from context import Scenario
from elements import member
from resp import encode

# How a cost may grow.
ONE, LOG, LINEAR, SORTING = "1", "log N", "N", "N log N"
PAGE = 10
# Ids of entries: those of a filled stream from FIRST_ID on, those added later above all of them.
FIRST_ID = 10**9
LATER_IDS = itertools.count(2 * 10**9)


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
    # Makes the request from the answer to the last of `before`.
    made_of: Callable[[bytes], bytes] | None = None


@dataclass(frozen=True)
class Case(Scenario):
    """`subject` names the collection of N elements that it wants (see `subjects`)."""

    documented: str
    growth: str
    subject: str
    step: Callable[[int], Step]
    # Destroys a copy that is made for each call.
    heavy: bool = False
    # Held to less than Redis does, so Redis's own growth is no excuse.
    stricter: bool = False
    # Answers O(N) bytes, which are read but not parsed.
    wide: bool = False


def row(
    name: str, documented: str, growth: str, subject: str, step: Callable[[int], Step],
    heavy: bool = False, stricter: bool = False, wide: bool = False,
) -> Case:
    return Case(f"complexity-{name}", name, documented, growth, subject, step, heavy, stricter,
                wide)


def draw(size: int) -> int:
    return random.randrange(size)


def by_name(*words: object) -> Callable[[int], Step]:
    """A call with a random member behind `words`."""
    return lambda size: Step(encode(*words, member(draw(size))))


def always(*words: object) -> Callable[[int], Step]:
    request = encode(*words)
    return lambda size: Step(request)


def undone(words: tuple, *undoing: tuple) -> Callable[[int], Step]:
    """A call that is undone by others."""
    request, after = encode(*words), tuple(encode(*one) for one in undoing)
    return lambda size: Step(request, after=after)


def stored(*words: object) -> Callable[[int], Step]:
    """A call that makes `stored` out of nothing."""
    return undone(words, ("DEL", "stored"))


def later_id() -> str:
    return f"{next(LATER_IDS)}-0"


def entry_id(number: int) -> str:
    return f"{FIRST_ID + number}-0"
