"""Unit tests of the complexity table, with redis-server in both places.

Goal: every request is well formed and does what its row says, every call leaves its collection as
it found it, every documented command has a row, and the judgements follow from the figures. Not
covered: what our server costs, and rows of commands that redis-server does not know.
"""

import tempfile
import unittest

import complexity
import complexity_rows
from complexity import Series
from complexity_rows import case, subjects
from resp import ReplyError, encode
from server import NAMES
from test_driver import redis_server
from test_types import LENGTHS, both

SIZES = complexity.SIZES
LENGTH_OF = {**LENGTHS, "lexical": "ZCARD", "places": "ZCARD", "pending": "XLEN",
             "sketch": "STRLEN"}
GROUPS = {b"hash", b"list", b"set", b"sorted-set", b"stream", b"geo", b"hyperloglog", b"generic"}

# What a row adds or deletes at random does not always meet an entry.
GROWING = ("complexity-xadd", "complexity-xdel", "complexity-xack")


def case_named(name: str) -> case.Case:
    return next(one for one in complexity_rows.CASES if one.name == name)


def word_of(request: bytes) -> str:
    return request.split(b"\r\n")[2].decode().lower()


class ComplexityTest(unittest.TestCase):
    def test_growth_is_judged(self):
        logarithmic = case_named("complexity-zrank")
        strict, lax = case_named("complexity-del-hash"), case_named("complexity-unlink-hash")
        flat, steep = Series([9, 9, 9, 9]), Series([9, 90, 900, 9000])
        grows = Series([10, 13, 17, 20])
        self.assertTrue(complexity.judged(logarithmic, SIZES, grows, flat))
        self.assertFalse(complexity.judged(logarithmic, SIZES, steep, flat))
        self.assertTrue(complexity.judged(lax, SIZES, steep, steep))
        self.assertFalse(complexity.judged(strict, SIZES, steep, steep))
        scans = Series([9, 9, 9, 9], reads=[1, 10, 100, 1000])
        self.assertFalse(complexity.judged(lax, SIZES, scans, steep))

    def test_documented_exponents(self):
        self.assertEqual(complexity.allowed(case.ONE, SIZES), 0)
        self.assertAlmostEqual(complexity.allowed(case.LINEAR, SIZES), 1)
        self.assertTrue(0.05 < complexity.allowed(case.LOG, SIZES) < 0.15)
        self.assertTrue(1.05 < complexity.allowed(case.SORTING, SIZES) < 1.15)

    def test_a_cell_has_enough_calls_and_no_more_than_its_seconds(self):
        cell = complexity.Cell()
        for calls in range(complexity.CALLS_MIN + 1):
            self.assertFalse(cell.is_done(), calls)
            cell.add(50.0 if calls else 9999.0, 20.0)
        self.assertFalse(cell.is_done())
        cell.seconds = complexity.CELL_SECONDS
        self.assertTrue(cell.is_done())
        self.assertEqual(cell.cost_us(), 30.0)
        slow = complexity.Cell([30.0] * 4, [20.0] * 4, complexity.SLOW_CALL_SECONDS * 4)
        self.assertTrue(slow.is_done())

    def test_calls_leave_their_collection_as_it_was(self):
        size = 1000
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                for one in complexity_rows.CASES:
                    client.command("FLUSHALL")
                    client.fill(subjects.fill(one.subject, size))
                    if one.subject == "pending":
                        client.fill(subjects.deliver(size), subjects.DELIVERIES_IN_FLIGHT)
                        pending = client.command("XPENDING", "pending", "group")
                        self.assertEqual(pending[0], size)
                    before = client.command(LENGTH_OF[one.subject], one.subject)
                    self.assertTrue(before == size or one.subject == "sketch", one.name)
                    try:
                        for _ in range(5):
                            complexity.call(client, one, one.step(size))
                    except ReplyError as error:
                        # Debian's server is older than the newest commands.
                        self.assertIn("unknown command", str(error), one.name)
                    left = client.command(LENGTH_OF[one.subject], one.subject)
                    grown = 5 if one.name in GROWING else 0
                    loose = ("complexity-xadd-maxlen-about", "complexity-pfadd")
                    slack = 100 if one.name in loose else 0
                    self.assertTrue(before <= left <= before + grown + slack,
                                    f"{one.name}: {before} to {left}")

    def test_every_documented_command_has_a_row(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                docs = client.command("COMMAND", "DOCS")
        rows = {word_of(one.step(1000).request) for one in complexity_rows.CASES}
        for name, facts in zip(docs[::2], docs[1::2]):
            fields = dict(zip(facts[::2], facts[1::2]))
            if fields[b"group"] in GROUPS and name.decode() not in complexity_rows.ELSEWHERE:
                self.assertIn(name.decode(), rows)

    def test_skipping_a_reply(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                client.fill(subjects.fill("list", 10_000))
                client.socket.sendall(encode("LRANGE", "list", 0, -1))
                self.assertGreater(client.skip(), 10_000 * 14)
                client.socket.sendall(encode("INCR", "list"))
                with self.assertRaisesRegex(ReplyError, "WRONGTYPE"):
                    client.skip()
                self.assertEqual(client.command("LLEN", "list"), 10_000)

    def test_a_refused_command_is_a_problem_and_no_row(self):
        zrank = case_named("complexity-zrank")
        with tempfile.TemporaryDirectory() as base:
            where = both(base, 1)
            series = {(zrank.name, name): Series(refused="ERR unknown command") for name in NAMES}
            text = complexity.report(where, [zrank], SIZES, series)
        self.assertEqual(len(where.problems), 1)
        self.assertNotIn("| zrank |", text)

    def test_one_case_against_itself(self):
        with tempfile.TemporaryDirectory() as base:
            text = complexity.run(both(base, 0.01), [case_named("complexity-hget")])
        self.assertIn("| hget | O(1) | ferrock |", text)
        self.assertIn("All 1 cases", text)


if __name__ == "__main__":
    unittest.main()
