"""Telegram calls the program, instead of being asked by it."""

import json
import socket
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from bot.web.site import SECRET_HEADER
from storage.tables import inbox
from tests.doubles.telegram_server import Person, TelegramServer
from tests.telegram.process import (
    INTERVIEW,
    PATIENCE,
    TOLD,
    Running,
    eventually,
    goes_through,
    running,
)

SECRET = "Only-between-the-two_of_them"
PATH = "/telegram/webhook"


@pytest.fixture
def hooked(server: TelegramServer, tmp_path) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    settings = {
        "STORYTRAIL_TELEGRAM_MODE": "webhook",
        "STORYTRAIL_TELEGRAM_WEBHOOK_SECRET": SECRET,
        "STORYTRAIL_PUBLIC_URL": f"http://127.0.0.1:{port}/",
        "STORYTRAIL_HTTP_PORT": str(port),
    }
    with running(server, tmp_path, **settings) as bot:
        server.until(lambda: server.calls("setWebhook"), PATIENCE)
        yield bot


def test_an_interview_by_webhook(server: TelegramServer, hooked: Running, ana: Person) -> None:
    call = server.calls("setWebhook")[0]
    assert call.args["url"] == f"{hooked.url}{PATH}"
    assert call.args["secret_token"] == SECRET
    for line in INTERVIEW:
        goes_through(server, ana, [line])
        eventually(lambda: not hooked.is_sending())
    assert hooked.words() == list(TOLD)
    assert {status for _, status in server.deliveries} == {200}
    assert server.calls("getUpdates") == []
    assert hooked.terminate() == 0


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        ("", b"{}", 403),
        ("another", b'{"update_id": 1}', 403),
        (SECRET, b"no JSON", 400),
        (SECRET, b"[]", 400),
        (SECRET, b'{"update_id": "1"}', 400),
        (SECRET, b'{"update_id": 1}', 200),
    ],
)
def test_what_the_webhook_answers(hooked: Running, secret: str, body: bytes, status: int) -> None:
    assert hooked.answers(PATH, body, {SECRET_HEADER: secret})[0] == status
    assert hooked.kept(select(func.count()).select_from(inbox))[0][0] == 0


def test_what_is_accepted_is_kept_by_then(
    server: TelegramServer, hooked: Running, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    message = {
        "message_id": 4000,
        "from": ana.user,
        "chat": ana.room.wire,
        "date": ana.last.date + 5,
        "text": TOLD[0],
    }
    body = json.dumps({"update_id": 1, "message": message}).encode()
    assert hooked.answers(PATH, body, {SECRET_HEADER: SECRET})[0] == 200
    hooked.kill()
    assert hooked.words() == [TOLD[0]]
