"""What goes wrong with files, disks and the program itself: one sentence, and nothing is lost."""

import re
import resource
import sqlite3
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess, run
from typing import Any

import pytest
import structlog
from sqlalchemy import Connection, inspect

from bot.commands import summary
from bot.logs import set_up
from config.files import SHIPPED
from flows.engine import Engine
from flows.messages import Said
from storage.errors import (
    DatabaseBusy,
    DatabaseFull,
    StorageError,
)
from storage.inbox import Inbox, InboxStatus
from storage.members import Role
from storage.unit_of_work import Work
from tests.builders import (
    WHOLE,
    Talk,
    environment,
    invoked,
    lines,
    program,
    sentence,
    storytrail,
    talking,
    texts_of,
)

MARKER = "quillwort"

EVERY = ("chat", "export", "summary", "retry", "check", "migrate")
"""The commands that open the database."""


def told_to(command: str, database: Path | str, **more: str) -> CompletedProcess[bytes]:
    """The chat is a process with a whole interview to hear; for the others this one will do."""
    if command == "chat":
        folder = database.parent if isinstance(database, Path) else None
        return storytrail("chat", database=database, said=WHOLE, folder=folder, more=more)
    return invoked(command, database=database, **more)


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What the program logs, as it logs when nothing is set."""
    set_up(None)
    yield capsys
    structlog.reset_defaults()


@pytest.fixture
def talk(url: str) -> Iterator[Talk]:
    with talking(url) as talk:
        yield talk


@pytest.fixture
def on_file(path: Path) -> Iterator[Talk]:
    """A talk over the file `path`."""
    with talking(path) as talk:
        yield talk


def rows(path: Path) -> dict[str, list[Any]]:
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: connection.execute(f'SELECT * FROM "{name}"').fetchall()
            for (name,) in tables.fetchall()
        }


async def begun(talk: Talk) -> None:
    """In the middle of an interview, at a question without a follow-up."""
    await talk.say("hello", "1", "In March we met and it was good.", "1")


def failed(talk: Talk) -> list[Any]:
    return talk.database.read_now(lambda c: Work(c).inbox.open(InboxStatus.FAILED))


def missed(talk: Talk) -> list[str]:
    """What was told at the question of the middle."""

    def read(connection: Connection) -> list[str]:
        found = connection.exec_driver_sql("SELECT text FROM answers WHERE step = 'missing'")
        return list(found.scalars())

    return talk.database.read_now(read)


# ---- definitions and texts ----


def broken_flow(folder: Path) -> str:
    (folder / "flows").mkdir()
    (folder / "flows" / "story.yaml").write_text(
        "flow: story\nversion: 1\nsteps:\n  a: {kinds: x}\n"
    )
    return r"flows/story\.yaml:4: .*kinds"


def dead_step(folder: Path) -> str:
    shipped = (SHIPPED / "flows" / "story.yaml").read_text()
    (folder / "flows").mkdir()
    changed = shipped.replace("    to: gained\n", "    to: nowhere\n", 1)
    (folder / "flows" / "story.yaml").write_text(changed)
    return r"flows/story\.yaml:\d+: activity.*nowhere"


def broken_text(folder: Path) -> str:
    (folder / "texts").mkdir()
    (folder / "texts" / "en.ftl").write_text(
        "fine = Fine.\nstory-activity-ask = Think of { $what\n"
    )
    return r"texts/en\.ftl:[23]: "


@pytest.mark.parametrize("break_it", [broken_flow, dead_step, broken_text])
def test_a_broken_definition_or_text_is_named_by_file_line_and_key(tmp_path, path, break_it):
    folder = tmp_path / "config"
    folder.mkdir()
    pattern = break_it(folder)
    before = path.read_bytes()
    more = {"STORYTRAIL_CONFIG_DIR": str(folder)}

    chat = told_to("chat", path, **more)
    check = told_to("check", path, **more)

    assert (chat.returncode, chat.stdout) == (1, b"")
    assert (check.returncode, check.stdout) == (1, b"")
    for said in (sentence(chat), check.stderr.decode()):
        assert re.search(pattern, said), said
        assert "Traceback" not in said
    assert path.read_bytes() == before


# ---- a database that can not be used ----


@pytest.mark.parametrize("command", EVERY)
def test_a_file_that_is_no_database_is_said_to_be_none_and_left_alone(tmp_path, command):
    letter = tmp_path / "letter.db"
    letter.write_bytes(b"Dear Ana, the meetup was good. " * 500)
    before = letter.read_bytes()

    done = told_to(command, letter)

    assert done.returncode == 1
    assert sentence(done).startswith("The database file cannot be read (SQLITE_NOTADB)")
    assert letter.read_bytes() == before


@pytest.mark.parametrize("command", EVERY)
def test_a_database_of_a_newer_version_is_left_alone(path, command):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = path.read_bytes()

    done = told_to(command, path)

    assert done.returncode == 1
    assert "newer version of Storytrail (schema 9999)" in sentence(done)
    assert path.read_bytes() == before


@pytest.mark.parametrize("command", EVERY)
def test_a_database_of_another_program_is_left_alone(tmp_path, command):
    theirs = tmp_path / "accounts.db"
    with closing(sqlite3.connect(theirs)) as connection:
        connection.execute("CREATE TABLE members (name)")
        connection.execute("INSERT INTO members VALUES ('theirs')")
        connection.commit()
    before = theirs.read_bytes()

    done = told_to(command, theirs)

    assert done.returncode == 1
    assert sentence(done).startswith("The database belongs to another program")
    assert theirs.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/at/all.db", "check STORYTRAIL_DATABASE_URL and that its folder"),
        ("postgresql://ana:quillwort@127.0.0.1:1/x", "The database cannot be opened"),
        ("postgresql://ana:quillwort@host:port/x", "The database cannot be opened"),
        ("quillwort", "STORYTRAIL_DATABASE_URL: must be the URL of a database"),
    ],
)
@pytest.mark.parametrize("command", ["summary", "check"])
def test_an_address_that_leads_nowhere_is_said_without_its_password(url, said, command):
    done = told_to(command, url)

    assert done.returncode == 1
    assert said in sentence(done)
    assert MARKER not in sentence(done)


@pytest.mark.parametrize("command", ["export", "summary", "retry"])
def test_reading_from_a_database_that_is_not_there_does_not_make_one(tmp_path, command):
    done = told_to(command, tmp_path / "storytrail.db")

    assert done.returncode == 1
    assert sentence(done).startswith("There is no database there yet")
    assert list(tmp_path.iterdir()) == []


def test_a_check_makes_no_database(tmp_path):
    done = told_to("check", tmp_path / "storytrail.db")

    assert (done.returncode, done.stderr) == (0, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_read_only_can_be_read_and_not_told_to(path):
    read_only = f"sqlite:///file:{path}?mode=ro&uri=true"
    before = rows(path)
    unchanged = {"STORYTRAIL_COMMUNITY": "the Onboarding Circle"}

    chat = storytrail("chat", database=read_only, said=WHOLE, folder=path.parent, more=unchanged)
    report = told_to("summary", read_only, **unchanged)
    audit = told_to("audit", read_only, **unchanged)

    # Who read a summary is written down first.
    assert (chat.returncode, report.returncode) == (1, 1)
    assert sentence(chat).startswith("The database is read-only")
    assert sentence(report).startswith("The database is read-only")
    assert (audit.returncode, audit.stderr) == (0, b"")
    assert rows(path) == before


def test_a_database_that_is_locked_for_too_long_is_said_to_be(path):
    before = rows(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        chat = told_to("chat", path, STORYTRAIL_DATABASE_TIMEOUT="0.2")

    assert chat.returncode == 1
    assert sentence(chat).startswith("The database is locked by another process")
    assert rows(path) == before


def test_a_disk_that_takes_no_more_is_said_to_and_what_was_told_before_is_kept(path):
    limit = path.stat().st_size

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    told = ["1", WHOLE[1], "1", f"{MARKER} " * 20_000, "1", "1"]
    done: CompletedProcess[bytes] = run(
        program("chat"),
        input=lines(told),
        capture_output=True,
        cwd=path.parent,
        env=environment(path),
        preexec_fn=limited,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "disk" in sentence(done) or "room" in sentence(done)
    assert MARKER not in sentence(done)
    kept = [row for row in rows(path)["answers"] if WHOLE[1] in row]
    assert len(kept) == 1
    assert MARKER not in repr(rows(path))


# ---- in the middle of a turn ----


async def refused(talk: Talk, expected: type[StorageError]) -> StorageError:
    before = talk.database.read_now(everything)
    with pytest.raises(expected) as caught:
        await talk.say(f"{MARKER} " * 20_000)
    assert talk.database.read_now(everything) == before
    return caught.value


def everything(connection: Connection) -> dict[str, list[Any]]:
    return {
        table: list(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all())
        for table in inspect(connection).get_table_names()
    }


def no_word_in(error: BaseException) -> None:
    """Neither the error nor what it came from says what the person wrote."""
    assert MARKER not in "".join(traceback.format_exception(error))
    assert error.__cause__ is None


def pragma(talk: Talk, name: str, value: int) -> None:
    # In a transaction of the writer's own connection, which keeps the setting.
    talk.database.write_now(lambda c: c.exec_driver_sql(f"PRAGMA {name} = {value}"))


async def test_a_turn_that_finds_the_database_full_is_not_kept_and_the_next_one_is(on_file, path):
    await begun(on_file)
    pages = on_file.database.read_now(lambda c: c.exec_driver_sql("PRAGMA page_count").scalar())
    pragma(on_file, "max_page_count", pages + 3)

    error = await refused(on_file, DatabaseFull)
    pragma(on_file, "max_page_count", 1_000_000)
    replies = await on_file.say(f"{MARKER} at last")

    no_word_in(error)
    assert missed(on_file) == [f"{MARKER} at last"]
    assert "Who may read it?" in texts_of(replies)


async def test_a_turn_that_finds_the_database_locked_is_not_kept_and_the_next_one_is(on_file, path):
    await begun(on_file)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = await refused(on_file, DatabaseBusy)

    await on_file.say(f"{MARKER} at last")

    no_word_in(error)
    assert missed(on_file) == [f"{MARKER} at last"]


async def test_the_same_input_delivered_again_after_a_fault_is_taken(on_file, path):
    await begun(on_file)
    inbound = on_file.inbound(Said(f"{MARKER} once"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy):
            await on_file.turns.handle(inbound)

    await on_file.turns.handle(inbound)
    await on_file.turns.handle(inbound)  # the platform may well send it a third time

    assert missed(on_file) == [f"{MARKER} once"]


# ---- a poison input ----


class Poison(Exception):
    pass


@contextmanager
def poisoned(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A fault of the program on one word; each try is noted."""
    tries: list[int] = []
    healthy = Engine.advance

    def advance(self, conversation, inbound, now):
        if isinstance(inbound.payload, Said) and MARKER in inbound.payload.text:
            tries.append(1)
            raise Poison(f"cannot handle {inbound.payload.text}")
        return healthy(self, conversation, inbound, now)

    with monkeypatch.context() as patched:
        patched.setattr(Engine, "advance", advance)
        yield tries


