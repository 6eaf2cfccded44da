"""The double through the client of slack_sdk: what a bot calls, and what people see of it."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncRateLimitErrorRetryHandler,
    AsyncServerErrorRetryHandler,
)
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.doubles.slack_server import Fault, SlackServer, Workspace, slack_server

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
    with slack_server(patience=3) as running:
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


async def test_a_trigger_opens_one_modal_within_three_seconds(server, first, client):
    ana = first.person("Ana")
    used, late = ana.shortcut("tell").trigger_id, ana.shortcut("tell").trigger_id
    await client.views_open(trigger_id=used, view=MODAL)

    with refused("exchanged_trigger_id"):
        await client.views_open(trigger_id=used, view=MODAL)
    with refused("invalid_trigger_id"):
        await client.views_open(trigger_id="made.up", view=MODAL)
    server.later(3.1)
    with refused("expired_trigger_id"):
        await client.views_open(trigger_id=late, view=MODAL)


async def test_a_view_that_somebody_else_changed_is_not_overwritten(server, first, client):
    ana, home = first.person("Ana"), {"type": "home", "blocks": buttons("One")}
    opened = await client.views_open(trigger_id=ana.shortcut("x").trigger_id, view=MODAL)
    published = await client.views_publish(user_id=ana.id, view=home)
    await client.views_publish(
        user_id=ana.id, view=home | {"blocks": buttons("Two")}, hash=published["view"]["hash"]
    )
    pushed = await client.views_push(trigger_id=ana.shortcut("x").trigger_id, view=MODAL)

    with refused("hash_conflict"):
        await client.views_publish(user_id=ana.id, view=home, hash=published["view"]["hash"])
    with refused("hash_conflict"):
        await client.views_update(view_id=opened["view"]["id"], view=MODAL, hash="old")
    with refused("not_found"):
        await client.views_update(view_id="V0", view=MODAL)
    assert pushed["view"]["previous_view_id"] == opened["view"]["id"]
    assert (ana.home.buttons, ana.modal.id) == (["Two"], pushed["view"]["id"])
    assert ana.closes().payload["view"]["callback_id"] == "story"
    assert ana.modal.id == opened["view"]["id"]


async def test_who_may_not_call_is_told_why(server, first, client):
    ana, gone, bot = first.person("Ana"), first.person("Bo"), first.person("Bot", is_bot=True)
    gone.deactivates()
    closed, open_ = first.channel("closed", private=True, with_bot=False), first.channel("open")
    first.removes_bot(open_)
    first.loses_scope("reactions:write")

    for method, error, given in (
        ("users.info", "user_not_found", {"user": "U0"}),
        ("conversations.open", "user_disabled", {"users": gone.id}),
        ("conversations.open", "cannot_dm_bot", {"users": bot.id}),
        ("chat.postMessage", "channel_not_found", {"channel": "C0", "text": "x"}),
        ("chat.postMessage", "channel_not_found", {"channel": closed.id, "text": "x"}),
        ("chat.postMessage", "not_in_channel", {"channel": open_.id, "text": "x"}),
        ("chat.update", "message_not_found", {"channel": ana.dm.id, "ts": "1.0", "text": "x"}),
        ("chat.update", "cant_update_message", {"channel": ana.dm.id, "ts": ana.says("x").ts}),
        ("reactions.add", "missing_scope", {"channel": ana.dm.id}),
        ("chat.sing", "unknown_method", {}),
    ):
        with refused(error):
            await client.api_call(method, params=given)
    for token, error in (("", "not_authed"), ("xoxb-1", "invalid_auth")):
        with refused(error):
            await a_client(server, token).auth_test()
    assert server.calls("reactions.add")[0].error == "missing_scope"


async def test_what_is_said_to_somebody_who_is_gone_is_accepted_where_they_met(
    server, first, client
):
    ana, bo = first.person("Ana"), first.person("Bo")
    ana.says("hello")
    for person in (ana, bo):
        person.deactivates()

    await client.chat_postMessage(channel=ana.id, text="are you there?")
    with refused("user_disabled"):
        await client.chat_postMessage(channel=bo.id, text="are you there?")


async def test_who_people_are(server, first, client):
    ana = first.person("Ana", tz="Africa/Nairobi", locale="sw-KE", display_name="ana!")

    told = (await client.users_info(user=ana.id))["user"]
    more = (await client.users_info(user=ana.id, include_locale=True))["user"]

    assert (told["tz"], told["tz_offset"], told["real_name"]) == ("Africa/Nairobi", 10800, "Ana")
    assert ("locale" in told, more["locale"]) == (False, "sw-KE")
    assert told["profile"]["display_name"] == "ana!"
    assert (await client.team_info())["team"]["id"] == (await client.auth_test())["team_id"]


async def test_workspaces_know_nothing_of_each_other(server, first, client):
    second = server.workspace("T0002", "Second")
    there = second.person("Ana")

    with refused("user_not_found"):
        await client.users_info(user=there.id)
    with refused("channel_not_found"):
        await client.chat_postMessage(channel=there.dm.id, text="x")
    await a_client(server, second.token).chat_postMessage(channel=there.id, text="x")
    assert [call.workspace for call in server.calls("chat.postMessage")] == ["T0001", "T0002"]


async def test_a_message_is_edited_and_deleted_by_both(server, first, client):
    ana = first.person("Ana")
    mine, theirs = ana.says("hi"), await client.chat_postMessage(channel=ana.id, text="hello")

    ana.edits(mine.ts, "hi again")
    await client.chat_update(channel=ana.dm.id, ts=theirs["ts"], text="hello again")
    assert [message.shown for message in ana.sees()] == ["hi again", "hello again"]
    ana.deletes(mine)
    await client.chat_delete(channel=ana.dm.id, ts=theirs["ts"])

    assert ana.sees() == []
    subtypes = [each.payload["event"].get("subtype") for each in server.deliveries]
    assert subtypes == [None, None, *["message_changed"] * 2, *["message_deleted"] * 2]
    change = server.deliveries[2].payload["event"]
    assert (change["message"]["ts"], change["message"]["text"]) == (mine.ts, "hi again")
    assert server.deliveries[1].payload["event"]["bot_id"] == first.bot_id


async def test_a_mention_is_told_twice(server, first):
    ana = first.person("Ana")
    channel = first.channel("general", members=(ana,))

    said = ana.mentions(channel, "summary")

    message, mention = (delivery.payload for delivery in said.told)
    assert (message["event"]["type"], mention["event"]["type"]) == ("message", "app_mention")
    assert message["event_id"] != mention["event_id"]
    assert message["event"]["ts"] == mention["event"]["ts"]


async def test_a_response_url_is_good_five_times(server, first, client):
    ana = first.person("Ana")
    channel = first.channel("general", members=(ana, bo := first.person("Bo")))
    await client.chat_postMessage(channel=channel.id, text="Well?", blocks=buttons("Yes"))
    message = ana.sees(channel)[0]
    webhook = AsyncWebhookClient(ana.taps(message, "Yes").response_url)

    await webhook.send(text="only you")
    await webhook.send(text="all", response_type="in_channel")
    await webhook.send(text="Answered", replace_original=True)
    await webhook.send(text="x", delete_original=True)
    answers = [(await webhook.send(text="y")).status_code for _ in range(2)]
    late = AsyncWebhookClient(ana.taps(message, "Yes").response_url)
    server.later(1801)

    assert [message.shown for message in ana.sees(channel)] == ["only you", "all", "y"]
    assert [message.shown for message in bo.sees(channel)] == ["all"]
    assert message.versions[-1]["text"] == "Answered"
    assert answers == [200, 404]
    assert "expired_url" in (await late.send(text="x")).body


async def test_files_go_both_ways(server, first, client):
    ana = first.person("Ana")
    shared = ana.shares("story.txt", "text/plain", b"We met", "my story")
    headers = {"Authorization": f"Bearer {first.token}"}

    await client.files_upload_v2(
        channel=ana.dm.id, filename="all.csv", content="a,b", initial_comment="Here"
    )
    async with ClientSession() as session:
        address = shared.files[0]["url_private"]
        async with session.get(address, headers=headers) as answer:
            content = await answer.read()
        async with session.get(address) as answer:
            page = await answer.text()

    assert shared.told[0].payload["event"]["subtype"] == "file_share"
    assert (content, "Sign in" in page) == (b"We met", True)
    assert (ana.last.shown, ana.last.files[0]["name"]) == ("Here", "all.csv")
    assert (await client.files_info(file=shared.files[0]["id"]))["file"]["size"] == 6


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated")  # slack_sdk 3.47 with aiohttp 3.14
async def test_an_app_is_installed_and_its_tokens_rotate():
    with slack_server(rotation=43_200) as server:
        second = server.workspace("T0002", "Second", installed=False)
        ana, nobody = second.person("Ana"), a_client(server, "")
        app: dict[str, Any] = {"client_id": server.client_id, "client_secret": server.client_secret}

        other = second.code(ana, "https://elsewhere.example")
        with refused("bad_redirect_uri"):
            await nobody.oauth_v2_access(code=other, redirect_uri="http://x", **app)
        code = second.code(ana)
        got = await nobody.oauth_v2_access(code=code, **app)
        with refused("invalid_code"):
            await nobody.oauth_v2_access(code=code, **app)
        server.later(43_201)
        with refused("token_expired"):
            await a_client(server, got["access_token"]).auth_test()
        refresh = {"grant_type": "refresh_token", "refresh_token": got["refresh_token"]}
        fresh = await nobody.oauth_v2_access(**refresh, **app)
        with refused("invalid_refresh_token"):
            await nobody.oauth_v2_access(**refresh, **app)

        assert (got["team"]["id"], got["expires_in"]) == ("T0002", 43_200)
        assert got["authed_user"] == {"id": ana.id}
        assert fresh["access_token"].startswith("xoxe.xoxb-")
        assert (await a_client(server, fresh["access_token"]).auth_test())["team_id"] == "T0002"


async def test_an_app_that_is_uninstalled_hears_of_it_and_no_more(server, first, client):
    ana = first.person("Ana")
    first.uninstalls()
    ana.says("anybody there?")

    with refused("account_inactive"):
        await client.auth_test()
    told = [delivery.payload["event"]["type"] for delivery in server.deliveries]
    assert told == ["tokens_revoked", "app_uninstalled"]


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.TOO_MANY])
async def test_faults_that_the_client_can_retry(server, first, client, fault):
    ana = first.person("Ana")
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=1))
    client.retry_handlers.append(AsyncServerErrorRetryHandler(max_retry_count=1))
    server.faults.add(fault, "chat.postMessage", seconds=0)

    await client.chat_postMessage(channel=ana.id, text="once")

    assert [message.shown for message in ana.sees()] == ["once"]
    assert [call.fault for call in server.calls("chat.postMessage")] == [fault, None]


@pytest.mark.parametrize(
    ("fault", "count"), [(Fault.CUT_BEFORE, 0), (Fault.CUT_AFTER, 1), (Fault.CUT_MIDDLE, 1)]
)
async def test_a_connection_breaks_off(server, first, client, fault, count):
    ana = first.person("Ana")
    server.faults.add(fault, "chat.postMessage", channel=ana.id)

    with pytest.raises(ClientError):
        await client.chat_postMessage(channel=ana.id, text="once")

    assert len(ana.sees()) == count
    assert server.calls()[0].ok == bool(count)


async def test_faults_that_the_client_cannot_retry(server, first, client):
    ana = first.person("Ana")
    client.retry_handlers.append(AsyncServerErrorRetryHandler(max_retry_count=1))
    server.faults.add(Fault.HTML, "chat.postMessage")
    with pytest.raises(SlackApiError, match="status: 502"):
        await client.chat_postMessage(channel=ana.id, text="x")

    server.faults.add(Fault.REFUSED, times=2, error="fatal_error")
    for _ in range(2):
        with refused("fatal_error"):
            await client.chat_postMessage(channel=ana.id, text="x")

    server.faults.add(Fault.LATE, seconds=30)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.chat_postMessage(channel=ana.id, text="late"), 0.2)
    await client.chat_postMessage(channel=ana.id, text="in time")
    assert [message.shown for message in ana.sees()] == ["late", "in time"]


async def test_a_share_of_calls_fails_by_the_seed(server, first, client):
    ana = first.person("Ana")
    server.faults.add(Fault.REFUSED, share=0.5)
    for number in range(20):
        with suppress(SlackApiError):
            await client.chat_postMessage(channel=ana.id, text=f"{number}")

    assert 4 < len(ana.sees()) < 16


async def test_limits_hold_once_they_are_on(server, first, client):
    ana = first.person("Ana")
    server.limits.on = True
    for number in range(4):
        await client.chat_postMessage(channel=ana.dm.id, text=f"{number}")

    with pytest.raises(SlackApiError) as refusal:
        await client.chat_postMessage(channel=ana.dm.id, text="4")

    assert refusal.value.response.status_code == 429
    assert (refusal.value.response["error"], refusal.value.response.headers["Retry-After"]) == (
        "ratelimited",
        "1",
    )


async def test_what_only_one_person_sees(server, first, client):
    ana, bo, away = first.person("Ana"), first.person("Bo"), first.person("Chi")
    general = first.channel("general", members=(ana, bo))

    sent = await client.chat_postEphemeral(channel=general.id, user=ana.id, text="psst")
    with refused("user_not_in_channel"):
        await client.chat_postEphemeral(channel=general.id, user=away.id, text="psst")
    with refused("message_not_found"):
        await client.chat_update(channel=general.id, ts=sent["message_ts"], text="no")

    assert ([m.shown for m in ana.sees(general)], bo.sees(general)) == (["psst"], [])


async def test_an_app_is_told_only_what_it_subscribed_to_and_was_granted():
    with slack_server(events=frozenset({"message.im", "app_mention"})) as server:
        first = server.workspace()
        ana = first.person("Ana")
        general = first.channel("general", members=(ana,), with_bot=False)
        ana.mentions(general, "in a channel without the bot")
        first.invites_bot(general, ana)
        ana.mentions(general, "hello")
        ana.says("hello")
        first.loses_scope("im:history")
        ana.says("unheard")

        told = [delivery.payload["event"]["type"] for delivery in server.deliveries]
        assert told == ["app_mention", "message"]
