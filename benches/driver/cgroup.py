"""A memory limit that counts the page cache: a control group of our own.

Owns: finding the memory controller (v2, or v1 where a machine still has it), one child group and
its removal. Invariants: the group is removed when it is left; only our own group is written to.
Must not know: servers, scenarios. Tests: test_driver.py, where the machine allows it.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
REMOVE_SECONDS_MAX = 10


class NoLimit(Exception):
    """This machine gives us no memory control group; says why, in one line."""


@dataclass(frozen=True)
class Group:
    path: Path
    version: int

    def wrapper(self) -> list[str]:
        """A command prefix: it enters the group and becomes the command that follows it."""
        return ["/bin/sh", "-c", f'echo $$ > "{self.path}/cgroup.procs" && exec "$@"', "sh"]

    def used_bytes(self) -> int:
        """Memory charged to the group, page cache included."""
        name = "memory.current" if self.version == 2 else "memory.usage_in_bytes"
        return int((self.path / name).read_text())

    def page_cache_bytes(self) -> int:
        wanted = "file" if self.version == 2 else "cache"
        return self._counter("memory.stat", wanted)

    def out_of_memory_kills(self) -> int:
        if self.version == 2:
            return self._counter("memory.events", "oom_kill")
        return self._counter("memory.oom_control", "oom_kill")

    def _counter(self, file: str, wanted: str) -> int:
        for line in (self.path / file).read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == wanted:
                return int(value)
        return 0


@contextlib.contextmanager
def limited(name: str, limit_bytes: int) -> Iterator[Group]:
    """A group with this limit and no swap. Its processes must have ended when it is left."""
    parent, version = _parent()
    group = Group(parent / f"ferrock-{name}-{os.getpid()}", version)
    try:
        group.path.mkdir()
        limit = "memory.max" if version == 2 else "memory.limit_in_bytes"
        (group.path / limit).write_text(str(limit_bytes))
        swap = group.path / ("memory.swap.max" if version == 2 else "memory.swappiness")
        if swap.exists():
            swap.write_text("0")
    except OSError as error:
        with contextlib.suppress(OSError):
            group.path.rmdir()
        raise NoLimit(f"no memory cgroup under {parent} without root: {error}") from error
    try:
        yield group
    finally:
        _remove(group)


def _parent() -> tuple[Path, int]:
    """The group that this process is in, for the hierarchy that has the memory controller."""
    own = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own[controllers] = path.lstrip("/")
    for controllers, path in own.items():
        if "memory" in controllers.split(","):
            return _existing(ROOT / "memory", path), 1
    for mount in (ROOT, ROOT / "unified"):
        controllers = mount / "cgroup.controllers"
        if controllers.is_file() and "memory" in controllers.read_text().split():
            return _delegating(mount), 2
    raise NoLimit("no cgroup hierarchy of this machine has the memory controller")


def _existing(mount: Path, path: str) -> Path:
    """In a container the path may be the host's: then the mount's own root is the place."""
    return mount / path if (mount / path).is_dir() else mount


def _delegating(mount: Path) -> Path:
    """The root of a v2 hierarchy, where processes may stand beside groups."""
    control = mount / "cgroup.subtree_control"
    try:
        if "memory" not in control.read_text().split():
            control.write_text("+memory")
    except OSError as error:
        raise NoLimit(f"{control} cannot be given the memory controller: {error}") from error
    return mount


def _remove(group: Group) -> None:
    deadline = time.monotonic() + REMOVE_SECONDS_MAX
    while True:
        try:
            group.path.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            # A process that has just ended holds its group for a moment longer.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
