from dataclasses import replace
from typing import Any

import pytest

from flows.definition import FlowDefinition
from storage.database import Database
from storage.errors import DefinitionChanged
from storage.unit_of_work import Work
from tests.builders import NOON, interviews, kept


def a_definition(**changed: Any) -> FlowDefinition:
    return replace(interviews().current, name="other", **changed)


def store(database: Database, *definitions) -> None:
    kept(database, lambda w: w.definitions.store(definitions, now=NOON))


VERSION = interviews().current.version


def test_a_definition_is_new_until_it_is_stored(database):
    definition = a_definition()

    before = database.read_now(lambda c: Work(c).definitions.unknown([definition]))
    store(database, definition)
    after = database.read_now(lambda c: Work(c).definitions.unknown([definition]))

    assert (before, after) == ([definition], [])


def test_a_changed_body_under_the_same_version_is_a_fault_that_names_the_next_one(database):
    store(database, a_definition())

    with pytest.raises(DefinitionChanged, match=f"give it version {VERSION + 1}"):
        database.read_now(lambda c: Work(c).definitions.unknown([a_definition(digest="other")]))


def test_every_version_stays_readable(database):
    store(database, a_definition(source="first"))

    store(database, a_definition(version=VERSION + 1, digest="other", source="second"))

    sources = database.read_now(lambda c: Work(c).definitions.sources())
    assert [s for s in sources if s[0] == "other"] == [
        ("other", VERSION, "first"),
        ("other", VERSION + 1, "second"),
    ]


def test_two_programs_that_start_at_once_may_both_store_the_same_definition(database):
    both_saw = database.read_now(lambda c: Work(c).definitions.unknown([a_definition()]))

    store(database, *both_saw)
    store(database, *both_saw)

    sources = database.read_now(lambda c: Work(c).definitions.sources())
    assert [name for name, _, _ in sources].count("other") == 1


def test_of_two_programs_that_start_at_once_with_other_bodies_the_second_is_refused(database):
    mine, theirs = a_definition(), a_definition(digest="other")
    store(database, theirs)

    with pytest.raises(DefinitionChanged):
        store(database, mine)
