"""The program `storytrail`: one more driver of the same functions.

Everything heavy is imported where it is used, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.backups import backups
from bot.console import (
    Community,
    Since,
    Until,
    fault,
    flush,
    guarded,
    period_between,
    read_settings,
    reading,
    ready_streams,
    with_app,
    wrong,
)
from bot.managing import community_app, managing, role_app

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
app.add_typer(managing)
app.add_typer(backups)
app.add_typer(role_app, name="role")
app.add_typer(community_app, name="community")


@app.command()
def chat(
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are.")] = "me",
    role: Annotated[
        str | None, typer.Option(metavar="member|coordinator|organizer", help="Take this role.")
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="For scripts: JSON, an object a line, in and out.")
    ] = False,
    invite: Annotated[
        str, typer.Option("--invite", metavar="CODE", help="Join by this invite.")
    ] = "",
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
        wrong("--as takes a name of up to 64 characters.")
    if role is not None and role not in set(Role):
        wrong("--role is member, coordinator or organizer.")
    if invite and jsonl:
        wrong("--invite is for a chat: in --jsonl, send /start and the code.")

    def talk_json(app: App) -> None:
        from bot.platforms.terminal_jsonl import JsonChat, JsonTerminal

        asyncio.run(JsonChat(app.database, app.turns, JsonTerminal(now), name).hold())

    def talk(app: App) -> None:
        from bot.platforms import TERMINAL
        from bot.platforms.terminal import Chat, Terminal, window

        wording = app.interviews.texts.wording("en", command=lambda command: f"/{command}")
        terminal = Terminal(window(), wording, now)
        talking = Chat(app.database, app.turns, terminal, Address(TERMINAL, name), name)
        asyncio.run(talking.hold(Role(role) if role else None, invite))

    with_app(opened, talk_json if jsonl else talk)


@app.command("run")
def run_it() -> None:
    """Run the bot on every platform that has a token, until it is told to end."""
    import asyncio

    from bot.app import opened

    def serve(app: App) -> None:
        from bot.running import run

        asyncio.run(run(app))

    with_app(opened, serve)


@app.command()
def check() -> None:
    """Look settings, interviews, texts and database over; 1 where something is wrong."""
    from bot.checking import faults

    def look(settings: Settings) -> None:
        found = list(faults(settings))
        for each in found:
            print(each, file=sys.stderr)
        if found:
            raise SystemExit(1)
        print("Settings, interviews, texts and database are in order.")

    guarded(lambda: look(read_settings()))


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

    guarded(lambda: move(read_settings()))


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
    files: Annotated[
        Path | None,
        typer.Option(
            "--files", metavar="FOLDER", help="Fetch what tellers sent as evidence into this one."
        ),
    ] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the format's schema.")] = False,
) -> None:
    """Write the stories out, for analysis."""
    from bot import exports
    from flows.framework import Audience

    wanted = exports.find(format)
    if wanted is None:
        wrong(f"--format is {' or '.join(f.name for f in exports.EXPORTS)}.")
    if audience not in set(Audience):
        wrong(f"--for is {', '.join(Audience)}.")
    if schema:
        if wanted.schema is None:
            wrong(f"{format} has no schema.")
        sys.stdout.write(wanted.schema())
        return
    from bot.reports import write_export

    period = period_between(since, until)
    with_app(
        reading,
        lambda app: write_export(
            app,
            wanted,
            reader=Audience(audience),
            community=community,
            period=period,
            to=output,
            files=files,
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

    period = period_between(since, until)
    with_app(
        reading,
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

    with_app(reading, again)


@app.command("slack-manifest")
def slack_manifest(
    format: Annotated[str, typer.Option(metavar="json|yaml", help="How it is written.")] = "json",
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="Where Slack calls this program, instead of STORYTRAIL_PUBLIC_URL.",
        ),
    ] = None,
) -> None:
    """Print what Slack has to know of the app, to make one of it."""
    from bot.platforms.slack_manifest import FORMATS, manifest, url_of

    if format not in FORMATS:
        wrong(f"--format is {' or '.join(FORMATS)}.")
    if url is not None and not url.startswith("https://"):
        wrong("--url takes an address with https://.")

    def show(settings: Settings) -> None:
        at = url or url_of(settings)
        if at is not None and not at.startswith("https://"):
            fault("STORYTRAIL_PUBLIC_URL has to begin with https:// for Slack to call it.")
        sys.stdout.write(FORMATS[format](manifest(settings, url=at)))

    guarded(lambda: show(read_settings()))


@flow.command("diagram")
def diagram(name: Annotated[str, typer.Argument(help="The flow's name.")]) -> None:
    """Print an interview as a Mermaid diagram."""

    def draw(settings: Settings) -> None:
        from config import definitions
        from flows.machine import diagram as drawn

        flows = definitions.load(settings.config_dir).flows
        if name not in flows:
            wrong(f"There is no flow {name}. There is: {', '.join(sorted(flows))}.")
        print(drawn(flows[name]))

    guarded(lambda: draw(read_settings()))


def main() -> None:
    ready_streams()
    try:
        app()
    finally:
        flush()


if __name__ == "__main__":
    main()
