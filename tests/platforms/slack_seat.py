"""A person with Slack: the server is the double on loopback, all else is the program's own."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from time import monotonic, time
from typing import Any

from bot.app import App
from bot.delivery import Courier
from bot.house import House
from bot.limits import Limits, Rates
from bot.platforms import spelling
from bot.platforms.slack import Slack
from bot.platforms.slack_app import SlackApp
from bot.platforms.slack_inbound import SLACK
from bot.platforms.slack_manifest import COMMAND, EVENTS, SCOPES
from bot.platforms.slack_renderer import FORM, MOST_TEXT
from bot.platforms.slack_workspaces import Workspaces
from bot.platforms.splitting import pieces
from bot.seal import Seal
from bot.slack_side import SlackSide
from bot.turns import Turns
from config.settings import Settings
from flows.messages import Address
from storage.journal import Journal
from tests.builders import interviews
from tests.doubles.slack_blocks import MAX_ALL
from tests.doubles.slack_chats import Channel, buttons_of
from tests.doubles.slack_deliveries import Attempt, Delivery
from tests.doubles.slack_http import read, written
from tests.doubles.slack_server import Message, SlackServer, Workspace, slack_server
from tests.doubles.slack_text import escaped, unescaped
from tests.doubles.slack_wire import Wire, signature
from tests.platforms.seats import Can, Seat, Shown
from tests.stage import Stage

KEY = b"k" * 32  # what buttons are signed with

PATIENCE = 20  # seconds after which something hangs

FREELY = Rates(chat_burst=10**6, chat_per_second=10**6, per_second=10**6, group_per_minute=10**6)

LONGEST_TYPED = 12_000  # characters; of more its clients make a file

NUMBER = re.compile(r"(\d+) / (\d+)")

CHOSEN = "✓ "

TICKS = {"☑ ": True, "☐ ": False}

FILES = {
    "photo": ("hall.jpg", "image/jpeg", ""),
    "document": ("list.pdf", "application/pdf", ""),
    "video": ("hall.mp4", "video/mp4", ""),
    "audio": ("song.mp3", "audio/mpeg", ""),
    "voice": ("audio_message.m4a", "audio/mp4", "slack_audio"),
}
"""Name, type and subtype of each kind."""

ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a\u202b\u202d\u202e]")
"""What would act, and is shown as a character that says so."""


class SlackPlatform:
    name = SLACK
    can = Can(
        edit=True,
        at_once=True,
        attach=frozenset(FILES),
        tap_old=True,
        repeat=True,
        meet=True,
        redraw=True,
        reply=True,
        keeps_choice=True,
        longest=MAX_ALL,
    )

    def can_say(self, text: str) -> bool:
        """Its clients take blanks away around a message, and take what begins with / for a
        command."""
        return 0 < len(text) <= LONGEST_TYPED and text.strip() == text and text[0] != "/"

    def shows(self, words: str) -> str:
        """A block takes only so much, and stands a little apart from the next."""
        return "\n\n".join(ACTING.sub("\ufffd", piece) for piece in pieces(words, MOST_TEXT))

    @asynccontextmanager
    async def opened(self, stage: Stage, turns: Turns) -> AsyncIterator[Callable[[str], Seat]]:
        # In channels it hears only what calls it, unless somebody lets it hear more.
        events, scopes = {*EVENTS, "message.channels"}, {*SCOPES, "channels:history"}
        with slack_server(
            events=frozenset(events), clock=lambda: stage.clock().timestamp()
        ) as server:
            first = server.workspace("T0001", "First", scopes=frozenset(scopes))
            settings = Settings(slack_bot_token=first.token, slack_api_url=server.url)
            workspaces = Workspaces(settings, stage.database, Seal(KEY), stage.clock)
            async with workspaces.opened():
                slack = Slack(workspaces, key=KEY, now=stage.clock)
                limits = Limits(FREELY, monotonic)
                courier = Courier(stage.database, slack, limits, stage.clock, sleep=_never)
                house = House(interviews=interviews(), spelling=spelling)
                app = App(settings, stage.database, house, Journal(None), turns)
                side = SlackSide(app, slack, workspaces, courier, key=KEY, clock=stage.clock)
                bolt = SlackApp(workspaces, side.take, signing_secret=server.signing_secret)
                server.world.outbox.road = Road(bolt, server.signing_secret)
                sending = asyncio.create_task(courier.run())
                try:
                    yield partial(SlackSeat, Carrier(server, side, courier), first)
                finally:
                    sending.cancel()
                    with suppress(asyncio.CancelledError):
                        await sending


async def _never(_: float) -> None:
    """Nothing is tried again here, and nothing found that it was not woken for."""
    await asyncio.Event().wait()


class Road:
    """From the server's thread to the app: the requests of HTTP, signed, without a socket."""

    in_order = False

    def __init__(self, bolt: SlackApp, secret: str) -> None:
        self._bolt = bolt
        self._secret = secret
        self._loop = asyncio.get_running_loop()

    async def carry(self, delivery: Delivery, retry: int, reason: str) -> Attempt:
        body, content_type = written(delivery.kind, delivery.payload)
        timestamp = str(int(time()))
        headers = {
            "Content-Type": content_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self._secret, timestamp, body),
        }
        answer = self._bolt.answer(body.decode(), headers, {})
        status, said, _ = await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(answer, self._loop)
        )
        return Attempt("" if status == 200 else "http_error", status, read(said))


