"""Backups of a database that real processes write, and restores that are killed."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Connection, func, select

from flows.conversation import Standing
from storage.backup import back_up, contents
from storage.database import Database
from storage.tables import addresses, answers, conversations, inbox, steps, stories
from tests.builders import (
    a_member,
    environment,
    fresh,
    invoked,
    kept,
    opened,
    sentence,
    url_of,
)
from tests.doubles.telegram_server import TelegramServer, telegram_server
from tests.reliability.processes import PATIENCE, Person, Process, a_person, told_by
from tests.reliability.test_killed import Feeder
from tests.running import held
from tests.servers import a_database, server_url
from tests.telegram.process import comes, running
from tests.warm import ROOT

PEOPLE = 12
BEGUN = 20  # lines that were heard before the first backup
LAST = 30  # lines that wait until there is one


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "SQLite":
        yield url_of(fresh(tmp_path))
    else:
        with a_database(server_url()) as url:
            yield url


def test_a_backup_made_while_people_talk_holds_whole_stories_and_brings_them_back(
    database: str, tmp_path: Path
) -> None:
    people = [a_person(number) for number in range(PEOPLE)]
    feeder = Paced(lambda: Process(database, tmp_path / "log"), people, processes=1)
    feeder.killed = 1_000  # nobody is
    talking = Thread(target=feeder.feed)
    made: list[Path] = []

    talking.start()
    assert feeder.has_begun.wait(PATIENCE)
    while talking.is_alive():
        made.append(tmp_path / f"backup-{len(made)}.db")
        back_up(database, made[-1], timeout=5)
        feeder.has_backup.set()
    talking.join()

    assert not any(person.lines for person in people)
    said = [_look(url_of(each)) for each in made]
    assert said == sorted(said)
    assert BEGUN <= said[0] < _look(database)
    done = invoked("restore", str(made[0]), "--replace", database=database)
    assert (done.returncode, done.stderr) == (0, b"")
    assert _look(database) == said[0]


class Paced(Feeder):
    """Has people talk on while the first backup is made, however long that takes."""

    def __init__(
        self, start: Callable[[], Process], people: list[Person], *, processes: int
    ) -> None:
        super().__init__(start, people, processes=processes)
        self._all = self._left()
        self.has_begun, self.has_backup = Event(), Event()

    def _say_what_is_next(self) -> None:
        if self._left() <= self._all - BEGUN:
            self.has_begun.set()
        if self._left() <= LAST:
            assert self.has_backup.wait(PATIENCE)
        super()._say_what_is_next()

    def _left(self) -> int:
        return sum(len(person.lines) for person in self._people.values())


def _look(url: str) -> int:
    """How many lines were heard by then. What was heard of anybody is all there."""
    with closing(Database(url)) as opened:
        return opened.read_now(_all_is_whole)


def _all_is_whole(connection: Connection) -> int:
    names = dict(connection.execute(select(addresses.c.member_id, addresses.c.user)).all())
    for row in connection.execute(select(conversations)):
        live = select(answers.c.text).where(
            answers.c.conversation_id == row.id,
            answers.c.standing == Standing.LIVE,
            answers.c.text.is_not(None),
        )
        words = tuple(connection.execute(live.order_by(answers.c.position)).scalars())
        wanted = told_by(names[row.member_id])
        assert words == wanted[: len(words)]
        story = connection.execute(
            select(stories.c.id).where(stories.c.conversation_id == row.id)
        ).scalar()
        assert (story is not None) == (row.submitted_at is not None)
        if story is not None:
            count = select(func.count()).select_from(steps).where(steps.c.story_id == story)
            assert words == wanted
            assert connection.execute(count).scalar_one() >= 4
    return int(connection.execute(select(func.count()).select_from(inbox)).scalar_one())


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server() as server:
        yield server


def test_a_database_that_a_running_bot_uses_is_backed_up_and_not_replaced(
    server: TelegramServer, tmp_path: Path
) -> None:
    ana = server.person("Ana")
    with running(server, tmp_path) as bot:
        ana.says("/start")
        comes(server, ana, "May I keep your answers?")

        made = bot.program("backup", "copy.db")
        refused = bot.program("restore", "copy.db")

        assert (made.returncode, made.stderr) == (0, "")
        assert refused.returncode == 1
        assert refused.stderr == (
            "`storytrail run` uses this database: end it first, then put the backup back.\n"
        )
        assert bot.terminate() == 0
        done = bot.program("restore", "copy.db")
        assert (done.returncode, done.stderr) == (0, "")
        assert contents(bot.path) == contents(tmp_path / "copy.db")


def test_a_restore_that_is_killed_leaves_the_old_database_or_the_new_one(tmp_path: Path) -> None:
    path, copy = fresh(tmp_path), tmp_path / "copy.db"
    with closing(opened(path)) as database:
        kept(database, lambda work: a_member(work, "ana"))
        back_up(url_of(path), copy, timeout=1)
        kept(database, lambda work: a_member(work, "zoe"))

    done = subprocess.run(
        [sys.executable, "-m", "tests.reliability.killed_restores", copy, path],
        cwd=ROOT,
        env=environment(path),
        capture_output=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert min(found["old"], found["new"]) >= 3
    assert found["old in the pages"] == 2
    again = invoked("restore", str(copy), database=path)  # whatever a kill left is no hindrance
    assert again.returncode == 0
    left = {p.name for p in tmp_path.iterdir() if p.name.startswith(path.name)}
    assert left <= {path.name, f"{path.name}.lock"}


def test_a_database_that_stays_locked_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    path, copy = fresh(tmp_path), tmp_path / "copy.db"
    back_up(url_of(path), copy, timeout=1)
    before = contents(copy)

    with held(path):
        done = invoked("restore", str(copy), database=path, STORYTRAIL_DATABASE_TIMEOUT="0.3")

    assert done.returncode == 1
    assert "locked by another process" in sentence(done)
    back_up(url_of(path), copy, timeout=1, force=True)
    assert contents(copy) == before
