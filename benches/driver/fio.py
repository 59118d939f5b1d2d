"""What the disk gives: fio's random reads, the yardstick for cold reads.

Owns: its command line and JSON. Invariants: the file is written in full, with bytes that a disk
cannot compress, before it is read; reads bypass the page cache. Tests: test_driver.py.
"""

import json
import subprocess
from pathlib import Path

from load import LoadFailed

# In order of preference; a container may forbid the first.
ENGINES = ("io_uring", "libaio", "posixaio")
QUEUE_DEPTH = 16
LAYOUT_SECONDS_MAX = 900


def lay_out(file: Path, size_bytes: int) -> None:
    _fio(["--name=layout", f"--filename={file}", f"--size={size_bytes}", "--rw=write", "--bs=1m",
          "--ioengine=psync", "--refill_buffers", "--end_fsync=1"], LAYOUT_SECONDS_MAX)


def random_read_iops(file: Path, block_bytes: int, seconds: float, wrapper: list[str]) -> float:
    """Read operations per second at QUEUE_DEPTH, under the limits that `wrapper` enters."""
    last = None
    for engine in ENGINES:
        try:
            output = _fio([
                "--name=read", f"--filename={file}", "--rw=randread", f"--bs={block_bytes}",
                "--direct=1", f"--iodepth={QUEUE_DEPTH}", f"--ioengine={engine}",
                "--norandommap", "--time_based", f"--runtime={max(seconds, 1):.0f}",
            ], seconds + 60, wrapper)
            return float(json.loads(output)["jobs"][0]["read"]["iops"])
        except LoadFailed as error:
            last = error
    raise LoadFailed(f"fio cannot read with any of {', '.join(ENGINES)}: {last}")


def _fio(options: list[str], seconds_max: float, wrapper: list[str] | None = None) -> str:
    command = [*(wrapper or []), "fio", "--output-format=json", "--randrepeat=0", *options]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds_max, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LoadFailed(f"fio: {error}") from error
    if done.returncode != 0:
        raise LoadFailed(f"fio: {done.stderr.strip()[-400:]}")
    # Notes that fio prints before the document are not part of it.
    return done.stdout[done.stdout.index("{"):]
