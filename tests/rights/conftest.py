"""A town: several communities, several people, and the bot that all of them talk to."""

import asyncio
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, inspect

from bot.exports import Export
from bot.exports.stories_json import JSON
from bot.house import House, Retention
from bot.platforms import spelling
from bot.turns import Turns
from flows.conversation import Status
from flows.framework import Audience
from flows.messages import Address, Ask, Chose, Inbound, Payload, Reply, Review, Send, parse
from flows.story import Story
from flows.summary import Counts
from storage.communities import Access, Community
from storage.database import Database
from storage.inbox import InboxStatus
from storage.journal import Journal
from storage.members import Member, Role
from storage.outbox import Sent
from storage.story_reads import StoryRead
from storage.unit_of_work import Work
from storage.visibility import Scope
from tests.builders import (
    NOON,
    Clock,
    a_step,
    a_story,
    an_answer,
    interviews,
    kept,
    met,
)

T = TypeVar("T")

OLGA = Address("terminal", "olga")
"""The owner."""


@dataclass
class Town:
    """`says` and `taps` are one turn each, and return what that person then sees."""

    database: Database
    erasures: Path
    retention: Retention = field(default_factory=Retention)
    clock: Clock = field(default_factory=Clock)
    seen: dict[Address, list[Reply]] = field(default_factory=dict)
    _keys: int = 0

    @property
    def house(self) -> House:
        return House(
            interviews=interviews(),
            spelling=spelling,
            owners=frozenset({OLGA}),
            retention=self.retention,
        )

    @property
    def journal(self) -> Journal:
        return Journal(self.erasures)

    @property
    def turns(self) -> Turns:
        """The bot, started anew for every turn: nothing stays in memory."""
        return Turns(self.database, self.house, journal=self.journal, now=self.clock)

    # ---- what happens ----

    def says(self, name: str, *texts: str) -> list[Reply]:
        """One message after another; what is seen after the last one."""
        replies: list[Reply] = []
        for text in texts:
            replies = self.hears(name, parse(text))
        return replies

    def taps(self, name: str, *choices: str) -> list[Reply]:
        """Buttons under the last question seen, one after another."""
        replies: list[Reply] = []
        for choice in choices:
            asked = self.asked(name)
            button = Chose(choice, asked.step, asked.revision, asked.conversation or None)
            replies = self.hears(name, button)
        return replies

    def hears(self, name: str, payload: Payload, *, place: str | None = None) -> list[Reply]:
        self.clock.at += timedelta(seconds=5)
        self._keys += 1
        address = at(name)
        inbound = Inbound(
            key=f"{self._keys}",
            address=address,
            said_at=self.clock(),
            payload=payload,
            message_id=f"m{self._keys}",
            name=address.user.capitalize(),
            place=place,
        )
        asyncio.run(self.turns.handle(inbound))
        self.clock.at += timedelta(seconds=1)
        return self.delivered(name)

    def delivered(self, name: str) -> list[Reply]:
        """What waited for somebody, seen now."""
        address = at(name)

        def deliver(work: Work) -> list[Reply]:
            waiting = work.outbox.waiting(address)
            work.outbox.mark_sent([(row.id, Sent("b1", self.clock())) for row in waiting])
            return [row.reply for row in waiting]

        replies = self.write(deliver)
        self.seen.setdefault(address, []).extend(replies)
        return replies

    def asked(self, name: str) -> Ask | Review:
        """The last question that somebody saw."""
        seen = reversed(self.seen[at(name)])
        return next(reply for reply in seen if isinstance(reply, Ask | Review))

    def tells(self, name: str, *words: str, to: str = "organizers", unnamed: bool = False) -> str:
        """A short story, sent to the readers of a button of the review; its reference."""
        self.says(name, "/tell")
        if self.asked(name).step == "welcome":
            self.taps(name, "agree")
        self.says(name, words[0] if words else "On 3 May we met, and it was fun.", "/skip")
        while self.asked(name).step != "review":
            self.says(name, words[1] if len(words) > 1 else "/skip")
        if unnamed:
            self.taps(name, "unnamed")
        if to in ("organizers", "circle"):
            self.taps(name, to)
        else:
            self.taps(name, "others", *to.split(), "send")
        self.taps(name, "yes")
        return self.refs(name)[0]

    def keeps(
        self, name: str, words: str, *, of: str = "main", to: str = "organizers", **told: Any
    ) -> str:
        """A story of these words, as if it had been told and sent; its reference. Quick."""
        begun_at = told.setdefault("started_at", self.clock())
        told.setdefault("submitted_at", begun_at + timedelta(minutes=10))
        told.setdefault("steps", (a_step(text=words),))
        story = a_story(title=words, audience=frozenset(map(Audience, to.split())), **told)
        return self.write(lambda work: _kept(work, at(name), of, story))

    # ---- who is there ----

    def adds(self, slug: str, *, access: Access = Access.OPEN) -> Community:
        self.write(
            lambda w: w.communities.add(
                slug, f"the {slug} group", language="en", access=access, now=self.clock()
            )
        )
        found = self.read(lambda w: w.communities.find(slug))
        assert found is not None
        return found

    def has(self, name: str, role: Role = Role.MEMBER, *, of: str = "main") -> Member:
        """Somebody who belongs to a community and speaks in it, with this role."""

        def join(work: Work) -> Member:
            member = met(work, at(name), at(name).user.capitalize()) if of == "main" else None
            member = member or work.members.meet(at(name), name=name, now=NOON).member
            community = work.communities.find(of)
            assert community is not None
            work.members.join(member.id, community.id, now=NOON)
            work.members.set_role(member.id, community.id, role)
            return member

        return self.write(join)

    def member(self, name: str) -> Member:
        found = self.read(lambda w: w.members.known(at(name)))
        assert found is not None
        return found.member

    def refs(self, name: str) -> list[str]:
        """The stories that somebody sent, the newest first."""
        member = self.member(name)
        return [story.ref for story in self.read(lambda w: w.stories.of(member.id))]

    # ---- what is kept ----

    def read(self, work: Callable[[Work], T]) -> T:
        return self.database.read_now(lambda connection: work(Work(connection)))

    def write(self, work: Callable[[Work], T]) -> T:
        return kept(self.database, work)


