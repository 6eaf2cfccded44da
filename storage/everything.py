"""Everything that is kept about one person, as it is kept."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, or_, select, tuple_

from storage.members import MemberId
from storage.tables import (
    addresses,
    answers,
    audit,
    check_backs,
    communities,
    consents,
    conversations,
    deliveries,
    evidence,
    gaps,
    guesses,
    inbox,
    indicators,
    invites,
    link_codes,
    links,
    members,
    memberships,
    outbox,
    permissions,
    prompting,
    questions,
    rounds,
    schedules,
    steps,
    stories,
    story_audiences,
    story_indicators,
    watches,
)

Kept = dict[str, list[dict[str, Any]]]
"""Table -> rows -> column -> value."""

OTHERS = ("asked_by", "made_by", "member_id", "subject_id", "actor", "question_id", "digest")
"""Columns that name somebody else, or nobody but the database."""


class Everything:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, member: MemberId) -> Kept:
        """All rows of this person. What only tells who else did something is left out."""
        mine = select(conversations.c.id).where(conversations.c.member_id == member)
        told = select(stories.c.id).where(stories.c.member_id == member)
        at = select(addresses.c.platform, addresses.c.user).where(addresses.c.member_id == member)
        which: list[tuple[Table, ColumnElement[bool]]] = [
            (members, members.c.id == member),
            *((table, table.c.member_id == member) for table in (addresses, memberships, consents)),
            *((t, t.c.member_id == member) for t in (conversations, questions, link_codes)),
            *(
                (table, table.c.conversation_id.in_(mine))
                for table in (answers, evidence, check_backs)
            ),
            (stories, stories.c.member_id == member),
            *(
                (table, table.c.story_id.in_(told))
                for table in (steps, links, gaps, story_audiences, story_indicators, permissions)
            ),
            *((t, t.c.member_id == member) for t in (prompting, deliveries)),
            (invites, invites.c.made_by == member),
            (schedules, schedules.c.made_by == member),
            (rounds, rounds.c.asked_by == member),
            *(
                (table, tuple_(table.c.platform, table.c.user).in_(at))
                for table in (inbox, outbox, guesses, watches)
            ),
            (audit, or_(audit.c.member_id == member, audit.c.subject_id == member)),
        ]
        return {table.name: self._rows(table, condition) for table, condition in which}

    def _rows(self, table: Table, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
        shown: list[Column[Any]] = [c for c in table.c if c.name not in OTHERS]
        names: list[Any] = []
        wanted = select(table)
        if table is story_indicators:
            names = [indicators.c.name.label("indicator")]
            wanted = wanted.join(indicators, indicators.c.id == table.c.indicator_id)
        elif "community_id" in table.c:
            names = [communities.c.slug.label("community")]
            wanted = wanted.outerjoin(communities, communities.c.id == table.c.community_id)
        found = wanted.with_only_columns(*shown, *names).where(condition)
        return [dict(row) for row in self._connection.execute(found).mappings()]
