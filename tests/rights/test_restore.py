"""`storytrail restore` brings nobody's words back that were erased since the backup was made."""

import re
from pathlib import Path

import pytest

from flows.messages import Address
from storage.backup import back_up
from tests.builders import invoked, opened
from tests.rights.conftest import counts_of, files_with, places_with, text_of
from tests.rights.test_restored import MARKER, WORDS, erases_story, forgets, lines


class Kept:
    """A town, a backup of it, and what `storytrail restore` says."""

    def __init__(self, town, url, folder):
        self.town, self.url = town, url
        self.copy = folder / "backups" / "copy.db"
        self.copy.parent.mkdir()

    def backs_up(self):
        back_up(self.url, self.copy, timeout=1)

    def restores(self, *, keeps_journal=True):
        """How many erasures were done again."""
        self.town.database.close()
        more = {"STORYTRAIL_ERASURES_FILE": str(self.town.erasures)} if keeps_journal else {}
        done = invoked("restore", str(self.copy), "--replace", database=self.url, **more)
        assert (done.returncode, done.stderr) == (0, b"")
        self.town.database = opened(self.url)
        return int(re.findall(r"done again: (\d+)", done.stdout.decode())[0])

    def is_clean(self):
        return places_with(self.town, MARKER) == [] == files_with(self.town, MARKER)


@pytest.fixture
def there(town, url, tmp_path):
    town.database = opened(url)  # its own, which is closed and opened again
    town.says("ana", "hello")
    town.tells("ana", WORDS, to="circle")
    yield Kept(town, url, tmp_path)
    town.database.close()


def test_a_forgotten_person_is_nowhere_after_a_restore(there):
    there.backs_up()
    forgets(there.town)
    assert MARKER.encode() in there.copy.read_bytes()

    again = there.restores()

    assert again == 2
    assert there.is_clean()
    assert there.town.read(lambda w: w.members.known(Address("terminal", "ana"))) is None
    assert (counts_of(there.town).begun, counts_of(there.town).withdrawn) == (1, 1)


def test_the_database_that_is_replaced_says_itself_what_was_erased(there):
    there.backs_up()
    forgets(there.town)
    there.town.erasures.unlink()

    again = there.restores()

    assert again == 2
    assert there.is_clean()
    assert [line["kind"] for line in lines(there.town)] == ["member", "conversation"]


def test_without_a_file_of_erasures_they_are_known_from_the_database_alone(there):
    there.backs_up()
    forgets(there.town)
    there.town.erasures.unlink()

    there.restores(keeps_journal=False)

    assert there.is_clean()
    assert there.restores(keeps_journal=False) == 2  # and it still says so itself
    assert there.is_clean()


def test_what_was_erased_before_the_backup_is_not_in_it(there):
    erases_story(there.town)

    there.backs_up()

    assert MARKER.encode() not in there.copy.read_bytes()
    assert there.restores() == 0
    assert there.is_clean()


def test_what_was_told_before_the_backup_and_not_erased_is_there(there):
    (ref,) = there.town.refs("ana")
    there.backs_up()
    there.town.says("bo", "hello")
    there.town.tells("bo", "On 4 May we met, and it was fun.")

    again = there.restores()

    assert again == 0
    assert MARKER in text_of(there.town.says("ana", f"/read {ref}"))
    assert there.town.read(lambda w: w.members.known(Address("terminal", "bo"))) is None


def test_a_restore_leaves_no_copy_behind(there):
    there.backs_up()
    forgets(there.town)

    there.restores()

    left = {p.name for p in Path(there.copy).parent.parent.rglob("*") if p.is_file()}
    assert not {name for name in left if "restoring" in name or "part" in name}
