"""The double through slack_sdk and Bolt: what a bot and its people do with each other."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.doubles.slack_server import SlackServer, Workspace, slack_server

MODAL = {
    "type": "modal",
    "callback_id": "story",
    "title": {"type": "plain_text", "text": "Your story"},
    "submit": {"type": "plain_text", "text": "Send"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "what",
            "label": {"type": "plain_text", "text": "What happened?"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 20},
        }
    ],
}


def buttons(*labels: str) -> list[dict[str, Any]]:
    said = {"type": "section", "text": {"type": "mrkdwn", "text": "Well?"}}
    elements = [
        {
            "type": "button",
            "text": {"type": "plain_text", "text": label},
            "action_id": label.lower(),
        }
        for label in labels
    ]
    return [said, {"type": "actions", "elements": elements}]


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server(patience=0.5) as running:
        yield running


@pytest.fixture
def first(server: SlackServer) -> Workspace:
    return server.workspace("T0001", "First")


@pytest.fixture
def client(server: SlackServer, first: Workspace) -> AsyncWebClient:
    return a_client(server, first.token)


def a_client(server: SlackServer, token: str) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=server.base_url, retry_handlers=[])


def refused(error: str) -> Any:
    return pytest.raises(SlackApiError, match=rf"'error': '{re.escape(error)}'")


@asynccontextmanager
async def answering(server: SlackServer, app: AsyncApp) -> AsyncIterator[None]:
    """A Bolt app at the request address."""
    runner = web.AppRunner(app.web_app("/slack/events"), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    try:
        yield
    finally:
        await runner.cleanup()


def an_app(server: SlackServer, client: AsyncWebClient) -> AsyncApp:
    return AsyncApp(
        client=client, signing_secret=server.signing_secret, process_before_response=True
    )


async def test_a_message_goes_in_and_an_answer_out(server, first, client):
    app, ana = an_app(server, client), first.person("Ana")

    @app.event("message")
    async def answer(event, say):
        await say(f"You said: {event['text']}")

    async with answering(server, app):
        message = ana.says("a < b & c")
        seen = await asyncio.to_thread(ana.waits_for, "You said")
        await asyncio.to_thread(server.all_acknowledged)

    assert message.text == "a &lt; b &amp; c"
    assert seen.shown == "You said: a < b & c"
    assert [said.from_bot for said in ana.sees()] == [False, True]
    assert message.ts < seen.ts


async def test_a_tap_opens_a_modal_that_is_filled_in(server, first, client):
    app, ana, told = an_app(server, client), first.person("Ana"), []

    @app.action("tell")
    async def opens(ack, body, client):
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        await ack()

    @app.view("story")
    async def takes(ack, view):
        told.append(view["state"]["values"]["what"]["text"]["value"])
        if len(told) == 1:
            await ack(response_action="errors", errors={"what": "Say more"})
        else:
            await ack()

    async with answering(server, app):
        await client.chat_postMessage(channel=ana.id, text="Well?", blocks=buttons("Tell", "Later"))
        ana.taps(ana.last, "Tell")
        await asyncio.to_thread(ana.waits_for_modal, "Your story")
        with pytest.raises(AssertionError, match="must be filled in"):
            ana.sends_in()
        once = await asyncio.to_thread(ana.submits, None, {"What happened?": "We met"})
        assert ana.modal is not None
        twice = await asyncio.to_thread(ana.submits, None, {"what": "We met in May"})

    assert (once["response_action"], once["errors"]) == ("errors", {"what": "Say more"})
    assert (twice, ana.modal, told) == (None, None, ["We met", "We met in May"])
