"""Fluent files read so strictly that what they hold can be said: one `Entry` a text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel import Locale, UnknownLocaleError
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

from config.errors import TextsError, first_of
from config.files import read, shown

FUNCTIONS = ("NUMBER", "DATETIME", "MONTH", "COMMAND")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A text as written. The `key` of a term begins with `-`, as where it is used.

    `uses` are the other keys and the functions (`COMMAND()`) in it, each with its line.
    """

    key: str
    path: str
    line: int
    node: ast.Message | ast.Term
    uses: tuple[tuple[str, int], ...]

    def fault(self, message: str, line: int = 0) -> TextsError:
        return TextsError(self.path, line or self.line, self.key, message)


def read_texts(path: Path) -> dict[str, Entry]:
    """The texts of a file by their keys. Raises TextsError, which holds all that is wrong in it."""
    source, place = read(path, TextsError), shown(path)
    found: dict[str, Entry] = {}
    faults = [*_unknown_language(path)]
    for node in FluentParser().parse(source).body:
        match node:
            case ast.Message() | ast.Term():
                entry = _entry(node, source, place)
                if entry.key in found:
                    faults.append(entry.fault("stands here twice; keep one of them"))
                if node.value is None:
                    faults.append(entry.fault("has no text"))
                found[entry.key] = entry
            case ast.Junk():
                faults.append(_not_fluent(node, source, place))
            case _:
                pass
    if faults:
        raise first_of(faults)
    return found


def unknown(found: Mapping[str, Entry]) -> Iterator[TextsError]:
    """Where the texts of one language use a text or a function that there isn't."""
    for entry in found.values():
        for name, line in entry.uses:
            if name not in found and name.removesuffix("()") not in FUNCTIONS:
                yield entry.fault(f"there is no {name}", line)


def _entry(node: ast.Message | ast.Term, source: str, path: str) -> Entry:
    uses = _Uses(source)
    uses.visit(node)
    return Entry(
        key=f"-{node.id.name}" if isinstance(node, ast.Term) else node.id.name,
        path=path,
        line=_line(node.id, source),
        node=node,
        uses=tuple(uses.found),
    )


class _Uses(Visitor):
    def __init__(self, source: str) -> None:
        self._source = source
        self.found: list[tuple[str, int]] = []

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802 Fluent's name
        self._add(node.id.name, node)

    def visit_TermReference(self, node: ast.TermReference) -> None:  # noqa: N802
        self._add(f"-{node.id.name}", node)
        self.generic_visit(node)

    def visit_FunctionReference(self, node: ast.FunctionReference) -> None:  # noqa: N802
        self._add(f"{node.id.name}()", node)
        self.generic_visit(node)

    def _add(self, name: str, node: ast.SyntaxNode) -> None:
        self.found.append((name, _line(node, self._source)))


def _not_fluent(junk: ast.Junk, source: str, path: str) -> TextsError:
    content = (junk.content or "").rstrip()
    key = re.match(r"-?[a-zA-Z][\w-]*(?=\s*=)", content)
    why = junk.annotations[0]
    # An unclosed brace is noticed only where the next text begins.
    last = _start(junk) + len(content)
    line = source.count("\n", 0, min(_start(why), last)) + 1
    return TextsError(path, line, key[0] if key else "", f"not Fluent: {why.message}")


def _unknown_language(path: Path) -> Iterator[TextsError]:
    """One spelling a language, so that no two files are of the same one."""
    try:
        spelt = str(Locale.parse(path.stem, sep="-")).replace("_", "-")
    except (UnknownLocaleError, ValueError):
        message = f'"{path.stem}" is no language; name the file after one, for example pt-BR.ftl'
        yield TextsError(shown(path), 0, "", message)
    else:
        if path.stem != spelt:
            yield TextsError(shown(path), 0, "", f"name the file {spelt}.ftl")


def _line(node: ast.SyntaxNode, source: str) -> int:
    return source.count("\n", 0, _start(node)) + 1


def _start(node: ast.SyntaxNode) -> int:
    return node.span.start if node.span else 0
