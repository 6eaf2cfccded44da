"""Slack as far as an interview goes, in Socket Mode, and the people who write over it.

As in Slack, what the bot posts and changes comes back to it as an event.
"""

import asyncio
import json
from functools import partial
from time import perf_counter, time
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

from benchmarks.http_server import Answer
from benchmarks.platform import Member, Platform, Wire

BOT_TOKEN = "xoxb-of-a-bot-that-is-only-in-benchmarks"
APP_TOKEN = "xapp-1-of-an-app-that-is-only-in-benchmarks"

TEAM, APP = "T0001", "A0001"
OWN: Wire = {"user": "UBOT", "bot_id": "BBOT", "app_id": APP, "team": TEAM}
TEST: Wire = {
    "url": "https://benchmarks.slack.com/",
    "team": "Benchmarks",
    "team_id": TEAM,
    "user": "bot",
    "user_id": OWN["user"],
    "bot_id": OWN["bot_id"],
    "is_enterprise_install": False,
}
WHO: Wire = {
    "enterprise_id": None,
    "team_id": TEAM,
    "user_id": OWN["user"],
    "is_bot": True,
    "is_enterprise_install": False,
}


class SlackApi(Platform):
    """The bot is ready once it has a websocket. Acknowledging counts as something that it does."""

    def __init__(self) -> None:
        super().__init__()
        self._envelopes: asyncio.Queue[Wire] = asyncio.Queue()
        self._runner: web.AppRunner | None = None
        self._link = ""
        self._people: dict[str, SlackPerson] = {}  # by their id, and by their channel's
        self._ts = 0  # microseconds

    async def start(self) -> None:
        await super().start()
        # aiohttp's, as they are few frames; it leaves the requests to the leaner server.
        application = web.Application()
        application.router.add_get("/link/", self._talk)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._link = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/link/"

    async def close(self) -> None:
        await super().close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "SLACK_API_URL": self.url,
        }

    def person(self) -> "SlackPerson":
        number = next(self.ids)
        person = SlackPerson(self, f"U{number}", f"D{number}")
        self._people |= {person.id: person, person.channel: person}
        return person

    def ts(self) -> str:
        """What a new message is called by: when it came, and never the same twice."""
        self._ts = max(int(time() * 1e6), self._ts + 1)
        return f"{self._ts // 1_000_000}.{self._ts % 1_000_000:06}"

    def tell(self, event: Wire) -> None:
        """An event of a chat with the bot, which it is sent from now on."""
        event = {**event, "channel_type": "im", "event_ts": event["ts"]}
        self.put(
            "events_api",
            {
                "token": "unused",
                "team_id": TEAM,
                "context_team_id": TEAM,
                "context_enterprise_id": None,
                "api_app_id": APP,
                "event": event,
                "type": "event_callback",
                "event_id": f"Ev{next(self.ids)}",
                "event_time": int(time()),
                "authorizations": [WHO],
                "is_ext_shared_channel": False,
                "event_context": "4-context",
            },
        )

    def put(self, kind: str, payload: Wire) -> None:
        """An envelope that the bot is sent from now on."""
        envelope = {"envelope_id": f"e-{next(self.ids)}", "payload": payload, "type": kind}
        is_event = kind == "events_api"
        retry = {"retry_attempt": 0, "retry_reason": ""} if is_event else {}
        self._envelopes.put_nowait(envelope | retry | {"accepts_response_payload": not is_event})

    # ---- the websocket ----

    async def _talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        info: Wire = {"connection_info": {"app_id": APP}, "num_connections": 1}
        await socket.send_json({"type": "hello", **info})
        sending = asyncio.create_task(self._send(socket))
        self.ready.set()
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:  # an acknowledgement
                    self._called = perf_counter()
        finally:
            sending.cancel()
        return socket

    async def _send(self, socket: web.WebSocketResponse) -> None:
        while True:
            await socket.send_json(await self._envelopes.get())

    # ---- what the bot calls ----

    def _handle(self, target: str, body: bytes, answer: Answer) -> None:
        arrived = self._called = perf_counter()
        path, _, query = target.partition("?")
        method = path.rpartition("/")[2]
        answer(json.dumps({"ok": True, **self._called_for(method, query, body, arrived)}).encode())

    def _called_for(self, method: str, query: str, body: bytes, arrived: float) -> Wire:
        if body.startswith(b"{"):
            args: Wire = json.loads(body)
        else:
            args = dict(parse_qsl(f"{query}&{body.decode()}"))
        match method:
            case "chat.postMessage":
                return self._people[args["channel"]].receives(args, arrived)
            case "chat.update":
                return self._people[args["channel"]].sees_changed(args)
            case "apps.connections.open":
                return {"url": self._link}
            case "auth.test":
                return TEST
            case "conversations.open":
                return {"channel": {"id": self._people[args["users"]].channel}}
            case "users.info":
                return {"user": self._people[args["user"]].profile}
            case _:
                raise AssertionError(f"no benchmark needs {method}")


