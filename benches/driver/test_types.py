"""Unit tests of the bench scenarios over data types, with redis-server in both places.

Goal: every request is well formed and does what its row says, every call leaves its collection as
it found it, and the judgements follow from the figures. Not covered: what our server costs.
"""

import tempfile
import unittest
import unittest.mock
from pathlib import Path

import big_zset
import context
import counters
import data_types
import elements
import partitions
import queues
from resp import ReplyError, encode
from server import NAMES
from test_driver import REDIS, redis_server

SIZES = (10**3, 10**4, 10**5, 10**6)
LENGTHS = {"hash": "HLEN", "list": "LLEN", "set": "SCARD", "zset": "ZCARD", "stream": "XLEN"}


def both(base: str, scale: float) -> context.Context:
    return context.Context(
        {name: Path(REDIS) for name in NAMES}, Path(base), rounds=1, seconds=0.1, scale=scale)


class ElementsTest(unittest.TestCase):
    def test_collections_have_their_size(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                for kind in elements.KINDS:
                    client.fill(elements.fill(kind, kind, 1234))
                    self.assertEqual(client.command(LENGTHS[kind], kind), 1234, kind)
                client.fill(elements.fill("set", "wide", 10, value_bytes=200))
                self.assertGreater(client.command("MEMORY", "USAGE", "wide"), 2000)
                self.assertEqual(client.command("ZRANK", "zset", elements.member(1)),
                                 elements.score(1, 1234))
                client.fill(elements.fill_lexical("lexical", 700))
                self.assertEqual(client.command("ZLEXCOUNT", "lexical", "-", "+"), 700)
                client.fill(elements.fill_places("places", 700))
                self.assertEqual(client.command("ZCARD", "places"), 700)

    def test_fill_raises_an_error_amid_other_replies(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                self.assertEqual(client.fill([encode("GET", "a"), encode("INCR", "n")] * 9), 18)
                wrong = [encode("SET", "k", "v"), encode("LPUSH", "k", "v"), encode("GET", "k")]
                with self.assertRaisesRegex(ReplyError, "WRONGTYPE"):
                    client.fill(wrong)
                self.assertEqual(client.command("GET", "k"), b"v")

    def test_scores_and_orders_are_permutations(self):
        for size in SIZES:
            self.assertEqual(len({elements.score(n, size) for n in range(min(size, 10**5))}),
                             min(size, 10**5))
        pairs = b"".join(big_zset.fill(1000)).count(b"\r\nm:")
        self.assertEqual(pairs, 1000)


class TypesTest(unittest.TestCase):
    def test_every_load_is_answered(self):
        with tempfile.TemporaryDirectory() as base, redis_server(base) as server:
            with server.client() as client:
                for scenario in data_types.TABLE.scenarios:
                    population = scenario.population.scaled(0.001)
                    client.command("FLUSHALL")
                    client.fill(population.requests())
                    words = [word.replace(data_types.RANDOM, "000000000007")
                             for word in scenario.shape(8).command]
                    reply = client.command(*words)
                    self.assertNotIn(reply, (None, [], -1), scenario.sentence)
                    if scenario.command == "SISMEMBER":
                        self.assertEqual(reply, 1, scenario.sentence)

    def test_table_has_both_forms_of_each_promised_command(self):
        promised = "HGET HGETALL LRANGE SISMEMBER SMEMBERS ZSCORE ZRANGE ZRANK XRANGE " \
                   "HSET LPUSH RPOP SADD SPOP ZADD XADD"
        for command in promised.split():
            for form in ("packed", "exploded"):
                for pipeline in (1, 16):
                    self.assertTrue(any(
                        one.command == command and one.pipeline == pipeline and form in one.name
                        for one in data_types.TABLE.scenarios), f"{command} {form}")

    def test_two_loads_against_itself(self):
        chosen = [one for one in data_types.TABLE.scenarios
                  if one.name in ("types-hget-packed-p16", "types-rpop-packed-p16")]
        with tempfile.TemporaryDirectory() as base:
            text = data_types.run(both(base, 0.01), chosen)
        self.assertIn("≤ 1.5", text.splitlines()[2])
        self.assertIn("≤ 2.5", text.splitlines()[3])


class CountersTest(unittest.TestCase):
    def test_a_missing_field_is_no_zero(self):
        self.assertIsNone(counters.rows_of({}, 5))
        self.assertIsNone(counters.reads_of({"engine_gets": 3}, 5))
        self.assertIsNone(counters.blocks_of({"engine_gets": 3}, 5))
        self.assertEqual(counters.blocks_of({counters.BLOCKS: 10}, 4), 2.5)
        full = dict.fromkeys(counters.READS, 10)
        self.assertEqual(counters.reads_of(full, 10), 3)
        self.assertEqual(counters.between({"a": 1, "b": 2}, {"a": 5}), {"a": 4})


class PartitionsTest(unittest.TestCase):
    def test_write_buffers_have_the_same_bytes_in_all(self):
        for number in partitions.PARTITIONS:
            megabytes, buffers = partitions.buffers(number)
            self.assertEqual(number * buffers * megabytes, partitions.BUFFERS_TOTAL_MB)
            self.assertGreaterEqual(buffers, 2)

    def test_loads_against_itself(self):
        with tempfile.TemporaryDirectory() as base:
            with unittest.mock.patch.object(partitions, "directives", lambda number: ()):
                text = partitions.run(both(base, 0.01), partitions.SCENARIOS)
        self.assertEqual(text.count("| partitions-"), 4 * len(partitions.PARTITIONS))


class TurnoverTest(unittest.TestCase):
    def test_queues_keep_their_depth(self):
        with tempfile.TemporaryDirectory() as base:
            where = both(base, 0.001)
            text = queues.run_queues(where, queues.QUEUES)
        self.assertEqual(where.problems, [])
        self.assertEqual(text.count("| queue-"), 2 * len(queues.QUEUES))

    def test_share_of_space_left(self):
        found = queues.Reclaimed(empty=10, full=110, left=20, del_us=1, seconds=1)
        self.assertEqual(found.share_left, 0.1)
        self.assertEqual(queues.Reclaimed(10, 10, 10, 1, 1).share_left, 0)

    def test_directory_bytes_counts_files_of_all_folders(self):
        with tempfile.TemporaryDirectory() as base:
            (Path(base) / "inner").mkdir()
            (Path(base) / "inner" / "file").write_bytes(b"x" * 10_000)
            self.assertGreaterEqual(queues.directory_bytes(Path(base)), 10_000)

    def test_big_zset_against_itself(self):
        with tempfile.TemporaryDirectory() as base:
            where = both(base, 0.001)
            # No directive of redis-server, which stands in our place.
            with unittest.mock.patch.object(big_zset, "COUNTING", ()):
                text = big_zset.run(where, big_zset.SCENARIOS[:1])
        self.assertEqual(where.problems, [])
        self.assertIn("100,000 members", text)


if __name__ == "__main__":
    unittest.main()
