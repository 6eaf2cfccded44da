"""Rounds that could not be sent, and clocks that jump."""

from datetime import UTC, datetime, timedelta

from tests.prompts.conftest import asked, labels, words

DAYS = timedelta(days=1)


async def test_a_late_start_within_the_window_still_asks(circle):
    circle.joins("ana")
    await circle.schedules("every thursday at 10:00")

    circle.at(datetime(2026, 3, 6, 12, tzinfo=UTC))
    circle.works()

    assert asked(circle.sees("ana"))


async def test_three_weeks_without_the_bot_are_missed_and_the_next_round_is_on_time(circle):
    circle.joins("ana")
    await circle.schedules("every thursday at 10:00")

    circle.at(datetime(2026, 3, 24, 12, tzinfo=UTC))
    circle.works()
    told = words(await circle.says("cora", "/rounds"))
    nobody = circle.sees("ana")
    circle.at(datetime(2026, 3, 26, 10, tzinfo=UTC))
    circle.works()

    assert told.count("missed, since I was not running") == 3
    assert nobody == []
    assert asked(circle.sees("ana"))


async def test_a_share_whose_window_closed_before_it_was_planned_is_missed(circle):
    circle.joins("ana", "bo")
    circle.lives_in("Pacific/Kiritimati", "ana")
    circle.lives_in("Pacific/Pago_Pago", "bo")
    await circle.schedules("every thursday at 10:00 within 10 hours")

    circle.at(datetime(2026, 3, 5, 15, tzinfo=UTC))
    circle.works()

    assert circle.ledger()["Ana"] == "missed"
    circle.at(datetime(2026, 3, 5, 21, tzinfo=UTC))
    circle.works()
    assert asked(circle.sees("bo"))


async def test_what_nobody_sends_is_missed_and_does_not_appear_later(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana")

    for _ in range(5):
        circle.later(DAYS)

    assert circle.ledger() == {"Ana": "missed"}
    assert circle.sees("ana") == []
    assert circle.stage.conversation(circle.person("ana")) is None
    said = await circle.says("ana", "hello")
    assert "Stop" not in labels(said[-1])  # a question of their own, and no prompt


async def test_an_unfinished_story_whose_offer_never_came_is_kept_for_later(circle):
    circle.joins("ana")
    await circle.says("ana", "/tell")
    await circle.says("ana", "In March we met, and it was good.")
    circle.later(DAYS)
    circle.sees("ana")  # the reminder of the next morning
    await circle.begins("cora", "/prompt now for Ana")

    for _ in range(5):
        circle.later(DAYS)

    assert circle.ledger() == {"Ana": "missed"}
    assert "Stop" not in str(circle.sees("ana"))
    said = words(await circle.says("ana", "/resume"))
    assert said.startswith("What did you get from it?")


async def test_a_clock_a_year_ahead_and_back_asks_nobody_twice_and_goes_on(circle):
    circle.joins("ana", "bo")
    await circle.schedules("every thursday at 10:00")
    real = circle.now

    circle.at(real + 365 * DAYS)
    circle.works()
    circle.later(timedelta(days=3))
    wrong = asked(circle.sees("ana"))
    circle.at(real)
    circle.works()
    circle.at(datetime(2026, 3, 5, 10, tzinfo=UTC))
    circle.works()
    at_once = circle.sees("ana")
    circle.at(datetime(2026, 4, 2, 10, tzinfo=UTC))
    circle.works()

    assert wrong
    assert at_once == []
    assert asked(circle.sees("ana"))
