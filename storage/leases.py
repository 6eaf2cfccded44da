"""Which one of several processes sends for a platform: whoever holds its lease.

The lease is an advisory lock of PostgreSQL, on a connection of its own. The server frees it as soon
as that connection is gone: at once where its process was killed or ended, and after `timeout`
seconds without a sign of life where it hangs or is cut off. The holder gives a sign of life each
quarter of that time, and believes in its lease for three quarters of it since the last one that was
answered. So it has stopped before the server lets another one in.

What is guaranteed: a process that hung, or was cut off, begins to send nothing once another one
may have begun. What is not: whatever was being sent at the moment when the lease was lost may be
sent a second time by the next holder, one message of an address at most. Where the server itself
ends the connection, say at its restart, the holder learns of it within milliseconds, and the next
one lets a second pass before it begins.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from typing import Any, Protocol

import psycopg
from sqlalchemy import Connection, text

from flows.messages import Address
from storage.database import Database
from storage.errors import LeaseLost

OUTBOX = "storytrail_outbox"
"""The channel on which whoever does not send says for whom something waits: `telegram:1001`.

Behind a space may stand what else is to be known where it is sent: `slack:T1/U1 1712.3 tap-1`.
"""

RELEASED = "storytrail_lease"
"""The channel on which a holder that ends says so, by the name of the platform."""

EVERY = 1.0  # seconds between two tries to get a lease
SETTLING = 1.0  # seconds that a holder who did not let go itself has to mark what it just sent

LONG_AGO = float("-inf")

IDLE_SINCE = 140_000
"""The first version of PostgreSQL that ends a session which is silent for too long."""

FAULTS = (psycopg.Error, OSError, TimeoutError)

Told = Callable[[Address, str], None]

Failed = Callable[[str], None]
"""Hears the kind of a fault."""


class Lease(Protocol):
    """The right to send for one platform."""

    @property
    def is_held(self) -> bool:
        """Whether this process may send now. To be asked right before it does."""

    def check(self) -> None:
        """Raises LeaseLost unless it is held."""

    async def acquire(self, failed: Failed) -> None:
        """Returns once it is held, however long that takes. `failed` hears of each try that did."""

    async def keep(self, told: Told) -> None:
        """Returns when it is lost. Until then `told` hears what others `tell`."""

    async def release(self) -> None:
        """Let go of it; another process takes over at once."""

    def tell(self, address: Address, what: str = "") -> None:
        """Tell whoever holds it that something waits for this address, or else `what` is to be
        known of it: ids, never words. From any thread."""


def lease_on(database: Database, platform: str, *, timeout: float) -> Lease:
    """`timeout` is after how many seconds without a sign of life another process takes over."""
    return SoleLease() if database.is_sqlite else SharedLease(database, platform, timeout=timeout)


class SoleLease:
    """Where there is one process only, it holds what there is to hold."""

    is_held = True

    def check(self) -> None:
        pass

    async def acquire(self, failed: Failed) -> None:
        pass

    async def keep(self, told: Told) -> None:
        await asyncio.Event().wait()

    async def release(self) -> None:
        pass

    def tell(self, address: Address, what: str = "") -> None:
        pass


def awake() -> float:
    """Seconds; they also pass while the machine is suspended, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SharedLease:
    """On PostgreSQL. All but `tell` belongs to one event loop: where that hangs, the lease goes."""

    def __init__(
        self,
        database: Database,
        platform: str,
        *,
        timeout: float,
        clock: Callable[[], float] = awake,
    ) -> None:
        self._database = database
        self._platform = platform
        self._timeout = timeout
        self._beat = timeout / 4
        self._valid = timeout * 3 / 4
        self._clock = clock
        self._good_until = LONG_AGO
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._untold: deque[str] = deque()

    @property
    def is_held(self) -> bool:
        return self._clock() < self._good_until

    def check(self) -> None:
        if not self.is_held:
            raise LeaseLost

    async def acquire(self, failed: Failed) -> None:
        was_let_go = False
        while True:
            try:
                connection = self._connection or await self._connected()
                if await self._within(self._timeout, self._locked(connection)):
                    await connection.execute(f"UNLISTEN {RELEASED}")
                    await connection.execute(f"LISTEN {OUTBOX}")
                    if not was_let_go:
                        await asyncio.sleep(SETTLING)
                    self._good_until = await self._within(self._valid, self._ping(connection))
                    return
                was_let_go = await self._is_let_go(connection)
            except FAULTS as error:
                failed(type(error).__name__)
                self._drop()
                await asyncio.sleep(EVERY)

    async def keep(self, told: Told) -> None:
        while (connection := self._connection) is not None:
            try:
                left = self._good_until - self._clock()
                self._good_until = await self._within(left, self._listen(connection, told))
            except FAULTS:
                self._good_until = LONG_AGO
                self._drop()

    async def release(self) -> None:
        was_held, self._good_until = self.is_held, LONG_AGO
        connection = self._connection
        if connection is None:
            return
        if was_held:
            with suppress(*FAULTS):
                await self._within(EVERY, self._let_go(connection))
        self._drop()
        await asyncio.wait(self._closing, timeout=EVERY)

    def tell(self, address: Address, what: str = "") -> None:
        # After the turn and not within it: whoever notifies holds up all others that do, until
        # the commit.
        self._untold.append(f"{address.platform}:{address.user} {what}".rstrip())
        self._database.submit(self._tell_all)

    def _tell_all(self) -> None:
        told: set[str] = set()
        while self._untold:
            with suppress(IndexError):  # another writer was quicker
                told.add(self._untold.popleft())
        if told:
            # Where it fails, the holder finds the row the next time it looks.
            with suppress(Exception):
                self._database.write_here(lambda connection: _notify(connection, told))

    # ---- the connection ----

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        seconds = self._timeout
        how: dict[str, Any] = self._database.driver_arguments | {
            "application_name": f"storytrail {self._platform}",
            "connect_timeout": max(1, round(seconds / 2)),
            "keepalives_idle": max(1, round(seconds / 4)),
            "keepalives_interval": 1,
            "keepalives_count": max(1, round(seconds / 4)),
            "tcp_user_timeout": round(seconds * 500),  # milliseconds
        }
        connection = await psycopg.AsyncConnection.connect(**how, autocommit=True)
        self._connection = connection
        # What the server does by itself where nothing is heard of us any more.
        limits = {
            "tcp_keepalives_idle": max(1, round(seconds / 2)),
            "tcp_keepalives_interval": max(1, round(seconds / 6)),
            "tcp_keepalives_count": 3,
        }
        if connection.info.server_version >= IDLE_SINCE:
            limits["idle_session_timeout"] = round(seconds * 1000)  # milliseconds
        for name, value in limits.items():
            await connection.execute(f"SET {name} TO {value}")
        await connection.execute(f"LISTEN {RELEASED}")
        return connection

    async def _locked(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        """Whether the lock is ours now."""
        found = await connection.execute(
            "SELECT pg_try_advisory_lock(%s)", [await self._key(connection)]
        )
        row = await found.fetchone()
        return bool(row and row[0])

    async def _key(self, connection: psycopg.AsyncConnection[Any]) -> int:
        """Locks are of a whole database, and there may be one Storytrail in each schema of it."""
        found = await connection.execute("SELECT current_schema()")
        row = await found.fetchone()
        name = f"storytrail/{row[0] if row else ''}/{self._platform}"
        return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)

    async def _is_let_go(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        """Whether the holder says, within a moment, that it ended."""
        notices = [each async for each in connection.notifies(timeout=EVERY, stop_after=1)]
        return any(notice.payload == self._platform for notice in notices)

    async def _listen(self, connection: psycopg.AsyncConnection[Any], told: Told) -> float:
        async for notice in connection.notifies(timeout=self._beat):
            address, _, what = notice.payload.partition(" ")
            platform, _, user = address.partition(":")
            if platform == self._platform:
                told(Address(platform, user), what)
        return await self._ping(connection)

    async def _ping(self, connection: psycopg.AsyncConnection[Any]) -> float:
        """Until when the lease is good."""
        # From when it was asked: the server heard of us at that time or later.
        asked = self._clock()
        await connection.execute("SELECT 1")
        return asked + self._valid

    async def _let_go(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute("SELECT pg_advisory_unlock_all()")
        await connection.execute("SELECT pg_notify(%s, %s)", [RELEASED, self._platform])

    async def _within(self, seconds: float, work: Any) -> Any:
        """What `work` returns; TimeoutError after so many seconds, whatever becomes of it then."""
        task = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait({task}, timeout=max(0.0, seconds))
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task}, timeout=EVERY)
            raise
        if not done:
            # Not waited for: on a line that is cut the driver takes seconds to give up.
            self._clean_up(_ended(task))
            raise TimeoutError
        return task.result()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._clean_up(connection.close())

    def _clean_up(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _notify(connection: Connection, told: set[str]) -> None:
    connection.execute(
        text("SELECT pg_notify(:channel, told) FROM unnest(CAST(:told AS text[])) AS told"),
        {"channel": OUTBOX, "told": sorted(told)},
    )


async def _ended(task: "asyncio.Future[Any]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
