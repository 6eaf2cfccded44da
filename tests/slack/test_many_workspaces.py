"""One program in two workspaces: what happens in one is no trouble of the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.slack_faults import Fault
from tests.doubles.slack_server import Person, SlackServer, Workspace
from tests.running import PATIENCE, TOLD, eventually
from tests.slack.process import (
    INTERVIEW,
    SlackRunning,
    comes,
    goes_through,
    installs,
    running_anywhere,
)


@pytest.fixture
def second(server: SlackServer) -> Workspace:
    return server.workspace("T0002", "Second", installed=False)


@pytest.fixture
def ben(second: Workspace) -> Person:
    return second.person("Ben")


@pytest.fixture
def everywhere(
    server: SlackServer, second: Workspace, ana: Person, ben: Person, tmp_path: Path, mode: str
) -> Iterator[SlackRunning]:
    first = Workspace(server.world, ana.team)
    with running_anywhere(server, tmp_path, mode) as bot:
        installs(bot, first, ana)
        installs(bot, second, ben)
        yield bot


def test_both_tell_their_stories(
    server: SlackServer, everywhere: SlackRunning, ana: Person, ben: Person
) -> None:
    goes_through(server, ana)
    goes_through(server, ben)
    assert everywhere.words() == [w for w in TOLD for _ in range(2)]
    assert [call for call in server.calls() if not call.ok] == []
    assert everywhere.terminate() == 0


def test_a_workspace_that_is_asked_to_wait_holds_up_no_other(
    server: SlackServer, everywhere: SlackRunning, first: Workspace, ana: Person, ben: Person
) -> None:
    carl = first.person("Carl")
    for person in (ana, carl, ben):
        goes_through(server, person, INTERVIEW[:2])
    eventually(lambda: not everywhere.is_sending())
    server.faults.add(Fault.TOO_MANY, "chat.postMessage", channel=ana.dm.id, seconds=4)
    server.later(2)
    ana.says(TOLD[0])
    server.until(lambda: not server.faults.planned, PATIENCE)
    server.later(2)
    carl.says(TOLD[0])
    goes_through(server, ben, INTERVIEW[2:4])
    for person in (ana, carl):
        comes(person, "2 / 7")
    [refused] = [c for c in server.calls("chat.postMessage") if c.status == 429 or c.fault]
    after = [c for c in server.calls("chat.postMessage") if c.at > refused.at]
    held = [c.at - refused.at for c in after if c.workspace == "T0001"]
    others = [c.at - refused.at for c in after if c.workspace == "T0002"]
    assert min(held) >= 4
    assert min(others) < 4


@pytest.mark.parametrize("how", ["uninstalls", "revokes"])
def test_a_workspace_that_is_gone_takes_no_other_with_it(
    server: SlackServer,
    everywhere: SlackRunning,
    second: Workspace,
    ana: Person,
    ben: Person,
    how: str,
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    goes_through(server, ben, INTERVIEW[:2])
    eventually(lambda: not everywhere.is_sending())
    getattr(second, how)()
    server.all_acknowledged()
    goes_through(server, ana, INTERVIEW[2:])
    assert everywhere.answers("/readyz")[0] == 200
    installs(everywhere, second, ben)
    goes_through(server, ben, INTERVIEW[2:])
    assert everywhere.words() == [w for w in TOLD for _ in range(2)]
