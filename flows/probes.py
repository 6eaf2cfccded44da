"""Which gap an answer leaves, read by plain rules of one language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
DIGIT = re.compile(r"\d")
LETTER = re.compile(r"[^\W\d_]")
_APART = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "'")}

WHEN = "when"
"""The gap that the date of a named event closes."""

FOREIGN_AFTER = 2
"""Words without one of the language's commonest, after which a text is taken to be in another."""


@dataclass(frozen=True, kw_only=True)  # without slots: it works its phrases out once
class GapRule:
    """What closes a gap: one of `told_by`, a digit, or enough words that are not `vague`.

    Refusals of the meanings `answered_by` answer the follow-up about it; others leave it out.
    """

    told_by: frozenset[str] = frozenset()
    digits: bool = False
    min_words: int | None = None
    vague: frozenset[str] = frozenset()
    answered_by: tuple[str, ...] = ()

    @cached_property
    def phrases(self) -> tuple[str, ...]:
        """Those of `told_by` that are more than one word."""
        return tuple(f" {told} " for told in self.told_by if " " in told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How one language is read. `refusals` maps a meaning to the ways of typing it."""

    language: str
    common: frozenset[str] = frozenset()
    refusals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    gaps: Mapping[str, GapRule] = field(default_factory=dict)


def gaps_in(text: str, wanted: Sequence[str], rules: Rules) -> tuple[str, ...]:
    """Those of the `wanted` gaps that `text` leaves open, in their order.

    None in a language without rules, and none in a text that is not in that language.
    """
    if not wanted:
        return ()
    words = words_of(text.casefold().replace("’", "'"))
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


def words_of(text: str) -> list[str]:
    """As `WORD` finds them, at a third of its cost where all is ASCII."""
    if not text.isascii():
        return WORD.findall(text)
    words = text.translate(_APART).split()
    if "'" not in text:
        return words
    return [word for run in words for word in (WORD.findall(run) if "'" in run else (run,))]


def _is_foreign(text: str, words: list[str], rules: Rules) -> bool:
    if text.isascii():
        if LETTER.search(text) is None:
            return True
    else:
        letters = LETTER.findall(text)
        if sum(map(str.isascii, letters)) * 2 < len(letters) or not letters:
            return True
    return len(words) > FOREIGN_AFTER and rules.common.isdisjoint(words)


def _is_open(rule: GapRule, words: list[str], spoken: str) -> bool:
    if not rule.told_by.isdisjoint(words) or any(phrase in spoken for phrase in rule.phrases):
        return False
    if rule.digits and DIGIT.search(spoken) is not None:
        return False
    if rule.min_words is None:
        return True
    telling = (word for word in words if word not in rule.vague)
    return sum(1 for _ in islice(telling, rule.min_words)) < rule.min_words
