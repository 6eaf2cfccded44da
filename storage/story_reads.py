"""Whole stories, as their reader may see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from flows.conversation import Standing
from flows.framework import Actor, Attribution, Cycle, Dimension, StepStatus
from flows.messages import Anchor, Attached
from flows.record import FILE_ALONE
from flows.story import CycleFrom, Link, LinkKind, Step
from storage.mapping import anchor_of, attached_of
from storage.members import MemberId
from storage.permissions import Answer, still_stands
from storage.stories import StoryStatus
from storage.tables import (
    answers,
    communities,
    evidence,
    gaps,
    indicators,
    links,
    members,
    permissions,
    steps,
    stories,
    story_audiences,
    story_indicators,
)
from storage.visibility import MONTH, Scope, coarse, open_to, sent, time_shown

CHUNK = 500  # stories loaded at once by an export

Files = dict[int, dict[str, list[Attached]]]
"""Of each conversation, by the question under which they were sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A quotation that its teller has seen and allowed for one use, with their name or without."""

    use: str
    quotation: str
    attribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRead:
    """A story as its reader may see it. Of an unnamed one, times are cut to their month, and
    teller, platform, language and duration are None."""

    ref: str
    community: str
    flow: str
    version: int
    kind: str
    origin: str
    anchor: Anchor | None
    title: str
    language: str | None
    status: str
    audience: tuple[str, ...]
    attribution: str
    consent_version: int
    teller: str | None
    platform: str | None
    started_at: str
    submitted_at: str
    duration_seconds: int | None
    worth_it: str | None
    reach: str
    stop: str | None
    revision: int  # how often it was sent anew
    steps: tuple[Step, ...] = ()
    links: tuple[Link, ...] = ()
    gaps: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    checked: tuple[Checked, ...] = ()


class StoryReads:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open_to(self, scope: Scope) -> Iterator[StoryRead]:
        """The sent stories that are open to the reader, in the order of their random references."""
        yield from self._read(_whole().where(sent(scope), open_to(scope)))

    def one(self, scope: Scope, ref: str) -> StoryRead | None:
        """A story that is open to the reader, by its reference."""
        wanted = _whole().where(sent(scope), open_to(scope), stories.c.ref == ref)
        return next(self._read(wanted), None)

    def own(self, member: MemberId, ref: str) -> StoryRead | None:
        """A story that this member sent and did not take back, as they told it."""
        mine = (stories.c.member_id == member, stories.c.ref == ref)
        wanted = _whole().where(*mine, stories.c.status == StoryStatus.SENT)
        return next(self._read(wanted), None)

    def all_own(self, member: MemberId) -> Iterator[StoryRead]:
        """All that this member sent in any community, also what they took back."""
        mine = (stories.c.member_id == member, stories.c.erased_at.is_(None))
        yield from self._read(_whole().where(*mine))

    def _read(self, wanted: Select[Any]) -> Iterator[StoryRead]:
        rows = self._connection.execute(wanted.order_by(stories.c.ref))
        for chunk in rows.partitions(CHUNK):
            yield from self._with_parts(chunk)

    def _with_parts(self, rows: Sequence[Row[Any]]) -> Iterator[StoryRead]:
        ids = [row.id for row in rows]
        audience = self._words(
            select(story_audiences.c.story_id, story_audiences.c.audience), story_audiences.c, ids
        )
        open_gaps = self._words(
            select(gaps.c.story_id, gaps.c.gap).order_by(gaps.c.order), gaps.c, ids
        )
        measured = self._words(
            select(story_indicators.c.story_id, indicators.c.name)
            .join(indicators, indicators.c.id == story_indicators.c.indicator_id)
            .order_by(indicators.c.name),
            story_indicators.c,
            ids,
        )
        files = self._files([row.conversation_id for row in rows])
        told = self._told_steps(ids)
        arrows = self._arrows(ids)
        allowed = self._allowed(ids)
        for row in rows:
            yield replace(
                _story_of(row),
                audience=tuple(sorted(audience.get(row.id, ()))),
                steps=tuple(_steps_of(row, told.get(row.id, ()), files)),
                links=tuple(arrows.get(row.id, ())),
                gaps=tuple(open_gaps.get(row.id, ())),
                indicators=tuple(measured.get(row.id, ())),
                checked=tuple(allowed.get(row.id, ())),
            )

    def _words(self, wanted: Select[Any], table: Any, ids: list[int]) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for story, word in self._connection.execute(wanted.where(table.story_id.in_(ids))):
            found.setdefault(story, []).append(word)
        return found

    def _told_steps(self, ids: list[int]) -> dict[int, list[Row[Any]]]:
        found: dict[int, list[Row[Any]]] = {}
        wanted = select(steps).where(steps.c.story_id.in_(ids)).order_by(steps.c.order)
        for row in self._connection.execute(wanted):
            found.setdefault(row.story_id, []).append(row)
        return found

    def _files(self, conversation_ids: list[int]) -> Files:
        """Those under questions that are still answered in words, or by the file alone."""
        found: Files = {}
        answered = select(answers.c.step).where(
            answers.c.conversation_id == evidence.c.conversation_id,
            answers.c.step == evidence.c.step,
            answers.c.standing == Standing.LIVE,
            answers.c.text.is_not(None) | (answers.c.choice == FILE_ALONE),
        )
        wanted = select(evidence).where(
            evidence.c.conversation_id.in_(conversation_ids), answered.exists()
        )
        for row in self._connection.execute(wanted.order_by(evidence.c.id)):
            # Its caption is an answer, and may have been said anew since.
            file = replace(attached_of(row), caption=None)
            found.setdefault(row.conversation_id, {}).setdefault(row.step, []).append(file)
        return found

    def _arrows(self, ids: list[int]) -> dict[int, list[Link]]:
        begins, ends = steps.alias("begins"), steps.alias("ends")
        wanted = (
            select(links, begins.c.order.label("begins"), ends.c.order.label("ends"))
            .outerjoin(begins, begins.c.id == links.c.origin_id)
            .outerjoin(ends, ends.c.id == links.c.target_id)
            .where(links.c.story_id.in_(ids))
            .order_by(links.c.id)
        )
        found: dict[int, list[Link]] = {}
        for row in self._connection.execute(wanted):
            found.setdefault(row.story_id, []).append(_link_of(row))
        return found

    def _allowed(self, ids: list[int]) -> dict[int, list[Checked]]:
        found: dict[int, list[Checked]] = {}
        wanted = (
            select(permissions)
            .where(
                permissions.c.story_id.in_(ids),
                permissions.c.answer.in_([Answer.NAMED, Answer.UNNAMED]),
                still_stands(),
            )
            .order_by(permissions.c.id)
        )
        for row in self._connection.execute(wanted):
            checked = Checked(use=row.use, quotation=row.quotation, attribution=row.answer)
            found.setdefault(row.story_id, []).append(checked)
        return found


# ---- rows read ----


def _whole() -> Select[Any]:
    return (
        select(stories, members.c.name.label("teller"), communities.c.slug.label("community"))
        .join(members, members.c.id == stories.c.member_id)
        .join(communities, communities.c.id == stories.c.community_id)
    )


def _story_of(row: Row[Any]) -> StoryRead:
    is_unnamed = row.attribution == Attribution.UNNAMED
    teller = {
        Attribution.NAMED: row.teller,
        Attribution.PSEUDONYM: row.pseudonym,
        Attribution.UNNAMED: None,
    }[Attribution(row.attribution)]
    return StoryRead(
        ref=row.ref,
        community=row.community,
        flow=row.flow,
        version=row.version,
        kind=row.kind,
        origin=row.origin,
        anchor=coarse(anchor_of(row)) if is_unnamed else anchor_of(row),
        title=row.title,
        language=None if is_unnamed else row.language,
        status=row.status,
        audience=(),
        attribution=row.attribution,
        consent_version=row.consent_version,
        teller=teller,
        platform=None if is_unnamed else row.platform,
        started_at=time_shown(row.started_at, is_unnamed),
        submitted_at=time_shown(row.submitted_at, is_unnamed),
        duration_seconds=None if is_unnamed else row.duration_seconds,
        worth_it=row.worth_it,
        reach=row.reach,
        stop=row.stop,
        revision=row.revision,
    )


def _steps_of(story: Row[Any], rows: Sequence[Row[Any]], files: Files) -> Iterator[Step]:
    """The steps with their files; the last one has those whose question made no step."""
    given = dict(files.get(story.conversation_id, {}))
    parts = {row.part for row in rows}
    others = [file for step in given if step not in parts for file in given[step]]
    for row in rows:
        its_own = given.pop(row.part, [])
        yield _step_of(row, [*its_own, *others] if row is rows[-1] else its_own, story)


def _step_of(row: Row[Any], files: Sequence[Attached], story: Row[Any]) -> Step:
    is_unnamed = story.attribution == Attribution.UNNAMED
    return Step(
        order=row.order,
        part=row.part,
        cycle=Cycle(row.cycle) if row.cycle is not None else None,
        dimension=Dimension(row.dimension) if row.dimension is not None else None,
        asked=row.asked,
        prompted=row.prompted,
        cycle_from=CycleFrom(row.cycle_from),
        actor=Actor(row.actor),
        text=row.text,
        status=StepStatus(row.status),
        choice=row.choice,
        would_help=row.would_help,
        date=row.date[:MONTH] if row.date and is_unnamed else row.date,
        evidence=tuple(files),
        revisions=row.revisions,
    )


def _link_of(row: Row[Any]) -> Link:
    return Link(
        origin=row.begins,
        target=row.ends,
        kind=LinkKind(row.kind),
        because=row.because,
        other_causes=row.other_causes,
        counterfactual=row.counterfactual,
        counterfactual_text=row.counterfactual_text,
        contribution=row.contribution,
        contribution_text=row.contribution_text,
    )
