"""The composition root: settings in, a running `App` out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.interviews import Interviews
from bot.platforms import spelling
from bot.turns import Turns
from config import definitions, texts
from config.errors import DefinitionError
from config.settings import Settings
from flows.checks import find_issues
from storage import migrations
from storage.database import Database, is_absent
from storage.errors import DatabaseAbsent
from storage.unit_of_work import Work

HOME = "main"
"""The slug of the first community."""


def now() -> datetime:
    """The time. The only clock of the program; everything else is handed it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class App:
    settings: Settings
    database: Database
    interviews: Interviews
    turns: Turns


def read_interviews(settings: Settings) -> Interviews:
    """Definitions and texts, read and found whole; raises ConfigError."""
    interviews = Interviews(
        definitions.load(settings.config_dir), texts.Texts.load(settings.config_dir)
    )
    _raise_first(interviews)
    return interviews


def _raise_first(interviews: Interviews) -> None:
    for fault in faults_of(interviews):
        raise fault


def faults_of(interviews: Interviews) -> Iterator[DefinitionError]:
    """Every fault of every flow, with the file that it is in."""
    spoken = interviews.texts
    keys = {language: spoken.keys(language) for language in spoken.languages}
    for definition in interviews.held():
        path = interviews.path(definition)
        for issue in find_issues(
            definition, interviews.framework, keys=keys, rules=interviews.definitions.rules
        ):
            yield DefinitionError(path, issue.line, issue.key, issue.message)


@contextmanager
def opened(settings: Settings, *, makes: bool = True) -> Iterator[App]:
    """The app, on a database that is migrated, knows every definition, and has a community.

    Where nothing `makes` a database, one must be there: raises DatabaseAbsent.
    """
    interviews = read_interviews(settings)
    if not makes and is_absent(settings.database_url):
        raise DatabaseAbsent
    database = Database(settings.database_url, timeout=settings.database_timeout)
    try:
        prepare(database, interviews, settings)
        yield App(
            settings,
            database,
            interviews,
            Turns(database, interviews, spelling=spelling, now=now),
        )
    finally:
        database.close()


def prepare(database: Database, interviews: Interviews, settings: Settings) -> None:
    """Bring a SQLite database up to date; store new definitions; name the first community."""
    if database.is_sqlite and database.read_now(migrations.current) != migrations.HEAD:
        database.write_now(migrations.upgrade)
    database.read_now(migrations.ensure_current)
    new = database.read_now(lambda c: Work(c).definitions.unknown(interviews.held()))
    home = database.read_now(lambda c: Work(c).communities.find(HOME))
    if new or home is None or home.name != settings.community:
        # Only now: a database that needs nothing is opened without a write.
        database.write_now(lambda c: Work(c).definitions.store(new, now=now()))
        database.write_now(
            lambda c: Work(c).communities.ensure(HOME, settings.community, language="en", now=now())
        )
    interviews.remember(database.read_now(lambda c: Work(c).definitions.sources()))
    _raise_first(interviews)
