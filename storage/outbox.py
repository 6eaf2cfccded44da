"""What waits to be sent, in order. The words go from here once they are sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from flows.conversation import ConversationId
from flows.messages import Address, Ask, Reply, Review
from storage.dialects import named
from storage.mapping import reply_of, reply_values
from storage.prepared import Prepared
from storage.tables import addresses, conversations, outbox


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reply that is to be sent."""

    id: int
    reply: Reply


@dataclass(frozen=True, slots=True)
class Sent:
    """What a platform says of a message it took: its id there, and when."""

    message_id: str | None
    at: datetime


_PUT = Prepared(
    insert(outbox)
    .values(named("platform", "user", "conversation_id", "asks", "body", "created_at"))
    .inline()  # nobody asks for the new row's number
)
_WAITING = (
    select(outbox.c.id, outbox.c.body)
    .where(
        outbox.c.sent_at.is_(None),
        outbox.c.platform == bindparam("platform"),
        outbox.c.user == bindparam("user"),
    )
    .order_by(outbox.c.id)
)
_MARK = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(sent_at=bindparam("at"), message_id=bindparam("message"), body=None)
    .returning(outbox.c.conversation_id, outbox.c.asks)
)
# The last word to somebody who was forgotten: their address stays nowhere.
_GONE = delete(outbox).where(
    outbox.c.id == bindparam("row"),
    ~exists().where(addresses.c.platform == outbox.c.platform, addresses.c.user == outbox.c.user),
)
_DELIVERED = (
    update(conversations)
    .where(
        conversations.c.id == bindparam("conversation"),
        conversations.c.place == bindparam("asked"),
        conversations.c.delivered_at.is_(None),
    )
    .values(delivered_at=bindparam("at"))
)


class Outbox:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.rows: list[dict[str, Any]] = []

    def put(
        self,
        to: Address,
        replies: Iterable[Reply],
        *,
        conversation: ConversationId | None,
        now: datetime,
    ) -> None:
        """To be sent once the work is flushed and committed."""
        self.rows += [
            {
                "platform": to.platform,
                "user": to.user,
                "conversation_id": conversation,
                "asks": reply.step if isinstance(reply, Ask | Review) else None,
                "body": reply_values(reply),
                "created_at": now,
            }
            for reply in replies
        ]

    def flush(self) -> None:
        if self.rows:
            _PUT.run_all(self._connection, self.rows)
            self.rows = []

    def waiting(self, to: Address) -> list[Waiting]:
        rows = self._connection.execute(_WAITING, {"platform": to.platform, "user": to.user})
        return [Waiting(row.id, reply_of(row.body)) for row in rows]

    def waiting_for(self, platform: str) -> list[Address]:
        """The addresses on a platform that something waits for."""
        rows = self._connection.execute(
            select(outbox.c.user)
            .where(outbox.c.sent_at.is_(None), outbox.c.platform == platform)
            .group_by(outbox.c.user)
            .order_by(func.min(outbox.c.id))
        )
        return [Address(platform, row.user) for row in rows]

    def mark_sent(self, sent: Sequence[tuple[int, Sent]]) -> None:
        """These rows were sent. An open question among them counts as delivered from then on."""
        for row, what in sent:
            marked = self._connection.execute(
                _MARK, {"row": row, "at": what.at, "message": what.message_id}
            ).one_or_none()
            if marked is not None and marked.conversation_id is None:
                self._connection.execute(_GONE, {"row": row})
            if marked is not None and marked.asks is not None:
                self._connection.execute(
                    _DELIVERED,
                    {
                        "conversation": marked.conversation_id,
                        "asked": marked.asks,
                        "at": what.at,
                    },
                )