class Carrier:
    """What the server has to tell, until it is told and answered."""

    def __init__(self, server: SlackServer, side: SlackSide, courier: Courier) -> None:
        self.server = server
        self._side = side
        self._courier = courier

    async def carried(self, deliveries: Sequence[Delivery]) -> None:
        """What was just sent on its way."""
        await self._answered(deliveries, tries=1)

    async def repeats(self, deliveries: Sequence[Delivery]) -> None:
        tries = [len(each.attempts) + 1 for each in deliveries]
        for each, many in zip(deliveries, tries, strict=True):
            self.server.repeats(each)
            await self._answered([each], tries=many)

    async def _answered(self, deliveries: Sequence[Delivery], *, tries: int) -> None:
        def are_answered() -> bool:
            return all(len(each.attempts) >= tries for each in deliveries)

        await asyncio.to_thread(self.server.until, are_answered, PATIENCE)
        async with asyncio.timeout(PATIENCE):
            await self._side.rests()
            await self._courier.drain(PATIENCE)
        failed = [each for each in deliveries if not all(a.ok for a in each.attempts)]
        refused = [call for call in self.server.calls() if not call.ok]
        assert (failed, refused) == ([], [])


class SlackSeat:
    def __init__(self, wire: Carrier, workspace: Workspace, name: str) -> None:
        self._wire = wire
        self._workspace = workspace
        self._person = workspace.person(name.capitalize(), tz="UTC")
        self.address = Address(SLACK, f"{workspace.id}/{self._person.id}")
        self._last: Sequence[Delivery] = ()
        self._known: dict[Message, int] = {}
        self._seen: list[tuple[Message, Wire]] = []
        self._room: Channel | None = None
        self._read = 0

    async def says(self, text: str) -> None:
        await self._carried(self._person.says(text).told)

    async def says_at_once(self, *texts: str) -> None:
        await self._carried([each for text in texts for each in self._person.says(text).told])

    async def replies(self, text: str, message: int) -> None:
        """In the thread below it."""
        below, _ = self._seen[message]
        await self._carried(self._person.says(text, thread_ts=below.ts).told)

    async def calls(self, command: str) -> None:
        await self._carried([self._person.commands(COMMAND, command)])

    async def taps(self, label: str) -> None:
        message = next(m for m in reversed(self._messages()) if m.buttons)
        await self._tapped(label, message, message.wire)

    async def taps_old(self, label: str, message: int) -> None:
        await self._tapped(label, *self._seen[message])

    async def _tapped(self, label: str, message: Message, wire: Wire) -> None:
        buttons = [each for block in wire["blocks"] for each in block.get("elements", ())]
        values = {
            _untick(unescaped(button["text"]["text"]))[0]: button["value"]
            for button in buttons
            if button["type"] == "button"
        }
        await self._carried([self._person.taps(message, values[label])])

    async def edits(self, before: str, text: str) -> None:
        own = (m for m in reversed(self._person.sees()) if not m.from_bot)
        message = next(m for m in own if m.text == escaped(before))
        await self._carried(self._person.edits(message, text).told[-1:])

    async def attaches(self, kind: str, caption: str = "") -> None:
        name, mimetype, subtype = FILES[kind]
        message = self._person.shares(name, mimetype, b"seen", caption, subtype=subtype)
        await self._carried(message.told)

    async def repeats(self) -> None:
        await self._wire.repeats(self._last)

    async def says_to_all(self, text: str) -> None:
        await self._carried(self._person.says(text, channel=self._place()).told)

    async def calls_before_all(self, command: str) -> None:
        """By its name: what is typed as a command there is answered to one's own eyes."""
        await self._carried(self._person.mentions(self._place(), command).told)

    def sees(self) -> list[Shown]:
        new: list[tuple[Message, Wire]] = []
        for message in self._messages():
            known = self._known.get(message, 0)
            self._known[message] = len(message.versions)
            # Taking buttons away shows nothing.
            wires = enumerate(message.versions[known:], known)
            new += [(message, w) for n, w in wires if n == 0 or buttons_of(w.get("blocks", []))]
            assert message.pings == []
        self._seen += new
        return [self._read_back(wire) for _, wire in new]

    def has_before_them(self) -> list[Shown]:
        return [self._read_back(message.wire) for message in self._messages()]

    def sees_with_all(self) -> list[Shown]:
        there = [message for message in self._person.sees(self._place()) if message.from_bot]
        new, self._read = there[self._read :], len(there)
        return [self._read_back(message.wire) for message in new]

    def _messages(self) -> list[Message]:
        return [message for message in self._person.sees() if message.from_bot]

    async def _carried(self, deliveries: Sequence[Delivery]) -> None:
        self._last = list(deliveries)
        await self._wire.carried(self._last)

    def _place(self) -> Channel:
        if self._room is None:
            self._room = self._workspace.channel("circle", members=(self._person,))
        return self._room

    def _read_back(self, wire: Wire) -> Shown:
        shown = _read_blocks(wire.get("blocks") or [_section(wire["text"])])
        files = wire.get("files")
        if not files:
            return shown
        content = self._wire.server.world.files[files[0]["id"]].content or b""
        return Shown(shown.text, file=(files[0]["name"], content.decode()))


