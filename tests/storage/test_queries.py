from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.conversation import Status
from flows.framework import Attribution, Audience, Cycle, StepStatus, Valence
from flows.messages import Anchor
from flows.story import Link, LinkKind, Step, Story
from flows.summary import Counts, Minutes, Rows, summarize
from storage.database import Database
from storage.story_reads import StoryRead
from storage.unit_of_work import Work
from storage.visibility import Scope
from tests.builders import (
    APPLIED,
    IMMEDIATE,
    NOON,
    POTENTIAL,
    REALIZED,
    InTurn,
    a_hurdle,
    a_member,
    a_step,
    a_story,
    a_story_as_far_as,
    an_answer,
    begin,
    framework,
    kept_story,
    tried,
    withdraw,
)

INNER = (IMMEDIATE, POTENTIAL, APPLIED, REALIZED)

# ---- any stories, with any audiences, for any reader ----


@st.composite
def told_stories(draw: st.DrawFn, number: int = 0) -> tuple[Story, bool]:
    """A story whose every word has a marker of its own, and whether it is taken back."""
    mark = f"quillwort{number}x"
    reach = draw(st.sampled_from(INNER))
    stop = None if reach == REALIZED else draw(st.sampled_from(["nothing", "plan", "not-said"]))
    told = INNER[: INNER.index(reach) + 1]
    steps = [
        a_step(
            order=n,
            part=f"{cycle}",
            cycle=cycle,
            text=f"{mark} {cycle}",
            date=draw(st.sampled_from([None, "2026-03-12"])),
            choice=draw(st.sampled_from([None, "worse"])),
        )
        for n, cycle in enumerate(told, 1)
        if cycle == reach or draw(st.booleans())
    ]
    if reach != REALIZED and draw(st.booleans()):
        steps.append(a_hurdle(f"{mark} hurdle", order=9))
    links = []
    if draw(st.booleans()):
        links.append(Link(origin=None, target=None, kind=LinkKind.RETURNS_TO, because=mark))
    started = NOON + timedelta(days=draw(st.integers(-40, 40)), minutes=7)
    story = a_story(
        reach=reach,
        stop=stop,
        steps=tuple(steps),
        links=tuple(links),
        title=f"{mark} title",
        audience=draw(st.frozensets(st.sampled_from(Audience), min_size=1)),
        attribution=draw(st.sampled_from([Attribution.NAMED, Attribution.UNNAMED])),
        anchor=draw(st.none() | st.just(Anchor("The meetup", "2026-03-12"))),
        started_at=started,
        submitted_at=started + timedelta(minutes=11),
        duration_seconds=draw(st.integers(0, 7200)),
        gaps=tuple(draw(st.lists(st.sampled_from(["when", "noticed"]), unique=True))),
        worth_it=draw(st.none() | st.sampled_from(Valence)),
    )
    return story, draw(st.sampled_from([False, False, True]))


@st.composite
def communities(draw: st.DrawFn) -> list[tuple[Story, bool]]:
    return [draw(told_stories(number=n)) for n in range(draw(st.integers(0, 6)))]


UNSENT = st.lists(st.sampled_from([Status.ACTIVE, Status.PARKED, Status.DELETED]), max_size=3)


def fill(work: Work, told: list[tuple[Story, bool]], unsent: list[Status]) -> dict[str, Story]:
    """The stories by the reference that each was given; whoever is unsent has begun at least."""
    by_ref = {}
    for number, (story, taken_back) in enumerate(told):
        teller = a_member(work, f"teller{number}y")
        language, platform = f"l{number}z", f"p{number}z"
        sent = kept_story(work, story, teller, language=language, platform=platform)
        by_ref[sent.ref] = story
        if taken_back:
            withdraw(work, teller, sent.ref)
    for number, status in enumerate(unsent):
        begun = begin(work, a_member(work, f"other{number}"), at=NOON)
        said = replace(begun, answers=(an_answer(),))
        work.conversations.save(begun, said)
        left = () if status is Status.DELETED else said.answers
        work.conversations.save(said, replace(said, status=status, answers=left))
        work.flush()
    begin(work, a_member(work, "silent"), at=NOON)  # was asked, and said nothing
    return by_ref


Read = tuple[dict[str, Story], Rows, list[StoryRead]]


def read_by(
    database: Database, told: list[tuple[Story, bool]], unsent: list[Status], reader: Audience
) -> Read:
    def doing(work: Work) -> Read:
        by_ref = fill(work, told, unsent)
        scope = Scope(community=work.communities.home().id, reader=reader)
        rows = work.queries.summary_rows(scope, framework())
        return by_ref, rows, list(work.story_reads.open_to(scope))

    return tried(database, doing)


