"""A bot without a platform: real turns on a real database, and a clock that is moved by hand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any, TypeVar

from ruamel.yaml import YAML
from sqlalchemy import Connection, inspect, text

from bot.interviews import Interviews
from config.definitions import Definitions, read_flow
from config.texts import Command, Texts
from flows.conversation import Agreed, Conversation
from flows.messages import Address, Ask, Inbound, Payload, Reply, Review, Wording
from storage.database import Database
from storage.members import Member, Role
from storage.outbox import Sent
from storage.unit_of_work import Work
from tests.builders import kept, met, turns_on

T = TypeVar("T")

BEGINNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""

MOMENT = timedelta(seconds=1)
"""How long a reply is under way."""


# ---- texts that can be told by their keys ----


class Heard:
    """The texts in one language; under which key each sentence was said stays known."""

    def __init__(self, wording: Wording, said: dict[str, str]) -> None:
        self.language = wording.language
        self._wording = wording
        self._said = said

    def __call__(self, *keys: str, **values: object) -> str:
        return self._heard(self._wording(*keys, **values), *keys)

    def fixed(self, *keys: str) -> str | None:
        sentence = self._wording.fixed(*keys)
        return sentence and self._heard(sentence, *keys)

    def _heard(self, sentence: str, *keys: str) -> str:
        key = next(key for key in keys if self.has(key))
        if key == "lines":  # several sentences in one message, which is known by its first one
            key = self._said.get(_first_line(sentence), key)
        self._said[_spoken(sentence)] = key
        return sentence

    def has(self, key: str) -> bool:
        return self._wording.has(key)


class HeardTexts(Texts):
    """The shipped texts; `key_of` a message is the key under which it was said."""

    def __init__(self, languages: Mapping[str, Any]) -> None:
        super().__init__(languages)
        self.said: dict[str, str] = {}

    def wording(self, language: str, *, command: Command) -> Wording:
        return Heard(super().wording(language, command=command), self.said)

    def key_of(self, reply: Reply) -> str:
        """What a reply says; of a question to which more was added, the question."""
        words = _spoken(reply.text)
        begins = [said for said in self.said if words.startswith(said)]
        return self.said[max(begins, key=len)]


def _spoken(sentence: str) -> str:
    return sentence.casefold()


def _first_line(sentence: str) -> str:
    return _spoken(sentence.partition("\n")[0])


# ---- time and people ----


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    at: datetime = BEGINNING

    def __call__(self) -> datetime:
        return self.at

    def move(self, span: timedelta) -> None:
        self.at += span


@dataclass
class Person:
    """Somebody with a telephone: what they sent, and what they see."""

    name: str
    address: Address
    sent: list[Inbound] = field(default_factory=list)
    seen: list[Reply] = field(default_factory=list)

    @property
    def asked(self) -> Ask | Review:
        """The last question seen."""
        return next(reply for reply in reversed(self.seen) if isinstance(reply, Ask | Review))


# ---- the bot ----


class Stage:
    """The bot with its database, and the people who talk to it.

    Between any two messages everything is in the database and nothing anywhere else.
    """

    def __init__(self, database: Database, shipped: Definitions, texts: HeardTexts) -> None:
        self.database = database
        self.texts = texts
        self.clock = Clock()
        self.people: dict[str, Person] = {}
        self._keys = 0
        self._open(shipped)

    def _open(self, found: Definitions) -> None:
        """Start the bot with these definitions; of earlier ones it knows what it stored."""
        self.interviews = Interviews(found, self.texts)
        new = self.read(lambda work: work.definitions.unknown(self.interviews.held()))
        self.write(lambda work: work.definitions.store(new, now=self.clock()))
        self.interviews.remember(self.read(lambda work: work.definitions.sources()))
        self.turns = turns_on(self.database, now=self.clock, of=self.interviews)

    def arrives(self, version: int, **changed: Any) -> None:
        """A new version of the interview is installed. `changed` has dotted keys of its YAML."""
        reader = YAML(typ="safe")
        written = reader.load(self.interviews.current.source)
        for key, value in {"version": version, **changed}.items():
            *above, name = key.split(".")
            place = written
            for step in above:
                place = place[step]
            place[name] = value
        out = StringIO()
        reader.dump(written, out)
        newer = read_flow(out.getvalue(), path="a newer story.yaml")
        found = self.interviews.definitions
        self._open(replace(found, flows={**found.flows, newer.name: newer}))

    def person(self, name: str) -> Person:
        if name not in self.people:
            self.people[name] = Person(name.capitalize(), Address("terminal", name))
        return self.people[name]

    # ---- what happens ----

    async def hears(
        self,
        person: Person,
        payload: Payload,
        *,
        after: timedelta,
        written_early: bool = False,
        delivered: bool = True,
    ) -> list[Reply]:
        """One message from `person`, and what they then see of the answer."""
        last_seen = self.clock()
        self.clock.move(after)
        self._keys += 1
        said_at = last_seen if written_early else self.clock()
        inbound = Inbound(
            key=f"update {self._keys}",
            address=person.address,
            said_at=said_at,
            payload=payload,
            message_id=f"{person.name} {len(person.sent) + 1}",
            name=person.name,
        )
        person.sent.append(inbound)
        return await self._handled(person, inbound, delivered=delivered)

    async def hears_again(self, person: Person) -> list[Reply]:
        """The platform hands the last message over once more."""
        return await self._handled(person, person.sent[-1], delivered=True)

    async def _handled(self, person: Person, inbound: Inbound, *, delivered: bool) -> list[Reply]:
        await self.turns.handle(inbound)
        if not delivered:
            return []
        self.clock.move(MOMENT)
        replies = self.write(lambda work: self._deliver(work, person))
        person.seen += replies
        return replies

    def _deliver(self, work: Work, person: Person) -> list[Reply]:
        waiting = work.outbox.waiting(person.address)
        work.outbox.mark_sent([(row.id, Sent(f"bot {row.id}", self.clock())) for row in waiting])
        return [row.reply for row in waiting]

    # ---- what people are ----

    def has(self, given: Mapping[str, str | list[str]]) -> None:
        """People as a scene says that they are: `new`, `consented`, or with a role."""
        for name, what in given.items():
            person = self.person(name)
            for each in [what] if isinstance(what, str) else what:
                if each == "consented":
                    self.consented(person)
                elif each != "new":
                    self.has_role(person, Role(each))

    def member(self, person: Person) -> Member:
        return self.write(lambda work: met(work, person.address, person.name, at=self.clock()))

    def consented(self, person: Person) -> None:
        """`person` agreed once, before all this."""
        member = self.member(person)
        agreed = Agreed(self.interviews.current.consent_version, "en", self.clock())
        self.write(
            lambda work: work.members.agree(
                member.id, work.communities.home().id, flow="story", agreed=agreed
            )
        )

    def has_role(self, person: Person, role: Role) -> None:
        member = self.member(person)
        self.write(lambda work: work.members.set_role(member.id, work.communities.home().id, role))

    # ---- what is kept ----

    def conversation(self, person: Person) -> Conversation | None:
        """The one that is open."""

        def look(work: Work) -> Conversation | None:
            found = work.members.known(person.address)
            home = work.communities.home().id
            return work.conversations.active(found.member.id, home) if found else None

        return self.read(look)

    def rows(self, question: str, **values: object) -> list[dict[str, Any]]:
        found = self.database.read_now(lambda c: c.execute(text(question), values).mappings().all())
        return [dict(row) for row in found]

    def everything(self) -> str:
        """Every value of every row, as text."""

        def dump(connection: Connection) -> str:
            tables = [t for t in inspect(connection).get_table_names() if t != "definitions"]
            rows = [
                row
                for table in tables
                for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')
            ]
            return json.dumps([list(row) for row in rows], default=str, ensure_ascii=False)

        return self.database.read_now(dump)

    def read(self, work: Callable[[Work], T]) -> T:
        return self.database.read_now(lambda connection: work(Work(connection)))

    def write(self, work: Callable[[Work], T]) -> T:
        return kept(self.database, work)
