"""A Telegram server on loopback, and the program that runs on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.telegram_server import Person, TelegramServer, telegram_server
from tests.running import Running
from tests.telegram.process import running


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server() as server:
        yield server


@pytest.fixture
def bot(server: TelegramServer, tmp_path: Path) -> Iterator[Running]:
    with running(server, tmp_path) as bot:
        yield bot


@pytest.fixture
def ana(server: TelegramServer) -> Person:
    return server.person("Ana")
