"""How things stand: what came in, what waits, what failed. Numbers only."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    distinct,
    exists,
    func,
    literal_column,
    select,
    true,
)

from flows.conversation import Status
from flows.framework import Audience
from storage.communities import CommunityId
from storage.deliveries import DeliveryStatus
from storage.inbox import InboxStatus
from storage.outbox import EXPIRED, UNREACHABLE
from storage.rounds import RoundStatus
from storage.stories import StoryStatus
from storage.tables import (
    addresses,
    check_backs,
    conversations,
    deliveries,
    inbox,
    memberships,
    outbox,
    rounds,
    stories,
)
from storage.visibility import Scope, open_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """`inputs` could not be handled, `messages` were refused by their platform, `people` can't be
    reached, `rounds` were missed."""

    inputs: int
    messages: int
    people: int
    rounds: int

    def __bool__(self) -> bool:
        return bool(self.inputs or self.messages or self.people or self.rounds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """`drafts` were begun, `prompts` are planned, `check_backs` are to be asked."""

    drafts: int
    prompts: int
    check_backs: int

    def __bool__(self) -> bool:
        return bool(self.drafts or self.prompts or self.check_backs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Messages that wait to be sent: replies to somebody, and what is said unasked."""

    prompts: int
    replies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """`questions` are open and never came; `inputs` have waited for an answer too long."""

    questions: int
    inputs: int


class Standing:
    """Of the communities that are named; of everything where None are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def came(self, community: CommunityId, *, since: datetime, until: datetime) -> tuple[int, int]:
        """Stories that were sent in that time, and how many of them organizers may read."""
        sent = and_(
            stories.c.community_id == community,
            stories.c.status == StoryStatus.SENT,
            stories.c.submitted_at >= since,
            stories.c.submitted_at < until,
        )
        for_them = open_to(Scope(community=community, reader=Audience.ORGANIZERS))
        return self._many(select(func.count()).where(sent)), self._many(
            select(func.count()).where(sent, for_them)
        )

    def waiting(self, of: Collection[CommunityId] | None, *, until: datetime) -> Waiting:
        """What waits; check-backs as far as they are due by then."""
        planned = select(func.count()).select_from(deliveries.join(rounds))
        asked_later = (
            select(func.count())
            .select_from(check_backs)
            .join(conversations, conversations.c.id == check_backs.c.conversation_id)
        )
        return Waiting(
            drafts=self._many(
                select(func.count()).where(
                    _of(conversations, of),
                    conversations.c.status.in_([Status.ACTIVE, Status.PARKED]),
                    conversations.c.has_begun,
                    conversations.c.submitted_at.is_(None),
                )
            ),
            prompts=self._many(
                planned.where(_of(rounds, of), deliveries.c.status == DeliveryStatus.PLANNED)
            ),
            check_backs=self._many(
                asked_later.where(
                    _of(conversations, of),
                    check_backs.c.asked_at.is_(None),
                    check_backs.c.due_at <= until,
                )
            ),
        )

    def failed(self, of: Collection[CommunityId] | None, *, since: datetime) -> Failed:
        """What failed since then."""
        own_fault = outbox.c.fault.not_in([UNREACHABLE, EXPIRED])
        return Failed(
            inputs=self._many(
                select(func.count()).where(
                    inbox.c.status == InboxStatus.FAILED,
                    inbox.c.received_at >= since,
                    _is_theirs(inbox, of),
                )
            ),
            messages=self._many(
                select(func.count()).where(
                    outbox.c.failed_at >= since, own_fault, _is_theirs(outbox, of)
                )
            ),
            people=self._many(
                select(func.count(distinct(addresses.c.member_id))).where(
                    addresses.c.unreachable_at >= since, _belongs(of)
                )
            ),
            rounds=self._many(
                select(func.count()).where(
                    _of(rounds, of),
                    rounds.c.status == RoundStatus.MISSED,
                    rounds.c.made_at >= since,
                )
            ),
        )

    def queue(self, of: Collection[CommunityId] | None) -> Queue:
        waits = and_(
            outbox.c.sent_at.is_(None), outbox.c.failed_at.is_(None), _is_theirs(outbox, of)
        )
        return Queue(
            prompts=self._many(select(func.count()).where(waits, outbox.c.priority > 0)),
            replies=self._many(select(func.count()).where(waits, outbox.c.priority == 0)),
        )

    def stuck(
        self, of: Collection[CommunityId] | None, *, since: datetime, before: datetime
    ) -> Stuck:
        """Since before then; inputs of the time from `since` on."""
        is_under_way = exists().where(
            outbox.c.conversation_id == conversations.c.id,
            outbox.c.sent_at.is_(None),
            outbox.c.failed_at.is_(None),
        )
        return Stuck(
            questions=self._many(
                select(func.count()).where(
                    _of(conversations, of),
                    # As it is written, so that SQLite finds the index of those that are open.
                    conversations.c.status == literal_column(f"'{Status.ACTIVE}'"),
                    conversations.c.delivered_at.is_(None),
                    conversations.c.turned_at < before,
                    ~is_under_way,
                )
            ),
            inputs=self._many(
                select(func.count()).where(
                    inbox.c.status == InboxStatus.WAITING,
                    inbox.c.received_at >= since,
                    inbox.c.received_at < before,
                    _is_theirs(inbox, of),
                )
            ),
        )

    def _many(self, wanted: Select[Any]) -> int:
        return int(self._connection.execute(wanted).scalar_one())


def _of(table: Any, communities: Collection[CommunityId] | None) -> ColumnElement[bool]:
    column: ColumnElement[Any] = table.c.community_id
    return column.is_not(None) if communities is None else column.in_(communities)


def _belongs(communities: Collection[CommunityId] | None) -> ColumnElement[bool]:
    """Whether the person at an address belongs to one of these."""
    return exists().where(
        memberships.c.member_id == addresses.c.member_id, _of(memberships, communities)
    )


def _is_theirs(table: Any, communities: Collection[CommunityId] | None) -> ColumnElement[bool]:
    """Whether a row is of a member's: what arrived from them, what is for them."""
    if communities is None:
        return true()
    return (
        exists()
        .where(
            addresses.c.platform == table.c.platform,
            addresses.c.user == table.c.user,
            memberships.c.member_id == addresses.c.member_id,
            _of(memberships, communities),
        )
        .correlate(table)
    )
