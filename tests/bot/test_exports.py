import inspect
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import bot.commands
import bot.exports
from bot.app import opened
from bot.commands import COMMANDS, UNCALLED
from bot.commands.command import Command
from bot.exports import EXPORTS, Export, Format
from bot.periods import Period
from bot.reports import write_export
from config.settings import Settings
from flows.framework import Attribution, Audience, StepStatus, Valence
from flows.messages import Anchor, Attached
from flows.story import Link, LinkKind, StoryKind
from storage.unit_of_work import Work
from tests.builders import (
    POTENTIAL,
    REALIZED,
    a_hurdle,
    a_member,
    a_step,
    a_story,
    a_story_as_far_as,
    fresh,
    interviews,
    invoked,
    kept,
    kept_story,
    talking,
)

T = TypeVar("T")

SPECIFIC = replace(
    a_story_as_far_as(REALIZED),
    links=(
        Link(origin=1, target=2),
        Link(
            origin=3,
            target=4,
            because="The list.",
            other_causes="A new manager.",
            counterfactual="less",
            counterfactual_text="Later, I think.",
            contribution="little",
            contribution_text="Some.",
        ),
        Link(origin=4, target=None, kind=LinkKind.RETURNS_TO, because="In May."),
        Link(origin=None, target=4),
    ),
    anchor=Anchor("The meetup", "2026-03-12", "https://example.org"),
    gaps=("noticed", "compared"),
    worth_it=Valence.CANNOT_SAY,
    audience=frozenset(Audience),
)
PLANNED = a_story_as_far_as(POTENTIAL, stop="plan", kind=StoryKind.ASPIRATIONAL)
PLANNED = replace(
    PLANNED,
    audience=frozenset({Audience.ORGANIZERS, Audience.FUNDERS}),
    steps=(
        *PLANNED.steps,
        a_step(order=3, part="plan", text="I will.", status=StepStatus.EXPECTED, choice="plan"),
    ),
)
BLOCKED = replace(
    a_story_as_far_as(POTENTIAL, stop="stopped", kind=StoryKind.LACK_OF_VALUE),
    steps=(replace(a_hurdle("No time.", order=1), would_help="A quiet hour."),),
    links=(),
)
WORDLESS = a_story(title="", steps=(), kind=StoryKind.LACK_OF_VALUE, stop="no-part")
UNNAMED = replace(
    SPECIFIC, attribution=Attribution.UNNAMED, audience=frozenset({Audience.ORGANIZERS})
)

