import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flows.framework import Attribution, Audience, StepStatus, Valence
from flows.story import Link, LinkKind, Story
from storage.members import Role
from storage.unit_of_work import Work
from tests.builders import (
    APPLIED,
    IMMEDIATE,
    NOON,
    POTENTIAL,
    REALIZED,
    InTurn,
    Talk,
    a_hurdle,
    a_member,
    a_step,
    a_story,
    a_story_as_far_as,
    an_answer,
    begin,
    fresh,
    invoked,
    kept,
    kept_story,
    storytrail,
    talking,
    texts_of,
    withdraw,
)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(fresh(tmp_path)) as talk:
        yield talk


def with_loop(story: Story) -> Story:
    back = Link(origin=len(story.steps), target=None, kind=LinkKind.RETURNS_TO)
    return replace(story, links=(*story.links, back))


def the_circle() -> list[Story]:
    """Fourteen stories, of which five go all the way; the references count from S-101."""
    got_nothing = [a_story_as_far_as(IMMEDIATE, stop="nothing") for _ in range(2)]
    stopped = [a_story_as_far_as(POTENTIAL, stop="stopped") for _ in range(3)]
    stopped[0] = replace(
        stopped[0], steps=(*stopped[0].steps, a_hurdle("No time for experiments. None."))
    )
    planned = [a_story_as_far_as(POTENTIAL, stop="plan") for _ in range(2)]
    early = [a_story_as_far_as(APPLIED, stop="too-early")]
    same = [a_story_as_far_as(APPLIED, stop="same")]
    changed = [with_loop(a_story_as_far_as(REALIZED)) for _ in range(3)]
    changed += [a_story_as_far_as(REALIZED) for _ in range(2)]
    words = "On their own after nine days instead of three weeks."
    last = a_step(order=4, part="changed", cycle=REALIZED, text=words)
    changed[0] = replace(changed[0], steps=(*changed[0].steps[:3], last))
    worse = replace(last, text="", choice="worse", status=StepStatus.HAPPENED)
    changed[1] = replace(changed[1], steps=(*changed[1].steps[:3], worse))
    untold = [each for each in changed[4].steps if each.cycle != POTENTIAL]
    changed[4] = replace(changed[4], steps=tuple(untold), links=())

    told = [*got_nothing, *stopped, *planned, *early, *same, *changed]
    told[1] = replace(told[1], audience=frozenset({Audience.FUNDERS}))  # not for organizers
    told[13] = replace(told[13], audience=frozenset({Audience.FUNDERS}))
    worth = [Valence.YES] * 8 + [Valence.PARTLY] * 3 + [Valence.NO, None, None]
    minutes = [4, 6, 8, 8, 9, 10, 11, 11, 12, 13, 15, 15, 20, 60]
    gaps = [("noticed",)] * 4 + [("compared",)] * 2 + [()] * 8
    return [
        replace(s, worth_it=w, duration_seconds=60 * m, gaps=g)
        for s, w, m, g in zip(told, worth, minutes, gaps, strict=True)
    ]


def fill(work: Work) -> None:
    for number, story in enumerate(the_circle()):
        kept_story(work, story, a_member(work, f"teller {number}"))
    back = a_member(work, "somebody else")
    taken = kept_story(work, a_story_as_far_as(REALIZED), back)
    withdraw(work, back, taken.ref)
    for number in range(3):  # began and left it
        begun = begin(work, a_member(work, f"began {number}"))
        work.conversations.save(begun, replace(begun, answers=(an_answer(),)))
    for number in range(20):  # were asked
        begin(work, a_member(work, f"asked {number}"))
    for number in range(10):  # were never asked
        a_member(work, f"joined {number}")


WHOLE_SUMMARY = """\
The Onboarding Circle, all stories so far
38 people were asked; 18 stories were begun: 14 sent, 1 sent and taken back, 3 not sent, 0 deleted.
Time they spent: 11 minutes (half of 14 stories between 8 and 15).

How far the 14 stories go:
took part 14 · got something 12 · did something with it 7 · something was different 5
14 → 12: 2 got nothing (S-101).
12 → 7: 3 were stopped (S-103, S-104, S-105), 2 plan to (S-106, S-107).
7 → 5: 1 the same as before (S-109), 1 too early (S-108).
Went further without telling “got something”: 1.
Different for the worse, they say: 1 (S-111) of 5.
Someone there knows how it went: 3 of 7.
Worth their time, they say: yes 8, partly 3, no 1, can't say 0, not said 2.

What was different, in their words:
“On their own after nine days instead of three weeks.” (S-110)
“In realized.” (S-112)
“In realized.” (S-113)

What stopped them, in their words:
“No time for experiments.” (S-103)

Cannot say yet: who else saw it (4); compared with what (2).
2 of these stories are not open to you, so counted here and not quoted.
These are contributions as their tellers see them. 14 stories from 14 of 49 members: that says \
what is possible, not how often it happens."""


async def test_a_summary_says_what_the_stories_of_a_circle_come_to(talk, monkeypatch):
    chance = InTurn()
    monkeypatch.setattr("random.SystemRandom", lambda: chance)
    await talk.has_role(Role.ORGANIZER)
    kept(talk.database, fill)

    replies = await talk.say("/summary")

    assert texts_of(replies) == WHOLE_SUMMARY


async def test_a_summary_of_nothing_says_so_and_stops(talk):
    await talk.has_role(Role.ORGANIZER)

    replies = await talk.say("/summary")

    assert texts_of(replies) == (
        "The Onboarding Circle, all stories so far\n"
        "0 people were asked; 0 stories were begun: "
        "0 sent, 0 sent and taken back, 0 not sent, 0 deleted.\n"
        "No story was sent in this time, so there is nothing to sum up."
    )


async def test_a_summary_of_a_period_names_it_and_leaves_the_others_out(talk):
    await talk.has_role(Role.ORGANIZER)
    late = a_story_as_far_as(POTENTIAL, started_at=NOON + timedelta(days=60))
    kept(talk.database, lambda w: kept_story(w, late, a_member(w, "bo")))

    march = texts_of(await talk.say("/summary 2026-03-01..2026-03-31"))
    may = texts_of(await talk.say("/summary 2026-05"))

    assert march.startswith("The Onboarding Circle, Mar 1, 2026 to Mar 31, 2026\n0 people")
    assert "1 story was begun: 1 sent" in may


@pytest.mark.parametrize(
    ("named", "unnamed", "line"),
    [
        ([7], [], "Time they spent: 7 minutes."),
        ([1], [2], "Time they spent: 1 minute."),
        ([4, 8], [60], "Time they spent: 4 minutes (half of 2 stories between 4 and 8)."),
        ([], [5, 6], None),
    ],
)
async def test_the_time_spent_is_that_of_stories_with_a_name(talk, named, unnamed, line):
    await talk.has_role(Role.ORGANIZER)
    told = [a_story(duration_seconds=60 * m) for m in named]
    told += [a_story(duration_seconds=60 * m, attribution=Attribution.UNNAMED) for m in unnamed]

    def keep(work: Work) -> None:
        for number, story in enumerate(told):
            kept_story(work, story, a_member(work, f"teller {number}"))

    kept(talk.database, keep)

    said = texts_of(await talk.say("/summary")).splitlines()

    assert [each for each in said if "Time they spent" in each] == ([line] if line else [])
    assert f"{len(told)} sent" in said[1]


async def test_an_unnamed_story_is_counted_on_every_day_of_its_month(talk):
    await talk.has_role(Role.ORGANIZER)
    unnamed = a_story(attribution=Attribution.UNNAMED)  # of the fourteenth of March
    kept(talk.database, lambda w: kept_story(w, unnamed, a_member(w, "bo")))
    asked = {
        "2026-02-28": "0 people were asked; 0 stories were begun: 0 sent",
        "2026-03-01": "1 person was asked; 1 story was begun: 1 sent",
        "2026-03-13": "1 person was asked; 1 story was begun: 1 sent",
        "2026-03-14": "1 person was asked; 1 story was begun: 1 sent",
        "2026-03-31": "1 person was asked; 1 story was begun: 1 sent",
        "2026-04-01": "0 people were asked; 0 stories were begun: 0 sent",
    }

    found = {day: texts_of(await talk.say(f"/summary {day}")).splitlines()[1] for day in asked}

    assert [day for day in asked if not found[day].startswith(asked[day])] == []


async def test_a_period_that_nobody_understands_is_said_back(talk):
    await talk.has_role(Role.ORGANIZER)

    replies = await talk.say("/summary the day before yesterday")

    assert texts_of(replies).startswith(
        "I can't read “the day before yesterday” as a time. Try: 2026, 2026-03,"
    )


async def test_a_summary_is_for_organizers(talk):
    await talk.say("1", *("In March we met and it was good.",))

    replies = await talk.say("/summary")

    assert "That is for organizers." in texts_of(replies)


async def test_after_a_summary_the_open_question_is_shown_once_more(talk):
    await talk.has_role(Role.ORGANIZER)
    await talk.say("hello", "1", "In March we met and it was good.")

    first, *_, last = await talk.say("/summary")

    assert first.text.startswith("The Onboarding Circle, all stories so far")
    assert last.text.startswith("What did you get from it?")


# ---- as a program ----


@pytest.fixture(scope="module")
def circle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = fresh(tmp_path_factory.mktemp("circle"))
    with talking(path) as talk:
        kept(talk.database, fill)
    return path


def test_the_program_says_what_the_command_says(circle):
    # The name stands in a setting; without it the community is called as every new one.
    done = storytrail("summary", database=circle, more={"STORYTRAIL_COMMUNITY": "the Circle"})

    said = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert said.startswith("The Circle, all stories so far\n38 people were asked;")
    assert "14 → 12: 2 got nothing" in said


def test_the_summary_as_json_has_every_number(circle):
    done = invoked("summary", "--json", "--since", "2026-03-01", database=circle)

    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    assert found["schema"] == "storytrail/summary/1"
    assert (found["since"], found["until"]) == ("2026-03-01", None)
    assert found["counts"] == {
        "members": 48,
        "asked": 38,
        "begun": 18,
        "sent": 14,
        "withdrawn": 1,
        "deleted": 0,
        "unsent": 3,
        "tellers": 14,
        "hidden": 2,
    }
    assert [reached["count"] for reached in found["ladder"]] == [14, 12, 7, 5]
    assert found["worth"] == {"yes": 8, "partly": 3, "no": 1}
    assert found["minutes"] == {"stories": 14, "median": 11, "low": 8, "high": 15}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--since", "March"], 2, "--since takes a day as 2026-03-31.\n"),
        (["--since", "2026-03-02", "--until", "2026-03-01"], 2, "--since is after --until.\n"),
        (
            ["--community", "nowhere"],
            1,
            "There is no community of that name: leave --community out for the first.\n",
        ),
    ],
)
def test_a_summary_that_can_not_be_made_says_why(circle, arguments, code, sentence):
    done = invoked("summary", *arguments, database=circle)

    assert (done.returncode, done.stdout, done.stderr.decode()) == (code, b"", sentence)
