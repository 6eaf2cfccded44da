"""Summaries and exports for the program's own commands."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import Connection

from bot.app import App, now
from bot.commands.command import Call
from bot.commands.summary import summary_of, told
from bot.exports import Export, Format
from bot.periods import Period
from bot.platforms.terminal_renderer import harmless
from flows.framework import Audience
from flows.summary import Summary
from storage.communities import Community
from storage.members import Member, MemberId, Role
from storage.unit_of_work import Work
from storage.visibility import Scope


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
) -> None:
    """Write an export to a file, whole or not at all, or to standard output."""

    def write(connection: Connection) -> None:
        work = Work(connection)
        found = _community(work, community)
        scope = Scope(community=found.id, reader=reader, since=period.since, until=period.until)
        export = Export(
            community=found.slug,
            reader=reader,
            since=period.first,
            until=period.last,
            exported_at=now(),
            counts=work.queries.counts(scope),
            stories=work.story_reads.open_to(scope),
        )
        with _out(to) as out:
            for piece in format.write(export):
                out.write(piece)

    app.database.read_now(write)


def print_summary(app: App, *, community: str | None, period: Period, as_json: bool) -> None:
    def say(connection: Connection) -> None:
        work = Work(connection)
        found = _community(work, community)
        call = Call(
            rest="",
            work=work,
            member=Member(MemberId(0), "", found.language, Role.ORGANIZER),
            community=found,
            conversation=None,
            wording=app.interviews.texts.wording(found.language, command=lambda name: f"/{name}"),
            framework=app.interviews.framework,
            definition=app.interviews.definition,
            now=now(),
        )
        summary = summary_of(call, period)
        if as_json:
            print(json.dumps(summary_values(summary, found, period), ensure_ascii=False, indent=2))
        else:
            print(harmless(told(call, summary, period)))

    app.database.read_now(say)


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


def _community(work: Work, slug: str | None) -> Community:
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
