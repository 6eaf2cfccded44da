"""Nothing that a story keeps from its readers comes out by any of the ways in which it is read.

Stories are made up at random, each with words of its own. What a reader may see is worked out here
once more, in a few lines, and every way of reading is held against that.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app import App
from bot.commands import COMMANDS
from bot.exports import EXPORTS, Format
from bot.periods import Period
from bot.reports import print_audit, print_summary, write_export
from bot.responding import Responder
from config.settings import Settings
from flows.framework import Attribution, Audience, StepStatus
from flows.messages import Anchor, Inbound, parse
from flows.story import Link
from storage.members import Role
from storage.outbox import Sent
from storage.unit_of_work import Work
from tests.builders import APPLIED, IMMEDIATE, REALIZED, a_step, closing, fresh, opened, tried
from tests.rights.conftest import Town, at, text_of

HOUR = timedelta(hours=1)
BEGINNING = datetime(2026, 1, 1, 7, 0, tzinfo=UTC)
"""Months before anything else happens: a day of January is that of a story."""

NAMES = {"tina": "main", "tom": "main", "tess": "other", "tara": "other"}
"""Tellers, and where they belong."""

READERS = {
    "member": ("main", Role.MEMBER),
    "coordinator": ("main", Role.COORDINATOR),
    "organizer": ("main", Role.ORGANIZER),
    "foreigner": ("other", Role.ORGANIZER),
}


@dataclass(frozen=True)
class Told:
    """A story as it was made up; `ref` once it is kept."""

    number: int
    teller: str
    audience: frozenset[Audience]
    attribution: Attribution
    fate: str  # sent, hidden, withdrawn or erased
    ref: str = ""

    @property
    def community(self) -> str:
        return NAMES[self.teller]

    @property
    def begun_at(self) -> datetime:
        """On a day and at a time that no other story has."""
        return BEGINNING + timedelta(days=self.number) + timedelta(minutes=self.number)

    def word(self, part: str) -> str:
        return f"{part}ZEBRA{self.number:02}."

    @property
    def pseudonym(self) -> str | None:
        return f"Alias{self.number:02}" if self.attribution is Attribution.PSEUDONYM else None

    def is_open(self, community: str, *readers: Audience) -> bool:
        """What every way of reading must agree with."""
        return (
            self.fate == "sent"
            and self.community == community
            and not self.audience.isdisjoint(readers)
        )


@dataclass
class Shown:
    """What somebody saw, by one way: `rest` is what they had typed of it themselves."""

    text: str
    may: Callable[[Told], bool]
    reader: str = ""
    typed: str = ""
    names_people: bool = False


@dataclass
class World:
    """A town with these stories, and ways to read them."""

    town: Town
    stories: list[Told] = field(default_factory=list)

    @property
    def app(self) -> App:
        path = str(self.town.database._writing.url.database)
        return App(
            settings=Settings(database_url=f"sqlite:///{path}"),
            database=self.town.database,
            house=self.town.house,
            journal=self.town.journal,
            turns=self.town.turns,
        )

    def calls(self, name: str, text: str) -> str:
        """What one command says and sends; undone afterwards."""
        return tried(self.town.database, lambda work: self._calls(work, name, text))

    def _calls(self, work: Work, name: str, text: str) -> str:
        now, address = self.town.clock(), at(name)
        inbound = Inbound(key="undone", address=address, said_at=now, payload=parse(text))
        responder = Responder(self.town.house)
        work.inbox.claim(inbound.key, now=now)
        reads = responder.respond(work, inbound, now=now)
        if reads is not None:
            responder.answer(work, reads, responder.read(work, reads, now=now), now=now)
        work.flush()
        rows = work.outbox.waiting(address)
        work.outbox.mark_sent([(row.id, Sent("b", now)) for row in rows])
        return text_of([row.reply for row in rows])

    def printed(self, print_it: Callable[[], None]) -> str:
        with redirect_stdout(StringIO()) as out:
            print_it()
        return out.getvalue()


# ---- the ways in which stories are read ----

Reads = Callable[[World, str], Iterator[Shown]]
"""Everything that a reader sees by one way."""


@dataclass(frozen=True)
class ReadPath:
    """A way in which stories are read: by a command of the chat, an export, or the program."""

    name: str
    reads: Reads


def organizers(reader: str, *readers: Audience) -> Callable[[Told], bool]:
    """What an organizer reads, or has read for `readers`; nobody else anything."""
    community, role = READERS.get(reader, ("", Role.MEMBER))

    def may(story: Told) -> bool:
        groups = readers or (Audience.ORGANIZERS,)
        return role is Role.ORGANIZER and story.is_open(community, *groups)

    return may


def own(reader: str) -> Callable[[Told], bool]:
    return lambda story: story.teller == reader


def said(world: World, reader: str, text: str, may: Callable[[Told], bool], **more: Any) -> Shown:
    def or_own(story: Told) -> bool:
        return own(reader)(story) or may(story)

    return Shown(world.calls(reader, text), or_own, reader=reader, **more)


def summary(world: World, reader: str) -> Iterator[Shown]:
    yield said(world, reader, "/summary", organizers(reader))
    yield said(world, reader, "/summary 2026-01", organizers(reader))
    for audience in (Audience.ORGANIZATION, Audience.FUNDERS, Audience.PUBLIC):
        yield said(world, reader, f"/summary for {audience}", organizers(reader, audience))


def stories(world: World, reader: str) -> Iterator[Shown]:
    yield said(world, reader, "/stories", organizers(reader))
    yield said(world, reader, "/stories 2026-01-02", organizers(reader))


def read(world: World, reader: str) -> Iterator[Shown]:
    community, role = READERS.get(reader, (NAMES.get(reader, ""), Role.MEMBER))
    groups = [Audience.COMMUNITY, Audience.PUBLIC]
    if role is Role.ORGANIZER:
        groups.append(Audience.ORGANIZERS)
    for story in world.stories:
        yield said(
            world,
            reader,
            f"/read {story.ref}",
            lambda other: other.is_open(community, *groups),
            typed=story.ref,
        )


def permission(world: World, reader: str) -> Iterator[Shown]:
    for story in world.stories:
        for use in ("", ' for "report"'):
            text = f"/permission {story.ref}{use}"
            yield said(world, reader, text, organizers(reader), typed=story.ref)


def hide(world: World, reader: str) -> Iterator[Shown]:
    for story in world.stories:
        text = f"/hide {story.ref} It names a colleague."
        yield said(world, reader, text, organizers(reader), typed=story.ref)


def withdraw(world: World, reader: str) -> Iterator[Shown]:
    for story in world.stories:
        yield said(world, reader, f"/withdraw {story.ref}", lambda _: False, typed=story.ref)


def plain(command: str, world: World, reader: str) -> Iterator[Shown]:
    """A command that shows at most what is the reader's own."""
    yield said(world, reader, f"/{command}", lambda _: False)


