"""`make bench`: every comparison, as a table and as `build/bench.json`.

Arguments name the groups that are measured (all of them), and `--keep` writes the table into
`benchmarks/README.md`.
"""

import argparse
import asyncio
import json
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from os import cpu_count, fsync, getloadavg
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import alone, end_to_end, full, in_memory, pickled, planned, postgres, round
from benchmarks.bot_api import BotApi
from benchmarks.figures import BUILD, PAIRS, Comparison
from benchmarks.slack_api import SlackApi

Group = Callable[[Path, asyncio.Runner], Iterator[Comparison]]

GROUPS: Mapping[str, Group] = {
    "alone": alone.measured,
    "in-memory": in_memory.measured,
    "pickled": pickled.measured,
    "full": full.measured,
    "postgres": postgres.measured,
    "telegram": partial(end_to_end.measured, "Telegram", BotApi, "benchmarks.telegram_peer"),
    "round": round.measured,
    "planned": planned.measured,
    "slack": partial(end_to_end.measured, "Slack", SlackApi, "benchmarks.slack_peer"),
}

HERE = Path(__file__).parent
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"


def main() -> None:
    arguments = _arguments()
    BUILD.mkdir(exist_ok=True)
    found: list[Comparison] = []
    began = perf_counter()
    with (
        tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-") as folder,
        asyncio.Runner() as loop,
    ):
        before = _surroundings(Path(folder))
        for name in arguments.groups or GROUPS:
            for comparison in GROUPS[name](Path(folder), loop):
                found.append(comparison)
                print(_line(comparison), file=sys.stderr, flush=True)
        after = _surroundings(Path(folder))
    values = [comparison.values() for comparison in found]
    (BUILD / "bench.json").write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    table = (
        f"{_machine()}; {perf_counter() - began:.0f} s in all. "
        f"Before: {before}; after: {after}.\n\n{_table(found)}\n"
    )
    print(table)
    if arguments.keep:
        _keep(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group")
    parser.add_argument("--keep", action="store_true")
    arguments = parser.parse_args()
    unknown = set(arguments.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    return arguments


def _machine() -> str:
    return (
        f"{cpu_count()} cores, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, medians of {PAIRS} interleaved pairs"
    )


def _surroundings(folder: Path) -> str:
    """What else keeps the machine busy, so that figures can be told apart that it spoilt."""
    seconds = []
    with (folder / "synced").open("wb", buffering=0) as file:
        for _ in range(200):
            file.seek(0)
            began = perf_counter()
            file.write(bytes(8_192))
            fsync(file)
            seconds.append(perf_counter() - began)
    return f"load {getloadavg()[0]:.1f}, a synced write {median(seconds) * 1e6:.0f} µs"


def _table(found: Sequence[Comparison]) -> str:
    head = "| what | unit | ours | peer | ratio | target | met |\n|---|---|---:|---:|---:|---|---|"
    return "\n".join([head, *(f"| {' | '.join(_cells(c))} |" for c in found)])


def _line(comparison: Comparison) -> str:
    return "  ".join(_cells(comparison))


def _cells(c: Comparison) -> list[str]:
    target = "shown only" if c.target is None else f"{c.bound} {c.target:g}"
    met = {None: "", True: "yes", False: "**no**"}[c.met]
    return [c.name, c.unit, *map(_figure, (c.ours, c.peer)), f"{c.ratio:.3g}", target, met]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _keep(table: str) -> None:
    page = HERE / "README.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    main()
