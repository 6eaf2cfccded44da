"""Answers that are no single message: edited, in pieces, in a thread, with files."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage.tables import evidence
from tests.doubles.slack_faults import Fault
from tests.doubles.slack_server import Message, Person, SlackServer
from tests.running import TOLD, eventually
from tests.slack.process import (
    INTERVIEW,
    SlackRunning,
    arrived,
    asked_in_order,
    comes,
    goes_through,
    taps,
    times_asked,
)

PICTURE = b"\x89PNG\r\n\x1a\n a checklist on a wall"
SOUND = b"\x00\x00\x00 ftypM4A  spoken"

# ---- edited ----


def test_an_edited_message_edits_the_answer(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    said = ana.says("We met in May, and it was good.")
    comes(ana, "2 / 7")
    server.later(2)
    ana.edits(said, "We met in March, and it was good.")
    comes(ana, "Changed.")
    assert both.words() == ["We met in March, and it was good."]


def test_a_preview_that_slack_adds_is_no_edit(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    said = ana.says("In March we read https://example.org/list, and it was good.")
    comes(ana, "2 / 7")
    with server.world.lock:
        preview = {"attachments": [{"from_url": "https://example.org/list", "text": "A list"}]}
        server.world.edits(said, said.wire | preview, ana.id)
    goes_through(server, ana, INTERVIEW[3:4])
    assert times_asked(ana, "Changed.") == 0
    assert bot.words()[0] == "In March we read https://example.org/list, and it was good."


def test_a_message_that_is_deleted_takes_nothing_away(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    said = ana.says(TOLD[0])
    comes(ana, "2 / 7")
    ana.deletes(said)
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)


def test_an_edit_after_sending_is_used_once_its_teller_says_so(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana)
    said = next(m for m in ana.sees() if m.shown == TOLD[1])
    server.later(2)
    ana.edits(said, "The <b>poster</b> for the first week.")
    asked = comes(ana, "It now reads:\n“The <b>poster</b> for the first week.”")
    assert asked.buttons == ["Use this wording", "Leave it"]
    assert TOLD[1] in both.words()
    server.later(2)
    taps(ana, "Use this wording")
    comes(ana, "reads so from now on.")
    (story,) = exported(both)[0]["stories"]
    assert story["steps"][1]["text"] == "The <b>poster</b> for the first week."
    assert (story["revision"], story["steps"][1]["revisions"]) == (1, 1)


# ---- in pieces ----


def test_a_burst_is_one_answer_in_the_order_in_which_it_was_written(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    eventually(lambda: not both.is_sending())
    server.later(2)
    server.holds()
    ana.says("In March we met.")
    ana.says("It was good.")
    ana.says("Bo was there too.")
    server.releases(at_once=True)
    server.all_acknowledged()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    told = exported(both)[0]["stories"][0]["steps"][0]["text"]
    assert told.split("\n") == ["In March we met.", "It was good.", "Bo was there too."]
    assert asked_in_order(ana) == [f"{n} / 7" for n in range(1, 8)]


def test_messages_that_come_late_and_reversed_are_all_kept(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    server.holds()
    ana.says("First this.")
    ana.says("Then that.")
    server.releases(lambda held: held[::-1])
    comes(ana, "1 / 7\nAbout when was that?")
    server.all_acknowledged()
    kept = "\n".join(both.words())
    assert "First this." in kept
    assert "Then that." in kept


def test_a_reply_in_a_questions_thread_answers_that_question(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:1])
    asked = goes_through(server, ana, INTERVIEW[1:2])
    goes_through(server, ana, INTERVIEW[2:5])
    server.later(2)
    ana.says("In March we went to the meetup, and it was too loud.", asked.ts)
    comes(ana, "Changed.")
    assert sorted(both.words()) == sorted(
        ["In March we went to the meetup, and it was too loud.", *TOLD[1:3]]
    )
    goes_through(server, ana, INTERVIEW[5:])


# ---- with files ----


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("wall.png", "image/png", "photo"),
        ("list.pdf", "application/pdf", "document"),
        ("talk.mp4", "video/mp4", "video"),
        ("song.mp3", "audio/mpeg", "audio"),
    ],
)
def test_a_file_is_kept_as_evidence(
    server: SlackServer, bot: SlackRunning, ana: Person, name: str, kind: str, kept: str
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    ana.shares(name, kind, b"xyz")
    comes(ana, "Kept. Add a line")
    [row] = bot.kept(select(evidence))
    assert (row.kind, row.step, row.caption) == (kept, "activity", None)


def test_several_files_of_one_message_are_all_kept_with_its_words(
    server: SlackServer, both: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    shares_all(ana, ["one.png", "two.png", "three.pdf"], TOLD[0])
    comes(ana, "2 / 7")
    rows = both.kept(select(evidence.c.name, evidence.c.caption).order_by(evidence.c.id))
    assert [row.name for row in rows] == ["one.png", "two.png", "three.pdf"]
    assert [row.caption for row in rows if row.caption] == [TOLD[0]]
    goes_through(server, ana, INTERVIEW[3:])
    (story,) = exported(both)[0]["stories"]
    assert story["steps"][0]["text"] == TOLD[0]
    assert asked_in_order(ana) == [f"{n} / 7" for n in range(1, 8)]


def shares_all(person: Person, names: list[str], text: str) -> Message:
    """Several files in one message: the client posts all of them at once."""
    with person.world.lock:
        person.world.outbox.hold()
        each = [person.shares(name, "image/png", PICTURE, text) for name in names]
        files = [file for message in each for file in message.files]
        *others, last = each
        for message in others:
            message.deleted = True
        last.wire["files"] = files
        told = last.told[-1]
        told.payload["event"]["files"] = files
        person.world.outbox.release(lambda _: [told], at_once=False)
        return last


def told_with_files(server: SlackServer, ana: Person) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    ana.shares("wall.png", "image/png", PICTURE, TOLD[0])
    comes(ana, "2 / 7")
    server.later(2)
    speaks(ana)
    asked = comes(ana, "Kept. I can't turn a voice message into words")
    assert asked.buttons == ["Go on"]
    server.later(2)
    goes_through(server, ana, [("taps", "Go on", "3 / 7")])
    goes_through(server, ana, [("says", "I used it.", "4 / 7"), ("taps", "Too early", "Who may")])
    goes_through(server, ana, [("taps", "Send to organizers", "Thank you.")])


def speaks(person: Person) -> Message:
    """A clip that was spoken into Slack."""
    with person.world.lock:
        person.world.outbox.hold()
        clip = person.shares("audio_message.m4a", "audio/mp4", SOUND)
        clip.files[0]["subtype"] = "slack_audio"
        person.world.outbox.release(list, at_once=False)
        return clip


def exported(bot: SlackRunning, *options: str) -> tuple[dict[str, Any], str]:
    done = bot.program("export", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_files_are_fetched_with_an_export(
    server: SlackServer, bot: SlackRunning, ana: Person, tmp_path: Path
) -> None:
    told_with_files(server, ana)
    folder = tmp_path / "files"

    found, said = exported(bot, "--files", str(folder))

    (story,) = found["stories"]
    files = [file["file"] for step in story["steps"] for file in step["evidence"]]
    assert files == [f"{story['ref']}-1-1.png", f"{story['ref']}-2-1.m4a"]
    assert (folder / files[0]).read_bytes() == PICTURE
    assert (folder / files[1]).read_bytes() == SOUND
    assert said == ""


def test_a_file_that_slack_has_no_more_is_told_of(
    server: SlackServer, bot: SlackRunning, ana: Person, tmp_path: Path
) -> None:
    told_with_files(server, ana)
    server.faults.add(Fault.REFUSED, "files.info", error="file_deleted")

    found, said = exported(bot, "--files", str(tmp_path / "files"))

    (story,) = found["stories"]
    files = [file["file"] for step in story["steps"] for file in step["evidence"]]
    assert len([name for name in files if name]) == 1
    assert said.startswith("1 of the files could not be fetched:")


def test_without_the_scope_for_files_the_page_to_sign_in_is_not_kept_as_one(
    server: SlackServer, bot: SlackRunning, ana: Person, tmp_path: Path
) -> None:
    told_with_files(server, ana)
    server.world.files.clear()  # so that their addresses lead to that page

    _, said = exported(bot, "--files", str(tmp_path / "files"))

    assert said.startswith("2 of the files could not be fetched:")
    assert list((tmp_path / "files").iterdir()) == []
    assert arrived(ana)
