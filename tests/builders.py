"""Made-up values, each with the details that matter changed, and ways to run the program."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import structlog
from sqlalchemy import Connection, Engine
from typer.testing import CliRunner

from bot.cli import app
from bot.house import House
from bot.interviews import Interviews
from bot.platforms import SPELLINGS, spelling
from bot.turns import Turns
from config import definitions, texts
from flows.conversation import Answer, Conversation, ConversationId, Status
from flows.framework import Attribution, Audience, Cycle, Framework, StepStatus
from flows.messages import Address, Inbound, Payload, Reply, parse
from flows.story import Link, Step, Story, StoryKind
from storage import migrations
from storage.communities import Community
from storage.database import Database
from storage.journal import Journal
from storage.members import Member, Role
from storage.outbox import Sent
from storage.tables import metadata
from storage.unit_of_work import Work
from tests.warm import Forked, usual

T = TypeVar("T")

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)

IMMEDIATE, POTENTIAL, APPLIED, REALIZED = (
    Cycle(name) for name in ("immediate", "potential", "applied", "realized")
)

WHOLE = (
    "1",  # I agree
    "In March the circle met, and it was good to listen to the others.",
    "A checklist for the first week of newcomers.",
    "I used it with my team in April.",
    "People were on their own after nine days instead of three weeks, and my colleagues noticed.",
    "The checklist, and also our new office.",
    "2",  # without it: later or less
    "1",  # they know
    "I told them in May, and they were glad.",
    "1",  # to the organizers
    "1",  # worth it: yes
)
"""The lines of an interview that goes all the way, without a follow-up question."""


def nothing_came_of_it(missing: str, *, activity: str = WHOLE[1]) -> tuple[str, ...]:
    """The lines of a short interview after consent; `missing` is told where none asks further."""
    return (activity, "1", missing, "1", "1")  # nothing · … · to the organizers · worth it: yes


# ---- values ----


def an_answer(**changed: Any) -> Answer:
    plain: dict[str, Any] = {
        "step": "activity",
        "part": 0,
        "revision": 0,
        "place": "activity",
        "turn": 1,
        "position": 0,
        "asked": "What happened?",
        "said_at": NOON,
        "text": "We met.",
    }
    return Answer(**plain | changed)


def a_conversation(**changed: Any) -> Conversation:
    plain: dict[str, Any] = {
        "id": ConversationId(1),
        "ref": "S-481",
        "flow": "story",
        "version": interviews().current.version,
        "status": Status.ACTIVE,
        "place": "activity",
        "started_at": NOON,
        "turned_at": NOON,
    }
    return Conversation(**plain | changed)


def a_step(**changed: Any) -> Step:
    plain: dict[str, Any] = {
        "order": 1,
        "part": "activity",
        "cycle": IMMEDIATE,
        "asked": "What happened?",
        "prompted": "no",
        "text": "We met.",
    }
    return Step(**plain | changed)


def a_story(**changed: Any) -> Story:
    plain: dict[str, Any] = {
        "ref": "S-481",
        "flow": "story",
        "version": interviews().current.version,
        "kind": StoryKind.SPECIFIC,
        "origin": "own",
        "anchor": None,
        "title": "We met.",
        "audience": frozenset({Audience.ORGANIZERS}),
        "attribution": Attribution.NAMED,
        "started_at": NOON,
        "submitted_at": NOON + timedelta(minutes=10),
        "duration_seconds": 600,
        "reach": IMMEDIATE,
        "stop": "not-said",
        "steps": (a_step(),),
        "links": (),
        "gaps": (),
    }
    return Story(**plain | changed)


def a_story_as_far_as(reach: Cycle, stop: str | None = None, **changed: Any) -> Story:
    """A story with a step, and words, in every inner cycle up to `reach`."""
    inner = framework().inner
    cycles = inner[: inner.index(reach) + 1]
    told = tuple(
        a_step(order=n, part=f"{cycle}", cycle=cycle, text=f"In {cycle}.")
        for n, cycle in enumerate(cycles, 1)
    )
    links = tuple(Link(origin=n, target=n + 1) for n in range(1, len(told)))
    if reach == inner[-1]:
        stop = None
    elif stop is None:
        stop = "not-said"
    return a_story(**{"reach": reach, "stop": stop, "steps": told, "links": links} | changed)


def a_hurdle(text: str, *, order: int = 3) -> Step:
    return a_step(
        order=order,
        part="applied",
        cycle=APPLIED,
        text=text,
        status=StepStatus.BLOCKED,
        choice="stopped",
    )


@cache
def interviews() -> Interviews:
    """The shipped interviews and texts."""
    return Interviews(definitions.load(), texts.Texts.load())


def framework() -> Framework:
    return interviews().framework


# ---- rows ----


def migrated(path: Path) -> None:
    """Make a database file as the program makes it: current, with definitions and a community."""
    with closing(Database(f"sqlite:///{path}")) as database:
        database.write_now(migrations.upgrade)
        kept(database, furnish)


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fresh.db"
        migrated(path)
        return path.read_bytes()


def fresh(folder: Path) -> Path:
    """The file of a current database in which nothing happened yet."""
    path = folder / "storytrail.db"
    path.write_bytes(_migrated())
    return path


def url_of(database: Path | str) -> str:
    return database if isinstance(database, str) else f"sqlite:///{database}"


def opened(database: Path | str) -> Database:
    """It waits so briefly for what another holds that a test can wait for it too."""
    return Database(url_of(database), timeout=0.2)


def emptied(engine: Engine) -> None:
    """Bring a migrated PostgreSQL schema back to where nothing happened yet."""
    tables = metadata.sorted_tables
    # TRUNCATE takes a hundred times as long, because it makes every file of every table anew.
    empty_all = [f"DELETE FROM {table.name}" for table in reversed(tables)]
    number_anew = [
        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), 1, false)"
        for table in tables
        if "id" in table.c
    ]
    with engine.begin() as connection:
        connection.exec_driver_sql("; ".join(empty_all + number_anew))
        work = Work(connection)
        furnish(work)
        work.flush()


def furnish(work: Work) -> None:
    work.communities.add("main", "the Onboarding Circle", language="en", now=NOON)
    work.definitions.store(work.definitions.unknown(interviews().held()), now=NOON)


def met(work: Work, address: Address, name: str = "Ana", *, at: datetime = NOON) -> Member:
    """Somebody who wrote from this address, and belongs to the first community."""
    member = work.members.meet(address, name=name, now=at).member
    work.members.join(member.id, work.communities.home().id, now=at)
    return member


def a_member(work: Work, name: str = "ana", *, role: Role = Role.MEMBER) -> Member:
    member = met(work, Address("terminal", name), name)
    work.members.set_role(member.id, work.communities.home().id, role)
    return replace(member, role=role)


def known(work: Work, name: str = "ana") -> Member:
    """Somebody who is met already."""
    found = work.members.known(Address("terminal", name))
    assert found is not None
    return found.member


def begin(work: Work, member: Member, *, at: datetime = NOON, **told: Any) -> Conversation:
    """An active conversation, kept. None other of the member may be active."""
    home = work.communities.home()
    version = interviews().current.version
    return work.conversations.create(
        member.id, home.id, flow="story", version=version, now=at, **told
    )


def withdraw(work: Work, member: Member, ref: str, *, at: datetime = NOON) -> None:
    """Take back what `member` sent."""
    own = work.stories.own(member.id, ref)
    assert own is not None
    work.stories.withdraw(own, now=at)


def kept_story(
    work: Work, story: Story, member: Member, *, language: str = "en", platform: str = "terminal"
) -> Conversation:
    """`story` as if `member` had told and sent it; its reference is that of its conversation."""
    begun = begin(work, member, at=story.started_at)
    sent = replace(
        begun,
        status=Status.SENT,
        place="done",
        answers=(an_answer(text=story.title or "We met."),),
        submitted_at=story.submitted_at,
        active_seconds=story.duration_seconds,
        audience=story.audience,
        attribution=story.attribution,
        anchor=story.anchor,
    )
    work.conversations.save(begun, sent)
    work.stories.put(
        replace(story, ref=sent.ref),
        conversation=sent.id,
        member=member.id,
        community=work.communities.home().id,
        language=language,
        platform=platform,
        consent_version=1,
    )
    if story.worth_it is not None:
        work.stories.set_worth(sent.id, story.worth_it)
    work.flush()  # it may well be read within the same transaction
    return sent


class InTurn:
    """Chance that gives references one after another."""

    def __init__(self) -> None:
        self.last = 100

    def randrange(self, low: int, high: int) -> int:
        self.last += 1
        return self.last


def kept(database: Database, work: Callable[[Work], T]) -> T:
    """What `work` returns; all that it wrote is kept."""

    def doing(connection: Connection) -> T:
        made = Work(connection)
        found = work(made)
        made.flush()
        return found

    return database.write_now(doing)


class _Undone(Exception):
    """Ends a transaction without keeping it."""


def tried(database: Database, work: Callable[[Work], T]) -> T:
    """What `work` returns; nothing of what it wrote is kept."""
    found: list[T] = []

    def doing(connection: Connection) -> None:
        found.append(work(Work(connection)))
        raise _Undone

    with suppress(_Undone):
        database.write_now(doing)
    return found[0]


def home_of(work: Work) -> Community:
    return work.communities.home()


# ---- the bot, without a window ----


@dataclass
class Clock:
    """A clock that moves on by a second each time somebody looks."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def turns_on(
    database: Database, *, now: Callable[[], datetime], of: Interviews | None = None
) -> Turns:
    """The bot on a database, with the shipped interviews if no others. It serves all platforms."""
    serves = frozenset(SPELLINGS)
    house = House(interviews=of or interviews(), spelling=spelling, serves=serves)
    return Turns(database, house, journal=Journal(None), now=now)


