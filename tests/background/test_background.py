"""What is done unasked, by programs as they run: it is done whatever happens to them."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select, text

from storage.database import Database
from tests.background.program import MARKER, MARKS, count_of
from tests.builders import closing, url_of
from tests.doubles.telegram_server import TelegramServer
from tests.running import Running, alive
from tests.running import eventually as eventually_within
from tests.servers import a_database, own_server, server_url
from tests.telegram.process import telegram_of

PATIENCE = 60  # seconds; most of it takes two, on a machine that does nothing else


class Driving(Running):
    """The program with some of the duties of tests/background/program.py."""

    def __init__(self, server: TelegramServer, folder: Path, *names: str, **settings: str) -> None:
        folder.mkdir(exist_ok=True)
        quick = {"STORYTRAIL_TICK": "0.3", **telegram_of(server)}
        super().__init__(folder, {**quick, **settings}, begin=self._begun)
        self.names = names
        self.kept_in = settings.get("STORYTRAIL_DATABASE_URL", url_of(self.path))

    def _begun(self, arguments: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:
        module = [sys.executable, "-m", "tests.background.program"]
        return subprocess.Popen([*module, *self.names], **how)

    def marks(self, name: str) -> int:
        return int(self.found(count_of(name))[0][0])

    def found(self, sql: str):
        with closing(Database(self.kept_in)) as database:
            return database.read_now(lambda c: c.exec_driver_sql(sql).all())

    def do(self, sql: str) -> None:
        with closing(Database(self.kept_in)) as database:
            database.write_now(lambda c: c.exec_driver_sql(sql))

    @property
    def logbook(self) -> list[Path]:
        """The files that the engine keeps."""
        return sorted(self.folder.glob("storytrail.db.background*"))


@contextmanager
def driving(server: TelegramServer, folder: Path, *names: str, **how: str) -> Iterator[Driving]:
    bot = Driving(server, folder, *names, **how)
    if "STORYTRAIL_DATABASE_URL" not in how:
        bot.do(MARKS)
    with alive(bot):
        yield bot


def eventually(met: Callable[[], Any]) -> None:
    eventually_within(met, PATIENCE)


def reaches(bot: Driving, name: str, count: int) -> Callable[[], bool]:
    return lambda: bot.marks(name) >= count


def is_nothing(database: Database, left: Select[int]) -> bool:
    return database.read_now(lambda c: c.execute(left).scalar_one()) == 0


def test_a_duty_is_done_until_nothing_is_left(server, tmp_path):
    with driving(server, tmp_path, "few", "many") as bot:
        eventually(reaches(bot, "many", 40))
        eventually(lambda: bot.metrics()['storytrail_duty_pieces_total{duty="few",outcome="done"}'])
        numbers = bot.metrics()
        assert bot.terminate() == 0
    assert (bot.marks("few"), bot.marks("many")) == (3, 40)
    # The last piece finds that nothing is left.
    assert numbers['storytrail_duty_pieces_total{duty="few",outcome="done"}'] == 4
    assert numbers["storytrail_background_tick_timestamp_seconds"] > 0
    assert bot.printed == ""
    assert all(path.stat().st_mode & 0o077 == 0 for path in bot.logbook)


def test_a_duty_is_done_although_the_program_is_killed_in_its_middle(server, tmp_path):
    with driving(server, tmp_path, "many") as bot:
        for count in (5, 20):
            eventually(reaches(bot, "many", count))
            bot.kill()
            assert bot.marks("many") < 40
            bot.start()
        eventually(reaches(bot, "many", 40))
        assert bot.terminate() == 0
    assert bot.marks("many") == 40


def test_a_duty_that_raises_stops_no_other_and_its_words_are_in_no_log(server, tmp_path):
    with driving(server, tmp_path, "broken", "confused", "few") as bot:
        eventually(reaches(bot, "few", 3))
        failed = 'storytrail_duty_pieces_total{duty="%s",outcome="failed"}'
        # It is tried again at the next tick, not only the next day.
        eventually(lambda: bot.metrics()[failed % "broken"] >= 2)
        eventually(lambda: bot.metrics()[failed % "confused"] >= 2)
        assert bot.answers("/readyz")[0] == 200
        assert bot.terminate() == 0
    said = bot.log.read_text() + bot.printed
    assert "broken" in said
    assert "ValueError" in said
    assert MARKER not in said
    assert MARKER not in "".join(path.read_bytes().decode("latin-1") for path in bot.logbook)
    assert bot.marks("broken") == 0


def test_what_the_engine_wrote_down_may_be_deleted(server, tmp_path):
    with driving(server, tmp_path, "few") as bot:
        eventually(reaches(bot, "few", 3))
        assert bot.terminate() == 0
        for path in bot.logbook:
            path.unlink()
        bot.do("DELETE FROM marks")
        bot.start()
        # It was done today, and nobody knows that any more.
        eventually(reaches(bot, "few", 3))
        assert bot.terminate() == 0


def test_what_was_done_is_known_for_a_day(server, tmp_path):
    with driving(server, tmp_path, "few") as bot:
        eventually(reaches(bot, "few", 3))
        assert bot.terminate() == 0
        known = f"sqlite:///{bot.logbook[0]}"
        with closing(Database(known)) as logbook:
            is_old = "UPDATE workflow_status SET completed_at = completed_at - 90000000"
            assert logbook.write_now(lambda c: c.exec_driver_sql(is_old).rowcount) == 1
        bot.start()
        with closing(Database(known)) as logbook:
            for table in ("workflow_status", "operation_outputs"):
                left = select(func.count()).select_from(text(table))
                eventually(partial(is_nothing, logbook, left))


def test_work_that_is_open_and_that_nobody_does_is_taken_up_again(server, tmp_path):
    with driving(server, tmp_path, "few") as bot:
        eventually(reaches(bot, "few", 3))
        is_over = 'storytrail_duty_pieces_total{duty="few",outcome="done"}'
        eventually(lambda: bot.metrics()[is_over] == 4)
        bot.do("DELETE FROM marks")
        with closing(Database(f"sqlite:///{bot.logbook[0]}")) as logbook:
            # As if the logbook had been away for a moment, and a thread had failed over that.
            is_open = "UPDATE workflow_status SET status = 'PENDING', completed_at = NULL"
            logbook.write_now(lambda c: c.exec_driver_sql("DELETE FROM operation_outputs"))
            logbook.write_now(lambda c: c.exec_driver_sql(is_open))
        eventually(reaches(bot, "few", 3))
        assert bot.terminate() == 0
    assert "fault=_Lost" in bot.log.read_text()


@pytest.mark.parametrize("name", ["endless", "resting"])
def test_the_program_ends_in_the_middle_of_a_duty(server, tmp_path, name):
    with driving(server, tmp_path, name) as bot:
        eventually(reaches(bot, name, 1))
        assert bot.terminate() == 0
    assert "Traceback" not in bot.log.read_text()
    assert bot.printed == ""


def test_a_program_that_ends_at_once_loads_no_engine(server, tmp_path):
    with driving(server, tmp_path, "few", STORYTRAIL_TICK="60") as bot:
        assert bot.terminate() == 0
    assert bot.logbook == []
    assert bot.marks("few") == 0


# ---- on PostgreSQL ----


@pytest.fixture
def shared() -> Iterator[str]:
    """A database of its own: programs write into it until they are killed."""
    with a_database(server_url()) as url:
        yield url


def test_what_a_killed_program_began_is_finished_by_another(server, shared, tmp_path):
    where = {"STORYTRAIL_DATABASE_URL": shared}
    with ExitStack() as stack:
        bots = [
            Driving(server, tmp_path / name, "many", "few", **where) for name in ("one", "other")
        ]
        bots[0].do(MARKS)
        for bot in bots:
            stack.enter_context(alive(bot))
        eventually(reaches(bots[0], "many", 5))
        (began,) = {row.pid for row in bots[0].found("SELECT pid FROM marks WHERE duty = 'many'")}
        dies, lives = sorted(bots, key=lambda bot: bot.pid != began)
        dies.kill()
        assert lives.marks("many") < 40
        eventually(reaches(lives, "many", 40))
        by = {row.pid for row in lives.found("SELECT pid FROM marks WHERE duty = 'many'")}
        assert by == {began, lives.pid}
        assert lives.terminate() == 0
    assert lives.marks("many") == 40


def test_a_server_that_goes_and_comes_back_finds_the_engine_going_on(server, tmp_path):
    postgres = own_server()
    with a_database(str(postgres.get_uri())) as url:
        bot = Driving(server, tmp_path, "many", STORYTRAIL_DATABASE_URL=url)
        bot.do(MARKS)
        with alive(bot):
            eventually(reaches(bot, "many", 5))
            postgres.stop()
            eventually(lambda: bot.answers("/readyz")[0] == 503)
            eventually(lambda: "background.failed" in bot.log.read_text())
            postgres.start()
            eventually(reaches(bot, "many", 40))
            assert bot.answers("/readyz")[0] == 200
            assert bot.terminate() == 0
    assert "Traceback" not in bot.log.read_text()
