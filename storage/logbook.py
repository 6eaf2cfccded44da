"""What the background engine has written down of its own: which work it began, and how far it is.

It lies beside the database, as a file or in a schema of its own, and can be done without: it says
when something was done, and never what is to be done.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError

from storage.database import engine_beside, sqlite_path
from storage.errors import DatabaseUnreachable, StorageError, fault_of

SUFFIX = "background"

_TAKE = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_LEAVE = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")


class LogbookClosed(StorageError):
    def __init__(self) -> None:
        super().__init__("The program ends: nothing more is written down.")


class Logbook:
    """Open for one process. `engine` raises a StorageError where the database is away."""

    def __init__(self, url: str, *, timeout: float) -> None:
        path = sqlite_path(url) or Path("storytrail.db")
        self._is_closed = False
        self.engine = engine_beside(url, path.with_name(f"{path.name}.{SUFFIX}"), timeout=timeout)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        event.listen(self.engine, "handle_error", _told)
        event.listen(self.engine.pool, "checkout", self._checked_out)
        self._held: Connection | None = None
        self.schema: str | None = None

    def hold(self, holder: str) -> None:
        """Show the other processes on this database that `holder` is alive, until closed.

        On SQLite there are none. Raises StorageError.
        """
        if self.is_sqlite:
            return
        self._held = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        theirs = self._held.execute(text("SELECT current_schema()")).scalar_one()
        self.schema = f"{'storytrail' if theirs == 'public' else theirs}_{SUFFIX}"
        self._held.execute(_TAKE, {"name": self._name(holder)})

    def still_holds(self) -> None:
        """Raises StorageError where the others can no longer see that the holder is alive."""
        if self._held is not None:
            self._held.execute(text("SELECT 1"))

    @contextmanager
    def in_place_of(self, holder: str) -> Iterator[bool]:
        """Whether `holder` is dead; if so, nobody else acts in its place during the block."""
        if self._held is None:
            yield False
            return
        name = {"name": self._name(holder)}
        if not self._held.execute(_TAKE, name).scalar_one():
            yield False
            return
        try:
            yield True
        finally:
            self._held.execute(_LEAVE, name)

    def close(self) -> None:
        """Whoever still uses it gets LogbookClosed from then on."""
        self._is_closed = True
        if self._held is not None:
            self._held.invalidate()  # the lock goes with the connection
            self._held.close()
            self._held = None
        self.engine.dispose()

    def _name(self, holder: str) -> str:
        return f"{self.schema}: {holder}"

    def _checked_out(self, *_: object) -> None:
        if self._is_closed:
            raise LogbookClosed


def _told(context: ExceptionContext) -> Exception | None:
    """A server that is away, as a StorageError: the engine waits for a driver's error to pass, for
    minutes, and nothing could end it then."""
    error = context.sqlalchemy_exception
    fault = fault_of(error) if isinstance(error, DBAPIError) else None
    return fault if isinstance(fault, DatabaseUnreachable) else None
