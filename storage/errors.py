"""What can go wrong with the database.

StorageError
├── DatabaseUnreachable   it cannot be opened, or the connection was lost
├── DatabaseAbsent        there is none where one is to be read
├── DatabaseBusy          another process held it for longer than the timeout
│   └── DatabaseEntangled two transactions waited for each other, and this one was let go
├── DatabaseReadOnly      it cannot be written
├── DatabaseForbidden     the role may not do that
├── DatabaseFull          no room is left for it
├── DatabaseDiskFailed    its file or disk failed while it was read or written
├── DatabaseBroken        it is no database, or a damaged one
├── DatabaseForeign       it is another program's
├── DatabaseNewer         it was made by a later version of Storytrail
├── DatabaseOutdated      it has to be migrated first
├── DatabaseInUse         it should be empty, and is not
├── LeaseLost             another process sends for this platform now
├── TransferFailed        a copy has not as many rows as what was copied
├── BackupThere           where a backup is to be written there is something
├── BackupIsDatabase      a backup would overwrite what it is made of
├── BackupUnwritable      a backup cannot be written there
├── BackupUnusable        what is to be restored is no backup, or a damaged one
├── BackupNewer           it was made by a later version of Storytrail
├── DatabaseFilled        a backup would replace what nobody allowed to be replaced
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


class DatabaseEntangled(DatabaseBusy):
    """Done again at once, it goes through: the other one is."""


class DatabaseReadOnly(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "The database is read-only: make the file and its folder writable, then try again."
        )


class DatabaseForbidden(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "The role in the address of the database may not do that: "
            "use the one that owns its tables."
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


class LeaseLost(StorageError):
    def __init__(self) -> None:
        super().__init__("Another process sends for this platform now.")


class TransferFailed(StorageError):
    def __init__(self, table: str) -> None:
        super().__init__(
            f"The rows of {table} could not all be copied, so nothing was: "
            "stop what still writes to the old database and try again."
        )
        self.table = table


class BackupThere(StorageError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} is there already: choose another name, or replace it with --force."
        )


class BackupIsDatabase(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "That file is the database itself, or belongs to it: "
            "choose another name for the backup."
        )


class BackupUnwritable(StorageError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} cannot be written ({why}): choose another place, or make room.")


class BackupUnusable(StorageError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            f"{name} is no backup that can be restored ({why}): "
            "name a file that `storytrail backup` made."
        )


class BackupNewer(StorageError):
    def __init__(self, name: str, revision: str) -> None:
        super().__init__(
            f"{name} is from a newer version of Storytrail (schema {revision}): "
            "install that version, or restore an older backup."
        )


class DatabaseFilled(StorageError):
    def __init__(self) -> None:
        super().__init__(
            "The database is not empty: make a backup of it, "
            "then have it replaced by this one with --replace."
        )


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
        return sqlite_fault(name)
    if hasattr(error.orig, "sqlstate"):
        state = getattr(error.orig, "sqlstate", None)
        return _postgresql_fault(state, is_lost=error.connection_invalidated)
    return None


def sqlite_fault(name: str) -> StorageError | None:
    """The fault that SQLite calls `name`; None where it is not the state of the database."""
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
    if state == "40P01":
        return DatabaseEntangled()
    if state in ("55P03", "40001", "57014"):  # locked, overtaken, timed out
        return DatabaseBusy()
    if state == "25006":
        return DatabaseReadOnly()
    if state == "42501":
        return DatabaseForbidden()
    if state in ("53100", "53200"):
        return DatabaseFull()
    # Connections, credentials, unknown databases, a server that goes or comes.
    if state.startswith(("08", "28", "3D", "53", "57P")):
        return DatabaseUnreachable(state)
    return None
