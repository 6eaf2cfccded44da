"""Every scene of transcripts/*.yaml goes as written; tests/transcripts.py says how that is read."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import pytest

from bot.platforms import spelling
from config.definitions import Definitions
from config.texts import Texts
from flows.asking import Asker, Interview, Names
from flows.definition import FlowDefinition, Kind
from flows.framework import Audience
from flows.messages import (
    Anchor,
    Ask,
    Attached,
    Chose,
    Edited,
    Noted,
    Payload,
    Prompted,
    Reply,
    Review,
    Rewrote,
    parse,
)
from storage.unit_of_work import Work
from storage.visibility import Scope
from tests.builders import a_conversation
from tests.slack.taken import rendered
from tests.stage import Person, Stage
from tests.transcripts import HALF_A_MINUTE, Line, Transcript, span, taps, transcripts

# ---- a transcript played ----


class Playing:
    """One transcript on a stage. `faults` are where it went otherwise, a sentence each."""

    def __init__(self, stage: Stage, played: Transcript) -> None:
        self.stage = stage
        self.transcript = played
        self.faults: list[str] = []
        self.counted: Counter[str] = Counter()

    async def play(self) -> None:
        self.stage.has(self.transcript.given)
        for line in self.transcript.before:
            await self._turn(line)
        for number, line in enumerate(self.transcript.turns, 1):
            replies = await self._turn(line)
            for what, found, expected in self._unlike(line, replies):
                self.faults.append(f"turn {number}: {what} is {found!r}, not {expected!r}")
        self.faults += self._unlike_at_the_end()

    async def _turn(self, line: Line) -> list[Reply]:
        person = self.stage.person(line.by)
        after = span(line.after) if line.after else HALF_A_MINUTE
        if line.arrives is not None:
            self.stage.clock.move(after)
            self.stage.arrives(**line.arrives)
            return []
        if line.again:
            return self._noticed(person, await self.stage.hears_again(person))
        replies = await self.stage.hears(
            person,
            self._payload(line, person),
            after=after,
            written_early=line.early,
            delivered=not line.undelivered,
        )
        return self._noticed(person, replies)

    def _noticed(self, person: Person, replies: list[Reply]) -> list[Reply]:
        self.counted[person.name] += sum(not isinstance(reply, Noted) for reply in replies)
        return replies

    def _payload(self, line: Line, person: Person) -> Payload:
        if line.member is not None:
            return parse(self._filled(line.member))
        if line.tap is not None:
            return self._tapped(line.tap, line.under, person)
        if line.edits is not None:
            return Edited(f"{person.name} {line.edits['message']}", line.edits["text"])
        if line.attaches is not None:
            return Attached(**{"file_id": "a file", **line.attaches})
        if line.fills is not None:
            assert isinstance(person.asked, Ask | Review)
            return Rewrote(person.asked.conversation, tuple(line.fills.items()))
        assert line.prompted is not None
        anchor = line.prompted.get("anchor")
        return Prompted(
            line.prompted["about"],
            Anchor(**anchor) if anchor else None,
            line.prompted.get("words"),
        )

    def _tapped(self, choice: str, under: int | None, person: Person) -> Chose:
        asked = person.asked if under is None else person.seen[under - 1]
        assert isinstance(asked, Ask | Review)
        names = [option.name for option in asked.options]
        assert choice in names, f"there is no button {choice} under “{asked.text}”, only {names}"
        return Chose(choice, asked.step, asked.revision, asked.conversation)

    # ---- what came of it ----

    def _unlike(self, line: Line, replies: list[Reply]) -> Iterator[tuple[str, Any, Any]]:
        said = [self.stage.texts.key_of(reply) for reply in replies]
        if line.bot is not ... and said != line.bot:
            yield "what the bot says", said, line.bot
        person = self.stage.person(line.by)
        place = self._place(person)
        if line.step is not ... and place != line.step:
            yield "the open question", place, line.step
        asked = [reply for reply in replies if isinstance(reply, Ask | Review)]
        offered = [option.name for reply in asked for option in reply.options]
        if line.offers is not ... and offered != line.offers:
            yield "what is offered", offered, line.offers
        number = f"{asked[-1].number} of {asked[-1].of}" if _has_number(asked) else None  # type: ignore[union-attr]
        if line.number is not ... and number != line.number:
            yield "the number", number, line.number
        words = "\n".join(_whole(reply) for reply in replies)
        for wanted in [line.says] if isinstance(line.says, str) else line.says:
            if self._filled(wanted) not in words:
                yield "what is said", words, wanted
        for unwanted in [line.unsaid] if isinstance(line.unsaid, str) else line.unsaid:
            if unwanted in words:
                yield "what is said", words, f"without {unwanted}"
        for secret in line.nowhere:
            if secret in self.stage.everything():
                yield "what is kept", secret, "nowhere"

    def _unlike_at_the_end(self) -> Iterator[str]:
        expected, stage = self.transcript, self.stage
        ana = stage.person("ana")
        if stage.rows("SELECT fault FROM inbox WHERE status = 'failed'"):
            yield "a turn failed"
        told = self._stories(ana)
        if expected.story is not ...:
            yield from unlike(told[-1] if told else None, expected.story, "story")
        if expected.stories is not ...:
            yield from unlike(told, expected.stories, "stories")
        for step, rows in expected.answers.items():
            yield from unlike(self._answers(step), rows, f"answers.{step}")
        if expected.counts:
            yield from unlike(self._counts(), expected.counts, "counts")
        if expected.messages is not None and self.counted[ana.name] != expected.messages:
            yield f"the bot's messages are {self.counted[ana.name]}, not {expected.messages}"
        everything = stage.everything()
        yield from (f"{words!r} is still kept" for words in expected.nowhere if words in everything)

    def _place(self, person: Person) -> str | None:
        conversation = self.stage.conversation(person)
        if conversation is None:
            return None
        return f"{conversation.aside}!" if conversation.aside else conversation.place

    def _filled(self, words: str) -> str:
        if "<ref>" not in words:  # nearly always, and it takes a while to look
            return words
        stories = self._stories(self.stage.person("ana"))
        return words.replace("<ref>", str(stories[-1]["ref"]) if stories else "S-000")

    def _stories(self, person: Person) -> list[dict[str, Any]]:
        """This person's stories, the first one sent first."""
        member = self.stage.member(person).id
        rows = self.stage.rows(
            "SELECT ref, status, revision FROM stories WHERE member_id = :member ORDER BY id",
            member=member,
        )

        def whole(work: Work) -> list[dict[str, Any]]:
            read = [(row, work.story_reads.own(member, row["ref"])) for row in rows]
            return [{**(asdict(story) if story else {}), **row} for row, story in read]

        return self.stage.read(whole)

    def _answers(self, step: str) -> list[dict[str, Any]]:
        return self.stage.rows(
            "SELECT * FROM answers WHERE step = :step ORDER BY conversation_id, part, revision",
            step=step,
        )

    def _counts(self) -> dict[str, Any]:
        def count(work: Any) -> dict[str, Any]:
            home = work.communities.home().id
            counts = work.queries.counts(Scope(community=home, reader=Audience.ORGANIZERS))
            return {**asdict(counts), "unsent": counts.unsent}

        return self.stage.read(count)


