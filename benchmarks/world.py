"""Storytrail on a database, with people who answer its interview."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from time import perf_counter
from uuid import uuid4

from sqlalchemy import Connection, Select, func, select

from bot.house import House
from bot.interviews import Interviews
from bot.platforms import spelling
from bot.turns import Turns
from config import definitions, texts
from flows.messages import Address, Chose, Commanded, Inbound, Payload, Said
from storage import migrations
from storage.database import Database
from storage.inbox import InboxStatus
from storage.journal import Journal
from storage.outbox import Sent
from storage.tables import addresses, conversations
from storage.unit_of_work import Work

PLATFORM = "terminal"
BEGINNING = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LENGTH = 400  # characters of an answer
AT_ONCE = 64  # chats

# Each closes every gap that its question asks about, so that no follow-up comes.
TOLD = (
    "In March the circle met, and it was good to listen to how the others do it. ",
    "A checklist for the first week of newcomers, and whom to ask about it. ",
    "I used it with my team in April, with two colleagues who were new. ",
    "People were on their own after nine days instead of three weeks, and my boss noticed. ",
    "The checklist, and also our new office, which brought us all onto one floor. ",
    "We would have got there later, and with more of us asking the same questions. ",
    "I told them in May what came of it, and they were glad to hear about it. ",
)
ANSWERS = tuple((told * 9)[:LENGTH] for told in TOLD)
"""The seven answers in words that lead from the first question to the review."""


@cache
def shipped() -> Interviews:
    return Interviews(definitions.load(), texts.Texts.load())


_ticks = itertools.count()  # of one clock for all worlds: a file may be opened twice


class World:
    """The bot on one database. Its clock moves on by a second whenever somebody looks."""

    def __init__(self, url: str, loop: asyncio.Runner) -> None:
        self._loop = loop
        self.database = Database(url)
        self.database.write_now(migrations.upgrade)
        self.database.write_now(
            lambda c: Work(c).communities.add("main", "the circle", language="en", now=BEGINNING)
        )
        house = House(interviews=shipped(), spelling=spelling)
        self.turns = Turns(self.database, house, journal=Journal(None), now=self.now)

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=next(_ticks))

    def inbound(self, person: str, payload: Payload) -> Inbound:
        return Inbound(
            key=str(uuid4()),
            address=Address(PLATFORM, person),
            said_at=self.now(),
            payload=payload,
            message_id=str(next(_ticks)),
            name=person,
        )

    def prepare(self, people: Sequence[str]) -> None:
        """Everybody has agreed, and the first question is delivered."""
        for chunk in portions(people, AT_ONCE):
            for payload in (Commanded("start"), Chose("agree")):
                self.at_once([self.inbound(person, payload) for person in chunk])
                self.deliver(chunk)

    def one_by_one(self, inbounds: Sequence[Inbound]) -> float:
        """Seconds for all of them, one turn after another."""

        async def all_of_them() -> float:
            began = perf_counter()
            for inbound in inbounds:
                await self.turns.handle(inbound)
            return perf_counter() - began

        return self._loop.run(all_of_them())

    def at_once(self, inbounds: Sequence[Inbound]) -> float:
        """Seconds for all of them, a task each."""

        async def all_of_them() -> float:
            began = perf_counter()
            await asyncio.gather(*(self.turns.handle(inbound) for inbound in inbounds))
            return perf_counter() - began

        return self._loop.run(all_of_them())

    def rate(
        self, people: Sequence[str], answers: Sequence[str] = ANSWERS, *, at_once: bool = False
    ) -> float:
        """Turns a second: every person gives every answer. What is asked is delivered untimed."""
        seconds = 0.0
        for answer in answers:
            inbounds = [self.inbound(person, Said(answer)) for person in people]
            seconds += self.at_once(inbounds) if at_once else self.one_by_one(inbounds)
            self.deliver(people)
        self._check(people)
        return len(people) * len(answers) / seconds

    def deliver(self, people: Sequence[str]) -> None:
        def take(connection: Connection) -> None:
            outbox = Work(connection).outbox
            for person in people:
                waiting = outbox.waiting(Address(PLATFORM, person))
                outbox.mark_sent([(row.id, Sent(None, self.now())) for row in waiting])

        self.database.write_now(take)

    def close(self) -> None:
        self.database.close()

    def _check(self, people: Sequence[str]) -> None:
        """Every answer was taken as one: everybody stands before the review, and nothing failed."""
        found = self.database.read_now(lambda c: c.execute(_at_review(people)).scalar_one())
        failed = self.database.read_now(lambda c: Work(c).inbox.open(InboxStatus.FAILED))
        assert found == len(people), f"{found} of {len(people)} came to the review"
        assert not failed


@contextmanager
def opened(url: str, loop: asyncio.Runner) -> Iterator[World]:
    world = World(url, loop)
    try:
        yield world
    finally:
        world.close()


def named(prefix: str, count: int) -> list[str]:
    return [f"{prefix}-{n}" for n in range(count)]


def portions(people: Sequence[str], size: int) -> Iterator[list[str]]:
    """`people` by portions, one for each measurement."""
    for start in range(0, len(people), size):
        yield list(people[start : start + size])


def _at_review(people: Sequence[str]) -> Select[int]:
    return (
        select(func.count())
        .select_from(conversations)
        .join(addresses, addresses.c.member_id == conversations.c.member_id)
        .where(addresses.c.user.in_(people), conversations.c.place == "review")
    )
