"""The double through python-telegram-bot: what a bot and its people do with each other."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from threading import Timer
from time import monotonic
from typing import Any

import pytest
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.request import HTTPXRequest

from tests.doubles.telegram_attachments import png
from tests.doubles.telegram_faults import Faults
from tests.doubles.telegram_server import Fault, TelegramServer, telegram_server

YES_NO = Keyboard([[Button("Yes", callback_data="y"), Button("No", callback_data="n")]])


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server(patience=0) as running:
        yield running


@pytest.fixture
async def bot(server: TelegramServer) -> AsyncIterator[Bot]:
    async with a_bot(server) as ready:
        yield ready


def refused(words: str) -> Any:
    """Raises BadRequest with these words; the library changes their case."""
    return pytest.raises(BadRequest, match=re.compile(words, re.IGNORECASE))


def a_bot(server: TelegramServer, token: str = "", read_timeout: float = 5) -> Bot:
    return Bot(
        token or server.token,
        base_url=server.base_url,
        base_file_url=server.base_file_url,
        request=HTTPXRequest(read_timeout=read_timeout, httpx_kwargs={"trust_env": False}),
        get_updates_request=HTTPXRequest(httpx_kwargs={"trust_env": False}),
    )


async def test_a_command_goes_in_and_an_answer_out(server, bot):
    ana = server.person("Ana", language_code="sw", username="ana")
    ana.says("/start abc_1")

    (update,) = await bot.get_updates()
    sent = await bot.send_message(
        ana.id, "<b>Hi</b> &lt;Ana&gt;", parse_mode=ParseMode.HTML, reply_markup=YES_NO
    )

    assert update.message.text == "/start abc_1"
    assert update.message.parse_entities() == {update.message.entities[0]: "/start"}
    assert (update.message.from_user.id, update.message.from_user.language_code) == (ana.id, "sw")
    assert (sent.text, sent.entities[0].type) == ("Hi <Ana>", "bold")
    assert (ana.sees().html, ana.last.keyboard) == ("<b>Hi</b> &lt;Ana&gt;", [["Yes", "No"]])
    assert [message.text for message in ana.chat] == ["/start abc_1", "Hi <Ana>"]
    assert ana.chat[0].id < sent.message_id == ana.chat[1].id


async def test_who_the_bot_is(server, bot):
    assert bot.username == "storytrail_test_bot"
    assert bot.id == server.bot_id


async def test_an_offset_forgets_what_is_below_it(server, bot):
    ana = server.person("Ana")
    for number in range(4):
        ana.says(f"{number}")

    first = await bot.get_updates(limit=2)
    again = await bot.get_updates(limit=2)
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    last = await bot.get_updates(offset=-1)
    after = await bot.get_updates(offset=first[0].update_id)

    assert first == again
    assert [update.message.text for update in rest] == ["2", "3"]
    assert [update.message.text for update in [*last, *after]] == ["3", "3"]


async def test_a_long_poll_is_answered_when_something_comes(server, bot):
    ana = server.person("Ana")
    began = monotonic()
    Timer(0.1, ana.says, ["now"]).start()

    (update,) = await bot.get_updates(timeout=20)

    assert update.message.text == "now"
    assert 0.1 <= monotonic() - began < 10


async def test_the_older_of_two_pollers_gives_way(server, bot):
    ana = server.person("Ana")
    older = asyncio.create_task(bot.get_updates(timeout=20))
    await asyncio.to_thread(server.until, lambda: server.polling)
    newer = asyncio.create_task(bot.get_updates(timeout=20))

    with pytest.raises(Conflict, match="terminated by other getUpdates"):
        await older
    ana.says("to the newer one")
    assert (await newer)[0].message.text == "to the newer one"


async def test_a_poller_that_repeats_itself_is_slowed():
    with telegram_server(patience=0.2) as server:
        async with a_bot(server) as bot:
            await bot.get_updates(offset=5)
            began = monotonic()
            await bot.get_updates(offset=5)

    assert monotonic() - began >= 0.2


async def test_an_update_that_the_bot_did_not_ask_for_does_not_come(server, bot):
    ana = server.person("Ana")
    await bot.get_updates(allowed_updates=["callback_query"])
    ana.says("unheard")

    assert not await bot.get_updates()


async def test_a_tap_is_told_and_answered_in_time(server, bot):
    ana = server.person("Ana")
    ana.says("/start")
    sent = await bot.send_message(ana.id, "Well?", reply_markup=YES_NO)

    tap = ana.taps("No")
    query = (await bot.get_updates())[-1].callback_query
    await query.answer("Fine")
    await query.edit_message_text("Well: no")

    assert (query.data, query.message.message_id) == ("n", sent.message_id)
    assert tap.answer == "Fine"
    assert (ana.last.text, ana.last.keyboard, ana.last.edited) == ("Well: no", [], True)
    with pytest.raises(AssertionError, match="no button"):
        ana.taps("No")

    stale = ana.taps("Yes", on=ana.last)
    server.later(3600)
    with refused("query is too old"):
        await bot.answer_callback_query(stale.id)
    assert not stale.answered


async def test_editing_to_the_same_is_refused(server, bot):
    ana = server.person("Ana")
    mine = ana.says("hello")
    sent = await bot.send_message(ana.id, "Same", reply_markup=YES_NO)

    for wrong, id in (
        ("not modified", sent.message_id),
        ("message to edit not found", 999),
        ("message can't be edited", mine.id),
    ):
        with refused(wrong):
            await bot.edit_message_text("Same", ana.id, id, reply_markup=YES_NO)
    await bot.edit_message_reply_markup(ana.id, sent.message_id)
    with refused("not modified"):
        await bot.edit_message_reply_markup(ana.id, sent.message_id)
    await bot.delete_message(ana.id, sent.message_id)
    with refused("message to delete not found"):
        await bot.delete_message(ana.id, sent.message_id)

    assert ana.chat == [mine]


async def test_an_edit_by_a_person_keeps_the_message_id(server, bot):
    ana = server.person("Ana")
    message = ana.says("one")
    ana.edits(message, "two")

    said, edited = await bot.get_updates()

    assert (said.message.text, edited.edited_message.text) == ("one", "two")
    assert said.message.message_id == edited.edited_message.message_id


async def test_files_go_both_ways(server, bot):
    ana = server.person("Ana")
    ana.sends("voice", caption="listen", content=b"OggS...")
    ana.sends("document", name="big.zip", size=21 * 1024 * 1024)

    voice, big = await bot.get_updates()
    got = await (await voice.message.voice.get_file()).download_as_bytearray()
    with refused("file is too big"):
        await big.message.document.get_file()
    await bot.send_document(ana.id, b"a;b\n", filename="räume.csv", caption="<b>x</b>")
    sent = await bot.send_photo(ana.id, png(3, 3), caption="A chart")
    again = await bot.send_photo(ana.id, sent.photo[-1].file_id)
    with refused("image_process_failed"):
        await bot.send_photo(ana.id, b"no picture")
    with refused("caption is too long"):
        await bot.send_document(ana.id, b"x", caption="x" * 1025)

    assert (bytes(got), voice.message.caption) == (b"OggS...", "listen")
    table, chart, _ = ana.sees_all(3)
    assert (table.upload.name, table.upload.content) == ("räume.csv", b"a;b\n")
    assert (table.text, chart.upload.content) == ("<b>x</b>", png(3, 3))
    assert again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id


@pytest.mark.parametrize(
    "kind",
    [
        "photo",
        "audio",
        "video",
        "video_note",
        "animation",
        "sticker",
        "location",
        "venue",
        "contact",
        "poll",
        "dice",
    ],
)
async def test_all_that_people_send_is_understood_by_the_library(server, bot, kind):
    server.person("Ana").sends(kind)

    (update,) = await bot.get_updates()

    assert update.message.effective_attachment or update.message.dice


async def test_who_blocks_the_bot_gets_nothing(server, bot):
    ana = server.person("Ana")
    with refused("chat not found"):
        await bot.send_message(ana.id, "You do not know me")
    server.group("Circle", members=[ana])
    with pytest.raises(Forbidden, match="can't initiate"):
        await bot.send_message(ana.id, "You know me a little")

    ana.says("/start")
    ana.blocks()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(ana.id, "Hello?")
    ana.says("I am back")
    await bot.send_message(ana.id, "Hello!")

    kinds = [u.my_chat_member for u in await bot.get_updates() if u.my_chat_member]
    assert [change.new_chat_member.status for change in kinds] == ["member", "kicked", "member"]
    assert [message.text for message in ana.sees_all(1)] == ["Hello!"]
    ana.sees_nothing(0.05)


async def test_a_bot_sees_of_a_group_what_is_meant_for_it(server, bot):
    ana = server.person("Ana")
    circle = server.group("Circle", members=[ana])
    sent = await bot.send_message(circle.id, "I am here")
    for words in (
        "among us",
        "/help",
        "/help@storytrail_test_bot",
        "/help@another_bot",
        "hey @Storytrail_Test_Bot",
    ):
        ana.says(words, in_=circle)
    ana.says("an answer", in_=circle, reply_to=circle.sees())

    seen = [u.message for u in await bot.get_updates() if u.message and u.message.text]

    assert [message.text for message in seen] == [
        "/help",
        "/help@storytrail_test_bot",
        "hey @Storytrail_Test_Bot",
        "an answer",
    ]
    assert seen[-1].reply_to_message.message_id == sent.message_id


async def test_a_group_that_migrates_says_where_to(server, bot):
    ana = server.person("Ana")
    circle = server.group("Circle", members=[ana])
    old = circle.id
    circle.migrates()

    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(old, "Hello")
    await bot.send_message(moved.value.new_chat_id, "Hello")

    assert circle.id == moved.value.new_chat_id != old
    assert circle.sees().text == "Hello"
    left, came = [u.message for u in await bot.get_updates()][-2:]
    assert (left.chat_id, left.migrate_to_chat_id) == (old, circle.id)
    assert (came.chat_id, came.migrate_from_chat_id) == (circle.id, old)


async def test_topics_and_being_thrown_out(server, bot):
    ana = server.person("Ana")
    circle = server.group("Circle", admins=[ana], topics=["Harvest", "Old"])
    harvest = circle.topic("Harvest").id
    ana.says("/summary", in_=circle, topic="Harvest")
    circle.closes("Old")

    message = (await bot.get_updates())[-1].message
    await message.reply_text("Here it is")
    with refused("topic_closed"):
        await bot.send_message(circle.id, "x", message_thread_id=circle.topic("Old").id)
    with refused("message thread not found"):
        await bot.send_message(circle.id, "x", message_thread_id=4711)

    assert (message.message_thread_id, message.is_topic_message) == (harvest, True)
    assert message.reply_to_message.forum_topic_created.name == "Harvest"
    assert (circle.sees().topic, circle.last.reply_to) == (harvest, message.message_id)
    assert [a.user.id for a in await bot.get_chat_administrators(circle.id)] == [ana.id]
    assert (await bot.get_chat_member(circle.id, ana.id)).status == "creator"
    assert (await bot.get_chat(circle.id)).is_forum
    circle.removes_bot()
    with pytest.raises(Forbidden, match="kicked from the supergroup"):
        await bot.send_message(circle.id, "Oh")
    circle.adds_bot()
    await bot.leave_chat(circle.id)
    with pytest.raises(Forbidden, match="not a member"):
        await bot.send_message(circle.id, "Oh")


async def test_commands_are_listed_by_scope_and_language(server, bot):
    ana = server.person("Ana", language_code="sw")
    ana.says("/start")
    await bot.set_my_commands([BotCommand("help", "Help")])
    private = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand("msaada", "Msaada")], private, "sw")
    circle = server.group("Circle", members=[ana])

    assert [c.command for c in await bot.get_my_commands(private, "sw")] == ["msaada"]
    assert [c["command"] for c in server.commands_shown(ana)] == ["msaada"]
    assert [c["command"] for c in server.commands_shown(ana, circle)] == ["help"]
    with refused("bot_command_invalid"):
        await bot.set_my_commands([("Help", "with a capital")])
    with refused("chat not found"):
        await bot.set_my_commands([("x", "y")], BotCommandScopeChat(1))


async def test_a_token_can_be_revoked(server, bot):
    new = server.revokes_token()

    with pytest.raises(InvalidToken):
        await bot.get_updates()
    async with a_bot(server, new) as other:
        assert other.id == server.bot_id


async def test_too_many_messages_are_refused(monkeypatch):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # without it RetryAfter warns of its own change
    with telegram_server(limits=True) as server:
        ana = server.person("Ana")
        ana.says("/start")
        async with a_bot(server) as bot:
            for number in range(4):
                await bot.send_message(ana.id, f"{number}")
            with pytest.raises(RetryAfter) as told:
                await bot.send_message(ana.id, "too much")

    assert 1 <= told.value._retry_after.total_seconds() <= 4
    assert [(chat, rule) for chat, _, rule in server.rates.violations] == [(ana.id, "chat")]
    assert [call.code for call in server.calls("sendMessage")] == [200] * 4 + [429]


@pytest.mark.parametrize(
    ("fault", "raised", "done"),
    [
        (Fault.ERROR, NetworkError, False),
        (Fault.HTML, NetworkError, False),
        (Fault.TOO_MANY, RetryAfter, False),
        (Fault.CUT_BEFORE, NetworkError, False),
        (Fault.CUT_AFTER, NetworkError, True),
        (Fault.CUT_MIDDLE, NetworkError, True),
        (Fault.LATE, TimedOut, True),
    ],
)
async def test_faults_hit_once_and_only_what_they_are_for(server, monkeypatch, fault, raised, done):
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    ana = server.person("Ana")
    ana.says("/start")
    async with a_bot(server, read_timeout=1) as bot:
        server.faults.add(fault, "sendMessage", seconds=30)
        await bot.send_chat_action(ana.id, "typing")
        with pytest.raises(raised):
            await bot.send_message(ana.id, "one")
        await bot.send_message(ana.id, "two")

    assert [m.text for m in ana.chat[1:]] == (["one", "two"] if done else ["two"])
    assert [(c.ok, c.fault) for c in server.calls("sendMessage")] == [(done, fault), (True, None)]


def test_a_share_of_calls_fails_by_each_of_some_faults_as_often():
    faults, mixed = Faults(seed=7), [Fault.ERROR, Fault.HTML, Fault.CUT_AFTER]

    faults.mix(mixed, share=0.3)
    faults.mix([Fault.CUT_BEFORE], "getUpdates", share=0.5)
    hit = Counter(plan and plan.fault for plan in (faults.pick("sendX", 1) for _ in range(10_000)))
    polls = [faults.pick("getUpdates", None) for _ in range(1_000)]

    assert hit.keys() == {None, *mixed}
    assert all(900 < hit[fault] < 1_100 for fault in mixed)
    assert {plan.fault for plan in polls if plan} == {Fault.CUT_BEFORE}
    assert 400 < sum(plan is not None for plan in polls) < 600


async def test_an_update_comes_again_late_and_forged(server, bot):
    ana = server.person("Ana")
    message = ana.says("first")
    (first,) = await bot.get_updates()
    server.holds()
    ana.says("second")
    ana.says("third")
    server.releases(lambda held: held[::-1])
    server.repeats(message)
    tap = ana.forges("no such data", message)
    server.inject({"a_kind_of_the_future": {"x": 1}})

    updates = await bot.get_updates(offset=first.update_id + 1)

    texts = [update.message.text if update.message else None for update in updates]
    assert texts == ["third", "second", "first", None, None]
    assert updates[2] == first
    assert updates[3].callback_query.id == tap.id
    assert not await bot.get_updates(offset=updates[-1].update_id + 1)
