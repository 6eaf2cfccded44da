"""Every fault that makes an interview unusable or misleading is found, with its line."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import flows
from config.definitions import load, read_flow
from config.texts import Texts
from flows import asking
from flows.checks import GENERAL_KEYS, Issue, find_issues, needed_keys
from flows.definition import Choice
from flows.framework import Cycle, CycleDefinition, Framework, Ring
from flows.probes import GapRule, Rules

SOUND = """\
flow: talk
version: 1
framework: small
consent: {step: hello, version: 1}
entries: {own: met, later: since}
review: look
probes: {per_question: 1, per_story: 2}
steps:
  hello:
    kind: consent
    choices:
      agree: {does: agree, to: met}
      no: {does: decline, to: gone, typed: ["no"]}
  met:
    kind: question
    keep: step
    cycle: first
    probes: [when]
    to: did
    choices:
      example: {shows: example}
      skip: {to: did, typed: [skip]}
  did:
    kind: question
    keep: step
    cycle: second
    to: look
    choices:
      plan: {to: look, stops: plan, asks_later: later}
  since:
    like: did
    follows: did
    to: look
    choices:
      skip: {to: look}
  look:
    kind: review
    choices:
      send: {does: send, audience: [community], to: thanks}
      change: {to: which}
      unnamed: {does: name, attribution: unnamed}
      readers: {to: readers}
      delete: {does: delete, to: gone}
  readers:
    kind: audience
    choices:
      community: {does: tick, audience: [community]}
      send: {does: send, to: thanks}
  which:
    kind: change
    to: anew
    choices:
      leave: {to: look}
  anew:
    kind: reword
    to: look
    choices:
      leave: {to: look}
  thanks:
    kind: closing
    choices:
      "yes": {does: worth, worth: "yes", to: gone}
      weeks: {does: remind, days: 14, to: gone}
      never: {does: stop-asking, to: gone}
  gone: {kind: end}
asides:
  away:
    choices:
      go-on: {does: resume}
  again:
    choices:
      anew: {does: restart}
  cancel:
    choices:
      "yes": {does: delete}
