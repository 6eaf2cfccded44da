"""The double by raw HTTP: how strict it is, and its webhook."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.doubles.telegram_server import TelegramServer, telegram_server
from tests.doubles.telegram_wire import read_request, response


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
