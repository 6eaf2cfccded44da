"""The program `storytrail`: one more driver of the same functions.

Everything heavy is imported where it is used, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.app import App
    from config.settings import Settings

app = typer.Typer(
    name="storytrail",
    help="Collects value-creation stories in chat, and says what they come to.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
flow = typer.Typer(help="Interviews as they are written.", no_args_is_help=True)
app.add_typer(flow, name="flow")

Since = Annotated[str | None, typer.Option(metavar="DATE", help="From this day on.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Up to and with this day.")]
Community = Annotated[
    str | None, typer.Option(help="Which community; the first, if none is named.")
]


@app.command()
def chat(
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are.")] = "me",
    role: Annotated[
        str | None, typer.Option(metavar="member|coordinator|organizer", help="Take this role.")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="For scripts: JSON, an object a line, in and out.")
    ] = False,
) -> None:
    """Talk with the bot here, in the terminal or through a pipe."""
    import asyncio

    from bot.app import now, opened
    from flows.messages import Address
    from storage.members import Role

    name = " ".join(name.split())
    # Joiners hold emoji and the words of some scripts together.
    shown = name.replace("\u200c", "").replace("\u200d", "")
    if not shown or len(name) > 64 or not shown.isprintable():
        _wrong("--as takes a name of up to 64 characters.")
    if role is not None and role not in set(Role):
        _wrong("--role is member, coordinator or organizer.")

    def talk_json(app: App) -> None:
        from bot.platforms.terminal_jsonl import JsonChat, JsonTerminal

        asyncio.run(JsonChat(app.database, app.turns, JsonTerminal(now), name).hold())

    def talk(app: App) -> None:
        from bot.platforms import TERMINAL
        from bot.platforms.terminal import Chat, Terminal, window

        wording = app.interviews.texts.wording("en", command=lambda command: f"/{command}")
        terminal = Terminal(window(), wording, now)
        talking = Chat(app.database, app.turns, terminal, Address(TERMINAL, name), name)
        asyncio.run(talking.hold(Role(role) if role else None))

    _with(opened, talk_json if jsonl else talk)


@app.command()
def check() -> None:
    """Look settings, interviews, texts and database over; 1 where something is wrong."""
    from bot.checking import faults

    def look(settings: Settings) -> None:
        found = list(faults(settings))
        for fault in found:
            print(fault, file=sys.stderr)
        if found:
            raise SystemExit(1)
        print("Settings, interviews, texts and database are in order.")

    _told(lambda: look(_settings()))


@app.command()
def migrate(
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="Copy everything from this database."),
    ] = None,
) -> None:
    """Bring the database to the current schema, and fill it from another one if that is named."""

    def move(settings: Settings) -> None:
        from storage import migrations
        from storage.database import Database, is_absent
        from storage.errors import DatabaseAbsent
        from storage.transfer import transfer

        if source is not None and is_absent(source):
            raise DatabaseAbsent
        with closing(Database(settings.database_url, timeout=settings.database_timeout)) as target:
            target.read_now(migrations.current)  # another program's file is not opened to write
            changed = target.write_now(migrations.upgrade)
            told = "was brought up to date." if changed else "is up to date."
            print(f"The database {told}")
            if source is None:
                return
            with closing(Database(source, timeout=settings.database_timeout)) as old:
                for copied in transfer(old, target):
                    print(f"{copied.table}: {copied.rows} rows, as many as there were")

    _told(lambda: move(_settings()))


@app.command()
def export(
    format: Annotated[str, typer.Option(help="json")] = "json",
    community: Community = None,
    since: Since = None,
    until: Until = None,
    audience: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="organizers|community|organization|funders|public",
            help="Who will read it: only stories open to them are in it.",
        ),
    ] = "organizers",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to this file.")
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the format's schema.")] = False,
) -> None:
    """Write the stories out, for analysis."""
    from bot import exports
    from flows.framework import Audience

    wanted = exports.find(format)
    if wanted is None:
        _wrong(f"--format is {' or '.join(f.name for f in exports.EXPORTS)}.")
    if audience not in set(Audience):
        _wrong(f"--for is {', '.join(Audience)}.")
    if schema:
        if wanted.schema is None:
            _wrong(f"{format} has no schema.")
        sys.stdout.write(wanted.schema())
        return
    from bot.reports import write_export

    period = _period(since, until)
    _with(
        _reading,
        lambda app: write_export(
            app, wanted, reader=Audience(audience), community=community, period=period, to=output
        ),
    )


@app.command()
def summary(
    community: Community = None,
    since: Since = None,
    until: Until = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Say what the stories come to: what `/summary` says."""
    from bot.reports import print_summary

    period = _period(since, until)
    _with(
        _reading,
        lambda app: print_summary(app, community=community, period=period, as_json=as_json),
    )


@app.command()
def retry() -> None:
    """Handle once more what failed and was kept."""

    def again(app: App) -> None:
        import asyncio

        good, bad = asyncio.run(app.turns.retry())
        print(f"{good} handled, {bad} failed again.")
        if bad:
            raise SystemExit(1)

    _with(_reading, again)


@flow.command("diagram")
def diagram(name: Annotated[str, typer.Argument(help="The flow's name.")]) -> None:
    """Print an interview as a Mermaid diagram."""

    def draw(settings: Settings) -> None:
        from config import definitions
        from flows.machine import diagram as drawn

        flows = definitions.load(settings.config_dir).flows
        if name not in flows:
            _wrong(f"There is no flow {name}. There is: {', '.join(sorted(flows))}.")
        print(drawn(flows[name]))

    _told(lambda: draw(_settings()))


def main() -> None:
    _ready_streams()
    try:
        app()
    finally:
        _flush()


# ---- where is read from and written to ----


def _ready_streams() -> None:
    """A closed input or output is an empty one; no character ends the program that one lacks."""
    import os

    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - until the end
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - so is this
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace")


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()


def _silence() -> None:
    """Whoever read our output has left; there is nobody to tell."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


# ---- faults, each in one sentence ----


def _with(open_it: Callable[[Settings], Any], work: Callable[[App], None]) -> None:
    """Do `work` with the app; a fault is one sentence on standard error, and exit 1."""

    def run() -> None:
        with open_it(_settings()) as app:
            work(app)

    _told(run)


def _told(work: Callable[[], None]) -> None:
    from bot.logs import set_up
    from bot.reports import NotFound
    from config.errors import ConfigError
    from storage.errors import StorageError

    set_up(None)
    try:
        work()
    except (ConfigError, StorageError, NotFound, OSError) as error:
        if isinstance(error, BrokenPipeError):
            _silence()
            raise SystemExit(0) from None
        _fault(_sentence(error))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} cannot be used: {error.strerror}."
    return str(error)


def _reading(settings: Settings) -> Any:
    from bot.app import opened

    return opened(settings, makes=False)


def _settings() -> Settings:
    from bot.logs import set_up
    from config.settings import load_settings

    settings = load_settings()
    set_up(settings)
    return settings


def _period(since: str | None, until: str | None) -> Any:
    from datetime import date

    from bot.periods import Period

    days: list[date | None] = []
    for name, text in (("--since", since), ("--until", until)):
        try:
            days.append(date.fromisoformat(text) if text else None)
        except ValueError:
            _wrong(f"{name} takes a day as 2026-03-31.")
    if days[0] and days[1] and days[0] > days[1]:
        _wrong("--since is after --until.")
    return Period(*days)


def _wrong(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def _fault(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
