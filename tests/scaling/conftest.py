"""An empty PostgreSQL, and what balances calls."""

from collections.abc import Iterator

import pytest

from tests.doubles.telegram_server import Person, TelegramServer, telegram_server
from tests.scaling.several import Balancer, balanced


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server(patience=0.2) as server:
        yield server


@pytest.fixture
def ana(server: TelegramServer) -> Person:
    return server.person("Ana")


@pytest.fixture
def balancer() -> Iterator[Balancer]:
    with balanced() as balancer:
        yield balancer
