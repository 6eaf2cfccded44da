"""A database whose members have agreed, for rounds of prompts."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, Table, insert

from benchmarks.world import shipped
from flows.prompting import Asks
from storage import migrations
from storage.database import Database
from storage.tables import addresses, consents, members, memberships
from storage.unit_of_work import Work

CHUNK = 10_000  # rows put in at once


def fill(database: Database, users: Sequence[str], *, platform: str, now: datetime) -> None:
    """Members of the first community under these names of a platform, with nothing open."""
    agreed = shipped().current.consent_version
    database.write_now(migrations.upgrade)
    database.write_now(lambda c: _begin(Work(c), now))
    for start in range(0, len(users), CHUNK):
        some = list(enumerate(users[start : start + CHUNK], start + 1))
        people = [{"id": n, "name": user, "language": "", "created_at": now} for n, user in some]
        at = [{"member_id": n, "platform": platform, "user": user} for n, user in some]
        belongs = [
            {"member_id": n, "community_id": 1, "role": "member", "joined_at": now} for n, _ in some
        ]
        said = {"community_id": 1, "flow": "story", "version": agreed, "language": "en"}
        agreeing = [{**said, "member_id": n, "agreed_at": now} for n, _ in some]
        for table, rows in (
            (members, people),
            (addresses, at),
            (memberships, belongs),
            (consents, agreeing),
        ):
            database.write_now(partial(_put, table, rows))


def _put(table: Table, rows: Sequence[dict[str, object]], connection: Connection) -> None:
    connection.execute(insert(table), rows)


def begin_round(database: Database, *, day: datetime) -> None:
    """A round to all of them, to be planned."""

    def begin(work: Work) -> None:
        home = work.communities.home()
        work.rounds.begin_now(
            home.id, Asks(), asked_by=None, day=day.date(), zone=home.timezone, now=day
        )

    database.write_now(lambda c: begin(Work(c)))


def _begin(work: Work, now: datetime) -> None:
    work.communities.add("main", "the circle", language="en", now=now)
    work.communities.change(work.communities.home().id, quiet="")  # it runs at any hour
    work.definitions.store(work.definitions.unknown(shipped().held()), now=now)