STORIES = {
    "specific": SPECIFIC,
    "aspirational": PLANNED,
    "lack of value": BLOCKED,
    "without words": WORDLESS,
    "unnamed": UNNAMED,
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with a story of each kind."""

    def fill(work: Work) -> None:
        for name, story in STORIES.items():
            kept_story(work, story, a_member(work, f"teller of {name}"), platform="telegram")

    path = fresh(tmp_path_factory.mktemp("told"))
    with talking(path) as talk:
        kept(talk.database, fill)
    return path


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    done = invoked("export", "--schema", database="sqlite:////nowhere/at/all.db")
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def exported(told: Path) -> dict[str, Any]:
    done = invoked("export", database=told)
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def of(exported: dict[str, Any], name: str) -> dict[str, Any]:
    """The story of one kind, found by a teller's name or by having none."""
    tellers = {story["teller"]: story for story in exported["stories"]}
    found: dict[str, Any] = tellers[None if name == "unnamed" else f"teller of {name}"]
    return found


# ---- JSON ----


def test_the_schema_is_one_of_draft_2020_12(schema):
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


def test_stories_of_every_kind_are_as_the_schema_says(schema, exported):
    validator = Draft202012Validator(schema, format_checker=FormatChecker())

    faults = [f"{e.json_path}: {e.message[:200]}" for e in validator.iter_errors(exported)]

    assert faults == []
    assert {story["kind"] for story in exported["stories"]} == set(StoryKind)


def test_the_schema_notices_what_is_missing_and_what_is_too_much(schema, exported):
    validator = Draft202012Validator(schema)
    story = exported["stories"][0]
    less = {key: value for key, value in story.items() if key != "audience"}
    more = story | {"email": "ana@example.org"}

    for wrong in (less, more):
        assert not validator.is_valid(exported | {"stories": [wrong]})


def test_a_story_is_exported_whole(exported):
    story = of(exported, "specific")

    assert story["anchor"] == {
        "activity": "The meetup",
        "date": "2026-03-12",
        "link": "https://example.org",
    }
    assert story["started_at"] == "2026-03-14T12:00:00Z"
    assert story["duration_seconds"] == 600
    assert story["worth_it"] == "cannot-say"
    assert [step["text"] for step in story["steps"]] == [s.text for s in SPECIFIC.steps]
    assert [(link["from"], link["to"]) for link in story["links"]] == [
        (1, 2),
        (3, 4),
        (4, None),
        (None, 4),
    ]
    assert story["links"][1]["other_causes"] == "A new manager."
    assert of(exported, "lack of value")["steps"][0]["would_help"] == "A quiet hour."


def test_an_unnamed_story_leaves_out_who_where_how_long_and_when_exactly(exported):
    story = of(exported, "unnamed")

    unsaid = ("teller", "platform", "language", "duration_seconds")
    assert [story[key] for key in unsaid] == [None] * 4
    assert (story["started_at"], story["submitted_at"]) == ("2026-03", "2026-03")
    assert story["anchor"]["date"] == "2026-03"


def test_the_export_says_of_what_it_is(exported):
    assert exported["schema"] == "storytrail/stories/1"
    assert exported["filters"] == {
        "community": "main",
        "for": "organizers",
        "since": None,
        "until": None,
    }
    assert exported["counts"] == {
        "invited": 5,
        "started": 5,
        "submitted": 5,
        "withdrawn": 0,
        "deleted": 0,
        "not_open_to_reader": 0,
    }


def test_stories_come_in_the_order_of_their_random_references(exported):
    refs = [story["ref"] for story in exported["stories"]]

    assert refs == sorted(refs)


def test_an_export_for_funders_has_only_what_was_opened_to_them(told):
    done = invoked("export", "--for", "funders", database=told)

    found = json.loads(done.stdout)
    assert {s["teller"] for s in found["stories"]} == {
        "teller of specific",
        "teller of aspirational",
    }
    assert found["counts"]["not_open_to_reader"] == 3
    assert b"A quiet hour." not in done.stdout


async def test_a_file_of_evidence_is_exported_without_its_id_on_the_platform(tmp_path):
    path = fresh(tmp_path)
    photo = Attached("photo", "secret-id", "wall.png", "image/png", 1024)

    with talking(path) as talk:
        await talk.say("hello", "1")
        await talk.put(photo)
        await talk.say("In March we met and it was good.", "1", "1", "1", "1")
    done = invoked("export", database=path)

    (step, *_) = json.loads(done.stdout)["stories"][0]["steps"]
    assert step["evidence"] == [
        {
            "kind": "photo",
            "name": "wall.png",
            "mime_type": "image/png",
            "size": 1024,
            "caption": None,
            "file": None,
        }
    ]
    assert b"secret-id" not in done.stdout


# ---- into a file ----


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_an_export_into_a_file_is_what_standard_output_gets(told, tmp_path, schema):
    to = tmp_path / "stories.json"

    done = invoked("export", "-o", str(to), database=told)

    found = json.loads(to.read_bytes())
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert Draft202012Validator(schema).is_valid(found)
    assert files_in(tmp_path) == ["stories.json"]


class Broken(Exception):
    pass


def half(export: Export) -> Iterator[str]:
    """A format that fails in the middle."""
    yield "the first half, "
    raise Broken


def write(told: Path, to: Path, format: Format) -> None:
    with opened(Settings(database_url=f"sqlite:///{told}")) as app:
        write_export(
            app, format, reader=Audience.ORGANIZERS, community=None, period=Period(), to=to
        )


@pytest.mark.parametrize("before", [None, "of yesterday"])
def test_an_export_that_fails_leaves_the_file_as_it_was(told, tmp_path, before):
    to = tmp_path / "stories.json"
    if before is not None:
        to.write_text(before)

    with pytest.raises(Broken):
        write(told, to, Format(name="half", write=half))

    assert files_in(tmp_path) == ([] if before is None else ["stories.json"])
    assert before is None or to.read_text() == before


def test_an_export_goes_through_a_link_to_the_file_behind_it(told, tmp_path):
    behind, link = tmp_path / "behind.json", tmp_path / "link.json"
    behind.write_text("of yesterday")
    link.symlink_to(behind)

    done = invoked("export", "-o", str(link), database=told)

    assert done.returncode == 0
    assert link.is_symlink()
    assert json.loads(behind.read_bytes())["counts"]["submitted"] == len(STORIES)


def test_an_export_into_a_pipe_or_device_does_not_replace_it(told, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)

    done = invoked("export", "-o", str(pipe), database=told)
    written = os.read(reader, 1_000_000)
    os.close(reader)

    assert done.returncode == 0
    assert pipe.is_fifo()
    assert json.loads(written)["counts"]["submitted"] == len(STORIES)


@pytest.mark.parametrize("name", ["nowhere/stories.json", "."])
def test_an_export_to_where_no_file_can_be_says_which_place_that_is(told, tmp_path, name):
    to = tmp_path / name

    done = invoked("export", "-o", str(to), database=told)

    said = done.stderr.decode()
    assert done.returncode == 1
    assert said.startswith(f"{to.parent if 'nowhere' in name else to} cannot be used: ")
    assert said.count("\n") == 1
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--format", "pdf"], "--format is json.\n"),
        (
            ["--for", "everybody"],
            "--for is organizers, community, organization, funders, public.\n",
        ),
        (["--until", "2026-02-30"], "--until takes a day as 2026-03-31.\n"),
    ],
)
def test_an_export_that_nobody_understands_says_what_it_takes(told, arguments, sentence):
    done = invoked("export", *arguments, database=told)

    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", sentence)


