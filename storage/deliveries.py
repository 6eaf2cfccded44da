"""The ledger: each member's share of a round of prompts, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from flows.conversation import ConversationId
from flows.prompting import LeftOut
from storage.dialects import insert_or_keep
from storage.members import MemberId
from storage.tables import deliveries, members, outbox

RoundId = NewType("RoundId", int)
DeliveryId = NewType("DeliveryId", int)


class DeliveryStatus(StrEnum):
    PLANNED = "planned"
    QUEUED = "queued"  # in the outbox
    SENT = "sent"
    LEFT_OUT = "left-out"
    MISSED = "missed"
    UNREACHABLE = "unreachable"
    FAILED = "failed"  # its platform refused it


@dataclass(frozen=True, slots=True)
class Delivery:
    """One member's share of a round, to be sent from `due_at` until `until`."""

    id: DeliveryId
    round: RoundId
    member: MemberId
    due_at: datetime
    until: datetime
    is_again: bool
    """Whether it was put off by its member."""


@dataclass(frozen=True, slots=True)
class Queue:
    """How many prompts wait to be sent, and since when the first of them."""

    length: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt that was sent, and the conversation that it opened."""

    delivery: DeliveryId
    member: MemberId
    conversation: ConversationId


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is planned for one member: when, or why not."""

    member: MemberId
    due_at: datetime | None = None
    until: datetime | None = None
    reason: LeftOut | None = None
    status: DeliveryStatus = DeliveryStatus.PLANNED


_PLAN = insert_or_keep(deliveries, unless=["round_id", "member_id"])


