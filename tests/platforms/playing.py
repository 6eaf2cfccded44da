"""A transcript, played by people at their clients instead of by hand."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import cast

from bot.platforms import spelling
from bot.turns import Later, Turns
from flows.messages import Ask, Commanded, Inbound, Reply, Review, Say, Send, parse
from storage.unit_of_work import Work
from tests.platforms.seats import Can, Platform, Seat, Shown
from tests.stage import Person, Stage
from tests.transcripts import HALF_A_MINUTE, Line, Transcript, span, taps

REF = re.compile(r"\bS-\d{3,}\b")


# ---- which scenes ----


def can_play(platform: Platform, played: Transcript) -> bool:
    if not platform.can.edit_calls and any(_edited_calls(played)):
        return False
    return all(_can_do(platform, line) for line in (*played.before, *played.turns))


def _edited_calls(played: Transcript) -> Iterator[Line]:
    """Where a command is changed."""
    did: dict[str, list[str]] = {}
    for line in (*played.before, *played.turns):
        own = did.setdefault(line.by, [])
        if line.edits is not None and own[line.edits["message"] - 1].startswith("/"):
            yield line
        if line.arrives is None and not line.again:
            own.append(line.member or "")


def _can_do(platform: Platform, line: Line) -> bool:
    can: Can = platform.can
    if line.prompted is not None or line.fills is not None or line.early or line.undelivered:
        return False  # nobody does that at a client
    if line.again:
        return can.repeat
    if line.edits is not None:
        return can.edit and platform.can_say(line.edits["text"])
    if line.attaches is not None:
        return line.attaches["kind"] in can.attach
    if line.under is not None:
        return can.tap_old
    if line.member is None:
        return True
    is_call = isinstance(parse(line.member), Commanded)
    return platform.can_say(line.member.removeprefix("/") if is_call else line.member)


Thing = tuple[str, str]
"""What a scene shows: an open question, a text by its key, or a button that is tapped."""


def things(played: Transcript) -> set[Thing]:
    steps = [line.step for line in played.turns if isinstance(line.step, str)]
    keys = [key for line in played.turns if isinstance(line.bot, list) for key in line.bot]
    return {
        *(("step", step) for step in steps),
        *(("says", key) for key in keys),
        *((f"taps at {step}", button) for step, button in taps(played)),
    }


def few(scenes: Iterable[Transcript], chosen: Iterable[Transcript] = ()) -> list[Transcript]:
    """As few turns as show everything that all the scenes show, but for what `chosen` ones do."""
    left = {played.scene: played for played in scenes}
    shown = {thing for played in chosen for thing in things(played)}
    found: list[Transcript] = []
    while left:
        best = max(left.values(), key=lambda each: len(things(each) - shown) / _length(each))
        if not things(best) - shown:
            break
        found.append(left.pop(best.scene))
        shown |= things(best)
    return found


def _length(played: Transcript) -> int:
    return 5 + len(played.before) + len(played.turns)  # to begin is some work too


# ---- a scene as it is seen ----


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn: what the bot answered, and what that looked like to whoever had spoken."""

    line: Line
    said: tuple[Reply, ...]
    keys: tuple[str, ...]
    shown: tuple[Shown, ...]

    def faults(self, platform: Platform) -> Iterator[str]:
        """Where it was not shown as it was said, or something else was said."""
        if self.line.bot is not ... and [*self.keys] != self.line.bot:
            yield f"it says {self.keys}, not {self.line.bot}"
        for reply, shown in zip_longest(self.said, self.shown):
            if reply is None or shown is None:
                yield f"{shown} is shown for {reply}"
            else:
                yield from unlike(reply, shown, platform)


def unlike(reply: Reply, shown: Shown, platform: Platform) -> Iterator[str]:
    """Where a message does not show what was to be said."""
    words = [reply.text]
    if isinstance(reply, Review):
        words = [reply.intro, reply.title, *words]
        words += [each for part in reply.parts for each in (part.heading, part.text)]
    for each in words:
        if platform.shows(each).strip() not in shown.text:
            yield f"{each!r} is not in {shown.text!r}"
    options = reply.options if isinstance(reply, Ask | Review) else ()
    labels = [option.label for option in options]
    if isinstance(reply, Say) and reply.private is not None:
        labels = [reply.private]
    if [*shown.buttons] != labels:
        yield f"its buttons are {shown.buttons}, not {labels}"
    if options and [*shown.ticked] != [option.ticked for option in options]:
        yield f"its ticks are {shown.ticked}, not {options}"
    number = (reply.number, reply.of) if isinstance(reply, Ask) and reply.number else None
    if shown.number != number:
        yield f"its number is {shown.number}, not {number}"
    file = (reply.name, reply.content) if isinstance(reply, Send) else None
    if shown.file != file:
        yield f"its file is {shown.file}, not {file}"


