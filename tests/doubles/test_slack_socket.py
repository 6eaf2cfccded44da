"""Socket Mode, through the client of slack_sdk and through bare websockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.slack_server import SlackServer, Workspace, slack_server


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server(patience=1) as running:
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


async def test_envelopes_go_to_one_connection_each_in_turn(server, first):
    ana = first.person("Ana")
    async with linked(server, 3) as sockets:
        for number in range(6):
            ana.says(f"{number}")
        got = [[await acknowledges(socket) for _ in range(2)] for socket in sockets]
        await asyncio.to_thread(server.all_acknowledged)

    texts = [each["payload"]["event"]["text"] for envelopes in got for each in envelopes]
    assert sorted(texts) == ["0", "1", "2", "3", "4", "5"]
    assert [number for number, _ in server.envelopes[:3]] != [1, 1, 1]


async def test_there_are_ten_connections_at_most(server):
    client = AsyncWebClient(base_url=server.base_url)
    async with linked(server, 10):
        with pytest.raises(SlackApiError, match="too_many_websockets"):
            await client.apps_connections_open(app_token=server.app_token)


async def test_a_submission_is_answered_in_the_acknowledgement(server, first):
    ana, client = first.person("Ana"), AsyncWebClient(token=first.token, base_url=server.base_url)
    modal: dict[str, Any] = {"type": "modal", "title": {"type": "plain_text", "text": "Story"}}
    modal |= {"submit": {"type": "plain_text", "text": "Send"}, "blocks": []}

    async with linked(server) as (socket,):
        delivery = ana.shortcut("tell")
        envelope = await acknowledges(socket)
        await client.views_open(trigger_id=envelope["payload"]["trigger_id"], view=modal)
        submitting = asyncio.create_task(asyncio.to_thread(ana.submits))
        await acknowledges(socket, {"response_action": "push", "view": modal})
        answer = await submitting

    assert envelope["accepts_response_payload"]
    assert delivery.acknowledged
    assert answer["response_action"] == "push"
    assert len(ana.user.modals) == 2


async def test_a_refresh_comes_with_a_word_and_then_an_end(server, first):
    async with linked(server) as (socket,):
        server.refresh_sockets()
        told = await socket.receive_json(timeout=5)
        ended = await socket.receive(timeout=5)
        await asyncio.to_thread(server.until, lambda: not server.sockets)

    assert (told["type"], told["reason"]) == ("disconnect", "refresh_requested")
    assert ended.type in {WSMsgType.CLOSE, WSMsgType.CLOSED}


async def test_bolt_stays_linked_through_a_refresh_a_drop_and_strange_frames(server, first):
    app = AsyncApp(client=AsyncWebClient(token=first.token, base_url=server.base_url))
    ana = first.person("Ana")

    @app.event("message")
    async def answer(event, say):
        if "bot_id" not in event:
            await say(f"You said: {event['text']}")

    handler = AsyncSocketModeHandler(app, server.app_token, ping_interval=0.2)
    try:
        await handler.connect_async()
        server.sends_frame({"type": "poem", "envelope_id": "e", "payload": {"type": "sonnet"}})
        ana.says("strange")
        await asyncio.to_thread(ana.waits_for, "strange")
        server.refresh_sockets()
        await asyncio.to_thread(server.until, lambda: server.links == 2)
        ana.says("refreshed")
        await asyncio.to_thread(ana.waits_for, "refreshed")
        server.drops_sockets()
        await asyncio.to_thread(server.until, lambda: server.links >= 3)
        ana.says("dropped")
        server.retry_now()
        await asyncio.to_thread(ana.waits_for, "dropped")
    finally:
        await handler.close_async()


async def test_what_was_under_way_on_a_dropped_connection_comes_again(server, first):
    async with linked(server) as (socket,):
        first.person("Ana").says("hello")
        lost = await socket.receive_json(timeout=5)
        server.drops_sockets()
        await asyncio.to_thread(server.until, lambda: server.pending_retries)
    async with linked(server) as (socket,):
        server.later(60)
        again = await acknowledges(socket)

    assert again["payload"]["event_id"] == lost["payload"]["event_id"]
    assert (again["retry_attempt"], again["retry_reason"]) == (2, "connection_failed")


async def test_a_command_that_nobody_takes_is_not_repeated(server, first):
    ana = first.person("Ana")
    async with linked(server) as (socket,):
        command = ana.commands("/storytrail", "a & b")
        envelope = await socket.receive_json(timeout=5)
        with pytest.raises(AssertionError, match="timeout"):
            await asyncio.to_thread(command.answered)

    assert envelope["payload"]["text"] == "a &amp; b"
    assert not server.pending_retries


async def test_pings_are_answered(server):
    async with linked(server) as (socket,):
        await socket.ping(b"still there?")
        server.sends_frame("no json")
        assert await socket.receive_str(timeout=5) == "no json"
