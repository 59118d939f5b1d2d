"""Unit tests of the bench driver: what is read from tools and /proc, and what is computed.

The scenarios themselves run against servers, so two short ones do here, with redis-server in both
places: whatever they print then, the ratio of a server to itself is what it should be near to.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import cgroup
import context
import curve
import growth
import hot
import load
import packages
import process
import resp
import results
import run
from server import NAMES, Server

REDIS = shutil.which("redis-server")

CSV = '''"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",\
"p99_latency_ms","max_latency_ms"
"GET key:__rand_int__","71428.57","0.394","0.152","0.391","0.607","0.703","0.911"
'''


def redis_server(base: str, **directives: str) -> Server:
    return Server("redis", Path(REDIS), Path(base), list(directives.items()))


class ToolOutputTest(unittest.TestCase):
    def test_redis_benchmark_csv(self):
        self.assertEqual(load.parse(CSV), (71428.57, 0.391, 0.703))

    def test_no_result_is_an_error(self):
        for output in ("", "Could not connect to Redis\n", CSV.splitlines()[0]):
            with self.assertRaises(load.LoadFailed):
                load.parse(output)

    def test_package_records(self):
        text = b"Package: a\nVersion: 1:2\nDescription: x\n more\n .\n\n\nPackage: b\nSize: 3\n"
        self.assertEqual(list(packages.records(text)), [
            {b"Package": b"a", b"Version": b"1:2", b"Description": b"x\n more\n ."},
            {b"Package": b"b", b"Size": b"3"},
        ])
        keys, number = packages.expected_keys([text, text])
        self.assertEqual((number, len(keys)), (4, 5))
        self.assertEqual(keys[b"a|1:2||Description"], b"x\n more\n .")


class ListTest(unittest.TestCase):
    def test_a_reader_that_has_seen_enough_is_no_error(self):
        program = Path(run.__file__)
        with subprocess.Popen([sys.executable, str(program), "--list"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as listing:
            listing.stdout.close()
            self.assertEqual(listing.stderr.read(), b"")


class FiguresTest(unittest.TestCase):
    def test_sample(self):
        sample = load.Sample(1000, 0.5, 0.002, 0.1, 0.2)
        self.assertEqual((sample.per_second, sample.cpu_us), (2000, 2.0))

    def test_exponent(self):
        sizes = (10, 100, 1000)
        self.assertAlmostEqual(growth.exponent(sizes, (7, 7, 7)), 0)
        self.assertAlmostEqual(growth.exponent(sizes, (1, 10, 100)), 1)
        self.assertAlmostEqual(growth.exponent(sizes, (1, 100, 10000)), 2)
        self.assertEqual(growth.exponent((10,), (5,)), 0)

    def test_verdicts(self):
        self.assertIn("yes", context.verdict(1.0, at_most=1.0))
        self.assertIn("no", context.verdict(1.01, at_most=1.0))
        self.assertIn("no", context.verdict(0.59, at_least=0.6))
        self.assertEqual(context.verdict(5), "")

    def test_chart(self):
        self.assertEqual(curve.chart([]), "")
        self.assertEqual(curve.chart([0, 7]), "▁█")
        self.assertEqual(len(curve.chart(range(1000))), curve.CHART_COLUMNS)

    def test_cpu_of_ended_threads_and_children_counts(self):
        busy = "import threading, time\n" \
               "def spin():\n  while time.thread_time() < 0.2: pass\n" \
               "t=threading.Thread(target=spin)\n" \
               "t.start(); t.join(); print(1, flush=True); input()"
        with subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            self.assertGreater(process.cpu_seconds(child.pid), 0.1)
            self.assertGreater(process.resident_bytes(child.pid), 2**20)
            self.assertTrue(process.wait_quiet(child.pid))
            child.communicate(b"\n")

    def test_scenario_names_are_unique_and_selectable(self):
        names = [one.name for table in run.TABLES for one in table.scenarios]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual([one.name for one in run.chosen(hot.TABLE, ["hot-get-p1"])],
                         ["hot-get-p16", "hot-get-p1"])
        self.assertEqual(len(run.chosen(hot.TABLE, ["hot"])), len(hot.SCENARIOS))
        self.assertEqual(run.chosen(hot.TABLE, ["cold"]), [])


class ResultsTest(unittest.TestCase):
    def test_a_part_is_replaced_and_the_rest_kept(self):
        text = "# Results\n\nBy hand.\n"
        once = results.replace_part(text, "hot", "one\n")
        both = results.replace_part(once, "cold", "cold\n") + "\nAfter.\n"
        again = results.replace_part(both, "hot", "two\n")
        self.assertEqual(again, both.replace("one\n", "two\n"))
        self.assertTrue(again.startswith(text))
        self.assertTrue(again.endswith("\nAfter.\n"))

    def test_recorded_parts_belong_to_tables(self):
        text = results.RESULTS.read_text()
        begun = [line for line in text.splitlines() if line.startswith("<!-- begin ")]
        known = [results.marker("begin", table.name) for table in run.TABLES]
        self.assertLessEqual(set(begun), set(known))


class ServerTest(unittest.TestCase):
    def test_client_loads_reads_and_sees_errors(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                self.assertEqual(client.load(resp.fill_requests(range(5000), 100)), 5000)
                self.assertEqual(client.command("DBSIZE"), 5000)
                self.assertEqual(len(client.command("GET", resp.key(4999))), 100)
                self.assertIsNone(client.command("GET", "absent"))
                self.assertIn("total_commands_processed", client.info("stats"))
                with self.assertRaises(resp.ReplyError):
                    client.command("NOSUCH")
                wrong = [resp.encode("SET", "k", "v"), resp.encode("NOSUCH")]
                with self.assertRaisesRegex(resp.ReplyError, "ERR unknown command"):
                    client.load(wrong)

    def test_an_error_reply_is_no_result(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with self.assertRaises(load.LoadFailed):
                load.run(server, load.Shape(("NOSUCH", "a")), 100)
            sample = load.run(server, load.Shape(("PING",)), 2000)
            self.assertGreaterEqual(sample.requests, 2000)

    def test_kill_and_restart_keeps_the_directory(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                client.command("SET", "k", "v")
            server.kill()
            server.start()
            with server.client() as client:
                self.assertEqual(client.command("GET", "k"), b"v")

    def test_hot_table_against_itself(self):
        with tempfile.TemporaryDirectory() as base:
            binaries = {name: Path(REDIS) for name in NAMES}
            where = context.Context(binaries, Path(base), rounds=1, seconds=0.2, scale=0.01)
            text = hot.run(where, hot.SCENARIOS[:1])
        self.assertIn("hot-get-p16", text)
        ratio = float(text.splitlines()[-1].split("|")[7])
        self.assertTrue(0.2 < ratio < 5, text)

    def test_cgroup_limits_and_is_removed(self):
        try:
            with cgroup.limited("test", 64 * 2**20) as group:
                eater = "import sys; a = b'x' * (256 << 20); sys.exit(0)"
                done = subprocess.run([*group.wrapper(), sys.executable, "-c", eater],
                                      stderr=subprocess.DEVNULL, check=False)
                self.assertNotEqual(done.returncode, 0)
                self.assertGreaterEqual(group.out_of_memory_kills(), 1)
            self.assertFalse(group.path.exists())
        except cgroup.NoLimit as reason:
            # Saying why is the promise on a machine that gives us no group.
            self.assertIn("cgroup", str(reason))


if __name__ == "__main__":
    os.chdir(Path(__file__).parent)
    unittest.main()