@dataclass
class Talk:
    """The bot as one person meets it, with a made-up clock; it is told lines and answers them."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    address: Address = field(default_factory=lambda: Address("terminal", "ana"))
    key: int = 0

    def __post_init__(self) -> None:
        self.turns = turns_on(self.database, now=self.clock)

    async def say(self, *lines: str) -> list[Reply]:
        """The replies to the last of `lines`."""
        replies: list[Reply] = []
        for line in lines:
            replies = await self.put(parse(line))
        return replies

    async def put(self, payload: Payload) -> list[Reply]:
        await self.turns.handle(self.inbound(payload))
        return await self.delivered()

    def inbound(self, payload: Payload) -> Inbound:
        self.key += 1
        return Inbound(
            key=f"{self.address}:{self.key}",
            address=self.address,
            said_at=self.clock(),
            payload=payload,
            name=self.address.user,
        )

    async def delivered(self) -> list[Reply]:
        """What waits for this person, taken as a platform takes it."""
        waiting = await self.database.read(lambda c: Work(c).outbox.waiting(self.address))
        sent = [(row.id, Sent(None, self.clock())) for row in waiting]
        kept(self.database, lambda work: work.outbox.mark_sent(sent))
        return [row.reply for row in waiting]

    async def has_role(self, role: Role) -> None:
        kept(self.database, lambda work: a_member(work, self.address.user, role=role))


@contextmanager
def talking(database: Path | str, *, name: str = "ana") -> Iterator[Talk]:
    """Somebody's talk with the bot over the database in this file, or at this address."""
    with closing(opened(database)) as at_hand:
        yield Talk(at_hand, address=Address("terminal", name))