@settings(max_examples=25, deadline=None)
@given(told=communities(), reader=st.sampled_from(Audience))
def test_a_reader_meets_no_word_reference_or_teller_of_a_story_not_open_to_them(
    lasting, told, reader
):
    by_ref, rows, reads = read_by(lasting, told, [], reader)

    taken_back = {story.title for story, is_taken_back in told if is_taken_back}
    is_open = {
        ref: reader in story.audience and story.title not in taken_back
        for ref, story in by_ref.items()
    }
    seen = repr(rows) + repr(reads)
    for number, ref in enumerate(by_ref):
        hidden = [
            f"quillwort{number}x",
            f"teller{number}y",
            f"p{number}z",
            f"l{number}z",
            f"{ref}'",
        ]
        if not is_open[ref]:
            assert [mark for mark in hidden if mark in seen] == []
    assert [read.ref for read in reads] == sorted(ref for ref in by_ref if is_open[ref])


@settings(max_examples=25, deadline=None)
@given(told=communities(), reader=st.sampled_from(Audience))
def test_an_unnamed_story_shows_no_platform_language_duration_teller_or_day(lasting, told, reader):
    by_ref, _, reads = read_by(lasting, told, [], reader)

    for read in reads:
        if by_ref[read.ref].attribution is Attribution.UNNAMED:
            shown = repr(read)
            number = list(by_ref).index(read.ref)
            assert read.duration_seconds is None
            for mark in (f"teller{number}y", f"p{number}z", f"l{number}z", "2026-03-12", "T12:"):
                assert mark not in shown
            assert {len(read.started_at), len(read.submitted_at)} == {len("2026-03")}
            assert {len(step.date) for step in read.steps if step.date} <= {len("2026-03")}


@settings(max_examples=25, deadline=None)
@given(told=communities(), unsent=UNSENT, reader=st.sampled_from(Audience))
def test_counts_add_up_for_every_reader(lasting, told, unsent, reader):
    _, rows, reads = read_by(lasting, told, unsent, reader)

    withdrawn = sum(taken_back for _, taken_back in told)
    assert rows.counts == Counts(
        members=len(told) + len(unsent) + 1,
        asked=len(told) + len(unsent) + 1,
        begun=len(told) + len(unsent),
        sent=len(told) - withdrawn,
        withdrawn=withdrawn,
        deleted=unsent.count(Status.DELETED),
        tellers=len(told) - withdrawn,
        hidden=len(told) - withdrawn - len(reads),
    )
    assert rows.counts.unsent == len(unsent) - unsent.count(Status.DELETED)
    named = sum(s.attribution is Attribution.NAMED and not taken_back for s, taken_back in told)
    assert (rows.minutes.stories if rows.minutes else 0) == named


@settings(max_examples=25, deadline=None)
@given(told=communities(), unsent=UNSENT)
def test_every_drop_of_the_ladder_has_its_reasons(lasting, told, unsent):
    _, rows, _ = read_by(lasting, told, unsent, Audience.ORGANIZERS)

    summary = summarize(rows, framework())

    assert [reached.cycle for reached in summary.ladder] == list(INNER)
    assert summary.ladder[0].count == summary.counts.sent
    for drop in summary.drops:
        assert drop.before - drop.after == sum(stopped.count for stopped in drop.reasons)
    assert sum(summary.worth.values()) + summary.worth_unknown == summary.counts.sent
    assert summary.worth_unknown >= 0
    assert summary.returned <= summary.done


@settings(max_examples=25, deadline=None)
@given(told=communities(), unsent=UNSENT, first=st.integers(-40, 40), span=st.integers(0, 40))
def test_a_period_holds_the_stories_begun_in_it_and_the_same_counts_everywhere(
    lasting, told, unsent, first, span
):
    since, until = NOON + timedelta(days=first), NOON + timedelta(days=first + span)

    def doing(work: Work) -> tuple[Counts, list[str], dict[str, Story]]:
        by_ref = fill(work, told, unsent)
        scope = Scope(
            community=work.communities.home().id,
            reader=Audience.ORGANIZERS,
            since=since,
            until=until,
        )
        refs = [read.ref for read in work.story_reads.open_to(scope)]
        return work.queries.counts(scope), refs, by_ref

    counts, refs, by_ref = tried(lasting, doing)

    begun = [(s, taken_back) for s, taken_back in told if is_told_between(s, since, until)]
    inside = [s for s, taken_back in begun if not taken_back]
    readable = {s.title for s in inside if Audience.ORGANIZERS in s.audience}
    others = len(unsent) if since <= NOON < until else 0  # each of them begun at noon
    deleted = unsent.count(Status.DELETED) if others else 0
    assert counts.sent == len(inside)
    assert counts.withdrawn == len(begun) - len(inside)
    assert (counts.deleted, counts.unsent) == (deleted, others - deleted)
    assert counts.begun == len(begun) + others
    assert counts.hidden == len(inside) - len(readable)
    assert {by_ref[ref].title for ref in refs} == readable


def is_told_between(story: Story, since: datetime, until: datetime) -> bool:
    """Whether it belongs to a period: by its moment, or by the whole of its month if unnamed."""
    at = story.started_at
    if story.attribution is Attribution.NAMED:
        return since <= at < until
    last = until - timedelta(microseconds=1)
    return (since.year, since.month) <= (at.year, at.month) <= (last.year, last.month)


PERIODS = st.tuples(st.integers(-40, 40), st.integers(1, 40))
"""(the first day, how many days), the days counted from that of `NOON`."""


