"""The databases that tests run on: a new file, and a schema of a real PostgreSQL.

Also the interview and the texts as they are shipped, and how tests are shared out to processes.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url

from config import definitions
from config.definitions import Definitions
from storage.database import Database
from tests.builders import closing, emptied, fresh, opened
from tests.servers import a_database, server_url
from tests.stage import HeardTexts

BOTH = ("sqlite", "postgresql")

# ---- several processes ----


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """With `-n auto` three for two processors.

    A test waits a third of its time: for PostgreSQL, for a program that begins, for a pause before
    something is tried again.
    """
    found = yield
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return found
    return found + found // 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: else all others wait at the end for whoever came upon the last of them.

    They are those that may take longer than others. One process gets all of them, and while it is
    at work with them, the others take the rest of its share.
    """
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


# ---- what is said ----


@pytest.fixture(scope="session")
def shipped() -> Definitions:
    return definitions.load()


@pytest.fixture(scope="session")
def texts() -> HeardTexts:
    loaded = HeardTexts.load()
    assert isinstance(loaded, HeardTexts)
    return loaded


# ---- databases ----


@pytest.fixture(scope="session")
def schema() -> Iterator[Engine]:
    """A migrated schema for all the tests of this process, each of which empties it first."""
    with a_database(server_url()) as url:
        # Kept open, because to connect takes as long as to empty it.
        at = make_url(url).set(drivername="postgresql+psycopg")
        engine = create_engine(at)
        yield engine
        engine.dispose()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a current database in which nothing happened yet."""
    return fresh(tmp_path)


@pytest.fixture
def on_postgresql(schema: Engine) -> str:
    """The same in PostgreSQL, by its address."""
    emptied(schema)
    return _address(schema)


def _address(schema: Engine) -> str:
    url = schema.url.set(drivername="postgresql").render_as_string(hide_password=False)
    before, mark, options = url.partition("?")
    # libpq takes a plus for a plus.
    return f"{before}{mark}{options.replace('+', '%20')}"


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest) -> str:
    """The address of either."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('path')}"
    return str(request.getfixturevalue("on_postgresql"))


@pytest.fixture(scope="session")
def on_server(schema: Engine) -> Iterator[Database]:
    """One for all tests on PostgreSQL: to connect, and to compile each statement anew, takes longer
    than most of them. None may close it, or leave it in another state."""
    with closing(opened(_address(schema))) as database:
        yield database


@pytest.fixture
def database(request: pytest.FixtureRequest, url: str) -> Iterator[Database]:
    """It is current, and nothing happened in it yet."""
    if not url.startswith("sqlite:"):
        yield request.getfixturevalue("on_server")
        return
    with closing(opened(url)) as database:
        yield database
