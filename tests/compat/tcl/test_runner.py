"""Unit tests of the Tcl runner: reading the suite's output, the ratchet, the process group."""

import os
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import ratchet
import report
import run
import unit

SAMPLE = """\
Starting test server at port 21079
[ready]: 15818
\x1b[1;37;49mTesting unit/quit\x1b[0m
[\x1b[0;32;49mok\x1b[0m]: first (3 ms)
[ok]: of two (2 ms) parts (10 ms)
[err]: third in tests/unit/quit.tcl
Expected 'a' to equal 'b'
    a second line
[skip]: fourth
[ignore]: fifth: Tag: large-memory denied
[err]: nown command 'X'
ERR unknown command
[ok]: sixth (0 ms)
[1/1 done]: unit/quit (0 seconds)

                   The End

*** [err]: third in tests/unit/quit.tcl
[ok]: not counted (0 ms)
"""


class ReportTest(unittest.TestCase):
    def test_counts_and_names(self):
        result = report.parse(SAMPLE)
        self.assertEqual(result.passed, ["first", "of two (2 ms) parts", "sixth"])
        self.assertEqual(result.failing_names(), [report.OUTSIDE, "third"])
        self.assertEqual(result.failures[0].detail,
                         ["Expected 'a' to equal 'b'", "    a second line"])
        self.assertEqual(result.skipped, ["fourth"])
        self.assertEqual(len(result.ignored), 1)
        self.assertIsNone(result.aborted)

    def test_output_without_an_end_is_an_abort(self):
        self.assertIn("before its end", report.parse("[ok]: a (1 ms)\n").aborted)
        self.assertIn("before its end", report.parse("").aborted)

    def test_exception_is_an_abort_and_a_failure(self):
        result = report.parse("[ok]: a (1 ms)\n[exception]: Executing test client: boom\n")
        self.assertIn("boom", result.aborted)
        self.assertEqual(result.failing_names(), ["(exception)"])


class RatchetTest(unittest.TestCase):
    key = ("unit/quit", "spawn")
    excuse = ratchet.Excuse("unit/quit", "both", "third", "run", "why")

    def judge(self, passed, failing, committed_ok, excuses=(), aborted=None):
        result = report.Report(
            [f"t{n}" for n in range(passed)], [report.Failure(name) for name in failing],
            aborted=aborted,
        )
        committed = None if committed_ok is None else ratchet.Line(9, committed_ok)
        return ratchet.judge(self.key, result, committed, list(excuses))

    def test_same_counts_pass(self):
        self.assertEqual(self.judge(3, [], 3), ([], []))

    def test_fewer_passing_tests_fail(self):
        self.assertEqual(self.judge(2, [], 3)[0], ["2 tests pass, 3 did"])

    def test_more_passing_tests_are_an_improvement(self):
        self.assertEqual(self.judge(4, [], 3), ([], ["4 tests pass, 3 did"]))

    def test_failure_needs_an_excuse(self):
        self.assertEqual(self.judge(3, ["third"], 3)[0], ["fails: third"])
        self.assertEqual(self.judge(3, ["third"], 3, [self.excuse]), ([], []))

    def test_excuse_of_the_other_mode_does_not_count(self):
        other = ratchet.Excuse("unit/quit", "external", "third", "run", "why")
        self.assertEqual(self.judge(3, ["third"], 3, [other])[0], ["fails: third"])

    def test_excuse_without_a_test_fails(self):
        self.assertIn("does not have: third", self.judge(3, [], 3, [self.excuse])[0][0])

    def test_excused_test_that_passes_is_reported(self):
        excuse = ratchet.Excuse("unit/quit", "both", "t0", "run", "why")
        self.assertEqual(self.judge(3, [], 3, [excuse]), ([], ["excused, yet passes: t0"]))

    def test_abort_fails_even_with_enough_passes(self):
        self.assertEqual(len(self.judge(3, [], 3, aborted="crash")[0]), 1)

    def test_unit_that_stopped_half_way_accuses_no_excuse(self):
        problems, improvements = self.judge(3, [report.OUTSIDE], 3, [self.excuse])
        self.assertEqual((problems, improvements), ([f"fails: {report.OUTSIDE}"], []))
        problems, improvements = self.judge(3, [], 3, [self.excuse], aborted="crash")
        self.assertEqual((problems, improvements), (["unit aborted: crash"], []))

    def test_unit_without_a_committed_count_fails(self):
        self.assertIn("--update", self.judge(3, [], None)[0][0])

    def test_results_survive_writing_and_reading(self):
        lines = {
            ("unit/quit", "spawn"): ratchet.Line(3, 2, 1, 0, ["a name  with | and - signs"]),
            ("unit/scan", "external"): ratchet.Line(17, None),
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "results.txt"
            ratchet.write_results("5:7", lines, path)
            self.assertEqual(ratchet.read_results(path), ("5:7", lines))

    def test_units_stand_once(self):
        self.assertEqual(len(run.UNITS), len(set(run.UNITS)))

    def test_excuses_file(self):
        excuses = ratchet.read_excuses()
        self.assertEqual(len(excuses), len(set(excuses)))
        for excuse in excuses:
            self.assertIn(excuse.unit, run.UNITS)

    def test_malformed_excuse_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "excused.md"
            path.write_text("| unit/quit | both | a \\| b | skip | why |\n")
            self.assertEqual(ratchet.read_excuses(path)[0].test, "a | b")
            for row in ("| unit/quit | both | a | skip |  |", "| unit/quit | all | a | run | b |"):
                path.write_text(row + "\n")
                with self.assertRaises(ValueError):
                    ratchet.read_excuses(path)


class WorkersTest(unittest.TestCase):
    def test_each_key_runs_once_and_no_tree_serves_two_at_a_time(self):
        busy, numbers = set(), []

        def fake(copy, _name, _mode, _skip, _scratch, number):
            self.assertNotIn(copy, busy)
            busy.add(copy)
            time.sleep(0.001)
            busy.remove(copy)
            numbers.append(number)
            return report.Report()

        keys = [(f"unit/{n}", mode) for n in range(10) for mode in unit.MODES]
        with mock.patch.object(unit, "run", fake):
            done = [key for key, *_ in run.run_all(["a", "b"], keys, [], Path())]
        self.assertEqual(sorted(done), sorted(keys))
        self.assertLessEqual(set(numbers), {0, 1})

    def test_ports_of_workers_are_disjoint(self):
        self.assertLessEqual(run.WORKERS, unit.WORKERS_MAX)
        with mock.patch.object(unit.random, "randrange", lambda low, _high, _step: low):
            bases = [int(unit._ports(n)[1]) for n in range(unit.WORKERS_MAX)]
        self.assertEqual([b - a for a, b in zip(bases, bases[1:])], [100] * len(bases[1:]))


class ProcessGroupTest(unittest.TestCase):
    def test_time_limit_ends_grandchildren(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(unit, "SECONDS_MAX", 1):
            output = Path(folder) / "out"
            command = ["sh", "-c", "sleep 60 & echo $!; wait"]
            self.assertTrue(unit._run_group(command, Path(folder), output))
            grandchild = int(output.read_text())
            deadline = time.monotonic() + 5
            while time.monotonic() < deadline and running(grandchild):
                time.sleep(0.01)
            self.assertFalse(running(grandchild))


def running(pid: int) -> bool:
    """False for a zombie that its new parent has not collected yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")


if __name__ == "__main__":
    unittest.main()
