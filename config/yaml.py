"""YAML read into dataclasses, so that every fault can name its line."""

import json
import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError

from config.errors import DefinitionError, first_of

T = TypeVar("T")

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
        self._tree: Any = None
        try:
            self._tree = self._parsed(source)
            # The order of keys is kept: it is the order of steps and of buttons.
            self.canonical = json.dumps(self._plain(self._tree), ensure_ascii=False)
        except RecursionError:
            raise self.fault("is nested too deeply, or holds itself") from None
        self.value = self._read(shape)

    def line(self, *keys: str | int) -> int:
        """Where a key stands, from 1; for one that is not there, where it is missing."""
        node, line = self._tree, 0
        for key in keys:
            try:
                below = node[key]
            except (KeyError, IndexError, TypeError):
                break
            line = (node.lc.data or {}).get(key, [line])[0]  # a merged (<<) key has no line here
            node = below
        return int(line) + 1

    def fault(self, message: str, *keys: str | int) -> DefinitionError:
        key = ".".join(map(str, keys)).removeprefix("steps.")
        return DefinitionError(self.path, self.line(*keys), key, message)

    def _parsed(self, source: str) -> Any:
        try:
            tree = YAML().load(source)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark is not None else 0
            raise DefinitionError(self.path, line, "", _said(error)) from None
        except ReaderError as error:
            line = source.count("\n", 0, error.position) + 1
            message = "holds a character that YAML does not allow"
            raise DefinitionError(self.path, line, "", message) from None
        except (YAMLError, ValueError) as error:  # ValueError: 2026-02-30 is no date
            raise DefinitionError(self.path, 0, "", f"is not YAML: {error}") from None
        if tree is None:
            raise self.fault("is empty")
        return tree

    def _plain(self, node: Any, *keys: str | int) -> Any:
        """The same as JSON has it; what JSON does not have is a fault."""
        match node:
            case CommentedMap():
                for key in node:
                    if not isinstance(key, str):
                        raise self.fault("must be text; put it in quotes", *keys, key)
                return {str(key): self._plain(node[key], *keys, key) for key in node}
            case CommentedSeq():
                return [self._plain(each, *keys, at) for at, each in enumerate(node)]
            case str() if any("\ud800" <= char <= "\udfff" for char in node):
                raise self.fault("holds half of a character; write it in full", *keys)
            case None | str() | int() | float():
                return node
            case _:  # a date, a tag
                raise self.fault("must be text; put it in quotes", *keys)

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


def _said(error: MarkedYAMLError) -> str:
    problem = str(error.problem or error.context)
    twice = re.match(r'found duplicate key "(.*?)" with value', problem, re.DOTALL)
    if twice is not None:
        return f'the key "{twice[1]}" stands here twice; keep one of them'
    return f"is not YAML: {problem}"
