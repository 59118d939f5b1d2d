"""The client suites: what each consists of and how it is run against a port.

Owns: the command lines. Invariants: a suite has a server of its own and an outer time limit; its
whole process group is gone when it ends. Must not know: committed results. Tests: test_suites.py
covers the limit; a run against Debian's redis-server (run.py --reference) the rest.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fetch
import outcome
from outcome import Outcome
from server import Server

SECONDS_MAX = 300
TEST_SECONDS_MAX = 20
# Database 9, so that what the tests flush is never a user's default database.
DATABASE = 9
STANDALONE_ONLY = "not onlycluster and not redismod and not replica"
SYNC_FILES = ("test_commands.py", "test_hash.py", "test_pipeline.py", "test_encoding.py")
ASYNC_FILES = tuple(f"test_asyncio/{name}" for name in SYNC_FILES)


@dataclass(frozen=True)
class Suite:
    name: str
    run: Callable[[Server], Outcome]


def redis_py(files: tuple[str, ...], protocol: int) -> Callable[[Server], Outcome]:
    """redis-py's own tests of a standalone server, speaking this RESP version."""
    def run(server: Server) -> Outcome:
        place = fetch.redis_py()
        with tempfile.TemporaryDirectory(prefix="ferrock-pytest-") as scratch:
            report = Path(scratch) / "report.xml"
            url = f"redis://127.0.0.1:{server.port}/{DATABASE}"
            command = [
                str(place / "venv" / "bin" / "python"), "-m", "pytest", "-q", "--tb=no",
                "-p", "no:cacheprovider", *[f"tests/{name}" for name in files],
                "-m", STANDALONE_ONLY, "--timeout", str(TEST_SECONDS_MAX),
                "--protocol", str(protocol), "--redis-url", url, "--junitxml", str(report),
                "--basetemp", f"{scratch}/tmp",
            ]
            environment = {"PYTHONPATH": str(place / "tree"), "PYTHONDONTWRITEBYTECODE": "1"}
            output = _run_group(command, place / "tree", environment)
            if not report.is_file():
                return Outcome(aborted=output[-1500:])
            return outcome.of_junit(report.read_text())
    return run


def node(program: str) -> Callable[[Server], Outcome]:
    """A program of tests/clients/node, with the packages of its lock file."""
    def run(server: Server) -> Outcome:
        modules = fetch.node_modules() / "node_modules"
        command = ["node", "--test", "--test-reporter=tap", str(fetch.NODE_PROGRAMS / program)]
        environment = {"NODE_PATH": str(modules), "FERROCK_PORT": str(server.port)}
        output = _run_group(command, fetch.NODE_PROGRAMS, environment)
        return outcome.of_tap(output)
    return run


SUITES = (
    Suite("redis-py-resp3", redis_py(SYNC_FILES, 3)),
    Suite("redis-py-async-resp2", redis_py(ASYNC_FILES, 2)),
    Suite("ioredis", node("ioredis.cjs")),
    Suite("node-redis", node("node_redis.cjs")),
)


def _run_group(command: list[str], cwd: Path, environment: dict[str, str]) -> str:
    """Runs `command` in a process group of its own and returns what it printed."""
    with tempfile.TemporaryFile() as sink:
        process = subprocess.Popen(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
            env={**os.environ, **environment}, start_new_session=True,
        )
        late = ""
        try:
            process.wait(SECONDS_MAX)
        except subprocess.TimeoutExpired:
            late = f"\nnot finished after {SECONDS_MAX} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        sink.seek(0)
        return sink.read().decode(errors="replace") + late
