"""Real input: Debian's package records, streamed in with redis-cli --pipe and read back.

Owns: the scenario packages. One key per package and field, values as the archive has them. The
data is compared byte for byte after loading, and again after kill -9 and a restart; a difference
is a problem, not a figure. Tests: test_driver.py.
"""

import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from context import Context, Scenario, Table, count, markdown_table
from load import LoadFailed
from resp import Client, encode
from server import NAMES, Server

PIPE_SECONDS_MAX = 600
COMPARE_BATCH = 500
# What sits between the parts of a key cannot occur in a package name, version or field name.
SEPARATOR = b"|"

PACKAGES = Scenario("packages", "The package index of this machine's Debian archive: load, "
                    "compare, kill -9, restart, compare.")


def index_files() -> list[Path]:
    """The binary package indexes that apt keeps; apt names them, whatever their compression."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(FILENAME)", "Created-By: Packages"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return [Path(line) for line in done.stdout.splitlines()]


def index_text(file: Path) -> bytes:
    done = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(file)],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    return done.stdout if done.returncode == 0 else b""


def records(text: bytes) -> Iterator[dict[bytes, bytes]]:
    """Paragraphs of `Name: value` lines; a line that begins with a space goes on with the value."""
    for paragraph in text.split(b"\n\n"):
        fields: dict[bytes, bytes] = {}
        name = b""
        for line in paragraph.split(b"\n"):
            if line[:1] in (b" ", b"\t") and name:
                fields[name] += b"\n" + line
            elif b":" in line:
                name, _, value = line.partition(b":")
                fields[name] = value.strip()
        if b"Package" in fields:
            yield fields


def expected_keys(texts: Sequence[bytes]) -> tuple[dict[bytes, bytes], int]:
    """Returns key -> value over all records, and the number of records."""
    keys: dict[bytes, bytes] = {}
    number = 0
    for text in texts:
        for fields in records(text):
            number += 1
            names = [fields.get(part, b"") for part in (b"Package", b"Version", b"Architecture")]
            prefix = SEPARATOR.join(names)
            keys.update({prefix + SEPARATOR + field: value for field, value in fields.items()})
    return keys, number


@dataclass
class Timing:
    load_seconds: float
    read_seconds: float
    restart_seconds: float
    reread_seconds: float


def pipe_in(server: Server, keys: dict[bytes, bytes], stream: Path) -> float:
    """Feeds the prepared protocol stream to redis-cli --pipe and checks its account."""
    started = time.monotonic()
    with open(stream, "rb") as source:
        done = subprocess.run(
            ["redis-cli", "-h", "127.0.0.1", "-p", str(server.port), "--pipe"], stdin=source,
            capture_output=True, text=True, timeout=PIPE_SECONDS_MAX, check=False)
    seconds = time.monotonic() - started
    account = f"errors: 0, replies: {len(keys)}"
    if done.returncode != 0 or account not in done.stdout:
        raise LoadFailed(f"redis-cli --pipe, expected {account!r}: {done.stdout}{done.stderr}")
    return seconds


def differences(client: Client, keys: dict[bytes, bytes]) -> int:
    """Counts the keys whose value is not exactly what was sent, and keys that nobody sent."""
    wrong = abs(client.command("DBSIZE") - len(keys))
    names = list(keys)
    for first in range(0, len(names), COMPARE_BATCH):
        batch = names[first : first + COMPARE_BATCH]
        values = client.command("MGET", *batch)
        wrong += sum(value != keys[name] for name, value in zip(batch, values, strict=True))
    return wrong


def compare(context: Context, server: Server, keys: dict[bytes, bytes], when: str) -> float:
    started = time.monotonic()
    with server.client() as client:
        wrong = differences(client, keys)
    if wrong:
        context.problem(f"packages: {server.name} has {wrong} wrong keys {when}")
    return time.monotonic() - started


def measure(context: Context, server: Server, keys: dict[bytes, bytes], stream: Path) -> Timing:
    load_seconds = pipe_in(server, keys, stream)
    read_seconds = compare(context, server, keys, "after loading")
    server.kill()
    restart_seconds = server.start()
    reread_seconds = compare(context, server, keys, "after kill -9 and restart")
    return Timing(load_seconds, read_seconds, restart_seconds, reread_seconds)


def run(context: Context, _chosen: Sequence[Scenario]) -> str:
    keys, number = expected_keys([index_text(file) for file in index_files()])
    if number < 1000:
        raise LoadFailed("apt has no package index here: run apt-get update first")
    stream = context.base / "packages.resp"
    with open(stream, "wb") as sink:
        sink.writelines(encode("SET", name, value) for name, value in keys.items())
    payload = sum(len(name) + len(value) for name, value in keys.items())
    context.progress(f"packages: {number:,} records, {len(keys):,} keys, {payload / 1e6:.0f} MB")
    rows = []
    for name in NAMES:
        with context.server(name) as server:
            timing = measure(context, server, keys, stream)
            rows.append([
                name, f"{timing.load_seconds:.2f}", count(len(keys) / timing.load_seconds),
                f"{timing.read_seconds:.2f}", f"{timing.restart_seconds:.2f}",
                f"{timing.reread_seconds:.2f}",
                count(server.disk_bytes() / 1e6),
            ])
    stream.unlink()
    about = (f"{number:,} records, {len(keys):,} keys, {payload / 1e6:,.0f} MB of names and "
             "values; every value equal byte for byte both times.")
    head = ["server", "load s", "keys/s", "compare s", "restart s", "compare s", "disk MB"]
    return f"{about}\n\n{markdown_table(head, rows)}"


TABLE = Table(
    "packages", "Real input: Debian's package index",
    "One key per package and field through `redis-cli --pipe`, read back and compared, then again "
    "after `kill -9` and a restart on the same directory.",
    (PACKAGES,), run,
)
