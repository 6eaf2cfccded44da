"""What a bot is told of messages that are there already."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.slack_server import ALL_SCOPES, SlackServer, Workspace, slack_server


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server() as running:
        yield running


@pytest.fixture
def first(server: SlackServer) -> Workspace:
    return server.workspace("T0001", "First")


@pytest.fixture
def client(server: SlackServer, first: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=first.token, base_url=server.base_url, retry_handlers=[])


def refused(error: str) -> Any:
    return pytest.raises(SlackApiError, match=rf"'error': '{re.escape(error)}'")


async def test_messages_are_told_from_the_newest_and_between_two_moments(first, client):
    ana = first.person("Ana")
    sent = [ana.says(text) for text in ("one", "two", "three")]
    await client.chat_postEphemeral(channel=ana.dm.id, user=ana.id, text="for her alone")
    await client.chat_postMessage(channel=ana.dm.id, text="below", thread_ts=sent[0].ts)
    one, _, three = (message.ts for message in sent)

    async def told(**more: Any) -> list[str]:
        found = await client.conversations_history(channel=ana.dm.id, **more)
        return [message["text"] for message in found["messages"]]

    assert await told() == ["three", "two", "one"]
    assert await told(oldest=one, latest=three) == ["two"]
    assert await told(oldest=one, latest=three, inclusive=True) == ["three", "two", "one"]
    assert await told(oldest=three, latest=three, inclusive=True, limit=1) == ["three"]
    assert await told(oldest="1", latest="2") == []
    page = await client.conversations_history(channel=ana.dm.id, limit=2)
    assert ([m["text"] for m in page["messages"]], page["has_more"]) == (["three", "two"], True)


async def test_plain_text_is_told_back_escaped(first, client):
    ana = first.person("Ana")
    text = {"type": "plain_text", "text": "a < b &amp; c & <!here>", "emoji": False}
    sent = await client.chat_postMessage(
        channel=ana.dm.id, text="x", blocks=[{"type": "section", "text": text}]
    )

    found = await client.conversations_history(
        channel=ana.dm.id, oldest=sent["ts"], latest=sent["ts"], inclusive=True, limit=1
    )

    (message,) = found["messages"]
    assert message["blocks"][0]["text"]["text"] == "a &lt; b &amp; c &amp; &lt;!here&gt;"
    assert message["ts"] == sent["ts"]


async def test_history_is_refused_without_its_scope_and_with_what_is_no_moment(
    server, first, client
):
    ana = first.person("Ana")
    circle = first.channel("circle", members=(ana,))
    outside = first.channel("outside", members=(ana,), with_bot=False)

    with refused("channel_not_found"):
        await client.conversations_history(channel="C0")
    with refused("not_in_channel"):
        await client.conversations_history(channel=outside.id)
    with refused("invalid_ts_oldest"):
        await client.conversations_history(channel=ana.dm.id, oldest="yesterday")
    with refused("invalid_ts_latest"):
        await client.conversations_history(channel=ana.dm.id, latest="1.2.3")
    with refused("invalid_limit"):
        await client.conversations_history(channel=ana.dm.id, limit=0)
    first.loses_scope(*(ALL_SCOPES - {"channels:history"}))
    assert (await client.conversations_history(channel=circle.id))["messages"] == []
    with refused("missing_scope"):
        await client.conversations_history(channel=ana.dm.id)
