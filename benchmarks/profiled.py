"""Where a turn's time goes: `python -m benchmarks.profiled one|batch|loop`.

`one` and `batch` make turns where the writer's thread makes them, one or 64 in a transaction;
`loop` shows the event loop's share while the writer works. A profiler makes calls seem dearer than
they are: it ranks, it does not measure.
"""

import asyncio
import sys
from cProfile import Profile
from pstats import Stats
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.figures import BUILD
from benchmarks.world import ANSWERS, AT_ONCE, World, named, opened, portions
from flows.messages import Inbound, Said

SHOWN = 45  # lines


def main(how: str) -> None:
    people = named("person", AT_ONCE * 2)
    BUILD.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(dir=BUILD, prefix="bench-") as folder,
        asyncio.Runner() as loop,
        opened(f"sqlite:///{folder}/profiled.db", loop) as world,
    ):
        world.prepare(people)
        plain, profiled = portions(people, AT_ONCE)
        print(f"{_run(world, plain, how, None):.0f} µs a turn where nobody looks")
        profile = Profile()
        _run(world, profiled, how, profile)
        Stats(profile).sort_stats("tottime").print_stats(SHOWN)


def _run(world: World, people: list[str], how: str, profile: Profile | None) -> float:
    """Microseconds a turn."""
    seconds = 0.0
    for answer in ANSWERS:
        inbounds = [world.inbound(person, Said(answer)) for person in people]
        began = perf_counter()
        if profile is not None:
            profile.enable()
        if how == "loop":
            world.one_by_one(inbounds)
        elif how == "batch":
            _write(world, inbounds)
        else:
            for inbound in inbounds:
                _write(world, [inbound])
        if profile is not None:
            profile.disable()
        seconds += perf_counter() - began
        world.deliver(people)
    return seconds / len(ANSWERS) / len(people) * 1e6


def _write(world: World, inbounds: list[Inbound]) -> None:
    world.database.write_here(lambda connection: world.turns._batch(connection, inbounds))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "one")
