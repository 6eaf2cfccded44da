"""What waits to be sent, in order. The words go from here once they are sent, or never will be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from flows.conversation import ConversationId, Status
from flows.messages import Address, Ask, Reply, Review, Say
from storage.deliveries import DeliveryId, DeliveryStatus
from storage.dialects import named
from storage.mapping import reply_of, reply_values
from storage.prepared import Prepared
from storage.tables import addresses, conversations, deliveries, outbox

ASIDE = "aside:"
"""What a place begins with where only one person sees what is said: behind it stands how."""

UNREACHABLE, EXPIRED = "unreachable", "expired"
"""The faults of what can't be sent because its reader is gone, or nobody wants it any more."""

MAX_FAULT = 255
"""Characters that are kept of what a platform says of a fault."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One reply that is to be sent.

    `place` is the group to show it in, the person's own chat where it is None; `priority` 0 a reply
    to somebody, 1 what is said to many. One that is `in_place` is the open question anew, to be
    shown where that stands; `asks` is its place in the interview. What has a `subject` may have
    been shared in that place before. A `delivery` is a member's share of a round of prompts, which
    nobody wants after it `expires_at`; `was_tried` says that it was being sent before, and that
    nobody knows whether it was.
    """

    id: int
    reply: Reply
    place: str | None = None
    priority: int = 0
    in_place: bool = False
    conversation: ConversationId | None = None
    asks: str | None = None
    subject: str | None = None
    delivery: DeliveryId | None = None
    expires_at: datetime | None = None
    was_tried: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that was sent and has buttons still. `asks` is what it asked, and of what."""

    id: int
    message_id: str
    conversation: ConversationId | None
    asks: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a platform says of a message it took: its id there, and when.

    `messages`: into how many it was split, which count as so many for the platform's limits.
    """

    message_id: str | None
    at: datetime
    messages: int = 1