class SlackPerson(Member):
    def __init__(self, server: SlackApi, id: str, channel: str) -> None:
        super().__init__()
        self.id = id
        self.channel = channel
        self._server = server
        self.last: Wire = {}
        """The newest message from the bot."""

    @property
    def profile(self) -> Wire:
        """What `users.info` tells."""
        names = {"display_name": "Ana", "real_name": "Ana"}
        who: Wire = {"id": self.id, "team_id": TEAM, "name": "ana", "real_name": "Ana"}
        return who | {"tz": "Europe/Zurich", "locale": "en-US", "deleted": False, "profile": names}

    async def begins(self) -> float:
        return await self.says("start")  # no client sends a slash that stands first

    async def says(self, text: str) -> float:
        message: Wire = {"type": "message", "user": self.id, "ts": self._server.ts()}
        message |= {"client_msg_id": f"m-{next(self._server.ids)}", "text": text, "team": TEAM}
        message |= {"blocks": [_rich_text(text)], "channel": self.channel}
        return await self._answered(partial(self._server.tell, message))

    async def taps(self, choice: str) -> float:
        rows = (each["elements"] for each in self._buttons())
        button = next(each for row in rows for each in row if choice in each["value"])
        payload: Wire = {
            "type": "block_actions",
            "user": {"id": self.id, "username": "ana", "name": "ana", "team_id": TEAM},
            "api_app_id": APP,
            "token": "unused",
            "container": {
                "type": "message",
                "message_ts": self.last["ts"],
                "channel_id": self.channel,
                "is_ephemeral": False,
            },
            "trigger_id": f"t-{next(self._server.ids)}",
            "team": {"id": TEAM, "domain": "benchmarks"},
            "enterprise": None,
            "is_enterprise_install": False,
            "channel": {"id": self.channel, "name": "directmessage"},
            "message": self.last,
            "state": {"values": {}},
            "actions": [{**button, "block_id": "b", "action_ts": self._server.ts()}],
        }
        return await self._answered(partial(self._server.put, "interactive", payload))

    def receives(self, args: Wire, arrived: float) -> Wire:
        """A message from the bot, as Slack then says it looks."""
        self._hears(arrived)
        self.last = {**OWN, "type": "message", "ts": self._server.ts(), "text": args["text"]}
        if "blocks" in args:
            self.last["blocks"] = args["blocks"]
        self._server.tell({**self.last, "channel": self.channel})
        return {"channel": self.channel, "ts": self.last["ts"], "message": self.last}

    def sees_changed(self, args: Wire) -> Wire:
        """A message of the bot as it reads now. Nobody looks at what it says."""
        content = {"text": args["text"], "blocks": args["blocks"]}
        message = {**OWN, "type": "message", "ts": args["ts"], **content}
        changed: Wire = {"type": "message", "subtype": "message_changed", "hidden": True}
        changed |= {"message": message, "previous_message": message, "channel": self.channel}
        self._server.tell(changed | {"ts": self._server.ts()})
        told = {"channel": self.channel, "ts": args["ts"], "text": args["text"]}
        return told | {"message": message}

    def _buttons(self) -> Any:
        return [each for each in self.last.get("blocks", []) if each["type"] == "actions"]


def _rich_text(text: str) -> Wire:
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": "b", "elements": [words]}
