"""Scenes of an interview as a person meets it, each in transcripts/*.yaml.

    scene: what happens, as a sentence
    given: consented                # or who is what: {ana: consented, olga: [consented, organizer]}
    at: applied                     # ana agreed long ago, and told a plain story up to here
    before: [I know, {tap: skip}]   # messages that lead up to the scene; they are not looked at
    turns:
      - member: We met in March.    # what is typed, commands too; <ref> stands for ana's story
        bot: [story-gained-ask]     # what is said to it, by text key; `[]` is silence
        step: gained                # the open question; `gained/thing` a follow-up, `away!` aside
      - tap: nothing                # a button of the last question; `under: 3` of the third message
        as: bo                      # somebody else; without it, it is ana
        after: 3 days               # the time since; without it, half a minute
    story: {reach: potential}       # what was kept of ana's last story: what is named here, in it

A turn may also be `edits`, `attaches`, `prompted`, `fills` (a form: words by step), `arrives` (a
new version of the interview) or `again` (the platform hands the last message over twice). It is
`early` where it was written before the open question came, `undelivered` where the answer is not
out yet. `says` are words of the answer, `unsaid` words that it lacks, `offers` its buttons,
`number` the question's ("3 of 7"). At the end, `messages` counts the bot's, `counts` is what a
summary would count, `answers` are the rows of an answer, and what is `nowhere` stands in no row of
the database.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).parent / "bot" / "transcripts"

HALF_A_MINUTE = timedelta(seconds=30)

PLAIN: dict[str, Any] = {
    "activity": "/tell",
    "gained": "In March we met, and it was good.",
    "applied": "A checklist for a first week.",
    "changed": "I used it with my team.",
    "because": "It takes one day instead of three.",
    "counterfactual": "The checklist, and a new colleague.",
    "loop": {"tap": "less"},
    "review": {"tap": "no-need"},
}
"""A plain story without follow-ups: what leads to which question."""

FROM_A_CHANGE: dict[str, Any] = {
    "activity": "/tell",
    "change": {"tap": "change"},
    "change-because": "New colleagues ask less than before.",
    "part": {"tap": "unknown"},
    "change-gained": {"tap": "yes"},
    "change-applied": "A checklist for a first week.",
    "change-counterfactual": "I used it with my team.",
}
"""The same from a change."""


# ---- a transcript as written ----


@dataclass(frozen=True, kw_only=True)
class Line:
    """One turn. Exactly one of the first eight is there; `...` is what nothing is said about."""

    member: str | None = None
    tap: str | None = None
    edits: dict[str, Any] | None = None
    attaches: dict[str, Any] | None = None
    prompted: dict[str, Any] | None = None
    fills: dict[str, str] | None = None
    arrives: dict[str, Any] | None = None
    again: bool = False

    by: str = "ana"
    after: str | None = None
    under: int | None = None
    early: bool = False
    undelivered: bool = False

    bot: Any = ...
    step: Any = ...
    says: Any = ()
    unsaid: Any = ()
    offers: Any = ...
    number: Any = ...
    nowhere: Any = ()


@dataclass(frozen=True, kw_only=True)
class Transcript:
    scene: str
    turns: tuple[Line, ...]
    given: Any = field(default_factory=dict)
    at: str = ""
    before: tuple[Line, ...] = ()
    story: Any = ...
    stories: Any = ...
    answers: Any = field(default_factory=dict)
    counts: Any = field(default_factory=dict)
    messages: int | None = None
    nowhere: tuple[str, ...] = ()


@cache
def transcripts() -> tuple[Transcript, ...]:
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for scene in YAML(typ="safe").load_all(path):
            found.append(transcript(scene))
    return tuple(found)


def transcript(written: dict[str, Any]) -> Transcript:
    given = written.get("given", {})
    given = given if isinstance(given, dict) else {"ana": given}
    before = written.get("before", [])
    if "at" in written:
        given = {"ana": "consented", **given}
        before = [*told_up_to(written["at"]), *before]
    return Transcript(
        given=given,
        at="" if written.get("before") else written.get("at", ""),
        before=tuple(_line(each) for each in before),
        turns=tuple(_line(each) for each in written["turns"]),
        **{k: v for k, v in written.items() if k not in ("given", "at", "before", "turns")},
    )


def told_up_to(question: str) -> list[Any]:
    told = PLAIN if question in PLAIN else FROM_A_CHANGE
    questions = list(told)
    return [told[each] for each in questions[: questions.index(question) + 1]]


def _line(written: Any) -> Line:
    if isinstance(written, str):
        return Line(member=written)
    return Line(**{"by" if key == "as" else key: value for key, value in written.items()})


def span(written: str) -> timedelta:
    found = re.fullmatch(r"(\d+) (second|minute|hour|day|week)s?", written)
    assert found is not None, f"{written!r} is no span of time"
    return timedelta(**{f"{found[2]}s": int(found[1])})


def taps(played: Transcript) -> Iterator[tuple[str, str]]:
    """(step, button) of each tap at a question that the transcript names before it."""
    at = {"ana": played.at}
    for line in played.turns:
        if line.tap is not None and line.under is None and at.get(line.by):
            yield at[line.by].partition("/")[0].removesuffix("!"), line.tap
        if line.step is not ...:
            at[line.by] = line.step or ""
