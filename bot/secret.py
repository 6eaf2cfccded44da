"""The key that buttons are signed with: set, or made once and kept in a file."""

import os
import secrets
from pathlib import Path

from config.settings import Settings
from storage.database import sqlite_path

NAME = "storytrail.key"


def secret_key(settings: Settings) -> bytes:
    """The key of this installation. Raises OSError where none can be made."""
    if settings.secret_key is not None:
        return settings.secret_key.encode()
    database = sqlite_path(settings.database_url)
    path = database.with_name(f"{database.name}.key") if database is not None else Path(NAME)
    try:
        # Of two programs that start at once, the second one reads what the first one made.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_urlsafe(32).encode())
    return path.read_bytes()
