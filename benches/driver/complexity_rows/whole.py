"""Rows of the complexity table: what makes or destroys a whole collection.

What Redis frees in the foreground in O(N), ours does not: it is held to O(1).
Tests: test_complexity.py.
"""

import elements
from complexity_rows.case import LINEAR, ONE, Case, Step, row, undone
from resp import encode


def copied(subject: str) -> tuple[bytes, ...]:
    return encode("DEL", "victim"), encode("COPY", subject, "victim")


def on_copy(subject: str, *words: object):
    """A call on `victim`, a fresh copy of a collection."""
    return lambda size: Step(encode(*words), before=copied(subject))


def expired(subject: str):
    """A look at `victim`, a copy whose time is up: whoever looks first removes it."""
    dooming = (encode("PEXPIRE", "victim", 1),)
    return lambda size: Step(encode("EXISTS", "victim"), before=copied(subject), dooming=dooming,
                             pause_seconds=0.003)


def whole(kind: str) -> tuple[Case, ...]:
    return (
        row(f"copy-{kind}", "O(N)", LINEAR, kind,
            undone(("COPY", kind, "victim"), ("DEL", "victim"))),
        row(f"del-{kind}", "O(N); ours O(1)", ONE, kind, on_copy(kind, "DEL", "victim"),
            heavy=True, stricter=True),
        row(f"unlink-{kind}", "O(1)", ONE, kind, on_copy(kind, "UNLINK", "victim"), heavy=True),
        row(f"overwrite-{kind}", "O(N) to free; ours O(1)", ONE, kind,
            on_copy(kind, "SET", "victim", "v"), heavy=True, stricter=True),
        row(f"expired-{kind}", "O(N) to free; ours O(1)", ONE, kind, expired(kind),
            heavy=True, stricter=True),
    )


GROUPS = (
    row("xgroup-destroy", "O(N) in pending entries", LINEAR, "pending",
        on_copy("pending", "XGROUP", "DESTROY", "victim", "group"), heavy=True),
    row("xgroup-delconsumer", "O(N) in its pending entries", LINEAR, "pending",
        on_copy("pending", "XGROUP", "DELCONSUMER", "victim", "group", "one"), heavy=True),
)
ROWS: tuple[Case, ...] = (*[case for kind in elements.KINDS for case in whole(kind)], *GROUPS)
