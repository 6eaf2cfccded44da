"""Text as Telegram reads it: parse_mode=HTML, and what it finds in plain words by itself.

An entity's offset and length count UTF-16 units, as on the wire.
"""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

Entity = dict[str, Any]

_STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-zA-Z]+));?")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPECIAL = re.compile(r"[<&]")
_SPACE = re.compile(r"\s*")
_FOUND = (
    ("url", re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}]")),
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)),
    (
        "bot_command",
        re.compile(r"(?<![\w/<>@])/\w{1,64}(?:@\w{3,32})?(?![\w/<>])", re.ASCII),
    ),
    ("mention", re.compile(r"(?<![\w.@])@\w{3,32}", re.ASCII)),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d]\w*")),
)


_CLEANED: dict[int, str] = {
    **{code: " " for code in range(0x20) if chr(code) not in "\n\r"},
    **dict.fromkeys([ord("\r"), 0x30A, 0x333, 0x33F, *range(0x2028, 0x202F)], ""),
}


class BadMarkup(Exception):
    """The HTML is not what Telegram accepts; the reason as it words it."""


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    piece: int


def utf16(text: str) -> int:
    """How long Telegram takes a text to be when it counts for entities."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """The text without its tags, and the entities; raises BadMarkup."""
    if not _SPECIAL.search(source):
        return source, []
    pieces: list[str] = []
    entities: list[Entity] = []
    opened: list[_Open] = []
    length = at = 0
    while at < len(source):
        if source[at] == "<":
            if source.startswith("</", at):
                at = _closed(source, at, opened, entities, pieces, length)
            else:
                tag, argument, at = _opening(source, at)
                opened.append(_Open(tag, argument, length, len(pieces)))
            continue
        if source[at] == "&":
            piece, at = _reference(source, at)
        else:
            special = _SPECIAL.search(source, at)
            end = special.start() if special else len(source)
            piece, at = source[at:end], end
        pieces.append(piece)
        length += utf16(piece)
    if opened:
        raise BadMarkup(f'Can\'t find end tag corresponding to start tag "{opened[-1].tag}"')
    entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return "".join(pieces), entities


def _reference(source: str, at: int) -> tuple[str, int]:
    found = _REFERENCE.match(source, at)
    if not found:
        return "&", at + 1
    if found[3]:
        return (_NAMED[found[3]], found.end()) if found[3] in _NAMED else ("&", at + 1)
    code = int(found[1], 16) if found[1] else int(found[2])
    if not 0 < code < 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return "&", at + 1
    return chr(code), found.end()


def _opening(source: str, begin: int) -> tuple[str, str, int]:
    """Tag, the argument that matters, and the place behind the tag."""
    where = f"at byte offset {len(source[:begin].encode())}"
    at = begin + 1
    while at < len(source) and source[at] != ">" and not source[at].isspace():
        at += 1
    if at == len(source):
        raise BadMarkup(f"Unclosed start tag {where}")
    tag = source[begin + 1 : at].lower()
    if tag not in _STYLES:
        raise BadMarkup(f'Unsupported start tag "{tag}" {where}')
    argument = ""
    while True:
        at = _behind_space(source, at)
        if source[at : at + 1] == ">":
            break
        name, value, at = _attribute(source, at, tag, where)
        if (tag, name) in {("a", "href"), ("tg-emoji", "emoji-id"), ("blockquote", "expandable")}:
            argument = value
        elif (tag, name) == ("code", "class") and value.startswith("language-"):
            argument = value.removeprefix("language-")
        elif (tag, name) == ("span", "class"):
            argument = value
    if tag == "span" and argument != "tg-spoiler":
        raise BadMarkup(f'Tag "span" must have class "tg-spoiler" {where}')
    return tag, argument, at + 1


def _attribute(source: str, at: int, tag: str, where: str) -> tuple[str, str, int]:
    found = re.compile(r"[^\s=>]*").match(source, at)
    assert found
    name, at = found[0], _behind_space(source, found.end())
    if at == len(source):
        raise BadMarkup(f"Unclosed start tag {where}")
    if not name:
        raise BadMarkup(f'Empty attribute name in the tag "{tag}" {where}')
    if source[at] != "=":
        if (tag, name) == ("blockquote", "expandable"):
            return name, "expandable", at
        raise BadMarkup(
            f'Expected equal sign in declaration of an attribute of the tag "{tag}" {where}'
        )
    at = _behind_space(source, at + 1)
    quote = source[at : at + 1]
    if quote not in {"'", '"'}:
        found = re.compile(r"[\w.-]*", re.ASCII).match(source, at)
        assert found
        if source[found.end() : found.end() + 1] not in {">", " ", "\n", "\t"}:
            offset = len(source[:at].encode())
            raise BadMarkup(f"Unexpected end of name token at byte offset {offset}")
        return name, found[0].lower(), found.end()
    value: list[str] = []
    at += 1
    while at < len(source) and source[at] != quote:
        piece, at = _reference(source, at) if source[at] == "&" else (source[at], at + 1)
        value.append(piece)
    if at + 1 >= len(source):
        raise BadMarkup(f"Unclosed start tag {where}")
    return name, "".join(value), at + 1


def _closed(
    source: str,
    begin: int,
    opened: list[_Open],
    entities: list[Entity],
    pieces: list[str],
    length: int,
) -> int:
    """Adds the entity that ends here; the place behind the tag."""
    offset = len(source[:begin].encode())
    if not opened:
        raise BadMarkup(f"Unexpected end tag at byte offset {offset}")
    end = source.find(">", begin)
    name = source[begin + 2 : end].strip().lower() if end >= 0 else ""
    if end < 0 or any(character.isspace() for character in name):
        raise BadMarkup(f"Unclosed end tag at byte offset {offset}")
    last = opened[-1]
    if name and name != last.tag:
        tags = f'expected "</{last.tag}>", found "</{name}>"'
        raise BadMarkup(f"Unmatched end tag at byte offset {offset}, {tags}")
    opened.pop()
    if length > last.offset:
        entity = _entity(last, length - last.offset, "".join(pieces[last.piece :]))
        if entity:
            _add(entity, entities)
    return end + 1


def _entity(opened: _Open, length: int, inside: str) -> Entity | None:
    entity: Entity = {"offset": opened.offset, "length": length, "type": _STYLES[opened.tag]}
    match opened.tag:
        case "a":
            url = opened.argument or inside
            user = re.fullmatch(r"tg://user\?id=(\d+)", url)
            if user:
                return {**entity, "type": "text_mention", "user": {"id": int(user[1])}}
            link = _link(url)
            return {**entity, "url": link} if link else None
        case "code" if opened.argument:
            entity["language"] = opened.argument
        case "blockquote" if opened.argument:
            entity["type"] = "expandable_blockquote"
        case "tg-emoji":
            if not opened.argument.isdigit():
                raise BadMarkup("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.argument
    return entity


def _add(entity: Entity, entities: list[Entity]) -> None:
    """<pre><code class="language-x"> is one entity; the language of a lone <code> is dropped."""
    last = entities[-1] if entities else None
    if (
        entity["type"] == "pre"
        and last is not None
        and last["type"] == "code"
        and (last["offset"], last["length"]) == (entity["offset"], entity["length"])
    ):
        entities.pop()
        language = last.pop("language", None)
        entity |= {"language": language} if language else {}
    entities.append(entity)


def _link(url: str) -> str | None:
    """The address as Telegram keeps it, None if it is none (the words stay, the link goes)."""
    found = re.fullmatch(r"(?:(https?|tg|ton)://)?([^\s/?#]+)([/?#]\S*)?", url.strip())
    if not found or (found[1] in {None, "http", "https"} and "." not in found[2]):
        return None
    if found[1] in {"tg", "ton"}:
        return url.strip()
    return f"{found[1] or 'http'}://{found[2].lower()}{found[3] or '/'}"


def _behind_space(source: str, at: int) -> int:
    found = _SPACE.match(source, at)
    assert found
    return found.end()


def cleaned(text: str) -> str:
    """Without what Telegram lets no message have: control characters, and what turns text around.

    So does TDLib's clean_input_string, which every message goes through, a bot's too.
    """
    return text.translate(_CLEANED)


def trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without the space around it, which Telegram takes off."""
    kept = text.strip()
    if kept == text:
        return text, entities
    lead, size = utf16(text[: len(text) - len(text.lstrip())]), utf16(kept)
    moved = []
    for entity in entities:
        begin = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] + entity["length"] - lead, size)
        if end > begin:
            moved.append({**entity, "offset": begin, "length": end - begin})
    return kept, moved


