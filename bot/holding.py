"""What one process of several does alone for a platform: it sends, it polls, it keeps menus."""

import asyncio

import structlog

from bot.part import Part, Receive
from flows.messages import Address

log = structlog.get_logger()


class Holding:
    """One part within this process: at work while it holds the lease, else standing by."""

    def __init__(self, part: Part, ends: asyncio.Event) -> None:
        self._part = part
        self._lease = part.courier.lease
        self._ends = ends
        self._is_failing = False
        self._is_quiet = asyncio.Event()  # nothing is heard by polling
        self._is_quiet.set()

    async def run(self) -> None:
        """Until cancelled: get the lease, work as long as it lasts, let go of it."""
        try:
            while True:
                await self._lease.acquire(self._note)
                self._is_failing = False
                log.info("lease.held", platform=self._part.name)
                await self._work_while_held()
                log.warning("lease.lost", platform=self._part.name)
        finally:
            await self._lease.release()

    async def drain(self, within: float) -> None:
        """Once it ends: what was heard is handled, and what waits is sent, if that is for us."""
        await self._is_quiet.wait()
        if self._lease.is_held:
            await self._part.courier.drain(within)

    def _note(self, fault: str) -> None:
        """Once until it is held again: it is tried every second."""
        if not self._is_failing:
            self._is_failing = True
            log.warning("lease.unreachable", platform=self._part.name, fault=fault)

    async def _work_while_held(self) -> None:
        keeping = asyncio.create_task(self._lease.keep(self._hear))
        working = asyncio.create_task(self._work())
        try:
            await asyncio.wait({keeping, working}, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()  # it never ends by itself, it only fails
        finally:
            # The lease is kept until the last message that is being sent is marked.
            for task in (working, keeping):
                task.cancel()
                await asyncio.wait({task})

    def _hear(self, address: Address, what: str) -> None:
        """From another process: something waits for an address, or more is to be known of it."""
        if not what:
            self._part.courier.wake(address)
        elif self._part.told is not None:
            self._part.told(address, what)

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._part.courier.run())
            for each in self._part.beside:
                tasks.create_task(each())
            if self._part.poll is not None:
                await self._heard(self._part.poll)

    async def _heard(self, poll: Receive) -> None:
        self._is_quiet.clear()
        try:
            await poll(self._ends)
        finally:
            self._is_quiet.set()
