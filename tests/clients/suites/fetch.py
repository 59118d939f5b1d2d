"""The client libraries and their test programs, as their registries hand them out.

Owns: the pinned versions, the caches outside the checkout. Invariants: nothing fetched is ever
written into the checkout; a cache directory is complete or absent. Must not know: servers, results.
Tests: the runner itself, which fails or says why it cannot run.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

REDIS_PY = "8.1.0"
# Versions that redis-py's tests were seen to run with. Python lacks a timeout that redis-py can use
# before 3.11.3; Debian 12 has 3.11.2.
PYTEST_PACKAGES = ("pytest==9.2.0", "pytest-asyncio==1.5.0", "pytest-timeout==2.4.0",
                   "packaging==26.3", "xxhash==3.6.0",
                   "async-timeout==5.0.1; python_full_version < '3.11.3'")
NODE_PROGRAMS = Path(__file__).resolve().parents[1] / "node"
NODE_MAJOR_MIN = 18
FETCH_SECONDS_MAX = 300


class Unavailable(Exception):
    """This machine lacks a tool, or its registry does not answer; says which."""


def cache_dir() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ferrock" / "clients"


def redis_py() -> Path:
    """A directory with redis-py's source tree (`tree`) and an environment for it (`venv`)."""
    words = "|".join((REDIS_PY, sys.version, *PYTEST_PACKAGES))
    return _cached(f"redis-py-{REDIS_PY}-{_digest(words)}", _fetch_redis_py)


def node_modules() -> Path:
    """A directory with the packages of tests/clients/node/package-lock.json."""
    lock = (NODE_PROGRAMS / "package-lock.json").read_text()
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise Unavailable(f"{tool} is not on PATH (packages nodejs and npm)")
    version = _run(["node", "--version"], Path.cwd()).strip().lstrip("v")
    if int(version.split(".")[0]) < NODE_MAJOR_MIN:
        raise Unavailable(f"node {version} is older than {NODE_MAJOR_MIN}")
    return _cached(f"node-{_digest(lock)}", _fetch_node_modules)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _cached(name: str, fetch: Callable[[Path], None]) -> Path:
    """The directory of this name, made by `fetch` in a scratch place and then renamed."""
    place = cache_dir() / name
    if place.is_dir():
        return place
    place.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=place.parent, prefix="fetch-"))
    try:
        fetch(scratch)
        # Two runs may race; the rename of the slower one fails on the finished directory.
        try:
            scratch.rename(place)
        except OSError as error:
            if not place.is_dir():
                raise Unavailable(f"cannot keep {place}: {error}") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return place


def _fetch_redis_py(scratch: Path) -> None:
    # The environment is used by its interpreter's path only, so that it may be renamed.
    _run([sys.executable, "-m", "venv", "venv"], scratch)
    pip = ["venv/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "install", *PYTEST_PACKAGES], scratch)
    _run([*pip, "download", "--no-deps", "--no-binary", "redis", f"redis=={REDIS_PY}"], scratch)
    archive = scratch / f"redis-{REDIS_PY}.tar.gz"
    _run(["tar", "-xzf", archive.name], scratch)
    (scratch / f"redis-{REDIS_PY}").rename(scratch / "tree")
    archive.unlink()
    if not (scratch / "tree" / "tests" / "conftest.py").is_file():
        raise Unavailable(f"the source distribution of redis-py {REDIS_PY} has no tests")


def _fetch_node_modules(scratch: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(NODE_PROGRAMS / name, scratch)
    _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], scratch)


def _run(command: list[str], cwd: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=FETCH_SECONDS_MAX, check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]}: {error}") from error
    output = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command)}: {output.strip()[-1500:]}")
    return output