# ---- the registries ----


def made_in(package: ModuleType, kind: type[T], *, beside: set[str]) -> dict[str, list[T]]:
    """By file of `package`, what of a kind is made there; files `beside` need not make any."""
    folder = Path(package.__file__ or "").parent
    names = {path.stem for path in folder.glob("*.py")} - {"__init__"} - beside
    found: dict[str, list[T]] = {}
    for name in sorted(names):
        module = import_module(f"{package.__name__}.{name}")
        found[name] = [value for _, value in inspect.getmembers(module) if isinstance(value, kind)]
    return found


def test_every_file_of_commands_is_registered():
    made = made_in(bot.commands, Command, beside={"command", "guessing", "reference", "wanted"})

    assert [name for name, found in made.items() if not found] == []
    assert {command.name for found in made.values() for command in found} == {
        command.name for command in (*COMMANDS, *UNCALLED)
    }


def test_every_file_of_exports_is_registered():
    made = made_in(bot.exports, Format, beside={"export"})

    assert [name for name, found in made.items() if not found] == []
    assert {f.name for found in made.values() for f in found} == {f.name for f in EXPORTS}


def test_no_two_commands_answer_to_the_same_name():
    names = [name for command in COMMANDS for name in (command.name, *command.aliases)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_its_help_texts(command):
    texts = interviews().texts

    for language in texts.languages:
        there = texts.keys(language)
        assert f"help-{command.name}" in there
        assert not command.takes or f"help-args-{command.name}" in there
