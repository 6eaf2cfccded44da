"""The databases that tests run on: a new file, and a schema of a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders import emptied, fresh
from tests.servers import a_database, server_url

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def schema() -> Iterator[str]:
    """A migrated schema for all the tests of this process, each of which empties it first."""
    with a_database(server_url()) as url:
        yield url


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a current database in which nothing happened yet."""
    return fresh(tmp_path)


@pytest.fixture
def on_postgresql(schema: str) -> str:
    """The same in PostgreSQL, by its address."""
    emptied(schema)
    return schema


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str:
    """The address of either."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('path')}"
    return str(request.getfixturevalue("on_postgresql"))
