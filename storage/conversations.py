"""Interviews under way: loaded and saved between any two messages."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    insert,
    literal_column,
    select,
    update,
)

from flows.conversation import Answer, Conversation, ConversationId, Standing, Status
from flows.framework import Attribution
from storage.communities import CommunityId
from storage.dialects import among, insert_or_keep, named
from storage.mapping import (
    ANSWER_FIELDS,
    MOVING,
    SETTLED,
    UNMOVED,
    answer_of,
    answer_values,
    conversation_of,
    evidence_values,
    moving_values,
    settled_values,
)
from storage.members import MemberId
from storage.prepared import Prepared
from storage.tables import answers, check_backs, conversations, evidence, outbox

DRAWS = 8  # taken references in a row, after which the range grows
REF_FROM = 100  # the shortest reference has three digits, so that it is easily said and typed

# The status as written, not as a parameter: only so SQLite finds it in the partial index at once.
_IS_ACTIVE = conversations.c.status == literal_column(f"'{Status.ACTIVE}'")
# Columns of both have the same names: an answer's come behind, in the order of its fields.
_WIDTH = len(conversations.c)
_WITH_ANSWERS = (
    select(conversations, *(answers.c[name].label(f"answer_{name}") for name in ANSWER_FIELDS))
    .outerjoin(answers, answers.c.conversation_id == conversations.c.id)
    .order_by(answers.c.turn, answers.c.step, answers.c.part, answers.c.revision)
)
_ACTIVE = Prepared(
    _WITH_ANSWERS.where(
        conversations.c.member_id == bindparam("member"),
        conversations.c.community_id == bindparam("community"),
        _IS_ACTIVE,
    ),
    repeated=_WIDTH,
)
_ALL_PARKED = (
    select(conversations)
    .where(
        conversations.c.member_id == bindparam("member"),
        conversations.c.status == Status.PARKED,
    )
    .order_by(conversations.c.turned_at.desc(), conversations.c.id.desc())
)
_PARKED = _ALL_PARKED.where(conversations.c.community_id == bindparam("community"))
_BY_ID = select(conversations).where(conversations.c.id == bindparam("row"))
_ANSWERED_BY = (
    select(conversations)
    .join(answers, answers.c.conversation_id == conversations.c.id)
    .where(
        conversations.c.member_id == bindparam("member"),
        answers.c.message_id == bindparam("message"),
        answers.c.standing == Standing.LIVE,
    )
    .order_by(conversations.c.id.desc())
    .limit(1)
)
_ANSWERS_BY_TURN = select(
    *(answers.c[name] for name in ANSWER_FIELDS), answers.c.conversation_id
).order_by(answers.c.turn, answers.c.step, answers.c.part, answers.c.revision)
_ANSWERS = Prepared(_ANSWERS_BY_TURN.where(answers.c.conversation_id == bindparam("row")))
_ACTIVE_OF = Prepared(
    select(conversations).where(
        conversations.c.member_id.in_(among("members")),
        _IS_ACTIVE,
    )
)
_ANSWERS_OF = Prepared(_ANSWERS_BY_TURN.where(answers.c.conversation_id.in_(among("rows"))))
_UPDATE = update(conversations).where(conversations.c.id == bindparam("row"))
# Nearly every turn only moves on, and then half of the columns stay as they are.
_MOVE = Prepared(_UPDATE.values(named(*MOVING)))
_SAVE = Prepared(_UPDATE.values(named(*MOVING, *SETTLED)))
_BEGIN = insert_or_keep(conversations, unless=["ref"])
_settled = attrgetter(*UNMOVED)
_ADD_ANSWER = Prepared(insert(answers).values(named(*answers.c.keys())))
_CHANGE_ANSWER = Prepared(
    update(answers)
    .where(
        answers.c.conversation_id == bindparam("in_conversation"),
        answers.c.step == bindparam("in_step"),
        answers.c.part == bindparam("in_part"),
        answers.c.revision == bindparam("in_revision"),
    )
    .values(
        standing=bindparam("standing"),
        ended_in=bindparam("ended_in"),
        position=bindparam("position"),
        turn=bindparam("turn"),
    )
)
# A question that was not delivered yet may quote what was told.
_UNSEND = delete(outbox).where(
    outbox.c.conversation_id == bindparam("row"), outbox.c.sent_at.is_(None)
)
_ERASE = (
    Prepared(delete(answers).where(answers.c.conversation_id == bindparam("row"))),
    Prepared(delete(evidence).where(evidence.c.conversation_id == bindparam("row"))),
    Prepared(_UNSEND),
)
_GIVE = Prepared(
    insert(evidence)
    .values(named(*(column.key for column in evidence.c if column.key != "id")))
    .inline()  # nobody asks for the new row's number
)
_DUE = (
    select(check_backs.c.conversation_id, check_backs.c.entry)
    .join(conversations, conversations.c.id == check_backs.c.conversation_id)
    .where(
        conversations.c.member_id == bindparam("member"),
        conversations.c.community_id == bindparam("community"),
        check_backs.c.due_at <= bindparam("now"),
    )
    .order_by(check_backs.c.due_at)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Due:
    """A story that is to be asked about again, by an entry of its flow."""

    conversation: Conversation
    entry: str


class Conversations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._active: dict[tuple[MemberId, CommunityId], Conversation | None] = {}
        self.saves: list[tuple[Conversation, Conversation]] = []
        self._saving: set[ConversationId] = set()

    def preload(self, of: Mapping[MemberId, CommunityId]) -> None:
        """The active ones of these members, each in this community, all at once.

        Whoever does holds the write lock.
        """
        found = _ACTIVE_OF.rows(self._connection, {"members": list(of)})
        rows = [row for row in found if of[row.member_id] == row.community_id]
        told: dict[int, list[Answer]] = {row.id: [] for row in rows}
        for answer in _ANSWERS_OF.rows(self._connection, {"rows": list(told)}):
            told[answer.conversation_id].append(answer_of(answer[:-1]))
        self._active = dict.fromkeys(of.items())
        self._active |= {
            (r.member_id, r.community_id): conversation_of(r, tuple(told[r.id])) for r in rows
        }

    def active(self, member: MemberId, community: CommunityId) -> Conversation | None:
        """The one whose question is open."""
        if (member, community) in self._active:
            return self._active[member, community]
        rows = _ACTIVE.rows(self._connection, {"member": member, "community": community})
        if not rows:
            return None
        told = (answer_of(row[_WIDTH:]) for row in rows if row.answer_step is not None)
        return conversation_of(rows[0], tuple(told))

    def active_of(self, member: MemberId) -> list[Conversation]:
        """Those whose questions are open, in any community; without their answers."""
        found = select(conversations).where(conversations.c.member_id == member, _IS_ACTIVE)
        return [conversation_of(row, ()) for row in self._connection.execute(found)]

    def load(self, conversation: ConversationId) -> Conversation:
        """One that is known by its row."""
        return self._loaded(self._connection.execute(_BY_ID, {"row": conversation}).one())

    def answered_by(self, member: MemberId, message_id: str) -> Conversation | None:
        """The conversation of this member in which that message of theirs is an answer."""
        found = self._connection.execute(_ANSWERED_BY, {"member": member, "message": message_id})
        row = found.one_or_none()
        return self._loaded(row) if row is not None else None

    def community(self, conversation: ConversationId) -> CommunityId:
        """The community that it is about."""
        found = select(conversations.c.community_id).where(conversations.c.id == conversation)
        return CommunityId(self._connection.execute(found).scalar_one())

    def latest_parked(self, member: MemberId, community: CommunityId) -> Conversation | None:
        values = {"member": member, "community": community}
        row = self._connection.execute(_PARKED.limit(1), values).one_or_none()
        return self._loaded(row) if row is not None else None

    def parked(self, member: MemberId) -> list[Conversation]:
        """Those kept for later, in any community, the one that was touched last first."""
        rows = self._connection.execute(_ALL_PARKED, {"member": member}).all()
        return [self._loaded(row) for row in rows]

    def is_new(self, member: MemberId, community: CommunityId) -> bool:
        """Whether this person was never asked anything here."""
        found = select(conversations.c.id).where(
            conversations.c.member_id == member, conversations.c.community_id == community
        )
        return self._connection.execute(found.limit(1)).first() is None

    def park(self, member: MemberId, community: CommunityId) -> None:
        """What is open there is kept for later; a story that was sent ends as it was sent."""
        self.flush()
        theirs = (
            conversations.c.member_id == member,
            conversations.c.community_id == community,
            _IS_ACTIVE,
        )
        was_sent = conversations.c.submitted_at.is_not(None)
        for ends, which in ((Status.SENT, was_sent), (Status.PARKED, ~was_sent)):
            self._connection.execute(
                update(conversations).where(*theirs, which).values(status=ends)
            )

    def due(self, member: MemberId, community: CommunityId, *, now: datetime) -> Due | None:
        """The story of this member that is to be asked about again by now, the longest due."""
        values = {"member": member, "community": community, "now": now}
        row = self._connection.execute(_DUE, values).one_or_none()
        if row is None:
            return None
        found = self._connection.execute(_BY_ID, {"row": row.conversation_id}).one()
        return Due(self._loaded(found), row.entry)

    def ask_again(self, conversation: ConversationId, entry: str, *, at: datetime) -> None:
        self.stop_asking(conversation)
        self._connection.execute(
            insert(check_backs).values(conversation_id=conversation, entry=entry, due_at=at)
        )

    def stop_asking(self, conversation: ConversationId) -> None:
        self._connection.execute(
            delete(check_backs).where(check_backs.c.conversation_id == conversation)
        )

    def create(
        self,
        member: MemberId,
        community: CommunityId,
        *,
        flow: str,
        version: int,
        now: datetime,
        **told: Any,
    ) -> Conversation:
        """A new one, active, with a reference drawn at random so that it tells no order."""
        self.flush()  # one that was active until now is not any more
        blank = Conversation(
            id=ConversationId(0),
            ref="",
            flow=flow,
            version=version,
            status=Status.ACTIVE,
            place="",
            started_at=now,
            turned_at=now,
            attribution=Attribution.NAMED,
            **told,
        )
        add = _BEGIN[self._connection.dialect.name].returning(conversations.c.id)
        values = {"member_id": member, "community_id": community}
        values |= moving_values(blank) | settled_values(blank)
        for ref in _drawn():
            row = self._connection.execute(add, {**values, "ref": ref}).scalar_one_or_none()
            if row is not None:
                return replace(blank, id=ConversationId(row), ref=ref)
        raise AssertionError("references are drawn for ever")

    def save(self, before: Conversation, after: Conversation) -> None:
        """What changed from `before` to `after`, written once the work is flushed."""
        if after.id in self._saving:  # one after the other
            self.flush()
        self._saving.add(after.id)
        self.saves.append((before, after))

    def flush(self) -> list[tuple[ConversationId, datetime]]:
        """Where a conversation was deleted, its words go. Which ones had any, and when."""
        saves, self.saves = self.saves, []
        self._saving.clear()
        self._update(saves)
        for _, after in saves:
            if after.status is Status.DELETED:
                for erase in _ERASE:
                    erase.run(self._connection, {"row": after.id})
        kept = [(b, a) for b, a in saves if a.status is not Status.DELETED]
        self._put_answers(kept)
        given = [
            {"conversation_id": after.id, **evidence_values(e)}
            for before, after in kept
            for e in after.evidence[len(before.evidence) :]
        ]
        _GIVE.run_all(self._connection, given)
        return [
            (after.id, after.turned_at)
            for before, after in saves
            if after.status is Status.DELETED and before.has_begun
        ]

    def _update(self, saves: list[tuple[Conversation, Conversation]]) -> None:
        moved: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for before, after in saves:
            values = moving_values(after)
            values["has_begun"] = before.has_begun or after.has_begun  # also once it was deleted
            values["row"] = after.id
            if _settled(before) == _settled(after):
                moved.append(values)
            else:
                changed.append(values | settled_values(after))
        _MOVE.run_all(self._connection, moved)
        _SAVE.run_all(self._connection, changed)

    def _put_answers(self, saves: list[tuple[Conversation, Conversation]]) -> None:
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for before, after in saves:
            same = set(map(id, before.answers))  # nearly all of them
            touched = [answer for answer in after.answers if id(answer) not in same]
            known = {_key(answer): answer for answer in before.answers} if touched else {}
            for answer in touched:
                was = known.get(_key(answer))
                if was is None:
                    new.append({"conversation_id": after.id, **answer_values(answer)})
                elif was != answer:
                    changed.append(_changed(after.id, answer))
        _ADD_ANSWER.run_all(self._connection, new)
        _CHANGE_ANSWER.run_all(self._connection, changed)

    def _loaded(self, row: Any) -> Conversation:
        told = _ANSWERS.rows(self._connection, {"row": row.id})
        return conversation_of(row, tuple(answer_of(a[:-1]) for a in told))


def _drawn() -> Iterator[str]:
    """References at random, for ever, from a range that grows where many of it are taken."""
    chance = random.SystemRandom()
    reach = REF_FROM * 10
    while True:
        for _ in range(DRAWS):
            yield f"S-{chance.randrange(REF_FROM, reach)}"
        reach *= 10


def _key(answer: Answer) -> tuple[str, int, int]:
    return answer.step, answer.part, answer.revision


def _changed(conversation: ConversationId, answer: Answer) -> dict[str, Any]:
    return {
        "in_conversation": conversation,
        "in_step": answer.step,
        "in_part": answer.part,
        "in_revision": answer.revision,
        "standing": answer.standing,
        "ended_in": answer.ended_in,
        "position": answer.position,
        "turn": answer.turn,
    }