class Ear:
    """The bot's turns, and what the last one of them answered."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.heard: list[Reply] = []

    async def handle(self, inbound: Inbound, *, later: Later | None = None) -> None:
        await self._stage.turns.handle(inbound)  # a summary too: what is heard is heard at once
        waiting = await self._stage.database.read(lambda c: Work(c).outbox.waiting(inbound.address))
        self.heard += [row.reply for row in waiting]

    @property
    def turns(self) -> Turns:
        """For whoever only hands over what arrives."""
        return cast(Turns, self)


class Playing:
    """One scene on a platform."""

    def __init__(self, platform: Platform, stage: Stage) -> None:
        self._platform = platform
        self._stage = stage
        self._ear = Ear(stage)
        self._seats: dict[str, Seat] = {}
        self._did: dict[str, list[str | None]] = {}
        self._answers: dict[str, list[Reply]] = {}

    async def play(self, played: Transcript) -> list[Exchange]:
        names = {"ana", *played.given, *(line.by for line in (*played.before, *played.turns))}
        async with self._platform.opened(self._stage, self._ear.turns) as sit:
            for name in sorted(names):
                seat = self._seats[name] = sit(name)
                self._stage.people[name] = Person(name.capitalize(), seat.address)
                self._did[name], self._answers[name] = [], []
            self._stage.has(played.given)
            for line in played.before:
                await self._turn(line)
            return [await self._turn(line) for line in played.turns]

    async def _turn(self, line: Line) -> Exchange:
        self._stage.clock.move(span(line.after) if line.after else HALF_A_MINUTE)
        self._ear.heard.clear()
        if line.arrives is not None:
            self._stage.arrives(**line.arrives)
        else:
            await self._done(line, self._seats[line.by])
        said = tuple(self._ear.heard)
        self._answers[line.by] += said
        keys = tuple(self._stage.texts.key_of(reply) for reply in said)
        return Exchange(line, said, keys, tuple(self._seats[line.by].sees()))

    async def _done(self, line: Line, seat: Seat) -> None:
        did: str | None = None
        if line.again:
            await seat.repeats()
            return
        if line.member is not None:
            did = line.member.replace("<ref>", self._ref())
            if isinstance(parse(did), Commanded):
                await seat.calls(did.removeprefix("/"))
            else:
                await seat.says(did)
        elif line.tap is not None:
            await self._tapped(line.tap, line.under, line.by)
        elif line.edits is not None:
            at = line.edits["message"] - 1
            before, did = self._did[line.by][at], line.edits["text"]
            assert before is not None
            await seat.edits(before, did)
            self._did[line.by][at] = did
        elif line.attaches is not None:
            did = line.attaches.get("caption", "")
            await seat.attaches(line.attaches["kind"], did)
        self._did[line.by].append(did)

    async def _tapped(self, choice: str, under: int | None, by: str) -> None:
        answers, seat = self._answers[by], self._seats[by]
        if under is None:
            asked = next(each for each in reversed(answers) if isinstance(each, Ask | Review))
        else:
            asked = cast(Ask, answers[under - 1])
        label = next(option.label for option in asked.options if option.name == choice)
        if under is None:
            await seat.taps(label)
        else:
            await seat.taps_old(label, under - 1)

    def _ref(self) -> str:
        """That of ana's last story."""
        member = self._stage.member(self._stage.person("ana")).id
        rows = self._stage.rows(
            "SELECT ref FROM stories WHERE member_id = :member ORDER BY id", member=member
        )
        return str(rows[-1]["ref"]) if rows else "S-000"


# ---- alike on every platform ----


def alike(exchanges: Iterable[Exchange], platform: Platform) -> list[list[Shown]]:
    """What was seen, with what each platform or each database has its own way of calling."""
    refs: dict[str, str] = {}
    before = spelling(platform.name)("")  # a command's name

    def same(text: str) -> str:
        text = text.replace(before, "/")
        return REF.sub(lambda found: refs.setdefault(found[0], f"<ref {len(refs)}>"), text)

    return [
        [
            replace(shown, text=same(shown.text), buttons=tuple(map(same, shown.buttons)))
            for shown in exchange.shown
        ]
        for exchange in exchanges
    ]
