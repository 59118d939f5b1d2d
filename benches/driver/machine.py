"""The machine line under each table: figures of two machines are never to be mixed unseen."""

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path


def describe(directory: Path, binaries: dict[str, Path]) -> str:
    parts = [
        processor(), f"{os.cpu_count()} cores", f"{memory_gb()} GB", f"Linux {kernel()}",
        disk(directory), *(version(name, path) for name, path in binaries.items()),
        f"commit {commit()}", datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    ]
    return ", ".join(part for part in parts if part)


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def memory_gb() -> int:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return round(total / 2**30)


def kernel() -> str:
    return platform.release().split("-")[0]


def disk(directory: Path) -> str:
    """Block device and file system that hold `directory`."""
    found = _output("findmnt", "--noheadings", "--output", "SOURCE,FSTYPE", "--target",
                    str(directory))
    return " ".join(found.split()) or "unknown disk"


def version(name: str, binary: Path) -> str:
    words = _output(str(binary), "--version").split()
    numbers = [word.removeprefix("v=") for word in words if word.removeprefix("v=")[:1].isdigit()]
    return f"{name} {numbers[0]}" if numbers else name


def commit() -> str:
    root = Path(__file__).resolve().parents[2]
    short = _output("git", "-C", str(root), "rev-parse", "--short", "HEAD").strip()
    changed = _output("git", "-C", str(root), "status", "--porcelain", "--untracked-files=no")
    return f"{short}+changes" if changed.strip() else short


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
