"""What `storytrail check` looks over."""

from collections.abc import Iterator

from bot.app import issues_of, told
from bot.interviews import Interviews
from config import definitions, texts
from config.errors import ConfigError
from config.settings import Settings
from storage import migrations
from storage.database import Database, is_absent
from storage.errors import StorageError
from storage.unit_of_work import Work


def faults(settings: Settings) -> Iterator[str]:
    """Every fault of definitions, texts and database, a sentence each. Changes nothing."""
    interviews = None
    try:
        interviews = Interviews(
            definitions.load(settings.config_dir), texts.Texts.load(settings.config_dir)
        )
    except ConfigError as error:
        yield str(error)
    if interviews is not None:
        for path, issue in issues_of(interviews):
            yield told(path, issue)
    yield from _database_faults(settings, interviews)


def _database_faults(settings: Settings, interviews: Interviews | None) -> Iterator[str]:
    try:
        if is_absent(settings.database_url):
            return  # `chat` makes it
        database = Database(settings.database_url, timeout=settings.database_timeout)
        try:
            database.read_now(migrations.ensure_current)
            if interviews is not None:
                yield from _stored_faults(database, interviews)
        finally:
            database.close()
    except StorageError as error:
        yield str(error)


def _stored_faults(database: Database, interviews: Interviews) -> Iterator[str]:
    """Faults of versions that somebody's interview may still stand in."""
    current = interviews.held()
    database.read_now(lambda c: Work(c).definitions.unknown(current))
    interviews.remember(database.read_now(lambda c: Work(c).definitions.sources()))
    for path, issue in issues_of(interviews):
        if path not in interviews.definitions.paths.values():
            yield told(path, issue)
