"""A backup is one SQLite file that holds the whole database, whichever kind that is of.

It is written beside its place and put there when it is whole and was checked. On the way back the
database is changed in one step, by SQLite or PostgreSQL itself: whoever kills it finds the old one
or the new one.
"""

import errno
import glob
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, inspect, select, text

from storage.database import Database, is_absent, sqlite_path
from storage.erasure import Erased, Erasing
from storage.errors import (
    BackupIsDatabase,
    BackupNewer,
    BackupThere,
    BackupUnusable,
    BackupUnwritable,
    DatabaseAbsent,
    DatabaseBroken,
    DatabaseBusy,
    DatabaseFilled,
    DatabaseForeign,
    DatabaseFull,
    sqlite_fault,
)
from storage.journal import Journal
from storage.migrations import KNOWN, current, ensure_current, upgrade
from storage.tables import erasures, metadata
from storage.transfer import is_empty, transfer, transfer_within

BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file while it is open, or after a crash."""

OURS = (*BESIDE, ".background", ".erased", ".key", ".lock", ".restoring")
"""What lies beside a SQLite database and belongs to it."""

RETRY = 0.25  # seconds between two tries for a file that another process holds


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds: its schema, and the rows of each table."""

    schema: str
    tables: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(self.tables.values())


@dataclass(frozen=True, slots=True)
class Restored:
    """`erased` is how many erasures were done again. Where the database `was_broken`, those were
    known from the journal alone."""

    contents: Contents
    erased: int
    was_broken: bool = False


# ---- making one ----


def back_up(url: str, to: Path, *, timeout: float, force: bool = False) -> Contents:
    """Write all that the database holds at this moment into the file `to`; what that is.

    Others may go on writing. `timeout` is how many seconds a database that is held is waited for.
    Raises BackupThere, BackupIsDatabase, BackupUnwritable and other StorageErrors, and OSError.
    """
    path = sqlite_path(url)
    if path is not None:
        _keep_off(path, to)
    with _written(to, force=force) as part:
        if path is not None:
            if is_absent(url):
                raise DatabaseAbsent
            _copy_file(path, part, timeout)
        else:
            _copy_rows(url, part, timeout)
        return contents(part, name=to.name)


def _keep_off(database: Path, to: Path) -> None:
    """Raises BackupIsDatabase where `to` would overwrite the database, or what belongs to it."""
    its_own = (database, *(_beside(database, end) for end in OURS))
    if to.resolve() in [each.resolve() for each in its_own]:
        raise BackupIsDatabase


@contextmanager
def _written(to: Path, *, force: bool) -> Iterator[Path]:
    """An empty file beside `to`, which becomes `to` when the block ends well."""
    if to.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(to))
    if to.exists() and not force:
        raise BackupThere(to.name)
    for cut_off in to.parent.glob(f"{glob.escape(to.name)}.*.part*"):
        cut_off.unlink(missing_ok=True)  # by a kill, and it holds what people told
    part = to.with_name(f"{to.name}.{secrets.token_hex(4)}.part")
    try:
        try:
            # Made here, for its mode: nobody else may read it, not even while it is written.
            _make(part)
            yield part
        except DatabaseFull:
            raise BackupUnwritable(to.name, "no room is left there") from None
        except OSError as error:
            raise BackupUnwritable(to.name, str(error.strerror).lower()) from None
        _sync(part)
        part.replace(to)
        _sync(to.parent)
    finally:
        _remove(part)


def _copy_file(database: Path, to: Path, timeout: float) -> None:
    """Of live pages only: what was erased from the database is not in its free ones either."""
    with _told(), closing(_opened(database, "rw", timeout=timeout)) as connection:
        _schema(connection)  # a file that is no database is told before anything is written
        connection.execute("VACUUM INTO ?", (str(to),))


