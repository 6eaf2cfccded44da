"""Telegram calls the program, instead of being asked by it."""

import json
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from select import select as select_now

import pytest
from sqlalchemy import func, select

from bot.web.telegram_webhook import SECRET_HEADER
from storage.tables import inbox
from tests.doubles.telegram_server import Person, TelegramServer
from tests.running import PATIENCE, TOLD, Line, Running, eventually, held
from tests.telegram.process import INTERVIEW, comes, goes_through, running

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
        "STORYTRAIL_DATABASE_TIMEOUT": "0.5",
    }
    with running(server, tmp_path, **settings) as bot:
        server.until(lambda: server.calls("setWebhook"), PATIENCE)
        yield bot


def test_an_interview_by_webhook(server: TelegramServer, hooked: Running, ana: Person) -> None:
    call = server.calls("setWebhook")[0]
    assert call.args["url"] == f"{hooked.url}{PATH}"
    assert call.args["secret_token"] == SECRET
    goes_on(server, hooked, ana, INTERVIEW)
    assert hooked.words() == list(TOLD)
    assert {status for _, status in server.deliveries} == {200}
    assert server.calls("getUpdates") == []
    assert hooked.terminate() == 0


def goes_on(server: TelegramServer, bot: Running, person: Person, lines: Sequence[Line]) -> None:
    """Line by line, each once the bot knows that it asked: a call is here before that otherwise."""
    for line in lines:
        goes_through(server, person, [line])
        eventually(lambda: not bot.is_sending())


@pytest.mark.parametrize(
    ("secret", "body", "status"),
    [
        ("", b"{}", 403),
        ("another", b'{"update_id": 1}', 403),
        (SECRET, b"no JSON", 400),
        (SECRET, b"[]", 400),
        (SECRET, b'{"update_id": "1"}', 400),
        (SECRET, b"", 400),
        (SECRET, b'{"update_id": 1, "message"', 400),
        (SECRET, b"\xff\xfe", 400),
        (SECRET, b"[" * 100_000, 400),
        (SECRET, b'{"update_id": 1}', 200),
    ],
)
def test_what_the_webhook_answers(hooked: Running, secret: str, body: bytes, status: int) -> None:
    assert hooked.answers(PATH, body, {SECRET_HEADER: secret})[0] == status
    assert hooked.kept(select(func.count()).select_from(inbox))[0][0] == 0


TOO_LONG = 40 * 1_048_576  # more than the engine takes, which is loaded while it runs
PIECE = b" " * 65_536


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("secret", "status"), [(SECRET, 413), ("another", 403)])
def test_a_body_that_is_too_long_is_refused_before_it_is_there(
    server: TelegramServer, hooked: Running, ana: Person, chunked: bool, secret: str, status: int
) -> None:
    goes_on(server, hooked, ana, INTERVIEW[:2])
    before = hooked.memory()
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {TOO_LONG}"
    head = f"POST {PATH} HTTP/1.1\r\nHost: here\r\n{SECRET_HEADER}: {secret}\r\n{length}\r\n\r\n"
    piece = b"%x\r\n%b\r\n" % (len(PIECE), PIECE) if chunked else PIECE
    with socket.create_connection(address(hooked), timeout=PATIENCE) as there:
        there.sendall(head.encode())
        sent = 0
        while sent < TOO_LONG // 4 and not is_answered(there):
            there.sendall(piece)
            sent += len(PIECE)
        # The rest never comes, and it is not waited for.
        assert there.recv(1_024).startswith(f"HTTP/1.1 {status} ".encode())
    assert hooked.memory() < before + TOO_LONG // 1_024
    goes_on(server, hooked, ana, INTERVIEW[2:])
    assert hooked.words() == list(TOLD)
    assert "Traceback" not in hooked.log.read_text()


def address(bot: Running) -> tuple[str, int]:
    host, _, port = bot.url.removeprefix("http://").partition(":")
    return host, int(port)


def is_answered(there: socket.socket) -> bool:
    return bool(select_now([there], [], [], 0)[0])


def test_killed_between_receiving_and_keeping_it_is_called_again(
    server: TelegramServer, hooked: Running, ana: Person
) -> None:
    goes_on(server, hooked, ana, INTERVIEW[:2])
    with held(hooked.path):
        calls = len(server.deliveries)
        server.later(2)
        ana.says(TOLD[0])
        # Busy for longer than it waits: 503, and Telegram calls again.
        server.until(lambda: 503 in [status for _, status in server.deliveries[calls:]], PATIENCE)
        hooked.kill()
        assert hooked.words() == []
    hooked.start()
    comes(server, ana, "2 / 7")
    eventually(lambda: not hooked.is_sending())
    goes_on(server, hooked, ana, INTERVIEW[3:])
    assert hooked.words() == list(TOLD)


def test_a_token_that_is_wrong_from_the_start_is_told_of(
    server: TelegramServer, tmp_path: Path
) -> None:
    settings = {
        "STORYTRAIL_TELEGRAM_TOKEN": "1:a-token-that-is-nobodys",
        "STORYTRAIL_TELEGRAM_MODE": "webhook",
        "STORYTRAIL_TELEGRAM_WEBHOOK_SECRET": SECRET,
        "STORYTRAIL_PUBLIC_URL": "http://127.0.0.1:9/",
    }
    with running(server, tmp_path, **settings) as bot:
        eventually(lambda: bot.answers("/readyz")[0] == 503)
        assert json.loads(bot.answers("/readyz")[1])["telegram"] == "failing"
        assert "a-token-that-is-nobodys" not in bot.log.read_text()


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
