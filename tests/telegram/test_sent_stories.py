"""What is done with a story after it was sent: its messages edited, its files fetched."""

import json
from pathlib import Path
from typing import Any

from flows.messages import Address, Send
from tests.builders import NOON, closing, kept, opened
from tests.doubles.telegram_faults import Fault
from tests.doubles.telegram_server import Person, TelegramServer
from tests.running import PATIENCE, TOLD, Running
from tests.telegram.process import INTERVIEW, comes, goes_through

PICTURE = b"\x89PNG\r\n\x1a\n a checklist on a wall"


def exported(bot: Running, *options: str) -> tuple[dict[str, Any], str]:
    done = bot.program("export", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_an_edited_message_is_used_once_its_teller_says_so(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana)
    said = next(m for m in ana.chat if m.text == TOLD[1])
    server.later(2)
    ana.edits(said, "The <b>poster</b> for the first week.")
    asked = comes(server, ana, "It now reads:\n“The <b>poster</b> for the first week.”")
    assert list(asked.buttons) == ["Use this wording", "Leave it"]
    assert TOLD[1] in bot.words()
    server.later(2)
    ana.taps("Use this wording")
    comes(server, ana, "reads so from now on.")
    (story,) = exported(bot)[0]["stories"]
    assert story["steps"][1]["text"] == "The <b>poster</b> for the first week."
    assert (story["revision"], story["steps"][1]["revisions"]) == (1, 1)


def test_a_picture_is_shown_as_one_and_a_file_is_handed_over(
    server: TelegramServer, bot: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:1])
    bot.terminate()
    picture = Send(name="far.png", mime_type="image/png", content=PICTURE, text="How <far>")
    table = Send(name="far.csv", mime_type="text/csv", content="far,ö\n", text="As a table")
    to = Address("telegram", str(ana.id))
    with closing(opened(bot.path)) as database:
        kept(
            database,
            lambda work: work.outbox.put(to, [picture, table], conversation=None, now=NOON),
        )

    bot.start()

    server.until(lambda: server.calls("sendDocument"), PATIENCE)
    shown, handed = [m for m in ana.chat if m.from_bot][-2:]
    assert (shown.wire["caption"], "photo" in shown.wire) == ("How <far>", True)
    assert handed.wire["document"]["file_name"] == "far.csv"
    assert server.world.files[handed.wire["document"]["file_id"]].content == "far,ö\n".encode()


def told_with_files(server: TelegramServer, ana: Person) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    server.later(2)
    ana.sends("photo", content=PICTURE, caption=TOLD[0])
    comes(server, ana, "2 / 7")
    server.later(2)
    ana.sends("voice")
    asked = comes(server, ana, "Kept. I can't turn a voice message into words")
    assert list(asked.buttons) == ["Go on"]
    server.later(2)
    ana.taps("Go on")
    comes(server, ana, "3 / 7")
    server.later(2)
    ana.sends("location")
    comes(server, ana, "Kept. Add a line about it")
    goes_through(server, ana, [("taps", "Go on", "4 / 7"), ("taps", "Too early", "Who may read")])


def test_files_are_fetched_with_an_export(
    server: TelegramServer, bot: Running, ana: Person, tmp_path: Path
) -> None:
    told_with_files(server, ana)
    goes_through(server, ana, [("taps", "Send to organizers", "Thank you.")])
    folder = tmp_path / "files"

    found, said = exported(bot, "--files", str(folder))

    (story,) = found["stories"]
    files = [file["file"] for step in story["steps"] for file in step["evidence"]]
    assert files == [f"{story['ref']}-1-1.jpg", f"{story['ref']}-2-1.oga", None]
    assert (folder / files[0]).read_bytes() == PICTURE
    assert sorted(path.name for path in folder.iterdir()) == files[:2]
    assert [step["text"] for step in story["steps"]][:3] == [TOLD[0], "", ""]
    assert said == ""


def test_a_file_that_telegram_has_no_more_is_told_of(
    server: TelegramServer, bot: Running, ana: Person, tmp_path: Path
) -> None:
    told_with_files(server, ana)
    goes_through(server, ana, [("taps", "Send to organizers", "Thank you.")])
    server.faults.add(Fault.ERROR, "getFile")

    found, said = exported(bot, "--files", str(tmp_path / "files"))

    (story,) = found["stories"]
    files = [file["file"] for step in story["steps"] for file in step["evidence"]]
    assert len([name for name in files if name]) == 1
    assert said.startswith("1 of the files could not be fetched:")


def test_no_file_of_a_story_without_a_name_is_fetched(
    server: TelegramServer, bot: Running, ana: Person, tmp_path: Path
) -> None:
    told_with_files(server, ana)
    ana.taps("Leave my name off")
    server.until(lambda: "Put my name on" in ana.last.buttons, PATIENCE)
    goes_through(server, ana, [("taps", "Send to organizers", "Thank you.")])

    found, _ = exported(bot, "--files", str(tmp_path / "files"))

    (story,) = found["stories"]
    assert {file["file"] for step in story["steps"] for file in step["evidence"]} == {None}
    assert list((tmp_path / "files").iterdir()) == []
