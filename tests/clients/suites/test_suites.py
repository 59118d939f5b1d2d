"""Unit tests of the client suites' runner: reading reports, the ratchet, servers and time limits."""

import os
import shutil
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import fetch
import outcome
import ratchet
import run
import suites
from outcome import Outcome
from server import Server, ServerFailed

REDIS = shutil.which("redis-server")

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.test_a.TestA" name="test_one[2]" time="0.1"/>
<testcase classname="tests.test_a.TestA" name="test_two"><failure message="it &lt; that">x</failure>
</testcase>
<testcase classname="tests.test_b" name="test_three"><skipped message="why"/></testcase>
<testcase classname="tests.test_b" name="test_four"/>
<testcase classname="tests.test_b" name="test_four"><error message="in tear-down"/></testcase>
</testsuite></testsuites>"""

TAP = """TAP version 13
# Subtest: /x/ioredis.cjs
    # Subtest: ioredis strings
    ok 1 - ioredis strings
      ---
      duration_ms: 5
      ...
    not ok 2 - ioredis lists
      ---
      error: "ERR unknown command"
      ...
    ok 3 - ioredis geo # SKIP not here
    1..3
not ok 1 - /x/ioredis.cjs
1..1
"""


class OutcomeTest(unittest.TestCase):
    def test_junit(self):
        result = outcome.of_junit(JUNIT)
        self.assertEqual(result.passed, {"test_a.TestA.test_one[2]"})
        self.assertEqual(result.failed, {"test_a.TestA.test_two": "it < that",
                                         "test_b.test_four": "in tear-down"})
        self.assertEqual(result.skipped, {"test_b.test_three"})
        self.assertIsNone(result.aborted)

    def test_tap(self):
        result = outcome.of_tap(TAP)
        self.assertEqual(result.passed, {"ioredis strings"})
        self.assertEqual(list(result.failed), ["ioredis lists"])
        self.assertIn("unknown command", result.failed["ioredis lists"])
        self.assertEqual(result.skipped, {"ioredis geo"})

    def test_nothing_is_an_abort(self):
        for result in (outcome.of_junit(""), outcome.of_junit("<testsuite/>"), outcome.of_tap(""),
                       outcome.of_tap("Error: Cannot find module 'ioredis'\n")):
            self.assertIsNotNone(result.aborted)


class RatchetTest(unittest.TestCase):
    def test_a_new_failure_and_a_lost_pass_are_problems(self):
        committed = ratchet.Line(upstream=9, ok=2, failing=["old"])
        good = Outcome(passed={"a", "b"}, failed={"old": ""})
        self.assertEqual(ratchet.judge(good, committed), ([], []))
        worse = Outcome(passed={"a"}, failed={"old": "", "b": "why"})
        problems, _ = ratchet.judge(worse, committed)
        self.assertEqual(len(problems), 2)
        self.assertIn("why", problems[0])
        problems, better = ratchet.judge(Outcome(passed={"a", "b", "old"}), committed)
        self.assertEqual((problems, len(better)), ([], 2))

    def test_an_abort_and_an_unknown_suite_are_problems(self):
        aborted = Outcome(passed={"a", "b"}, aborted="the server ended")
        self.assertEqual(len(ratchet.judge(aborted, ratchet.Line(ok=2))[0]), 1)
        self.assertEqual(len(ratchet.judge(Outcome(passed={"a"}), None)[0]), 1)

    def test_results_survive_writing(self):
        with tempfile.TemporaryDirectory() as base:
            path = Path(base) / "results.txt"
            lines = {"b": ratchet.Line(None, 3, 1, ["x y - z"]), "a": ratchet.Line(4, None)}
            ratchet.write(lines, path)
            self.assertEqual(ratchet.read(path), lines)
            self.assertEqual(ratchet.read(Path(base) / "none"), {})

    def test_committed_results_name_known_suites(self):
        self.assertLessEqual(set(ratchet.read()), {suite.name for suite in suites.SUITES})


class RunTest(unittest.TestCase):
    def test_a_missing_tool_is_a_reason_and_no_outcome(self):
        def lacks_tool(_):
            raise fetch.Unavailable("npm is not on PATH")
        result, _ = run.run_suite(suites.Suite("x", lacks_tool), Path(REDIS))
        self.assertEqual(result, "npm is not on PATH")

    def test_a_server_that_ends_aborts_the_suite(self):
        def kills(server):
            server.process.kill()
            server.process.wait()
            return Outcome(passed={"a"})
        result, _ = run.run_suite(suites.Suite("x", kills), Path(REDIS))
        self.assertIn("the server ended", result.aborted)
        result, _ = run.run_suite(suites.Suite("x", kills), Path("/bin/false"))
        self.assertIn("does not serve", result.aborted)

    def test_server_is_gone_with_its_directory(self):
        with Server(Path(REDIS)) as server:
            self.assertTrue(os.path.isdir(server.home.name))
            self.assertIsNone(server.ended())
        self.assertFalse(os.path.isdir(server.home.name))
        self.assertIsNotNone(server.process.returncode)
        with self.assertRaises(ServerFailed), Server(Path("/bin/false")):
            pass

    def test_a_program_that_never_ends_is_ended(self):
        with mock.patch.object(suites, "SECONDS_MAX", 0.2):
            output = suites._run_group(["sh", "-c", "echo on; sleep 100 & sleep 100"], Path("/"), {})
        self.assertIn("on\n", output)
        self.assertIn("not finished", output)

    def test_an_interrupted_fetch_leaves_nothing(self):
        def half_done(scratch):
            (scratch / "file").write_text("x")
            raise fetch.Unavailable("no network")
        with tempfile.TemporaryDirectory() as base:
            with mock.patch.object(fetch, "cache_dir", lambda: Path(base)):
                with self.assertRaises(fetch.Unavailable):
                    fetch._cached("thing", half_done)
                self.assertEqual(os.listdir(base), [])
                place = fetch._cached("thing", lambda scratch: None)
                self.assertTrue(place.is_dir())


if __name__ == "__main__":
    unittest.main()
