"""Permission for one use: what a teller was asked to allow, and what they said. Silence is no."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, select, update

from storage.communities import CommunityId
from storage.dialects import insert_or_keep
from storage.members import MemberId
from storage.stories import Kept, StoryStatus
from storage.tables import permissions, steps, stories


class Answer(StrEnum):
    NAMED = "named"
    UNNAMED = "unnamed"
    NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One use of one quotation, as its teller saw it. `answer` None is silence."""

    id: int
    ref: str
    teller: MemberId
    community: CommunityId
    use: str
    quotation: str
    asked_at: datetime
    answer: Answer | None


_ASK = insert_or_keep(permissions, unless=["story_id", "use"])


class Permissions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(
        self, story: Kept, use: str, quotation: str, *, by: MemberId, now: datetime
    ) -> Permission | None:
        """A new one; None where this was asked before, which is not asked twice."""
        values = {
            "story_id": story.id,
            "use": use,
            "quotation": quotation,
            "asked_by": by,
            "asked_at": now,
        }
        add = _ASK[self._connection.dialect.name].returning(permissions.c.id)
        row = self._connection.execute(add, values).scalar_one_or_none()
        return self.find(row) if row is not None else None

    def find(self, number: int) -> Permission | None:
        """None where its story was taken back or hidden, or said anew, since it was asked."""
        return next(iter(self._all(permissions.c.id == number)), None)

    def of(self, story: Kept) -> list[Permission]:
        """What was asked for one story, the oldest first."""
        return self._all(permissions.c.story_id == story.id)

    def answer(self, permission: Permission, answer: Answer, *, now: datetime) -> None:
        values = {"answer": answer, "answered_at": now}
        self._connection.execute(
            update(permissions).where(permissions.c.id == permission.id).values(values)
        )

    def _all(self, which: Any) -> list[Permission]:
        rows = self._connection.execute(
            select(permissions, stories.c.ref, stories.c.member_id, stories.c.community_id)
            .join(stories, stories.c.id == permissions.c.story_id)
            .where(
                which,
                stories.c.status == StoryStatus.SENT,
                stories.c.hidden_at.is_(None),
                still_stands(),
            )
            .order_by(permissions.c.id)
        )
        return [_permission_of(row) for row in rows]


def still_stands() -> ColumnElement[bool]:
    """Whether the story still holds the words that were allowed: said anew, they are not."""
    return exists().where(
        steps.c.story_id == permissions.c.story_id, steps.c.text == permissions.c.quotation
    )


def _permission_of(row: Row[Any]) -> Permission:
    return Permission(
        id=row.id,
        ref=row.ref,
        teller=MemberId(row.member_id),
        community=CommunityId(row.community_id),
        use=row.use,
        quotation=row.quotation,
        asked_at=row.asked_at,
        answer=Answer(row.answer) if row.answer is not None else None,
    )
