"""What waits is sent: in order, once where that can be known, and whatever goes wrong."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from structlog.testing import capture_logs

from bot import delivery
from bot.delivery import Courier, Delivery
from bot.limits import BROADCAST, REPLY, Limits, Rates
from bot.platforms.platform import (
    Broken,
    NotAllowed,
    Platform,
    Refused,
    RetryLater,
    Unreachable,
)
from flows.messages import Address, Ask, Chose, Option, Reply, Review, Say
from storage.database import Database
from storage.errors import DatabaseBusy, DatabaseUnreachable, LeaseLost
from storage.leases import Lease, SoleLease
from storage.outbox import Sent
from storage.unit_of_work import Work
from tests.builders import NOON, WHOLE, Talk, closing, fresh, kept, met
from tests.doubles.moments import Time

T = TypeVar("T")

PLATFORM = "telegram"

OPEN = Rates(chat_burst=100, chat_per_second=100, per_second=1_000, group_per_minute=1_000)
"""So fast that no test notices it."""

STRICT = Rates(chat_burst=3, chat_per_second=1, per_second=30, group_per_minute=20)

MARKER = "quillwort"


class Watched(Database):
    """A database that says whether it is at work, and that can be made to fail."""

    def __init__(self, url: str) -> None:
        super().__init__(url, timeout=0.2)
        self.at_work = 0
        self.reading: list[Exception] = []
        self.writing: list[Exception] = []
        self._courier = threading.local()  # whether a thread works for it, or for the test

    async def read(self, work: Callable[[Connection], T]) -> T:
        if self.reading:
            raise self.reading.pop(0)
        self.at_work += 1
        try:
            return await super().read(work)
        finally:
            self.at_work -= 1

    def submit(self, work: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.at_work += 1

        def done() -> None:
            self.at_work -= 1

        def run() -> None:
            self._courier.writes = True
            try:
                work()
            finally:
                self._courier.writes = False
                with suppress(RuntimeError):  # the loop has ended, and nobody counts any more
                    loop.call_soon_threadsafe(done)

        super().submit(run)

    def write_here(self, work: Callable[[Connection], T]) -> T:
        if self.writing and getattr(self._courier, "writes", False):
            raise self.writing.pop(0)
        return super().write_here(work)


@dataclass(frozen=True)
class Shown:
    """What somebody sees, or saw before it was put in place of it."""

    at: float
    where: str
    text: str
    message_id: str


@dataclass
class Plain:
    """A platform on which everything arrives that is not scripted to go wrong."""

    time: Time
    shown: list[Shown] = field(default_factory=list)
    tried: list[tuple[float, str]] = field(default_factory=list)
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    """By the text of a message: what its tries end in, one after another."""
    lost: dict[str, int] = field(default_factory=dict)
    """By the text: how often the answer is lost after the platform took it."""
    takes: dict[str, float] = field(default_factory=dict)
    """By the text: seconds that it is under way."""
    name: str = PLATFORM

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        self.tried.append((self.time.at, reply.text))
        await self._travel(reply.text)
        self.fails(reply.text)
        self.shown.append(
            Shown(self.time.at, place or to.user, reply.text, str(len(self.shown) + 1))
        )
        if self.lost.get(reply.text, 0):
            self.lost[reply.text] -= 1
            raise Broken
        return Sent(str(len(self.shown)), NOON + timedelta(seconds=self.time.at))

    async def _travel(self, text: str) -> None:
        if text in self.takes:
            await self.time.sleep(self.takes[text])

    def fails(self, what: str) -> None:
        if self.faults.get(what):
            raise self.faults[what].pop(0)

    def texts(self, where: str | None = None) -> list[str]:
        return [each.text for each in self.shown if where in (None, each.where)]

    def times(self, text: str) -> list[float]:
        return [round(at, 3) for at, tried in self.tried if tried == text]


@dataclass
class Editing(Plain):
    """One whose messages can be changed: faults of `edit 1` and `close 1` are scripted so."""

    edited: list[tuple[str, str]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        self.fails(f"edit {message_id}")
        self.edited.append((message_id, reply.text))

    async def close(self, to: Address, message_id: str) -> None:
        await self._travel(f"close {message_id}")
        self.fails(f"close {message_id}")
        self.closed.append(message_id)


class Held(SoleLease):
    """A lease that is in the test's hands. `told`: what whoever sends elsewhere was told."""

    def __init__(self, *, is_held: bool = True) -> None:
        self.is_held = is_held
        self.told: list[tuple[str, str]] = []

    def check(self) -> None:
        if not self.is_held:
            raise LeaseLost

    def tell(self, address: Address, what: str = "") -> None:
        self.told.append((address.user, what))


