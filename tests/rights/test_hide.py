"""`/hide`: a story that exposes somebody is read by nobody but its teller, and counted."""

import pytest
from sqlalchemy import select

from flows.framework import Audience
from flows.messages import Edited
from storage.members import Role
from storage.tables import stories
from tests.rights.conftest import counts_of, exported, story_read, text_of

WORDS = "On 3 May Otto lost the key, and it was hard."
REASON = "It names a colleague, Otto."


@pytest.fixture
def told(town):
    """A story of Ana for everybody; its reference."""
    town.has("olga", Role.ORGANIZER)
    town.has("bo")
    town.says("ana", "hello")
    return town.tells("ana", WORDS, to="organizers community funders public")


def test_a_hidden_story_is_read_by_nobody_but_its_teller_and_is_counted(town, told):
    done = text_of(town.says("olga", f"/hide {told} {REASON}"))

    assert f"{told} is hidden." in done
    commands = ("/summary", "/stories", f"/read {told}", "/summary for funders")
    seen = [text_of(town.says("olga", command)) for command in commands]
    seen.append(text_of(town.says("bo", f"/read {told}")))
    assert not any("Otto" in text for text in seen)
    assert "1 sent" in seen[0]
    assert "not open to you" in seen[0]
    for reader in Audience:
        assert exported(town, reader=reader)["stories"] == []
        assert exported(town, reader=reader)["counts"]["submitted"] == 1
        assert story_read(town, told, reader=reader) is None
    assert (counts_of(town).sent, counts_of(town).hidden) == (1, 1)


def test_a_teller_is_told_the_reason_and_still_reads_the_story(town, told):
    town.says("olga", f"/hide {told} {REASON}")

    notice = text_of(town.delivered("ana"))
    own = text_of(town.says("ana", f"/read {told}"))
    listed = text_of(town.says("ana", "/mystories"))

    assert f"hid your story {told}" in notice
    assert f"“{REASON}”" in notice
    assert "Olga" not in notice + own
    assert WORDS in own
    assert f"“{REASON}”" in own
    assert "(hidden by an organizer)" in listed


def test_a_hidden_story_that_its_teller_changes_is_read_again(town, told):
    town.says("olga", f"/hide {told} {REASON}")
    town.delivered("ana")

    town.says("ana", f"/read {told}")
    town.taps("ana", "change", "change", "part-activity")
    town.says("ana", "On 3 May somebody lost the key, and it was hard.")
    assert story_read(town, told) is None
    town.taps("ana", "circle", "yes")

    read = text_of(town.says("olga", f"/read {told}"))
    assert "somebody lost the key" in read
    assert "Otto" not in read
    assert "Its teller has changed it" in read
    row = town.database.read_now(lambda c: c.execute(select(stories)).one())
    assert (row.hidden_at, row.hidden_because) == (None, None)
    assert f"{told} is not hidden." in text_of(town.says("olga", f"/hide {told} show"))


def test_a_hidden_story_is_not_shown_by_what_does_not_send_it(town, told):
    town.says("olga", f"/hide {told} {REASON}")
    town.delivered("ana")

    town.hears("ana", Edited("m4", "Something else."))
    town.says("ana", f"/read {told}")
    town.taps("ana", "change", "keep")
    town.says("ana", f"/withdraw {told}")
    town.taps("ana", "restore")

    assert story_read(town, told) is None


def test_a_hidden_story_can_be_shown_again(town, told):
    before = story_read(town, told)
    town.says("olga", f"/hide {told} {REASON}")
    town.delivered("ana")

    done = text_of(town.says("olga", f"/hide {told} show"))

    assert done == f"{told} can be read again as before."
    assert story_read(town, told) == before
    assert text_of(town.delivered("ana")) == f"Your story {told} is not hidden any more."
    assert "hid" not in text_of(town.says("ana", f"/read {told}"))


def test_hiding_needs_a_story_a_reason_and_an_organizer(town, told):
    closed = town.tells("ana", "On 4 May we met, and it was fun.", to="funders")
    unknown = "S-999999"

    how = [text_of(town.says("olga", f"/hide {rest}")) for rest in ("", told, REASON)]
    theirs = text_of(town.says("olga", f"/hide {closed} {REASON}"))
    none = text_of(town.says("olga", f"/hide {unknown} {REASON}"))
    refused = text_of(town.says("bo", f"/hide {told} {REASON}"))

    assert all("Write which story, and a reason" in text for text in how)
    assert theirs.replace(closed, unknown) == none
    assert "That is for organizers" in refused
    assert counts_of(town).hidden == 1  # the one that was not open to organizers before
    assert town.delivered("ana") == []


def test_a_story_is_hidden_once(town, told):
    town.says("olga", f"/hide {told} {REASON}")

    again = text_of(town.says("olga", f"/hide {told} Another reason."))

    assert f"{told} is hidden already." in again
    assert REASON in text_of(town.says("ana", f"/read {told}"))


def test_a_reason_that_cannot_be_kept_is_refused(town, told, nothing_fails):
    long, unkeepable = (
        text_of(town.says("olga", f"/hide {told} {why}")) for why in ("x" * 2001, "\0")
    )

    assert "reason" in long
    assert "a character that I can't keep" in unkeepable
    assert counts_of(town).hidden == 0


def test_a_teller_in_the_middle_of_a_story_is_told_and_goes_on(town, told):
    town.says("ana", "/tell", "On 4 May we met, and it was fun.")
    town.says("olga", f"/hide {told} {REASON}")

    notice = text_of(town.delivered("ana"))
    said = text_of(town.says("ana", "A list for newcomers."))

    assert REASON in notice
    assert "Did you do anything with it?" in said
