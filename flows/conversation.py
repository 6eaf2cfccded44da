"""One interview under way, as a value: loaded, advanced and saved between any two messages."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import NewType

from flows.framework import Attribution, Audience, Valence
from flows.messages import Anchor, Attached, Reply
from flows.story import Story
from flows.values import replace

ConversationId = NewType("ConversationId", int)

PAUSE = timedelta(minutes=5)
"""A longer silence is a pause: it counts as this much of the teller's time and no more."""


class Status(StrEnum):
    ACTIVE = "active"
    PARKED = "parked"
    SENT = "sent"
    DECLINED = "declined"
    DELETED = "deleted"


class Origin(StrEnum):
    """How a story came to be told."""

    OWN = "own"
    PROMPT = "prompt"
    SHORTCUT = "shortcut"
    CHECK_BACK = "check-back"
    IMPORT = "import"


class How(StrEnum):
    """Whether an answer was prompted, and by what."""

    NO = "no"
    PROBE = "probe"
    EXAMPLE = "example"


class Wish(StrEnum):
    """What somebody who is asked for a story wants instead of telling one; the buttons of that."""

    LATER = "ask-later"
    NOT_NOW = "ask-not-now"
    LESS = "ask-less"
    STOP = "ask-stop"


class Standing(StrEnum):
    """Whether a row of an answer is what the teller now says."""

    LIVE = "live"
    REPLACED = "replaced"  # said anew since
    UNDONE = "undone"  # gone back on
    PROPOSED = "proposed"  # a wording of a story that was sent, for its teller to take or leave


@dataclass(frozen=True, kw_only=True)  # without slots, which make `replace` dear
class Answer:
    """One message in answer to one question, in one wording.

    `(step, part, revision)` is unique in a conversation: a follow-up or a message of the same
    burst is a further `part`, a new wording a further `revision`. `asked` is the exact question,
    `place` where it was answered, `turn` the conversation's revision then, `position` the order
    of telling. `ended_in` is the turn that said it anew or took it back.
    """

    step: str
    part: int
    revision: int
    place: str
    turn: int
    position: int
    asked: str
    said_at: datetime
    text: str | None = None
    choice: str | None = None
    how: How = How.NO
    message_id: str | None = None
    standing: Standing = Standing.LIVE
    ended_in: int | None = None


_TOLD_IN = attrgetter("position", "part")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceGiven:
    step: str
    file: Attached
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent: the version of the text that was agreed to, and its language."""

    version: int
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AskAgain:
    """A story is to be asked about again, by this entry of its flow, not before `at`."""

    entry: str
    at: datetime


@dataclass(frozen=True, kw_only=True)  # without slots, which make `replace` dear
class Conversation:
    """A saved snapshot of an interview.

    `trail` holds the places behind the present one, oldest first. A place is a step, `step/gap`
    while a follow-up about that gap is open, or `reword/step` while that step is said anew.
    `aside` is a question that stands before the open one ("Would you like to go on?"). `evidence`
    is what came since it was loaded, `begun` whether anything had been told by then. `prompted` is
    true from when the bot asked for it until its teller begins, or goes on.
    """

    id: ConversationId
    ref: str
    flow: str
    version: int
    status: Status
    place: str
    started_at: datetime
    turned_at: datetime
    trail: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    evidence: tuple[EvidenceGiven, ...] = ()
    begun: bool = False
    aside: str | None = None
    revision: int = 0
    shown_example: bool = False
    audience: frozenset[Audience] = frozenset()
    attribution: Attribution = Attribution.NAMED
    pseudonym: str | None = None
    anchor: Anchor | None = None
    origin: Origin = Origin.OWN
    delivered_at: datetime | None = None
    active_seconds: int = 0
    submitted_at: datetime | None = None
    prompted: bool = False

    @property
    def step(self) -> str:
        return self.place.partition("/")[0]

    @property
    def asks(self) -> str:
        """The name that the buttons of the open question carry: its place, or the aside's."""
        return f"{self.aside}!" if self.aside else self.place

    @property
    def detail(self) -> str | None:
        """What stands behind the step's name: the gap asked about, or the step said anew."""
        return self.place.partition("/")[2] or None

    @property
    def live(self) -> tuple[Answer, ...]:
        """The answers as they now stand, in the order of telling."""
        standing = [a for a in self.answers if a.standing is Standing.LIVE]
        return tuple(sorted(standing, key=_TOLD_IN))

    @property
    def has_begun(self) -> bool:
        """Whether anything was answered: from then on it counts as a story begun."""
        return self.begun or bool(self.answers or self.evidence)

    @property
    def is_asked_for(self) -> bool:
        """Whether its open question is the bot's own opening, with the buttons of one."""
        return self.prompted and (self.aside is not None) == self.has_begun

    @property
    def is_draft(self) -> bool:
        """Whether words wait here that were never sent."""
        return (
            self.status in (Status.ACTIVE, Status.PARKED)
            and self.has_begun
            and self.submitted_at is None
        )

    def told(self, step: str) -> str:
        """The words that now answer `step`, follow-ups included; empty where there are none."""
        return "\n".join(a.text for a in self.live if a.step == step and a.text is not None)

    def turned(self, now: datetime) -> "Conversation":
        """The same, one turn later: the clock and the revision moved on."""
        spent = max(timedelta(0), min(now - self.turned_at, PAUSE))
        return replace(
            self,
            revision=self.revision + 1,
            turned_at=now,
            active_seconds=self.active_seconds + round(spent.total_seconds()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """All that one exchange changed. Whoever asked for it saves it and sends the replies."""

    conversation: Conversation
    replies: tuple[Reply, ...] = ()
    agreed: Agreed | None = None
    story: Story | None = None
    worth: Valence | None = None
    proposed: Answer | None = None
    ask_again: AskAgain | None = None
    stops_asking: bool = False
    restarts: bool = False
    wish: Wish | None = None
