"""A Slack on loopback, as strict as the real one, and the people who use it.

    with slack_server() as server:
        first = server.workspace("T0001", "First")
        client = AsyncWebClient(token=first.token, base_url=server.base_url)
        ana = first.person("Ana")
        ana.says("hello")
        assert ana.waits_for("Hello").shown == "Hello Ana"

Events, taps and commands go to a request address (`deliver_to`) or, if none was named, over Socket
Mode. It runs in a thread of its own, so that its people can be moved by a test of any kind. What
waits (`waits_for`, `submits`, `until`) blocks the thread it is called in: where the bot runs in the
event loop of that thread, `await asyncio.to_thread(ana.waits_for, "Hello")`.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from time import time
from typing import Any, TypeVar

from aiohttp import web

from tests.doubles.slack_chats import Channel, Message, Team, View
from tests.doubles.slack_deliveries import EVENTS, Delivery
from tests.doubles.slack_doors import Doors
from tests.doubles.slack_faults import Call, Fault, Faults
from tests.doubles.slack_http import Answer, Http
from tests.doubles.slack_limits import Limits
from tests.doubles.slack_people import Person
from tests.doubles.slack_tokens import ALL_SCOPES
from tests.doubles.slack_web import Web
from tests.doubles.slack_wire import Wire
from tests.doubles.slack_workspaces import Workspace
from tests.doubles.slack_world import World

__all__ = [
    "ALL_EVENTS",
    "ALL_SCOPES",
    "Answer",
    "Call",
    "Channel",
    "Delivery",
    "Fault",
    "Limits",
    "Message",
    "Person",
    "SlackServer",
    "View",
    "Workspace",
    "slack_server",
]

T = TypeVar("T")
ALL_EVENTS = frozenset(
    {
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "member_joined_channel",
        "message.channels",
        "message.groups",
        "message.im",
        "reaction_added",
        "tokens_revoked",
    }
)


class SlackServer(Doors):
    """The server, and all that a test does with it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.faults: Faults = world.faults
        self.limits: Limits = world.limits
        self._web = Web(world)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="slack", daemon=True)
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        world.outbox.loop = self._loop
        world.outbox.road = world.sockets

    # Where it is, and what one has to know

    @property
    def url(self) -> str:
        return self.world.url

    @property
    def base_url(self) -> str:
        """For AsyncWebClient(base_url=...)."""
        return f"{self.url}/api/"

    @property
    def app_token(self) -> str:
        return self.world.app_token

    @property
    def signing_secret(self) -> str:
        return self.world.signing_secret

    @property
    def client_id(self) -> str:
        return self.world.client_id

    @property
    def client_secret(self) -> str:
        return self.world.client_secret

    @property
    def app_id(self) -> str:
        return self.world.app_id

    # Who is there

    def workspace(
        self,
        id: str = "T0001",
        name: str = "First",
        *,
        installed: bool = True,
        scopes: frozenset[str] = ALL_SCOPES,
    ) -> Workspace:
        with self.world.lock:
            if id in self.world.teams:
                raise AssertionError(f"{id} is there already")
            bot_user, bot_id = self.world.id("UB"), self.world.id("B")
            domain = name.lower().replace(" ", "-")
            team = Team(id, name, domain, bot_user, bot_id, scopes=scopes)
            self.world.teams[id] = team
            workspace = Workspace(self.world, team)
            workspace.person("storytrail", is_bot=True)
            (bot,) = team.users.values()
            team.users = {bot_user: bot}
            bot.id = bot.wire["id"] = bot_user
            if installed:
                workspace.token = self.world.grants(team).text
            return workspace

    # What happens on the way

    def later(self, seconds: float) -> None:
        """The server's clock goes forward, and what is due then is tried again."""
        with self.world.lock:
            self.world.ahead += seconds
        self.world.outbox.wake()

    def retry_now(self) -> None:
        """All that waits for its next try has it now, what fails just now included."""
        self.world.outbox.wake(all=True)

    def holds(self) -> None:
        """From now on events stay here."""
        self.world.outbox.hold()

    def releases(
        self,
        order: Callable[[list[Delivery]], list[Delivery]] = list,
        *,
        at_once: bool = False,
    ) -> None:
        """What was held back arrives late, in any order, say `lambda held: held[::-1]`; `at_once`
        all of it at the same time."""
        self.world.outbox.release(order, at_once=at_once)

    def inject(self, event: Wire, workspace: Workspace) -> Delivery:
        """An event as it is, whatever the bot subscribed to."""
        with self.world.lock:
            payload = self.world.enveloped(workspace.team, event)
            return self.world.sends(EVENTS, payload, str(event.get("channel", workspace.id)))

    def until(self, met: Callable[[], Any], timeout: float = 5) -> None:
        """Waits until something holds; looks again after every call, message and delivery."""
        if not self.world.until(met, timeout):
            raise AssertionError(f"did not come to hold within {timeout} s")

    def calls(
        self,
        method: str | None = None,
        channel: str | None = None,
        workspace: str | None = None,
    ) -> list[Call]:
        """What the bot called, in the order in which it was decided on."""
        with self.world.lock:
            return [
                call
                for call in self.world.calls
                if method in {None, call.method}
                and channel in {None, call.channel}
                and workspace in {None, call.workspace}
            ]

    @property
    def deliveries(self) -> list[Delivery]:
        """All that the bot was to be told, acknowledged or not."""
        with self.world.lock:
            return list(self.world.outbox.all)

    @property
    def pending_retries(self) -> list[Delivery]:
        """What was not acknowledged, and waits for its next try."""
        with self.world.lock:
            return [retry.delivery for retry in self.world.outbox.retries]

    def all_acknowledged(self, timeout: float = 5) -> None:
        """Waits until the bot has acknowledged all that it was told, or it is given up."""
        self.until(lambda: all(each.done for each in self.world.outbox.all), timeout)

    # The thread

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def broken(self) -> list[BaseException]:
        """Faults of the double itself; they fail the test at the end of the block."""
        return [*self._web.broken, *self.world.outbox.broken]

    def _does(self, work: Coroutine[Any, Any, T], timeout: float = 10) -> T:
        """Something done in the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """The same, without waiting for its end."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self) -> None:
        application = self._web.application()
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.05)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1000)
        await site.start()
        self.world.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        await self.world.outbox.stop()
        await self.world.sockets.drop()
        if isinstance(self.world.outbox.road, Http):
            await self.world.outbox.road.close()
        await runner.cleanup()
        ours = asyncio.all_tasks() - {asyncio.current_task()}
        for task in ours:
            task.cancel()
        await asyncio.gather(*ours, return_exceptions=True)


@contextmanager
def slack_server(
    *,
    events: frozenset[str] = ALL_EVENTS,
    limits: bool = False,
    seed: int = 0,
    patience: float = 3,
    ordered: bool = True,
    rotation: float | None = None,
    clock: Callable[[], float] = time,
) -> Iterator[SlackServer]:
    """A server for the time of the block.

    `events` are those that the app subscribed to. `limits` turns on how fast one may call (else it
    is only noted in `limits.violations`), `seed` is for the faults that hit a share, `patience` the
    seconds that an acknowledgement may take. `ordered` keeps the events of a channel in order over
    HTTP, which Slack does not promise. With `rotation`, tokens live for so many seconds (Slack:
    43200). By `clock`, in seconds since 1970, messages have their moments; signatures go by that of
    this machine.
    """
    world = World(
        Limits(on=limits),
        Faults(seed),
        signing_secret="8f742231b10e8888abcd99yyyzzz85a5",
        client_id="1234567890.0987654321",
        client_secret="a-secret-that-is-only-in-tests",
        app_id="A0APPUNDERTEST",
        app_token="xapp-1-A0APPUNDERTEST-only-in-tests",
        verification="a-token-nobody-should-trust",
        subscribed=events,
        patience=patience,
        rotation=rotation,
        clock=clock,
    )
    world.outbox.ordered = ordered
    server = SlackServer(world)
    server.start()
    try:
        yield server
    finally:
        server.close()
    if server.broken:
        raise BaseExceptionGroup("the double broke", server.broken)
