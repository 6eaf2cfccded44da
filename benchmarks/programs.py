"""Programs that run beside the benchmarks, each a process of its own."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]

PATIENCE = 20  # seconds for a program to begin, and to end


@contextmanager
def running(
    arguments: list[str],
    loop: asyncio.Runner,
    *,
    folder: Path,
    until: Awaitable[object],
    settings: dict[str, str] | None = None,
) -> Iterator[None]:
    """Python with these arguments for the time of the block, which begins when `until` came.

    It has nothing of this machine's settings. What it logs stands in `folder`, and comes along
    where it does not begin.
    """
    name = arguments[1]
    log = folder / f"{name}.log"
    process = loop.run(_started(arguments, log, folder, settings or {}))
    try:
        has_begun = loop.run(_begun(process, until))
        assert has_begun, f"{name} did not begin: {log.read_text()}"
        yield
    finally:
        loop.run(_ended(process))


async def _started(
    arguments: list[str], log: Path, folder: Path, settings: dict[str, str]
) -> asyncio.subprocess.Process:
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    usual = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "LANG": "C.UTF-8"}
    with log.open("wb") as file:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=folder,
            env={**own, **usual, **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )


async def _begun(process: asyncio.subprocess.Process, until: Awaitable[object]) -> bool:
    begins, ends = asyncio.ensure_future(until), asyncio.ensure_future(process.wait())
    try:
        await asyncio.wait({begins, ends}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        return begins.done()
    finally:
        begins.cancel()
        ends.cancel()


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()
