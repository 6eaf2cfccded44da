from collections import Counter
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.framework import Valence
from flows.summary import Counts, Minutes, Rows, Stopped, Told, summarize
from tests.builders import APPLIED, IMMEDIATE, POTENTIAL, REALIZED, framework

INNER = [IMMEDIATE, POTENTIAL, APPLIED, REALIZED]
REASONS = ["nothing", "stopped", "plan", "not-said"]


@dataclass(frozen=True)
class Sent:
    """What of a sent story is counted."""

    reach: int
    reason: str
    worth: Valence | None
    is_open: bool


stories = st.lists(
    st.builds(
        Sent,
        reach=st.integers(0, len(INNER) - 1),
        reason=st.sampled_from(REASONS),
        worth=st.none() | st.sampled_from(Valence),
        is_open=st.booleans(),
    ),
    max_size=30,
)


def counts(**changed: int) -> Counts:
    plain = dict.fromkeys(
        ("members", "asked", "begun", "sent", "withdrawn", "deleted", "tellers", "hidden"), 0
    )
    return Counts(**plain | changed)


def counted(told: list[Sent]) -> Rows:
    """The stories as the database counts them."""
    stops: dict[tuple[int, str], list[str]] = {}
    for number, story in enumerate(told):
        if INNER[story.reach] != REALIZED:
            refs = stops.setdefault((story.reach, story.reason), [])
            refs.append(f"S-{number}" if story.is_open else "")
    return Rows(
        counts=counts(sent=len(told)),
        reached=Counter(INNER[story.reach] for story in told),
        stopped=[
            Stopped(
                reach=INNER[reach],
                reason=reason,
                count=len(refs),
                refs=tuple(ref for ref in refs if ref),
            )
            for (reach, reason), refs in stops.items()
        ],
        untold={},
        worse=Told(0),
        returned=0,
        worth=Counter(story.worth for story in told if story.worth is not None),
        minutes=None,
        gaps={},
        changes=[],
        hurdles=[],
    )


@settings(deadline=None)
@given(told=stories)
def test_every_drop_equals_the_sum_of_its_reasons(told):
    summary = summarize(counted(told), framework())

    for drop in summary.drops:
        assert drop.before - drop.after == sum(stopped.count for stopped in drop.reasons)
        assert drop.before > drop.after
    lost = sum(drop.before - drop.after for drop in summary.drops)
    assert summary.ladder[0].count - lost == summary.ladder[-1].count


@settings(deadline=None)
@given(told=stories)
def test_the_ladder_begins_with_all_stories_and_never_rises(told):
    summary = summarize(counted(told), framework())

    steps = [reached.count for reached in summary.ladder]
    assert steps[0] == len(told)
    assert steps == sorted(steps, reverse=True)
    assert steps[2] == summary.done


@settings(deadline=None)
@given(told=stories)
def test_who_says_it_was_worth_it_and_who_does_not_say_are_all_who_sent(told):
    summary = summarize(counted(told), framework())

    assert sum(summary.worth.values()) + summary.worth_unknown == summary.counts.sent
    assert summary.worth_unknown == sum(story.worth is None for story in told)


def test_the_commonest_reason_comes_first_and_equal_ones_by_their_name():
    told = [Sent(0, reason, None, True) for reason in ("plan", "stopped", "nothing", "stopped")]

    (drop,) = summarize(counted(told), framework()).drops

    assert [(s.reason, s.count) for s in drop.reasons] == [
        ("stopped", 2),
        ("nothing", 1),
        ("plan", 1),
    ]


def test_the_commonest_gap_comes_first():
    rows = counted([])

    gaps = {"noticed": 2, "when": 1, "compared": 2}
    summary = summarize(replace(rows, gaps=gaps), framework())

    assert summary.gaps == (("compared", 2), ("noticed", 2), ("when", 1))


def test_no_stories_come_to_nothing():
    summary = summarize(counted([]), framework())

    assert [reached.count for reached in summary.ladder] == [0, 0, 0, 0]
    assert summary.drops == ()
    assert (summary.worth_unknown, summary.done) == (0, 0)


def test_what_was_begun_and_neither_sent_nor_deleted_is_unsent():
    found = counts(begun=9, sent=4, withdrawn=1, deleted=2)

    assert found.unsent == 2


def test_minutes_are_handed_on_as_they_were_counted():
    rows = counted([Sent(0, "nothing", None, True)])

    minutes = Minutes(4, 11, 8, 15)
    summary = summarize(replace(rows, minutes=minutes), framework())

    assert summary.minutes == minutes
