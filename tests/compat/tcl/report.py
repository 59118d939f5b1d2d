"""What one run of one unit printed, as numbers and names.

Owns: reading the suite's output lines. Invariants: total, any text gives a report; text after
the suite's closing summary repeats earlier lines and is not counted. Must not know: processes,
files. Tests: test_runner.py.
"""

import re
from dataclasses import dataclass, field

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"^\[(ok|err|exception|ignore|skip|ready|testing|timeout)\]: ?(.*)$", re.I)
_ELAPSED = re.compile(r" \(\d+ ms\)$")
_IN_FILE = re.compile(r"^(.*) in tests/\S+\.tcl$")
_DONE = re.compile(r"^\[\d+/\d+ done\]")
_PROGRESS = re.compile(r"^(Testing |Testing solo test|Waiting for |Killing |Cleanup: )")
THE_END = "The End"
# The name of a failure of code that stands outside every test of a unit.
OUTSIDE = "(outside any test)"
DETAIL_LINES_MAX = 14


@dataclass
class Failure:
    name: str
    detail: list[str] = field(default_factory=list)


@dataclass
class Report:
    passed: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    # Why the unit did not reach its end; None when it did.
    aborted: str | None = None

    def failing_names(self) -> list[str]:
        return sorted(failure.name for failure in self.failures)


def parse(output: str) -> Report:
    report = Report()
    open_failure: Failure | None = None
    finished = False
    for raw in output.splitlines():
        line = _COLOUR.sub("", raw)
        if line.strip() == THE_END:
            finished = True
            break
        match = _LINE.match(line)
        if match is None:
            if open_failure and not (_DONE.match(line) or _PROGRESS.match(line)):
                if len(open_failure.detail) < DETAIL_LINES_MAX:
                    open_failure.detail.append(line)
            else:
                open_failure = None
            continue
        open_failure = _take(report, match.group(1).lower(), match.group(2))
    if not finished and report.aborted is None:
        report.aborted = "the suite stopped before its end"
    return report


def _take(report: Report, status: str, text: str) -> Failure | None:
    """Files one line; returns the failure that the following lines explain, if it is one."""
    if status == "ok":
        report.passed.append(_ELAPSED.sub("", text))
    elif status == "ignore":
        report.ignored.append(text)
    elif status == "skip":
        report.skipped.append(text)
    elif status == "err":
        failure = Failure(_failing_name(text))
        report.failures.append(failure)
        return failure
    elif status in ("exception", "timeout"):
        report.aborted = f"{status}: {text}"
        failure = Failure(f"({status})", [text])
        report.failures.append(failure)
        return failure
    return None


def _failing_name(text: str) -> str:
    """The name of the test. Text of any other shape comes from outside every test, and with its
    front cut off, so it is no name to rely on."""
    match = _IN_FILE.match(text)
    return match.group(1) if match else OUTSIDE
