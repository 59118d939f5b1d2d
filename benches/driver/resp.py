"""A small RESP2 client for set-up and for measurements of single commands.

Owns: encoding requests, decoding replies, pipelined loading. Invariants: an error reply raises;
no reply is left unread. Not a load generator: redis-benchmark is. Tests: test_driver.py.
"""

import random
import socket
from collections.abc import Iterable, Iterator

CONNECT_SECONDS_MAX = 10
REPLY_SECONDS_MAX = 600
LOAD_BATCH_BYTES = 256 * 1024
# Sent behind a batch whose replies are of any kind: its echo says that they have all arrived.
MARKER = b"end-of-batch-0123456789"
READ_BYTES = 64 * 1024


class ReplyError(Exception):
    """The server answered with an error."""


def encode(*parts: bytes | str | int) -> bytes:
    out = [b"*%d\r\n" % len(parts)]
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(out)


class Client:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS_MAX)
        self.socket.settimeout(REPLY_SECONDS_MAX)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def command(self, *parts: bytes | str | int):
        self.socket.sendall(encode(*parts))
        return self.reply()

    def pipeline(self, requests: list[bytes]) -> list:
        """Sends encoded requests at once. For batches whose replies fit the socket buffers."""
        self.socket.sendall(b"".join(requests))
        return [self.reply() for _ in requests]

    def reply(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise ReplyError(rest.decode(errors="replace"))
        if kind == b":":
            return int(rest)
        if kind == b"$":
            length = int(rest)
            return None if length < 0 else self._exactly(length + 2)[:-2]
        if kind == b"*":
            return None if int(rest) < 0 else [self.reply() for _ in range(int(rest))]
        raise ReplyError(f"not a reply: {line[:80]!r}")

    def skip(self) -> int:
        """Reads a reply of any length without parsing what it holds; returns its bytes.

        Ends when an ECHO that it sends is answered, which costs a few microseconds.
        """
        self.socket.sendall(encode("ECHO", MARKER))
        parts = self._until_marker()
        if parts[0].startswith(b"-"):
            line = b"".join(parts).partition(b"\r\n")[0]
            raise ReplyError(line[1:].decode(errors="replace"))
        return sum(map(len, parts))

    def info(self, section: str = "everything") -> dict[str, str]:
        text = self.command("INFO", section).decode(errors="replace")
        pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
        return {name: value for name, _, value in pairs if name}

    def load(self, requests: Iterable[bytes]) -> int:
        """Sends a long stream of encoded requests that each answer +OK; returns their number."""
        batch: list[bytes] = []
        size = sent = 0
        for request in requests:
            batch.append(request)
            size += len(request)
            if size >= LOAD_BATCH_BYTES:
                sent += self._load_batch(batch)
                batch, size = [], 0
        return sent + self._load_batch(batch)

    def _load_batch(self, batch: list[bytes]) -> int:
        if not batch:
            return 0
        self.socket.sendall(b"".join(batch))
        answer = self._exactly(5 * len(batch), stop_at=b"-")
        if answer != b"+OK\r\n" * len(batch):
            # The error's line may not have arrived in full yet: hand back what was read of it.
            self.buffer = answer[max(answer.find(b"-"), 0) :] + self.buffer
            self.reply()
            raise ReplyError(f"while loading, not +OK: {answer[:200]!r}")
        return len(batch)

    def fill(self, requests: Iterable[bytes], batch_max: int = 4096) -> int:
        """Sends encoded requests that answer anything but an error; returns their number.

        `batch_max` keeps the replies of one batch small enough for the socket buffers.
        """
        batch: list[bytes] = []
        size = sent = 0
        for request in requests:
            batch.append(request)
            size += len(request)
            if size >= LOAD_BATCH_BYTES or len(batch) >= batch_max:
                sent += self._fill_batch(batch)
                batch, size = [], 0
        return sent + self._fill_batch(batch)

    def _fill_batch(self, batch: list[bytes]) -> int:
        if not batch:
            return 0
        self.socket.sendall(b"".join(batch) + encode("ECHO", MARKER))
        answer = b"\r\n" + b"".join(self._until_marker())
        error = answer.find(b"\r\n-")
        if error >= 0:
            line = answer[error + 3 :].partition(b"\r\n")[0]
            raise ReplyError(f"while filling: {line.decode(errors='replace')}")
        return len(batch)

    def _until_marker(self) -> list[bytes]:
        """Everything up to the echo of MARKER, in parts; the first one is not empty."""
        end = b"$%d\r\n%s\r\n" % (len(MARKER), MARKER)
        parts, tail = [self.buffer] if self.buffer else [], self.buffer[-len(end):]
        self.buffer = b""
        while not tail.endswith(end):
            part = self.socket.recv(READ_BYTES)
            if not part:
                raise ConnectionError("the server closed the connection")
            parts.append(part)
            tail = (tail + part)[-len(end):]
        return parts

    def _line(self) -> bytes:
        while b"\r\n" not in self.buffer:
            self._read_more()
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def _exactly(self, length: int, stop_at: bytes | None = None) -> bytes:
        """Reads `length` bytes; fewer when `stop_at`, the sign of an error reply, is among them."""
        parts, have = [self.buffer], len(self.buffer)
        while have < length and not (stop_at and stop_at in parts[-1]):
            part = self.socket.recv(max(READ_BYTES, length - have))
            if not part:
                raise ConnectionError("the server closed the connection")
            parts.append(part)
            have += len(part)
        joined = b"".join(parts)
        self.buffer = joined[length:]
        return joined[:length]

    def _read_more(self) -> None:
        part = self.socket.recv(READ_BYTES)
        if not part:
            raise ConnectionError("the server closed the connection")
        self.buffer += part


def key(number: int) -> bytes:
    """The name that redis-benchmark gives to random key `number`."""
    return b"key:%012d" % number


def fill_requests(keys: range, value_bytes: int, seed: int = 1) -> Iterator[bytes]:
    """SET of every key of the range once, with values that do not compress.

    Windows of one random pool at random places: cheap to make, and a compressor that sees a
    block of some KiB at a time finds nothing twice in it.
    """
    source = random.Random(seed)
    pool = source.randbytes(max(4 * 1024 * 1024, 2 * value_bytes))
    span = len(pool) - value_bytes
    head = b"*3\r\n$3\r\nSET\r\n$16\r\nkey:"
    middle = b"\r\n$%d\r\n" % value_bytes
    for number in keys:
        start = int(source.random() * span)
        yield b"".join((head, b"%012d" % number, middle, pool[start : start + value_bytes],
                        b"\r\n"))