def _copy_rows(url: str, to: Path, timeout: float) -> None:
    """From one snapshot, and counted."""
    with (
        closing(Database(url, timeout=timeout)) as source,
        closing(Database(f"sqlite:///{to}", timeout=timeout)) as target,
    ):
        source.read_now(ensure_current)
        target.write_now(upgrade)
        transfer(source, target)
    with _told(), closing(_opened(to, "rw")) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # so that it can be read by itself


# ---- looking at one ----


def contents(path: Path, *, name: str | None = None) -> Contents:
    """What the backup at `path` holds, once it was found whole. `name` is what it is called.

    Raises BackupUnusable, BackupNewer and OSError.
    """
    name = name or path.name
    with path.open("rb"):
        pass  # an OSError says better than SQLite why it cannot be read
    log = _beside(path, "-wal")
    if log.exists() and log.stat().st_size:
        raise BackupUnusable(name, "a log of writes lies beside it, so it is a database in use")
    try:
        with closing(_opened(path, "ro&immutable=1")) as connection:
            schema = _schema(connection)
            if schema not in KNOWN:
                raise BackupNewer(name, schema)
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if found != ("ok",):
                raise BackupUnusable(name, "it is damaged")
            return Contents(schema, dict(_counted(connection)))
    except DatabaseForeign:
        raise BackupUnusable(name, "it is something else") from None
    except sqlite3.DatabaseError as error:
        is_other = getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB"
        raise BackupUnusable(
            name, "it is something else" if is_other else "it is damaged"
        ) from None


def _schema(connection: sqlite3.Connection) -> str:
    """Raises DatabaseForeign."""
    if "alembic_version" not in _tables(connection):
        raise DatabaseForeign
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if found is None:
        raise DatabaseForeign
    return str(found[0])


def _counted(connection: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    for table in sorted(_tables(connection) - {"alembic_version"}):
        quoted = table.replace('"', '""')
        count = connection.execute(f'SELECT count(*) FROM "{quoted}"')  # noqa: S608 quoted
        yield table, int(count.fetchone()[0])


def _tables(connection: sqlite3.Connection) -> set[str]:
    listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in listed if not name.startswith("sqlite_")}


# ---- putting one back ----


def restore(
    backup: Path,
    url: str,
    *,
    timeout: float,
    journal: Journal,
    replace: bool = False,
    drop: Sequence[Path] = (),
) -> Restored:
    """Put a backup in the place of the database, without what was erased since it was made.

    A PostgreSQL database that holds anything is only replaced if `replace` says so. Nobody else
    may write meanwhile. Files to `drop` are about the database that is replaced, and can be made
    anew. Raises BackupUnusable, BackupNewer, DatabaseFilled, other StorageErrors,
    and OSError; the database is then as it was.
    """
    found = contents(backup)
    path = sqlite_path(url)
    if path is not None:
        is_absent(url)  # raises where there is no such folder
        return _restore_file(backup, path, found, timeout=timeout, journal=journal, drop=drop)
    with (
        TemporaryDirectory(prefix="storytrail-") as folder,  # which nobody else can read
        closing(Database(url, timeout=timeout)) as target,
    ):
        if target.is_sqlite:
            raise DatabaseAbsent  # it is one in memory
        with closing(_made_ready(backup, Path(folder) / "restoring")) as ready:
            erased = _replace_rows(ready, target, journal, replace=replace)
    return Restored(found, erased)


def _restore_file(
    backup: Path,
    path: Path,
    found: Contents,
    *,
    timeout: float,
    journal: Journal,
    drop: Sequence[Path],
) -> Restored:
    gone, was_broken = _erased_from(path, timeout)
    ready = _beside(path, ".restoring")
    try:
        with closing(_made_ready(backup, ready)) as database:
            erased = journal.settle(database, also=gone)
        for each in drop:  # first: it must never be taken for what is about the new one
            _remove(each)
        _put(ready, path, timeout)
    finally:
        _remove(ready)
    return Restored(found, erased, was_broken)


