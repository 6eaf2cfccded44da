"""YAML read into dataclasses, so that every fault can name its line."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar, cast, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from config.errors import DefinitionError, first_of

T = TypeVar("T")

Keys = tuple[str | int, ...]

MUST_BE = {
    "missing": "is missing",
    "string_type": "must be text; a number, true or false needs quotes to be one",
    "int_type": "must be a whole number, without quotes",
    "bool_type": "must be true or false, without quotes",
    "tuple_type": "must be a list, for example [one, two]",
    "frozen_set_type": "must be a list, for example [one, two]",
    "dict_type": "must hold keys of its own, for example {key: value}",
    "dataclass_type": "must hold keys of its own, for example {key: value}",
}
"""What pydantic finds, as a person reads it."""


class Shape(Generic[T]):
    """What a file must hold: a dataclass, whose fields are the keys."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        # A tuple of one, because a bare dataclass takes no configuration from outside.
        strict = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)
        self._one: TypeAdapter[Any] = TypeAdapter(tuple[kind], config=strict)  # type: ignore[valid-type]

    def read(self, canonical: str) -> T:
        """The value that this JSON holds; pydantic's ValidationError where it holds none."""
        # From JSON, because there even a strict reading takes a list for a tuple and a word for an
        # enum. A "1" is no number all the same.
        found: T = self._one.validate_json(f"[{canonical}]")[0]
        return found

    def keys(self, *above: str | int) -> tuple[str, ...]:
        """The keys that can stand below those `above` them."""
        kind: Any = self.kind
        for key in above:
            kind = get_type_hints(kind)[str(key)] if is_dataclass(kind) else get_args(kind)[-1]
        return tuple(field.name for field in fields(kind) if field.init)


class Written(Generic[T]):
    """A file as written: its `value`, and the line of each of its keys.

    `canonical` is the same for the same content, whatever its layout. Raises DefinitionError.
    """

    def __init__(self, source: str, path: str, shape: Shape[T]) -> None:
        self.source, self.path = source, path
        self._lines: dict[Keys, int] = {}
        try:
            tree = self._parsed(source)
            self._tree: Any = None if tree is None else self._plain(tree)
        except RecursionError:
            raise self.fault("is nested too deeply, or holds itself") from None
        if self._tree is None:
            raise self.fault("is empty")
        # The order of keys is kept: it is the order of steps and of buttons.
        self.canonical = json.dumps(self._tree, ensure_ascii=False)
        self.value = self._read(shape)

    def line(self, *keys: str | int) -> int:
        """Where a key stands, from 1; for one that is not there, where it is missing."""
        ways = (keys[:length] for length in range(len(keys), 0, -1))
        return next((self._lines[way] for way in ways if way in self._lines), 1)

    def fault(self, message: str, *keys: str | int) -> DefinitionError:
        return self._fault_at(self.line(*keys), message, *keys)

    def _fault_at(self, line: int, message: str, *keys: str | int) -> DefinitionError:
        key = ".".join(map(str, keys)).removeprefix("steps.")
        return DefinitionError(self.path, line, key, message)

    # ---- from text to what JSON has too ----

    def _parsed(self, source: str) -> Node | None:
        try:
            tree = YAML(typ="safe", pure=True).compose(source)  # nothing is constructed of it
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            message = f"is not YAML: {error.problem or error.context}"
            raise self._fault_at(mark.line + 1 if mark else 0, message) from None
        except ReaderError as error:
            line = source.count("\n", 0, error.position) + 1
            raise self._fault_at(line, "holds a character that YAML does not allow") from None
        return cast("Node | None", tree)

    def _plain(self, node: Node, *keys: str | int) -> Any:
        """The same as JSON has it; what JSON does not have is a fault."""
        self._lines.setdefault(keys, _line(node))
        if isinstance(node, MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, SequenceNode):
            return [self._plain(each, *keys, at) for at, each in enumerate(node.value)]
        try:
            return SCALARS[node.tag or ""](node.value)
        except (KeyError, ValueError):  # a date, a tag of one's own, `!!int x`
            raise self._fault_at(_line(node), "must be text; put it in quotes", *keys) from None

    def _mapping(self, node: MappingNode, keys: Keys) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: list[Node] = []
        for key, below in node.value:
            if key.tag == MERGE:
                merged += below.value if isinstance(below, SequenceNode) else [below]
                continue
            if key.tag != TEXT or not isinstance(key, ScalarNode):
                raise self._fault_at(_line(key), "a key must be text; put it in quotes", *keys)
            if key.value in own:
                message = "stands here twice; keep one of them"
                raise self._fault_at(_line(key), message, *keys, key.value)
            self._lines.setdefault((*keys, key.value), _line(key))
            own[key.value] = self._plain(below, *keys, key.value)
        under: dict[str, Any] = {}
        for each in reversed(merged):
            if not isinstance(each, MappingNode):
                raise self._fault_at(_line(each), "<< must name what holds keys", *keys)
            under |= self._mapping(each, keys)
        return {**under, **own}

    # ---- from there to what it means ----

    def _read(self, shape: Shape[T]) -> T:
        try:
            return shape.read(self.canonical)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        faults = [self._told(detail, shape) for detail in details]
        # What is missing last: the key that was meant often stands there misspelt.
        missing = MUST_BE["missing"]
        raise first_of(sorted(faults, key=lambda fault: (fault.message == missing, fault.line)))

    def _told(self, detail: ErrorDetails, shape: Shape[T]) -> DefinitionError:
        keys = detail["loc"][1:]  # without the tuple of one
        match detail["type"]:
            case "unexpected_keyword_argument":
                near = get_close_matches(str(keys[-1]), shape.keys(*keys[:-1]), n=1)
                message = f'unknown key; did you mean "{near[0]}"?' if near else "unknown key"
            case "enum":
                what = next(key for key in reversed(keys) if isinstance(key, str))
                word, known = self._at(keys), detail["ctx"]["expected"]
                message = f'unknown {what} "{word}"; it is one of {known}'
            case kind:
                message = MUST_BE.get(kind, detail["msg"])
        return self.fault(message, *keys)

    def _at(self, keys: Iterable[str | int]) -> Any:
        node = self._tree
        for key in keys:
            node = node[key]
        return node


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _text(written: str) -> str:
    written.encode()  # half of a surrogate pair ("\\ud800") raises ValueError here
    return written


def _whole(written: str) -> int:
    digits = written.replace("_", "")
    return int(digits, 0) if digits.lstrip("+-").startswith(("0x", "0o", "0b")) else int(digits)


TEXT = "tag:yaml.org,2002:str"

MERGE = "tag:yaml.org,2002:merge"

SCALARS: Mapping[str, Callable[[str], object]] = {
    TEXT: _text,
    "tag:yaml.org,2002:int": _whole,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": lambda written: written.lower() in ("true", "yes", "on", "y"),
    "tag:yaml.org,2002:null": lambda _: None,
}
"""What becomes of the word of a tag; all else (dates, tags of one's own) is not read."""
