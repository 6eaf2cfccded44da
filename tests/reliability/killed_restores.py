"""Restores a backup over a file again and again, and is killed a line later each time.

`python -m tests.reliability.killed_restores BACKUP DATABASE`: after each kill the database is to
be the one from before or the restored one. Prints how often which, as JSON. A program of its own,
because a process with threads must not fork.
"""

import json
import os
import resource
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Any

from storage import backup as backing
from storage.journal import Journal

WATCHED = {"_restore_file", "_made_ready", "_put", "_overwrite"}
"""The functions in whose lines it is killed."""


def main(backup: Path, database: Path) -> None:
    before = database.read_bytes()
    found: Counter[str] = Counter()
    line = 1
    while killed(lambda n=line: kill_at(n), backup, database):  # type: ignore[misc]
        found[told(database)] += 1
        put(database, before)
        line += 1
    # In the middle of the pages: the copy is as long as the backup, SQLite's log longer than that.
    put(database, before)
    for more in (0, 512):  # bytes
        size = backup.stat().st_size + more
        if killed(lambda limit=size: kill_beyond(limit), backup, database):  # type: ignore[misc]
            found[f"{told(database)} in the pages"] += 1
            put(database, before)
    print(json.dumps(found))


def killed(arm: Callable[[], None], backup: Path, database: Path) -> bool:
    """Whether the child that restored was killed."""
    child = os.fork()
    if child == 0:
        arm()
        journal = Journal(database.with_name("erased"))
        backing.restore(backup, f"sqlite:///{database}", timeout=1, journal=journal)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def kill_at(number: int) -> None:
    """By the time that so many lines were begun."""
    left = number

    def look(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if event == "call":
            return look if frame.f_code.co_name in WATCHED else None
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return look

    sys.settrace(look)


def kill_beyond(size: int) -> None:
    """By the time that a file grows beyond so many bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def told(database: Path) -> str:
    """Which one is there; it is whole."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = {name for (name,) in connection.execute("SELECT name FROM members")}
    return {("ana", "zoe"): "old", ("ana",): "new"}[tuple(sorted(names))]


def put(database: Path, content: bytes) -> None:
    for file in database.parent.glob(f"{database.name}-*"):
        file.unlink()
    database.write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