def _made_ready(backup: Path, at: Path) -> Database:
    """A copy of the backup, of the current schema."""
    _remove(at)
    _make(at)
    with _told(), closing(_opened(backup, "ro&immutable=1")) as connection:
        connection.execute("VACUUM INTO ?", (str(at),))
    database = Database(f"sqlite:///{at}")
    try:
        database.write_now(upgrade)
    except BaseException:
        database.close()
        raise
    return database


def _erased_from(path: Path, timeout: float) -> tuple[list[Erasing], bool]:
    """What the database that is replaced knows to be erased, and whether it was broken.

    Raises DatabaseForeign where it is another program's: that one is not ours to replace.
    """
    if not path.exists() or not path.stat().st_size:
        return [], False
    try:
        with closing(Database(f"sqlite:///{path}", timeout=timeout)) as database:
            return database.read_now(_recorded), False
    except DatabaseBroken:
        return [], True


def _recorded(connection: Connection) -> list[Erasing]:
    current(connection)
    if not inspect(connection).has_table(erasures.name):
        return []  # of before anything could be erased
    rows = connection.execute(select(erasures).order_by(erasures.c.id))
    return [Erasing(Erased(row.kind), row.of, row.erased_at) for row in rows]


def _put(ready: Path, path: Path, timeout: float) -> None:
    """All pages of `ready` into the database, in one transaction of SQLite's.

    Not by another file in its place: whoever has the old one open would go on writing into it.
    """
    if path.exists() and path.stat().st_size:
        with suppress(DatabaseBroken):
            _overwrite(ready, path, timeout)
            return
    # There is nothing to overwrite, or nothing that SQLite can read.
    _sync(ready)
    for end in BESIDE:
        _beside(path, end).unlink(missing_ok=True)
    ready.replace(path)
    _sync(path.parent)


def _overwrite(ready: Path, path: Path, timeout: float) -> None:
    tries = iter(range(int(timeout / RETRY)))

    def held(status: int, _remaining: int, _pages: int) -> None:
        # Python itself would try for ever.
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and next(tries, None) is None:
            raise DatabaseBusy

    with (
        _told(),
        closing(_opened(ready, "ro")) as new,
        closing(_opened(path, "rw", timeout=0)) as old,
    ):
        old.execute("PRAGMA synchronous=FULL")
        new.backup(old, progress=held, sleep=RETRY)
        old.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _replace_rows(ready: Database, target: Database, journal: Journal, *, replace: bool) -> int:
    """How many erasures were done again. Raises DatabaseFilled."""

    def work(writing: Connection) -> int:
        upgrade(writing)
        names = ", ".join(table.name for table in metadata.sorted_tables)
        # Whoever runs still waits here, and cannot erase anything that we would not know of.
        writing.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
        if not replace and not is_empty(writing):
            raise DatabaseFilled
        erased = journal.settle(ready, also=_recorded(writing))
        writing.execute(text(f"TRUNCATE {names}"))
        ready.read_now(lambda reading: transfer_within(reading, writing))
        return erased

    return target.write_now(work)


# ---- files ----


def _opened(path: Path, mode: str, *, timeout: float = 5.0) -> sqlite3.Connection:
    """A file that is there; none is made."""
    at = f"{path.resolve().as_uri()}?mode={mode}"
    return sqlite3.connect(at, uri=True, timeout=timeout, isolation_level=None)


@contextmanager
def _told() -> Iterator[None]:
    """SQLite's own errors as a StorageError."""
    try:
        yield
    except sqlite3.Error as error:
        fault = sqlite_fault(getattr(error, "sqlite_errorname", None) or "")
        if fault is None:
            raise
        raise fault from None


def _make(path: Path) -> None:
    """An empty file that only its owner can read."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _beside(path: Path, end: str) -> Path:
    return path.with_name(f"{path.name}{end}")


def _remove(path: Path) -> None:
    for each in (path, *(_beside(path, end) for end in BESIDE)):
        each.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """On the disk, whatever happens next; a folder where the system can do that."""
    with suppress(PermissionError, IsADirectoryError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
