"""Replies as Slack shows them: Block Kit, with people's words as plain text, so that none of them
is formatted, linked, or calls anybody."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.platforms.buttons import pack
from bot.platforms.splitting import pieces
from flows.asking import Field
from flows.messages import Ask, Noted, Option, Reply, Review, Say, Send

Block = dict[str, Any]

MOST_BLOCKS = 48  # of a message; Slack takes 50, and two more may show what was chosen
MOST_TEXT = 3_000  # characters of a section
MOST_IN_ALL = 12_000  # characters over all blocks of a message; above about 13,200 Slack refuses
MOST_HEADING = 150  # characters of a header
MOST_LABEL = 75  # characters of a button
MOST_IN_ROW = 25  # elements of an actions block
MOST_SHORT = 150  # characters of what a notification shows

FORM = "form"
"""The action_id of the button that opens a form, and the callback_id of the form."""

MOST_TITLE = 24  # characters of a modal's title and of its buttons
MOST_INPUT = 3_000  # characters of what can be typed into one field

ENTITY = re.compile("&(?=(?:amp|lt|gt);)")
"""Slack reads the three that it knows in plain text too."""

ACTING = {
    **dict.fromkeys((*range(0x09), *range(0x0B, 0x20), 0x7F), "\ufffd"),
    **dict.fromkeys((0x202A, 0x202B, 0x202D, 0x202E), "\ufffd"),
}
"""Control characters, and those that turn around what stands after them."""

TAP = "tap"
"""What the action_id of a button of ours begins with."""


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is what a notification shows, escaped; `blocks` what stands in the chat."""

    text: str
    blocks: tuple[Block, ...]


def messages(reply: Reply, *, user: str, key: bytes) -> list[Message]:
    """A reply as one or more messages; the last one has the buttons. A file's is what it is."""
    match reply:
        case Say(text) | Noted(text) | Send(text=text):
            return _put(text, list(_words(text)), [])
        case Ask():
            head = []
            if reply.number is not None and reply.of is not None:
                head = [_note(f"{reply.number} / {reply.of}")]  # alike in every language
            buttons = list(_buttons(reply, user, key))
            return _put(reply.text, [*head, *_words(reply.text)], buttons)
        case Review():
            return _put(reply.text, list(_review(reply)), list(_buttons(reply, user, key)))


