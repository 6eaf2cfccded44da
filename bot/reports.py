"""Summaries and exports for the program's own commands."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Connection

from bot.app import App, now
from bot.commands.command import Call
from bot.commands.summary import summary_of, told
from bot.exports import Export, Format, Which
from bot.periods import Period
from bot.platforms import TERMINAL, spelling
from bot.platforms.terminal_renderer import harmless
from flows.framework import Audience
from flows.messages import Address
from flows.summary import Summary
from storage.audit import Action, Entry, Recorded
from storage.communities import Community
from storage.members import Member, MemberId, Role
from storage.story_reads import StoryRead
from storage.unit_of_work import Work
from storage.visibility import Scope

TIME = "%Y-%m-%dT%H:%M:%SZ"

FORGOTTEN = "(forgotten)"
"""What whoever was forgotten is called."""


class NotFound(Exception):
    """Something that a person named and that is not there; the text says what to do."""


def write_export(
    app: App,
    format: Format,
    *,
    reader: Audience,
    community: str | None,
    period: Period,
    to: Path | None,
    files: Path | None = None,
) -> None:
    """Write an export to a file, whole or not at all, or to standard output. It is audited.

    What tellers sent is fetched into the folder `files`, where one is named.
    """
    _audited(app, Action.EXPORTED, community, {"for": reader, "format": format.name})

    def scope_of(work: Work) -> tuple[Community, Scope]:
        found = community_named(work, community)
        between = {"since": period.since, "until": period.until}
        return found, Scope(community=found.id, reader=reader, **between)

    def stories(connection: Connection) -> list[StoryRead]:
        work = Work(connection)
        return list(work.story_reads.open_to(scope_of(work)[1]))

    fetched = _fetched(app, app.database.read_now(stories), files) if files is not None else {}

    def write(connection: Connection) -> None:
        work = Work(connection)
        found, scope = scope_of(work)
        export = Export(
            community=found.slug,
            reader=reader,
            since=period.first,
            until=period.last,
            exported_at=now(),
            counts=work.queries.counts(scope),
            stories=work.story_reads.open_to(scope),
            files=fetched,
        )
        with _out(to) as out:
            for piece in format.write(export):
                out.write(piece)

    app.database.read_now(write)


def _fetched(app: App, stories: Iterable[StoryRead], folder: Path) -> dict[Which, str]:
    # Only now: the libraries of the platforms are slow to import.
    from bot.evidence import fetch, wanted_of

    wanted = list(wanted_of(stories))
    fetched = fetch(app, wanted, folder)
    if len(fetched) < len(wanted):
        print(_missing(len(wanted) - len(fetched)), file=sys.stderr)
    return fetched


def _missing(files: int) -> str:
    return (
        f"{files} of the files could not be fetched: their platform has no token here, no longer "
        "has them, or hands out none so large. The export says which came."
    )


def print_summary(app: App, *, community: str | None, period: Period, as_json: bool) -> None:
    _audited(app, Action.SUMMARY_READ, community, {})

    def say(connection: Connection) -> None:
        work = Work(connection)
        found = community_named(work, community)
        call = Call(
            rest="",
            work=work,
            house=app.house,
            address=Address(TERMINAL, ""),
            member=Member(MemberId(0), "", found.language, Role.ORGANIZER),
            is_owner=False,
            community=found,
            conversation=None,
            wording=app.interviews.texts.wording(found.language, command=spelling(TERMINAL)),
            now=now(),
        )
        summary = summary_of(call, period)
        if as_json:
            print(json.dumps(summary_values(summary, found, period), ensure_ascii=False, indent=2))
        else:
            print(harmless(told(call, summary, period)))

    app.database.read_now(say)


def _audited(app: App, action: Action, community: str | None, details: dict[str, Any]) -> None:
    """Recorded first: what cannot be recorded is not read."""

    def add(connection: Connection) -> None:
        work = Work(connection)
        found = community_named(work, community)
        entry = Entry(action=action, community=found.id, details=details)
        work.audit.add(entry, now=now())

    app.database.write_now(add)


def print_audit(app: App, *, community: str | None, period: Period, as_json: bool) -> None:
    def say(connection: Connection) -> None:
        work = Work(connection)
        found = community_named(work, community) if community is not None else None
        entries = work.audit.entries(
            community=found.id if found else None, since=period.since, until=period.until
        )
        for entry in entries:
            if as_json:
                print(json.dumps(_audit_values(entry), ensure_ascii=False))
            else:
                print(harmless(_audit_line(entry)))

    app.database.read_now(say)


def _audit_values(entry: Recorded) -> dict[str, Any]:
    return {**asdict(entry), "at": entry.at.strftime(TIME)}


def _audit_line(entry: Recorded) -> str:
    """`2026-03-02 09:00 main: Olga role-granted Ana (role: organizer)`."""
    details = ", ".join(f"{name}: {value}" for name, value in entry.details.items() if value)
    words = (
        f"{entry.at:%Y-%m-%d %H:%M}",
        f"{entry.community}:" if entry.community else "",
        entry.actor if entry.by is None else entry.by or FORGOTTEN,
        entry.action,
        "" if entry.to is None else entry.to or FORGOTTEN,
        entry.ref or "",
        f"({details})" if details else "",
    )
    return " ".join(filter(None, words))


def summary_values(summary: Summary, community: Community, period: Period) -> dict[str, Any]:
    """A summary as JSON."""
    values = asdict(summary)
    values["counts"]["unsent"] = summary.counts.unsent
    values["worth"] = {f"{valence}": count for valence, count in summary.worth.items()}
    values["gaps"] = dict(summary.gaps)
    return {
        "schema": "storytrail/summary/1",
        "community": community.slug,
        "since": period.first.isoformat() if period.first else None,
        "until": period.last.isoformat() if period.last else None,
        **values,
    }


def community_named(work: Work, slug: str | None) -> Community:
    """A community by its short name, the first where none is named; raises NotFound."""
    found = work.communities.find(slug) if slug is not None else work.communities.home()
    if found is None:
        raise NotFound("There is no community of that name: leave --community out for the first.")
    return found


@contextmanager
def _out(to: Path | None) -> Iterator[TextIO]:
    if to is None:
        yield sys.stdout
        return
    to = to.resolve()  # what a link points to is written, and the link stays
    if to.exists() and not to.is_file():
        with to.open("w", encoding="utf-8") as out:  # a device or a pipe; a folder is refused
            yield out
        return
    os.scandir(to.parent).close()  # so that a missing folder is called by its own name
    # Beside its place and then moved there: whoever looks sees all of it or nothing.
    handle, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            yield out
        Path(name).replace(to)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
