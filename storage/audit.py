"""Who read, exported, granted and erased what, and when. No member's words are in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from flows.framework import Audience
from storage.communities import CommunityId
from storage.members import MemberId
from storage.tables import audit, communities, members, stories, story_audiences


class Action(StrEnum):
    """What is recorded."""

    ROLE_GRANTED = "role-granted"
    ROLE_REVOKED = "role-revoked"
    PROMPTED = "prompted"
    SCHEDULE_MADE = "schedule-made"
    SCHEDULE_CHANGED = "schedule-changed"
    JOINED = "joined"
    LEFT = "left"
    LINKED = "linked"
    GUESSED = "guessed"
    INVITED = "invited"
    INVITE_REVOKED = "invite-revoked"
    COMMUNITY_ADDED = "community-added"
    COMMUNITY_CHANGED = "community-changed"
    STORIES_LISTED = "stories-listed"
    STORY_READ = "story-read"
    SUMMARY_READ = "summary-read"
    MEMBERS_LISTED = "members-listed"
    EXPORTED = "exported"
    STORY_HIDDEN = "story-hidden"
    STORY_SHOWN = "story-shown"
    PERMISSION_ASKED = "permission-asked"
    STORY_WITHDRAWN = "story-withdrawn"
    STORY_RESTORED = "story-restored"
    STORY_ERASED = "story-erased"
    DRAFT_EXPIRED = "draft-expired"
    MEMBER_FORGOTTEN = "member-forgotten"


CONSOLE = "console"
"""Who acts where a command of the program does, and no member."""

TELLER = "teller"
"""Who acts where it is the teller of a story, who may have left their name off."""

MEMBER = "member"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that was done. `by` is None where the program's own commands did it; `to` is the
    member it was done to, `ref` the story. `details` holds names of roles, settings and readers."""

    action: Action
    community: CommunityId | None = None
    by: MemberId | None = None
    actor: str = CONSOLE
    to: MemberId | None = None
    ref: str | None = None
    details: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An entry as it is shown: people by their names, empty for whoever was forgotten."""

    at: datetime
    action: Action
    community: str | None
    actor: str
    by: str | None
    to: str | None
    ref: str | None
    details: dict[str, Any]


class Audit:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entry: Entry, *, now: datetime) -> None:
        self._connection.execute(
            insert(audit).values(
                at=now,
                community_id=entry.community,
                member_id=entry.by,
                actor=entry.actor if entry.by is None else MEMBER,
                action=entry.action,
                subject_id=entry.to,
                ref=entry.ref,
                details=entry.details or {},
            )
        )

    def entries(
        self,
        *,
        community: CommunityId | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[Recorded]:
        """What was recorded, the oldest first."""
        wanted = self._wanted().order_by(audit.c.id)
        if community is not None:
            wanted = wanted.where(audit.c.community_id == community)
        if since is not None:
            wanted = wanted.where(audit.c.at >= since)
        if until is not None:
            wanted = wanted.where(audit.c.at < until)
        yield from (_recorded(row) for row in self._connection.execute(wanted))

    def organizers(self, community: CommunityId) -> list[Recorded]:
        """Each time that somebody became an organizer or ceased to be one, the newest first."""
        wanted = (
            self._wanted()
            .where(
                audit.c.community_id == community,
                audit.c.action.in_([Action.ROLE_GRANTED, Action.ROLE_REVOKED]),
            )
            .order_by(audit.c.id.desc())
        )
        found = (_recorded(row) for row in self._connection.execute(wanted))
        return [r for r in found if "organizer" in (r.details.get("role"), r.details.get("was"))]

    def exports_with(self, member: MemberId) -> list[tuple[datetime, Audience]]:
        """The files that may hold somebody's words: when stories were exported after they had begun
        one that was open to those readers, and for whom; the oldest first."""
        sent = self._connection.execute(
            select(stories.c.community_id, stories.c.started_at, story_audiences.c.audience)
            .join(story_audiences, story_audiences.c.story_id == stories.c.id)
            .where(stories.c.member_id == member)
        ).all()
        wanted = select(audit).where(audit.c.action == Action.EXPORTED).order_by(audit.c.id)
        return [
            (row.at, Audience(row.details["for"]))
            for row in self._connection.execute(wanted)
            if any(
                (row.community_id, row.details["for"]) == (story.community_id, story.audience)
                and story.started_at <= row.at
                for story in sent
            )
        ]

    def _wanted(self) -> Any:
        actors, subjects = members.alias("actors"), members.alias("subjects")
        return (
            select(
                audit,
                communities.c.slug,
                actors.c.name.label("by_name"),
                subjects.c.name.label("to_name"),
            )
            .outerjoin(communities, communities.c.id == audit.c.community_id)
            .outerjoin(actors, actors.c.id == audit.c.member_id)
            .outerjoin(subjects, subjects.c.id == audit.c.subject_id)
        )


def _recorded(row: Any) -> Recorded:
    return Recorded(
        at=row.at,
        action=Action(row.action),
        community=row.slug,
        actor=row.actor,
        by=row.by_name,
        to=row.to_name,
        ref=row.ref,
        details=row.details,
    )