def _section(text: str) -> Wire:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _read_blocks(blocks: list[Wire]) -> Shown:
    """Words in small letters at the beginning are the number, at the end the choice that was made,
    in between a heading of what stands below."""
    text, number, chosen = "", None, None
    labels: list[str] = []
    for n, block in enumerate(blocks):
        if block["type"] == "actions":
            # A form is Slack's own; tests/slack fills it in.
            choices = [each for each in block["elements"] if each["action_id"] != FORM]
            labels += [unescaped(each["text"]["text"]) for each in choices]
        elif block["type"] in ("section", "header"):
            text += f"{_words(block['text'])}\n\n"
        else:
            (note,) = (_words(element) for element in block["elements"])
            found = NUMBER.fullmatch(note)
            if n == 0 and found is not None:
                number = (int(found[1]), int(found[2]))
            elif n == len(blocks) - 1 and note.startswith(CHOSEN):
                chosen = note.removeprefix(CHOSEN)
            else:
                text += f"{note}\n"
    parts = [_untick(label) for label in labels]
    return Shown(
        text.strip("\n"),
        tuple(label for label, _ in parts),
        tuple(ticked for _, ticked in parts),
        number,
        chosen=chosen,
    )


def _words(text: dict[str, Any]) -> str:
    """As they are read; bold letters without their marks."""
    read = unescaped(text["text"])
    if text["type"] == "plain_text":
        return read
    bold = re.fullmatch(r"\*(.*)\*", read, re.DOTALL)
    return re.sub("\u200b(?=[*_~`])", "", bold[1] if bold is not None else read)


def _untick(label: str) -> tuple[str, bool | None]:
    for tick, ticked in TICKS.items():
        if label.startswith(tick):
            return label.removeprefix(tick), ticked
    return label, None