def texts_of(replies: Iterable[Reply]) -> str:
    return "\n".join(reply.text for reply in replies)


# ---- the program, as a process ----


def environment(database: Path | str, **more: str) -> dict[str, str]:
    """An environment with nothing of this machine's settings in it."""
    return {**usual(), "STORYTRAIL_DATABASE_URL": url_of(database), **more}


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot.cli", *arguments]


Process = subprocess.Popen[bytes] | Forked

Begin = Callable[..., Process]
"""`Forked`, which takes no time, or `from_scratch`."""

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def from_scratch(arguments: Sequence[str], **how: Any) -> subprocess.Popen[bytes]:
    """The program in a Python of its own."""
    return subprocess.Popen(program(*arguments), **how)


def storytrail(
    *arguments: str,
    database: Path | str,
    said: bytes | Iterable[str] = b"",
    folder: Path | None = None,
    more: Mapping[str, str] | None = None,
    begin: Begin = Forked,
) -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end. `said` is its standard input, or the lines of it."""
    into = said if isinstance(said, bytes) else lines(said)
    beside = database.parent if isinstance(database, Path) else Path.cwd()
    return finished(
        arguments,
        said=into,
        cwd=folder or beside,
        env=environment(database, **(more or {})),
        begin=begin,
    )


def invoked(
    *arguments: str, database: Path | str, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """The same within this process, for commands that read no input: in a tenth of the time."""
    done = CliRunner().invoke(app, arguments, env={**environment(database), **more})
    structlog.reset_defaults()  # it logs to an output that is closed by now
    return subprocess.CompletedProcess(
        arguments, done.exit_code, done.stdout_bytes, done.stderr_bytes
    )


def sentence(done: subprocess.CompletedProcess[bytes]) -> str:
    """What a program that failed said: one line on standard error, and no traceback."""
    said = done.stderr.decode()
    assert "Traceback" not in said
    assert said.count("\n") == 1, said
    return said.rstrip("\n")


def finished(
    arguments: Sequence[str],
    *,
    said: bytes = b"",
    cwd: Path,
    env: Mapping[str, str],
    begin: Begin = Forked,
) -> subprocess.CompletedProcess[bytes]:
    """The same, in this environment."""
    process = begin(arguments, cwd=cwd, env=env, **PIPES)
    try:
        out, err = process.communicate(said, timeout=60)
        return subprocess.CompletedProcess(arguments, process.wait(), out, err)
    finally:
        process.kill()


def lines(said: Iterable[str], *, end: str = "\n") -> bytes:
    return "".join(f"{line}{end}" for line in said).encode()


@contextmanager
def closing(database: Database) -> Iterator[Database]:
    try:
        yield database
    finally:
        database.close()