async def test_a_poison_input_is_tried_three_times_and_kept_and_the_chat_goes_on(
    talk, monkeypatch, logged
):
    await begun(talk)

    with poisoned(monkeypatch) as tries:
        (reply,) = await talk.say(f"{MARKER} breaks it")
        next_reply = await talk.say("The room was too small.")

    assert len(tries) == 3
    assert reply.text.startswith("Something went wrong on my side with your last message.")
    assert [inbound.payload for inbound in failed(talk)] == [Said(f"{MARKER} breaks it")]
    assert "Who may read it?" in texts_of(next_reply)
    assert missed(talk) == ["The room was too small."]
    told = logged.readouterr()
    assert told.err.count("turn.failed") == 3
    assert "Poison" in told.err
    assert MARKER not in told.err + told.out
    kept = talk.database.read_now(lambda c: c.exec_driver_sql("SELECT fault FROM inbox").scalars())
    assert MARKER not in repr(list(kept))


async def test_a_poison_input_is_replayed_once_the_program_is_mended(talk, monkeypatch):
    await begun(talk)
    with poisoned(monkeypatch):
        await talk.say(f"{MARKER} breaks it")
        still_bad = await talk.turns.retry()

    mended = await talk.turns.retry()
    again = await talk.turns.retry()

    assert (still_bad, mended, again) == ((0, 1), (1, 0), (0, 0))
    assert missed(talk) == [f"{MARKER} breaks it"]
    assert "Who may read it?" in texts_of(await talk.delivered())
    assert failed(talk) == []
    assert MARKER not in repr(talk.database.read_now(everything)["inbox"])


