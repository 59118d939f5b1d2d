"""The upstream Tcl suite as Debian's source package of redis carries it.

Owns: fetching the package at test time, and a disposable tree with one server binary in place.
Invariants: nothing of the package is ever written into the checkout; the fetched tree is never
run in, every run gets a copy. Must not know: units, results. Tests: test_runner.py.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

# One suite, whatever Debian this runs on: the committed counts belong to this release of it.
DEBIAN_SUITE = "bookworm"
DEBIAN_MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FETCH_SECONDS_MAX = 300

# What the suite starts beside the server; Debian's own build of it is used.
TOOLS = ("redis-cli", "redis-benchmark")
# Compiled parts that no Tcl unit reads.
NOT_COPIED = ("deps", ".pc", "*.c", "*.o")


# Assertions outside of any test, which would end their unit, that later releases of the suite make
# otherwise: (unit, what stands there, what stands there in Redis 7.2).
ADAPTED = (("sort", '16 lpush quicklist "Old Ziplist"', '16 lpush listpack "Old Ziplist"'),)


class SuiteUnavailable(Exception):
    """The source package could be neither found in the cache nor fetched."""


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ferrock" / "redis-src"


def fetch() -> Path:
    """Returns the unpacked source tree, from the cache when it is there."""
    tree = cache_dir() / DEBIAN_SUITE
    if not (tree / "tests" / "test_helper.tcl").is_file():
        tree.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=tree.parent, prefix="fetch-") as scratch:
            _fetch_into(Path(scratch))
            unpacked = Path(scratch) / "tree"
            # Two runs may race; the rename of the slower one fails on the finished tree.
            try:
                unpacked.rename(tree)
            except OSError as error:
                if not tree.is_dir():
                    raise SuiteUnavailable(f"cannot keep {tree}: {error}") from error
    return tree


def _fetch_into(scratch: Path) -> None:
    """apt-get with package lists of its own: the system's sources stay as they are."""
    if not KEYRING.is_file():
        raise SuiteUnavailable(f"{KEYRING} is missing (package debian-archive-keyring)")
    sources = scratch / "redis.sources"
    sources.write_text(
        f"Types: deb-src\nURIs: {DEBIAN_MIRROR}\nSuites: {DEBIAN_SUITE}\n"
        f"Components: main\nSigned-By: {KEYRING}\n"
    )
    for folder in ("lists/partial", "archives/partial"):
        (scratch / folder).mkdir(parents=True)
    apt = [
        "apt-get", "-qq",
        "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=-",
        "-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}",
        "-o", "APT::Sandbox::User=",
    ]
    _run([*apt, "update"], scratch)
    _run([*apt, "source", "--download-only", "redis"], scratch)
    described = sorted(scratch.glob("redis_*.dsc"))
    if not described:
        raise SuiteUnavailable("apt-get source redis left no .dsc file")
    # The archive's signature was checked by apt; dpkg-source checks the files against it.
    _run(["dpkg-source", "--no-check", "-x", described[-1].name, "tree"], scratch)


def _run(command: list[str], cwd: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=FETCH_SECONDS_MAX, check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SuiteUnavailable(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        output = done.stdout.decode(errors="replace").strip()
        raise SuiteUnavailable(f"{' '.join(command)}: {output[-2000:]}")


def version(tree: Path) -> str:
    """Debian's version of the package, from the first line of its changelog."""
    changelog = (tree / "debian" / "changelog").read_text(errors="replace")
    return changelog.split("(", 1)[1].split(")", 1)[0]


def working_copy(tree: Path, server: Path, parent: Path, adapted: bool) -> Path:
    """A copy of the tree with `server` as its src/redis-server."""
    copy = parent / "suite"
    shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for unit, before, after in ADAPTED if adapted else ():
        path = copy / "tests" / "unit" / f"{unit}.tcl"
        text = path.read_text(errors="surrogateescape")
        if text.count(before) != 1:
            raise SuiteUnavailable(f"{path} does not hold {before!r} once")
        path.write_text(text.replace(before, after), errors="surrogateescape")
    # A link, not a copy: /proc and core files then name the binary that was built.
    (copy / "src" / "redis-server").symlink_to(server.resolve())
    for tool in TOOLS:
        found = shutil.which(tool)
        if found is None:
            raise SuiteUnavailable(f"{tool} is not on PATH (package redis-tools)")
        (copy / "src" / tool).symlink_to(found)
    return copy