def listing(command: str, world: World, reader: str) -> Iterator[Shown]:
    """A list of people."""
    yield said(world, reader, f"/{command}", lambda _: False, names_people=True)


def export(format: Format, world: World, reader: str) -> Iterator[Shown]:
    for community in ("main", "other"):
        for audience in Audience:
            text = world.printed(
                partial(
                    write_export,
                    world.app,
                    format,
                    reader=audience,
                    community=community,
                    period=Period(),
                    to=None,
                )
            )
            yield Shown(text, partial(_is_open, community, audience))


def _is_open(community: str, audience: Audience, story: Told) -> bool:
    return story.is_open(community, audience)


def printed_summary(world: World, reader: str) -> Iterator[Shown]:
    for community in ("main", "other"):
        for as_json in (False, True):
            text = world.printed(
                partial(
                    print_summary,
                    world.app,
                    community=community,
                    period=Period(),
                    as_json=as_json,
                )
            )
            yield Shown(text, partial(_is_open, community, Audience.ORGANIZERS))


ONCE = ("export", "storytrail")
"""The ways that are the same whoever reads begin so."""

READ_PATHS = (
    ReadPath("summary", summary),
    ReadPath("stories", stories),
    ReadPath("read", read),
    ReadPath("permission", permission),
    ReadPath("hide", hide),
    ReadPath("withdraw", withdraw),
    ReadPath("mydata", partial(plain, "mydata")),
    ReadPath("mystories", partial(plain, "mystories")),
    ReadPath("status", partial(plain, "status")),
    ReadPath("privacy", partial(listing, "privacy")),
    ReadPath("members", partial(listing, "members")),
    ReadPath("roles", partial(listing, "roles")),
    *(ReadPath(f"export {format.name}", partial(export, format)) for format in EXPORTS),
    ReadPath("storytrail summary", printed_summary),
)
"""A new way of reading stories is held against the same rules by a line here."""

