"""A Bolt app at a request address: what people do there, and what goes wrong on the way."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
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
BUTTONS = {
    "type": "actions",
    "elements": [
        {"type": "button", "text": {"type": "plain_text", "text": name}, "action_id": name.lower()}
        for name in ("Tell", "Later")
    ],
}


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with slack_server(patience=3) as running:
        yield running


@pytest.fixture
def first(server: SlackServer) -> Workspace:
    return server.workspace("T0001", "First")


@pytest.fixture
def client(server: SlackServer, first: Workspace) -> AsyncWebClient:
    return AsyncWebClient(token=first.token, base_url=server.base_url, retry_handlers=[])


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
        await client.chat_postMessage(channel=ana.id, text="Well?", blocks=[BUTTONS])
        ana.taps(ana.last, "Tell")
        await asyncio.to_thread(ana.waits_for_modal, "Your story")
        with pytest.raises(AssertionError, match="must be filled in"):
            ana.sends_in()
        once = await asyncio.to_thread(ana.submits, None, {"What happened?": "We met"})
        assert ana.modal is not None
        twice = await asyncio.to_thread(ana.submits, None, {"what": "We met in May"})

    assert (once["response_action"], once["errors"]) == ("errors", {"what": "Say more"})
    assert (twice, ana.modal, told) == (None, None, ["We met", "We met in May"])


async def test_an_answer_that_slack_would_refuse_fails_the_test(server, first, client):
    app, ana = an_app(server, client), first.person("Ana")

    @app.view("story")
    async def takes(ack):
        await ack(response_action="errors", errors={"nowhere": "?"})

    async with answering(server, app):
        await client.views_open(trigger_id=ana.shortcut("x").trigger_id, view=MODAL)
        with pytest.raises(AssertionError, match="take no input"):
            await asyncio.to_thread(ana.submits, None, {"what": "x"})


async def test_requests_are_signed_and_come_again(server, first, client):
    app, ana, told = an_app(server, client), first.person("Ana"), []

    @app.event("message")
    async def fails(request, event):
        told.append((event["ts"], request.headers.get("x-slack-retry-num")))
        if len(told) < 3:
            raise RuntimeError("not yet")

    async with answering(server, app):
        message = ana.says("hello")
        await asyncio.to_thread(server.until, lambda: len(message.told[0].attempts) == 2)
        assert len(server.pending_retries) == 1
        server.later(60)
        await asyncio.to_thread(server.all_acknowledged)
        server.repeats(message, times=2)
        server.retells(message)
        await asyncio.to_thread(server.until, lambda: len(message.told[0].attempts) == 5)
        await asyncio.to_thread(server.all_acknowledged)

    assert told[:3] == [(message.ts, None), (message.ts, ["1"]), (message.ts, ["2"])]
    assert [each.reason for each in message.told[0].attempts] == ["http_error"] * 2 + [""] * 3
    assert {ts for ts, _ in told} == {message.ts}
    assert len(told) == 6


async def test_knocks_of_strangers(server, first, client):
    app, message = an_app(server, client), first.person("Ana").says("hello")

    @app.event("message")
    async def hears(event):
        pass

    async with answering(server, app):
        knock = asyncio.to_thread
        await knock(server.verifies_url)
        answers = [
            await knock(server.sends_with_wrong_signature, message),
            await knock(server.sends_stale, message),
            await knock(server.sends_raw, message, retry=3),
            await knock(server.sends_raw, message, seconds_old=290),
        ]
        huge = await knock(server.sends_huge)

    assert [answer.status for answer in answers] == [401, 401, 200, 200]
    assert huge.status == 413


async def test_a_bot_that_is_slow_or_away_is_told_again(server, first):
    ana, told = first.person("Ana"), []

    async def slow(request):
        told.append(request.headers.get("X-Slack-Retry-Reason"))
        if len(told) == 1:
            await asyncio.sleep(5)
        stop = {"X-Slack-No-Retry": "1"}
        return web.Response(status=503, headers=stop)

    server.deliver_to("http://127.0.0.1:1/")
    away = ana.says("nobody is there")
    await asyncio.to_thread(server.until, lambda: len(away.told[0].attempts) == 2)
    service = web.Application()
    service.router.add_post("/", slow)
    runner = web.AppRunner(service, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    message = first.person("Bo").says("hello")
    await asyncio.to_thread(server.until, lambda: message.told[0].done)
    server.retry_now()
    await asyncio.to_thread(server.until, lambda: away.told[0].done)
    await runner.cleanup()

    reasons = [attempt.reason for attempt in message.told[0].attempts]
    assert reasons == ["http_timeout", "http_error"]
    assert [attempt.reason for attempt in away.told[0].attempts] == [
        "connection_failed",
        "connection_failed",
        "http_error",
    ]
    assert told == [None, "http_timeout", "connection_failed"]


async def test_events_come_late_and_in_another_order(server, first, client):
    app, ana, told = an_app(server, client), first.person("Ana"), []

    @app.event("message")
    async def hears(event):
        told.append(event["text"])

    async with answering(server, app):
        server.holds()
        for text in ("one", "two", "three"):
            ana.says(text)
        server.releases(lambda held: held[::-1])
        await asyncio.to_thread(server.all_acknowledged)

    assert told == ["three", "two", "one"]


async def test_one_app_serves_many_workspaces(server, first):
    second = server.workspace("T0002", "Second")
    tokens = {workspace.id: workspace.token for workspace in (first, second)}

    async def authorize(team_id, client):
        told = await client.auth_test(token=tokens[team_id])
        return AuthorizeResult.from_auth_test_response(
            auth_test_response=told, bot_token=tokens[team_id]
        )

    app = AsyncApp(
        client=AsyncWebClient(base_url=server.base_url),
        authorize=authorize,
        signing_secret=server.signing_secret,
        process_before_response=True,
    )

    @app.event("message")
    async def answer(say, context):
        await say(f"Hello from {context.team_id}")

    people = [workspace.person("Ana") for workspace in (first, second)]
    async with answering(server, app):
        for person in people:
            person.says("hello")
        await asyncio.to_thread(server.all_acknowledged)

    assert [person.last.shown for person in people] == ["Hello from T0001", "Hello from T0002"]
    assert people[0].id != people[1].id


async def test_held_events_come_all_at_once(server, first, client):
    app, ana, told, both = an_app(server, client), first.person("Ana"), [], asyncio.Event()

    @app.event("message")
    async def hears(event):
        told.append(event["text"])
        if len(told) == 2:
            both.set()
        await both.wait()

    async with answering(server, app):
        server.holds()
        for text in ("one", "two"):
            ana.says(text)
        server.releases(at_once=True)
        await asyncio.to_thread(server.all_acknowledged)

    assert sorted(told) == ["one", "two"]
    assert [len(delivery.attempts) for delivery in server.deliveries] == [1, 1]


async def test_home_is_opened_and_a_menu_used_in_it(server, first, client):
    app, ana, told = an_app(server, client), first.person("Ana"), []
    options = [
        {"text": {"type": "plain_text", "text": name}, "value": name[0].lower()}
        for name in ("Weekly", "Monthly")
    ]
    menu = {"type": "static_select", "action_id": "often", "options": options}
    blocks = [{"type": "actions", "block_id": "how", "elements": [menu]}]

    @app.event("app_home_opened")
    async def opened(event, client):
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.action("often")
    async def chosen(ack, action, body):
        told.append((action["selected_option"]["value"], body["view"]["state"]["values"]))
        await ack()

    async with answering(server, app):
        ana.opens_home()
        await asyncio.to_thread(ana.waits_for_home)
        tap = ana.taps_in_home("often", "Monthly")
        await asyncio.to_thread(tap.answered)

    ((value, state),) = told
    assert value == "m"
    assert state["how"]["often"]["selected_option"]["value"] == "m"


async def test_a_command_is_answered_to_whoever_gave_it(server, first, client):
    app, ana, bo = an_app(server, client), first.person("Ana"), first.person("Bo")
    general = first.channel("general", members=(ana, bo), with_bot=False)

    @app.command("/storytrail")
    async def summary(ack, command, respond):
        await ack(f"Counting {command['text']}")
        await respond("Two stories", response_type="in_channel")

    async with answering(server, app):
        ana.commands("/storytrail", "summary", general)
        await asyncio.to_thread(ana.waits_for, "Counting summary", general)

    assert [message.shown for message in ana.sees(general)] == ["Two stories", "Counting summary"]
    assert [message.shown for message in bo.sees(general)] == ["Two stories"]
