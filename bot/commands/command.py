"""A command, what one call of it is handed, and what it hands back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.house import House
from flows.conversation import Answer, Conversation, ConversationId
from flows.definition import FlowDefinition
from flows.framework import Framework
from flows.messages import Address, Option, Payload, Reply, Say, Wording
from storage.audit import TELLER, Action, Entry
from storage.communities import Community
from storage.members import Member, MemberId, Role
from storage.unit_of_work import Work

Values = Mapping[str, Any]
"""What a question is about: references and numbers, and the command that waits for its answer."""


@dataclass(frozen=True, slots=True)
class Asks:
    """The command asks something: `Command.question`, about these values.

    `to` is somebody else than the caller; they are asked when nothing else is open with them.
    `command` is another command whose question it is, by its name.
    """

    values: Values = field(default_factory=dict)
    to: MemberId | None = None
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Tells:
    """Somebody else than the caller is told something, in their own language."""

    to: MemberId
    key: str
    values: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Then:
    """The turn goes on with this instead of what arrived, as whoever the caller now is.

    In `community` where one is named, whether or not the caller belongs to it.
    """

    payload: Payload
    community: Community | None = None


@dataclass(frozen=True, slots=True)
class Reopens:
    """A story that was sent is opened at its review, to be changed."""

    conversation: ConversationId


@dataclass(frozen=True, slots=True)
class Takes:
    """A story that was sent reads otherwise from now on, as its teller proposed."""

    conversation: Conversation
    wording: Answer


@dataclass(frozen=True, slots=True)
class Ends:
    """The caller has no open question any more: none is asked again behind this.

    What is open is put aside for later, where it is not erased.
    """

    puts_aside: bool = False


Outcome = Reply | Asks | Tells | Then | Reopens | Takes | Ends | Entry
"""What a command brings about. It says so; `bot/outcomes.py` does it, within the turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command, called by one member.

    `rest` is what stands behind its name. `community` is `NOWHERE` for somebody who belongs to
    none, which only a command that works `anywhere` is handed. `is_public` says that all of a group
    read the answer.
    """

    rest: str
    work: Work
    house: House
    address: Address
    member: Member
    is_owner: bool
    community: Community
    conversation: Conversation | None
    wording: Wording
    now: datetime
    is_public: bool = False

    @property
    def framework(self) -> Framework:
        return self.house.interviews.framework

    def definition(self, name: str, version: int) -> FlowDefinition:
        return self.house.interviews.definition(name, version)

    def say(self, key: str, **values: object) -> Say:
        return Say(self.word(key, **values))

    def word(self, *keys: str, **values: object) -> str:
        return self.wording(
            *keys, **{"community": self.community.name, "member": self.member.name, **values}
        )

    def lines(self, lines: Iterable[str]) -> Say:
        """Several sentences, each on a line of its own."""
        return self.say("lines", lines="\n".join(lines))

    def option(self, name: str, key: str, **values: object) -> Option:
        return Option(name, self.word(key, **values))

    def told(self, action: Action, ref: str) -> Entry:
        """An entry for the audit: a teller did this to their own story. Who that is, is not said:
        the story may carry no name."""
        return Entry(action=action, community=self.community.id or None, actor=TELLER, ref=ref)

    def did(
        self,
        action: Action,
        *,
        to: MemberId | None = None,
        ref: str | None = None,
        **details: object,
    ) -> Entry:
        """An entry for the audit: the caller did this, here."""
        community = self.community.id or None
        return Entry(
            action=action,
            community=community,
            by=self.member.id,
            to=to,
            ref=ref,
            details=details,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a command may ask, with buttons.

    `ask` gives the question and its buttons, None where there is nothing to ask any more. One that
    `insists` is asked again where a typed answer is none of its buttons; another one is then let
    go, and the words are taken for what they were written to. One that `lasts` is asked again when
    somebody comes back. `role` is who may choose.
    """

    ask: Callable[[Call, Values], tuple[str, tuple[Option, ...]] | None]
    chosen: Callable[[Call, Values, str], Iterable[Outcome]]
    insists: bool = True
    lasts: bool = False
    role: Role = Role.MEMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`run` is None for a command that moves the interview: those the engine carries out.

    One that `reads_much`, always or with some words behind its name, is answered beside the writer,
    which it would hold up otherwise. `role` is who may call it; `owners` may also, whatever their
    role. One that works `anywhere` needs no community. What one says that `reads_much` may be for a
    whole group: `in_public`.
    """

    name: str
    run: Callable[[Call], Iterable[Outcome]] | None = None
    question: Question | None = None
    role: Role = Role.MEMBER
    owners: bool = False
    anywhere: bool = False
    aliases: tuple[str, ...] = ()
    takes: bool = False
    reads_much: bool | Callable[[str], bool] = False
    in_public: bool = False

    def reads_beside(self, rest: str) -> bool:
        """Whether it is answered beside the writer, called with this behind its name."""
        return self.reads_much if isinstance(self.reads_much, bool) else self.reads_much(rest)

    def may(self, role: Role, *, is_owner: bool) -> bool:
        return role.may(self.role) or (self.owners and is_owner)
