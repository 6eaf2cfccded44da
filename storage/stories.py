"""Stories as their tellers sent them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from flows.conversation import ConversationId
from flows.framework import Valence
from flows.story import Link, Step, Story
from storage.communities import CommunityId
from storage.mapping import anchor_values
from storage.members import MemberId
from storage.tables import check_backs, gaps, links, steps, stories, story_audiences


class StoryStatus(StrEnum):
    SENT = "sent"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Listed:
    """A story in its teller's own list."""

    ref: str
    title: str
    status: StoryStatus
    submitted_at: datetime


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
    ) -> None:
        """Keep a story, or its new revision in place of the one before."""
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
                .values(**values, revision=known.revision + 1, withdrawn_at=None)
            )
        self._put_parts(row, story)

    def set_worth(self, conversation: ConversationId, worth: Valence) -> None:
        self._connection.execute(
            update(stories).where(stories.c.conversation_id == conversation).values(worth_it=worth)
        )

    def of(self, member: MemberId, community: CommunityId) -> list[Listed]:
        """What this member sent, the newest first."""
        rows = self._connection.execute(
            select(stories.c.ref, stories.c.title, stories.c.status, stories.c.submitted_at)
            .where(stories.c.member_id == member, stories.c.community_id == community)
            .order_by(stories.c.submitted_at.desc(), stories.c.id.desc())
        )
        return [Listed(r.ref, r.title, StoryStatus(r.status), r.submitted_at) for r in rows]

    def withdraw(self, member: MemberId, ref: str, *, now: datetime) -> StoryStatus | None:
        """Take a member's own story back; from then on it is not asked about again either.

        What it was before; None where it is not theirs.
        """
        row = self._connection.execute(
            select(stories.c.id, stories.c.status, stories.c.conversation_id).where(
                stories.c.member_id == member, stories.c.ref == ref
            )
        ).one_or_none()
        if row is None:
            return None
        if row.status != StoryStatus.WITHDRAWN:
            values = {"status": StoryStatus.WITHDRAWN, "withdrawn_at": now}
            self._connection.execute(update(stories).where(stories.c.id == row.id).values(values))
            again = check_backs.c.conversation_id == row.conversation_id
            self._connection.execute(delete(check_backs).where(again))
        return StoryStatus(row.status)

    def is_withdrawn(self, conversation: ConversationId) -> bool:
        """Whether the story of this conversation was taken back."""
        status = self._connection.execute(
            select(stories.c.status).where(stories.c.conversation_id == conversation)
        ).scalar()
        return status == StoryStatus.WITHDRAWN

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
