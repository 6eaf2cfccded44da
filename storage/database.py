"""The database: writers, readers beside them, and faults told in one sentence.

On SQLite one thread writes; on PostgreSQL a small pool of them does.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from storage.errors import DatabaseUnreachable, fault_of
from storage.prepared import as_sqlalchemy

T = TypeVar("T")

WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # a turn that was acknowledged survives a loss of power
    "secure_delete=ON",  # what is erased is overwritten
    "foreign_keys=ON",
)
READER_PRAGMAS = ("query_only=ON",)

NO_ADDRESS = "the address is not one of a database"

CUT_LINES = {
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,  # milliseconds
}
"""When a connection to PostgreSQL is given up whose other end is silent: systems wait for hours."""

WRITERS = 4  # threads that write to PostgreSQL, a connection each


class Database:
    """An open database. Work is a function of a connection, run in one transaction."""

    def __init__(self, url: str, *, timeout: float = 5.0) -> None:
        """`timeout` is how many seconds a database that another process holds is waited for."""
        parsed = _parsed(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writing = _sqlite(parsed, timeout, WRITER_PRAGMAS)
            self._reading = _sqlite(parsed, timeout, READER_PRAGMAS)
            event.listen(self._reading, "begin", _begun)
        else:
            self._writing = _postgresql(parsed, timeout)
            # One snapshot for all that a reader asks.
            self._reading = self._writing.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # Each writer's connection, and how often one was lost by then. By the number of its thread:
        # what is local to a thread goes in a fork of this process, and would end the session.
        self._held: dict[int, tuple[Connection, int]] = {}
        self._lost = 0  # how often the server went away
        self._writers = [
            threading.Thread(target=self._keep_writing, name=f"writer-{n}", daemon=True)
            for n in range(1 if self.is_sqlite else WRITERS)
        ]
        for writer in self._writers:
            writer.start()

    @property
    def driver_arguments(self) -> dict[str, Any]:
        """What the driver connects with, for a connection beside these."""
        _, named = self._writing.dialect.create_connect_args(self._writing.url)
        return dict(named)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, run in one transaction on a writer's thread and committed."""
        return await asyncio.wrap_future(self._submit(work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, run on one snapshot beside the writers."""
        return await asyncio.to_thread(self._read, work)

    def write_now(self, work: Callable[[Connection], T]) -> T:
        """As `write`, for programs without an event loop."""
        return self._submit(work).result()

    def read_now(self, work: Callable[[Connection], T]) -> T:
        return self._read(work)

    def submit(self, work: Callable[[], None]) -> None:
        """Have `work`, which raises nothing, run on a writer's thread as soon as one is free."""
        self._work.put(work)

    def sweep(self) -> None:
        """Have nothing that was erased stay behind in SQLite's log of writes.

        Waits for readers as long as for anything; where one goes on reading, the next sweep or the
        next start does it.
        """
        if not self.is_sqlite:
            return
        future: Future[None] = Future()

        def run() -> None:
            try:
                with faults_told():
                    self._connection().connection.cursor().execute(
                        "PRAGMA wal_checkpoint(TRUNCATE)"
                    )
                future.set_result(None)
            except BaseException as error:
                future.set_exception(error)

        self._work.put(run)
        future.result()

    def close(self) -> None:
        """What was submitted is done first."""
        for _ in self._writers:
            self._work.put(None)
        for writer in self._writers:
            writer.join()
        self._writing.dispose()
        self._reading.dispose()

    def write_here(self, work: Callable[[Connection], T]) -> T:
        """As `write_now`, for whoever is on a writer's thread already."""
        with faults_told():
            connection = self._connection()
            try:
                self._begin(connection)
                done = work(connection)
                _commit(connection)
                return done
            except BaseException as error:
                # It may be lost, or in a state that nobody knows; and where the server went,
                # those of the other writers are lost too.
                is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
                self._lost += is_lost
                self._let_go(is_lost=is_lost)
                raise

    def _submit(self, work: Callable[[Connection], T]) -> "Future[T]":
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(self.write_here(work))
            except BaseException as error:
                future.set_exception(error)

        self._work.put(run)
        return future

    def _keep_writing(self) -> None:
        while (work := self._work.get()) is not None:
            work()
        self._let_go()

    def _connection(self) -> Connection:
        """This thread's own, kept from one transaction to the next."""
        lost, writer = self._lost, threading.get_ident()
        if writer in self._held and self._held[writer][1] != lost:
            self._let_go()
        if writer not in self._held:
            self._held[writer] = self._writing.connect(), lost
        return self._held[writer][0]

    def _begin(self, connection: Connection) -> None:
        # On the driver, as prepared statements run: SQLAlchemy's begin and commit cost as much as
        # several of them. PostgreSQL's driver begins with the first statement.
        if self.is_sqlite:
            _execute(connection, "BEGIN IMMEDIATE")

    def _let_go(self, *, is_lost: bool = False) -> None:
        held, _ = self._held.pop(threading.get_ident(), (None, 0))
        if held is not None:
            with suppress(DBAPIError):
                if is_lost:
                    held.invalidate()  # there is nothing to roll back on
                held.close()

    def _read(self, work: Callable[[Connection], T]) -> T:
        with faults_told(), self._reading.connect() as connection:
            return work(connection)


def _execute(connection: Connection, sql: str) -> None:
    raw: Any = connection.connection.dbapi_connection
    try:
        raw.execute(sql)
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemy(connection, sql, error) from None


def _commit(connection: Connection) -> None:
    if connection.in_transaction():  # SQLAlchemy began one too, when it ran a statement
        connection.commit()
        return
    raw: Any = connection.connection.dbapi_connection
    try:
        raw.commit()
    except connection.dialect.loaded_dbapi.Error as error:
        raise as_sqlalchemy(connection, "COMMIT", error) from None


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


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # it may hold a password, so that neither is shown
        raise DatabaseUnreachable(NO_ADDRESS) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise DatabaseUnreachable(f"{parsed.get_backend_name()} is not supported")
    return parsed


def _made(url: URL, **how: Any) -> Engine:
    try:
        return create_engine(url, hide_parameters=True, **how)
    except NoSuchModuleError:
        raise DatabaseUnreachable(NO_ADDRESS) from None


def _sqlite(
    url: URL, timeout: float, pragmas: tuple[str, ...], *, begins: str | None = None
) -> Engine:
    # The driver begins transactions by itself and too late: before the first write, not the
    # first read. So it is told not to (isolation_level), and we begin them.
    engine = _made(
        url,
        connect_args={"timeout": timeout, "isolation_level": begins, "check_same_thread": False},
    )

    def connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", connected)
    return engine


def _begun(connection: Connection) -> None:
    """A reader's transaction on SQLite, whenever SQLAlchemy begins one."""
    _execute(connection, "BEGIN")


def _postgresql(url: URL, timeout: float) -> Engine:
    engine = _made(
        url,
        pool_size=WRITERS,
        max_overflow=WRITERS,  # for the readers
        # A connection that a restart of the server broke is found out before it is used.
        pool_pre_ping=True,
        connect_args={"connect_timeout": max(1, round(timeout)), **CUT_LINES},
    )

    def connected(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET timezone TO 'UTC'")
            cursor.execute(f"SET lock_timeout TO {round(timeout * 1000)}")  # milliseconds
        connection.commit()

    event.listen(engine, "connect", connected)
    return engine


def engine_beside(url: str, path: Path, *, timeout: float) -> Engine:
    """For what is no part of the database: on SQLite the file at `path`, else the same server.

    On SQLite a transaction is begun by the driver, and what was committed last may be lost with
    the power: whoever uses this can do without it.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite":
        return _postgresql(parsed, timeout)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")
    return _sqlite(parsed.set(database=str(path)), timeout, pragmas, begins="IMMEDIATE")


def is_absent(url: str) -> bool:
    """Whether the address is one of a SQLite file that does not exist yet.

    Raises DatabaseUnreachable where its folder does not exist either.
    """
    path = sqlite_path(url)
    if path is None:
        return False
    if not path.parent.is_dir():
        raise DatabaseUnreachable("no such folder")
    return not path.exists()


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite database; None where it is in memory, or another one."""
    parsed = _parsed(url)
    name = parsed.database or ":memory:"
    if parsed.get_backend_name() != "sqlite" or name == ":memory:" or name.startswith("file:"):
        return None
    return Path(name)
