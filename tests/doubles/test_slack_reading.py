"""What the double tells of messages that were written before."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.slack_server import slack_server


async def test_one_message_is_found_by_its_moment_as_it_stands_now() -> None:
    with slack_server() as server:
        first = server.workspace()
        ana = first.person("Ana")
        client = AsyncWebClient(token=first.token, base_url=server.base_url)
        ana.says("hello")
        words = {"type": "plain_text", "text": "a < b & c"}
        sent = await client.chat_postMessage(
            channel=ana.dm.id, text="x", blocks=[{"type": "section", "text": words}]
        )
        ana.says("bye")

        at = sent["ts"]
        found = await client.conversations_history(
            channel=ana.dm.id, latest=at, oldest=at, inclusive=True, limit=1
        )
        without = await client.conversations_history(channel=ana.dm.id, latest=at)

        assert [m["ts"] for m in found["messages"]] == [at]
        assert found["messages"][0]["blocks"][0]["text"]["text"] == "a &lt; b &amp; c"
        assert [m["text"] for m in without["messages"]] == ["hello"]


async def test_what_was_said_in_threads_is_not_told() -> None:
    with slack_server() as server:
        first = server.workspace()
        ana = first.person("Ana")
        room = first.channel("general", members=(ana,))
        client = AsyncWebClient(token=first.token, base_url=server.base_url)
        said = ana.says("hello", channel=room)
        ana.says("and more", said.ts, channel=room)

        found = await client.conversations_history(channel=room.id)

        assert [m["text"] for m in found["messages"]] == ["hello"]


async def test_a_channel_is_read_only_from_inside_and_with_the_scope() -> None:
    with slack_server() as server:
        first = server.workspace()
        outside = first.channel("general", with_bot=False)
        inside = first.channel("random")
        client = AsyncWebClient(token=first.token, base_url=server.base_url)

        with pytest.raises(SlackApiError, match="not_in_channel"):
            await client.conversations_history(channel=outside.id)
        first.loses_scope("channels:history")
        with pytest.raises(SlackApiError, match="missing_scope"):
            await client.conversations_history(channel=inside.id)


async def test_a_message_has_an_address_as_long_as_it_is_there() -> None:
    with slack_server() as server:
        first = server.workspace()
        ana = first.person("Ana")
        room = first.channel("general", members=(ana,))
        client = AsyncWebClient(token=first.token, base_url=server.base_url)
        said = ana.says("hello", channel=room)

        found = await client.chat_getPermalink(channel=room.id, message_ts=said.ts)
        ana.deletes(said)

        assert found["permalink"].endswith(f"/archives/{room.id}/p{said.ts.replace('.', '')}")
        with pytest.raises(SlackApiError, match="message_not_found"):
            await client.chat_getPermalink(channel=room.id, message_ts=said.ts)
