"""Who may be asked in a round, and what is known of each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select

from flows.clocks import day_at
from flows.hours import Hours
from flows.prompting import Asking, Who, Whom
from storage.communities import CommunityId
from storage.deliveries import DeliveryStatus
from storage.members import MemberId
from storage.prompting import LEFT_ALONE, left_alone_of
from storage.stories import StoryStatus
from storage.tables import (
    addresses,
    check_backs,
    communities,
    consents,
    deliveries,
    members,
    memberships,
    prompting,
    stories,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of a round's audience. `zone` and the `hours` in which they are left alone are
    theirs, or else those of the community."""

    member: MemberId
    zone: str
    hours: Hours
    asking: Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What makes a member one who may be asked: a consent to this flow, on these platforms."""

    flow: str
    consent_version: int
    platforms: frozenset[str]


class Candidates:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(
        self,
        community: CommunityId,
        whom: Whom,
        reach: Reach,
        *,
        after: int = 0,
        most: int | None = None,
        only: Collection[MemberId] = (),
    ) -> list[Candidate]:
        """Members of an audience in the order of their rows, those behind the row `after`."""
        found = _wanted(community, reach)
        found = found.where(members.c.id > after, *_in_audience(community, whom))
        if only:
            found = found.where(members.c.id.in_(only))
        rows = self._connection.execute(found.order_by(members.c.id).limit(most))
        return [_candidate_of(row) for row in rows]


def _wanted(community: CommunityId, reach: Reach) -> Select[Any]:
    theirs = deliveries.c.member_id == members.c.id
    asked_at = func.coalesce(
        deliveries.c.sent_at,
        case((deliveries.c.status == DeliveryStatus.QUEUED, deliveries.c.due_at)),
    )
    is_unanswered = and_(
        deliveries.c.status == DeliveryStatus.SENT,
        deliveries.c.opened_at.is_(None),
        or_(prompting.c.answered_at.is_(None), deliveries.c.sent_at > prompting.c.answered_at),
    )
    consents_to = and_(
        consents.c.member_id == members.c.id,
        consents.c.community_id == community,
        consents.c.flow == reach.flow,
        consents.c.version >= reach.consent_version,
    )
    arrives = and_(
        addresses.c.member_id == members.c.id,
        addresses.c.platform.in_(sorted(reach.platforms)),
        addresses.c.deactivated_at.is_(None),
        addresses.c.unreachable_at.is_(None),
    )
    return (
        select(
            members.c.id,
            *LEFT_ALONE,
            func.coalesce(prompting.c.every_days, communities.c.prompts_every).label("every"),
            prompting.c.snoozed_until,
            prompting.c.stopped_at,
            prompting.c.checked_at,
            exists().where(consents_to).label("consents"),
            exists().where(arrives).label("is_reachable"),
            select(func.max(asked_at)).where(theirs).scalar_subquery().label("asked_at"),
            select(func.count())
            .where(theirs, is_unanswered)
            .correlate(members, prompting)
            .scalar_subquery()
            .label("unanswered"),
        )
        .select_from(memberships)
        .join(members, members.c.id == memberships.c.member_id)
        .join(communities, communities.c.id == memberships.c.community_id)
        .outerjoin(prompting, prompting.c.member_id == members.c.id)
        .where(memberships.c.community_id == community)
    )


def _in_audience(community: CommunityId, whom: Whom) -> list[ColumnElement[bool]]:
    theirs = and_(stories.c.member_id == members.c.id, stories.c.community_id == community)
    match whom.who:
        case Who.ALL:
            return []
        case Who.NAMED:
            return [members.c.id.in_(whom.named)]
        case Who.WITHOUT_STORY:
            told = and_(theirs, stories.c.status == StoryStatus.SENT)
            if whom.since is not None:
                since = datetime.combine(whom.since, time(), UTC)
                told = and_(told, stories.c.submitted_at >= since)
            return [~exists().where(told)]
        case Who.PLANNED:
            # As with questions about single plans: not of what was taken back or hidden.
            waits = and_(
                theirs,
                stories.c.conversation_id == check_backs.c.conversation_id,
                stories.c.status == StoryStatus.SENT,
                stories.c.hidden_at.is_(None),
                stories.c.erased_at.is_(None),
            )
            return [exists().where(waits)]


def _candidate_of(row: Any) -> Candidate:
    asked = max((at for at in (row.asked_at, row.checked_at) if at is not None), default=None)
    zone, hours = left_alone_of(row)
    return Candidate(
        MemberId(row.id),
        zone,
        hours,
        Asking(
            consents=row.consents,
            is_reachable=row.is_reachable,
            wants_none=row.stopped_at is not None,
            snoozed_until=row.snoozed_until,
            every=row.every,
            unanswered=row.unanswered,
            asked_on=_day(asked, zone),
        ),
    )


def _day(at: datetime | None, zone: str) -> date | None:
    return day_at(at, zone) if at is not None else None
