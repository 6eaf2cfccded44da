"""What can go wrong with the database.

StorageError
├── DatabaseUnreachable   it cannot be opened, or the connection was lost
├── DatabaseAbsent        there is none where one is to be read
├── DatabaseBusy          another process held it for longer than the timeout
├── DatabaseReadOnly      it cannot be written
├── DatabaseFull          no room is left for it
├── DatabaseDiskFailed    its file or disk failed while it was read or written
├── DatabaseBroken        it is no database, or a damaged one
├── DatabaseForeign       it is another program's
├── DatabaseNewer         it was made by a later version of Storytrail
├── DatabaseOutdated      it has to be migrated first
├── DatabaseInUse         it should be empty, and is not
├── TransferFailed        a copy has not as many rows as what was copied
└── DefinitionChanged     a flow was changed without a new version

Each says in one sentence what happened and what to do. None carries what a person wrote: driver
errors are known by their name alone.
"""

from sqlalchemy.exc import DBAPIError


class StorageError(Exception):
    """Root of the errors of `storage`."""


class DatabaseUnreachable(StorageError):
    def __init__(self, code: str) -> None:
        super().__init__(
            f"The database cannot be opened ({code}): "
            "check STORYTRAIL_DATABASE_URL and that its folder exists."
        )


class DatabaseAbsent(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "There is no database there yet: `storytrail chat` makes one, "
            "or check STORYTRAIL_DATABASE_URL."
        )


class DatabaseBusy(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "The database is locked by another process: try again when that one is done."
        )


class DatabaseReadOnly(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "The database is read-only: make the file and its folder writable, then try again."
        )


class DatabaseFull(StorageError):
    def __init__(self) -> None:
        super().__init__("There is no room left for the database: free some space, then try again.")


class DatabaseDiskFailed(StorageError):
    def __init__(self, code: str) -> None:
        super().__init__(
            f"The disk failed under the database ({code}): "
            "look at its free space and its health, then try again."
        )


class DatabaseBroken(StorageError):
    def __init__(self, code: str) -> None:
        super().__init__(
            f"The database file cannot be read ({code}): "
            "check STORYTRAIL_DATABASE_URL, or restore a backup."
        )


class DatabaseForeign(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "The database belongs to another program: "
            "check STORYTRAIL_DATABASE_URL; Storytrail wants a file of its own."
        )


class DatabaseNewer(StorageError):
    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is from a newer version of Storytrail (schema {revision}): "
            "install that version, or use another database."
        )


class DatabaseOutdated(StorageError):
    def __init__(self) -> None:
        super().__init__("The database has an older schema: run `storytrail migrate` first.")


class DatabaseInUse(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "The database that STORYTRAIL_DATABASE_URL names is in use already: "
            "copy into one that only `storytrail migrate` has touched."
        )


class TransferFailed(StorageError):
    def __init__(self, table: str) -> None:
        super().__init__(
            f"The rows of {table} could not all be copied, so nothing was: "
            "stop what still writes to the old database and try again."
        )
        self.table = table


class DefinitionChanged(StorageError):
    def __init__(self, name: str, version: int) -> None:
        super().__init__(
            f"The flow {name} was changed but is still called version {version}: "
            f"give it version {version + 1}, so that interviews under way keep theirs."
        )
        self.name, self.version = name, version


def fault_of(error: DBAPIError) -> StorageError | None:
    """The fault behind a driver's error; None where it is not the state of the database."""
    if name := getattr(error.orig, "sqlite_errorname", None):
        return _sqlite_fault(name)
    if hasattr(error.orig, "sqlstate"):
        state = getattr(error.orig, "sqlstate", None)
        return _postgresql_fault(state, is_lost=error.connection_invalidated)
    return None


def _sqlite_fault(name: str) -> StorageError | None:
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return DatabaseBusy()
    if name.startswith("SQLITE_READONLY"):
        return DatabaseReadOnly()
    if name == "SQLITE_FULL":
        return DatabaseFull()
    if name.startswith("SQLITE_IOERR"):
        return DatabaseDiskFailed(name)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return DatabaseUnreachable(name)
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT"):
        return DatabaseBroken(name)
    return None


def _postgresql_fault(state: str | None, *, is_lost: bool) -> StorageError | None:
    """By SQLSTATE; none at all where no server answered."""
    if state is None or is_lost:
        return DatabaseUnreachable("no answer")
    if state in ("55P03", "40P01", "40001", "57014"):  # locked, deadlocked, overtaken, timed out
        return DatabaseBusy()
    if state == "25006":
        return DatabaseReadOnly()
    if state in ("53100", "53200"):
        return DatabaseFull()
    # Connections, credentials, unknown databases, a server that goes or comes.
    if state.startswith(("08", "28", "3D", "53", "57P")):
        return DatabaseUnreachable(state)
    return None
