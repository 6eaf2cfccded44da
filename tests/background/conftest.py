"""A Telegram server on loopback: without a platform the program does not run."""

from collections.abc import Iterator

import pytest

from tests.doubles.telegram_server import TelegramServer, telegram_server


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server() as server:
        yield server