@settings(max_examples=25, deadline=None)
@given(told=communities(), days=st.data(), periods=st.tuples(PERIODS, PERIODS))
def test_no_two_periods_tell_the_day_of_an_unnamed_story(lasting, told, days, periods):
    """Nothing that can be read of any two periods depends on that day, nor does the difference."""
    moved = [
        (
            replace(
                story,
                started_at=story.started_at.replace(day=(day := days.draw(st.integers(1, 28)))),
                submitted_at=story.submitted_at.replace(day=day),
            )
            if story.attribution is Attribution.UNNAMED
            else story,
            taken_back,
        )
        for story, taken_back in told
    ]

    read, read_of_moved = (read_in(lasting, each, periods) for each in (told, moved))

    assert read == read_of_moved


def read_in(
    database: Database, told: list[tuple[Story, bool]], periods: Iterable[tuple[int, int]]
) -> list[str]:
    """All that organizers and anyone can read of each period; references are given in turn."""
    midnight = NOON.replace(hour=0)

    def doing(work: Work) -> list[str]:
        fill(work, told, [])
        found = []
        for first, span in periods:
            for reader in (Audience.ORGANIZERS, Audience.PUBLIC):
                scope = Scope(
                    community=work.communities.home().id,
                    reader=reader,
                    since=midnight + timedelta(days=first),
                    until=midnight + timedelta(days=first + span),
                )
                rows = work.queries.summary_rows(scope, framework())
                reads = list(work.story_reads.open_to(scope))
                found.append(f"{rows} {reads}")
        return found

    with pytest.MonkeyPatch.context() as patch:
        chance = InTurn()
        patch.setattr("random.SystemRandom", lambda: chance)
        return tried(database, doing)


# ---- one made-up community ----


def rows_of(database: Database, *told: Story) -> Rows:
    def doing(work: Work) -> Rows:
        for number, story in enumerate(told):
            kept_story(work, story, a_member(work, f"teller {number}"))
        scope = Scope(community=work.communities.home().id, reader=Audience.ORGANIZERS)
        return work.queries.summary_rows(scope, framework())

    return tried(database, doing)


def test_an_empty_community_counts_nothing(lasting):
    rows = rows_of(lasting)

    assert rows.counts == Counts(
        members=0, asked=0, begun=0, sent=0, withdrawn=0, deleted=0, tellers=0, hidden=0
    )
    assert rows.minutes is None
    assert (rows.changes, rows.hurdles, rows.stopped) == ([], [], [])


def test_minutes_are_the_middle_and_the_middle_half(lasting):
    minutes = [1, 8, 10, 15, 60]

    rows = rows_of(lasting, *(a_story(duration_seconds=m * 60) for m in minutes))

    assert rows.minutes == Minutes(stories=5, median=10, low=8, high=15)


def test_minutes_are_those_of_stories_that_carry_a_name(lasting):
    named = [a_story(duration_seconds=m * 60) for m in (8, 10, 15)]
    unnamed = [
        a_story(duration_seconds=m * 60, attribution=Attribution.UNNAMED) for m in (1, 90, 120)
    ]

    some, none = rows_of(lasting, *named, *unnamed), rows_of(lasting, *unnamed)

    assert some.minutes == Minutes(stories=3, median=10, low=8, high=15)
    assert some.counts.sent == 6
    assert none.minutes is None


def test_a_story_that_went_on_without_telling_a_part_is_counted_there(lasting):
    jumped = a_story_as_far_as(REALIZED)
    without = replace(jumped, steps=_without(jumped.steps, POTENTIAL), links=())

    rows = rows_of(lasting, without, a_story_as_far_as(REALIZED), a_story_as_far_as(IMMEDIATE))

    assert {cycle: told.count for cycle, told in rows.untold.items()} == {
        IMMEDIATE: 0,
        POTENTIAL: 1,
        APPLIED: 0,
    }


def _without(steps: tuple[Step, ...], cycle: Cycle) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.cycle != cycle)


def test_quotes_are_the_words_of_what_happened_and_of_what_stopped(lasting):
    changed = a_story_as_far_as(REALIZED)
    stopped = a_story_as_far_as(POTENTIAL, stop="stopped")
    blocked = replace(stopped, steps=(*stopped.steps, a_hurdle("No time for experiments.")))
    wordless = replace(stopped, steps=(*stopped.steps, a_hurdle("")))
    expected: dict[str, Any] = {"order": 4, "cycle": REALIZED, "status": StepStatus.EXPECTED}
    hoped = replace(stopped, steps=(*stopped.steps, a_step(text="I hope.", **expected)))

    rows = rows_of(lasting, changed, blocked, wordless, hoped)

    assert [quote.text for quote in rows.changes] == ["In realized."]
    assert [quote.text for quote in rows.hurdles] == ["No time for experiments."]


def test_no_more_quotes_are_read_than_fit_a_telephone(lasting):
    rows = rows_of(lasting, *(a_story_as_far_as(REALIZED) for _ in range(8)))

    assert len(rows.changes) == 5
    assert rows.reached[REALIZED] == 8
