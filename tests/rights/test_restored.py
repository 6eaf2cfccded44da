"""A backup that is put back loses again what was erased since. SQLite: it is about files."""

import json
import sqlite3
from contextlib import closing as ending
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select

from bot.app import opened as app_opened
from bot.app import prepare
from config.settings import Settings
from flows.messages import Address
from storage.erasure import Erased, Erasing
from storage.journal import Journal
from storage.tables import erasures, members
from tests.builders import closing, interviews, opened, url_of
from tests.rights.conftest import Town, counts_of, files_with, places_with, text_of

MARKER = "ZEBRAFINK"
WORDS = f"On 3 May the {MARKER} sang, and it was fun."


class Installation:
    """A town in a file that can be copied and put back, with its erasures' file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.copy = path.parent / "backups" / "copy.db"
        self.copy.parent.mkdir()
        self.town = Town(opened(path), path.parent / "erased")

    def backs_up(self) -> None:
        with ending(sqlite3.connect(self.path)) as now, ending(sqlite3.connect(self.copy)) as copy:
            now.backup(copy)

    def puts_back(self) -> None:
        """The backup in place of the database, which is started on it."""
        self.town.database.close()
        for beside in self.path.parent.glob(f"{self.path.name}-*"):
            beside.unlink()
        self.path.write_bytes(self.copy.read_bytes())
        assert not self.copy.with_name("copy.db-wal").exists()
        self.starts()

    def starts(self) -> None:
        self.town.database.close()
        self.town.database = opened(self.path)
        settings = Settings(database_url=url_of(self.path))
        prepare(self.town.database, interviews(), settings, self.town.journal)

    def is_clean(self) -> bool:
        return places_with(self.town, MARKER) == [] == files_with(self.town, MARKER)


@pytest.fixture
def there(path):
    installation = Installation(path)
    installation.town.says("ana", "hello")
    installation.town.tells("ana", WORDS, to="circle")
    yield installation
    installation.town.database.close()


def forgets(town, name="ana"):
    town.says(name, "/forget")
    town.taps(name, "yes", "yes")


def erases_story(town):
    ref = town.refs("ana")[0]
    town.says("ana", f"/withdraw {ref}")
    town.taps("ana", "erase")


def lines(town):
    return [json.loads(line) for line in town.erasures.read_text().splitlines()]


# ---- what was erased stays erased ----


def test_a_forgotten_person_is_gone_from_a_backup_that_is_put_back(there):
    there.backs_up()
    forgets(there.town)
    assert MARKER.encode() in there.copy.read_bytes()

    there.puts_back()

    assert there.is_clean()
    assert there.town.read(lambda w: w.members.known(Address("terminal", "ana"))) is None
    assert places_with(there.town, "Ana") == []
    assert (counts_of(there.town).begun, counts_of(there.town).withdrawn) == (1, 1)


def test_an_erased_story_is_gone_from_a_backup_that_is_put_back(there):
    kept = there.town.tells("ana", "On 4 May we met, and it was fun.")
    there.town.write(lambda w: None)
    there.backs_up()
    (first,) = (ref for ref in there.town.refs("ana") if ref != kept)
    there.town.says("ana", f"/withdraw {first}")
    there.town.taps("ana", "erase")

    there.puts_back()

    assert there.is_clean()
    assert counts_of(there.town).sent == 1
    assert "On 4 May we met" in text_of(there.town.says("ana", f"/read {kept}"))


def test_a_deleted_draft_is_gone_from_a_backup_that_is_put_back(there):
    erases_story(there.town)
    there.town.says("ana", "/tell", WORDS)
    there.backs_up()
    there.town.says("ana", "/cancel")
    there.town.taps("ana", "yes")

    there.puts_back()

    assert there.is_clean()
    assert counts_of(there.town).deleted == 1
    assert "No story is open" in text_of(there.town.says("ana", "/status"))


def test_the_program_itself_cleans_a_backup_as_it_starts(there):
    there.backs_up()
    forgets(there.town)
    there.town.database.close()
    there.path.write_bytes(there.copy.read_bytes())
    settings = Settings(database_url=url_of(there.path), erasures_file=there.town.erasures)

    with app_opened(settings) as app:
        there.town.database = app.database
        assert there.is_clean()


def test_without_another_word_the_erasures_stand_beside_the_database(there):
    settings = Settings(database_url=url_of(there.path))
    there.town.erasures = there.path.with_name("storytrail.db.erased")
    there.backs_up()
    forgets(there.town)
    there.town.database.close()
    there.path.write_bytes(there.copy.read_bytes())

    with app_opened(settings) as app:
        there.town.database = app.database
        assert there.is_clean()


def test_putting_a_backup_back_twice_erases_once_each_time(there):
    there.backs_up()
    forgets(there.town)

    there.puts_back()
    first = lines(there.town)
    there.starts()
    there.puts_back()

    assert there.is_clean()
    assert lines(there.town) == first


def test_a_backup_that_is_put_back_is_not_cleaned_without_its_erasures(there):
    there.backs_up()
    forgets(there.town)
    there.town.erasures.unlink()

    there.puts_back()

    assert not there.is_clean()


# ---- and nothing else goes ----


def test_somebody_new_with_the_number_of_somebody_forgotten_stays(there):
    there.backs_up()
    there.town.says("bo", "hello")
    number = there.town.member("bo").id
    there.town.tells("bo", WORDS)
    forgets(there.town, "bo")
    kept = there.town.erasures.read_bytes()
    there.town.erasures.unlink()
    there.puts_back()
    passes(there)
    there.town.says("cy", "hello")
    ref = there.town.tells("cy", "On 5 May we met, and it was fun.")
    assert there.town.member("cy").id == number

    there.town.erasures.write_bytes(kept)
    there.starts()

    assert there.town.refs("cy") == [ref]
    assert there.town.member("cy").name == "Cy"
    assert "On 5 May we met" in text_of(there.town.says("cy", f"/read {ref}"))


def test_a_new_story_with_the_number_of_an_erased_one_stays(there):
    there.backs_up()
    there.town.tells("ana", "On 4 May we met, and it was fun.")
    erases_story(there.town)
    kept = there.town.erasures.read_bytes()
    there.town.erasures.unlink()
    there.puts_back()
    passes(there)
    ref = there.town.tells("ana", "On 5 May we met, and it was fun.")

    there.town.erasures.write_bytes(kept)
    there.starts()

    assert "On 5 May we met" in text_of(there.town.says("ana", f"/read {ref}"))
    assert counts_of(there.town).sent == 2


def passes(there):
    there.town.clock.at += timedelta(days=1)


def test_a_start_on_a_database_that_nobody_changed_erases_nothing(there):
    before = places_with(there.town, MARKER)

    there.starts()

    assert places_with(there.town, MARKER) == before
    assert not there.town.erasures.exists()


# ---- the file ----


def test_the_file_holds_rows_and_times_and_nothing_else(there):
    forgets(there.town)

    found = lines(there.town)

    assert all(set(line) == {"at", "kind", "row"} for line in found)
    assert [line["kind"] for line in found] == ["member", "conversation"]
    assert there.town.erasures.stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_is_survived_and_written_anew(there):
    there.backs_up()
    erases_story(there.town)
    forgets(there.town)
    whole = there.town.erasures.read_bytes()
    there.town.erasures.write_bytes(whole[:-9])

    there.starts()

    assert there.town.erasures.read_bytes() == whole
    there.puts_back()
    assert there.is_clean()


def test_a_line_that_was_cut_off_does_not_spoil_the_next_one(there):
    there.backs_up()
    forgets(there.town)
    there.town.erasures.write_bytes(there.town.erasures.read_bytes() + b'{"at": "2026-0')
    there.town.says("bo", "hello")

    forgets(there.town, "bo")

    kinds = [line["kind"] for line in lines(there.town)]
    assert kinds == ["member", "conversation", "member", "conversation"]


def test_a_kill_between_the_erasure_and_the_file_is_mended_at_the_next_start(there):
    there.backs_up()
    forgets(there.town)
    there.town.erasures.unlink()

    there.starts()

    assert [line["kind"] for line in lines(there.town)] == ["member", "conversation"]
    there.puts_back()
    assert there.is_clean()


def test_a_kill_between_the_erasure_and_its_sweeping_is_mended_at_the_next_start(there):
    ana = there.town.member("ana").id
    there.town.write(lambda w: w.erasure.erase_member(ana, now=there.town.clock()))
    assert not there.is_clean()  # it is in the log of writes still

    there.starts()

    assert there.is_clean()


def test_file_and_database_learn_from_each_other_in_the_blink_of_an_eye(there, monkeypatch):
    at = there.town.clock()
    rows = [{"kind": "conversation", "of": n, "erased_at": at} for n in range(1000, 3000)]
    there.town.database.write_now(lambda c: c.execute(insert(erasures), rows))
    looked_up = []
    hashed = Erasing.__hash__

    def counted(erasing):
        looked_up.append(erasing)
        return hashed(erasing)

    monkeypatch.setattr(Erasing, "__hash__", counted)
    there.town.journal.settle(there.town.database)

    there.town.journal.settle(there.town.database)

    assert len(lines(there.town)) == len(rows)
    assert len(looked_up) < 20 * len(rows)  # each is looked up, not all of them for each


def test_a_journal_without_a_file_keeps_the_database_swept(there):
    ana = there.town.member("ana").id
    there.town.write(lambda w: w.erasure.erase_member(ana, now=there.town.clock()))

    missed = Journal(None).settle(there.town.database)

    assert missed == 0
    assert there.is_clean()


def test_a_backup_of_before_two_accounts_were_made_one_is_cleaned_of_both(there):
    there.town.says("ana-at-home", "hello")
    there.town.tells("ana-at-home", WORDS)
    there.backs_up()
    stays, goes = (there.town.member(name).id for name in ("ana", "ana-at-home"))
    there.town.write(lambda w: w.merge(stays, goes))
    forgets(there.town)

    there.puts_back()

    assert there.is_clean()


def test_what_was_erased_is_known_by_its_time(there):
    forgets(there.town)
    at = there.town.database.read_now(lambda c: c.execute(select(members.c.forgotten_at)).scalar())

    with closing(opened(there.path)) as database:
        again = database.write_now(lambda c: c.execute(delete(erasures)).rowcount)
        missed = there.town.journal.settle(database)
        recorded = there.town.read(lambda w: w.erasure.recorded())

    assert (again, missed) == (2, 2)
    assert recorded == [Erasing(Erased.MEMBER, 1, at), Erasing(Erased.CONVERSATION, 1, at)]
