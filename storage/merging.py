"""Two people who turn out to be one: history, drafts and roles become one person's."""

from typing import Any

from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update

from flows.conversation import Status
from storage.conversations import Conversations
from storage.deliveries import DeliveryStatus
from storage.members import MemberId, Role
from storage.tables import (
    addresses,
    answers,
    audit,
    consents,
    conversations,
    deliveries,
    invites,
    link_codes,
    members,
    memberships,
    outbox,
    permissions,
    prompting,
    questions,
    rounds,
    schedules,
    stories,
)

THEIRS = (
    (addresses, "member_id"),
    (consents, "member_id"),
    (conversations, "member_id"),
    (stories, "member_id"),
    (questions, "member_id"),
    (link_codes, "member_id"),
    (permissions, "asked_by"),
    (deliveries, "member_id"),
    (invites, "made_by"),
    (schedules, "made_by"),
    (rounds, "asked_by"),
    (audit, "member_id"),
    (audit, "subject_id"),
)
"""Every column that names a person, but for memberships and wishes, which are put together."""


def merge(connection: Connection, stays: MemberId, goes: MemberId) -> None:
    """Everything of `goes` becomes that of `stays`, and `goes` is gone.

    Where both have a story open in one community, the one that was told of later stays open.
    """
    # In one order, whoever merges whom: two processes may do so at once.
    locked = connection.execute(
        select(members)
        .where(members.c.id.in_([stays, goes]))
        .order_by(members.c.id)
        .with_for_update()
    ).all()
    people = {row.id: row for row in locked}
    _park_older(connection, stays, goes)
    _put_memberships_together(connection, stays, goes)
    _put_wishes_together(connection, stays, goes)
    _put_shares_together(connection, stays, goes)
    for table, column in THEIRS:
        _hand_over(connection, table, column, stays, goes)
    connection.execute(
        update(members)
        .where(members.c.id == stays)
        .values(
            language=people[stays].language or people[goes].language,
            timezone=people[stays].timezone or people[goes].timezone,
            community_id=people[stays].community_id or people[goes].community_id,
            created_at=min(people[stays].created_at, people[goes].created_at),
        )
    )
    connection.execute(delete(members).where(members.c.id == goes))


def _park_older(connection: Connection, stays: MemberId, goes: MemberId) -> None:
    # By what was told last: asking for the code to link by was a turn too.
    told_at = (
        select(func.max(answers.c.said_at))
        .where(answers.c.conversation_id == conversations.c.id)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(conversations.c.member_id, conversations.c.community_id)
        .where(
            conversations.c.member_id.in_([stays, goes]),
            conversations.c.status == Status.ACTIVE,
        )
        .order_by(
            func.coalesce(told_at, conversations.c.started_at).desc(), conversations.c.id.desc()
        )
    ).all()
    open_in: set[int] = set()
    for row in rows:
        if row.community_id in open_in:
            Conversations(connection).park(row.member_id, row.community_id)
        open_in.add(row.community_id)


def _put_memberships_together(connection: Connection, stays: MemberId, goes: MemberId) -> None:
    """In each community the higher role, and the time of joining first."""
    rows = connection.execute(
        select(memberships).where(memberships.c.member_id.in_([stays, goes]))
    ).all()
    by_community: dict[int, list[Row[Any]]] = {}
    for row in rows:
        by_community.setdefault(row.community_id, []).append(row)
    connection.execute(delete(memberships).where(memberships.c.member_id.in_([stays, goes])))
    ranks = list(Role)
    for community, both in by_community.items():
        connection.execute(
            insert(memberships).values(
                community_id=community,
                member_id=stays,
                role=max((Role(row.role) for row in both), key=ranks.index),
                joined_at=min(row.joined_at for row in both),
                hears_of_stories=any(row.hears_of_stories for row in both),
                digest_at=next((row.digest_at for row in both if row.digest_at), None),
            )
        )


def _put_wishes_together(connection: Connection, stays: MemberId, goes: MemberId) -> None:
    """Of two wishes how to be asked the stricter one."""
    rows = connection.execute(
        select(prompting).where(prompting.c.member_id.in_([stays, goes]))
    ).mappings()
    both = sorted(rows, key=lambda row: bool(row["member_id"] != stays))
    connection.execute(delete(prompting).where(prompting.c.member_id.in_([stays, goes])))
    if both:
        values = {
            name: next((row[name] for row in both if row[name] is not None), None)
            for name in [column.name for column in prompting.c]
        }
        for name in ("snoozed_until", "stopped_at", "every_days", "answered_at", "checked_at"):
            said = [row[name] for row in both if row[name] is not None]
            values[name] = max(said, default=None)
        connection.execute(insert(prompting).values({**values, "member_id": stays}))


FURTHEST = (
    DeliveryStatus.SENT,
    DeliveryStatus.QUEUED,
    DeliveryStatus.PLANNED,
)
"""Of two shares of one round, the one that got further counts; what waits of the other is not
sent."""


def _put_shares_together(connection: Connection, stays: MemberId, goes: MemberId) -> None:
    rows = connection.execute(
        select(deliveries.c.id, deliveries.c.round_id, deliveries.c.status)
        .where(deliveries.c.member_id.in_([stays, goes]))
        .order_by(deliveries.c.member_id != stays)
    ).all()
    shares: dict[int, list[Any]] = {}
    for row in rows:
        shares.setdefault(row.round_id, []).append(row)
    for both in shares.values():
        for other in sorted(both, key=_progress)[1:]:
            connection.execute(
                delete(outbox).where(outbox.c.delivery_id == other.id, outbox.c.sent_at.is_(None))
            )
            connection.execute(delete(deliveries).where(deliveries.c.id == other.id))


def _progress(share: Any) -> int:
    return FURTHEST.index(share.status) if share.status in FURTHEST else len(FURTHEST)


def _hand_over(
    connection: Connection, table: Table, column: str, stays: MemberId, goes: MemberId
) -> None:
    connection.execute(update(table).where(table.c[column] == goes).values({column: stays}))
