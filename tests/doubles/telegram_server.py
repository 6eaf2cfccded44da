"""A Telegram Bot API server on loopback, as strict as the real one, and the people who use it.

    with telegram_server() as server:
        bot = Bot(server.token, base_url=server.base_url, base_file_url=server.base_file_url)
        ana = server.person("Ana", language_code="en")
        ana.says("/start")
        assert ana.sees().text == "Hello Ana"

It runs in a thread of its own, so that its people can be moved by a test of any kind. What waits
(`sees`, `until`) blocks the thread it is called in: where the bot runs in that thread's event loop,
`await asyncio.to_thread(ana.sees)`.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, time
from typing import Any

from tests.doubles.telegram_chats import Chat, Message, Topic, Wire
from tests.doubles.telegram_faults import Call, Fault, Faults, Planned
from tests.doubles.telegram_limits import Rates, too_many
from tests.doubles.telegram_methods import LIMITED, METHODS
from tests.doubles.telegram_people import Group, Person
from tests.doubles.telegram_profile import commands_shown
from tests.doubles.telegram_updates import Entry
from tests.doubles.telegram_wire import (
    MAX_UPLOAD,
    Args,
    BadRequest,
    Refused,
    Request,
    arguments,
    good,
    read_request,
    refusal,
    response,
)
from tests.doubles.telegram_world import Tap, World

__all__ = [
    "Call",
    "Fault",
    "Group",
    "Message",
    "Person",
    "Tap",
    "TelegramServer",
    "telegram_server",
]

HTML = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n"
_NAMES = {name.lower(): name for name in [*METHODS, "getUpdates"]}


class TelegramServer:
    """The server, and all that a test does with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults = world.faults
        self.rates = world.rates
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)
        self._ready = threading.Event()
        self._port = 0
        self.broken: list[Exception] = []
        """Faults of the double itself; they fail the test at the end of the block."""
        self._stop = asyncio.Event()

    # Where it is

    @property
    def token(self) -> str:
        return self.world.token

    @property
    def bot_id(self) -> int:
        return int(self.world.me["id"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """For Bot(base_url=...), without the token."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.url}/file/bot"

    # Who is there

    def person(self, name: str, *, language_code: str | None = "en", **more: Any) -> Person:
        """A person who has not written to the bot yet; `more` are fields of their User."""
        with self.world.lock:
            # Above 32 bits, as ids of newer accounts are.
            id = 7_000_000_000 + self.world.count()
            user: Wire = {"id": id, "is_bot": False, "first_name": name, **more}
            if language_code is not None:
                user["language_code"] = language_code
            shown = ("id", "first_name", "last_name", "username")
            chat = Chat(id, {key: user[key] for key in shown if key in user} | {"type": "private"})
            self.world.users[id], self.world.chats[id] = user, chat
            return Person(self.world, chat, user)

    def group(
        self,
        title: str,
        *,
        members: Sequence[Person] = (),
        admins: Sequence[Person] = (),
        topics: Sequence[str] = (),
        supergroup: bool = False,
        with_bot: bool = True,
    ) -> Group:
        """A group, created by the first admin; with topics it is a forum, hence a supergroup."""
        with self.world.lock:
            number = self.world.count()
            large = supergroup or bool(topics)
            id = -(1_002_000_000_000 + number) if large else -(4_000_000 + number)
            wire: Wire = {"id": id, "title": title, "type": "supergroup" if large else "group"}
            chat = Chat(id, wire | ({"is_forum": True} if topics else {}))
            self.world.chats[id] = chat
            chat.statuses = {person.id: "member" for person in members}
            chat.statuses |= {person.id: "administrator" for person in admins}
            if admins:
                chat.statuses[admins[0].id] = "creator"
            group = Group(self.world, chat)
            by = next(iter([*admins, *members]), None)
            if by is None:
                by = self.person("Somebody")
                chat.statuses[by.id] = "creator"
            if with_bot:
                group.adds_bot(by)
            for name in topics:
                opening = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
                message = self.world.written(chat, by.user, opening)
                thread = {"message_thread_id": message.id, "is_topic_message": True}
                message.becomes(message.wire | thread)
                chat.topics[message.id] = Topic(message.id, name, message.wire)
                self.world.told("message", message)
            return group

    def commands_shown(self, person: Person, in_: Group | None = None) -> list[dict[str, str]]:
        """The commands that a client lists."""
        with self.world.lock:
            return commands_shown(self.world, (in_ or person).room, person.user)

    # What happens on the way

    def inject(self, update: Wire) -> Wire:
        """An update as it is, without its id, whatever the bot asked for; with its id."""
        inner = next(iter(update.values()))
        chat = inner.get("chat", inner.get("message", {}).get("chat", {})) if inner else {}
        added = self.world.updates.add(update, chat.get("id", 0), forced=True)
        assert added is not None
        return added

    def repeats(self, what: Message | Tap | Wire | None = None) -> None:
        """Sends the update of a message or tap (or the newest) once more, confirmed or not."""
        with self.world.lock:
            found = what if isinstance(what, dict | None) else what.update
            update = found or self.world.updates.newest
            assert update is not None
            self.world.updates.repeat(update)

    def holds(self) -> None:
        """From now on updates get their ids, and stay here."""
        with self.world.lock:
            self.world.updates.held = []

    def releases(self, order: Callable[[list[Entry]], list[Entry]] = list) -> None:
        """What was held back arrives late, in any order, say `lambda held: held[::-1]`."""
        with self.world.lock:
            held, self.world.updates.held = self.world.updates.held or [], None
            self.world.updates.release(order(held))

    def later(self, seconds: float) -> None:
        """The server's clock goes forward."""
        with self.world.lock:
            self.world.ahead += seconds

    def revokes_token(self) -> str:
        """The old token is worth nothing from now on; the new one."""
        with self.world.lock:
            self.world.token += "x"
            self.world.updates.end_poll("unauthorized")
            return self.world.token

    def restores_token(self) -> str:
        """The token from before it was revoked is accepted again, as if that had been a mistake."""
        with self.world.lock:
            self.world.token = self.world.token.removesuffix("x")
            return self.world.token

    def until(self, met: Callable[[], Any], timeout: float = 5) -> None:
        """Waits until something holds; looks again after every call and message."""
        if not self.world.until(met, timeout):
            raise AssertionError(f"did not come to hold within {timeout} s")

    def calls(self, method: str | None = None, chat: int | None = None) -> list[Call]:
        """What the bot called, in the order in which it was decided on."""
        with self.world.lock:
            return [
                call
                for call in self.world.calls
                if method in {None, call.method} and chat in {None, call.chat}
            ]

    @property
    def polling(self) -> bool:
        """Whether a getUpdates is waiting for something to come."""
        return self.world.updates.polling

    @property
    def deliveries(self) -> list[tuple[int, int]]:
        """What was posted to a webhook: update id and status, 0 where there was no answer."""
        with self.world.lock:
            return list(self.world.updates.deliveries)

    # The thread

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self.world.updates.loop = self._loop
        listening = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, limit=MAX_UPLOAD, backlog=1000
        )
        self._port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        listening.close()
        self.world.updates.stop()
        ours = asyncio.all_tasks() - {asyncio.current_task()}
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await read_request(reader):
                if not await self._answer(request, writer):
                    break
                await writer.drain()
        except (BadRequest, OSError, EOFError, asyncio.CancelledError):
            pass
        except Exception as fault:
            self.broken.append(fault)
        finally:
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection stays."""
        at = monotonic()
        empty, where, *rest = request.path.split("/", 2)
        if where == "file" and rest:
            writer.write(self._download(rest[0]))
            return True
        if empty or not where.startswith("bot") or len(rest) != 1:
            writer.write(refusal(Refused(404, "Not Found")))
            return True
        name = _NAMES.get(rest[0].lower(), rest[0])
        try:
            args = arguments(request)
        except Refused as refused:
            writer.write(refusal(refused))
            return True
        chat = args.integer("chat_id") or None
        with self.world.lock:
            plan = self.faults.pick(name, chat)
        outcome = None
        if plan is not None and plan.fault is Fault.LATE and not plan.done:
            await asyncio.sleep(plan.seconds)
        if plan is None or plan.done or plan.fault is Fault.LATE:
            outcome = await self._outcome(where.removeprefix("bot"), name, args, chat, at)
        self._note(name, chat, at, args, outcome, plan)
        body = refusal(outcome) if isinstance(outcome, Refused) else good(outcome)
        return await self._written(writer, body, plan)

    async def _outcome(self, token: str, name: str, args: Args, chat: int | None, at: float) -> Any:
        """The result of a method, or how it was refused."""
        world = self.world
        try:
            if token != world.token:
                raise Refused(401, "Unauthorized")
            if name == "getUpdates":
                return await world.updates.get(args)
            if name not in METHODS:
                raise Refused(404, "Not Found")
            with world.lock:
                if name in LIMITED and chat is not None:
                    world.rates.check(chat, at, group=chat < 0)
                return METHODS[name](world, args)
        except Refused as refused:
            return refused

    def _note(
        self,
        name: str,
        chat: int | None,
        at: float,
        args: Args,
        outcome: Any,
        plan: Planned | None,
    ) -> None:
        fault = plan.fault if plan else None
        if plan is not None and not plan.done and plan.fault is not Fault.LATE:
            code, told, result = 0, str(fault), None
        elif isinstance(outcome, Refused):
            code, told, result = outcome.code, outcome.description, None
        else:
            code, told, result = 200, "", outcome
        with self.world.changed:
            self.world.calls.append(Call(name, chat, at, args.values, code, told, fault, result))
            self.world.changed.notify_all()

    async def _written(
        self, writer: asyncio.StreamWriter, body: bytes, plan: Planned | None
    ) -> bool:
        match plan.fault if plan else None:
            case Fault.CUT_BEFORE | Fault.CUT_AFTER:
                writer.transport.abort()
                return False
            case Fault.CUT_MIDDLE:
                writer.write(body[: len(body) - len(body) // 3])
                await writer.drain()
                return False
            case Fault.ERROR:
                body = refusal(Refused(500, "Internal Server Error"))
            case Fault.HTML:
                body = response(502, HTML, "text/html")
            case Fault.TOO_MANY:
                assert plan is not None
                body = refusal(too_many(int(plan.seconds)))
            case Fault.LATE:
                assert plan is not None
                await asyncio.sleep(plan.seconds if plan.done else 0)
        writer.write(body)
        return True

    def _download(self, path: str) -> bytes:
        token, _, wanted = path.removeprefix("bot").partition("/")
        with self.world.lock:
            if token != self.world.token:
                return refusal(Refused(401, "Unauthorized"))
            for file in self.world.files.values():
                if file.path == wanted:
                    return response(200, file.content, "application/octet-stream")
        return refusal(Refused(404, "Not Found"))


@contextmanager
def telegram_server(
    *,
    token: str = "1234567890:AAEtoken-of-a-bot-that-is-only-in-tests",
    username: str = "storytrail_test_bot",
    privacy: bool = True,
    limits: bool = False,
    seed: int = 0,
    patience: float = 3,
    webhook_retry: float = 0.05,
    webhook_attempts: int = 20,
    clock: Callable[[], float] = time,
) -> Iterator[TelegramServer]:
    """A server for the time of the block.

    `limits` turns on how fast one may send (else it is only noted in `rates.violations`), `seed` is
    for the faults that hit a share, `patience` the seconds by which a poller is slowed that repeats
    an offset or fights with another one, `clock` what messages are dated by.
    """
    rates, faults = Rates(on=limits), Faults(seed)
    world = World(
        token, username, privacy, rates, faults, patience, webhook_retry, webhook_attempts, clock
    )
    server = TelegramServer(world)
    server.start()
    try:
        yield server
    finally:
        server.close()
    if server.broken:
        raise ExceptionGroup("the double broke", server.broken)
