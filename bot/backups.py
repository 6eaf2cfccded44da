"""`storytrail backup` and `storytrail restore`.

Everything heavy is imported where it is used, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import guarded, read_settings

if TYPE_CHECKING:
    from config.settings import Settings
    from storage.backup import Restored

WORK = ".background"
"""How the file ends, beside a SQLite database, in which the engine of the background work notes
where it stands. It is about the rows of that one database, and made anew where it is missing."""

backups = typer.Typer()

File = Annotated[Path, typer.Argument(metavar="FILE", help="The backup.")]


@backups.command("backup")
def backup(
    file: File,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write the whole database into one file, also while the bot runs."""

    def make(settings: Settings) -> None:
        from storage.backup import back_up

        made = back_up(settings.database_url, file, timeout=settings.database_timeout, force=force)
        print(
            f"{file} is whole: {made.rows} rows in {len(made.tables)} tables, schema {made.schema}."
        )

    guarded(lambda: make(read_settings()))


@backups.command("restore")
def restore(
    file: File,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where a PostgreSQL database is not empty.")
    ] = False,
) -> None:
    """Put a backup in the place of the database; what was erased since is erased again."""

    def put(settings: Settings) -> None:
        from bot.alone import alone
        from bot.app import journal_path
        from bot.errors import StillRunning
        from storage.backup import restore
        from storage.journal import Journal

        with alone(settings, StillRunning):
            done = restore(
                file,
                settings.database_url,
                timeout=settings.database_timeout,
                journal=Journal(journal_path(settings)),
                replace=replace,
                drop=work_files(settings),
            )
        _tell(done)

    guarded(lambda: put(read_settings()))


def work_files(settings: Settings) -> list[Path]:
    """What the background work noted about the database that is there."""
    from storage.database import sqlite_path

    path = sqlite_path(settings.database_url)
    return [path.with_name(f"{path.name}{WORK}")] if path is not None else []


def _tell(done: Restored) -> None:
    print(f"The database is restored: {done.contents.rows} rows of the backup.")
    print(f"Erasures since the backup that were done again: {done.erased}.")
    if done.was_broken:
        print(
            "The database that was there could not be read: "
            "what was erased is known from the file of erasures alone.",
            file=sys.stderr,
        )
