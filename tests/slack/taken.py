"""What Slack takes: every rendered message is held against its limits, and calls nobody."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from slack_sdk.models.blocks import Block as Model

from bot.platforms.slack_renderer import Block, Message, answered, messages
from flows.messages import Reply
from tests.doubles.slack_blocks import MAX_ALL, MAX_IN_MESSAGE, message_blocks
from tests.doubles.slack_chats import pings_in
from tests.doubles.slack_methods import MAX_UPDATED
from tests.doubles.slack_text import pings, texts

KEY = b"k" * 32
ANA = "T0001/U0001"


def taken(shown: Message) -> None:
    """Fails where Slack would not take it, or it would call somebody."""
    blocks = list(shown.blocks)
    assert 0 < len(blocks) <= MAX_IN_MESSAGE
    assert [block.to_dict() for block in Model.parse_all(blocks)] == blocks
    message_blocks(blocks, name=map("b{}".format, count()).__next__)
    assert sum(len(text) for _, text in texts(blocks)) <= MAX_ALL
    assert 0 < len(shown.text) <= MAX_UPDATED
    calls_nobody(blocks)
    assert pings(shown.text) == []


def calls_nobody(blocks: list[Block]) -> None:
    """Nor is anything in it made a link, or an emoji in people's words."""
    assert pings_in(blocks) == []
    for each in objects(blocks):
        assert each.get("verbatim", True)
        assert each["type"] != "mrkdwn" or "verbatim" in each
        assert each["type"] != "plain_text" or each["emoji"] is False


def objects(part: Any) -> Iterator[dict[str, Any]]:
    """The text objects of blocks."""
    if isinstance(part, dict):
        if part.get("type") in ("plain_text", "mrkdwn"):
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from objects(each)


def rendered(reply: Reply) -> list[Message]:
    """Its messages, all of which Slack takes; the last one also once it is answered."""
    shown = messages(reply, user=ANA, key=KEY)
    for each in shown:
        taken(each)
    blocks = shown[-1].blocks
    buttons = [each for b in blocks if b["type"] == "actions" for each in b["elements"]]
    left = answered(blocks, buttons[0]["action_id"] if buttons else None)
    taken(Message("…", tuple(left)))
    return shown