class Deliveries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ---- planning ----

    def plan(self, of: RoundId, planned: Sequence[Planned]) -> None:
        """Enter members into the ledger; whoever is there already stays as they are."""
        if planned:
            self._connection.execute(
                _PLAN[self._connection.dialect.name],
                [
                    {
                        "round_id": of,
                        "member_id": each.member,
                        "status": DeliveryStatus.LEFT_OUT if each.reason else each.status,
                        "reason": each.reason,
                        "due_at": each.due_at,
                        "until": each.until,
                    }
                    for each in planned
                ],
            )

    # ---- sending ----

    def is_due(self, now: datetime) -> bool:
        """Whether anything of any round is to be sent by now."""
        return self._connection.execute(_due(now).limit(1)).first() is not None

    def due(self, now: datetime, *, most: int) -> list[Delivery]:
        """What is to be sent by now, longest due first, and locked with its members. In the order
        of those. Who is in the middle of a turn is left out, and looked at again."""
        found = _with_members(_due(now)).order_by(deliveries.c.due_at, deliveries.c.id).limit(most)
        rows = self._connection.execute(_locked(found)).all()
        return [_delivery_of(row) for row in sorted(rows, key=lambda row: int(row.member_id))]

    def queued(self, delivery: Delivery, conversation: ConversationId) -> None:
        """It is in the outbox."""
        self._set(delivery, status=DeliveryStatus.QUEUED, conversation_id=conversation)

    def put_off(self, delivery: Delivery, until: datetime) -> None:
        """It is due later."""
        self._set(delivery, due_at=until)

    def leave_out(self, delivery: Delivery, reason: LeftOut) -> None:
        self._set(delivery, status=DeliveryStatus.LEFT_OUT, reason=reason)

    def miss(self, delivery: Delivery) -> None:
        """Its window has closed."""
        self._set(delivery, status=DeliveryStatus.MISSED)

    def queue(self) -> Queue:
        """The prompts that wait in the outbox."""
        waiting = (outbox.c.sent_at.is_(None), outbox.c.failed_at.is_(None))
        row = self._connection.execute(
            select(func.count().label("length"), func.min(outbox.c.created_at).label("since"))
            .select_from(outbox)
            .where(outbox.c.delivery_id.is_not(None), *waiting)
        ).one()
        return Queue(row.length, row.since)

    # ---- what members do ----

    def reacted(self, conversation: ConversationId, *, has_started: bool, now: datetime) -> None:
        """Somebody did anything with a prompt, or began to answer it."""
        changed = {"opened_at": func.coalesce(deliveries.c.opened_at, now)}
        if has_started:
            changed["started_at"] = func.coalesce(deliveries.c.started_at, now)
        self._connection.execute(update(deliveries).where(_latest(conversation)).values(changed))

    def finished(self, conversation: ConversationId, *, now: datetime) -> None:
        """The story that came of a prompt was sent."""
        self._connection.execute(
            update(deliveries)
            .where(_latest(conversation), deliveries.c.finished_at.is_(None))
            .values(finished_at=now)
        )

    def snooze(
        self, conversation: ConversationId, *, due_at: datetime, until: datetime, now: datetime
    ) -> None:
        """A prompt is to come once more, later, as its member wants it."""
        self._connection.execute(
            update(deliveries)
            .where(_latest(conversation))
            .values(status=DeliveryStatus.PLANNED, due_at=due_at, until=until, snoozed_at=now)
        )

    def to_nudge(
        self, of: RoundId, *, sent_until: datetime, now: datetime, most: int, lock: bool
    ) -> list[Asked]:
        """Prompts of a round that were sent by then, and that nobody did anything with. Locked
        with their members, and without whoever is in the middle of a turn."""
        may_come = or_(deliveries.c.nudge_from.is_(None), deliveries.c.nudge_from <= now)
        found = (
            select(deliveries.c.id, deliveries.c.member_id, deliveries.c.conversation_id)
            .where(
                deliveries.c.round_id == of,
                deliveries.c.status == DeliveryStatus.SENT,
                deliveries.c.sent_at <= sent_until,
                deliveries.c.opened_at.is_(None),
                deliveries.c.nudged_at.is_(None),
                deliveries.c.conversation_id.is_not(None),
                may_come,
            )
            .order_by(deliveries.c.member_id)
            .limit(most)
        )
        # A reader of PostgreSQL may lock nothing.
        rows = self._connection.execute(_locked(_with_members(found)) if lock else found)
        return [
            Asked(DeliveryId(r.id), MemberId(r.member_id), ConversationId(r.conversation_id))
            for r in rows
        ]

    def nudge_later(self, delivery: DeliveryId, at: datetime) -> None:
        self._connection.execute(
            update(deliveries).where(deliveries.c.id == delivery).values(nudge_from=at)
        )

    def nudged(self, delivery: DeliveryId, *, now: datetime) -> None:
        """It was decided about a reminder; there is no other."""
        self._connection.execute(
            update(deliveries).where(deliveries.c.id == delivery).values(nudged_at=now)
        )

    def are_waiting(self, of: RoundId) -> bool:
        """Whether anybody of a round is yet to be asked."""
        found = select(deliveries.c.id).where(
            deliveries.c.round_id == of,
            deliveries.c.status.in_([DeliveryStatus.PLANNED, DeliveryStatus.QUEUED]),
        )
        return self._connection.execute(found.limit(1)).first() is not None

    def lost(self, before: datetime) -> None:
        """Those that were to be sent by then, and are in no outbox any more, are missed."""
        waits = exists().where(
            outbox.c.delivery_id == deliveries.c.id,
            outbox.c.sent_at.is_(None),
            outbox.c.failed_at.is_(None),
        )
        self._connection.execute(
            update(deliveries)
            .where(
                deliveries.c.status == DeliveryStatus.QUEUED, deliveries.c.until <= before, ~waits
            )
            .values(status=DeliveryStatus.MISSED)
        )

    def set_back(self, now: datetime) -> None:
        """What was sent while the clock was ahead was sent by now: caps count from here."""
        self._connection.execute(
            update(deliveries).where(deliveries.c.sent_at > now).values(sent_at=now)
        )

    def _set(self, delivery: Delivery, **values: Any) -> None:
        self._connection.execute(
            update(deliveries).where(deliveries.c.id == delivery.id).values(values)
        )


def _due(now: datetime) -> Select[Any]:
    return select(deliveries).where(
        deliveries.c.status == literal_column(f"'{DeliveryStatus.PLANNED}'"),
        deliveries.c.due_at <= now,
    )


def _with_members(found: Select[Any]) -> Select[Any]:
    return found.join(members, members.c.id == deliveries.c.member_id)


def _locked(found: Select[Any]) -> Select[Any]:
    # A turn locks its member first and their share after that. Whoever has the share already and
    # then waits for the member holds up that turn for ever; so both are taken at once, or neither.
    return found.with_for_update(of=(members, deliveries), skip_locked=True)


def _latest(conversation: ConversationId) -> ColumnElement[bool]:
    """An unfinished story may have been offered in several rounds: the last one counts."""
    found = select(func.max(deliveries.c.id)).where(deliveries.c.conversation_id == conversation)
    return deliveries.c.id == found.scalar_subquery()


def _delivery_of(row: Any) -> Delivery:
    return Delivery(
        DeliveryId(row.id),
        RoundId(row.round_id),
        MemberId(row.member_id),
        row.due_at,
        row.until,
        row.snoozed_at is not None,
    )