def unlike(found: Any, expected: Any, where: str) -> Iterator[str]:
    """Where `found` lacks what is expected of it. Of a mapping only what is named is expected."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            if key not in found:
                yield f"{where} has no {key}"
            else:
                yield from unlike(found[key], value, f"{where}.{key}")
    elif isinstance(expected, list) and isinstance(found, list | tuple):
        if len(found) != len(expected):
            yield f"{where} is {found!r}, not {expected!r}"
            return
        for number, (here, there) in enumerate(zip(found, expected, strict=True), 1):
            yield from unlike(here, there, f"{where}[{number}]")
    elif found != expected:
        yield f"{where} is {found!r}, not {expected!r}"


def _has_number(asked: list[Ask | Review]) -> bool:
    return bool(asked) and isinstance(asked[-1], Ask) and asked[-1].number is not None


def _whole(reply: Reply) -> str:
    """All the words of a reply, buttons too."""
    words = [reply.text]
    if isinstance(reply, Review):
        words = [reply.intro, reply.title, *(f"{p.heading}: {p.text}" for p in reply.parts), *words]
    if isinstance(reply, Ask | Review):
        words += [option.label for option in reply.options]
    return "\n".join(words)


# ---- the tests ----

TRANSCRIPTS = transcripts()


@pytest.mark.parametrize("played", TRANSCRIPTS, ids=lambda played: played.scene)
async def test_the_conversation_goes_as_written(played: Transcript, stage: Stage) -> None:
    playing = Playing(stage, played)

    await playing.play()

    assert playing.faults == []
    for reply in (reply for person in stage.people.values() for reply in person.seen):
        rendered(reply)  # as Slack takes it


def test_every_scene_has_a_name_of_its_own() -> None:
    names = Counter(transcript.scene for transcript in TRANSCRIPTS)

    assert [name for name, times in names.items() if times > 1] == []


def test_every_button_of_the_interview_is_tapped_in_some_scene(shipped: Definitions) -> None:
    story = shipped.flows["story"]
    steps = [*story.steps.values(), *story.asides.values()]
    buttons = {(step.name, choice.name) for step in steps for choice in step.choices}

    tapped = {tap for transcript in TRANSCRIPTS for tap in taps(transcript)}

    assert buttons - tapped == set()


def test_the_number_of_a_question_only_rises_and_its_total_only_falls_on_every_path(
    shipped: Definitions,
) -> None:
    story = shipped.flows["story"]
    wording = Texts.load().wording("en", command=spelling("terminal"))
    asker = Asker(Interview(story, shipped.framework), wording, Names("the circle", "Ana"))

    risen = [
        f"{' > '.join(path)}: {before} and then {after}"
        for entry in story.entries.values()
        for path in paths(story, entry)
        for before, after in pairwise(numbers(asker, path))
        if after[0] < before[0] or after[1] > before[1] or after[0] > after[1]
    ]

    assert risen == []


def paths(story: FlowDefinition, step: str) -> Iterator[tuple[str, ...]]:
    """Every way from a question to the review, by any answer and any button."""
    questions = [
        name for name in story.exits(story.step(step)) if story.step(name).kind is Kind.QUESTION
    ]
    if len(questions) < len(story.exits(story.step(step))):
        yield (step,)
    for question in questions:
        yield from ((step, *path) for path in paths(story, question))


def numbers(asker: Asker, path: tuple[str, ...]) -> list[tuple[int, int]]:
    """The numbers that somebody sees on a path: (which question, of how many)."""
    seen = []
    for place, step in enumerate(path):
        number, of = asker.number(a_conversation(place=step, trail=path[:place]))
        assert number is not None
        assert of is not None
        seen.append((number, of))
    return seen
