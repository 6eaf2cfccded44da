"""Members who go, and members who turn out to be one, while a round is under way."""

from datetime import timedelta

import pytest

from flows.messages import Chose, Inbound, parse
from tests.prompts.conftest import asked, words


async def _planned(circle, *names):
    """A round that will ask in an hour."""
    circle.joins(*names)
    for name in names:
        member = circle.member(name).id
        circle.stage.write(
            lambda work, who=member: work.prompting.change(who, quiet="08:00-10:00", days_off="")
        )
    await circle.begins("cora", "/prompt now")
    assert {circle.ledger()[name.capitalize()] for name in names} == {"planned"}


async def test_who_leaves_between_planning_and_sending_is_not_asked(circle):
    await _planned(circle, "ana", "bo")
    await circle.says("ana", "/leave")
    await circle.taps("ana", "Leave")

    circle.passes(timedelta(hours=3))

    assert circle.sees("ana") == []
    assert asked(circle.sees("bo"))
    assert circle.ledger()["Ana"] == "no-consent"


async def _forgets(circle, name):
    await circle.says(name, "/forget")
    for _ in range(2):
        asks = circle.person(name).asked
        await circle.does(name, Chose("yes", asks.step, asks.revision, None))


async def test_who_is_erased_between_planning_and_sending_is_not_asked(circle):
    await _planned(circle, "ana", "bo")
    await _forgets(circle, "ana")

    circle.passes(timedelta(hours=3))

    assert circle.sees("ana") == []
    assert asked(circle.sees("bo"))
    rows = circle.stage.rows("SELECT status, reason FROM deliveries ORDER BY id")
    assert [row["reason"] or row["status"] for row in rows] == ["queued", "no-consent", "sent"]


async def test_a_forgotten_member_is_in_no_column_and_stays_counted(circle):
    circle.joins("quillwort", "bo")
    await circle.schedules("every day at 10:00 for Quillwort, Bo")
    await circle.says("cora", "/prompt now for Quillwort")
    await circle.says("cora", "/schedule every day for terminal:quillwort")
    await circle.begins("cora", "/prompt now for Quillwort, Bo")
    circle.everybody_sees()
    await circle.says("quillwort", "In March we met, and it was good.")
    await circle.says("quillwort", "/snooze 3 weeks")

    await _forgets(circle, "quillwort")
    circle.everybody_sees()

    assert "uillwort" not in circle.stage.everything()
    numbers = circle.stage.read(
        lambda work: work.rounds.numbers(work.rounds.of(circle.home, most=5)[-1].id)
    )
    assert (numbers.planned, numbers.sent, numbers.started) == (2, 2, 1)
    circle.passes(timedelta(days=2))
    assert "every day at 10:00 for" in words(await circle.says("cora", "/schedule"))


async def test_a_forgotten_coordinators_round_goes_on_without_their_name(circle):
    await _planned(circle, "ana")
    await _forgets(circle, "cora")

    circle.passes(timedelta(hours=3))

    assert words(circle.sees("ana")).startswith("The coordinators of the Onboarding Circle ask:")


# ---- one person on two platforms ----


async def test_somebody_at_two_addresses_is_asked_once(circle):
    circle.joins("ana", "anna")
    await _links(circle, "ana", "anna")

    await circle.begins("cora", "/prompt now")

    assert len(circle.sees("ana")) + len(circle.sees("anna")) == 1
    assert len(circle.ledger()) == 2


@pytest.mark.parametrize("first", ["ana", "anna"])
async def test_who_becomes_one_person_between_planning_and_sending_is_asked_once(circle, first):
    await _planned(circle, "ana", "anna")
    second = {"ana": "anna", "anna": "ana"}[first]
    await _links(circle, first, second)

    circle.passes(timedelta(hours=3))

    assert len(circle.sees("ana")) + len(circle.sees("anna")) == 1
    assert len(circle.ledger()) == 2


@pytest.mark.parametrize("first", ["ana", "anna"])
async def test_of_two_prompts_on_their_way_to_one_person_one_comes(circle, first):
    circle.joins("ana", "anna")
    await circle.begins("cora", "/prompt now")
    second = {"ana": "anna", "anna": "ana"}[first]

    code = await _code(circle, first)
    await circle.stage.turns.handle(_typed(circle, second, f"/link {code}"))

    circle.everybody_sees()
    seen = circle.person("ana").seen + circle.person("anna").seen
    assert sum(words([each]).startswith("Cora asks,") for each in seen) == 1
    rows = circle.stage.rows("SELECT status FROM deliveries ORDER BY id")
    assert len(rows) == 2
    active = circle.stage.rows("SELECT id FROM conversations WHERE status = 'active'")
    assert len(active) == 2  # hers, and Cora's


async def test_of_two_shares_of_one_round_the_one_that_was_sent_counts(circle):
    circle.joins("ana", "anna")
    await circle.says("anna", "/stop")
    await circle.begins("cora", "/prompt now")
    circle.everybody_sees()

    await _links(circle, "anna", "ana")

    statuses = [row["status"] for row in circle.stage.rows("SELECT status FROM deliveries")]
    assert sorted(statuses) == ["sent", "sent"]


async def _code(circle, name):
    said = words(await circle.says(name, "/link"))
    return next(line for line in said.split("\n") if "/link " in line).split("/link ")[1]


def _typed(circle, name, text):
    person = circle.person(name)
    return Inbound(
        key=f"typed {text}", address=person.address, said_at=circle.now, payload=parse(text)
    )


async def _links(circle, makes, sends):
    await circle.says(sends, f"/link {await _code(circle, makes)}")


# ---- what is kept ----


async def test_mydata_shows_what_is_kept_of_somebodys_prompts(circle):
    circle.joins("ana")
    await circle.says("ana", "/quiet 20:00-8:00")
    await circle.begins("cora", "/prompt now")
    circle.sees("ana")

    member = circle.member("ana").id
    kept = circle.stage.read(lambda work: work.everything.of(member))

    assert [row["quiet"] for row in kept["prompting"]] == ["20:00-08:00"]
    assert [row["status"] for row in kept["deliveries"]] == ["sent"]
    files = await circle.says("ana", "/mydata")
    assert "20:00-08:00" in files[0].content