def with_found(text: str, entities: list[Entity]) -> list[Entity]:
    """The entities, and the commands, mentions, addresses and tags outside of code and links."""
    if not any(mark in text for mark in "/@#"):
        return entities
    opaque = {"code", "pre", "text_link", "text_mention"}
    taken = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] in opaque]
    more = []
    for kind, pattern in _FOUND:
        for match in pattern.finditer(text):
            begin = utf16(text[: match.start()])
            end = begin + utf16(match[0])
            if all(end <= low or begin >= high for low, high in taken):
                taken.append((begin, end))
                more.append({"offset": begin, "length": end - begin, "type": kind})
    return sorted([*entities, *more], key=lambda entity: (entity["offset"], -entity["length"]))


def part(text: str, entity: Entity) -> str:
    """The words that an entity covers."""
    units = text.encode("utf-16-le")
    begin, end = entity["offset"] * 2, (entity["offset"] + entity["length"]) * 2
    return units[begin:end].decode("utf-16-le")


def as_html(text: str, entities: list[Entity]) -> str:
    """A text with its entities as HTML again, as one could send it."""
    units = text.encode("utf-16-le", "surrogatepass")
    marks: dict[int, tuple[list[str], list[str]]] = {}
    for entity in sorted(entities, key=lambda entity: (entity["offset"], -entity["length"])):
        before, after = _tags(entity)
        if before:
            marks.setdefault(entity["offset"], ([], []))[0].append(before)
            marks.setdefault(entity["offset"] + entity["length"], ([], []))[1].insert(0, after)
    written: list[str] = []
    last = 0
    for place in [*sorted(marks), len(units) // 2]:
        words = units[last * 2 : place * 2].decode("utf-16-le", "surrogatepass")
        written.append(escape(words, quote=False))
        opening, closing = marks.get(place, ([], []))
        written += [*closing, *opening]
        marks.pop(place, None)
        last = place
    return "".join(written)


def _tags(entity: Entity) -> tuple[str, str]:
    match entity["type"]:
        case "text_link":
            return f'<a href="{escape(entity["url"])}">', "</a>"
        case "text_mention":
            return f'<a href="tg://user?id={entity["user"]["id"]}">', "</a>"
        case "pre" if "language" in entity:
            return f'<pre><code class="language-{entity["language"]}">', "</code></pre>"
        case "expandable_blockquote":
            return "<blockquote expandable>", "</blockquote>"
        case kind:
            tag = next((tag for tag, style in _STYLES.items() if style == kind), None)
            return (f"<{tag}>", f"</{tag}>") if tag else ("", "")
