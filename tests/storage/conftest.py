from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from storage.database import Database
from tests.builders import closing, migrated


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file as the program makes it, to be copied."""
    path = tmp_path_factory.mktemp("fresh") / "fresh.db"
    migrated(path)
    return path


@pytest.fixture
def path(fresh: Path, tmp_path: Path) -> Path:
    """The file of a current database without people."""
    return Path(copyfile(fresh, tmp_path / "storytrail.db"))


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{path}", timeout=0.2)) as opened:
        yield opened


@pytest.fixture(scope="module")
def lasting(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database for many made-up cases, of which none is kept."""
    file = copyfile(fresh, tmp_path_factory.mktemp("lasting") / "storytrail.db")
    with closing(Database(f"sqlite:///{file}")) as opened:
        yield opened
