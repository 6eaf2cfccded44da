"""Stories as their tellers sent them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, distinct, func, insert, select, update

from flows.conversation import ConversationId
from flows.framework import Audience, Valence
from flows.story import Link, Step, Story
from storage.communities import CommunityId
from storage.mapping import anchor_values
from storage.members import MemberId
from storage.tables import check_backs, communities, gaps, links, steps, stories, story_audiences


class StoryStatus(StrEnum):
    SENT = "sent"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Listed:
    """A story in its teller's own list."""

    ref: str
    community: CommunityId
    community_name: str
    title: str
    status: StoryStatus
    submitted_at: datetime
    is_hidden: bool
    is_erased: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Whose story it is, and how it stands."""

    id: int
    ref: str
    member: MemberId
    community: CommunityId
    conversation: ConversationId
    status: StoryStatus
    withdrawn_at: datetime | None
    hidden_at: datetime | None
    is_erased: bool


class Stories:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(
        self,
        story: Story,
        *,
        conversation: ConversationId,
        member: MemberId,
        community: CommunityId,
        language: str,
        platform: str,
        consent_version: int,
    ) -> bool:
        """Keep a story, or its new revision in place of the one before; True if it is a new one."""
        values = {
            "conversation_id": conversation,
            "community_id": community,
            "member_id": member,
            "language": language,
            "platform": platform,
            "consent_version": consent_version,
            "status": StoryStatus.SENT,
            **_story_values(story),
        }
        known = self._connection.execute(
            select(stories.c.id, stories.c.revision).where(
                stories.c.conversation_id == conversation
            )
        ).one_or_none()
        if known is None:
            added = insert(stories).values(**values, revision=0).returning(stories.c.id)
            row = self._connection.execute(added).scalar_one()
        else:
            row = known.id
            for table in (story_audiences, gaps, links, steps):
                self._connection.execute(delete(table).where(table.c.story_id == row))
            self._connection.execute(
                update(stories)
                .where(stories.c.id == row)
                .values(
                    **values,
                    revision=known.revision + 1,
                    withdrawn_at=None,
                    # Its teller has changed what it was hidden for.
                    hidden_at=None,
                    hidden_because=None,
                )
            )
        self._put_parts(row, story)
        return known is None

    def set_worth(self, conversation: ConversationId, worth: Valence) -> None:
        self._connection.execute(
            update(stories).where(stories.c.conversation_id == conversation).values(worth_it=worth)
        )

    def of(self, member: MemberId) -> list[Listed]:
        """What this member sent in any community, the newest first."""
        rows = self._connection.execute(
            select(stories, communities.c.name.label("community_name"))
            .join(communities, communities.c.id == stories.c.community_id)
            .where(stories.c.member_id == member)
            .order_by(stories.c.submitted_at.desc(), stories.c.id.desc())
        )
        return [
            Listed(
                ref=row.ref,
                community=CommunityId(row.community_id),
                community_name=row.community_name,
                title=row.title,
                status=StoryStatus(row.status),
                submitted_at=row.submitted_at,
                is_hidden=row.hidden_at is not None,
                is_erased=row.erased_at is not None,
            )
            for row in rows
        ]

    def find(self, community: CommunityId, ref: str) -> Kept | None:
        """A story of this community that stands, whoever may read it."""
        return self._kept(
            stories.c.community_id == community,
            stories.c.ref == ref,
            stories.c.status == StoryStatus.SENT,
        )

    def own(self, member: MemberId, ref: str) -> Kept | None:
        """A story that this member sent, also one that they took back; not one that was erased."""
        return self._kept(
            stories.c.member_id == member, stories.c.ref == ref, stories.c.erased_at.is_(None)
        )

    def withdraw(self, story: Kept, *, now: datetime) -> None:
        """Take it back: from now on it is in no read, and it is not asked about again either."""
        self._set(story, status=StoryStatus.WITHDRAWN, withdrawn_at=now)
        again = check_backs.c.conversation_id == story.conversation
        self._connection.execute(delete(check_backs).where(again))

    def restore(self, story: Kept) -> None:
        """As it was before it was taken back."""
        self._set(story, status=StoryStatus.SENT, withdrawn_at=None)

    def hide(self, story: Kept, because: str, *, now: datetime) -> None:
        """From now on nobody but its teller reads it; it is counted."""
        self._set(story, hidden_at=now, hidden_because=because)

    def show(self, story: Kept) -> None:
        """As it was before it was hidden."""
        self._set(story, hidden_at=None, hidden_because=None)

    def is_open(self, story: Kept, readers: Sequence[Audience]) -> bool:
        """Whether its teller sent it to any of these, whether or not it was hidden since."""
        found = select(story_audiences.c.audience).where(
            story_audiences.c.story_id == story.id, story_audiences.c.audience.in_(readers)
        )
        return self._connection.execute(found).first() is not None

    def hidden_because(self, ref: str) -> str | None:
        """Why an organizer hid a story; None where it is not hidden."""
        found = select(stories.c.hidden_because).where(stories.c.ref == ref)
        return self._connection.execute(found).scalar()

    def tellers(self, community: CommunityId) -> int:
        """How many people have a story here that stands."""
        found = select(func.count(distinct(stories.c.member_id))).where(
            stories.c.community_id == community, stories.c.status == StoryStatus.SENT
        )
        return int(self._connection.execute(found).scalar_one())

    def of_conversation(self, conversation: ConversationId) -> Kept | None:
        """The story that was sent in a conversation, however it stands now."""
        return self._kept(stories.c.conversation_id == conversation)

    def _kept(self, *which: Any) -> Kept | None:
        row = self._connection.execute(select(stories).where(*which)).one_or_none()
        if row is None:
            return None
        return Kept(
            id=row.id,
            ref=row.ref,
            member=MemberId(row.member_id),
            community=CommunityId(row.community_id),
            conversation=ConversationId(row.conversation_id),
            status=StoryStatus(row.status),
            withdrawn_at=row.withdrawn_at,
            hidden_at=row.hidden_at,
            is_erased=row.erased_at is not None,
        )

    def _set(self, story: Kept, **values: Any) -> None:
        self._connection.execute(update(stories).where(stories.c.id == story.id).values(**values))

    def _put_parts(self, row: int, story: Story) -> None:
        if story.audience:
            rows = [{"story_id": row, "audience": a} for a in sorted(story.audience)]
            self._connection.execute(insert(story_audiences), rows)
        if story.gaps:
            found = [{"story_id": row, "gap": g, "order": n} for n, g in enumerate(story.gaps)]
            self._connection.execute(insert(gaps), found)
        ids: dict[int, int] = {}
        for step in story.steps:
            added = insert(steps).values(story_id=row, **_step_values(step)).returning(steps.c.id)
            ids[step.order] = self._connection.execute(added).scalar_one()
        if story.links:
            self._connection.execute(
                insert(links), [{"story_id": row, **_link_values(k, ids)} for k in story.links]
            )


def _story_values(story: Story) -> dict[str, Any]:
    return {
        "ref": story.ref,
        "flow": story.flow,
        "version": story.version,
        "kind": story.kind,
        "origin": story.origin,
        **anchor_values(story.anchor),
        "title": story.title,
        "attribution": story.attribution,
        "pseudonym": story.pseudonym,
        "started_at": story.started_at,
        "submitted_at": story.submitted_at,
        "duration_seconds": story.duration_seconds,
        "reach": story.reach,
        "stop": story.stop,
    }


def _step_values(step: Step) -> dict[str, Any]:
    return {
        "order": step.order,
        "part": step.part,
        "cycle": step.cycle,
        "dimension": step.dimension,
        "asked": step.asked,
        "prompted": step.prompted,
        "cycle_from": step.cycle_from,
        "actor": step.actor,
        "text": step.text,
        "status": step.status,
        "choice": step.choice,
        "would_help": step.would_help,
        "date": step.date,
        "revisions": step.revisions,
    }


def _link_values(link: Link, ids: dict[int, int]) -> dict[str, Any]:
    return {
        "origin_id": ids[link.origin] if link.origin is not None else None,
        "target_id": ids[link.target] if link.target is not None else None,
        "kind": link.kind,
        "because": link.because,
        "other_causes": link.other_causes,
        "counterfactual": link.counterfactual,
        "counterfactual_text": link.counterfactual_text,
        "contribution": link.contribution,
        "contribution_text": link.contribution_text,
    }
