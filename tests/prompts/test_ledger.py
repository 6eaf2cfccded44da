"""What the ledger says of prompts that a courier sends, or cannot."""

import asyncio
from datetime import timedelta
from itertools import count

import pytest

from bot.delivery import Courier
from bot.limits import Limits, Rates
from bot.platforms.platform import Broken, NotAllowed, Refused, RetryLater, Unreachable
from flows.messages import Address, Reply
from storage.outbox import Sent
from storage.unit_of_work import Work

BEGINS = "Cora asks"

OPEN = Rates(chat_burst=100, chat_per_second=100, per_second=1_000, group_per_minute=1_000)


class Post:
    """A terminal whose sending goes wrong as scripted; it keeps what arrived."""

    name = "terminal"

    def __init__(self, circle, *faults: Exception, taken: bool = False) -> None:
        self.circle = circle
        self.faults = list(faults)
        self.taken = taken
        self.arrived: list[str] = []

    async def send(self, to: Address, reply: Reply, *, place: str | None = None) -> Sent:
        fault = self.faults.pop(0) if self.faults and reply.text.startswith(BEGINS) else None
        if fault is None or self.taken:
            self.arrived.append(reply.text)
        if fault is not None:
            raise fault
        return Sent(f"post {len(self.arrived)}", self.circle.now)


async def _sends(circle, post: Post) -> None:
    """All that waits, until nothing does."""

    seconds = count()

    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    courier = Courier(
        circle.stage.database,
        post,
        Limits(OPEN, lambda: float(next(seconds)), sleep=at_once),
        lambda: circle.now,
        sleep=at_once,
    )
    running = asyncio.create_task(courier.run())
    for _ in range(10_000):
        if await circle.stage.database.read(lambda c: not Work(c).outbox.waiting_for("terminal")):
            break
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def _share(circle):
    return circle.stage.rows("SELECT status, sent_at, repeated_at FROM deliveries")[0]


@pytest.mark.parametrize(
    ("fault", "status", "repeated", "arrived"),
    [
        (None, "sent", False, 1),
        (Unreachable("blocked"), "unreachable", False, 0),
        (Refused("too long"), "failed", False, 0),
        (RetryLater(1.0), "sent", False, 1),
        (NotAllowed(), "sent", False, 1),
        (Broken(), "sent", True, 1),
    ],
)
async def test_the_ledger_says_what_became_of_a_prompt(circle, fault, status, repeated, arrived):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana")
    post = Post(circle, *([fault] if fault else []))

    await _sends(circle, post)

    share = _share(circle)
    assert share["status"] == status
    assert (share["repeated_at"] is not None) is repeated
    assert sum(text.startswith(BEGINS) for text in post.arrived) == arrived


async def test_a_prompt_whose_answer_is_lost_comes_twice_and_is_counted_once(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana")
    post = Post(circle, Broken(), taken=True)

    await _sends(circle, post)

    assert len(post.arrived) == 2
    told = (await circle.says("cora", "/rounds"))[0].text
    assert "sent 1" in told
    assert "perhaps sent twice 1" in told


async def test_a_kill_between_sending_and_marking_repeats_that_one_alone(circle):
    circle.joins("ana", "bo")
    await circle.begins("cora", "/prompt now for Ana, Bo")

    def killed(work: Work) -> None:
        row = work.outbox.waiting(circle.person("ana").address)[0]
        work.outbox.trying(row, circle.now)

    circle.stage.write(killed)
    await _sends(circle, Post(circle))

    rows = circle.stage.rows("SELECT status, repeated_at FROM deliveries ORDER BY id")
    assert [row["status"] for row in rows] == ["sent", "sent"]
    assert [row["repeated_at"] is not None for row in rows] == [True, False]


async def test_a_platform_that_is_down_for_the_whole_window_sends_nothing_later(circle):
    circle.joins("ana")
    await circle.begins("cora", "/prompt now for Ana")
    circle.at(circle.now + timedelta(hours=49))
    post = Post(circle)

    await _sends(circle, post)

    assert post.arrived == []
    assert _share(circle)["status"] == "missed"
    assert circle.stage.conversation(circle.person("ana")) is None