"""

FRAMEWORK = Framework(
    name="small",
    version=1,
    cycles={
        Cycle("first"): CycleDefinition(name=Cycle("first"), ring=Ring.INNER),
        Cycle("second"): CycleDefinition(name=Cycle("second"), ring=Ring.INNER),
    },
)

RULES = {"en": Rules(language="en", refusals={"no": frozenset()}, gaps={"when": GapRule()})}


def issues(old: str = "", new: str = "", *, without: str = "") -> list[Issue]:
    """What is found in the sound flow with `old` replaced once, or with one text missing."""
    assert old in SOUND
    return issues_in(SOUND.replace(old, new, 1), without=without)


def issues_in(written: str, *, without: str = "") -> list[Issue]:
    flow = read_flow(written, path="talk.yaml")
    keys = {key for _, _, ways in needed_keys(flow, gaps=frozenset({"when"})) for key in ways}
    cycles = {f"cycle-{name}{end}" for name in FRAMEWORK.cycles for end in ("", "-meaning")}
    reach = {f"reach-{name}" for name in FRAMEWORK.cycles}
    there = frozenset({*keys, *cycles, *reach, *GENERAL_KEYS} - {without})
    return list(find_issues(flow, FRAMEWORK, keys={"en": there, "de": there}, rules=RULES))


def test_a_sound_flow_has_no_issues():
    found = issues()

    assert found == []


def test_the_shipped_flows_and_texts_have_no_issues():
    definitions, texts = load(), Texts.load()
    keys = {language: texts.keys(language) for language in texts.languages}

    found = {
        name: find_issues(flow, definitions.framework, keys=keys, rules=definitions.rules)
        for name, flow in definitions.flows.items()
    }

    assert found == {"story": ()}


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "message"),
    [
        ("k: small", "k: large", 3, "framework", 'is "large"; the framework loaded is "small"'),
        ("{step: hello", "{step: helo", 4, "consent", 'there is no step "helo"'),
        ("{step: hello", "{step: met", 4, "consent", 'the step "met" must be of kind consent'),
        ("review: look", "review: lok", 6, "review", 'there is no step "lok"'),
        ("review: look", "review: met", 6, "review", 'the step "met" must be of kind review'),
        ("own: met", "own: mett", 5, "entries.own", 'there is no step "mett"'),
        ("own: met", "mine: met", 5, "entries", "must have"),
        ("  away:", "  await:", 66, "asides.away", "is missing"),
        ("to: did\n", "to: didd\n", 14, "met", 'there is no step "didd"'),
        ("plan: {to: look", "plan: {to: lok", 23, "did.choices.plan", 'there is no step "lok"'),
        (
            "community], to: thanks",
            "community], to: thanks, to_if_later: later",
            36,
            "look.choices.send",
            'there is no step "later"',
        ),
        ("follows: did", "follows: done", 30, "since", 'there is no step "done"'),
        ("cycle: second", "cycle: secnd", 23, "did", 'unknown cycle "secnd"'),
        (
            "cycle: second",
            "cycle: second\n    dimension: internal",
            23,
            "did",
            'the cycle "second" has no dimension "internal"',
        ),
        ("probes: [when]", "probes: [wen]", 14, "met", 'unknown gap "wen"'),
        ("probes: [when]", "gaps: [wen]", 14, "met", 'unknown gap "wen"'),
        ('typed: ["no"]', "typed: [nope]", 9, "hello.choices.no", 'unknown refusal "nope"'),
        ("    to: did\n", "", 14, "met", "does not say where an answer leads"),
        ("    keep: step\n", "", 14, "met", "does not say what its answer is kept as"),
        ("    cycle: first\n", "", 14, "met", "keeps a step of no cycle"),
        ("\n      leave: {to: look}\n  anew", " {}\n  anew", 49, "which", "has no choice"),
        ("\n      go-on: {does: resume}\n", " {}\n", 67, "away", "has no choice"),
        ("to: anew", "to: look", 49, "which", "must lead `to` a step of kind reword"),
        ("agree: {does: agree, ", "agree: {", 9, "hello", "has no choice that does `agree`"),
        (
            "send: {does: send, audience: [community], ",
            "send: {",
            36,
            "look",
            "has no choice that does `send`",
        ),
        (
            "      community: {does: tick, audience: [community]}\n",
            "",
            44,
            "readers",
            "has no choice that does `tick`",
        ),
        ("delete: {does: delete, to: gone}", "keep: {does: park}", 8, "steps", "/cancel needs one"),
        ("skip: {to: did", "same-words: {to: did", 14, "met.choices.same-words", "has a name that"),
        ("skip: {to: did", "answer: {to: did", 14, "met.choices.answer", "has a name that"),
        ("{shows: example}", "{stops: plan}", 14, "met.choices.example", "does nothing"),
        ("{shows: example", "{to: did, shows: example", 14, "met.choices.example", "leave `to`"),
        ("audience: [community]}", "}", 44, "readers.choices.community", "which: `audience`"),
        (", attribution: unnamed", "", 36, "look.choices.unnamed", "which: `attribution`"),
        (', worth: "yes"', "", 59, "thanks.choices.yes", "which: `worth`"),
        (", days: 14", "", 59, "thanks.choices.weeks", "which: `days`"),
        ("stop-asking, to: gone", "stop-asking", 59, "thanks.choices.never", "not say where"),
        ("{does: stop-asking, ", "{", 59, "thanks.choices.never", "leaves the story open"),
        ("to: look\n    choices:\n      plan", "to: gone\n    choices:\n      plan", 23, "did",
         "leaves the story open"),
        ("asking, to: gone", "asking, to: look", 59, "thanks.choices.never", "must be an end"),
        ("{to: did, typed", "{to: did, does: park, typed", 14, "met.choices.skip", "stands for"),
        ("{to: did, typed", "{does: resume, typed", 14, "met.choices.skip", "only an aside can"),
        ("plan: {to: look", "plan: {to: look, to_if_later: look", 23, "did.choices.plan",
         "has `to_if_later`"),
        ("asks_later: later", "asks_later: soon", 23, "did.choices.plan", "which is no entry"),
        ("asks_later: later", "asks_later: own", 23, "did.choices.plan", "begins a story"),
        ("to: thanks}\n      change", "to: thanks, asks_later: later}\n      change", 36,
         "look.choices.send", "only a button of a question"),
        ("{does: restart}", "{does: send}", 70, "again.choices.anew", "must do one of resume"),
        ("{does: restart}", "{does: restart, to: met}", 70, "again.choices.anew", "leads nowhere"),
        ("  again:", "  met:", 70, "met", "is the name of a step too"),
        ("      readers: {to: readers}\n", "", 43, "readers", "is a dead step"),
        ("entries: {own: met, later: since}", "entries: {own: met, later: met}", 30, "since",
         "is a dead step"),
        ("      send: {does: send, to: thanks}\n", "", 44, "readers", "is a trap"),
        ("plan: {to: look", "plan: {to: met", 14, "met", "before the review: met → did → met"),
        ("plan: {to: look", "plan: {to: did", 23, "did", "before the review: did → did"),
    ],
)  # fmt: skip
def test_a_fault_is_found_with_its_line_and_key(
    old: str, new: str, line: int, key: str, message: str
):
    found = issues(old, new)

    assert (line, key) in [(issue.line, issue.key) for issue in found]
    said = [issue.message for issue in found if (issue.line, issue.key) == (line, key)]
    assert any(message in each for each in said), said


def test_what_is_left_open_is_asked_about_again_by_a_question_like_it():
    assert issues(" stops: plan,", "") == []


def test_what_is_left_open_is_not_asked_about_again_by_another_question():
    flow = SOUND.replace(" stops: plan,", "").replace("later: since}", "later: met}")

    found = [issue for issue in issues_in(flow) if issue.key == "did.choices.plan"]

    assert len(found) == 1
    assert "must be `like` this question" in found[0].message


def test_one_fault_is_one_issue():
    found = issues("cycle: second", "cycle: secnd")

    # Both that step and the one that is like it.
    assert found == [
        Issue(23, "did", 'unknown cycle "secnd"'),
        Issue(30, "since", 'unknown cycle "secnd"'),
    ]


def test_a_flow_may_come_round_again_after_the_review():
    found = issues("leave: {to: look}\n  anew", "leave: {to: met}\n  anew")

    assert found == []


def test_a_choice_that_stands_twice_is_found():
    flow = read_flow(SOUND, path="talk.yaml")
    twice = replace(flow.steps["met"], choices=(Choice(name="a", to="did"),) * 2)
    flow = replace(flow, steps={**flow.steps, "met": twice})

    found = find_issues(flow, FRAMEWORK, keys={}, rules=RULES)

    assert found == (Issue(14, "met.choices.a", "stands here twice"),)


@pytest.mark.parametrize(
    ("text", "line", "key", "wanted"),
    [
        ("talk-hello-ask", 9, "hello", "talk-hello-ask"),
        ("talk-gone-say", 65, "gone", "talk-gone-say"),
        ("talk-look-intro", 36, "look", "talk-look-intro"),
        ("talk-look-empty", 36, "look", "talk-look-empty"),
        ("talk-met-part", 14, "met", "talk-met-part"),
        ("talk-met-example", 14, "met", "talk-met-example"),
        ("talk-away-ask", 67, "away", "talk-away-ask"),
        ("stop-plan", 23, "did", "stop-plan"),
        ("stop-not-said", 0, "stop-not-said", "stop-not-said"),
        ("gap-when", 14, "met", "gap-when"),
        ("stale", 0, "stale", "stale"),
        ("cycle-first-meaning", 0, "cycle-first-meaning", "cycle-first-meaning"),
        ("reach-second", 0, "reach-second", "reach-second"),
    ],
)
def test_a_missing_text_is_found(text: str, line: int, key: str, wanted: str):
    found = issues(without=text)

    assert found == [Issue(line, key, f"there is no text {wanted} in de, en")]


def test_a_text_is_missing_only_where_no_other_serves():
    served = issues(without="talk-since-ask")
    flow = read_flow(SOUND, path="talk.yaml")
    ways = {(step, keys) for _, step, keys in needed_keys(flow)}

    assert served == []
    assert ("since", ("talk-since-ask", "talk-did-ask")) in ways
    assert ("met", ("talk-met-choice-skip", "choice-skip")) in ways
    assert ("met", ("talk-met-probe-when", "probe-when")) in ways
    assert ("away", ("talk-away-choice-go-on", "choice-go-on")) in ways


def test_a_missing_text_names_the_languages_that_lack_it():
    flow = read_flow(SOUND, path="talk.yaml")
    there = frozenset(key for _, _, ways in needed_keys(flow) for key in ways)
    keys = {"en": there, "de": there - {"talk-met-part"}}

    found = find_issues(flow, FRAMEWORK, keys=keys, rules=RULES)

    assert Issue(14, "met", "there is no text talk-met-part in de") in found


def test_general_keys_are_all_that_the_code_says_whatever_the_steps():
    texts = Texts.load().keys("en")
    files = [path for path in FLOWS.glob("*.py") if path.name != "checks.py"]

    named = {text for path in files for text in _literals(path) if text in texts}

    assert named == set(GENERAL_KEYS)


def test_every_general_key_that_is_said_outright_is_known():
    """As the test before this one, for a key that has no text yet."""
    calls = re.compile(r'\b(?:say|word|_refuse)\((?:\w+,)?\s*"([a-z-]+)"')

    said = {key for path in FLOWS.glob("*.py") for key in calls.findall(path.read_text("utf-8"))}

    assert {"stale", "parked", "change-part"} < said
    assert said <= set(GENERAL_KEYS)


FLOWS = Path(flows.__file__).parent


def _literals(path: Path) -> Iterator[str]:
    """The strings in a file; in those that are put together, names stand for their constants."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Constant(value=str() as text):
                yield text
            case ast.JoinedStr(values=values):
                yield "".join(map(_literal, values))
            case _:
                pass


def _literal(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.FormattedValue(value=ast.Name(id=name)):
            return str(getattr(asking, name, "?"))
        case _:
            return "?"
