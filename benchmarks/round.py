"""A round to many members at Telegram's limit: how much of the limit it uses, and how long people
who are answering meanwhile wait, beside the same without a round."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from benchmarks.bot_api import BotApi, TelegramPerson
from benchmarks.figures import Bound, Comparison
from benchmarks.http_server import Answer
from benchmarks.members import begin_round, fill
from benchmarks.people import everybody
from benchmarks.programs import running
from benchmarks.world import ANSWERS
from storage.database import Database

MEMBERS = 2_000
RATE = 30  # calls a second, Bot API FAQ: about 30 messages a second
ANSWERING = 40  # people, by turns
EVERY = 0.25  # seconds between two of their answers
SHARE = 0.95
MORE = 250  # milliseconds that a reply may wait more, at p95
PATIENCE = 180  # seconds

LIMITED = ("sendMessage", "editMessageText", "editMessageReplyMarkup")


class LimitedApi(BotApi):
    """It refuses what is more than the limit within any second."""

    def __init__(self) -> None:
        super().__init__()
        self.prompted: dict[int, float] = {}
        """When each member was asked."""
        self.taken: list[float] = []
        self.refused = 0
        self._second: deque[float] = deque(maxlen=RATE)

    def _handle(self, target: str, body: bytes, answer: Answer) -> None:
        if target.partition("?")[0].rpartition("/")[2] in LIMITED:
            now = perf_counter()
            if len(self._second) == RATE and now - self._second[0] < 1:
                self.refused += 1
                answer(TOO_MANY)
                return
            self._second.append(now)
            self.taken.append(now)
        super()._handle(target, body, answer)

    def member(self) -> "Asked":
        asked = Asked(self, 7_000_000_000 + next(self.ids))
        self._people[asked.id] = asked
        return asked


TOO_MANY = (
    b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 1",'
    b'"parameters":{"retry_after":1}}'
)


class Asked(TelegramPerson):
    """A member who is asked, and does nothing with it."""

    def _hears(self, arrived: float) -> None:
        api = self._server
        assert isinstance(api, LimitedApi)
        assert self.id not in api.prompted, "nobody is asked twice"
        api.prompted[self.id] = arrived


def measured(folder: Path, loop: asyncio.Runner) -> Iterator[Comparison]:
    api = LimitedApi()
    loop.run(api.start())
    people = [api.member() for _ in range(MEMBERS)]
    url = f"sqlite:///{folder}/round.db"
    now = datetime.now(UTC)
    settings = {
        "DATABASE_URL": url,
        "HTTP_PORT": "0",
        "TICK": "1",
        "LIMIT_PER_SECOND": f"{RATE}",
        **api.settings,
    }
    own = {f"STORYTRAIL_{name}": value for name, value in settings.items()}
    with closing(Database(url)) as database:
        fill(database, [str(each.id) for each in people], platform="telegram", now=now)
        begun = api.ready.wait()
        with running(["-m", "bot.cli", "run"], loop, folder=folder, until=begun, settings=own):
            without = loop.run(_answering(api))
            begin_round(database, day=now)
            loop.run(_until_asked(api, 1))
            within = loop.run(_answering(api))
            loop.run(_until_asked(api, MEMBERS))
    loop.run(api.close())
    yield from _figures(api, without, within)


def _figures(
    api: LimitedApi, without: Sequence[float], within: Sequence[float]
) -> Iterator[Comparison]:
    first, last = min(api.prompted.values()), max(api.prompted.values())
    rate = sum(first < at <= last for at in api.taken) / (last - first)
    what = f"a round to {MEMBERS:,} members"
    yield _beside(f"{what}: calls", "1/s", rate, RATE, "at least", SHARE)
    refused = f"{what}: calls refused (429), of all"
    yield _beside(refused, "", api.refused, len(api.taken), "at most", 0)
    before, during = (quantiles(each, n=100)[94] * 1e3 for each in (without, within))
    yield _beside(f"{what}: replies, p95, with and without", "ms", during, before, "at most")
    more = max(0.0, during - before)
    yield _beside(f"{what}: p95, more than without", "ms", more, MORE, "at most", 1)


def _beside(
    name: str, unit: str, ours: float, peer: float, bound: Bound, target: float | None = None
) -> Comparison:
    return Comparison(
        name=name, unit=unit, ours=ours, peer=peer, ratio=ours / peer, bound=bound, target=target
    )


async def _answering(api: LimitedApi) -> list[float]:
    """Seconds that people waited, who answer by turns, one every so often."""
    people = [api.person() for _ in range(ANSWERING)]
    await everybody(people, lambda person: person.begins(), at_once=ANSWERING)
    await everybody(people, lambda person: person.taps(".welcome.agree."), at_once=ANSWERING)
    waited: list[float] = []
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
        for answer in ANSWERS[:4]:
            for person in people:
                tasks.create_task(_says(person, answer, waited))
                await asyncio.sleep(EVERY)
    return waited


async def _says(person: TelegramPerson, answer: str, waited: list[float]) -> None:
    waited.append(await person.says(answer))


async def _until_asked(api: LimitedApi, many: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while len(api.prompted) < many:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
