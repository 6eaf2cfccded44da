from dataclasses import replace
from datetime import timedelta

from flows.framework import Attribution, Audience, Valence
from flows.messages import Anchor
from flows.story import Link, LinkKind
from storage.members import Member
from storage.stories import StoryStatus
from storage.story_reads import StoryRead
from storage.unit_of_work import Work
from storage.visibility import Scope
from tests.builders import (
    APPLIED,
    NOON,
    REALIZED,
    a_hurdle,
    a_member,
    a_step,
    a_story,
    a_story_as_far_as,
    kept,
    kept_story,
    known,
    withdraw,
)

A_STORY = a_story_as_far_as(
    REALIZED,
    audience=frozenset({Audience.ORGANIZERS, Audience.FUNDERS}),
    anchor=Anchor("The meetup", "2026-03-12", "https://example.org"),
    links=(
        Link(origin=1, target=2),
        Link(origin=3, target=4, because="The list.", counterfactual="less"),
        Link(origin=4, target=None, kind=LinkKind.RETURNS_TO, because="In May."),
    ),
    gaps=("noticed", "compared"),
    worth_it=Valence.PARTLY,
)


def read(work: Work, *, reader: Audience = Audience.ORGANIZERS) -> list[StoryRead]:
    """The stories of the community as `reader` may see them."""
    scope = Scope(community=work.communities.home().id, reader=reader)
    return list(work.story_reads.open_to(scope))


def status(work: Work, member: Member, ref: str) -> StoryStatus | None:
    own = work.stories.own(member.id, ref)
    return own.status if own is not None else None


def test_a_story_is_read_as_it_was_sent(database):
    sent = kept(database, lambda w: kept_story(w, A_STORY, a_member(w)))

    (story,) = database.read_now(lambda c: read(Work(c)))

    assert story.ref == sent.ref
    assert story.teller == "ana"
    assert story.audience == ("funders", "organizers")
    assert story.anchor == A_STORY.anchor
    assert story.steps == A_STORY.steps
    assert story.links == A_STORY.links
    assert story.gaps == A_STORY.gaps
    assert story.worth_it == "partly"
    assert (story.started_at, story.submitted_at) == (
        "2026-03-14T12:00:00Z",
        "2026-03-14T12:10:00Z",
    )


def test_a_story_sent_again_takes_the_place_of_the_one_before(database):
    def sent_twice(work: Work) -> None:
        member = a_member(work)
        sent = kept_story(work, A_STORY, member)
        anew = a_story(ref=sent.ref, title="Anew.", steps=(a_hurdle("No time.", order=1),))
        work.stories.put(
            anew,
            conversation=sent.id,
            member=member.id,
            community=work.communities.home().id,
            language="en",
            platform="terminal",
            consent_version=1,
        )

    kept(database, sent_twice)

    (story,) = database.read_now(lambda c: read(Work(c)))
    revisions = database.read_now(
        lambda c: c.exec_driver_sql("SELECT revision FROM stories").scalars().all()
    )
    assert revisions == [1]
    assert story.title == "Anew."
    assert [step.text for step in story.steps] == ["No time."]
    assert (story.links, story.gaps, story.audience) == ((), (), ("organizers",))
    assert story.worth_it == "partly"  # that was said, and was not taken back


def test_a_story_taken_back_is_in_no_read_and_only_counted(database):
    def withdrawn(work: Work):
        member = a_member(work)
        sent = kept_story(work, A_STORY, member)
        was = status(work, member, sent.ref)
        withdraw(work, member, sent.ref)
        again = status(work, member, sent.ref)
        own = work.story_reads.own(member.id, sent.ref)
        return was, again, own, [read(work, reader=reader) for reader in Audience]

    was, again, own, reads = kept(database, withdrawn)

    assert (was, again) == (StoryStatus.SENT, StoryStatus.WITHDRAWN)
    assert own is None
    assert reads == [[], [], [], [], []]


def test_a_story_taken_back_is_not_asked_about_again(database):
    def withdrawn(work: Work):
        member, home = a_member(work), work.communities.home().id
        sent = kept_story(work, A_STORY, member)
        work.conversations.ask_again(sent.id, "planned", at=NOON)
        withdraw(work, member, sent.ref)
        return work.conversations.due(member.id, home, now=NOON + timedelta(days=90))

    assert kept(database, withdrawn) is None


def test_nobody_takes_back_or_reads_the_story_of_another(database):
    def tried_by_bo(work: Work):
        sent = kept_story(work, A_STORY, a_member(work, "ana"))
        bo = a_member(work, "bo")
        return (
            work.stories.own(bo.id, sent.ref),
            work.story_reads.own(bo.id, sent.ref),
            len(read(work)),
        )

    assert kept(database, tried_by_bo) == (None, None, 1)


def test_a_member_finds_their_own_stories_the_newest_first(database):
    def told(work: Work):
        ana, bo = a_member(work, "ana"), a_member(work, "bo")
        for days, title in ((1, "second"), (0, "first"), (2, "third")):
            at = NOON + timedelta(days=days)
            kept_story(work, replace(A_STORY, title=title, submitted_at=at), ana)
        kept_story(work, replace(A_STORY, title="of bo"), bo)
        return [listed.title for listed in work.stories.of(ana.id)]

    assert kept(database, told) == ["third", "second", "first"]


def test_an_unnamed_story_tells_its_own_teller_more_than_its_readers(database):
    unnamed = replace(A_STORY, attribution=Attribution.UNNAMED)

    sent = kept(database, lambda w: kept_story(w, unnamed, a_member(w)))

    (story,) = database.read_now(lambda c: read(Work(c)))
    listed = database.read_now(lambda c: Work(c).stories.of(known(Work(c)).id))
    assert (story.teller, story.platform, story.language, story.duration_seconds) == (None,) * 4
    assert (story.started_at, story.submitted_at) == ("2026-03", "2026-03")
    assert story.anchor is not None
    assert story.anchor.date == "2026-03"
    assert [(each.ref, each.submitted_at) for each in listed] == [(sent.ref, A_STORY.submitted_at)]


def test_the_date_of_a_step_of_an_unnamed_story_is_cut_to_its_month(database):
    dated = a_step(order=1, date="2026-03-12", cycle=APPLIED)
    unnamed = a_story(steps=(dated,), attribution=Attribution.UNNAMED)

    kept(database, lambda w: kept_story(w, unnamed, a_member(w)))

    (story,) = database.read_now(lambda c: read(Work(c)))
    assert [step.date for step in story.steps] == ["2026-03"]
