"""What arrives (`Inbound`) and what leaves (`Reply`), alike on every platform."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

MAX_WORDS = 200_000
"""Characters kept of one message. Platforms allow far less (Slack 40,000, Telegram 4,096)."""

COMMAND = re.compile(r"/([a-zA-Z_]+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """One account of one person: `telegram:1001`, `slack:T0001/U0001`, `terminal:ana`."""

    platform: str
    user: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.user}"

    @property
    def workspace(self) -> str:
        """`T0001` of `slack:T0001/U0001`; empty where a platform has none."""
        workspace, slash, _ = self.user.partition("/")
        return workspace if slash else ""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a story is about, where a prompt or a shortcut named it."""

    activity: str
    date: str | None = None
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    text: str


@dataclass(frozen=True, slots=True)
class Chose:
    """A tapped button. The rest names the question it stood under; None: the open one."""

    choice: str
    step: str | None = None
    revision: int | None = None
    conversation: int | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """The message `message_id`, sent earlier, now reads `text`."""

    message_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file, kept as evidence by its id on the platform. `size` in bytes, where it is known."""

    kind: str
    file_id: str
    name: str | None = None
    mime_type: str | None = None
    size: int | None = None
    caption: str | None = None
    platform: str | None = None


@dataclass(frozen=True, slots=True)
class Commanded:
    name: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Prompted:
    """The bot's own opening: `away` (a draft waits), `check-back`, `own` (a story is asked for);
    `shortcut` where somebody began with a message of theirs, which reads `words`."""

    about: str
    anchor: Anchor | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that holds no words and is not kept: a sticker, a poll."""

    kind: str


@dataclass(frozen=True, slots=True)
class Rewrote:
    """Parts of the open story `conversation` said anew at once: (step, text) of each."""

    conversation: int
    texts: tuple[tuple[str, str], ...]


Payload = Said | Chose | Edited | Attached | Commanded | Prompted | Rewrote | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One thing that arrived. `key` is the same when the platform delivers it again.

    `place` is the group, channel or workspace it came from, as its platform names it; `is_public`
    whether others read along there. `reply_to` is the bot's message that it answers, where it
    names one; `answers` the place of the interview where that was asked. `language` is that of the
    person's client. `otherwise` is what it means where no question is open, and
    `answer_at` where a command was typed whose answer only this person is to see there. `about` is
    the row of the community that it is about, once somebody who speaks in none was asked.
    """

    key: str
    address: Address
    said_at: datetime
    payload: Payload
    message_id: str | None = None
    name: str | None = field(default=None, repr=False)
    place: str | None = None
    is_public: bool = False
    reply_to: str | None = None
    answers: str | None = None
    language: str | None = None
    otherwise: Commanded | None = None
    answer_at: str | None = None
    about: int | None = None


def parse(text: str) -> Said | Commanded:
    """Read a typed message: `/name …` is a command, everything else is said.

    One leading space keeps a command's look-alike as words, so it stays with the words.
    """
    found = COMMAND.fullmatch(text.rstrip())
    if found is None:
        return Said(text)
    return Commanded(found[1].lower(), (found[2] or "").strip())


@dataclass(frozen=True, slots=True)
class Option:
    """A button as shown."""

    name: str
    label: str
    ticked: bool | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """`private` is the label of a button that leads from a group to the chat with the bot, where
    `/start` then has `start` behind it; `ends` says that the interview is over by this. Where it is
    shared with many, `brief` may stand for it, with the whole behind; what has the same `subject`
    was shared there before, and may be brought up to date instead.
    """

    text: str
    private: str | None = None
    start: str = ""
    ends: bool = False
    brief: str = ""
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A short sign that a tap or an edit was taken; a platform may show it in passing."""

    text: str
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question. `number` of `of` is None where the question has no number. `form` is the label of
    a button that opens a form for its words, where a platform has forms."""

    text: str
    options: tuple[Option, ...]
    step: str
    revision: int
    conversation: int
    number: int | None = None
    of: int | None = None
    takes_words: bool = True
    form: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One answer in the review, in the teller's words under a heading of the bot's."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The whole story before it is sent: the title is a quotation from its teller. `form` is the
    label of a button that opens a form for all its parts, where a platform has forms."""

    intro: str
    title: str
    parts: tuple[Part, ...]
    text: str
    options: tuple[Option, ...]
    step: str
    revision: int
    conversation: int
    form: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A file or a picture. `text` says what it is."""

    name: str
    mime_type: str
    content: str | bytes = field(repr=False)
    text: str

    @property
    def data(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content


Reply = Say | Noted | Ask | Review | Send


class Wording(Protocol):
    """Texts in one language, as one platform writes them."""

    language: str

    def __call__(self, *keys: str, **values: object) -> str:
        """The first of `keys` that has a text, with `values` filled in."""
        ...

    def has(self, key: str) -> bool: ...

    def fixed(self, *keys: str) -> str | None:
        """The first of `keys` that has a text, where that is the same whatever it is given."""
        ...
