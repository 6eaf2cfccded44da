"""Writes the pages of docs/ that are made from the code: `python -m bot.docs`.

With `--check` nothing is written: it names each page that is not what the code says, and exits 1.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from typer.main import get_command

from bot.cli import app
from bot.commands import COMMANDS
from bot.commands.command import Command
from bot.interviews import STORY
from bot.platforms import spelling
from config import definitions
from config.settings import FILE, Settings, file_of, secrets, variable
from config.texts import LAST_RESORT, Texts
from flows.machine import diagram
from flows.messages import Wording
from storage.members import Role

DOCS = Path(__file__).parent.parent / "docs"

BEGIN, END = "<!-- made by `make docs`: begin -->", "<!-- made by `make docs`: end -->"

SPELLED = spelling("terminal")

WHO = {
    Role.MEMBER: "everybody",
    Role.COORDINATOR: "coordinators and organizers",
    Role.ORGANIZER: "organizers",
}


def main(arguments: list[str]) -> int:
    """Write what is stale, or with `--check` name it; the exit code."""
    stale = dict(stale_pages(DOCS))
    if arguments == ["--check"]:
        for page in stale:
            print(f"docs/{page} is stale: run `make docs`.", file=sys.stderr)
        return 1 if stale else 0
    if arguments:
        print("python -m bot.docs [--check]", file=sys.stderr)
        return 2
    for page, text in stale.items():
        (DOCS / page).write_text(text, encoding="utf-8", newline="\n")
        print(f"docs/{page} is written.")
    return 0


def stale_pages(folder: Path) -> Iterator[tuple[str, str]]:
    """(page, what it should read) for each page that reads otherwise."""
    for page, made in PAGES.items():
        path = folder / page
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        wanted = made(text)
        if wanted != text:
            yield page, wanted


# ---- commands.md ----


def _commands(_: str) -> str:
    wording = Texts.load().wording(LAST_RESORT, command=SPELLED)
    return _page(
        "Commands",
        "bot/commands/, config/texts/en.ftl and bot/cli.py",
        "## In chat",
        "",
        "A command stands alone on its line and begins with `/`. After most of them the open "
        "question is shown once more, so no answer is lost by asking for help. A space before the "
        "`/` makes it an ordinary answer.",
        "",
        *_table(("Command", "What it does", "For"), (_chat_row(c, wording) for c in COMMANDS)),
        "",
        "`/summary` takes a period: `2026`, `2026-03`, `2026-03-01..2026-05-31`, `2026-03..`, "
        "`week`, `month`, `quarter`, `year` or `all`. A story belongs to the time in which it was "
        "begun. With `for funders` (or `organization`, `public`) behind it, it quotes only what "
        "may be shown to them.",
        "",
        "## Of the program",
        "",
        "The exit code is 0 when all went well, 2 for a wrong option and 1 for a fault. What was "
        "wrong stands on standard error.",
        *_program(get_command(app), "storytrail"),
    )


def _chat_row(command: Command, wording: Wording) -> tuple[str, str, str]:
    given = f" {wording(f'help-args-{command.name}')}" if command.takes else ""
    names = [f"`{SPELLED(command.name)}{given}`", *(f"`{SPELLED(a)}`" for a in command.aliases)]
    return " or ".join(names), wording(f"help-{command.name}"), _who(command)


def _who(command: Command) -> str:
    return f"{WHO[command.role]}, and owners" if command.owners else WHO[command.role]


def _program(command: Any, name: str) -> Iterator[str]:
    """A command of the program with its options, or the commands below it."""
    below = getattr(command, "commands", None)
    if below is not None:
        for each in below.values():
            yield from _program(each, f"{name} {each.name}")
        return
    yield from ("", f"### `{name}`", "", command.help)
    if command.params:
        yield ""
        yield from _table(("Option", "What it means", "Unless given"), map(_option, command.params))


def _option(option: Any) -> tuple[str, str, str]:
    value = option.metavar or option.name.upper()
    if option.param_type_name == "argument":
        return f"`{value}`", option.help, "needed"
    spelled = ", ".join(option.opts) + ("" if option.is_flag else f" {value}")
    if option.required:
        return f"`{spelled}`", option.help, "needed"
    default = f"`{option.default}`" if option.default and not option.is_flag else ""
    return f"`{spelled}`", option.help, default


# ---- settings.md ----


def _settings(_: str) -> str:
    fields = Settings.model_fields
    return _page(
        "Settings",
        "config/settings.py",
        "Storytrail runs without any. A setting is a variable of the environment, or a key of the "
        f"file `{FILE}` in the folder where the program is started; the environment wins. A "
        "variable that is empty counts as not set, and one that begins with `STORYTRAIL_` and is "
        "no setting is a fault. `storytrail check` looks them over.",
        "",
        "What is secret can lie in a file of its own: a variable with `_FILE` behind its name, or "
        f"a key of `{FILE}` with `_file`, names that file. Its content is the value, without the "
        "newline at its end. To set both, the value and its file, is a fault; the environment wins "
        f"over `{FILE}` here too. Of such a file nothing is ever shown.",
        "",
        "```toml",
        f"# {FILE}",
        'community = "the Onboarding Circle"',
        'log_level = "info"',
        "```",
        "",
        *_table(("Variable", f"Key in {FILE}", "Unless set"), _setting_rows(fields)),
        *(line for name, field in fields.items() for line in _setting(name, field)),
    )


def _setting_rows(fields: Mapping[str, FieldInfo]) -> Iterator[tuple[str, ...]]:
    for name, field in fields.items():
        yield f"[`{variable(name)}`](#{variable(name).lower()})", f"`{name}`", _default(field)


def _setting(name: str, field: FieldInfo) -> Iterator[str]:
    words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
    allowed = f" One of {', '.join(f'`{word}`' for word in words)}." if words else ""
    filed = f" Or in a file: `{variable(file_of(name))}`." if name in secrets() else ""
    yield from ("", f"## {variable(name)}", "", f"{field.description}{allowed}{filed}")


def _default(field: FieldInfo) -> str:
    return f"`{field.default}`" if field.default is not None else "nothing"


# ---- the diagram in writing-a-flow.md ----


def _with_diagram(page: str) -> str:
    """The page with the shipped interview drawn between its markers."""
    if page.count(BEGIN) != 1 or page.count(END) != 1:
        raise ValueError(f"the page needs one line {BEGIN} and one line {END} behind it")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    drawn = "\n".join(_drawn(diagram(definitions.load().flows[STORY])))
    return f"{before}{BEGIN}\n\n```mermaid\n{drawn}\n```\n\n{END}{after}"


def _drawn(source: str) -> Iterator[str]:
    """A Mermaid diagram without its colours, so that it is legible on dark pages too."""
    head, *lines = source[source.index("stateDiagram") :].splitlines()
    yield head
    for line in map(str.rstrip, lines):
        if not re.match(r"\s*(class|$)", line, re.IGNORECASE):
            yield line


# ---- Markdown ----


def _page(title: str, source: str, *lines: str) -> str:
    made = f"<!-- Made by `make docs` from {source}: change it there. -->"
    return "\n".join((f"# {title}", "", made, "", *lines, ""))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rows)


def _row(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(escaped) + " |"


PAGES: Mapping[str, Callable[[str], str]] = {
    "commands.md": _commands,
    "settings.md": _settings,
    "writing-a-flow.md": _with_diagram,
}
"""The pages made from the code, and what makes them of their present text."""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
