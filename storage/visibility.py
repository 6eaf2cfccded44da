"""Who may see what. The one place that decides it, for every summary, read and export.

Whoever reads says for whom (`Scope.reader`). A story that is not open to that reader is counted,
and neither quoted nor named.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_

from flows.framework import Attribution, Audience
from flows.messages import Anchor
from storage.communities import CommunityId
from storage.members import Role
from storage.stories import StoryStatus
from storage.tables import UtcTime, conversations, steps, stories, story_audiences

MONTH = 7  # characters of an ISO date up to its month


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which stories, and for whom. A story belongs to the time in which it was begun.

    `since` is included, `until` is not.
    """

    community: CommunityId
    reader: Audience
    since: datetime | None = None
    until: datetime | None = None


def readers_of(role: Role) -> tuple[Audience, ...]:
    """The groups of readers that a member of a community is of, by their role."""
    everybody = (Audience.COMMUNITY, Audience.PUBLIC)
    return (Audience.ORGANIZERS, *everybody) if role.may(Role.ORGANIZER) else everybody


def open_to(scope: Scope) -> ColumnElement[bool]:
    """Whether a story is open to the reader: a set that it was sent to, not a level.

    One that an organizer hid is open to nobody.
    """
    is_for_them = exists().where(
        story_audiences.c.story_id == stories.c.id, story_audiences.c.audience == scope.reader
    )
    return and_(is_for_them, stories.c.hidden_at.is_(None))


def told_in(scope: Scope, table: Any) -> ColumnElement[bool]:
    """Whether it was begun in the time asked for: an unnamed story in any part of its month.

    Otherwise asking for one day after another would find out the day.
    """
    conditions = [table.c.community_id == scope.community]
    is_unnamed = table.c.attribution == Attribution.UNNAMED
    if table is conversations:
        # Also where its teller has put the name on since, and not sent that.
        sent_so = (stories.c.conversation_id == conversations.c.id) & (
            stories.c.attribution == Attribution.UNNAMED
        )
        is_unnamed = or_(is_unnamed, exists().where(sent_so))
    if scope.since is not None:
        since = case((is_unnamed, _at(_month_of(scope.since))), else_=_at(scope.since))
        conditions.append(table.c.started_at >= since)
    if scope.until is not None:
        until = case((is_unnamed, _at(_month_after(scope.until))), else_=_at(scope.until))
        conditions.append(table.c.started_at < until)
    return and_(*conditions)


def _at(moment: datetime) -> ColumnElement[datetime]:
    return literal(moment, UtcTime())


def _month_of(at: datetime) -> datetime:
    return at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _month_after(until: datetime) -> datetime:
    """The end of the month that the last moment before `until` lies in."""
    return _month_of(until - timedelta(microseconds=1)) + relativedelta(months=1)


def sent(scope: Scope) -> ColumnElement[bool]:
    return and_(told_in(scope, stories), stories.c.status == StoryStatus.SENT)


def refs_of(scope: Scope) -> ColumnElement[Any]:
    """The references that the reader may see, joined by commas; NULL where there are none."""
    return func.aggregate_strings(case((open_to(scope), stories.c.ref)), ",")


def split_refs(refs: str | None) -> tuple[str, ...]:
    return tuple(sorted(refs.split(","))) if refs else ()


def has_step(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(steps.c.story_id == stories.c.id, which)


def coarse(anchor: Anchor | None) -> Anchor | None:
    if anchor is None or anchor.date is None:
        return anchor
    return replace(anchor, date=anchor.date[:MONTH])


def time_shown(at: datetime, is_unnamed: bool) -> str:
    """ISO 8601 in UTC; no finer than the month for an unnamed story."""
    return at.isoformat()[:MONTH] if is_unnamed else at.strftime("%Y-%m-%dT%H:%M:%SZ")
