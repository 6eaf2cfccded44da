"""Stories that are to be asked about again, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, update

from flows.conversation import ConversationId
from storage.communities import CommunityId
from storage.members import MemberId
from storage.stories import StoryStatus
from storage.tables import check_backs, conversations, members, memberships, stories


@dataclass(frozen=True, slots=True)
class CheckBack:
    """A story that was sent, by which entry of its flow it is asked about, and whose it is."""

    id: int
    conversation: ConversationId
    entry: str
    member: MemberId
    community: CommunityId


class CheckBacks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def are_due(self, now: datetime) -> bool:
        """Whether any story is to be asked about by now."""
        return self._connection.execute(_due(now).limit(1)).first() is not None

    def due(self, now: datetime, *, most: int) -> list[CheckBack]:
        """Those that were not asked about, the longest due first, and locked with their tellers.
        In the order of those. Who is in the middle of a turn is left out, and looked at again."""
        found = _due(now).join(members, members.c.id == conversations.c.member_id)
        found = found.order_by(check_backs.c.due_at, check_backs.c.id).limit(most)
        # Both at once: a turn locks its member first, and may then wait for the other row.
        rows = self._connection.execute(
            found.with_for_update(of=(members, check_backs), skip_locked=True)
        )
        return [
            CheckBack(
                row.id,
                ConversationId(row.conversation_id),
                row.entry,
                MemberId(row.member_id),
                CommunityId(row.community_id),
            )
            for row in sorted(rows, key=lambda row: int(row.member_id))
        ]

    def put_off(self, row: CheckBack, until: datetime) -> None:
        """Not to be looked at before then. If its teller comes by themselves, they are asked."""
        self._set(check_backs.c.id == row.id, held_until=until)

    def asked(self, conversation: ConversationId, *, now: datetime) -> None:
        """Its teller was asked; that is done once."""
        self._set(check_backs.c.conversation_id == conversation, asked_at=now)

    def _set(self, which: Any, **values: Any) -> None:
        self._connection.execute(update(check_backs).where(which).values(values))


def _due(now: datetime) -> Select[Any]:
    """A story that was taken back, hidden or erased is not asked about, nor whoever has left."""
    return (
        select(
            check_backs.c.id,
            check_backs.c.conversation_id,
            check_backs.c.entry,
            conversations.c.member_id,
            conversations.c.community_id,
        )
        .join(conversations, conversations.c.id == check_backs.c.conversation_id)
        .join(stories, stories.c.conversation_id == conversations.c.id)
        .join(
            memberships,
            (memberships.c.member_id == conversations.c.member_id)
            & (memberships.c.community_id == conversations.c.community_id),
        )
        .where(
            check_backs.c.due_at <= now,
            check_backs.c.asked_at.is_(None),
            func.coalesce(check_backs.c.held_until, check_backs.c.due_at) <= now,
            stories.c.status == StoryStatus.SENT,
            stories.c.hidden_at.is_(None),
            stories.c.erased_at.is_(None),
        )
    )
