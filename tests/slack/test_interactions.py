"""What Slack's commands, buttons and shortcuts mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.platforms.buttons import pack
from bot.platforms.slack_inbound import (
    FORGED,
    Tapped,
    Told,
    moment,
    told_by_action,
    told_by_command,
    told_by_shortcut,
)
from flows.messages import (
    Address,
    Anchor,
    Ask,
    Chose,
    Commanded,
    Inbound,
    Option,
    Payload,
    Prompted,
)

KEY = b"k" * 32
ANA = Address("slack", "T1/U1")
TS, LATER = "1772442000.000100", "1772442030.000200"
NOW = datetime(2026, 3, 2, 9, 1, tzinfo=UTC)
URL = "https://hooks.slack.com/commands/T1/1/x"


# ---- commands ----


def commanded(text: str | None, *, is_here: bool = False) -> Inbound:
    body = {"command": "/storytrail", "team_id": "T1", "channel_id": "C1", "user_id": "U1"}
    body |= {"trigger_id": "1.2.x", "response_url": URL}
    return told_by_command(
        body | ({"text": text} if text is not None else {}), is_here=is_here, now=NOW
    )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tell", Commanded("tell")),
        ("Read  S-481 ", Commanded("read", "S-481")),
        ("/tell", Commanded("tell")),
        ("nonsense", Commanded("nonsense")),
        ("name a &lt; b", Commanded("name", "a < b")),
        ("", Commanded("help")),
        ("   ", Commanded("help")),
        ("12", Commanded("help")),
        ("share", Commanded("share")),
        (None, Commanded("help")),
    ],
)
def test_what_stands_behind_the_command(text: str | None, meant: Commanded) -> None:
    found = commanded(text)

    assert found == Inbound(
        key="slack:T1/1.2.x",
        address=ANA,
        said_at=NOW,
        payload=meant,
        place="T1",
        answer_at=URL,
    )


@pytest.mark.parametrize("word", ["share", "Share"])
def test_a_command_is_shared_with_a_channel_by_its_last_word(word: str) -> None:
    found = commanded(f"summary 2026 {word}")

    assert found.payload == Commanded("summary", "2026")
    assert (found.is_public, found.place, found.answer_at) == (True, "T1/C1", None)


def test_in_the_own_chat_nothing_is_shared_or_answered_aside() -> None:
    found = commanded("summary share", is_here=True)

    assert found.payload == Commanded("summary", "share")
    assert (found.is_public, found.place, found.answer_at) == (False, "T1", None)


# ---- buttons ----

ASKED = Ask(
    text="What came of it?",
    options=(Option("nothing", "Nothing"),),
    step="gained",
    revision=2,
    conversation=1,
)
MESSAGE = {"ts": TS, "blocks": [{"type": "section"}]}


def acted(action: dict[str, Any], **more: Any) -> Told | None:
    body = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U1"}}
    usual = {"action_ts": LATER, "text": {"type": "plain_text", "text": "A &amp; B &lt;3"}}
    return told_by_action(body | {"actions": [usual | action]} | more, key=KEY)


def ours(user: str = "T1/U1", key: bytes = KEY) -> str:
    return pack(ASKED, "nothing", user=user, key=key)


@pytest.mark.parametrize(
    ("action", "meant"),
    [
        ({"action_id": "tap-0", "value": ours()}, Chose("nothing", "gained", 2, 1)),
        ({"action_id": "tap-0", "value": ours("T1/U2")}, FORGED),
        ({"action_id": "tap-0", "value": ours("T2/U1")}, FORGED),
        ({"action_id": "tap-0", "value": ours(key=b"x" * 32)}, FORGED),
        ({"action_id": "tap-0", "value": ours() + "A"}, FORGED),
        ({"action_id": "tap-0", "value": "made up"}, FORGED),
        ({"action_id": "tap-0"}, FORGED),
        ({"action_id": "do-tell", "value": "tell"}, Commanded("tell")),
        ({"action_id": "do-read-S-481", "value": "read S-481"}, Commanded("read", "S-481")),
        ({"action_id": "do-x", "value": "…"}, Commanded("help")),
        ({"action_id": "do-x"}, Commanded("help")),
    ],
)
def test_what_a_button_means(action: dict[str, Any], meant: Payload) -> None:
    found = acted(action)

    assert found == Inbound(
        key=f"slack:T1/U1/{LATER}",
        address=ANA,
        said_at=moment(LATER),
        payload=meant,
        place="T1",
    )


@pytest.mark.parametrize("action", [{"action_id": "a link"}, {"action_id": ""}, {}])
def test_a_link_means_nothing(action: dict[str, Any]) -> None:
    assert acted(action) is None


def test_a_button_below_a_message_tells_of_it_and_what_it_read() -> None:
    found = acted({"action_id": "tap-0", "value": ours()}, message=MESSAGE, channel={"id": "D1"})

    assert isinstance(found, Tapped)
    assert (found.message_id, found.button) == (TS, "tap-0")
    assert found.blocks == ({"type": "section"},)
    assert found.inbound.payload == Chose("nothing", "gained", 2, 1)


# ---- the shortcut ----


def shortcut(message: dict[str, Any]) -> Inbound | None:
    usual = {"user": "U1", "ts": TS, "text": "We met &amp; ate."}
    body = {"type": "message_action", "team": {"id": "T1"}, "user": {"id": "U1"}}
    body |= {"action_ts": LATER, "channel": {"id": "C1"}, "message": usual | message}
    return told_by_shortcut(body, link="https://first.example/p1")


def test_a_message_of_ones_own_begins_a_story() -> None:
    assert shortcut({}) == Inbound(
        key=f"slack:T1/U1/{LATER}",
        address=ANA,
        said_at=moment(LATER),
        payload=Prompted(
            "shortcut",
            Anchor("We met & ate", link="https://first.example/p1"),
            "We met & ate.",
        ),
        place="T1",
    )


def test_a_long_message_is_called_by_its_beginning_and_kept_whole() -> None:
    found = shortcut({"text": "word " * 40})

    assert found is not None
    assert isinstance(found.payload, Prompted)
    assert found.payload.anchor is not None
    assert len(found.payload.anchor.activity) == 60
    assert found.payload.anchor.activity.endswith("…")
    assert found.payload.words == ("word " * 40).strip()


@pytest.mark.parametrize(
    "message",
    [
        {"user": "U2"},
        {"user": None},
        {"bot_id": "B1"},
        {"text": ""},
        {"text": "  "},
        {"text": None},
    ],
    ids=["another's", "nobody's", "a bot's", "empty", "blank", "without words"],
)
def test_a_message_of_another_or_without_words_begins_none(message: dict[str, Any]) -> None:
    assert shortcut(message) is None
