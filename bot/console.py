"""How the program talks with whoever runs it: streams, faults in one sentence, exit codes.

Everything heavy is imported where it is used, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.app import App
    from config.settings import Settings

Since = Annotated[str | None, typer.Option(metavar="DATE", help="From this day on.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Up to and with this day.")]
Community = Annotated[
    str | None, typer.Option(help="Which community; the first, if none is named.")
]


# ---- where is read from and written to ----


def ready_streams() -> None:
    """A closed input or output is an empty one; no character ends the program that one lacks."""
    import os

    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - until the end
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - so is this
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")


def flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()


def _silence() -> None:
    """Whoever read our output has left; there is nobody to tell."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# ---- faults, each in one sentence ----


def with_app(open_it: Callable[[Settings], Any], work: Callable[[App], None]) -> None:
    """Do `work` with the app; a fault is one sentence on standard error, and exit 1."""

    def run() -> None:
        with open_it(read_settings()) as app:
            work(app)

    guarded(run)


def guarded(work: Callable[[], None]) -> None:
    from bot.errors import ProgramError
    from bot.logs import set_up
    from bot.reports import NotFound
    from config.errors import ConfigError
    from storage.errors import StorageError

    set_up(None)
    try:
        work()
    except (ConfigError, StorageError, NotFound, ProgramError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            _silence()
            raise SystemExit(0) from None
        fault(_sentence(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} cannot be used: {error.strerror}."
    return str(error)


def reading(settings: Settings) -> Any:
    from bot.app import opened

    return opened(settings, makes=False)


def read_settings() -> Settings:
    from bot.logs import set_up
    from config.settings import load_settings

    settings = load_settings()
    set_up(settings)
    return settings


def period_between(since: str | None, until: str | None) -> Any:
    from datetime import date

    from bot.periods import Period

    days: list[date | None] = []
    for name, text in (("--since", since), ("--until", until)):
        try:
            days.append(date.fromisoformat(text) if text else None)
        except ValueError:
            wrong(f"{name} takes a day as 2026-03-31.")
    if days[0] and days[1] and days[0] > days[1]:
        wrong("--since is after --until.")
    return Period(*days)


def wrong(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def fault(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)