class Post:
    """A courier on a database, with a platform and a time that are in the test's hands."""

    def __init__(
        self,
        database: Watched,
        *,
        rates: Rates = OPEN,
        platform: type[Plain] = Editing,
        after: "Post | None" = None,
        lease: Lease | None = None,
    ) -> None:
        """`after` a courier that ended, on the platform that it left."""
        self.database = database
        self.time: Time = after.time if after else Time(lambda: database.at_work > 0)
        self.platform: Any = after.platform if after else platform(self.time)
        self.courier = Courier(
            database,
            self._checked(self.platform),
            Limits(rates, self.time, sleep=self.time.sleep),
            lambda: NOON + timedelta(seconds=self.time.at),
            lease=lease,
            sleep=self.time.sleep,
            chance=lambda: 0,
        )

    @staticmethod
    def _checked(platform: Platform) -> Platform:
        return platform

    @asynccontextmanager
    async def runs(self) -> AsyncIterator["Post"]:
        running = asyncio.create_task(self.courier.run())
        try:
            yield self
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    def put(
        self,
        user: str,
        *replies: str | Reply,
        priority: int = REPLY,
        place: str | None = None,
        wakes: bool = True,
        in_place: bool = False,
    ) -> None:
        said = [Say(each) if isinstance(each, str) else each for each in replies]
        to = Address(PLATFORM, user)

        def putting(work: Work) -> None:
            met(work, to, user)
            work.outbox.put(
                to,
                said,
                conversation=None,
                now=NOON,
                priority=priority,
                place=place,
                in_place=in_place,
            )

        kept(self.database, putting)
        if wakes:
            self.courier.wake(to)

    async def all_sent(self) -> None:
        """Until nothing waits, and nobody is at anything."""
        await self.time.until(lambda: not self._is_at_work() and not self._waits())

    def _is_at_work(self) -> bool:
        return bool(self.courier._lanes or self.courier._showing.closing)

    def _waits(self) -> bool:
        return bool(self.database.read_now(lambda c: Work(c).outbox.waiting_for(PLATFORM)))

    def rows(self, *columns: str) -> list[tuple[Any, ...]]:
        found = f"SELECT {', '.join(columns)} FROM outbox ORDER BY id"
        rows = self.database.read_now(lambda c: c.exec_driver_sql(found).all())
        return [tuple(row) for row in rows]

    def reached(self, user: str) -> Address | None:
        """Where somebody is written to."""

        def found(work: Work) -> Address | None:
            known = work.members.known(Address(PLATFORM, user))
            assert known is not None
            return work.members.reach(known.member.id)

        return self.database.read_now(lambda c: found(Work(c)))


@pytest.fixture
def database(url: str) -> Iterator[Watched]:
    database = Watched(url)
    with closing(database):
        yield database


@pytest.fixture
def post(database: Watched) -> Post:
    return Post(database)


# ---- in order ----


async def test_what_waits_at_the_start_is_sent_in_order_and_marked(post):
    post.put("ana", "one", "two", "three", wakes=False)

    async with post.runs():
        await post.all_sent()

    assert post.platform.texts("ana") == ["one", "two", "three"]
    assert post.rows("message_id", "body") == [("1", None), ("2", None), ("3", None)]
    assert post.courier.sent == 3


