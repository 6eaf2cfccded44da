"""The database goes away and comes back: nothing is lost, nobody stops, and no word leaks out."""

import queue
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.database import Database
from storage.inbox import InboxStatus
from storage.tables import answers, inbox
from storage.unit_of_work import Work
from tests.builders import from_scratch, storytrail
from tests.reliability.processes import Line, Process
from tests.servers import a_database, own_server

MARKER = "quillwort"

LOCKED = 3  # seconds

WORDS = f"In March we met, and it was good: {MARKER}."


class Talk:
    """One process, what was heard of it, and the file that it logs to."""

    def __init__(self, database: str, folder: Path, **settings: str) -> None:
        self.log = folder / "log"
        self.heard: list[Line] = []
        self.process = Process(database, self.log, **settings)
        self.number = 0

    def say(self, kind: str, words: str, *, who: str = "ana", again: bool = False) -> str:
        self.number += 0 if again else 1
        key = f"k{self.number}"
        self.process.say({"key": key, kind: words, "as": who})
        return key

    def outcome(self, key: str, *, patience: float = 60) -> str:
        """`ack` or `error`, whichever is said of `key` first."""
        while True:
            line = self.process.hear(patience)
            assert line is not None
            self.heard.append(line)
            if line.get("ack") == key:
                return "ack"
            if line.get("key") == key:
                return "error"

    def told(self, kind: str, words: str, *, who: str = "ana") -> None:
        assert self.outcome(self.say(kind, words, who=who)) == "ack"


@contextmanager
def talking(database: str, folder: Path, **settings: str) -> Iterator[Talk]:
    """A talk with ana, who has agreed; afterwards nothing that she said may be in log or error."""
    talk = Talk(database, folder, **settings)
    try:
        talk.told("text", "/start")
        talk.told("choice", "agree")
        yield talk
        code, rest = talk.process.end()
        assert code == 0
    finally:
        talk.process.kill()
    errors = [line["error"] for line in (*talk.heard, *rest) if "error" in line]
    assert MARKER not in talk.log.read_text() + "".join(errors)
    assert "Traceback" not in talk.log.read_text()


def told_texts(database: str) -> list[str]:
    with closing(Database(database)) as opened:
        return list(
            opened.read_now(
                lambda c: c.execute(select(answers.c.text).order_by(answers.c.turn)).scalars().all()
            )
        )


def test_a_database_that_is_locked_for_a_while_is_waited_for(tmp_path):
    file = tmp_path / "storytrail.db"
    with talking(f"sqlite:///{file}", tmp_path) as talk:
        locker = sqlite3.connect(file, isolation_level=None)
        locker.execute("BEGIN IMMEDIATE")

        key = talk.say("text", WORDS)
        with pytest.raises(queue.Empty):
            talk.outcome(key, patience=LOCKED)
        locker.execute("ROLLBACK")
        locker.close()

        assert talk.outcome(key) == "ack"
    assert told_texts(f"sqlite:///{file}") == [WORDS]


def test_a_disk_that_is_full_in_a_turn_keeps_nothing_of_it_and_all_of_the_next(tmp_path):
    file = tmp_path / "storytrail.db"
    with talking(f"sqlite:///{file}", tmp_path) as talk:
        wal = Path(f"{file}-wal")
        _limit(talk.process.pid, wal.stat().st_size)

        key = talk.say("text", WORDS)
        assert talk.outcome(key) == "error"
        _limit(talk.process.pid, resource.RLIM_INFINITY)

        assert talk.outcome(talk.say("text", WORDS, again=True)) == "ack"
    assert told_texts(f"sqlite:///{file}") == [WORDS]


def _limit(process: int, size: int) -> None:
    """How large a file the process may write: a full disk for it alone."""
    _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))


def test_a_server_that_is_stopped_and_started_again_loses_nothing(tmp_path):
    server = own_server()
    with a_database(str(server.get_uri())) as database, talking(database, tmp_path) as talk:
        server.stop()
        key = talk.say("text", WORDS)
        while_stopped = talk.outcome(key)
        server.start()

        again = talk.outcome(talk.say("text", WORDS, again=True))
        told = told_texts(database)

    assert while_stopped == "error"
    assert again == "ack"
    assert told == [WORDS]


def test_a_turn_that_always_raises_is_kept_and_stops_nobody_else(tmp_path):
    database = f"sqlite:///{tmp_path / 'storytrail.db'}"
    broken = tmp_path / "config" / "texts" / "en.ftl"
    broken.parent.mkdir(parents=True)
    broken.write_text("story-gained-ask = Gained { $nothing }\n")
    config = {"STORYTRAIL_CONFIG_DIR": str(tmp_path / "config")}
    with talking(database, tmp_path, **config) as talk:
        talk.told("text", WORDS)
        talk.told("text", "/start", who="bo")
        talk.told("choice", "agree", who="bo")
        said = [line["reply"]["text"] for line in talk.heard if "reply" in line]
    with closing(Database(database)) as opened:
        kept = opened.read_now(lambda c: Work(c).inbox.open(InboxStatus.FAILED))
        faults = opened.read_now(
            lambda c: c.execute(select(inbox.c.fault).where(inbox.c.fault.is_not(None))).all()
        )
    broken.unlink()
    mended = storytrail("retry", database=database, folder=tmp_path, begin=from_scratch)

    assert sum("went wrong" in text for text in said) == 1
    assert len(kept) == 1
    assert [row.fault for row in faults] == ["TextsError"]
    assert (mended.returncode, mended.stdout) == (0, b"1 handled, 0 failed again.\n")
    assert told_texts(database) == [WORDS]