SHOWS_NO_STORY = (
    "tell",
    "back",
    "skip",
    "pause",
    "resume",
    "cancel",
    "start",
    "forget",
    "link",
    "community",
    "leave",
    "language",
    "timezone",
    "help",
    "invite",
    "settings",
    "prompt",
    "schedule",
    "rounds",
    "snooze",
    "quiet",
    "stop",
)
"""Commands that show no story but the open one of whoever calls them."""


def test_every_command_and_every_export_is_a_read_path_or_shows_no_story():
    known = [path.name for path in READ_PATHS]
    there = [c.name for c in COMMANDS] + [f"export {f.name}" for f in EXPORTS]

    assert sorted([*known, *SHOWS_NO_STORY]) == sorted([*there, "storytrail summary"])


# ---- made-up stories ----


def made(numbered: list[tuple[str, frozenset[Audience], Attribution, str]]) -> list[Told]:
    return [Told(number, *each) for number, each in enumerate(numbered, 1)]


STORIES = st.lists(
    st.tuples(
        st.sampled_from(sorted(NAMES)),
        st.frozensets(st.sampled_from(list(Audience)), max_size=4),
        st.sampled_from(list(Attribution)),
        st.sampled_from(["sent", "sent", "sent", "hidden", "withdrawn", "erased"]),
    ),
    min_size=2,
    max_size=6,
).map(made)


def keeps(town: Town, story: Told) -> Told:
    """Everything that a story can hold, each part with a word of its own."""
    word = story.word
    ref = town.keeps(
        story.teller,
        word("Title"),
        of=story.community,
        to=" ".join(story.audience),
        attribution=story.attribution,
        pseudonym=story.pseudonym,
        started_at=story.begun_at,
        submitted_at=story.begun_at + HOUR,
        reach=REALIZED,
        stop=None,
        anchor=Anchor(word("Activity"), f"2026-01-{story.number + 1:02}"),
        steps=(
            a_step(order=1, cycle=IMMEDIATE, text=word("Title")),
            a_step(
                order=2,
                part="applied",
                cycle=APPLIED,
                text=word("Applied"),
                status=StepStatus.BLOCKED,
                choice="stopped",
                would_help=word("Help"),
                date=f"2026-01-{story.number + 1:02}",
            ),
            a_step(order=3, part="changed", cycle=REALIZED, text=word("Changed"), choice="worse"),
        ),
        links=(
            Link(origin=1, target=2),
            Link(
                origin=2,
                target=3,
                because=word("Because"),
                other_causes=word("Causes"),
                counterfactual_text=word("Without"),
            ),
        ),
        gaps=("compared",),
    )

    def befalls(work: Work) -> None:
        kept = work.stories.own(town.member(story.teller).id, ref)
        assert kept is not None
        if story.fate == "hidden":
            work.stories.hide(kept, word("Reason"), now=town.clock())
        elif story.fate == "withdrawn":
            work.stories.withdraw(kept, now=town.clock())
        elif story.fate == "erased":
            work.erasure.erase_conversation(kept.conversation, now=town.clock())

    town.write(befalls)
    return Told(story.number, story.teller, story.audience, story.attribution, story.fate, ref)


def built(folder: Path, told: list[Told]) -> World:
    world = World(Town(opened(fresh(folder)), folder / "erased"))
    town = world.town
    town.adds("other")
    for name, community in NAMES.items():
        town.has(name, of=community)
    for name, (community, role) in READERS.items():
        town.has(name, role, of=community)
    town.says("olga", "/help")
    world.stories = [keeps(town, story) for story in told]
    return world


# ---- what may not be seen ----


def leaks(story: Told, shown: Shown) -> Iterator[str]:
    """What a text shows of a story that its reader may not see."""
    if story.teller == shown.reader:
        return
    text = shown.text
    if not shown.may(story):
        yield from re.findall(rf"\w*ZEBRA{story.number:02}\b", text)
        if story.ref != shown.typed and re.search(rf"{story.ref}\b", text):
            yield story.ref
        if story.pseudonym and story.pseudonym in text:
            yield story.pseudonym
    if story.attribution is Attribution.UNNAMED or not shown.may(story):
        yield from _days(story, text)