async def test_whoever_is_woken_is_sent_to_at_once(post):
    async with post.runs():
        await post.time.passes(0.25)
        post.put("ana", "one")
        await post.all_sent()

    assert post.platform.times("one") == [0.25]


async def test_what_another_process_put_is_found_within_five_seconds(post):
    async with post.runs():
        await post.time.passes(0.25)
        post.put("ana", "one", wakes=False)
        await post.all_sent()

    assert post.platform.times("one") == [5]


async def test_what_comes_while_a_message_is_under_way_is_sent_after_it(post):
    post.platform.takes["one"] = 2
    async with post.runs():
        post.put("ana", "one")
        await post.time.passes(1)
        post.put("ana", "two")
        await post.all_sent()

    assert post.platform.texts("ana") == ["one", "two"]
    assert post.platform.times("two") == [2]


async def test_what_is_under_way_to_somebody_is_marked_before_they_are_heard(post):
    post.platform.takes["one"] = 2
    ana, bo = Address(PLATFORM, "ana"), Address(PLATFORM, "bo")
    async with post.runs():
        post.put("ana", "one")
        await post.time.passes(1)
        await post.courier.settled(bo)
        hearing = asyncio.create_task(post.courier.settled(ana))
        await post.time.passes(0.5)
        assert not hearing.done()
        await post.all_sent()
        await hearing
        await post.courier.settled(ana)

    assert post.rows("message_id") == [("1",)]


async def test_what_is_shared_on_one_subject_is_sent_anew_where_it_cannot_be_changed(post):
    async with post.runs():
        for text in ("first", "second"):
            post.put("ana", Say(text, subject="summary"), place="-1001")
            await post.all_sent()

    assert post.platform.texts() == ["first", "second"]


async def test_lanes_go_side_by_side(post):
    post.platform.takes["slow"] = 60
    async with post.runs():
        post.put("ana", "slow")
        post.put("bo", "quick", "and quick")
        await post.all_sent()

    assert post.platform.texts() == ["quick", "and quick", "slow"]
    assert post.platform.times("and quick") == [0]


async def test_what_is_for_another_platform_is_left_alone(post):
    there = Address("terminal", "ana")
    kept(post.database, lambda w: w.outbox.put(there, [Say("one")], conversation=None, now=NOON))

    async with post.runs():
        post.courier.wake(there)
        await post.time.passes(6)

    assert post.platform.tried == []


async def test_a_message_to_a_group_is_shown_there(post):
    async with post.runs():
        post.put("ana", "to all", place="-100/7")
        await post.all_sent()

    assert [(each.where, each.text) for each in post.platform.shown] == [("-100/7", "to all")]


# ---- at the allowed rate ----


async def test_a_chat_is_sent_three_at_once_and_then_one_a_second(database):
    post = Post(database, rates=STRICT)
    async with post.runs():
        post.put("ana", "a", "b", "c", "d", "e")
        await post.all_sent()

    assert [round(each.at, 3) for each in post.platform.shown] == [0, 0, 0, 1, 2]


async def test_a_reply_goes_before_broadcasts_to_others(database):
    post = Post(database, rates=Rates(10, 10, per_second=1, group_per_minute=20))
    for n in range(5):
        post.put(f"c{n}", f"all{n}", priority=BROADCAST)

    async with post.runs():
        await post.time.passes(1.5)
        post.put("ana", "reply")
        await post.all_sent()

    assert post.platform.texts().index("reply") == 2
    assert post.platform.times("reply") == [2]


async def test_a_reply_behind_a_broadcast_to_the_same_person_takes_it_along(database):
    post = Post(database, rates=Rates(10, 10, per_second=1, group_per_minute=20))
    for n in range(5):
        post.put(f"c{n}", f"all{n}", priority=BROADCAST)

    async with post.runs():
        await post.time.passes(0.25)
        post.put("ana", "all5", priority=BROADCAST)
        await post.time.passes(0.25)
        post.put("ana", "reply")
        await post.all_sent()

    assert post.platform.texts()[1:3] == ["all5", "reply"]
    assert len(post.platform.texts()) == 7


