"""Websockets that drop, are exchanged, or are two at a time: nothing is lost, nothing twice."""

import asyncio
from functools import partial

from aiohttp import ClientSession
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select

from storage.tables import inbox
from tests.doubles.slack_server import Person, SlackServer
from tests.running import PATIENCE, TOLD
from tests.slack.process import (
    INTERVIEW,
    SlackRunning,
    arrived,
    at_first,
    comes,
    does,
    goes_through,
    times_asked,
)


def has_linked(server: SlackServer, more_than: int) -> bool:
    return server.links > more_than and server.sockets > 0


def test_a_websocket_that_drops_is_opened_again(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    links = server.links
    server.drops_sockets()
    server.until(partial(has_linked, server, links), 3 * PATIENCE)
    goes_through(server, ana, INTERVIEW[2:])
    assert bot.words() == list(TOLD)


def test_what_is_said_while_a_websocket_is_gone_is_told_again(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    goes_through(server, ana, INTERVIEW[:2])
    links = server.links
    server.drops_sockets()
    server.later(2)
    ana.says(TOLD[0])
    server.until(partial(has_linked, server, links), 3 * PATIENCE)
    server.retry_now()
    comes(ana, "2 / 7")
    goes_through(server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)
    assert times_asked(ana, "2 / 7") == 1


def test_a_websocket_is_exchanged_while_people_talk(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    server.world.sockets.grace = 1  # the old one and the new one are open for so long
    for number, line in enumerate(INTERVIEW):
        if number in (2, 6):
            links = server.links
            server.refresh_sockets()
            does(server, ana, line)
            server.until(partial(has_linked, server, links), 3 * PATIENCE)
            server.retry_now()
            comes(ana, line[2])
        else:
            goes_through(server, ana, [line])
    assert bot.words() == list(TOLD)
    keys = [row.key for row in bot.kept(select(inbox.c.key))]
    assert len(keys) == len(set(keys)) == len(INTERVIEW)
    assert [at_first(m)[:5] for m in arrived(ana)].count("2 / 7") == 1


async def test_what_another_connection_was_told_and_did_not_take_comes_to_this_one(
    server: SlackServer, bot: SlackRunning, ana: Person
) -> None:
    await asyncio.to_thread(goes_through, server, ana, INTERVIEW[:2])
    client = AsyncWebClient(token=server.app_token, base_url=server.base_url)
    place = await client.apps_connections_open(app_token=server.app_token)
    async with ClientSession() as session, session.ws_connect(place["url"]):
        server.waits_for_sockets(2)
        sockets = server.world.sockets
        sockets.chosen = sockets.numbers  # the newest, which is ours and acknowledges nothing
        server.later(2)
        ana.says(TOLD[0])
        server.until(partial(was_told, server, sockets.chosen, TOLD[0]), PATIENCE)
        assert times_asked(ana, "2 / 7") == 0
    server.retry_now()  # it is gone, and never acknowledged what it was told
    await asyncio.to_thread(comes, ana, "2 / 7")
    await asyncio.to_thread(goes_through, server, ana, INTERVIEW[3:])
    assert bot.words() == list(TOLD)
    assert [times_asked(ana, f"{n} / 7") for n in range(1, 8)] == [1] * 7


def was_told(server: SlackServer, connection: int, words: str) -> bool:
    envelopes = [frame for number, frame in server.envelopes if number == connection]
    return any(words in str(frame.get("payload")) for frame in envelopes)
