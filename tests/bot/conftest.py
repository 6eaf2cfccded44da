"""The stage of a test, on either database."""

from collections.abc import Iterator

import pytest

from config.definitions import Definitions
from tests.builders import closing, opened
from tests.stage import HeardTexts, Stage


@pytest.fixture
def stage(url: str, shipped: Definitions, texts: HeardTexts) -> Iterator[Stage]:
    texts.said.clear()
    with closing(opened(url)) as database:
        yield Stage(database, shipped, texts)
