"""The composition root: settings in, a running `App` out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.house import TERMINAL_ONLY, House, Retention
from bot.interviews import Interviews
from bot.platforms import spelling
from bot.turns import Turns
from config import definitions, texts
from config.errors import DefinitionError
from config.settings import Settings
from config.texts import LAST_RESORT
from flows.checks import find_issues
from flows.messages import Address
from storage import migrations
from storage.database import Database, is_absent, sqlite_path
from storage.errors import DatabaseAbsent
from storage.journal import Journal
from storage.unit_of_work import Work

HOME = "main"
"""The slug of the first community."""

UNNAMED = "the community"
"""What the first community is called until it is named."""


BACKLOG = 20  # seconds' worth of prompts that may wait to be sent


def now() -> datetime:
    """The time. The only clock of the program; everything else is handed it."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class App:
    settings: Settings
    database: Database
    house: House
    journal: Journal
    turns: Turns

    @property
    def interviews(self) -> Interviews:
        return self.house.interviews


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
        journal = Journal(journal_path(settings))
        prepare(database, interviews, settings, journal)
        house = house_of(settings, interviews)
        turns = Turns(database, house, journal=journal, now=now)
        yield App(settings, database, house, journal, turns)
    finally:
        database.close()


def house_of(settings: Settings, interviews: Interviews) -> House:
    """What the settings make of this installation."""
    fastest = max(settings.limit_per_second, settings.limit_workspace_per_second)
    return House(
        interviews=interviews,
        spelling=spelling,
        owners=frozenset(Address(*owner.split(":", 1)) for owner in settings.owners),
        retention=Retention(
            drafts=settings.retention_drafts,
            platform_ids=settings.retention_platform_ids,
            inputs=settings.retention_inputs,
        ),
        fixed_name=settings.community is not None,
        serves=frozenset(settings.platforms) or TERMINAL_ONLY,
        backlog=round(BACKLOG * fastest),
    )


def journal_path(settings: Settings) -> Path | None:
    """Where erasures are written down: where that is set, or else beside a SQLite file."""
    if settings.erasures_file is not None:
        return settings.erasures_file
    path = sqlite_path(settings.database_url)
    return path.with_name(f"{path.name}.erased") if path is not None else None


def prepare(
    database: Database, interviews: Interviews, settings: Settings, journal: Journal
) -> None:
    """Bring a SQLite database up to date; store new definitions; name the first community.

    Where it is a backup, what was erased since it was made is erased again.
    """
    if database.is_sqlite and database.read_now(migrations.current) != migrations.HEAD:
        database.write_now(migrations.upgrade)
    database.read_now(migrations.ensure_current)
    new = database.read_now(lambda c: Work(c).definitions.unknown(interviews.held()))
    home = database.read_now(lambda c: Work(c).communities.find(HOME))
    named = settings.community
    if new or home is None or named not in (None, home.name):
        # Only now: a database that needs nothing is opened without a write.
        database.write_now(lambda c: Work(c).definitions.store(new, now=now()))
        database.write_now(lambda c: _name_home(Work(c), named))
    journal.settle(database)
    interviews.remember(database.read_now(lambda c: Work(c).definitions.sources()))
    _raise_first(interviews)


def _name_home(work: Work, name: str | None) -> None:
    """That there is a first community, called as the settings say where they say so."""
    work.communities.add(HOME, name or UNNAMED, language=LAST_RESORT, now=now())
    home = work.communities.find(HOME)
    if name is not None and home is not None:
        work.communities.change(home.id, name=name)
