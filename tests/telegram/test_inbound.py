"""What Telegram's updates mean."""

from typing import Any

import pytest
from telegram import Update

from bot.platforms.buttons import pack
from bot.platforms.telegram_inbound import FORGED, Moved, Reached, Told, told
from flows.messages import (
    Address,
    Ask,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Option,
    Payload,
    Said,
    Unread,
)

KEY = b"k" * 32
BOT = {"id": 1234567890, "is_bot": True, "first_name": "Test", "username": "storytrail_test_bot"}
ANA = {"id": 7000000001, "is_bot": False, "first_name": "Ana", "language_code": "sl"}
PRIVATE = {"id": 7000000001, "first_name": "Ana", "type": "private"}
GROUP = {"id": -1002000000001, "title": "The circle", "type": "supergroup", "is_forum": True}
FILE = {"file_id": "BQACAgIAAxk", "file_unique_id": "AQADY4", "file_size": 2000}
HALL = {"latitude": 47.05, "longitude": 8.31}


def a_message(chat: dict[str, Any] = PRIVATE, **content: Any) -> dict[str, Any]:
    return {"message_id": 102, "from": ANA, "chat": chat, "date": 1795282404, **content}


def read(**update: Any) -> Told | None:
    raw = {"update_id": 386313273, **update}
    return told(Update.de_json(raw, None), username="storytrail_test_bot", key=KEY)


def payload(**update: Any) -> Payload:
    found = read(**update)
    assert isinstance(found, Inbound)
    return found.payload


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        ({"text": "We met."}, Said("We met.")),
        ({"text": "/start deep"}, Commanded("start", "deep")),
        ({"text": "/Start@storytrail_test_bot"}, Commanded("start")),
        (
            {
                "photo": [
                    FILE | {"file_id": "small", "width": 90, "height": 68},
                    FILE | {"width": 900, "height": 680},
                ],
                "caption": "c",
            },
            Attached("photo", "BQACAgIAAxk", None, "image/jpeg", 2000, "c"),
        ),
        (
            {"voice": FILE | {"duration": 3, "mime_type": "audio/ogg"}},
            Attached("voice", "BQACAgIAAxk", None, "audio/ogg", 2000),
        ),
        (
            {"audio": FILE | {"duration": 3, "mime_type": "audio/mpeg", "file_name": "f.mp3"}},
            Attached("audio", "BQACAgIAAxk", "f.mp3", "audio/mpeg", 2000),
        ),
        (
            {"video": FILE | {"duration": 3, "width": 320, "height": 240}},
            Attached("video", "BQACAgIAAxk", None, None, 2000),
        ),
        (
            {"video_note": FILE | {"duration": 3, "length": 240}},
            Attached("video_note", "BQACAgIAAxk", None, None, 2000),
        ),
        (
            {"document": FILE | {"file_name": "f.bin"}, "caption": "c"},
            Attached("document", "BQACAgIAAxk", "f.bin", None, 2000, "c"),
        ),
        ({"location": HALL}, Attached("location", "47.05000,8.31000")),
        (
            {"contact": {"phone_number": "+41000000000", "first_name": "Ben"}},
            Attached("contact", "contact"),
        ),
        ({"dice": {"emoji": "🎲", "value": 6}}, Unread("dice")),
    ],
)
def test_what_a_message_holds(content, meant):
    assert payload(message=a_message(**content)) == meant


def test_who_said_it_and_when():
    found = read(message=a_message(text="x", reply_to_message=a_message(text="q", message_id=99)))
    assert isinstance(found, Inbound)
    assert found.key == "telegram:386313273"
    assert found.address == Address("telegram", "7000000001")
    assert found.said_at.timestamp() == 1795282404
    assert (found.message_id, found.reply_to) == ("102", "99")
    assert (found.name, found.language) == ("Ana", "sl")
    assert (found.place, found.is_public) == (None, False)


def test_an_edit():
    edited = a_message(text="We met in May.", edit_date=1795282410)
    found = read(edited_message=edited)
    assert isinstance(found, Inbound)
    assert found.payload == Edited("102", "We met in May.")
    assert found.said_at.timestamp() == 1795282410


@pytest.mark.parametrize(
    "update",
    [
        {"edited_message": a_message(GROUP, text="x", edit_date=1795282410)},
        {"message": a_message(GROUP, text="Hello all")},
        {"message": a_message(GROUP, text="/summary@another_bot")},
        {"message": a_message(GROUP, new_chat_title="The ring")},
        {"message": a_message(text="x") | {"from": BOT}},
        {"channel_post": a_message({"id": -100, "type": "channel", "title": "News"}, text="x")},
        {"message": a_message(pinned_message=a_message(text="x"))},
    ],
)
def test_what_means_nothing_to_it(update):
    assert read(**update) is None


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"text": "/summary@storytrail_test_bot"}, "-1002000000001"),
        ({"text": "/summary"}, "-1002000000001"),
        ({"text": "Hi @Storytrail_Test_Bot!"}, "-1002000000001"),
        (
            {"text": "/summary", "message_thread_id": 5, "is_topic_message": True},
            "-1002000000001/5",
        ),
        ({"text": "x", "reply_to_message": a_message(GROUP, text="q") | {"from": BOT}}, None),
    ],
)
def test_what_is_meant_for_it_in_a_group(content, place):
    found = read(message=a_message(GROUP, **content))
    assert isinstance(found, Inbound)
    assert found.is_public
    assert found.place == (place or "-1002000000001")
    assert found.reply_to is None


def a_tap(data: str, **more: Any) -> dict[str, Any]:
    asked = a_message(text="q") | {"from": BOT}
    return {"id": "29", "from": ANA, "message": asked, "chat_instance": "-4", "data": data, **more}


def test_a_tap():
    asked = Ask(
        text="q", options=(Option("skip", "Skip"),), step="activity", revision=7, conversation=9
    )
    data = pack(asked, "skip", user="7000000001", key=KEY)
    assert payload(callback_query=a_tap(data)) == Chose("skip", "activity", 7, 9)


@pytest.mark.parametrize("data", ["", "x", "1.2.activity.skip.AAAAAAAA", "ä" * 32, "....."])
def test_a_tap_that_was_made_up(data):
    assert payload(callback_query=a_tap(data)) == FORGED


@pytest.mark.parametrize(("status", "can_be"), [("kicked", False), ("member", True)])
def test_blocked_and_taken_back(status, can_be):
    now = {"user": BOT, "status": status} | ({"until_date": 0} if status == "kicked" else {})
    change = {
        "chat": PRIVATE,
        "from": ANA,
        "date": 1795282404,
        "old_chat_member": {"user": BOT, "status": "member"},
        "new_chat_member": now,
    }
    assert read(my_chat_member=change) == Reached(Address("telegram", "7000000001"), can_be)
    assert read(my_chat_member=change | {"chat": GROUP}) is None


def test_a_group_that_has_another_number():
    moved = a_message(GROUP | {"id": -4000001}, migrate_to_chat_id=-1002000000002)
    assert read(message=moved) == Moved("-4000001", "-1002000000002")
