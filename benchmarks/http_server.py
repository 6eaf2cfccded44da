"""A web server on loopback that does as little as it can, so that it is not what is measured.

HTTP/1.1 with connections that stay, one request of a connection at a time. It reads what httpx
sends, and no more than that; the strict doubles of the tests look at everything else.
"""

import asyncio
from collections.abc import Callable
from functools import partial

Answer = Callable[[bytes], None]
"""Answers a request with this JSON, at once or later."""

Handler = Callable[[str, bytes, Answer], None]
"""Takes the target and the body of a request, and sees to it that it is answered."""

END = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length: "


class HttpServer:
    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._server: asyncio.Server | None = None
        self.url = ""

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self._handle), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


class _Connection(asyncio.Protocol):
    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(END)
        if end < 0:
            return
        head, body = self._received[:end], self._received[end + len(END) :]
        if len(body) < _length(head):
            return
        self._received = b""
        target = head.split(b" ", 2)[1].decode()
        assert self._transport is not None
        self._handle(target, body, partial(_answer, self._transport))


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(LENGTH)
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _answer(transport: asyncio.Transport, body: bytes) -> None:
    if not transport.is_closing():
        transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )
