"""What `storytrail check` looks over."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from bot.app import faults_of
from bot.interviews import Interviews
from config import definitions, texts
from config.errors import ConfigError
from config.settings import Settings, route_to
from storage import migrations
from storage.database import Database, is_absent
from storage.errors import StorageError
from storage.unit_of_work import Work

T = TypeVar("T")


def faults(settings: Settings) -> Iterator[str]:
    """Every fault of definitions, texts and database, a sentence each. Changes nothing."""
    found: list[ConfigError] = []
    written = _read(lambda: definitions.load(settings.config_dir), found)
    spoken = _read(lambda: texts.Texts.load(settings.config_dir), found)
    yield from (str(fault) for error in found for fault in error.faults)
    interviews = Interviews(written, spoken) if written and spoken else None
    if interviews is not None:
        yield from map(str, faults_of(interviews))
    yield from _route_faults(settings)
    yield from _database_faults(settings, interviews)


def _route_faults(settings: Settings) -> Iterator[str]:
    """Of what the environment says about proxies and certificates, where it is needed."""
    urls = [settings.telegram_api_url] if settings.telegram_token is not None else []
    urls += [settings.slack_api_url] if settings.has_slack else []
    found: dict[str, None] = {}
    for url in urls:
        try:
            route_to(url)
        except ConfigError as fault:
            found[str(fault)] = None
    yield from found


def _read(load: Callable[[], T], found: list[ConfigError]) -> T | None:
    try:
        return load()
    except ConfigError as error:
        found.append(error)
        return None


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
    for fault in faults_of(interviews):
        if fault.path not in interviews.definitions.paths.values():
            yield str(fault)
