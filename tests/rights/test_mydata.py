"""`/mydata`: every word of one's own, and none of anybody else."""

import json

import pytest

from flows.messages import Send
from storage.members import Role
from storage.tables import metadata
from tests.rights.conftest import text_of
from tests.rights.test_forget import MARKER, SAID, mark, says_it_in_every_way

FOREIGN = "QUAGGAWORT"

OF_NOBODY = {
    "communities": "what organizers set",
    "definitions": "the interviews as they are written",
    "erasures": "numbers of rows that are erased",
    "indicators": "what a community measures",
    "installations": "the workspaces that the app is installed in",
    "oauth_states": "that somebody, and nobody knows who, begins to install it",
    "places": "where a community meets",
}
"""Tables that hold nothing about a person, and what they hold."""


def files_of(town, name):
    """The two files: as JSON, and to read."""
    replies = town.says(name, "/mydata")
    whole, readable = (reply for reply in replies if isinstance(reply, Send))
    assert (whole.name, readable.name) == ("storytrail-mydata.json", "storytrail-mydata.txt")
    return json.loads(whole.content), readable.content


@pytest.fixture
def busy(town):
    """A town in which Ana said everything that can be said, and others did too."""
    ref = says_it_in_every_way(town)
    theirs = town.tells("quentin", f"On 3 May the {FOREIGN} sang, and it was fun.", to="circle")
    town.says("olga", f"/permission {theirs} for the {FOREIGN} report", f"/hide {theirs} {FOREIGN}")
    town.says("quentin", "/tell", f"On 4 May the {FOREIGN} sang, and it was fun.")
    return town, ref


def test_everything_that_somebody_ever_said_is_in_their_data(busy):
    town, ref = busy

    whole, readable = files_of(town, "ana")

    assert whole["schema"] == "storytrail/mydata/1"
    kept = json.dumps(whole, ensure_ascii=False)
    for word in SAID:
        assert mark(word) in kept, word
    assert [row["ref"] for row in whole["stories"]] == [ref]
    assert whole["members"][0]["name"] == "Ana"
    assert whole["addresses"][0]["user"] == "ana"
    for word in SAID:
        assert word in ("failed", "use", "reason") or mark(word) in readable, word
    assert "You are Ana, at terminal:ana." in readable
    assert "You agreed to my keeping your answers in the Onboarding Circle" in readable


def test_nobody_elses_words_or_names_are_in_the_data(busy):
    town, _ = busy

    whole, readable = files_of(town, "ana")

    everything = json.dumps(whole, ensure_ascii=False) + readable
    for foreign in (FOREIGN, "quentin", "Quentin", "olga", "Olga"):
        assert foreign not in everything


def test_an_organizers_data_holds_no_words_of_tellers(busy):
    town, _ = busy

    whole, readable = files_of(town, "olga")

    everything = json.dumps(whole, ensure_ascii=False) + readable
    for foreign in (MARKER, FOREIGN, "quentin", "Quentin", "ana", "Ana"):
        assert foreign not in everything
    assert "You belong to the Onboarding Circle as organizer" in readable


def test_every_table_is_in_the_data_or_holds_nothing_about_a_person(town):
    town.says("ana", "hello")

    whole, _ = files_of(town, "ana")

    tables = set(whole) - {"schema", "made_at"}
    assert tables | set(OF_NOBODY) == set(metadata.tables)
    assert not tables & set(OF_NOBODY)


def test_a_code_to_link_with_is_in_the_data_without_its_secret(town):
    town.says("ana", "hello", "/link")

    whole, _ = files_of(town, "ana")

    (code,) = whole["link_codes"]
    assert set(code) == {"expires_at"}


def test_what_was_taken_back_is_in_the_data_until_it_is_erased(town):
    town.says("ana", "hello")
    ref = town.tells("ana", f"On 3 May the {MARKER} sang, and it was fun.")
    town.says("ana", f"/withdraw {ref}")

    before = files_of(town, "ana")
    town.says("ana", f"/withdraw {ref}")
    town.taps("ana", "erase")
    after = files_of(town, "ana")

    assert all(MARKER in f"{each}" for each in before)
    assert not any(MARKER in f"{each}" for each in after)
    assert after[0]["stories"][0]["ref"] == ref


def test_what_was_changed_and_not_sent_is_in_the_data(town):
    town.says("ana", "hello")
    ref = town.tells("ana", "On 3 May we met, and it was fun.")
    town.says("ana", f"/read {ref}")
    town.taps("ana", "change", "change", "part-activity")
    town.says("ana", f"The {MARKER}, not sent yet.")

    whole, readable = files_of(town, "ana")

    assert MARKER in f"{whole}"
    assert f"not in the story as you sent it:\n\n{asked(whole)}\nThe {MARKER}" in readable


def asked(whole):
    return next(row["asked"] for row in whole["answers"] if MARKER in (row["text"] or ""))


def test_whoever_left_gets_their_data_too(town):
    town.says("ana", "hello")
    town.tells("ana", f"On 3 May the {MARKER} sang, and it was fun.")
    town.says("ana", "/leave")
    town.taps("ana", "leave")

    whole, readable = files_of(town, "ana")

    assert MARKER in f"{whole}"
    assert MARKER in readable
    assert whole["memberships"] == []


def test_the_open_question_is_asked_again_behind_the_data(town):
    town.has("ana", Role.MEMBER)
    town.says("ana", "/tell")
    town.taps("ana", "agree")

    replies = town.says("ana", "/mydata")

    assert text_of(replies[-1:]).startswith("Think of one time")
