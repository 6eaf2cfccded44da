"""Whatever people send, in whatever order: nothing raises, and every interview can be finished."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bot.commands import COMMANDS
from bot.platforms import spelling
from flows.asking import Names
from flows.conversation import Conversation, Standing, Status
from flows.definition import FlowDefinition, Kind
from flows.engine import Engine
from flows.messages import (
    Address,
    Attached,
    Chose,
    Commanded,
    Edited,
    Inbound,
    Payload,
    Prompted,
    Said,
    parse,
)
from storage import migrations
from storage.database import Database
from storage.inbox import InboxStatus
from storage.outbox import Sent
from storage.unit_of_work import Work
from tests.builders import interviews, met, turns_on

ANA = Address("terminal", "ana")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ENOUGH = 60  # turns in which every interview can be finished


def story() -> FlowDefinition:
    return interviews().current


class World:
    """The bot on a real database, with one person and a clock that moves on with every turn."""

    def __init__(self, folder: Path) -> None:
        self.ticks = itertools.count()
        self.database = Database(f"sqlite:///{folder / 'world.db'}")
        self.database.write_now(migrations.upgrade)
        self.database.write_now(
            lambda c: Work(c).communities.add("main", "the circle", language="en", now=START)
        )
        self.turns = turns_on(self.database, now=self.now)

    def now(self) -> datetime:
        return START + timedelta(seconds=next(self.ticks))

    def send(self, payload: Payload, *, delivered: bool = True) -> None:
        n = next(self.ticks)
        inbound = Inbound(
            key=f"k{n}", address=ANA, said_at=self.now(), payload=payload, message_id=f"m{n}"
        )
        asyncio.run(self.turns.handle(inbound))
        if delivered:
            self.database.write_now(self._deliver)

    def _deliver(self, connection: object) -> None:
        outbox = Work(connection).outbox  # type: ignore[arg-type]
        outbox.mark_sent([(row.id, Sent(None, self.now())) for row in outbox.waiting(ANA)])

    def open_conversation(self) -> Conversation | None:
        def read(connection: object) -> Conversation | None:
            work = Work(connection)  # type: ignore[arg-type]
            member = met(work, ANA, at=START)
            return work.conversations.active(member.id, work.communities.home().id)

        return self.database.write_now(read)

    def failed(self) -> list[Inbound]:
        return self.database.read_now(lambda c: Work(c).inbox.open(InboxStatus.FAILED))


@contextmanager
def a_world() -> Iterator[World]:
    with TemporaryDirectory() as folder:
        world = World(Path(folder))
        try:
            yield world
        finally:
            world.database.close()


def a_way_on(conversation: Conversation) -> Payload:
    """Something that brings any open question nearer to the end of the interview."""
    if conversation.aside is not None:
        return Chose("go-on" if conversation.aside != "cancel" else "no")
    match story().step(conversation.step).kind:
        case Kind.CONSENT:
            return Chose("agree")
        case Kind.REVIEW if conversation.live and any(a.text for a in conversation.live):
            return Chose("organizers")
        case Kind.REVIEW:
            return Chose("add")
        case Kind.ADD:
            return Chose("problem")
        case Kind.CONFIRM:
            return Chose("no")
        case Kind.CLOSING:
            return Chose(story().step(conversation.step).choices[0].name)
        case Kind.AUDIENCE | Kind.CHANGE:
            return Chose("leave")
        case _:
            return Said("In March I tried it with two colleagues and it took half the time.")


STEPS = [*story().steps, *(f"{aside}!" for aside in story().asides)]
CHOICES = sorted({c.name for s in story().steps.values() for c in s.choices})
KNOWN = [
    "no",
    "not yet",
    "I don't know",
    "nothing",
    "skip",
    "yes",
    " 1",
    "/nope",
    "[b]x[/b]",
    "مرحبا",
    "",
]
said = st.one_of(st.integers(0, 12).map(str), st.sampled_from(KNOWN), st.text(max_size=40)).map(
    parse
)
inbounds: st.SearchStrategy[Payload] = st.one_of(
    said,
    st.sampled_from(COMMANDS).map(lambda c: Commanded(c.name)),
    st.builds(Chose, st.sampled_from(CHOICES)),
    st.builds(
        Chose,
        st.sampled_from(CHOICES),
        st.sampled_from(STEPS),
        st.integers(0, 9),
        st.none() | st.integers(1, 3),
    ),
    st.builds(Edited, st.integers(0, 60).map("m{}".format), st.text(max_size=20)),
    st.builds(Attached, st.sampled_from(["voice", "photo"]), st.just("f1"), caption=st.none()),
    st.sampled_from([Prompted("away"), Prompted("own")]),
    st.just(Said("We met in March and it was lively, all of us were there.")),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(inbounds, st.booleans()), max_size=25))
def test_any_messages_leave_a_conversation_that_can_be_finished(
    messages: list[tuple[Payload, bool]],
) -> None:
    with a_world() as world:
        world.send(Commanded("start"))
        world.send(Chose("agree"))
        for payload, delivered in messages:
            world.send(payload, delivered=delivered)

        world.send(Commanded("tell"))
        for _ in range(ENOUGH):
            conversation = world.open_conversation()
            if conversation is None:
                break
            world.send(a_way_on(conversation))

        assert world.open_conversation() is None
        assert world.failed() == []


def an_engine() -> Engine:
    wording = interviews().texts.wording("en", command=spelling("terminal"))
    names = Names("the circle", "Ana")
    return interviews().engine("story", story().version, wording=wording, names=names)


def a_conversation() -> Conversation:
    blank = Conversation(
        id=1,  # type: ignore[arg-type]
        ref="S-100",
        flow="story",
        version=story().version,
        status=Status.ACTIVE,
        place="",
        started_at=START,
        turned_at=START,
    )
    return an_engine().start(blank, entry="own", consented=True, now=START).conversation


def advanced(conversation: Conversation, payload: Payload) -> Conversation:
    """One turn later, the question before having been delivered."""
    now = conversation.turned_at + timedelta(seconds=30)
    delivered = replace(conversation, delivered_at=conversation.turned_at)
    inbound = Inbound(key="k", address=ANA, said_at=now, payload=payload, message_id=f"{now}")
    return an_engine().advance(delivered, inbound, now).conversation


def standing(conversation: Conversation) -> object:
    """What `back` brings back: the place, the way there, and what is told."""
    live = {
        (a.step, a.part, a.revision, a.text, a.choice, a.position)
        for a in conversation.answers
        if a.standing is Standing.LIVE
    }
    return conversation.place, conversation.trail, live, conversation.status


answers = st.one_of(
    st.sampled_from(["We met.", "no", "nothing", "In March I tried it with my team", "2"]).map(
        Said
    ),
    st.integers(1, 9).map(lambda n: Said(str(n))),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(answers, max_size=16), answers)
def test_back_after_an_answer_restores_the_state(walk: list[Said], answer: Said) -> None:
    conversation = a_conversation()
    for payload in walk:
        conversation = advanced(conversation, payload)
    kind = story().step(conversation.step).kind
    assume(kind in (Kind.QUESTION, Kind.REWORD) and conversation.status is Status.ACTIVE)

    answered = advanced(conversation, answer)
    # Not where it led back to the review with nothing answered.
    assume(len(answered.trail) > len(conversation.trail))
    restored = advanced(answered, Commanded("back"))

    assert standing(restored) == standing(conversation)
