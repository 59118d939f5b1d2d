"""What a client's tests printed, as names and outcomes.

Owns: reading pytest's JUnit XML and node's TAP. Invariants: total, any text gives a result; a run
that printed no test at all is an abort, never a success. Must not know: processes, committed
results. Tests: test_suites.py.
"""

import re
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field

_TAP = re.compile(r"^(\s*)(not ok|ok) \d+ - (.*)$")
_TAP_DIRECTIVE = re.compile(r"(?<!\\) # (SKIP|TODO)\b.*$", re.I)
DETAIL_CHARACTERS_MAX = 600


@dataclass
class Outcome:
    passed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)
    # Name and what the client said.
    failed: dict[str, str] = field(default_factory=dict)
    # Why the run did not reach its end; None when it did.
    aborted: str | None = None


def of_junit(text: str) -> Outcome:
    outcome = Outcome()
    try:
        root = xml.fromstring(text)
    except xml.ParseError as error:
        outcome.aborted = f"no report: {error}"
        return outcome
    for case in root.iter("testcase"):
        # The module stays part of the name: the same test exists blocking and asynchronous.
        name = f"{case.get('classname', '')}.{case.get('name', '')}".removeprefix("tests.")
        bad = next((part for part in case if part.tag in ("failure", "error")), None)
        if bad is not None:
            outcome.failed[name] = (bad.get("message") or "")[:DETAIL_CHARACTERS_MAX]
        elif case.find("skipped") is not None:
            outcome.skipped.add(name)
        else:
            outcome.passed.add(name)
    # A test may pass and then fail in its clean-up: it is listed twice.
    outcome.passed -= set(outcome.failed)
    return _whole(outcome)


def of_tap(text: str) -> Outcome:
    """The deepest lines are the tests, the others are the files and groups around them."""
    outcome = Outcome()
    lines = text.splitlines()
    matches = [(number, match) for number, line in enumerate(lines)
               if (match := _TAP.match(line))]
    deepest = max((len(match.group(1)) for _, match in matches), default=0)
    for number, match in matches:
        indent, verdict, name = match.groups()
        if len(indent) != deepest:
            continue
        skipped = _TAP_DIRECTIVE.search(name)
        name = _TAP_DIRECTIVE.sub("", name).replace("\\#", "#")
        if skipped:
            outcome.skipped.add(name)
        elif verdict == "ok":
            outcome.passed.add(name)
        else:
            detail = "\n".join(lines[number + 1 : number + 12])
            outcome.failed[name] = detail[:DETAIL_CHARACTERS_MAX]
    return _whole(outcome)


def _whole(outcome: Outcome) -> Outcome:
    if not (outcome.passed or outcome.failed or outcome.skipped):
        outcome.aborted = "no test was run"
    return outcome
