"""benches/RESULTS.md: one generated part per table, everything between the parts by hand.

Owns: the markers. Invariants: writing one part leaves every other byte of the file alone.
Tests: test_driver.py.
"""

from pathlib import Path

RESULTS = Path(__file__).resolve().parents[1] / "RESULTS.md"


def section(title: str, about: str, body: str, command: str, machine: str) -> str:
    return (f"## {title}\n\n{about}\n\n{body}\n\n"
            f"Reproduced by: `{command}`\n\n{machine}\n")


def marker(edge: str, name: str) -> str:
    return f"<!-- {edge} {name}: written by benches/driver/run.py --write -->"


def replace_part(text: str, name: str, part: str) -> str:
    """Puts `part` between the markers of `name`, or at the end when there are none yet."""
    begin, end = marker("begin", name), marker("end", name)
    block = f"{begin}\n{part}{end}"
    if begin in text and end in text:
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        return before + block + after
    return text.rstrip("\n") + f"\n\n{block}\n"


def write(name: str, part: str, path: Path = RESULTS) -> None:
    path.write_text(replace_part(path.read_text(), name, part))
