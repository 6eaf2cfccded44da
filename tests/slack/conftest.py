"""A Slack on loopback, and the program that runs on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.slack_server import Person, SlackServer, Workspace, slack_server
from tests.slack.process import MODES, SlackRunning, running


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server() as server:
        yield server


@pytest.fixture
def first(server: SlackServer) -> Workspace:
    return server.workspace("T0001", "First")


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def both(
    server: SlackServer, first: Workspace, tmp_path: Path, mode: str
) -> Iterator[SlackRunning]:
    """The program, once over Socket Mode and once over HTTP."""
    with running(first, server, tmp_path, mode) as bot:
        yield bot


@pytest.fixture
def bot(server: SlackServer, first: Workspace, tmp_path: Path) -> Iterator[SlackRunning]:
    """The program over Socket Mode, where the road makes no difference."""
    with running(first, server, tmp_path) as bot:
        yield bot


@pytest.fixture
def ana(first: Workspace) -> Person:
    return first.person("Ana")