async def test_what_is_taken_back_while_it_waits_its_turn_is_not_sent(database):
    post = Post(database, rates=STRICT)
    async with post.runs():
        post.put("ana", "a", "b", "c", "d", "e")
        await post.time.passes(0.5)
        kept(
            database,
            lambda w: w.outbox._connection.exec_driver_sql("DELETE FROM outbox WHERE id = 4"),
        )
        await post.all_sent()

    assert post.platform.texts() == ["a", "b", "c", "e"]


# ---- faults ----


async def test_a_chat_that_is_told_to_wait_holds_only_itself_and_no_longer(post):
    post.platform.faults["one"] = [RetryLater(7)]
    async with post.runs():
        post.put("ana", "one", "two")
        post.put("bo", "three")
        await post.all_sent()

    assert post.platform.times("one") == [0, 7]
    assert post.platform.times("three") == [0]
    assert post.platform.texts("ana") == ["one", "two"]
    assert post.courier.retried == 1


async def test_a_broken_connection_is_tried_again_after_growing_pauses(post):
    post.platform.faults["one"] = [Broken() for _ in range(9)]
    async with post.runs():
        post.put("ana", "one", "two")
        await post.all_sent()

    at = post.platform.times("one")
    pauses = [round(b - a, 3) for a, b in pairwise(at)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert post.platform.texts() == ["one", "two"]


async def test_pauses_differ_and_end_at_a_minute(post):
    spans = []
    for chance in (0, 0.5, 0.999):
        post.courier._chance = lambda chance=chance: chance
        spans.append([round(post.courier._span(failures)) for failures in (0, 3, 50)])

    assert spans == [[0, 4, 30], [1, 6, 45], [1, 8, 60]]


async def test_a_connection_lost_after_the_platform_took_a_message_sends_it_once_more(post):
    post.platform.lost["one"] = 1
    async with post.runs():
        post.put("ana", "one", "two")
        await post.all_sent()

    assert post.platform.texts() == ["one", "one", "two"]


async def test_killed_between_sending_and_marking_a_message_is_sent_again(database, monkeypatch):
    monkeypatch.setattr(delivery, "GRACE", 0)
    killed = Post(database)
    async with killed.runs():
        killed.put("ana", "one", "two")
        database.writing = [DatabaseBusy() for _ in range(1_000)]
        await killed.time.passes(3)
    database.writing = []

    post = Post(database, after=killed)
    async with post.runs():
        await post.all_sent()

    assert post.platform.texts() == ["one", "one", "two"]


async def test_a_mark_that_cannot_be_written_is_tried_again_and_nothing_is_sent_twice(post):
    async with post.runs():
        post.put("ana", "one", "two")
        post.database.writing = [DatabaseBusy(), DatabaseUnreachable("x"), OSError()]
        await post.all_sent()

    assert post.platform.texts() == ["one", "two"]
    assert post.platform.times("two") == [3.5]


async def test_what_cannot_be_read_is_read_again(post):
    post.put("ana", "one", wakes=False)
    post.database.reading = [DatabaseBusy()]  # at the start: the sweep
    async with post.runs():
        await post.time.passes(1)
        post.put("bo", "two")
        post.database.reading = [DatabaseBusy()]  # in a lane
        await post.all_sent()

    assert post.platform.times("two") == [1.5]
    assert post.platform.times("one") == [5]


async def test_somebody_who_is_gone_is_sent_nothing_more_until_they_write(post):
    post.platform.faults["one"] = [Unreachable()]
    async with post.runs():
        post.put("ana", "one", "two")
        await post.all_sent()
        while_gone = post.reached("ana")
        post.put("ana", "three")  # whoever writes is met
        await post.all_sent()

    assert while_gone is None
    assert post.reached("ana") == Address(PLATFORM, "ana")
    assert post.platform.texts() == ["three"]
    assert post.rows("fault", "body")[:2] == [("unreachable", None)] * 2
    assert post.courier.unreachable == 1


async def test_a_group_that_is_gone_does_not_make_a_person_unreachable(post):
    post.platform.faults["to all"] = [Unreachable()]
    async with post.runs():
        post.put("ana", "to all", place="-100")
        post.put("ana", "to you")
        await post.all_sent()

    assert post.platform.texts() == ["to you"]
    assert post.reached("ana") is not None
    assert post.rows("fault") == [("unreachable",), (None,)]


async def test_a_message_that_is_refused_is_put_aside_and_the_next_one_goes(post):
    post.platform.faults[MARKER] = [Refused("can't parse entities")]
    with capture_logs() as logs:
        async with post.runs():
            post.put("ana", MARKER, "two")
            await post.all_sent()

    assert post.platform.texts() == ["two"]
    assert post.rows("fault", "body") == [("can't parse entities", None), (None, None)]
    refused = {
        "event": "delivery.refused",
        "log_level": "warning",
        "platform": PLATFORM,
        "row": 1,
        "fault": "can't parse entities",
    }
    assert logs == [refused]
    assert post.courier.refused == 1


async def test_a_fault_that_is_longer_than_its_column_is_cut(post):
    post.platform.faults["one"] = [Refused("x" * 1_000)]
    async with post.runs():
        post.put("ana", "one")
        await post.all_sent()

    assert post.rows("fault") == [("x" * 255,)]


async def test_what_breaks_the_platforms_own_code_is_tried_five_times_and_put_aside(post):
    post.platform.faults[MARKER] = [ValueError(MARKER) for _ in range(9)]
    with capture_logs() as logs:
        async with post.runs():
            post.put("ana", MARKER, "two")
            await post.all_sent()

    assert len(post.platform.times(MARKER)) == 5
    assert post.platform.texts() == ["two"]
    assert post.rows("fault") == [("ValueError",), (None,)]
    assert MARKER not in repr(logs)


async def test_a_bot_that_is_not_let_in_knocks_ever_more_seldom_and_says_so_once(post):
    post.platform.faults = {name: [NotAllowed()] * 3 for name in ("one", "two")}
    with capture_logs() as logs:
        async with post.runs():
            post.put("ana", "one")
            post.put("bo", "two")
            await post.time.passes(0)
            was_allowed = post.courier.is_allowed
            await post.all_sent()

    assert not was_allowed
    assert post.courier.is_allowed
    assert sorted(post.platform.texts()) == ["one", "two"]
    assert [log["event"] for log in logs] == ["delivery.not-allowed"]
    knocked = sorted({at for at, _ in post.platform.tried})
    pauses = [b - a for a, b in pairwise(knocked)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= 0.5
    assert pauses[-1] > 8


# ---- buttons ----


def asks(text: str, *, step: str = "activity") -> Ask:
    option = Option("skip", "Skip")
    return Ask(text=text, options=(option,), step=step, revision=1, conversation=1)


def review(text: str) -> Review:
    return Review(
        intro="",
        title="",
        parts=(),
        text=text,
        options=(Option("send", "Send"),),
        step="review",
        revision=1,
        conversation=1,
    )


async def test_the_buttons_of_a_question_go_before_the_next_one(post):
    async with post.runs():
        post.put("ana", asks("first?"))
        await post.all_sent()
        post.put("bo", asks("other?"))
        await post.all_sent()
        post.put("ana", "Noted.", asks("second?"))
        await post.all_sent()

    assert post.platform.closed == ["1"]
    assert post.rows("has_buttons") == [(b,) for b in booleans(post, 0, 1, 0, 1)]


async def test_a_question_does_not_wait_for_the_buttons_of_another(post):
    post.platform.takes["close 1"] = 60
    async with post.runs():
        post.put("ana", asks("first?"), asks("second?"), "and more")
        await post.time.passes(1)

        assert post.platform.texts() == ["first?", "second?", "and more"]
        await post.time.passes(60)

    assert post.platform.closed == ["1"]


@pytest.mark.parametrize(
    ("fault", "tries"),
    [
        (Broken(), 2),
        (NotAllowed(), 2),
        (ValueError(), 2),
        (Refused("message can't be edited"), 1),
    ],
    ids=lambda v: type(v).__name__,
)
async def test_buttons_that_could_not_be_taken_away_are_so_before_the_next_question(
    post, fault, tries
):
    post.platform.faults["close 1"] = [fault]
    async with post.runs():
        for text in ("first?", "second?", "third?"):
            post.put("ana", asks(text))
            await post.all_sent()

    assert post.platform.closed.count("1") == tries - 1
    assert post.rows("has_buttons") == [(b,) for b in booleans(post, 0, 0, 1)]
    assert post.courier.is_allowed


async def test_taking_buttons_away_counts_as_a_message_and_heeds_what_it_is_told(database):
    post = Post(database, rates=STRICT)
    post.platform.faults["close 1"] = [RetryLater(9)]
    async with post.runs():
        post.put("ana", asks("first?"), asks("second?"), "third")
        await post.all_sent()

    assert post.platform.times("second?") == [0]
    assert post.platform.times("third") == [9]


async def test_a_question_that_is_the_same_anew_is_shown_in_place_of_itself(post):
    async with post.runs():
        post.put("ana", review("Who?"))
        await post.all_sent()
        post.put("ana", review("Who? [x]"), in_place=True)
        await post.all_sent()
        post.put("ana", asks("next?"))
        await post.all_sent()

    assert post.platform.texts() == ["Who?", "next?"]
    assert post.platform.edited == [("1", "Who? [x]")]
    assert post.platform.closed == ["1"]
    assert post.rows("message_id") == [("1",), ("1",), ("2",)]
    assert post.rows("has_buttons") == [(b,) for b in booleans(post, 0, 0, 1)]


async def test_where_a_message_cannot_be_changed_any_more_it_is_sent_anew(post):
    post.platform.faults["edit 1"] = [Refused("message can't be edited")]
    async with post.runs():
        post.put("ana", review("Who?"))
        await post.all_sent()
        post.put("ana", review("Who? [x]"), in_place=True)
        await post.all_sent()

    assert post.platform.texts() == ["Who?", "Who? [x]"]
    assert post.platform.closed == ["1"]


async def test_a_change_whose_answer_was_lost_is_made_again_and_not_sent_anew(post):
    post.platform.faults["edit 1"] = [Broken(), RetryLater(3)]
    async with post.runs():
        post.put("ana", review("Who?"))
        await post.all_sent()
        post.put("ana", review("Who? [x]"), in_place=True)
        await post.all_sent()

    assert post.platform.texts() == ["Who?"]
    assert post.platform.edited == [("1", "Who? [x]")]


async def test_another_question_than_the_last_one_is_never_put_in_its_place(post):
    async with post.runs():
        post.put("ana", asks("What?"))
        await post.all_sent()
        post.put("ana", review("Who?"), in_place=True)
        await post.all_sent()

    assert post.platform.texts() == ["What?", "Who?"]
    assert post.platform.closed == ["1"]


async def test_a_platform_whose_messages_stay_as_they_are_is_sent_everything_anew(database):
    post = Post(database, platform=Plain)
    async with post.runs():
        post.put("ana", review("Who?"))
        await post.all_sent()
        post.put("ana", review("Who? [x]"), in_place=True)
        await post.all_sent()

    assert post.platform.texts() == ["Who?", "Who? [x]"]
    assert post.rows("has_buttons") == [(b,) for b in booleans(post, 0, 1)]


def booleans(post: Post, *values: int) -> list[Any]:
    """As the driver gives them."""
    return list(values) if post.database.is_sqlite else [bool(value) for value in values]


# ---- an end ----


async def test_drained_is_when_nothing_waits_any_more(post):
    post.platform.takes["one"] = 2
    post.put("ana", "one", "two", wakes=False)
    async with post.runs():
        draining = asyncio.create_task(post.courier.drain(10))
        await post.time.until(draining.done)

    assert draining.result()
    assert post.time.at == 2
    assert post.platform.texts() == ["one", "two"]


async def test_what_takes_too_long_is_not_waited_for(post):
    post.platform.faults["one"] = [Broken() for _ in range(1_000)]
    post.put("ana", "one")
    async with post.runs():
        draining = asyncio.create_task(post.courier.drain(10))
        await post.time.until(draining.done)

    assert not draining.result()
    assert post.time.at == 10


async def test_what_is_being_sent_at_the_end_is_finished_and_nothing_else_begun(post):
    post.platform.takes["one"] = 2
    post.put("ana", "one", "two")
    running = asyncio.create_task(post.courier.run())
    await post.time.passes(1)

    running.cancel()
    await post.time.until(running.done)

    assert post.platform.texts() == ["one"]
    assert post.rows("message_id") == [("1",), (None,)]


async def test_somebody_who_is_woken_after_the_end_is_left_for_the_next_start(post):
    async with post.runs():
        await post.time.passes(1)
    post.put("ana", "one")
    await post.time.passes(1)

    assert post.platform.tried == []


# ---- one of several ----


async def test_whoever_does_not_hold_the_lease_tells_the_one_who_does(database):
    lease = Held(is_held=False)
    post = Post(database, lease=lease)
    post.put("ana", "one")
    post.courier.pass_on(Address(PLATFORM, "ana"), "17 tap-1")

    assert lease.told == [("ana", ""), ("ana", "17 tap-1")]
    assert post.platform.tried == []


async def test_who_holds_the_lease_tells_nobody(database):
    lease = Held()
    post = Post(database, lease=lease)
    async with post.runs():
        post.put("ana", "one")
        post.courier.pass_on(Address(PLATFORM, "ana"), "17 tap-1")
        await post.all_sent()

    assert lease.told == []
    assert post.platform.texts() == ["one"]


async def test_without_the_lease_nothing_is_begun_any_more(database):
    lease = Held()
    post = Post(database, rates=STRICT, lease=lease)
    async with post.runs():
        post.put("ana", "one", "two", "three", "four", "five")
        await post.time.passes(0.5)
        lease.is_held = False
        await post.time.passes(30)

    assert post.platform.texts() == ["one", "two", "three"]


async def test_what_was_being_sent_when_the_lease_was_lost_is_marked_once_that_can_be(database):
    lease = Held()
    post = Post(database, lease=lease)
    post.platform.takes["one"] = 8
    async with post.runs():
        post.put("ana", "one", "two")
        await post.time.passes(1)
        lease.is_held = False
        post.database.writing = [DatabaseUnreachable("x") for _ in range(5)]
    await post.time.until(lambda: not post.courier._lanes)

    assert post.platform.texts() == ["one"]
    assert post.rows("message_id") == [("1",), (None,)]

    lease.is_held = True
    async with post.runs():
        await post.all_sent()

    assert post.platform.texts() == ["one", "two"]


async def test_what_another_process_sends_is_waited_for_before_somebody_is_heard(database):
    ana = Address(PLATFORM, "ana")
    post, other = Post(database, lease=Held(is_held=False)), Post(database)
    await post.courier.settled(ana)
    assert post.time.at == 0
    post.put("ana", "one")
    await _waited(post, ana, 2)  # and no longer
    async with other.runs():
        await other.all_sent()
    await _waited(post, ana, 2)


async def _waited(post: Post, to: Address, until: float) -> None:
    """It is heard from then on, as seen from the start."""
    hearing = asyncio.create_task(post.courier.settled(to))
    await post.time.until(hearing.done)
    assert round(post.time.at, 2) == until


# ---- whatever comes ----


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    arrivals=st.lists(
        st.tuples(
            st.sampled_from(["ana", "bo", "cy"]),
            st.integers(1, 4),
            st.sampled_from([REPLY, BROADCAST]),
            st.floats(0, 6),
            st.booleans(),
        ),
        min_size=1,
        max_size=6,
    ),
    faults=st.lists(
        st.tuples(st.integers(0, 15), st.sampled_from(["broken", "later", "lost", "unmarked"])),
        max_size=6,
    ),
)
def test_whatever_comes_each_chat_keeps_its_order_and_no_limit_is_exceeded(arrivals, faults):
    with TemporaryDirectory() as folder:
        database = Watched(f"sqlite:///{fresh(Path(folder))}")
        with closing(database):
            post, put, repeated = asyncio.run(_all_arrive(database, arrivals, faults))

    for user, texts in put.items():
        seen = list(dict.fromkeys(post.platform.texts(user)))
        assert seen == texts
    again = [text for text in set(post.platform.texts()) if post.platform.texts().count(text) > 1]
    assert set(again) <= repeated
    for user in put:
        at = [at for at, text in post.platform.tried if text in put[user]]
        for first, begin in enumerate(at):
            for last in range(first, len(at)):
                assert last - first + 1 <= 3 + (at[last] - begin) + 1e-4


async def _all_arrive(
    database: Watched, arrivals: list[Any], faults: list[Any]
) -> tuple[Post, dict[str, list[str]], set[str]]:
    post = Post(database, rates=STRICT, platform=Plain)
    put: dict[str, list[str]] = {}
    names: list[str] = []
    repeated = set()
    for place, (_, many, _, _, _) in enumerate(arrivals):
        names += [f"{place}.{n}" for n in range(many)]
    for number, kind in faults:
        text = names[number % len(names)]
        if kind == "lost":
            post.platform.lost[text] = post.platform.lost.get(text, 0) + 1
            repeated.add(text)
        elif kind == "unmarked":
            database.writing.append(DatabaseBusy())
        else:
            fault = Broken() if kind == "broken" else RetryLater(2.5)
            post.platform.faults.setdefault(text, []).append(fault)
    async with post.runs():
        for place, (user, many, priority, after, wakes) in sorted(
            enumerate(arrivals), key=lambda each: float(each[1][3])
        ):
            await post.time.passes(max(0, after - post.time.at))
            texts = [f"{place}.{n}" for n in range(many)]
            post.put(user, *texts, priority=priority, wakes=wakes)
            put.setdefault(user, []).extend(texts)
        await post.all_sent()
    return post, put, repeated


# ---- the terminal's, and what a turn puts ----


async def test_each_message_is_marked_as_soon_as_it_was_sent(post):
    post.put("ana", "one", "two", "three", wakes=False)
    post.platform.faults["three"] = [Broken()]
    on_request = Delivery(post.database, post.platform, lambda: NOON)

    with pytest.raises(Broken):
        await on_request.deliver(Address(PLATFORM, "ana"))
    again = await on_request.deliver(Address(PLATFORM, "ana"))

    assert again == 1
    assert post.platform.texts() == ["one", "two", "three"]


async def test_a_tap_that_only_changes_the_review_shows_it_in_place(database):
    talk = Talk(database, address=Address(PLATFORM, "ana"))
    (shown,) = [r for r in await talk.say("/start", *WHOLE[:9]) if isinstance(r, Review)]
    names = {option.name for option in shown.options}
    assert "unnamed" in names

    await talk.turns.handle(talk.inbound(_tap(shown, "unnamed")))

    (row,) = _waiting(talk)
    assert isinstance(row.reply, Review)
    assert row.in_place


async def test_a_stale_tap_and_words_show_the_review_below(database):
    talk = Talk(database, address=Address(PLATFORM, "ana"))
    (shown,) = [r for r in await talk.say("/start", *WHOLE[:9]) if isinstance(r, Review)]
    await talk.put(_tap(shown, "unnamed"))

    await talk.turns.handle(talk.inbound(_tap(shown, "unnamed")))
    await talk.turns.handle(talk.inbound(Chose("unnamed")))

    rows = _waiting(talk)
    assert isinstance(rows[-1].reply, Review)
    assert not any(row.in_place for row in rows)


def _tap(shown: Ask | Review, choice: str) -> Chose:
    return Chose(choice, shown.step, shown.revision, shown.conversation)


def _waiting(talk: Talk) -> list[Any]:
    return talk.database.read_now(lambda c: Work(c).outbox.waiting(talk.address))
