"""How fast may be sent: no window is exceeded, replies go first, a held chat holds nobody else."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.limits import BROADCAST, FEW, REPLY, Budget, Chat, Limits, Rates
from config.settings import Settings
from tests.doubles.moments import Time

ANA, BO = Chat("ana"), Chat("bo")
CIRCLE = Chat("circle", is_group=True)

RATES = Rates(chat_burst=3, chat_per_second=1, per_second=30, group_per_minute=20)

A_LITTLE = 1e-4  # seconds by which sums of waiting times may differ


@dataclass(frozen=True)
class Went:
    at: float
    chat: Chat
    name: str


@dataclass
class Street:
    """Whoever waits at the limits, and when each of them went."""

    rates: Rates = RATES
    time: Time = field(default_factory=Time)
    went: list[Went] = field(default_factory=list)
    comes: list["asyncio.Task[None]"] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.limits = Limits(self.rates, self.time, sleep=self.time.sleep)

    def come(self, chat: Chat, *names: str, priority: int = REPLY, after: float = 0) -> None:
        """One after another, as a lane does."""

        async def coming() -> None:
            if after:
                await self.time.sleep(after)
            for name in names:
                if not self.limits.goes_now(chat, priority):
                    await self.limits.turn(chat, priority)
                self.went.append(Went(self.time.at, chat, name))

        self.comes.append(asyncio.create_task(coming()))

    async def all_went(self) -> None:
        await self.time.until(lambda: all(task.done() for task in self.comes), most=100_000)

    def times(self, chat: Chat) -> list[float]:
        return [round(went.at, 4) for went in self.went if went.chat == chat]

    def names(self) -> str:
        return " ".join(went.name for went in self.went)


def numbered(name: str, most: int) -> list[str]:
    return [f"{name}{n}" for n in range(most)]


async def test_a_chat_is_sent_three_at_once_and_then_one_a_second():
    street = Street()
    street.come(ANA, *numbered("a", 6))

    await street.all_went()

    assert street.times(ANA) == [0, 0, 0, 1, 2, 3]


async def test_what_a_chat_did_not_use_comes_back_and_no_more_than_that():
    street = Street()
    street.come(ANA, *numbered("a", 3))
    street.come(ANA, *numbered("b", 5), after=100)

    await street.all_went()

    assert street.times(ANA) == [0, 0, 0, 100, 100, 100, 101, 102]


async def test_thirty_a_second_go_in_all():
    street = Street()
    for n in range(100):
        street.come(Chat(f"c{n}"), "x")

    await street.all_went()

    at = [round(went.at, 4) for went in street.went]
    assert [at.count(second) for second in (0, 1, 2, 3)] == [30, 30, 30, 10]


async def test_a_group_is_sent_twenty_a_minute_whoever_they_are_for():
    street = Street()
    street.come(CIRCLE, *numbered("a", 15))
    street.come(CIRCLE, *numbered("b", 15))

    await street.all_went()

    at = street.times(CIRCLE)
    assert at[19] < 20
    assert at[20] == pytest.approx(60, abs=A_LITTLE)


async def test_a_reply_goes_before_the_broadcasts_that_wait():
    street = Street()
    for n in range(90):
        street.come(Chat(f"c{n}"), f"all{n}", priority=BROADCAST)
    street.come(ANA, "reply", after=1.2345)

    await street.all_went()

    reply = next(went for went in street.went if went.name == "reply")
    assert reply.at - 1.2345 <= 1 / 30 + A_LITTLE
    assert street.names().index("reply") < street.names().index("all60")


async def test_broadcasts_wait_until_no_reply_does():
    street = Street(rates=replace(RATES, per_second=1))
    street.come(BO, "all0", "all1", priority=BROADCAST)
    for n in range(4):
        street.come(Chat(f"c{n}"), f"reply{n}", after=0.5)

    await street.all_went()

    assert street.names() == "all0 reply0 reply1 reply2 reply3 all1"


async def test_broadcasts_are_as_fast_as_is_allowed_where_nobody_else_is():
    street = Street()
    for n in range(61):
        street.come(Chat(f"c{n}"), f"all{n}", priority=BROADCAST)

    await street.all_went()

    assert street.went[-1].at == pytest.approx(2, abs=0.01)


async def test_a_chat_that_is_told_to_wait_holds_only_itself():
    street = Street()
    street.limits.hold(ANA, 7)
    street.come(ANA, "a0")
    street.come(BO, "b0")

    await street.all_went()

    assert street.times(ANA) == [7]
    assert street.times(BO) == [0]


async def test_a_shorter_wait_does_not_end_a_longer_one():
    street = Street()
    street.limits.hold(ANA, 7)
    street.limits.hold(ANA, 2)
    street.come(ANA, "a0")

    await street.all_went()

    assert street.times(ANA) == [7]


async def test_whoever_gives_up_waiting_holds_nobody_up():
    street = Street(rates=replace(RATES, per_second=1))
    street.come(ANA, "a0")
    street.come(BO, "b0")
    street.come(CIRCLE, "c0")
    await street.time.passes(0.5)

    street.comes[1].cancel()
    await street.all_went()

    assert street.names() == "a0 c0"


async def test_a_text_that_was_split_counts_as_many_messages():
    street = Street()
    street.limits.count(ANA, REPLY, 3)
    street.come(ANA, "a")
    street.come(BO, "b")

    await street.all_went()

    assert (street.times(ANA), street.times(BO)) == ([1], [0])


def test_chats_that_are_long_quiet_are_forgotten():
    time = Time()
    budget = Budget(RATES, time)
    for n in range(20 * FEW):
        budget.take(Chat(f"c{n}", is_group=n % 2 == 0), REPLY)
        time.at += 0.1

    assert len(budget._chats) <= FEW
    assert budget.chat_wait(Chat("c0", is_group=True)) == 0


def test_limits_are_those_of_the_settings():
    rates = Rates.of(Settings(limit_chat_burst=5, limit_per_second=0.5))

    assert rates == Rates(chat_burst=5, chat_per_second=1, per_second=0.5, group_per_minute=20)


# ---- whatever comes ----

CHATS = [ANA, BO, CIRCLE, Chat("others", is_group=True)]

ARRIVALS = st.lists(
    st.tuples(
        st.sampled_from(CHATS),
        st.integers(1, 12),
        st.sampled_from([REPLY, BROADCAST]),
        st.floats(0, 20),
    ),
    max_size=12,
)

SOME_RATES = st.builds(
    Rates,
    chat_burst=st.integers(1, 4),
    chat_per_second=st.sampled_from([0.5, 1.0, 3.0]),
    per_second=st.sampled_from([0.5, 2.5, 5.0, 30.0]),
    group_per_minute=st.sampled_from([4.0, 20.0]),
)


@settings(max_examples=60, deadline=None)
@given(rates=SOME_RATES, arrivals=ARRIVALS)
def test_no_window_is_exceeded_and_every_lane_keeps_its_order(rates, arrivals):
    street = _run(lambda: _all(rates, arrivals))

    at = [went.at for went in street.went]
    assert len(at) == sum(many for _, many, _, _ in arrivals)
    assert_at_most(at, rates.per_second, 1)
    for chat in CHATS:
        its = [went.at for went in street.went if went.chat == chat]
        if chat.is_group:
            assert_at_most(its, rates.group_per_minute, 60)
        for first, begin in enumerate(its):
            for last in range(first, len(its)):
                most = rates.chat_burst + (its[last] - begin) * rates.chat_per_second
                assert last - first + 1 <= most + A_LITTLE
    for lane in range(len(arrivals)):
        own = [went.name for went in street.went if went.name.startswith(f"{lane}.")]
        assert own == sorted(own, key=lambda name: int(name.partition(".")[2]))


def assert_at_most(at: Sequence[float], rate: float, seconds: float) -> None:
    """No window in which so many may go has one more, whenever it begins."""
    most = max(1, int(rate))
    for begin, after in zip(at, at[most:], strict=False):
        assert after - begin >= seconds * most / rate - A_LITTLE


async def _all(rates: Rates, arrivals: Sequence[tuple[Chat, int, int, float]]) -> Street:
    street = Street(rates=rates)
    for lane, (chat, many, priority, after) in enumerate(arrivals):
        street.come(chat, *numbered(f"{lane}.", many), priority=priority, after=after)
    await street.all_went()
    return street


def _run(work: Callable[[], Awaitable[Street]]) -> Street:
    async def working() -> Street:
        return await work()

    return asyncio.run(working())
