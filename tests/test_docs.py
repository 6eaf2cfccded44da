"""The pages say what the code says, lead where they say, and speak of Storytrail alone."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, replace
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot import docs
from bot.app import faults_of
from bot.commands import COMMANDS
from bot.exports import EXPORTS
from bot.interviews import Interviews
from bot.web.metrics import BackgroundNumbers, Numbers
from config import definitions
from config.settings import Settings, file_of, secrets, variable
from config.texts import Texts
from flows.probes import GapRule, Rules
from storage.members import Role

ROOT = docs.DOCS.parent
PAGES = sorted((*ROOT.glob("*.md"), *docs.DOCS.rglob("*.md")))

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

HOSTS = {
    "projectfluent.org",
    "semver.org",
    # what an operator meets: Telegram, Slack, this very machine, an example
    "api.telegram.org",
    "api.slack.com",
    "slack.com",
    "t.me",
    "127.0.0.1",
    "stories.example.org",
    "proxy.example.org",
}
"""Whom the pages point to in the world outside."""

MACHINE = re.compile(r"(?<![\w.`/])/(?:home|root|tmp|opt|work|mnt|Users)/")
"""A folder of the machine that a page was written on."""

INVENTED = re.compile(
    r"\b(Alice|Anna|Bob|Carlos|Charlie|Dave|Emma|Eve|Fatima|Jane|John|Lena|Maria|Marie|Mary|Max"
    r"|Mohammed|Nina|Olga|Paul|Peter|Priya|Sam|Sara|Sarah|Tom|Yusuf)\b"
    r"|[—–-] [A-Z]\w+, (a |an |the )?(member|organizer|coordinator|facilitator|user)"
)
"""A person who is said to use Storytrail, and whom nobody has met."""

PROSE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


# ---- made from the code ----


def test_the_generated_pages_are_current():
    stale = [page for page, _ in docs.stale_pages(docs.DOCS)]

    assert not stale, "run `make docs`"


def test_a_stale_page_is_named_and_then_written(tmp_path, monkeypatch, capsys):
    for page in docs.PAGES:
        text = (docs.DOCS / page).read_text(encoding="utf-8")
        (tmp_path / page).write_text(text.replace("answer | skip", "wrong"), encoding="utf-8")
    monkeypatch.setattr(docs, "DOCS", tmp_path)

    found, said = docs.main(["--check"]), capsys.readouterr().err
    written = docs.main([])
    found_then = docs.main(["--check"])

    assert (found, written, found_then) == (1, 0, 0)
    assert said == "docs/writing-a-flow.md is stale: run `make docs`.\n"


def test_the_pages_are_the_same_whenever_they_are_made():
    once, twice = ({p: make(text(docs.DOCS / p)) for p, make in docs.PAGES.items()} for _ in "ab")

    assert once == twice


def test_the_diagram_has_only_ids_that_mermaid_takes():
    drawn = text(docs.DOCS / "writing-a-flow.md").split("```mermaid\n")[1].split("```")[0]

    states = re.findall(r'^ +state ".+?" as (\S+)$', drawn, re.MULTILINE)

    assert len(states) == len(definitions.load().flows["story"].steps)
    assert all(re.fullmatch(r"\w+", state) for state in states)


# ---- nothing is left out ----


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_is_documented(command):
    pages = ["commands.md", *(["members.md"] if command.role is Role.MEMBER else ["organizers.md"])]

    for page in pages:
        assert re.search(rf"`/{command.name}\b", text(docs.DOCS / page)), page


@pytest.mark.parametrize("format", EXPORTS, ids=lambda format: format.name)
def test_every_export_format_is_documented(format):
    page = text(docs.DOCS / f"export-{format.name}.md")

    assert f"--format {format.name}" in page


def test_every_field_of_the_json_is_documented():
    schema = json.loads(files("bot.exports").joinpath("stories.schema.json").read_text("utf-8"))

    page = text(docs.DOCS / "export-json.md")

    told = set(re.findall(r"`([\w.]+)`", page))
    missing = {name for name in _properties(schema) if not told & {name, name.rpartition(".")[2]}}
    assert not missing


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name):
    assert Settings.model_fields[name].description
    assert f"## {variable(name)}\n" in text(docs.DOCS / "settings.md")


def test_every_number_of_the_metrics_is_explained():
    courier: Any = SimpleNamespace(
        platform="x",
        lease=SimpleNamespace(is_held=True),
        sent=0,
        refused=0,
        retried=0,
        unreachable=0,
    )
    background: Any = SimpleNamespace(pieces=Counter(), failures=Counter(), ticked_at=0.0)
    turns: Any = SimpleNamespace(done=0, failed=0)
    numbers = (Numbers([courier], turns), BackgroundNumbers(background))
    below = text(docs.DOCS / "operations.md").split("\n## What to watch\n")[1].split("\n## ")[0]

    rows = re.findall(r"^\| `(\w+)(?:\{(.*?)\})?` \| .+ \| .+ \|$", below, re.MULTILINE)

    told = {(name, *re.findall(r'outcome="(\w+)"', labels)) for name, labels in rows}
    families = [family for each in numbers for family in each.collect()]
    found = [sample for family in families for sample in family.samples]
    assert told == {
        (each.name, *(value for label, value in each.labels.items() if label == "outcome"))
        for each in found
    }


@pytest.mark.parametrize("name", secrets())
def test_every_secret_setting_says_that_it_can_lie_in_a_file(name):
    below = text(docs.DOCS / "settings.md").split(f"## {variable(name)}\n")[1].split("\n## ")[0]

    assert variable(file_of(name)) in below


FLOW, FRAMEWORK = definitions._FLOW, definitions._FRAMEWORK

KEYS = {
    "At the top of the file": {
        *FLOW.keys(),
        *(f"consent.{key}" for key in FLOW.keys("consent")),
        *(f"probes.{key}" for key in FLOW.keys("probes")),
    },
    "A step": {*FLOW.keys("steps", "any")},
    "A choice": {*FLOW.keys("steps", "any", "choices", "any")},
    "An aside": {*FLOW.keys("asides", "any")},
    "Rules of a language": {field.name for kind in (Rules, GapRule) for field in fields(kind)},
    "The framework": {*FRAMEWORK.keys(), *FRAMEWORK.keys("cycles", "any")},
}


@pytest.mark.parametrize("section", KEYS)
def test_every_key_of_a_definition_is_explained_with_an_example(section):
    page = text(docs.DOCS / "writing-a-flow.md")
    below = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    table = below.split("| Key | What it says | Example |\n")[1].split("\n\n")[0]

    rows = re.findall(r"^\| `([\w.]+)` \| (.+?) \| `(.+?)` \|$", table, re.MULTILINE)

    assert {key for key, _, _ in rows} == KEYS[section]


def test_the_small_flow_of_the_page_is_one_that_can_be_held():
    page = text(docs.DOCS / "writing-a-flow.md")
    source = page.split("```yaml\n")[1].split("```")[0]

    flow = definitions.read_flow(source, path="writing-a-flow.md")

    assert not list(_faults(flow))


def test_every_page_is_listed_in_the_index():
    index = text(docs.DOCS / "index.md")

    listed = {docs.DOCS / link for link in LINK.findall(index)}

    assert {page for page in docs.DOCS.rglob("*.md") if page.name != "index.md"} <= listed


def test_the_package_shows_the_readme():
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]

    assert project["readme"] == "README.md"


# ---- where the pages lead ----


@each_page
def test_every_link_leads_somewhere(page):
    for link in LINK.findall(text(page)):
        if link.startswith("https://"):
            assert link.split("/")[2] in HOSTS
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


# ---- of Storytrail alone ----


@each_page
def test_a_page_points_at_no_host_or_folder_of_its_writer(page):
    said = text(page)

    assert {url.split("/")[2] for url in re.findall(r"https?://[\w./-]+", said)} <= HOSTS
    assert not MACHINE.findall(said)


@each_page
def test_a_page_invents_no_user(page):
    assert not INVENTED.findall(text(page))


@each_page
def test_a_page_does_not_break_its_lines_within_a_sentence(page):
    prose = PROSE.sub("", text(page))

    broken = re.findall(r"^[A-Za-z][^|\n]*[a-z,]\n[a-z].*$", prose, re.MULTILINE)

    assert not broken


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = HEADING.findall(re.sub(r"```.*?```", "", text(page), flags=re.DOTALL))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _properties(schema: dict[str, Any], above: str = "") -> Iterator[str]:
    """The names of all fields; one within an object has that one's name before its own."""
    for kind in (schema, *schema.get("anyOf", ())):
        for name, field in kind.get("properties", {}).items():
            if "properties" not in field:
                yield f"{above}{name}"
            yield from _properties(field, f"{name}.")
        yield from _properties(kind["items"]) if "items" in kind else ()


def _faults(flow: Any) -> Iterator[Any]:
    found = definitions.load()
    yield from faults_of(Interviews(replace(found, flows={flow.name: flow}), Texts.load()))