def _kept(work: Work, address: Address, slug: str, story: Story) -> str:
    met, community = work.members.known(address), work.communities.find(slug)
    assert met is not None
    assert community is not None
    whose = (met.member.id, community.id)
    begun = work.conversations.create(
        *whose, flow=story.flow, version=story.version, now=story.started_at
    )
    sent = replace(
        begun,
        status=Status.SENT,
        place="done",
        answers=(an_answer(text=story.title),),
        submitted_at=story.submitted_at,
        audience=story.audience,
        attribution=story.attribution,
        pseudonym=story.pseudonym,
    )
    work.conversations.save(begun, sent)
    work.stories.put(
        replace(story, ref=sent.ref),
        conversation=sent.id,
        member=met.member.id,
        community=community.id,
        language="en",
        platform=address.platform,
        consent_version=1,
    )
    return sent.ref


def at(name: str) -> Address:
    """`ana` is at terminal:ana; any other address is written out."""
    platform, found, user = name.partition(":")
    return Address(platform, user) if found else Address("terminal", name)


def text_of(replies: list[Reply]) -> str:
    """All that is seen, as one text: words, buttons, parts, files."""
    pieces: list[str] = []
    for reply in replies:
        pieces.append(reply.text)
        match reply:
            case Ask(options=options):
                pieces += [option.label for option in options]
            case Review(intro=intro, title=title, parts=parts, options=options):
                pieces += [intro, title, *(p.text for p in parts), *(o.label for o in options)]
            case Send(content=str(content)):
                pieces.append(content)
            case _:
                pass
    return "\n".join(pieces)


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    return Town(database, tmp_path / "erased")


@pytest.fixture
def nothing_fails(town: Town) -> Iterator[None]:
    """No input of the whole test was parked because its turn failed."""
    yield
    assert town.read(lambda w: w.inbox.open(InboxStatus.FAILED)) == []


# ---- where a word is ----


def places_with(town: Town, word: str) -> list[str]:
    """Every `table.column` of the database that holds a word, also of tables we do not know."""

    def look(connection: Connection) -> list[str]:
        return [
            f"{table}.{column}"
            for table in inspect(connection).get_table_names()
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"').mappings()
            for column, value in row.items()
            if word in str(value)
        ]

    return sorted(set(town.database.read_now(look)))


def files_with(town: Town, word: str) -> list[str]:
    """The files that hold a word: of SQLite the database with its log, and the erasures' file."""
    folder = town.erasures.parent
    return sorted(
        p.name for p in folder.iterdir() if p.is_file() and word.encode() in p.read_bytes()
    )


def hears_unseen(town: Town, name: str, payload: Payload) -> None:
    """A turn whose replies wait: they were not delivered yet."""
    inbound = Inbound(
        key=f"unseen:{uuid.uuid4()}", address=at(name), said_at=town.clock(), payload=payload
    )
    asyncio.run(town.turns.handle(inbound))


def button(town: Town, name: str, choice: str) -> Chose:
    """A button under the last question that somebody saw, to be tapped later."""
    asked = town.asked(name)
    return Chose(choice, asked.step, asked.revision, asked.conversation or None)


# ---- what readers get ----


def counts_of(town: Town, *, of: str = "main", reader: Audience = Audience.ORGANIZERS) -> Counts:
    def count(work: Work) -> Counts:
        return work.queries.counts(_scope(work, of, reader))

    return town.read(count)


def exported(town: Town, *, reader: Audience = Audience.ORGANIZERS) -> dict[str, Any]:
    """What `storytrail export --format json` writes."""

    def write(work: Work) -> str:
        scope = _scope(work, "main", reader)
        export = Export(
            community="main",
            reader=reader,
            since=None,
            until=None,
            exported_at=NOON,
            counts=work.queries.counts(scope),
            stories=work.story_reads.open_to(scope),
        )
        return "".join(JSON.write(export))

    found: dict[str, Any] = json.loads(town.read(write))
    return found


def story_read(town: Town, ref: str, *, reader: Audience = Audience.ORGANIZERS) -> StoryRead | None:
    return town.read(lambda w: w.story_reads.one(_scope(w, "main", reader), ref))


def _scope(work: Work, slug: str, reader: Audience) -> Scope:
    community = work.communities.find(slug)
    assert community is not None
    return Scope(community=community.id, reader=reader)
