"""A value with some fields changed is what `dataclasses.replace` makes of it."""

import dataclasses
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from flows.conversation import Conversation, ConversationId, Status
from flows.messages import Option
from flows.values import replace

CONVERSATION = Conversation(
    id=ConversationId(1),
    ref="S-100",
    flow="story",
    version=1,
    status=Status.ACTIVE,
    place="activity",
    started_at=datetime(2026, 3, 14, tzinfo=UTC),
    turned_at=datetime(2026, 3, 14, tzinfo=UTC),
)


def test_a_changed_value_is_equal_to_a_replaced_one_and_the_old_one_stays():
    changed = replace(CONVERSATION, place="gained", trail=("activity",))

    assert changed == dataclasses.replace(CONVERSATION, place="gained", trail=("activity",))
    assert hash(changed) == hash(dataclasses.replace(changed))
    assert CONVERSATION.place == "activity"
    with pytest.raises(FrozenInstanceError):
        changed.place = "applied"  # type: ignore[misc]


def test_a_value_with_slots_is_changed_too():
    assert replace(Option("yes", "Yes"), label="Yes!") == Option("yes", "Yes!")


@pytest.mark.parametrize("value", [CONVERSATION, Option("yes", "Yes")])
def test_a_field_that_there_is_not_is_refused(value):
    with pytest.raises(TypeError):
        replace(value, colour="red")
