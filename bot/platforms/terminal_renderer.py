"""Replies as text for a terminal, with everything that people wrote made harmless."""

from collections.abc import Iterator
from dataclasses import dataclass

from flows.messages import Ask, Noted, Option, Reply, Review, Say, Send

PICTURES = 0x2400
"""Where Unicode keeps pictures of the control characters, in their order."""

OVERRIDES = dict.fromkeys((0x202A, 0x202B, 0x202D, 0x202E), "\ufffd")
"""Characters that turn around what stands after them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and what it is: `question`, `choice`, `words`, `title`, `note` or `text`."""

    text: str
    kind: str = "text"


def lines(reply: Reply, number: str = "") -> Iterator[Line]:
    """A reply, line by line. `number` is the number of a question, in words."""
    match reply:
        case Say(text):
            yield from _each(text, "text")
        case Noted(text):
            yield from _each(text, "note")
        case Send():
            yield from _each(f"{reply.text} {reply.name}", "note")
        case Ask():
            head = [Line(number, "note")] if number else []
            yield from head
            yield from _each(reply.text, "question")
            yield from _choices(reply.options)
        case Review():
            if reply.intro:
                yield from _each(reply.intro, "text")
            yield from _title(reply)
            for part in reply.parts:
                yield Line("")
                yield Line(part.heading, "note")
                yield from _each(part.text, "words")
            if reply.parts:
                yield Line("")
            yield from _each(reply.text, "question")
            yield from _choices(reply.options)


def harmless(text: str) -> str:
    """The text with control characters shown as pictures, so that none of them acts."""
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    code = ord(char)
    if code < 0x20 and char not in "\n\t":
        return chr(PICTURES + code)
    if code == 0x7F:
        return "\u2421"
    if 0x80 <= code < 0xA0:
        return "\ufffd"
    return OVERRIDES.get(code, char)


def _title(reply: Review) -> Iterator[Line]:
    if reply.title:
        yield Line("")
        yield Line(f"“{harmless(reply.title)}”", "title")


def _each(text: str, kind: str) -> Iterator[Line]:
    for line in harmless(text).split("\n"):
        yield Line(line, kind if line else "text")


def _choices(options: tuple[Option, ...]) -> Iterator[Line]:
    for number, option in enumerate(options, 1):
        tick = {None: "", True: "[x] ", False: "[ ] "}[option.ticked]
        yield Line(f"  {number}. {tick}{harmless(option.label)}", "choice")
