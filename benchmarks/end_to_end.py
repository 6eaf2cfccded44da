"""`storytrail run` on a platform, from what is said to what answers it, beside the bare library."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.figures import Comparison, Figure, compared_in
from benchmarks.people import everybody, interviewed
from benchmarks.platform import Platform
from benchmarks.programs import running
from benchmarks.world import ANSWERS, AT_ONCE

PEOPLE = {1: 40, AT_ONCE: 150}
"""How many are interviewed in a measurement, by how many wait for a reply at any time."""

PAIRS = 3  # of measurements that are longer than those of the other groups

Side = Callable[[Platform, int], Coroutine[None, None, tuple[float, ...]]]

LIMITS = (
    "CHAT_BURST",
    "CHAT_PER_SECOND",
    "PER_SECOND",
    "GROUP_PER_MINUTE",
    "WORKSPACE_PER_SECOND",
)


def measured(
    name: str, platform: type[Platform], peer: str, folder: Path, loop: asyncio.Runner
) -> Iterator[Comparison]:
    """`peer` is a module that is a program; it is told where the platform is."""
    with storytrail(platform, folder, loop) as ours, bare(platform, peer, folder, loop) as peers:
        for at_once in PEOPLE:
            what = f"{name} end to end, {at_once} at a time"
            yield from compared_in(
                [
                    Figure(what, "turns/s"),
                    Figure(f"{what}, p50", "ms", "at most"),
                    Figure(f"{what}, p99", "ms", "at most"),
                ],
                ours=partial(_run, loop, ours_in, ours, at_once),
                peer=partial(_run, loop, peers_in, peers, at_once),
                pairs=PAIRS,
            )


@contextmanager
def storytrail(
    platform: type[Platform],
    folder: Path,
    loop: asyncio.Runner,
    *,
    python: tuple[str, ...] = ("-m", "bot.cli"),
) -> Iterator[Platform]:
    with _served(platform, loop) as server:
        settings = {
            "DATABASE_URL": f"sqlite:///{folder}/{platform.__name__}.db",
            "COMMUNITY": "the circle",
            "HTTP_PORT": "0",
            **{f"LIMIT_{name}": "100000" for name in LIMITS},
            **server.settings,
        }
        own = {f"STORYTRAIL_{name}": value for name, value in settings.items()}
        begun = server.ready.wait()
        with running([*python, "run"], loop, folder=folder, until=begun, settings=own):
            yield server


@contextmanager
def bare(
    platform: type[Platform], peer: str, folder: Path, loop: asyncio.Runner
) -> Iterator[Platform]:
    with _served(platform, loop) as server:
        program = ["-m", peer, server.url]
        with running(program, loop, folder=folder, until=server.ready.wait()):
            yield server


async def ours_in(server: Platform, at_once: int) -> tuple[float, ...]:
    """What a measurement of ours finds. Everybody has agreed before, and is at the review then."""
    people = [server.person() for _ in range(PEOPLE[at_once])]
    await everybody(people, lambda person: person.begins(), at_once=AT_ONCE)
    await everybody(people, lambda person: person.taps(".welcome.agree."), at_once=AT_ONCE)
    waited = await interviewed(people, ANSWERS, at_once=at_once, settled=server.settled)
    reached = sum(person.shows(".review.") for person in people)
    assert reached == len(people), f"{reached} of {len(people)} came to the review"
    return waited.figures


async def peers_in(server: Platform, at_once: int) -> tuple[float, ...]:
    """The same of the peer. Where it takes an answer for none it says nothing, and this stops."""
    people = [server.person() for _ in range(PEOPLE[at_once])]
    await everybody(people, lambda person: person.begins(), at_once=AT_ONCE)
    waited = await interviewed(people, ANSWERS, at_once=at_once, settled=server.settled)
    return waited.figures


def _run(loop: asyncio.Runner, side: Side, server: Platform, at_once: int) -> tuple[float, ...]:
    return loop.run(side(server, at_once))


@contextmanager
def _served(platform: type[Platform], loop: asyncio.Runner) -> Iterator[Platform]:
    server = platform()
    loop.run(server.start())
    try:
        yield server
    finally:
        loop.run(server.close())
