"""Erasing words for good, and what is left of them: counts, and nothing that anybody wrote.

What was erased is recorded by its row, so that a backup from before can be cleaned of it again
(`storage/journal.py`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, assert_never

from sqlalchemy import Connection, Table, Text, and_, cast, delete, exists, insert, select, update

from flows.conversation import ConversationId, Status
from flows.framework import Attribution
from flows.messages import Address
from flows.prompting import LeftOut
from storage.audit import Action
from storage.deliveries import DeliveryStatus
from storage.members import MemberId
from storage.stories import StoryStatus
from storage.tables import (
    addresses,
    answers,
    audit,
    check_backs,
    consents,
    conversations,
    deliveries,
    erasures,
    evidence,
    gaps,
    guesses,
    inbox,
    link_codes,
    links,
    members,
    memberships,
    outbox,
    permissions,
    prompting,
    questions,
    schedules,
    steps,
    stories,
    story_audiences,
    story_indicators,
    watches,
)

KEEPS_WITHDRAWN = timedelta(days=30)
"""How long a story that was taken back can be restored."""


class Erased(StrEnum):
    """What was erased: a person with all they said, or the words of one conversation."""

    MEMBER = "member"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Erasing:
    """The row of what was erased, and when."""

    kind: Erased
    row: int
    at: datetime


OF_STORY = (story_audiences, gaps, story_indicators, permissions, links, steps)
OF_CONVERSATION = (answers, evidence, check_backs, outbox)
OF_MEMBER = (memberships, consents, questions, link_codes, prompting, addresses)

TIMES = (
    "started_at",
    "turned_at",
    "delivered_at",
    "expiry_told_at",
    "submitted_at",
    "withdrawn_at",
    "hidden_at",
    "reminded_at",
    "due_at",
    "until",
    "sent_at",
    "repeated_at",
    "opened_at",
    "finished_at",
    "snoozed_at",
    "nudged_at",
    "nudge_from",
)
"""When somebody did something, of a conversation, a story or a prompt."""

BLANK_STORY: dict[str, Any] = {
    "status": StoryStatus.WITHDRAWN,
    "title": "",
    "anchor_activity": None,
    "anchor_date": None,
    "anchor_link": None,
    "pseudonym": None,
    "hidden_because": None,
    "attribution": Attribution.UNNAMED,
}
BLANK_CONVERSATION: dict[str, Any] = {
    "place": "",
    "trail": [],
    "aside": None,
    "anchor_activity": None,
    "anchor_date": None,
    "anchor_link": None,
    "pseudonym": None,
    "attribution": Attribution.UNNAMED,
}


class Erasure:
    """`has_erased` says whether anything was, through this."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.has_erased = False

    def deleted_draft(self, draft: ConversationId, *, now: datetime) -> None:
        """Record that a draft was deleted by its teller; its rows are gone by then."""
        self._record(Erased.CONVERSATION, draft, now)

    def erase_conversation(self, conversation: ConversationId, *, now: datetime) -> None:
        """Every word of a story, sent or not. That it was begun, and sent, stays counted."""
        self._erase_conversations([conversation], now)
        self._record(Erased.CONVERSATION, conversation, now)

    def erase_member(self, member: MemberId, *, now: datetime) -> None:
        """A person, and every word of theirs. An empty row stays, so that counts stay true."""
        theirs = select(conversations.c.id).where(conversations.c.member_id == member)
        ids = [ConversationId(row) for row in self._connection.execute(theirs).scalars()]
        self._erase_conversations(ids, now)
        for address in self._addresses(member):
            self._erase_address(address)
        self._ask_no_more(member)
        for table in OF_MEMBER:
            self._delete(table, table.c.member_id == member)
        for table in (conversations, stories, deliveries):  # nobody can tell by the day who it was
            self._to_months(table, member)
        self._connection.execute(
            update(members)
            .where(members.c.id == member)
            .values(
                name="",
                language="",
                timezone=None,
                community_id=None,
                question_id=None,
                forgotten_at=now,
            )
        )
        self._record(Erased.MEMBER, member, now)
        # In a backup of before they were made one, another row is theirs, and so are its stories.
        for other in self._rows_made_one_with(member):
            self._record(Erased.MEMBER, other, now)
        for conversation in ids:
            self._record(Erased.CONVERSATION, conversation, now)

    def withdrawn_until(self, until: datetime) -> list[ConversationId]:
        """The conversations of stories that were taken back before then, and not erased."""
        found = select(stories.c.conversation_id).where(
            stories.c.status == StoryStatus.WITHDRAWN,
            stories.c.withdrawn_at <= until,
            stories.c.erased_at.is_(None),
        )
        return [ConversationId(row) for row in self._connection.execute(found).scalars()]

    # ---- what was erased, for the journal ----

    def recorded(self) -> list[Erasing]:
        """All that was erased, in that order."""
        rows = self._connection.execute(select(erasures).order_by(erasures.c.id))
        return [Erasing(Erased(row.kind), row.of, row.erased_at) for row in rows]

    def erase_again(self, what: Erasing) -> None:
        """Erase in a backup from earlier what was erased since.

        Rows that were made later than that have only the same number by chance.
        """
        row, at = what.row, what.at
        match what.kind:
            case Erased.MEMBER:
                there = select(members.c.id).where(
                    members.c.id == row,
                    members.c.created_at <= at,
                    members.c.forgotten_at.is_(None),
                )
            case Erased.CONVERSATION:
                there = select(conversations.c.id).where(
                    conversations.c.id == row,
                    conversations.c.started_at <= at,
                    conversations.c.status != Status.DELETED,
                    ~exists().where(
                        stories.c.conversation_id == row, stories.c.erased_at.is_not(None)
                    ),
                )
            case _:
                assert_never(what.kind)
        if self._connection.execute(there).first() is None:
            self._record(what.kind, row, at)
        elif what.kind is Erased.MEMBER:
            self.erase_member(MemberId(row), now=at)
        else:
            self.erase_conversation(ConversationId(row), now=at)

    # ---- parts ----

    def _erase_conversations(self, ids: Sequence[ConversationId], now: datetime) -> None:
        rows = select(stories.c.id).where(stories.c.conversation_id.in_(ids))
        for table in OF_STORY:
            self._delete(table, table.c.story_id.in_(rows))
        for table in OF_CONVERSATION:
            self._delete(table, table.c.conversation_id.in_(ids))
        self._unsend(ids)
        self._connection.execute(
            update(stories)
            .where(stories.c.conversation_id.in_(ids))
            .values(**BLANK_STORY, erased_at=now)
        )
        mine = conversations.c.id.in_(ids)
        was_sent = conversations.c.submitted_at.is_not(None)
        for ends, which in ((Status.SENT, was_sent), (Status.DELETED, ~was_sent)):
            self._connection.execute(
                update(conversations).where(mine, which).values(**BLANK_CONVERSATION, status=ends)
            )

    def _ask_no_more(self, member: MemberId) -> None:
        """Rounds go on without them, and what names them for a round does so no more."""
        waits = deliveries.c.status.in_([DeliveryStatus.PLANNED, DeliveryStatus.QUEUED])
        self._connection.execute(
            update(deliveries)
            .where(deliveries.c.member_id == member, waits)
            .values(status=DeliveryStatus.LEFT_OUT, reason=LeftOut.NO_CONSENT)
        )
        called = self._connection.execute(select(members.c.name).where(members.c.id == member))
        at = [f"{address.platform}:{address.user}" for address in self._addresses(member)]
        names = [name for name in (*called.scalars(), *at) if name]
        named = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names), re.I)
        for row in self._connection.execute(select(schedules.c.id, schedules.c.phrase)).all():
            if names and named.search(row.phrase):
                self._connection.execute(
                    update(schedules)
                    .where(schedules.c.id == row.id)
                    .values(phrase=named.sub("…", row.phrase))
                )
        asked = select(questions.c.id, questions.c["values"]).where(
            questions.c.command.in_(("prompt", "schedule"))
        )
        rows = self._connection.execute(asked).all()
        texts = {row.id: str(row[1]) for row in rows}
        gone = [row for row, text in texts.items() if names and named.search(text)]
        self._delete(questions, questions.c.id.in_(gone))

    def _unsend(self, ids: Sequence[ConversationId]) -> None:
        """What waits for anybody and names one of them, for it may quote it."""
        known = select(conversations.c.ref).where(conversations.c.id.in_(ids))
        refs = "|".join(re.escape(ref) for ref in self._connection.execute(known).scalars())
        waiting = self._connection.execute(
            select(outbox.c.id, cast(outbox.c.body, Text).label("body")).where(
                outbox.c.sent_at.is_(None), outbox.c.failed_at.is_(None)
            )
        )
        named = re.compile(rf"(?:{refs})(?!\d)")
        rows = [row.id for row in waiting if refs and named.search(row.body)]
        self._delete(outbox, outbox.c.id.in_(rows))

    def _erase_address(self, address: Address) -> None:
        """What arrived from there and was kept, and what waits to be sent there."""
        for table in (inbox, outbox, guesses, watches):
            self._delete(
                table, and_(table.c.platform == address.platform, table.c.user == address.user)
            )

    def _rows_made_one_with(self, member: MemberId) -> list[int]:
        linked = select(audit.c.details).where(
            audit.c.member_id == member, audit.c.action == Action.LINKED
        )
        found = self._connection.execute(linked).scalars()
        return [int(details["was"]) for details in found if "was" in details]

    def _addresses(self, member: MemberId) -> list[Address]:
        rows = self._connection.execute(
            select(addresses.c.platform, addresses.c.user).where(addresses.c.member_id == member)
        )
        return [Address(row.platform, row.user) for row in rows]

    def _to_months(self, table: Table, member: MemberId) -> None:
        times = [name for name in TIMES if name in table.c]
        rows = self._connection.execute(select(table).where(table.c.member_id == member)).all()
        for row in rows:
            values = {
                name: _month(row._mapping[name]) for name in times if row._mapping[name] is not None
            }
            self._connection.execute(update(table).where(table.c.id == row.id).values(values))

    def _delete(self, table: Table, which: Any) -> None:
        self._connection.execute(delete(table).where(which))

    def _record(self, kind: Erased, row: int, now: datetime) -> None:
        self.has_erased = True
        same = (erasures.c.kind == kind, erasures.c.of == row, erasures.c.erased_at == now)
        if self._connection.execute(select(erasures.c.id).where(*same)).first() is not None:
            return
        self._connection.execute(insert(erasures).values(kind=kind, of=row, erased_at=now))


def _month(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
