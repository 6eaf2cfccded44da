"""The double by raw HTTP: how strict it is, and its webhook."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import httpx
import pytest

from tests.doubles.telegram_faults import Fault, Faults
from tests.doubles.telegram_limits import Rates
from tests.doubles.telegram_server import TelegramServer, telegram_server
from tests.doubles.telegram_wire import Refused, read_request, response


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server(patience=0) as running:
        yield running


@pytest.fixture
async def http(server: TelegramServer) -> AsyncIterator[httpx.AsyncClient]:
    address = f"{server.base_url}{server.token}/"
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        yield client


def keys(text: str = "x", **more: str) -> dict[str, object]:
    return {"inline_keyboard": [[{"text": text, **more}]]}


@pytest.mark.parametrize(
    ("message", "refused"),
    [
        ({"text": "x" * 4096}, None),
        ({"text": "😀" * 4096}, None),
        ({"text": "<b>" + "&lt;" * 4096 + "</b>", "parse_mode": "html"}, None),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": ""}, "message text is empty"),
        ({"text": " \n"}, "text must be non-empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
        (
            {"text": "a <c> b", "parse_mode": "HTML"},
            'can\'t parse entities: Unsupported start tag "c" at byte offset 2',
        ),
        ({"text": "x", "parse_mode": "word"}, "unsupported parse_mode"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_markup": keys(callback_data="é" * 32)}, None),
        ({"text": "x", "reply_markup": keys(callback_data="é" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": keys(callback_data="")}, "BUTTON_DATA_INVALID"),
        (
            {"text": "x", "reply_markup": keys("", callback_data="x")},
            "can't parse inline keyboard button: Text must be non-empty",
        ),
        (
            {"text": "x", "reply_markup": keys()},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "url": "a"}]] * 101}},
            "reply markup is too long",
        ),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "reply_parameters": {"message_id": 9}}, "message to be replied not found"),
    ],
)
async def test_a_message_is_checked(server, http, message, refused):
    ana = server.person("Ana")
    ana.says("/start")

    got = await http.post("sendMessage", json={"chat_id": ana.id, **message})

    told = got.json()
    assert told.get("description") == (f"Bad Request: {refused}" if refused else None)
    assert (got.status_code, told["ok"]) == ((400, False) if refused else (200, True))
    assert len(ana.chat) == (1 if refused else 2)


async def test_an_edit_that_is_too_long_is_refused_in_other_words(server, http):
    ana = server.person("Ana")
    ana.says("/start")
    sent = await http.post("sendMessage", data={"chat_id": str(ana.id), "text": "x"})
    edit = {"chat_id": ana.id, "message_id": sent.json()["result"]["message_id"]}

    got = await http.post("editMessageText", json={**edit, "text": "x" * 4097})

    assert got.json()["description"] == "Bad Request: MESSAGE_TOO_LONG"


async def test_arguments_come_in_three_forms(server, http):
    ana = server.person("Ana")
    ana.says("/start")
    markup = json.dumps(keys("é", callback_data="x"))
    form = {"chat_id": str(ana.id), "text": "é + & =", "reply_markup": markup}

    for got in (
        await http.get("sendMessage", params=form),
        await http.post("sendmessage", data=form),
        await http.post("sendMessage", json=form),
        await http.post("SENDMESSAGE", files={key: (None, value) for key, value in form.items()}),
    ):
        assert got.json()["result"]["text"] == "é + & ="

    assert [m.keyboard for m in ana.sees_all(4)] == [[["é"]]] * 4


async def test_a_wrong_address_is_refused(server, http):
    wrong = await http.get(f"{server.base_url}1:nobody/getMe")
    unknown = await http.get("getEverything")
    elsewhere = await http.get(f"{server.url}/")
    file = await http.get(f"{server.base_file_url}{server.token}/photos/none.jpg")

    assert (wrong.status_code, wrong.json()["description"]) == (401, "Unauthorized")
    assert wrong.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    assert [got.status_code for got in (unknown, elsewhere, file)] == [404] * 3


async def test_an_offset_far_ahead_forgets_nothing(server, http):
    server.person("Ana").says("kept")

    got = await http.get("getUpdates", params={"offset": 2_000_000_000})

    assert [update["message"]["text"] for update in got.json()["result"]] == ["kept"]


async def test_updates_are_kept_for_a_day(server, http):
    server.person("Ana").says("too old")
    server.later(25 * 3600)

    assert (await http.get("getUpdates")).json()["result"] == []


async def test_a_webhook_is_tried_again_in_order_and_shuts_out_polling(server, http):
    got: list[tuple[str, str | None]] = []
    answers = iter([500, 0, 200, 200])

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_request(reader):
            secret = request.headers.get("x-telegram-bot-api-secret-token")
            got.append((json.loads(request.body)["message"]["text"], secret))
            status = next(answers)
            if not status:
                break
            writer.write(response(status, b""))
        writer.close()

    ana = server.person("Ana")
    ana.says("one")
    async with await asyncio.start_server(listen, "127.0.0.1", 0) as there:
        url = f"http://127.0.0.1:{there.sockets[0].getsockname()[1]}/hook"
        assert (await http.post("setWebhook", json={"url": url, "secret_token": "s3-t"})).json()[
            "ok"
        ]
        polled = await http.get("getUpdates")
        ana.says("two")
        await asyncio.to_thread(server.until, lambda: len(server.deliveries) == 4)
        info = (await http.get("getWebhookInfo")).json()["result"]
        await http.get("deleteWebhook")
        ana.says("three")

        assert polled.status_code == 409
        assert got == [("one", "s3-t")] * 3 + [("two", "s3-t")]
        assert [status for _, status in server.deliveries] == [500, 0, 200, 200]
        assert (info["url"], info["pending_update_count"]) == (url, 0)
        left = (await http.get("getUpdates")).json()["result"]
        assert [update["message"]["text"] for update in left] == ["three"]


@pytest.mark.parametrize(
    ("hook", "refused"),
    [
        ({"url": "http://example.org/"}, "bad webhook: an HTTPS URL must be provided for webhook"),
        ({"url": "x", "secret_token": "ä"}, "secret token contains unallowed characters"),
    ],
)
async def test_a_wrong_webhook_is_refused(http, hook, refused):
    got = await http.post("setWebhook", json=hook)

    assert got.json()["description"] == f"Bad Request: {refused}"


async def test_a_profile_is_kept_by_language(http):
    for method, value, most in (
        ("Name", "name", 64),
        ("Description", "description", 512),
        ("ShortDescription", "short_description", 120),
    ):
        await http.post(f"setMy{method}", json={value: "x" * most})
        await http.post(f"setMy{method}", json={value: "y", "language_code": "sw"})
        long = await http.post(f"setMy{method}", json={value: "x" * (most + 1)})

        assert (await http.get(f"getMy{method}")).json()["result"] == {value: "x" * most}
        for code, told in (("sw", "y"), ("de", "x" * most)):
            got = await http.get(f"getMy{method}", params={"language_code": code})
            assert got.json()["result"] == {value: told}
        assert long.status_code == 400


@pytest.mark.parametrize(
    ("commands", "refused"),
    [
        ([("x" * 32, "y" * 256)] * 100, None),
        ([("/x", "y")], None),
        ([("x", "y")] * 101, "BOT_COMMANDS_TOO_MUCH"),
        ([("x" * 33, "y")], "BOT_COMMAND_INVALID"),
        ([("my-stories", "y")], "BOT_COMMAND_INVALID"),
        ([("x", " ")], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([("x", "y" * 257)], "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
async def test_commands_are_checked(http, commands, refused):
    listed = [{"command": name, "description": told} for name, told in commands]

    got = await http.post("setMyCommands", json={"commands": listed})

    assert got.json().get("description") == (f"Bad Request: {refused}" if refused else None)


@pytest.mark.parametrize(
    ("chat", "step", "allowed", "rule"),
    [
        (5, 1.0, 100, None),
        (5, 0.5, 7, "chat"),
        (-5, 1.0, 20, "group"),
        (None, 0.01, 30, "overall"),
    ],
)
def test_only_so_many_messages_fit_into_a_time(chat, step, allowed, rule):
    rates = Rates(on=True)
    sent = 0
    with suppress(Refused):
        for number in range(100):
            rates.check(chat or number, number * step, group=(chat or 0) < 0)
            sent += 1

    assert sent == allowed
    assert [name for _, _, name in rates.violations] == ([rule] if rule else [])


def test_a_seed_repeats_the_same_faults():
    def hit(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault.ERROR, "sendMessage", share=0.3)
        return [faults.pick("sendMessage", 1) is not None for _ in range(50)]

    assert hit(7) == hit(7) != hit(8)
    assert 5 < sum(hit(7)) < 25


def test_waiting_in_vain_says_what_came_instead(server):
    ana = server.person("Ana")

    with pytest.raises(AssertionError, match="1 messages expected in Ana, there are"):
        ana.sees(timeout=0.01)
    with pytest.raises(AssertionError, match="no client sends an empty message"):
        ana.says(" ")
    with pytest.raises(AssertionError, match="did not come to hold"):
        server.until(lambda: False, timeout=0.01)


def test_a_long_text_is_sent_in_pieces(server):
    ana = server.person("Ana")

    ana.says("x" * 5000)

    assert [len(message.text) for message in ana.chat] == [4096, 904]
