"""Calls to the Bot API side by side, over several small pools of connections.

The library's pool looks through its connections for each call that waits, at every call: with 64
connections and some hundreds that wait, half of all the program's time went there. So none waits in
a pool: each call is given one that has a connection free.
"""

import asyncio
from typing import Any

import httpx
from telegram.request import BaseRequest, HTTPXRequest

from config.routes import Route

EACH = 16  # connections in one pool


class Requests(BaseRequest):
    """`pools` times 16 calls at once; who comes later waits, in order. Each of them waits
    `patience` seconds for the server, which is reached by `route`."""

    def __init__(self, pools: int, *, patience: float, route: Route) -> None:
        # One for all pools: to read the certificates takes long.
        trust = route.trust or httpx.create_ssl_context(trust_env=False)
        self._pools = [
            HTTPXRequest(
                connection_pool_size=EACH,
                connect_timeout=patience,
                read_timeout=patience,
                write_timeout=patience,
                pool_timeout=patience,
                proxy=route.proxy,
                # The library would read the environment once more, and otherwise than we do.
                httpx_kwargs={"trust_env": False, "verify": trust},
            )
            for _ in range(pools)
        ]
        # The last one first: as long as few call, they share few connections.
        self._free: asyncio.LifoQueue[HTTPXRequest] = asyncio.LifoQueue()
        for pool in self._pools:
            for _ in range(EACH):
                self._free.put_nowait(pool)

    @property
    def read_timeout(self) -> float | None:
        return self._pools[0].read_timeout

    async def initialize(self) -> None:
        for pool in self._pools:
            await pool.initialize()

    async def shutdown(self) -> None:
        for pool in self._pools:
            await pool.shutdown()

    async def do_request(self, *args: Any, **how: Any) -> tuple[int, bytes]:
        pool = await self._free.get()
        try:
            return await pool.do_request(*args, **how)
        finally:
            self._free.put_nowait(pool)
