"""The road of Socket Mode: envelopes over up to ten websockets, and their acknowledgements."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any

from aiohttp import WSMsgType, web

from tests.doubles.slack_deliveries import EVENTS, Attempt, Delivery
from tests.doubles.slack_wire import Refused, Wire

MOST = 10  # connections of an app at a time


@dataclass(eq=False)
class Connection:
    number: int
    socket: web.WebSocketResponse
    request: web.Request
    leaving: bool = False
    """It was told to disconnect."""
    waiting: dict[str, asyncio.Future[Attempt]] = field(default_factory=dict)


@dataclass(eq=False)
class Sockets:
    changed: Condition
    app_id: str
    patience: float
    """Seconds until an acknowledgement is too late."""
    new_id: Callable[[str], str]
    grace: float = 0.1
    """Seconds between the word to disconnect and the end."""
    in_order: bool = True
    chosen: int | None = None
    """The number of the connection that is told all as long as it is open; else each in turn."""
    open: list[Connection] = field(default_factory=list)
    tickets: set[str] = field(default_factory=set)
    received: list[Wire] = field(default_factory=list)
    """All that came from the bot, in order."""
    sent: list[tuple[int, Wire]] = field(default_factory=list)
    """The number of the connection, and the envelope."""
    _turn: int = 0
    numbers: int = 0

    # In the server's thread

    def ticket(self) -> str:
        """Lets one connection in, once."""
        if len(self.open) >= MOST:
            raise Refused("too_many_websockets")
        ticket = self.new_id("t")
        self.tickets.add(ticket)
        return ticket

    async def link(self, request: web.Request) -> web.StreamResponse:
        """One connection, as long as it lasts."""
        ticket = request.query.get("ticket", "")
        if ticket not in self.tickets or len(self.open) >= MOST:
            return web.Response(status=403)
        self.tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.numbers += 1
        connection = Connection(self.numbers, socket, request)
        await socket.send_json(
            {
                "type": "hello",
                "num_connections": len(self.open) + 1,
                "debug_info": {"host": "applink-double", "approximate_connection_time": 18060},
                "connection_info": {"app_id": self.app_id},
            }
        )
        with self.changed:
            self.open.append(connection)
            self.changed.notify_all()
        try:
            await self._listen(connection)
        finally:
            self._gone(connection)
        return socket

    async def _listen(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type != WSMsgType.TEXT:
                continue
            try:
                told = json.loads(frame.data)
            except ValueError:
                continue
            with self.changed:
                self.received.append(told)
                self.changed.notify_all()
            waiting = connection.waiting.get(told.get("envelope_id", ""))
            if waiting is not None and not waiting.done():
                waiting.set_result(Attempt(body=told.get("payload") or None))

    def _gone(self, connection: Connection) -> None:
        with self.changed:
            if connection in self.open:
                self.open.remove(connection)
            self.changed.notify_all()
        for waiting in connection.waiting.values():
            if not waiting.done():
                waiting.set_result(Attempt("connection_failed", 0))

    async def carry(self, delivery: Delivery, retry: int, reason: str) -> Attempt:
        staying = [each for each in self.open if not each.leaving] or self.open
        staying = [each for each in staying if each.number == self.chosen] or staying
        if not staying:
            return Attempt("connection_failed", 0)
        self._turn += 1
        connection = staying[self._turn % len(staying)]
        id = self.new_id("e")
        envelope: Wire = {
            "envelope_id": id,
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != EVENTS,
        }
        if delivery.kind == EVENTS:
            envelope |= {"retry_attempt": retry, "retry_reason": reason}
        acknowledged: asyncio.Future[Attempt] = asyncio.get_running_loop().create_future()
        connection.waiting[id] = acknowledged
        try:
            await self.send(connection, envelope)
            async with asyncio.timeout(self.patience):
                return await acknowledged
        except TimeoutError:
            return Attempt("timeout", 0)
        except OSError:
            return Attempt("connection_failed", 0)
        finally:
            connection.waiting.pop(id, None)

    async def send(self, connection: Connection, frame: Wire) -> None:
        with self.changed:
            self.sent.append((connection.number, frame))
        await connection.socket.send_json(frame)

    async def send_all(self, frame: Any) -> None:
        """The same to each connection; a string as it is."""
        for connection in list(self.open):
            if isinstance(frame, str):
                await connection.socket.send_str(frame)
            else:
                await self.send(connection, frame)

    async def dismiss(self, reason: str) -> None:
        """Tells all connections to go, and ends them a little later."""
        leaving = list(self.open)
        for connection in leaving:
            connection.leaving = True
            told = {
                "type": "disconnect",
                "reason": reason,
                "debug_info": {"host": "applink-double"},
            }
            await self.send(connection, told)
        await asyncio.sleep(self.grace)
        await _each(connection.socket.close() for connection in leaving)

    async def drop(self) -> None:
        """Ends all connections without a word."""
        for connection in list(self.open):
            if connection.request.transport is not None:
                connection.request.transport.abort()

    async def close(self) -> None:
        await _each(connection.socket.close() for connection in list(self.open))


async def _each(endings: Any) -> None:
    pending: list[Awaitable[Any]] = list(endings)
    await asyncio.gather(*pending, return_exceptions=True)
