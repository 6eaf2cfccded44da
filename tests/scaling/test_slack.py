"""Several processes on one PostgreSQL answer as one app of Slack."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.crowd import Teller, go_through, once, told
from tests.doubles.slack_server import SlackServer, Workspace, slack_server
from tests.running import PATIENCE, eventually
from tests.scaling.several import Balancer, heard, holds, sent, several
from tests.slack.crowd import Seat, tellers, town_of
from tests.slack.process import INTERVIEW, MODES, SlackRunning, arrived, slack_of

NAMES = tuple(f"Teller {letter}" for letter in "ABC")


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


@pytest.fixture
def first(slack: SlackServer) -> Workspace:
    return slack.workspace("T0001", "First")


@contextmanager
def both(
    slack: SlackServer, first: Workspace, mode: str, balancer: Balancer, folder: Path, database: str
) -> Iterator[list[SlackRunning]]:
    """What Slack tells goes to each of them in turn."""

    def made(folder: Path, settings: Mapping[str, str], database: str) -> SlackRunning:
        return SlackRunning(slack, folder, mode, settings, database)

    with several(
        folder, database, slack_of(slack, first, mode), make=made, platform="slack"
    ) as bots:
        if mode == "http":
            balancer.bots = bots
            slack.deliver_to(f"{balancer.url}/slack/events")
        else:
            slack.until(lambda: slack.links == len(bots), PATIENCE)
        yield bots


@pytest.mark.parametrize("mode", MODES)
def test_what_slack_tells_may_come_to_each_of_them(
    mode, slack, first, balancer, on_postgresql, tmp_path
):
    people = tellers([first], NAMES)
    with both(slack, first, mode, balancer, tmp_path, on_postgresql) as bots:
        go_through(town_of(slack), bots[0], people, 60)

        assert {each.seat.user: each.told for each in people} == told(bots[0])
        assert len({tuple(once(each)) for each in people}) == 1
        assert all(len(each.shown()) == len(once(each)) for each in people)
        assert [holds(bot, "slack") for bot in bots] == [True, False]
        assert min(heard(bot) for bot in bots) > len(INTERVIEW) / 2
        assert sent(bots[1], "slack") == 0
        # Whichever process heard of a tap, the message shows what was chosen.
        for each in people:
            eventually(partial(shows_all_choices, each))
        assert [bot.terminate() for bot in reversed(bots)] == [0, 0]


def shows_all_choices(teller: Teller) -> bool:
    assert isinstance(teller.seat, Seat)
    chosen = [what for how, what, _ in INTERVIEW if how == "taps"]
    noted = [m.shown.rpartition("✓ ")[2] for m in arrived(teller.seat.person) if "✓ " in m.shown]
    return noted == chosen
