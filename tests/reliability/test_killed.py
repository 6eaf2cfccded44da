"""A real process, killed again and again: nothing said is lost, nothing is stored twice."""

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from flows.conversation import Standing, Status
from storage.database import Database
from storage.tables import answers, conversations, inbox, stories
from tests.builders import from_scratch
from tests.reliability.processes import Line, Person, Process, a_person, questions, told_by
from tests.servers import a_database, migrate, server_url
from tests.warm import Forked

PEOPLE = 20
KILLS = 20
BETWEEN = (3, 9)  # acknowledgements between two kills


@pytest.fixture
def on_sqlite(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'storytrail.db'}"
    migrate(url)
    return url


@pytest.fixture
def on_postgresql() -> Iterator[str]:
    with a_database(server_url()) as url:
        yield url


class Feeder:
    """Feeds people's lines to one or more processes, of which now one and now another dies."""

    def __init__(self, start: Callable[[], Process], people: list[Person], *, processes: int):
        self._start = start
        self._people = {person.name: person for person in people}
        self._running = [start() for _ in range(processes)]
        self._asked: dict[str, Process] = {}  # who waits for an acknowledgement, and from where
        self._chance = random.Random(481)
        self.killed = 0

    def feed(self) -> None:
        """Until every line of everybody is acknowledged and the last replies are heard."""
        until_kill = self._chance.randint(*BETWEEN)
        while any(person.lines for person in self._people.values()):
            self._say_what_is_next()
            until_kill -= self._hear_one()
            if until_kill <= 0 and self.killed < KILLS:
                self._kill_one()
                until_kill = self._chance.randint(*BETWEEN)
        for process in self._running:
            code, rest = process.end()
            for line in rest:
                self._take(line)
            assert code == 0

    def _say_what_is_next(self) -> None:
        for person in self._people.values():
            if person.next is not None and person.name not in self._asked:
                process = self._chance.choice(self._running)
                self._asked[person.name] = process
                process.say(person.next)

    def _hear_one(self) -> int:
        """One line of some process that owes one; how many acknowledgements that was."""
        process = next(iter(self._asked.values()))
        line = process.hear()
        assert line is not None, "a process ended by itself"
        return self._take(line)

    def _take(self, line: Line) -> int:
        assert "error" not in line, line
        if "reply" in line:
            self._people[line["reply"]["to"]].heard.append(line)
            return 0
        person = self._people[line["ack"].partition("-")[0]]
        assert person.next is not None
        if person.next["key"] == line["ack"]:
            person.lines.pop(0)
            del self._asked[person.name]
        return 1

    def _kill_one(self) -> None:
        place = self._chance.randrange(len(self._running))
        victim = self._running[place]
        for line in victim.kill():
            self._take(line)
        self._asked = {name: p for name, p in self._asked.items() if p is not victim}
        self._running[place] = self._start()
        self.killed += 1


@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["on_sqlite", "on_postgresql"])
def test_what_was_said_survives_twenty_kills(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    database = request.getfixturevalue(kind)
    people = [a_person(number) for number in range(PEOPLE)]
    lines = sum(len(person.lines) for person in people)

    log = tmp_path / "log"
    feeder = Feeder(
        # The first is from scratch: what it kept means the same to those that are forked later.
        lambda: Process(database, log, Forked if log.exists() else from_scratch),
        people,
        processes=1 if kind == "on_sqlite" else 2,
    )
    feeder.feed()

    assert lines >= 200
    assert feeder.killed >= KILLS
    with closing(Database(database)) as opened:
        opened.read_now(lambda c: _everything_is_stored_once(c, people, lines))
    for person in people:
        assert _asked_of(person) >= set(questions())
        assert any(line["reply"]["kind"] == "noted" for line in person.heard)


def _everything_is_stored_once(connection: Connection, people: list[Person], lines: int) -> None:
    live = connection.execute(
        select(answers.c.text).where(
            answers.c.standing == Standing.LIVE, answers.c.text.is_not(None)
        )
    ).scalars()
    assert sorted(live) == sorted(words for person in people for words in told_by(person.name))
    ended = connection.execute(
        select(conversations.c.status, func.count()).group_by(conversations.c.status)
    ).all()
    assert [tuple(row) for row in ended] == [(Status.SENT, len(people))]
    worth = connection.execute(select(stories.c.worth_it)).scalars().all()
    assert worth == ["partly"] * len(people)
    assert connection.execute(select(func.count()).select_from(inbox)).scalar_one() == lines


def _asked_of(person: Person) -> set[str]:
    """The places that a person was asked at; the same question may have come twice."""
    places = [line["reply"]["step"] for line in person.heard if "step" in line["reply"]]
    return {place for place, _ in groupby(places)}
