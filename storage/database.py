"""The database: one writer, readers beside it, and faults told in one sentence."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from storage.errors import DatabaseUnreachable, fault_of

T = TypeVar("T")

WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a turn that was acknowledged survives a loss of power
    "secure_delete=ON",  # what is erased is overwritten
    "foreign_keys=ON",
)
READER_PRAGMAS = ("query_only=ON",)

NO_ADDRESS = "the address is not one of a database"


class Database:
    """An open database. Writes go through one thread, one after another; reads beside them."""

    def __init__(self, url: str, *, timeout: float = 5.0) -> None:
        """`timeout` is how many seconds a database that another process holds is waited for."""
        self.url = url
        self._writing = _engine(url, timeout, "BEGIN IMMEDIATE", WRITER_PRAGMAS)
        self._reading = _engine(url, timeout, "BEGIN", READER_PRAGMAS)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, run in one transaction on the writer's thread and committed."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, run on one snapshot beside the writer."""
        return await asyncio.to_thread(self._read, work)

    @property
    def is_sqlite(self) -> bool:
        return self._writing.dialect.name == "sqlite"

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """As `write`, for programs without an event loop."""
        return self._writer.submit(self._write, work).result()

    def read_now(self, work: Callable[[Connection], T]) -> T:
        return self._read(work)

    def close(self) -> None:
        self._writer.shutdown()
        self._writing.dispose()
        self._reading.dispose()

    def _write(self, work: Callable[[Connection], T]) -> T:
        with faults_told(), self._writing.begin() as connection:
            return work(connection)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with faults_told(), self._reading.connect() as connection:
            return work(connection)


@contextmanager
def faults_told() -> Iterator[None]:
    """Errors of the driver that are the database's state, as a StorageError."""
    try:
        yield
    except DBAPIError as error:
        fault = fault_of(error)
        if fault is None:
            raise
        # `from None`: a driver's error may quote what was being written.
        raise fault from None


def _engine(url: str, timeout: float, begin: str, pragmas: tuple[str, ...]) -> Engine:
    try:
        parsed = _parsed(url)
        if parsed.get_backend_name() != "sqlite":
            raise DatabaseUnreachable(f"{parsed.get_backend_name()} is not supported")
        engine = create_engine(
            parsed,
            hide_parameters=True,
            connect_args={"timeout": timeout, "isolation_level": None, "check_same_thread": False},
        )
    except NoSuchModuleError:
        raise DatabaseUnreachable(NO_ADDRESS) from None

    def connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    # The driver begins transactions by itself and too late: before the first write, not the
    # first read. So it is told not to (isolation_level above), and this begins them.
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def is_absent(url: str) -> bool:
    """Whether the address is one of a SQLite file that does not exist yet.

    Raises DatabaseUnreachable where its folder does not exist either.
    """
    parsed = _parsed(url)
    name = parsed.database or ":memory:"
    if parsed.get_backend_name() != "sqlite" or name == ":memory:" or name.startswith("file:"):
        return False
    if not Path(name).parent.is_dir():
        raise DatabaseUnreachable("no such folder")
    return not Path(name).exists()


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # it may hold a password, so that neither is shown
        raise DatabaseUnreachable(NO_ADDRESS) from None
