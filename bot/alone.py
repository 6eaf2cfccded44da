"""One program at a time that has a SQLite file for itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from bot.errors import AlreadyRunning, ProgramError
from config.settings import Settings
from storage.database import sqlite_path


@contextmanager
def alone(settings: Settings, otherwise: type[ProgramError] = AlreadyRunning) -> Iterator[None]:
    """On SQLite one program at a time sends and receives. Raises `otherwise` where one does."""
    path = sqlite_path(settings.database_url)
    if path is None:
        yield
        return
    lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise otherwise from None
    try:
        yield
    finally:
        lock.release()
