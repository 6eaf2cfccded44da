"""A command, and what one call of it is handed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from flows.conversation import Conversation
from flows.definition import FlowDefinition
from flows.framework import Framework
from flows.messages import Reply, Say, Wording
from storage.communities import Community
from storage.members import Member, Role
from storage.unit_of_work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One command, called by one member.

    `rest` is what stands behind its name; `definition` gives a flow by name and version.
    """

    rest: str
    work: Work
    member: Member
    community: Community
    conversation: Conversation | None
    wording: Wording
    framework: Framework
    definition: Callable[[str, int], FlowDefinition]
    now: datetime

    def say(self, key: str, **values: object) -> Say:
        return Say(self.word(key, **values))

    def word(self, *keys: str, **values: object) -> str:
        return self.wording(*keys, community=self.community.name, member=self.member.name, **values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """`run` is None for a command that moves the interview: those the engine carries out.

    One that `reads_much` is answered beside the writer, which it would hold up otherwise.
    """

    name: str
    run: Callable[[Call], Iterable[Reply]] | None = None
    role: Role = Role.MEMBER
    aliases: tuple[str, ...] = ()
    takes: bool = False
    reads_much: bool = False
