"""Long texts in pieces that a platform takes."""

import re
from collections.abc import Iterator

PARAGRAPH, LINE, SENTENCE, WORD = "\n\n", "\n", re.compile(r"(?<=[.!?…])\s"), " "


def pieces(text: str, most: int) -> Iterator[str]:
    """A text in pieces of at most `most` characters: cut between paragraphs, else lines, else
    sentences, else words."""
    rest = text.strip("\n")
    while len(rest) > most:
        end = _cut(rest, most)
        yield rest[:end].rstrip()
        rest = rest[end:].lstrip()
    if rest:
        yield rest


def _cut(text: str, most: int) -> int:
    head = text[: most + 1]
    for between in (PARAGRAPH, LINE):
        end = head.rfind(between)
        if end > most // 2:
            return end
    ends = [found.start() for found in SENTENCE.finditer(head)]
    if ends and ends[-1] > most // 2:
        return ends[-1]
    end = head.rfind(WORD)
    return end if end > 0 else most
