"""What a summary counts, in SQL. What may be named or quoted is `storage/visibility.py`'s say."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    distinct,
    exists,
    func,
    not_,
    select,
    union,
)

from flows.conversation import Status
from flows.framework import Attribution, Cycle, Framework, StepStatus, Valence
from flows.story import LinkKind
from flows.summary import Counts, Minutes, Quote, Rows, Stopped, Told
from storage.stories import StoryStatus
from storage.tables import (
    conversations,
    deliveries,
    gaps,
    links,
    memberships,
    rounds,
    steps,
    stories,
)
from storage.visibility import Scope, has_step, open_to, refs_of, sent, split_refs, told_in

QUOTES = 5  # as many as are read on a telephone; the export has them all


class Queries:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def summary_rows(self, scope: Scope, framework: Framework) -> Rows:
        """Everything that a summary is made of, from one snapshot."""
        inner = framework.inner
        return Rows(
            counts=self.counts(scope),
            reached=self._by(scope, stories.c.reach),
            stopped=self._stopped(scope),
            untold={c: self._untold(scope, c, inner[n + 1 :]) for n, c in enumerate(inner[:-1])},
            worse=self._told(scope, has_step(steps.c.choice == "worse")),
            returned=self._returned(scope, inner[-2:]),
            worth={Valence(k): n for k, n in self._by(scope, stories.c.worth_it).items() if k},
            minutes=self._minutes(scope),
            gaps=self._gaps(scope),
            changes=self._quotes(scope, inner[-1], StepStatus.HAPPENED),
            hurdles=self._quotes(scope, inner[-2], StepStatus.BLOCKED),
        )

    def counts(self, scope: Scope) -> Counts:
        in_time = told_in(scope, conversations)
        begun = and_(conversations.c.has_begun, in_time)
        was_sent = exists().where(stories.c.conversation_id == conversations.c.id)
        is_deleted = conversations.c.status == Status.DELETED
        by_status = dict(
            self._rows(
                select(stories.c.status, func.count())
                .where(told_in(scope, stories))
                .group_by(stories.c.status)
            )
        )
        standing = by_status.get(StoryStatus.SENT, 0)
        withdrawn = by_status.get(StoryStatus.WITHDRAWN, 0)
        deleted = self._one(select(func.count()).where(begun, is_deleted))
        unsent = self._one(select(func.count()).where(begun, not_(is_deleted), not_(was_sent)))
        readable = self._one(select(func.count()).where(sent(scope), open_to(scope)))
        return Counts(
            members=self._one(
                select(func.count()).where(memberships.c.community_id == scope.community)
            ),
            asked=self._asked(scope, in_time),
            begun=standing + withdrawn + deleted + unsent,
            sent=standing,
            withdrawn=withdrawn,
            deleted=deleted,
            tellers=self._one(select(func.count(distinct(stories.c.member_id))).where(sent(scope))),
            hidden=standing - readable,
        )

    def _asked(self, scope: Scope, in_time: ColumnElement[bool]) -> int:
        """Who was sent a prompt or was in an interview, each of them once."""
        sent_in = [rounds.c.community_id == scope.community, deliveries.c.sent_at.is_not(None)]
        if scope.since is not None:
            sent_in.append(deliveries.c.sent_at >= scope.since)
        if scope.until is not None:
            sent_in.append(deliveries.c.sent_at < scope.until)
        prompted = (
            select(deliveries.c.member_id)
            .join(rounds, rounds.c.id == deliveries.c.round_id)
            .where(*sent_in)
        )
        interviewed = select(conversations.c.member_id).where(in_time)
        people = union(prompted, interviewed).subquery()
        return self._one(select(func.count()).select_from(people))

    def _stopped(self, scope: Scope) -> list[Stopped]:
        wanted = (
            select(stories.c.reach, stories.c.stop, func.count(), refs_of(scope))
            .where(sent(scope), stories.c.stop.is_not(None))
            .group_by(stories.c.reach, stories.c.stop)
        )
        return [
            Stopped(reach=Cycle(reach), reason=stop, count=count, refs=split_refs(refs))
            for reach, stop, count, refs in self._rows(wanted)
        ]

    def _untold(self, scope: Scope, cycle: Cycle, later: Sequence[Cycle]) -> Told:
        told = has_step((steps.c.cycle == cycle) & (steps.c.status == StepStatus.HAPPENED))
        return self._told(scope, and_(stories.c.reach.in_(later), not_(told)))

    def _told(self, scope: Scope, which: ColumnElement[bool]) -> Told:
        wanted = select(func.count(), refs_of(scope)).where(sent(scope), which)
        count, refs = self._rows(wanted)[0]
        return Told(count, split_refs(refs))

    def _returned(self, scope: Scope, done: Sequence[Cycle]) -> int:
        returns = exists().where(
            links.c.story_id == stories.c.id, links.c.kind == LinkKind.RETURNS_TO
        )
        return self._one(
            select(func.count()).where(sent(scope), stories.c.reach.in_(done), returns)
        )

    def _by(self, scope: Scope, column: ColumnElement[Any]) -> dict[Any, int]:
        return dict(self._rows(select(column, func.count()).where(sent(scope)).group_by(column)))

    def _gaps(self, scope: Scope) -> dict[str, int]:
        wanted = (
            select(gaps.c.gap, func.count())
            .join(stories, stories.c.id == gaps.c.story_id)
            .where(sent(scope))
            .group_by(gaps.c.gap)
        )
        return dict(self._rows(wanted))

    def _minutes(self, scope: Scope) -> Minutes | None:
        """The quartiles, each the row at its place in the order."""
        named = and_(sent(scope), stories.c.attribution != Attribution.UNNAMED)
        count = self._one(select(func.count()).where(named))
        if count == 0:
            return None
        found = [
            self._one(
                select(stories.c.duration_seconds)
                .where(named)
                .order_by(stories.c.duration_seconds)
                .offset(round((count - 1) * share))
                .limit(1)
            )
            for share in (0.5, 0.25, 0.75)
        ]
        return Minutes(count, *(max(1, round(seconds / 60)) for seconds in found))

    def _quotes(self, scope: Scope, cycle: Cycle, status: StepStatus) -> list[Quote]:
        """Some of the words told in a cycle. References are random, so their order picks fairly."""
        wanted = (
            select(stories.c.ref, steps.c.text)
            .join(steps, steps.c.story_id == stories.c.id)
            .where(
                sent(scope),
                open_to(scope),
                steps.c.cycle == cycle,
                steps.c.status == status,
                steps.c.text != "",
            )
            .order_by(stories.c.ref, steps.c.order)
            .limit(QUOTES)
        )
        return [Quote(ref, text) for ref, text in self._rows(wanted)]

    def _rows(self, wanted: Select[Any]) -> Sequence[Any]:
        return self._connection.execute(wanted).all()

    def _one(self, wanted: Select[Any]) -> int:
        return int(self._connection.execute(wanted).scalar_one())
