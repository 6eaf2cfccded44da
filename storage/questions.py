"""What commands asked people, until it is answered: whether to forget all, which community."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from storage.communities import CommunityId
from storage.members import MemberId
from storage.tables import members, questions


class QuestionStatus(StrEnum):
    ASKED = "asked"
    WAITING = "waiting"  # to be asked when nothing else is open


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a command, named `?7` by the buttons under it; `values` are the command's."""

    id: int
    member: MemberId
    community: CommunityId | None
    command: str
    values: dict[str, Any]

    @property
    def step(self) -> str:
        return f"?{self.id}"


class Questions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ask(
        self,
        member: MemberId,
        community: CommunityId | None,
        command: str,
        values: dict[str, Any],
        *,
        now: datetime,
        status: QuestionStatus = QuestionStatus.ASKED,
    ) -> Question:
        """A new one. Once asked, it is the one that a typed answer answers."""
        row = self._connection.execute(
            insert(questions)
            .values(
                member_id=member,
                community_id=community,
                command=command,
                values=values,
                status=status,
                asked_at=now,
            )
            .returning(questions.c.id)
        ).scalar_one()
        if status is QuestionStatus.ASKED:
            self.put_in_front(member, row)
        return Question(row, member, community, command, values)

    def find(self, member: MemberId, number: int) -> Question | None:
        """A question that this very member was asked and has not answered."""
        return self._one(questions.c.member_id == member, questions.c.id == number)

    def waiting(self, member: MemberId) -> Question | None:
        """The one that has waited longest to be asked."""
        return self._one(
            questions.c.member_id == member, questions.c.status == QuestionStatus.WAITING
        )

    def asked(self, question: Question, *, now: datetime) -> None:
        """One that waited is asked now."""
        values = {"status": QuestionStatus.ASKED, "asked_at": now}
        self._connection.execute(
            update(questions).where(questions.c.id == question.id).values(values)
        )
        self.put_in_front(question.member, question.id)

    def put_in_front(self, member: MemberId, number: int | None) -> None:
        """Which question a typed answer of this member answers; None: that of the interview."""
        self._connection.execute(
            update(members).where(members.c.id == member).values(question_id=number)
        )

    def close(self, question: Question) -> None:
        """It was answered, or has nothing to ask any more."""
        self._connection.execute(delete(questions).where(questions.c.id == question.id))
        self._connection.execute(
            update(members)
            .where(members.c.id == question.member, members.c.question_id == question.id)
            .values(question_id=None)
        )

    def _one(self, *which: Any) -> Question | None:
        wanted = select(questions).where(*which).order_by(questions.c.id).limit(1)
        row = self._connection.execute(wanted).one_or_none()
        return _question_of(row) if row is not None else None


def _question_of(row: Row[Any]) -> Question:
    community = CommunityId(row.community_id) if row.community_id is not None else None
    # By its key: `row.values` would be a method.
    return Question(row.id, MemberId(row.member_id), community, row.command, row._mapping["values"])
