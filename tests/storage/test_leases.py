"""One of several processes holds the lease of a platform; on PostgreSQL, by connections alone."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import psycopg
import pytest

from flows.messages import Address
from storage.database import Database
from storage.errors import LeaseLost
from storage.leases import SETTLING, Lease, SharedLease, SoleLease, Told, lease_on
from tests.builders import closing, opened
from tests.servers import a_schema, server_url

SOON = 5.0  # seconds that count as never

SHORT = 2.0  # seconds without a sign of life; the shortest that a loaded machine keeps


@pytest.fixture
def database(on_postgresql: str) -> Iterator[Database]:
    with closing(opened(on_postgresql)) as database:
        yield database


def a_lease(database: Database, platform: str = "telegram", *, timeout: float = 20) -> Lease:
    return lease_on(database, platform, timeout=timeout)


async def held(lease: Lease) -> Lease:
    await asyncio.wait_for(lease.acquire(unfailing), SOON)
    return lease


@asynccontextmanager
async def several(*leases: Lease) -> AsyncIterator[None]:
    """They are let go of afterwards."""
    async with AsyncExitStack() as stack:
        for lease in leases:
            stack.push_async_callback(lease.release)
        yield


@asynccontextmanager
async def kept(lease: Lease, told: Told) -> AsyncIterator["asyncio.Task[None]"]:
    keeping = asyncio.create_task(lease.keep(told))
    try:
        yield keeping
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


def unfailing(fault: str) -> None:
    raise AssertionError(fault)


def unheard(address: Address, what: str) -> None:
    raise AssertionError(address)


def ended(database: Database, platform: str = "telegram") -> None:
    """The server ends the connections of that lease."""
    url = database.driver_arguments
    with psycopg.connect(**url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            [f"storytrail {platform}"],
        )


async def test_one_of_two_holds_it_and_the_other_as_soon_as_it_is_let_go_of(database):
    first, second = a_lease(database), a_lease(database)
    async with several(first, second):
        await held(first)
        waiting = asyncio.create_task(second.acquire(unfailing))
        done, _ = await asyncio.wait({waiting}, timeout=1.5)
        was_held = (first.is_held, second.is_held, bool(done))
        loop = asyncio.get_running_loop()
        before = loop.time()
        await first.release()
        await asyncio.wait_for(waiting, SOON)
        took = loop.time() - before

        assert was_held == (True, False, False)
        assert (first.is_held, second.is_held) == (False, True)
        assert took < SETTLING


async def test_platforms_and_schemas_have_leases_of_their_own(database):
    with a_schema(server_url()) as url, closing(opened(url)) as elsewhere:
        leases = [a_lease(database), a_lease(database, "slack"), a_lease(elsewhere)]
        async with several(*leases):
            for lease in leases:
                await held(lease)

            assert [lease.is_held for lease in leases] == [True, True, True]


async def test_whose_connection_is_ended_knows_of_it_before_another_one_begins(database):
    first, second = a_lease(database), a_lease(database)
    failed: list[str] = []
    async with several(first, second):
        await held(first)
        async with kept(first, unheard) as keeping:
            waiting = asyncio.create_task(second.acquire(failed.append))
            await asyncio.to_thread(ended, database)
            await asyncio.wait_for(keeping, SOON)
            is_held = (first.is_held, second.is_held)
            with pytest.raises(LeaseLost):
                first.check()
            await asyncio.wait_for(waiting, SOON)

        assert is_held == (False, False)
        assert set(failed) <= {"AdminShutdown", "OperationalError"}
        assert second.is_held


async def test_who_gives_no_sign_of_life_loses_it_in_time(database):
    first, second = a_lease(database, timeout=SHORT), a_lease(database, timeout=SHORT)
    async with several(first, second):
        await held(first)  # and nobody keeps it
        waiting = asyncio.create_task(second.acquire(unfailing))
        await asyncio.wait_for(waiting, SHORT + SOON)

        assert (first.is_held, second.is_held) == (False, True)


async def test_who_gives_signs_of_life_keeps_it(database):
    lease = a_lease(database, timeout=SHORT)
    async with several(lease):
        await held(lease)
        async with kept(lease, unheard) as keeping:
            await asyncio.wait({keeping}, timeout=SHORT + 1)

            assert lease.is_held


async def test_an_answer_that_comes_late_makes_it_good_no_longer(database):
    moments = [100.0]
    lease = SharedLease(database, "telegram", timeout=20, clock=lambda: moments[0])
    async with several(lease):
        await held(lease)
        moments[0] += 15

        assert not lease.is_held


async def test_the_holder_hears_for_whom_others_wrote(database):
    first, second = a_lease(database), a_lease(database)
    heard: asyncio.Queue[tuple[Address, str]] = asyncio.Queue()
    async with several(first, second):
        await held(first)
        async with kept(first, lambda *told: heard.put_nowait(told)):
            second.tell(Address("slack", "T1/U1"))
            second.tell(Address("telegram", "1001"))
            second.tell(Address("telegram", "1002"), "17 tap-1")
            found = {await asyncio.wait_for(heard.get(), SOON) for _ in range(2)}

    assert found == {(Address("telegram", "1001"), ""), (Address("telegram", "1002"), "17 tap-1")}
    assert heard.empty()


async def test_on_sqlite_there_is_nothing_to_share(path):
    with closing(opened(path)) as database:
        lease = a_lease(database)
        await held(lease)
        lease.check()
        lease.tell(Address("telegram", "1001"))
        await lease.release()

        assert isinstance(lease, SoleLease)
        assert lease.is_held