async def test_a_poison_input_delivered_again_is_not_tried_again(talk, monkeypatch):
    await begun(talk)
    inbound = talk.inbound(Said(f"{MARKER} breaks it"))

    with poisoned(monkeypatch) as tries:
        await talk.turns.handle(inbound)
        await talk.turns.handle(inbound)

    assert len(tries) == 3
    assert len(await talk.delivered()) == 1


async def test_a_fault_of_the_tables_is_one_of_the_program_and_says_no_word(talk, logged):
    await begun(talk)
    talk.database.write_now(lambda c: c.exec_driver_sql("ALTER TABLE answers RENAME TO lost"))

    (reply,) = await talk.say(f"{MARKER} breaks it")
    talk.database.write_now(lambda c: c.exec_driver_sql("ALTER TABLE lost RENAME TO answers"))
    mended = await talk.turns.retry()

    assert reply.text.startswith("Something went wrong on my side")
    assert mended == (1, 0)
    assert missed(talk) == [f"{MARKER} breaks it"]
    told = logged.readouterr()
    assert re.search("OperationalError|ProgrammingError", told.err)
    assert MARKER not in told.err + told.out


# ---- a command that reads much ----


class Killed(BaseException):
    pass


@contextmanager
def broken_summary(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Iterator[list[int]]:
    tries: list[int] = []

    def raising(*_: object, **__: object) -> None:
        tries.append(1)
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(summary, "summary_of", raising)
        yield tries


async def test_a_command_that_was_killed_before_its_answer_is_answered_at_the_next_start(
    talk, url, monkeypatch
):
    await talk.has_role(Role.ORGANIZER)
    with broken_summary(monkeypatch, Killed()), pytest.raises(Killed):
        await talk.say("/summary")
    unanswered = await talk.delivered()

    with talking(url) as anew:
        await anew.turns.finish_waiting()
        answered = await anew.delivered()
        await anew.turns.finish_waiting()
        twice = await anew.delivered()

    assert (unanswered, twice) == ([], [])
    assert texts_of(answered).startswith("The Onboarding Circle, all stories so far")


async def test_a_command_that_has_not_waited_for_long_is_left_to_whoever_answers_it(
    talk, monkeypatch
):
    await talk.has_role(Role.ORGANIZER)
    with broken_summary(monkeypatch, Killed()), pytest.raises(Killed):
        await talk.say("/summary")

    await talk.turns.finish_waiting(waited=timedelta(minutes=1))
    at_once = await talk.delivered()
    talk.clock.at += timedelta(minutes=1)
    await talk.turns.finish_waiting(waited=timedelta(minutes=1))

    assert at_once == []
    assert len(await talk.delivered()) == 1


async def test_a_command_that_two_programs_finish_is_answered_once(talk, url, monkeypatch):
    await talk.has_role(Role.ORGANIZER)
    with broken_summary(monkeypatch, Killed()), pytest.raises(Killed):
        await talk.say("/summary")
    waiting = talk.database.read_now(lambda c: Work(c).inbox.open(InboxStatus.WAITING))

    with talking(url) as other:
        # Both saw it waiting; each now reads and answers.
        monkeypatch.setattr(Inbox, "open", lambda *_, **__: waiting)
        await other.turns.finish_waiting()
        await talk.turns.finish_waiting()

    assert len(await talk.delivered()) == 1


async def test_a_command_that_fails_while_reading_is_kept_as_a_poison_input_is(
    talk, monkeypatch, logged
):
    await talk.has_role(Role.ORGANIZER)

    with broken_summary(monkeypatch, Poison(MARKER)) as tries:
        (reply,) = await talk.say("/summary 2026")

    assert len(tries) == 3
    assert reply.text.startswith("Something went wrong on my side")
    assert len(failed(talk)) == 1
    assert MARKER not in logged.readouterr().err


async def test_a_command_that_fails_while_reading_does_not_stop_the_next_start(talk, monkeypatch):
    await talk.has_role(Role.ORGANIZER)
    with broken_summary(monkeypatch, Killed()), pytest.raises(Killed):
        await talk.say("/summary")

    with broken_summary(monkeypatch, Poison()):
        await talk.turns.finish_waiting()

    (reply,) = await talk.delivered()
    assert reply.text.startswith("Something went wrong on my side")
    assert len(failed(talk)) == 1


async def test_a_command_that_failed_while_reading_is_answered_by_a_retry(talk, monkeypatch):
    await talk.has_role(Role.ORGANIZER)
    with broken_summary(monkeypatch, Poison()):
        await talk.say("/summary")
        still_bad = await talk.turns.retry()

    mended = await talk.turns.retry()
    again = await talk.turns.retry()

    assert (still_bad, mended, again) == ((0, 1), (1, 0), (0, 0))
    *_, answer = await talk.delivered()
    assert answer.text.startswith("The Onboarding Circle, all stories so far")


def test_retry_says_how_many_it_handled(path):
    done = told_to("retry", path)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"0 handled, 0 failed again.\n", b"")


def test_a_reader_does_not_wait_for_a_writer(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with talking(path) as talk:
            home = talk.database.read_now(lambda c: Work(c).communities.home())

    assert home.name == "the Onboarding Circle"