def _days(story: Told, text: str) -> Iterator[str]:
    """A time that is finer than the month, however it is written."""
    day = story.begun_at
    for written in (
        f"{day:%Y-%m-%d}",
        f"{day:%b} {day.day}, ",
        f"{day:%H:%M}:00",
        f"{day + HOUR:%H:%M}:00",
    ):
        if re.search(rf"(?<!\d){re.escape(written)}", text):
            yield written


def named(stories: list[Told], shown: Shown) -> Iterator[str]:
    """Names of tellers that nothing in the text may carry."""
    if shown.names_people:
        return
    for name in NAMES:
        carried = any(
            s.teller == name and s.attribution is Attribution.NAMED and shown.may(s)
            for s in stories
        )
        if name != shown.reader and not carried and re.search(rf"\b{name}\b", shown.text, re.I):
            yield name


BOUNDED = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@BOUNDED
@given(
    told=STORIES,
    reader=st.sampled_from([*READERS, "tina", "tess", "olga"]),
)
def test_no_way_of_reading_shows_what_a_story_keeps_from_its_reader(told, reader):
    with TemporaryDirectory() as folder:
        world = built(Path(folder), told)
        with closing(world.town.database):
            for path in READ_PATHS:
                for shown in path.reads(world, reader):
                    found = [leak for story in world.stories for leak in leaks(story, shown)]
                    found += named(world.stories, shown)

                    assert found == [], f"{path.name}, {reader}:\n{shown.text}"


def test_those_whom_a_story_is_open_to_see_its_words(tmp_path):
    """The rules above would hold as well if nothing were ever shown."""
    every = frozenset(Audience)
    story = Told(1, "tina", every, Attribution.NAMED, "sent")
    world = built(tmp_path, [story])
    ref = world.stories[0].ref

    with closing(world.town.database):
        shown = {
            path.name: "\n".join(s.text for s in path.reads(world, "organizer"))
            for path in READ_PATHS
        }

    for name in ("read", "export json"):
        for part in ("Title", "Applied", "Help", "Changed", "Because", "Without"):
            assert f"{part}ZEBRA01" in shown[name], (name, part)
    for name in ("summary", "stories", "storytrail summary", "permission", "hide"):
        assert ref in shown[name], name


# ---- the audit ----


def audit_of(world: World) -> str:
    return "\n".join(
        world.printed(
            partial(print_audit, world.app, community=None, period=Period(), as_json=as_json)
        )
        for as_json in (False, True)
    )


def test_no_word_of_a_story_is_in_the_audit(tmp_path):
    told = made([("tina", frozenset(Audience), attribution, "sent") for attribution in Attribution])
    world = built(tmp_path, told)
    town = world.town

    with closing(town.database):
        for story in world.stories:
            town.says("organizer", f"/read {story.ref}", f'/permission {story.ref} for "report"')
            town.says("organizer", f"/hide {story.ref} It names ZEBRA.", f"/hide {story.ref} show")
            town.says("tina", f"/withdraw {story.ref}")
        town.says("organizer", "/stories", "/summary", "/members")
        printed = audit_of(world)

    assert "ZEBRA" not in printed
    assert "Alias" not in printed
    assert "report" not in printed


@pytest.mark.parametrize("attribution", [Attribution.UNNAMED, Attribution.PSEUDONYM])
@pytest.mark.parametrize("done", ["withdraw", "permission", "hide", "erase", "restore", "leave"])
def test_the_audit_does_not_say_whose_an_unnamed_story_is(tmp_path, attribution, done):
    world = built(tmp_path, [Told(1, "tina", frozenset(Audience), attribution, "sent")])
    town, (story,) = world.town, world.stories

    with closing(town.database):
        if done == "permission":
            town.says("organizer", f'/permission {story.ref} for "report"')
        elif done == "hide":
            town.says("organizer", f"/hide {story.ref} It names a colleague.")
        elif done == "leave":
            town.says("tina", "/leave")
            town.taps("tina", "withdraw")
        else:
            town.says("tina", f"/withdraw {story.ref}")
        if done in ("erase", "restore"):
            town.taps("tina", done)
        lines = audit_of(world).splitlines()

    assert [line for line in lines if story.ref in line and "tina" in line.lower()] == []