def escape(text: str) -> str:
    """Nothing in it is a mention, a link or an entity any more."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def answered(blocks: Sequence[Block], button: str | None) -> list[Block]:
    """The blocks of a question that was answered: no buttons, and the label of the one that was
    tapped, by its action_id."""
    left = [block for block in blocks if block["type"] != "actions"]
    buttons = (each for block in blocks if block["type"] == "actions" for each in block["elements"])
    tapped = (each for each in buttons if each.get("action_id") == button)
    return [*left, *(_ticked(each["text"]) for each in tapped)]


def told_plainly(blocks: Iterable[Block]) -> list[Block]:
    """Blocks as Slack tells them back, with what it escapes in plain text as it was."""

    def as_it_was(value: Any) -> Any:
        if isinstance(value, dict):
            found = {k: as_it_was(v) for k, v in value.items()}
            if found.get("type") == "plain_text":
                found["text"] = _plain(unescape(found["text"]))
            return found
        return [as_it_was(each) for each in value] if isinstance(value, list) else value

    return [as_it_was(block) for block in blocks]


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def section(text: str) -> Block:
    return {"type": "section", "text": _shown(_cut(text, MOST_TEXT))}


def heading(text: str) -> Block:
    """In large letters where it is short enough for that."""
    if len(_plain(text)) > MOST_HEADING:
        return section(_cut(text, MOST_TEXT))
    return {"type": "header", "text": _shown(text)}


def button(label: str, action: str, value: str) -> Block:
    text = _cut(label, MOST_LABEL)
    return {"type": "button", "action_id": action, "text": _shown(text), "value": value}


def rows_of(buttons: Sequence[Block]) -> Iterator[Block]:
    for at in range(0, len(buttons), MOST_IN_ROW):
        yield {"type": "actions", "elements": list(buttons[at : at + MOST_IN_ROW])}


def form(
    fields: Iterable[Field], *, title: str, save: str, cancel: str, notes: Iterable[str], told: str
) -> dict[str, Any]:
    """A modal with a field for each part of a story; `told` comes back with what is sent in."""
    blocks = [
        {
            "type": "input",
            "block_id": field.step,
            "label": _shown(field.heading),
            "element": {
                "type": "plain_text_input",
                "action_id": FORM,
                "multiline": True,
                "initial_value": field.text,
            },
        }
        for field in fields
    ]
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _shown(_cut(title, MOST_TITLE)),
        "submit": _shown(_cut(save, MOST_TITLE)),
        "close": _shown(_cut(cancel, MOST_TITLE)),
        "private_metadata": told,
        "blocks": [*blocks, *(section(note) for note in notes)],
    }


# ---- parts ----


def _put(text: str, shown: list[Block], buttons: list[Block]) -> list[Message]:
    """Blocks put into as few messages as they fit in, in their order."""
    filled: list[list[Block]] = [[]]
    size = 0
    for together in [*([block] for block in shown), buttons]:  # all buttons below one message
        length = sum(map(_length, together))
        is_full = len(filled[-1]) + len(together) > MOST_BLOCKS or size + length > MOST_IN_ALL
        if filled[-1] and is_full:
            filled.append([])
            size = 0
        filled[-1] += together
        size += length
    short = escape(_harmless(text if len(text) <= MOST_SHORT else text[: MOST_SHORT - 1] + "…"))
    return [Message(short, tuple(blocks)) for blocks in filled if blocks]


def _review(review: Review) -> Iterator[Block]:
    if review.intro:
        yield from _words(review.intro)
    if review.title:
        yield heading(f"“{review.title}”")
    for part in review.parts:
        yield _note(part.heading)
        yield from _words(part.text)
    yield from _words(review.text)


def _words(text: str, most: int = MOST_TEXT) -> Iterator[Block]:
    for piece in pieces(text, most):
        if len(_plain(piece)) > MOST_TEXT:  # full of entities, which need more room
            yield from _words(piece, most // 2)
        elif piece.strip():
            yield section(piece)


def _ticked(label: Block) -> Block:
    """What a button said, as it stands there: it is made plain already."""
    return {"type": "context", "elements": [label | {"text": f"✓ {label['text']}"}]}


def _note(text: str) -> Block:
    return {"type": "context", "elements": [_shown(_cut(text, MOST_TEXT))]}


def _buttons(reply: Ask | Review, user: str, key: bytes) -> Iterator[Block]:
    made = [
        button(_label(option), f"{TAP}-{n}", pack(reply, option.name, user=user, key=key))
        for n, option in enumerate(reply.options)
    ]
    if reply.form:
        made.append(button(reply.form, FORM, pack(reply, FORM, user=user, key=key)))
    yield from rows_of(made)


def _label(option: Option) -> str:
    return {None: "", True: "☑ ", False: "☐ "}[option.ticked] + option.label


def _shown(text: str) -> Block:
    return {"type": "plain_text", "text": _plain(text), "emoji": False}


def _plain(text: str) -> str:
    """As plain text that is read as it is: nothing in it is an entity, or acts."""
    return ENTITY.sub("&amp;", _harmless(text))


def _harmless(text: str) -> str:
    return text.translate(ACTING)


def _cut(text: str, most: int) -> str:
    """The text, or as much of it as fits as plain text."""
    if len(_plain(text)) <= most:
        return text
    kept = text[: most - 1]
    while (over := len(_plain(kept)) - most + 1) > 0:
        kept = kept[: -(over // 5 + 1)]  # the end of an entity takes five at most with it
    return f"{kept}…"


def _length(block: Block) -> int:
    match block["type"]:
        case "section" | "header":
            return len(block["text"]["text"])
        case "context":
            return sum(len(element["text"]) for element in block["elements"])
        case _:
            return sum(len(e["text"]["text"]) for e in block["elements"])
