"""The stage of a test, on either database."""

import pytest

from config.definitions import Definitions
from storage.database import Database
from tests.stage import HeardTexts, Stage


@pytest.fixture
def stage(database: Database, shipped: Definitions, texts: HeardTexts) -> Stage:
    texts.said.clear()
    return Stage(database, shipped, texts)
