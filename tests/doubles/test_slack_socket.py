"""Socket Mode, through the client of slack_sdk and through bare websockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.slack_server import SlackServer, Workspace, slack_server


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server(patience=0.3) as running:
        yield running


@pytest.fixture
def first(server: SlackServer) -> Workspace:
    return server.workspace("T0001", "First")


@asynccontextmanager
async def linked(server: SlackServer, count: int = 1) -> AsyncIterator[list[Any]]:
    """So many bare websockets, their greetings read."""
    client = AsyncWebClient(base_url=server.base_url)
    async with ClientSession() as session:
        sockets = []
        for _ in range(count):
            opened = await client.apps_connections_open(app_token=server.app_token)
            socket = await session.ws_connect(opened["url"])
            assert (await socket.receive_json(timeout=5))["type"] == "hello"
            sockets.append(socket)
        await asyncio.to_thread(server.waits_for_sockets, count)
        yield sockets
        for socket in sockets:
            await socket.close()


async def acknowledges(socket: ClientWebSocketResponse, payload: Any = None) -> dict[str, Any]:
    """The next envelope, acknowledged."""
    envelope: dict[str, Any] = await socket.receive_json(timeout=5)
    told = {"envelope_id": envelope["envelope_id"]}
    await socket.send_json(told | ({"payload": payload} if payload else {}))
    return envelope


async def test_bolt_answers_over_a_socket(server, first):
    app = AsyncApp(client=AsyncWebClient(token=first.token, base_url=server.base_url))
    ana = first.person("Ana")

    @app.event("message")
    async def answer(event, say):
        await say(f"You said: {event['text']}")

    @app.command("/storytrail")
    async def command(ack):
        await ack("Two stories")

    handler = AsyncSocketModeHandler(app, server.app_token)
    try:
        await handler.connect_async()
        ana.says("hello")
        seen = await asyncio.to_thread(ana.waits_for, "You said: hello")
        ana.commands("/storytrail", "summary")
        told = await asyncio.to_thread(ana.waits_for, "Two stories")
        await asyncio.to_thread(server.all_acknowledged)
    finally:
        await handler.close_async()

    assert not seen.only_for
    assert told.only_for == ana.id


async def test_a_ticket_lets_one_connection_in(server):
    client = AsyncWebClient(base_url=server.base_url)
    opened = await client.apps_connections_open(app_token=server.app_token)

    async with ClientSession() as session:
        await session.ws_connect(opened["url"])
        with pytest.raises(Exception, match="403"):
            await session.ws_connect(opened["url"])

    token = server.workspace().token
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await client.apps_connections_open(app_token=token)


async def test_an_event_that_nobody_acknowledges_comes_again(server, first):
    async with linked(server) as (socket,):
        first.person("Ana").says("hello")
        envelopes = [await socket.receive_json(timeout=5) for _ in range(2)]
        server.later(60)
        envelopes.append(await socket.receive_json(timeout=5))
        server.later(300)
        await acknowledges(socket)
        await asyncio.to_thread(server.all_acknowledged)

    assert [each["retry_attempt"] for each in envelopes] == [0, 1, 2]
    assert [each["retry_reason"] for each in envelopes] == ["", "timeout", "timeout"]
    assert len({each["payload"]["event_id"] for each in envelopes}) == 1
    assert len({each["envelope_id"] for each in envelopes}) == 3
