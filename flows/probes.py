"""Which gap an answer leaves, read by plain rules of one language."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")

FOREIGN_AFTER = 6
"""Words without one of the language's commonest, after which a text is taken to be in another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRule:
    """What closes a gap: one of `told_by`, a digit, or enough words that are not `vague`."""

    told_by: frozenset[str] = frozenset()
    digits: bool = False
    min_words: int | None = None
    vague: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one language is read. `refusals` maps a meaning to the ways of typing it."""

    language: str
    common: frozenset[str] = frozenset()
    refusals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    gaps: Mapping[str, GapRule] = field(default_factory=dict)


def gaps_in(text: str, wanted: Iterable[str], rules: Rules) -> tuple[str, ...]:
    """Those of the `wanted` gaps that `text` leaves open, in their order.

    None in a language without rules, and none in a text that is not in that language.
    """
    words = [word.casefold().replace("’", "'") for word in WORD.findall(text)]
    if _is_foreign(text, words, rules):
        return ()
    spoken = f" {' '.join(words)} "
    return tuple(
        gap for gap in wanted if gap in rules.gaps and _is_open(rules.gaps[gap], words, spoken)
    )


def meaning_of(text: str, rules: Rules) -> tuple[str, ...]:
    """The meanings of a typed refusal ("no", "not yet"); empty where it is an answer in words."""
    said = " ".join(text.casefold().replace("’", "'").replace(",", " ").split()).strip(" .!…")
    return tuple(meaning for meaning, ways in rules.refusals.items() if said in ways)


def _is_foreign(text: str, words: list[str], rules: Rules) -> bool:
    letters = [char for char in text if char.isalpha()]
    if not letters or sum(char.isascii() for char in letters) * 2 < len(letters):
        return True
    return len(words) > FOREIGN_AFTER and not rules.common.intersection(words)


def _is_open(rule: GapRule, words: list[str], spoken: str) -> bool:
    if any(f" {phrase} " in spoken for phrase in rule.told_by):
        return False
    if rule.digits and any(char.isdigit() for char in spoken):
        return False
    if rule.min_words is None:
        return True
    return sum(word not in rule.vague for word in words) < rule.min_words