_PUT = Prepared(
    insert(outbox)
    .values(
        named(
            "platform",
            "user",
            "conversation_id",
            "asks",
            "body",
            "created_at",
            "place",
            "priority",
            "in_place",
            "subject",
            "delivery_id",
            "expires_at",
        )
    )
    .inline()  # nobody asks for the new row's number
)
_AT = (outbox.c.platform == bindparam("at_platform"), outbox.c.user == bindparam("at_user"))
_WAITS = (outbox.c.sent_at.is_(None), outbox.c.failed_at.is_(None))
_WAITING = (
    select(
        outbox.c.id,
        outbox.c.body,
        outbox.c.place,
        outbox.c.priority,
        outbox.c.in_place,
        outbox.c.conversation_id,
        outbox.c.asks,
        outbox.c.subject,
        outbox.c.delivery_id,
        outbox.c.expires_at,
        outbox.c.attempted_at,
    )
    .where(*_WAITS, *_AT)
    .order_by(outbox.c.id)
)
# Only in the person's own chat: a message of a group has a number of that group's.
_OPEN_BUTTONS = (
    select(outbox.c.id, outbox.c.message_id, outbox.c.conversation_id, outbox.c.asks)
    .where(
        outbox.c.has_buttons,
        outbox.c.message_id.is_not(None),
        outbox.c.place.is_(None),
        *_AT,
    )
    .order_by(outbox.c.id)
)
_CLOSE = update(outbox).where(outbox.c.id == bindparam("row")).values(has_buttons=False)
_MESSAGE = bindparam("message", type_=outbox.c.message_id.type)
# A row that is marked once more, because nobody knows whether the first time was committed, has no
# body any more.
_HAS_BUTTONS = case(
    (outbox.c.body.is_(None), outbox.c.has_buttons),
    (_MESSAGE.is_(None), false()),  # nobody could take them away
    (outbox.c.asks.is_not(None), func.json_array_length(outbox.c.body["options"]) > 0),
    else_=false(),
)
_MARK = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"))
    .values(
        sent_at=bindparam("at"),
        message_id=_MESSAGE,
        has_buttons=_HAS_BUTTONS,
        body=None,
    )
    .returning(outbox.c.conversation_id, outbox.c.asks, outbox.c.delivery_id)
)
_TRIED = update(outbox).where(outbox.c.id == bindparam("row")).values(attempted_at=bindparam("at"))
_FAILED: dict[str, Any] = {"failed_at": bindparam("at"), "fault": bindparam("why"), "body": None}
_FAIL = (
    update(outbox)
    .where(outbox.c.id == bindparam("row"), outbox.c.sent_at.is_(None))
    .values(_FAILED)
    .returning(outbox.c.id, outbox.c.conversation_id, outbox.c.delivery_id)
)
_FAIL_ALL = (
    update(outbox)
    .where(*_WAITS, *_AT)
    .values(_FAILED)
    .returning(outbox.c.id, outbox.c.conversation_id, outbox.c.delivery_id)
)
# The last word to somebody who was forgotten: their address stays nowhere.
_GONE = delete(outbox).where(
    outbox.c.id == bindparam("row"),
    ~exists().where(addresses.c.platform == outbox.c.platform, addresses.c.user == outbox.c.user),
)
_IS_OWN = outbox.c.place.is_(None)
_DELIVERY = update(deliveries).where(deliveries.c.id == bindparam("delivery"))
_HAS_COME = _DELIVERY.values(status=DeliveryStatus.SENT, sent_at=bindparam("at"))
_COMES_AGAIN = _DELIVERY.values(repeated_at=bindparam("at"))
_LOST = _DELIVERY.values(status=bindparam("status"))
_NOT_COME = {
    UNREACHABLE: DeliveryStatus.UNREACHABLE,
    EXPIRED: DeliveryStatus.MISSED,
}
_NEVER_OPENED = delete(conversations).where(
    conversations.c.id == bindparam("conversation"),
    conversations.c.prompted,
    ~conversations.c.has_begun,
)
# A story that was begun is kept for later, as if it had not been offered.
_NEVER_OFFERED = (
    update(conversations)
    .where(
        conversations.c.id == bindparam("conversation"),
        conversations.c.prompted,
        conversations.c.has_begun,
        conversations.c.status == Status.ACTIVE,
    )
    .values(status=Status.PARKED, prompted=False, aside=None)
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
        place: str | None = None,
        priority: int = 0,
        in_place: bool = False,
        delivery: DeliveryId | None = None,
        expires_at: datetime | None = None,
    ) -> None:
        """To be sent once the work is flushed and committed; `Waiting` says how.

        Of replies that are `in_place` only a question is, or what has a `subject`.
        """
        self.rows += [
            {
                "platform": to.platform,
                "user": to.user,
                "conversation_id": conversation,
                "asks": reply.step if isinstance(reply, Ask | Review) else None,
                "body": reply_values(reply),
                "created_at": now,
                "place": place,
                "priority": priority,
                "in_place": in_place and _has_place(reply),
                "subject": reply.subject if isinstance(reply, Say) else None,
                "delivery_id": delivery,
                "expires_at": expires_at,
            }
            for reply in replies
        ]

    def flush(self) -> None:
        if self.rows:
            _PUT.run_all(self._connection, self.rows)
            self.rows = []

    def waiting(self, to: Address) -> list[Waiting]:
        """In the order to send it in."""
        rows = self._connection.execute(_WAITING, _at(to))
        return [
            Waiting(
                row.id,
                reply_of(row.body),
                row.place,
                row.priority,
                row.in_place,
                row.conversation_id,
                row.asks,
                row.subject,
                row.delivery_id,
                row.expires_at,
                row.attempted_at is not None,
            )
            for row in rows
        ]

    def has_waiting(self, to: Address) -> bool:
        """Whether anything is to be sent to an address yet, or is not known to be sent."""
        found = select(outbox.c.id).where(*_WAITS, *_AT).limit(1)
        return self._connection.execute(found, _at(to)).first() is not None

    def waiting_for(self, platform: str) -> list[Address]:
        """The addresses on a platform that something waits for."""
        rows = self._connection.execute(
            select(outbox.c.user)
            .where(*_WAITS, outbox.c.platform == platform)
            .group_by(outbox.c.user)
            .order_by(func.min(outbox.c.id))
        )
        return [Address(platform, row.user) for row in rows]

    def is_waiting(self, conversation: ConversationId) -> bool:
        """Whether anything of a conversation is to be sent yet."""
        found = select(outbox.c.id).where(outbox.c.conversation_id == conversation, *_WAITS)
        return self._connection.execute(found.limit(1)).first() is not None

    def asked_in(self, conversation: ConversationId, message_id: str) -> str | None:
        """The place of a conversation that was asked in a message; None where none was."""
        found = select(outbox.c.asks).where(
            outbox.c.conversation_id == conversation, outbox.c.message_id == message_id
        )
        asks: str | None = self._connection.execute(found.limit(1)).scalar()
        return asks

    def mark_sent(self, sent: Sequence[tuple[int, Sent]]) -> None:
        """These rows were sent. An open question among them counts as delivered from then on."""
        for row, what in sent:
            marked = self._connection.execute(
                _MARK, {"row": row, "at": what.at, "message": what.message_id}
            ).one_or_none()
            if marked is not None and marked.delivery_id is not None:
                self._connection.execute(_HAS_COME, {"delivery": marked.delivery_id, "at": what.at})
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

    def trying(self, row: Waiting, at: datetime | None) -> None:
        """It is being sent; None: it was not. Where it was being sent before and nobody knows what
        came of that, it may come twice, which is counted."""
        self._connection.execute(_TRIED, {"row": row.id, "at": at})
        if at is not None and row.was_tried:
            self._connection.execute(_COMES_AGAIN, {"delivery": row.delivery, "at": at})

    def open_buttons(self, to: Address) -> list[Shown]:
        """The messages in somebody's own chat that have buttons still, the newest last."""
        rows = self._connection.execute(_OPEN_BUTTONS, _at(to))
        return [Shown(row.id, row.message_id, row.conversation_id, row.asks) for row in rows]

    def standing(self, to: Address, row: Waiting) -> list[Shown]:
        """The message that was shared there before on the same subject, if there is one."""
        found = (
            select(outbox.c.id, outbox.c.message_id)
            .where(
                outbox.c.platform == to.platform,
                outbox.c.place == row.place if row.place else _IS_OWN & (outbox.c.user == to.user),
                outbox.c.subject == row.subject,
                outbox.c.message_id.is_not(None),
            )
            .order_by(outbox.c.id.desc())
            .limit(1)
        )
        rows = self._connection.execute(found)
        return [Shown(found.id, found.message_id, None, None) for found in rows]

    def closed(self, rows: Iterable[int]) -> None:
        """There are no buttons below these messages any more."""
        for row in rows:
            self._connection.execute(_CLOSE, {"row": row})

    def move_place(self, platform: str, old: str, new: str) -> None:
        """A group has another number: what waits for it, in any topic, goes there."""
        waiting = (outbox.c.platform == platform) & outbox.c.sent_at.is_(None)
        self._connection.execute(
            update(outbox).where(waiting, outbox.c.place == old).values(place=new)
        )

    def fail(self, row: int, fault: str, *, at: datetime) -> None:
        """It will never be sent. Its words go; the row stays, with its fault."""
        self._failed(_FAIL, {"row": row, "at": at, "why": fault[:MAX_FAULT]})

    def fail_all(self, to: Address, fault: str, *, at: datetime) -> int:
        """Nothing of what waits for this address will be sent; how many rows that were."""
        return self._failed(_FAIL_ALL, {**_at(to), "at": at, "why": fault[:MAX_FAULT]})

    def lost(self, before: datetime, *, at: datetime) -> None:
        """Prompts that nobody wanted any more by then, since nothing sends to their platform."""
        overdue = select(outbox.c.id).where(
            *_WAITS, outbox.c.delivery_id.is_not(None), outbox.c.expires_at <= before
        )
        for row in self._connection.execute(overdue).scalars().all():
            self.fail(row, EXPIRED, at=at)

    def _failed(self, statement: ReturningUpdate[Any], values: dict[str, Any]) -> int:
        failed = self._connection.execute(statement, values).all()
        for row in failed:
            if row.delivery_id is not None:
                self._has_not_come(row, values["why"])
            if row.conversation_id is None:
                self._connection.execute(_GONE, {"row": row.id})
        return len(failed)

    def _has_not_come(self, row: Any, fault: str) -> None:
        """The ledger says why. What it would have opened is gone, where nothing was told there."""
        status = _NOT_COME.get(fault, DeliveryStatus.FAILED)
        self._connection.execute(_LOST, {"delivery": row.delivery_id, "status": status})
        self._connection.execute(_NEVER_OPENED, {"conversation": row.conversation_id})
        self._connection.execute(_NEVER_OFFERED, {"conversation": row.conversation_id})


def _has_place(reply: Reply) -> bool:
    return isinstance(reply, Ask | Review) or (isinstance(reply, Say) and reply.subject is not None)


def _at(to: Address) -> dict[str, str]:
    return {"at_platform": to.platform, "at_user": to.user}
