"""The bot on a platform, each time with a database of its own."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.builders import closing, fresh, interviews, opened
from tests.platforms.places import Place, placed
from tests.platforms.seats import Platform
from tests.stage import HeardTexts, Stage

Build = Callable[[], Stage]


@pytest.fixture
def build(texts: HeardTexts) -> Iterator[Build]:
    """Makes a stage."""
    with ExitStack() as stack:

        def make() -> Stage:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            database = stack.enter_context(closing(opened(fresh(folder))))
            return Stage(database, interviews().definitions, texts)

        yield make


@pytest.fixture
async def place(platform: Platform, build: Build) -> AsyncIterator[Place]:
    """The bot on the platform that a test is about."""
    async with placed(platform, build()) as place:
        yield place
