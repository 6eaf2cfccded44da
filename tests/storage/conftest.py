from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from tests.builders import closing, fresh, furnish, kept, opened
from tests.conftest import BOTH
from tests.servers import a_database, server_url


@pytest.fixture
def on_file(path: Path) -> Iterator[Database]:
    """The database in the file `path`."""
    with closing(opened(path)) as database:
        yield database


@pytest.fixture(scope="session", params=BOTH)
def lasting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database for many made-up cases, of which none is kept."""
    if request.param == "sqlite":
        file = fresh(tmp_path_factory.mktemp("lasting"))
        with closing(Database(f"sqlite:///{file}")) as database:
            yield database
        return
    with a_database(server_url()) as url, closing(Database(url)) as database:
        kept(database, furnish)
        yield database
