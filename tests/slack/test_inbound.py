"""What Slack's events mean."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.platforms.slack_inbound import (
    Gone,
    HomeOpened,
    Told,
    moment,
    plain,
    told_by_event,
)
from flows.messages import (
    Address,
    Attached,
    Commanded,
    Edited,
    Inbound,
    Payload,
    Said,
    Unread,
)

ANA = Address("slack", "T1/U1")
GONE_AT = datetime.fromtimestamp(1_790_000_000, UTC)
TS, LATER = "1772442000.000100", "1772442030.000200"
AT = datetime(2026, 3, 2, 9, 0, 0, 100, UTC)
BOT = {"bot_id": "B1", "app_id": "A1", "user": "UB"}
FILE: dict[str, Any] = {"id": "F1", "name": "hall.jpg", "mimetype": "image/jpeg", "size": 2000}


def told(**event: Any) -> list[Told]:
    usual = {"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "ts": TS}
    body = {"type": "event_callback", "team_id": "T1", "event_time": 1_790_000_000}
    body |= {"event_id": "Ev1", "event": usual | event}
    return list(told_by_event(body))


def heard(**event: Any) -> list[Inbound]:
    return [each for each in told(**event) if isinstance(each, Inbound)]


def payloads(**event: Any) -> list[Payload]:
    return [each.payload for each in heard(**event)]


# ---- words ----


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("We met.", "We met."),
        ("<https://a.b|a.b>", "a.b"),
        ("<https://a.b>", "https://a.b"),
        ("<https://a.b?x=1&amp;y=2>", "https://a.b?x=1&y=2"),
        ("<https://a.b|our list>", "our list (https://a.b)"),
        ("<https://a.b|https://a.b>", "https://a.b"),
        ("<mailto:x@a.b|x@a.b>", "x@a.b"),
        ("<mailto:x|x>", "x"),
        ("<mailto:x@a.b|write to us>", "write to us (x@a.b)"),
        ("<tel:123|123>", "123"),
        ("<@U1>", "@U1"),
        ("<@U1|ana>", "@ana"),
        ("<#C1|general>", "#general"),
        ("<#C1|>", "#C1"),
        ("<#C1>", "#C1"),
        ("<!here>", "@here"),
        ("<!channel>", "@channel"),
        ("<!subteam^S1|@circle>", "@circle"),
        ("<!subteam^S1>", "@S1"),
        ("&lt;!channel&gt;", "<!channel>"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("&lt;<https://a.b>&gt;", "<https://a.b>"),
        ("say <@U1|ana> and <!here|here>", "say @ana and @here"),
        ("&quot;&nbsp;", "&quot;&nbsp;"),
        ("", ""),
    ],
)
def test_words_are_read_as_they_were_typed(sent: str, typed: str) -> None:
    assert plain(sent) == typed


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        ({"text": "We met."}, [Said("We met.")]),
        ({"text": "a &lt; b"}, [Said("a < b")]),
        ({"text": "/tell"}, [Commanded("tell")]),
        ({"text": " /tell"}, [Said(" /tell")]),
        ({"text": ""}, [Said("")]),
        ({"subtype": "me_message", "text": "smiles"}, [Said("smiles")]),
        ({"subtype": "thread_broadcast", "text": "too"}, [Said("too")]),
        ({"text": "We met.", "user": None}, []),
        ({"subtype": "message_deleted", "deleted_ts": TS}, []),
        ({"subtype": "message_replied"}, []),
        ({"subtype": "channel_join", "text": "came"}, []),
        ({"subtype": "bot_message", "text": "x"}, []),
        ({"subtype": "reminder_add", "text": "x"}, []),
        ({"text": "by the bot itself"} | BOT, []),
        ({"text": "by another bot", "bot_id": "B2"}, []),
        ({"text": "by the app in my name", "app_id": "A1"}, []),
        ({"text": "in a channel", "channel_type": "channel"}, []),
        ({"text": "in a group", "channel_type": "mpim"}, []),
        ({"type": "reaction_added", "reaction": "x"}, []),
        ({"type": None}, []),
    ],
)
def test_what_a_message_means(event: dict[str, Any], meant: list[Payload]) -> None:
    assert payloads(**event) == meant


def test_a_message_is_known_by_its_place_and_moment() -> None:
    (found,) = told(text="We met.")

    assert found == Inbound(
        key=f"slack:T1/D1/{TS}",
        address=ANA,
        said_at=AT,
        payload=Said("We met."),
        message_id=TS,
        place="T1",
        otherwise=Commanded("we", "met."),
    )


@pytest.mark.parametrize(("thread", "answers"), [("1772441000.000000", True), (TS, False)])
def test_in_a_thread_the_message_above_is_answered(thread: str, answers: bool) -> None:
    (found,) = heard(text="In March.", thread_ts=thread)

    assert found.reply_to == (thread if answers else None)


@pytest.mark.parametrize(
    ("text", "otherwise"),
    [
        ("help", Commanded("help")),
        ("Read S-481", Commanded("read", "S-481")),
        ("12 of us", None),
        ("/help", None),
        ("…", None),
    ],
)
def test_words_may_be_a_command_where_nothing_is_asked(
    text: str, otherwise: Commanded | None
) -> None:
    (found,) = heard(text=text)

    assert found.otherwise == otherwise


# ---- changes ----


def changed(
    new: dict[str, Any], old: dict[str, Any], *, edited: str | None = LATER
) -> list[Inbound]:
    usual = {"type": "message", "user": "U1", "ts": TS, "text": "We met."}
    more = {"edited": {"user": "U1", "ts": edited}} if edited else {}
    return heard(
        subtype="message_changed",
        ts="1772442031.000300",
        user=None,
        message=usual | more | new,
        previous_message=usual | old,
    )


def test_an_edit_names_the_message_and_its_new_words() -> None:
    (found,) = changed({"text": "We met &amp; ate."}, {})

    assert found.payload == Edited(TS, "We met & ate.")
    assert found.key == f"slack:T1/D1/{TS}/{LATER}"
    assert (found.address, found.place) == (ANA, "T1")
    assert found.said_at == moment("1772442031.000300")


def test_two_edits_of_one_message_are_two_things() -> None:
    (first,) = changed({"text": "one"}, {}, edited="1772442030.000200")
    (second,) = changed({"text": "two"}, {}, edited="1772442030.000300")
    (unmarked,) = changed({"text": "three"}, {}, edited=None)

    assert len({first.key, second.key, unmarked.key}) == 3


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"attachments": [{"title": "a preview"}]}, {}),
        ({"text": "x", "bot_id": "B1"}, {"bot_id": "B1"}),
        ({"text": "x", "user": None}, {}),
        ({"text": "This message was deleted.", "subtype": "tombstone", "user": "USLACKBOT"}, {}),
    ],
    ids=["a preview", "the bot's own", "nobody's", "deleted above a thread"],
)
def test_a_change_of_nothing_that_somebody_said_is_none(
    new: dict[str, Any], old: dict[str, Any]
) -> None:
    assert changed(new, old) == []


# ---- files ----


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ({}, "photo"),
        ({"mimetype": "video/mp4"}, "video"),
        ({"mimetype": "audio/mpeg"}, "audio"),
        ({"mimetype": "audio/mp4", "subtype": "slack_audio"}, "voice"),
        ({"mimetype": "video/mp4", "subtype": "slack_video"}, "video"),
        ({"mimetype": "application/pdf"}, "document"),
        ({"mimetype": None}, "document"),
    ],
)
def test_what_a_file_is(file: dict[str, Any], kind: str) -> None:
    (found,) = payloads(subtype="file_share", text="", files=[FILE | file])

    mimetype = (FILE | file)["mimetype"]
    assert found == Attached(kind, "T1/F1", "hall.jpg", mimetype, 2000)


def test_of_several_files_the_words_come_with_the_last_one() -> None:
    files = [FILE | {"id": id} for id in ("F1", "F2", "F3")]

    found = heard(subtype="file_share", text=" We &amp; they ", files=files)

    kept = [each.payload for each in found if isinstance(each.payload, Attached)]
    assert [(each.file_id, each.caption) for each in kept] == [
        ("T1/F1", None),
        ("T1/F2", None),
        ("T1/F3", "We & they"),
    ]
    assert [each.key for each in found] == [
        f"slack:T1/D1/{TS}#1",
        f"slack:T1/D1/{TS}#2",
        f"slack:T1/D1/{TS}",
    ]
    assert {each.message_id for each in found} == {TS}


def test_a_file_that_slack_does_not_name_is_told_so() -> None:
    assert payloads(subtype="file_share", text="look") == [Unread("file")]


# ---- channels, Home, the end ----


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("<@UB> summary", Commanded("summary")),
        ("<@UB>   Summary 2026", Commanded("summary", "2026")),
        ("<@UB> /tell", Commanded("tell")),
        ("<@UB>", Said("")),
        ("<@UB> 12 &lt; 13", Said("12 < 13")),
        ("hello <@UB>", Commanded("hello", "@UB")),
    ],
)
def test_whoever_names_the_bot_in_a_channel_calls_a_command(text: str, meant: Payload) -> None:
    (found,) = heard(type="app_mention", channel="C1", text=text)

    assert (found.payload, found.is_public, found.place) == (meant, True, "T1/C1")
    assert found.key == f"slack:T1/C1/{TS}"


def test_a_mention_in_a_thread_is_answered_there_and_one_by_a_bot_nowhere() -> None:
    (found,) = heard(type="app_mention", channel="C1", text="<@UB> help", thread_ts="1.5")

    assert found.place == "T1/C1#1.5"
    assert told(type="app_mention", channel="C1", text="<@UB> help", bot_id="B2") == []
    assert told(type="app_mention", channel="C1", text="<@UB> help", user=None) == []


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        ({"type": "app_home_opened", "tab": "home"}, [HomeOpened(ANA)]),
        ({"type": "app_home_opened", "tab": "messages"}, []),
        ({"type": "app_uninstalled"}, [Gone("T1", "uninstalled", GONE_AT)]),
        ({"type": "tokens_revoked", "tokens": {"bot": ["UB"]}}, [Gone("T1", "revoked", GONE_AT)]),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, []),
    ],
)
def test_what_else_is_told(event: dict[str, Any], meant: list[Told]) -> None:
    assert told(**event) == meant


# ---- moments ----


@pytest.mark.parametrize(
    ("ts", "at"),
    [
        (TS, AT),
        ("1772442000", AT.replace(microsecond=0)),
        ("1772442000.5", AT.replace(microsecond=500_000)),
        ("1772442000.999999", AT.replace(microsecond=999_999)),
        ("1772442000.0000019", AT.replace(microsecond=1)),
    ],
)
def test_a_moment_is_exact_to_the_microsecond(ts: str, at: datetime) -> None:
    assert moment(ts) == at
