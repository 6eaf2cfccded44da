"""What goes after a time, by the settings of an installation."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, or_, select, update

from flows.conversation import ConversationId, Status
from storage.communities import CommunityId
from storage.members import MemberId
from storage.tables import answers, conversations, evidence, guesses, inbox, link_codes, outbox

NOTICE = timedelta(days=14)
"""How long before it is erased the teller of a draft is told."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A story that was begun, not sent, and left alone."""

    id: ConversationId
    member: MemberId
    community: CommunityId


class Expiring:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def drafts_to_tell(self, idle_since: datetime) -> list[Draft]:
        """Drafts that nobody has gone on with since then, and whose teller was not told yet."""
        not_told = or_(
            conversations.c.expiry_told_at.is_(None),
            conversations.c.expiry_told_at < conversations.c.turned_at,
        )
        return self._drafts(_drafts().where(conversations.c.turned_at <= idle_since, not_told))

    def told(self, draft: Draft, *, now: datetime) -> None:
        """Its teller was told."""
        self._connection.execute(
            update(conversations).where(conversations.c.id == draft.id).values(expiry_told_at=now)
        )

    def drafts_to_erase(self, told_until: datetime) -> list[Draft]:
        """Drafts whose teller was told by then, and has not gone on since."""
        return self._drafts(
            _drafts().where(
                conversations.c.expiry_told_at <= told_until,
                conversations.c.expiry_told_at >= conversations.c.turned_at,
            )
        )

    def drop_platform_ids(self, before: datetime) -> int:
        """The ids of messages on their platform; how many rows that were."""
        old = select(conversations.c.id).where(conversations.c.turned_at < before)
        count = self._connection.execute(
            update(answers)
            .where(answers.c.said_at < before, answers.c.message_id.is_not(None))
            .values(message_id=None)
        ).rowcount
        count += self._connection.execute(
            update(evidence)
            .where(evidence.c.conversation_id.in_(old), evidence.c.message_id.is_not(None))
            .values(message_id=None)
        ).rowcount
        sent = delete(outbox).where(outbox.c.sent_at < before)
        return count + self._connection.execute(sent).rowcount

    def drop_inputs(self, before: datetime) -> int:
        """The keys of what arrived, what failed and was kept, and codes that nobody can use."""
        count = self._connection.execute(delete(inbox).where(inbox.c.received_at < before)).rowcount
        self._connection.execute(delete(guesses).where(guesses.c.at < before))
        self._connection.execute(delete(link_codes).where(link_codes.c.expires_at < before))
        return count

    def _drafts(self, wanted: Select[Any]) -> list[Draft]:
        rows = self._connection.execute(wanted.order_by(conversations.c.id))
        return [
            Draft(ConversationId(row.id), MemberId(row.member_id), CommunityId(row.community_id))
            for row in rows
        ]


def _drafts() -> Select[Any]:
    return select(
        conversations.c.id, conversations.c.member_id, conversations.c.community_id
    ).where(
        conversations.c.status.in_([Status.ACTIVE, Status.PARKED]),
        conversations.c.has_begun,
        conversations.c.submitted_at.is_(None),
    )
