"""What the bot says: Project Fluent texts, one file a language."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.dates import format_skeleton
from fluent.runtime import FluentBundle, resolver
from fluent.runtime.errors import FluentFormatError
from fluent.syntax import ast

from config.errors import ConfigError, TextsError, first_of
from config.files import SHIPPED, layers, shown
from config.ftl import Entry, read_texts, unknown
from flows.messages import Wording

LAST_RESORT = "en"
"""The language of whoever has no other."""

Command = Callable[[str], str]
"""How a command is written on a platform: `withdraw` -> `/withdraw`."""

# Fluent refuses a value or a text of more than 2,500 characters, for safety from a stranger's
# texts. These are our own, and an answer, inserted as it is, may be far longer.
resolver.MAX_PART_LENGTH = 10_000_000


class Texts:
    """All texts in all languages."""

    def __init__(self, languages: Mapping[str, Mapping[str, Entry]]) -> None:
        self._entries = languages
        self._named = {language.casefold(): language for language in languages}
        self._layer = lru_cache(self._make_layer)
        self._wording = lru_cache(self._make_wording)
        self._chain = lru_cache(self._make_chain)

    @classmethod
    def load(cls, over: Path | None = None) -> "Texts":
        """The shipped texts; those in the folder `texts` of `over` replace them one by one.

        Raises TextsError; its `faults` are those of all files.
        """
        languages: dict[str, dict[str, Entry]] = {}
        faults: list[ConfigError] = []
        for path in layers("texts/*.ftl", over):
            try:
                languages.setdefault(path.stem, {}).update(read_texts(path))
            except TextsError as fault:
                faults.extend(fault.faults)
        if LAST_RESORT not in languages:
            missing = shown(SHIPPED / "texts" / f"{LAST_RESORT}.ftl")
            faults.append(TextsError(missing, 0, "", "is missing; install Storytrail again"))
        if not faults:
            faults.extend(fault for found in languages.values() for fault in unknown(found))
        if faults:
            raise first_of(faults)
        return cls(languages)

    @property
    def languages(self) -> tuple[str, ...]:
        """As their files are named: `en`, `pt-BR`."""
        return tuple(sorted(self._entries))

    def nearest(self, language: str) -> str | None:
        """The most particular variety of `language` that there are texts in."""
        return next(iter(self._varieties(language)), None)

    def keys(self, language: str) -> frozenset[str]:
        """What has a text in `language` or in the one it is a variety of (`pt` of `pt-BR`).

        What is said in English for want of such a text is not among them.
        """
        found = (self._entries[each] for each in self._varieties(language))
        return frozenset(key for texts in found for key in texts if not key.startswith("-"))

    def wording(self, language: str, *, command: Command) -> Wording:
        """The texts in `language`, or in the nearest one there is: `pt-BR`, `pt`, then English.

        `command` must be the same function each time: wordings are kept by it.
        """
        return self._wording(self._chain(language), command)

    def _make_chain(self, language: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._varieties(language), LAST_RESORT)))

    def _varieties(self, language: str) -> tuple[str, ...]:
        """The languages there are for `language`, the most particular one first."""
        parts = language.replace("_", "-").casefold().split("-")
        ways = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        return tuple(self._named[way] for way in ways if way in self._named)

    def _make_wording(self, languages: tuple[str, ...], command: Command) -> Wording:
        layers = tuple(self._layer(language, command) for language in languages)
        return _Sentences(languages[0], layers)

    def _make_layer(self, language: str, command: Command) -> "_Layer":
        entries = self._entries[language]
        functions: dict[str, Any] = {"COMMAND": command, "MONTH": _month_in(language)}
        bundle = FluentBundle(
            [language],
            functions=functions,
            use_isolating=False,  # a quotation holds its teller's characters and no others
        )
        bundle.add_resource(ast.Resource([entry.node for entry in entries.values()]))
        joined = {key: found for key in entries if (found := _joined(entries[key]))}
        return _Layer(bundle, entries, joined)


@dataclass(frozen=True, slots=True)
class _Layer:
    """The texts of one language, as one platform writes them."""

    bundle: FluentBundle
    entries: Mapping[str, Entry]
    joined: Mapping[str, "_Joined"]

    def put(self, key: str, values: Mapping[str, object]) -> str:
        simple = self.joined.get(key)
        said = simple.put(values) if simple is not None else None
        if said is not None:
            return said
        pattern = self.bundle.get_message(key).value
        if pattern is None:
            raise self.entries[key].fault("has no text")
        text, errors = self.bundle.format_pattern(pattern, {**values})
        if errors or not isinstance(text, str):
            raise self.entries[key].fault(_why(errors))
        return text


@dataclass(frozen=True, slots=True)
class _Joined:
    """A text that is nothing but words and values: most are, and every turn says a handful.

    Fluent takes twenty times as long to join them.
    """

    template: str  # of the operator `%`
    names: tuple[str, ...]

    def put(self, values: Mapping[str, object]) -> str | None:
        """None where a value is missing or no plain string: Fluent knows what to make of it."""
        if not self.names:
            return self.template
        found = tuple([values.get(name) for name in self.names])
        if any(type(value) is not str for value in found):
            return None
        return self.template % found


class _Sentences:
    """What is said in one language on one platform (`flows.messages.Wording`)."""

    def __init__(self, language: str, layers: tuple[_Layer, ...]) -> None:
        self.language = language
        self._layers = layers
        self._found: dict[tuple[str, ...], tuple[_Layer, str]] = {}

    def __call__(self, *keys: str, **values: object) -> str:
        found = self._found.get(keys)
        if found is None:
            found = self._found[keys] = self._find(keys)
        layer, key = found
        return layer.put(key, values)

    def _find(self, keys: tuple[str, ...]) -> tuple[_Layer, str]:
        for layer in self._layers:
            for key in keys:
                if layer.bundle.has_message(key):
                    return layer, key
        path = f"texts/{self.language}.ftl"
        raise TextsError(path, 0, " or ".join(keys), "there is no such text")

    def fixed(self, *keys: str) -> str | None:
        layer, key = self._find(keys)
        simple = layer.joined.get(key)
        return simple.put({}) if simple is not None else None

    def has(self, key: str) -> bool:
        return any(layer.bundle.has_message(key) for layer in self._layers)


def _month_in(language: str) -> Callable[[date], str]:
    """The function `MONTH` of the texts: a date as "March 2026". Fluent itself has none."""

    def month(day: date) -> str:
        return str(format_skeleton("yMMMM", day, locale=language.replace("-", "_")))

    return month


def _joined(entry: Entry) -> _Joined | None:
    """None where there is more in it than words and values."""
    if not isinstance(entry.node, ast.Message) or entry.node.value is None:
        return None
    template, names = "", []
    for element in entry.node.value.elements:
        match element:
            case ast.TextElement(value=words):
                template += words.replace("%", "%%")
            case ast.Placeable(expression=ast.VariableReference(id=ast.Identifier(name=name))):
                template += "%s"
                names.append(name)
            case _:
                return None
    return _Joined(template if names else template.replace("%%", "%"), tuple(names))


def _why(errors: Sequence[Exception]) -> str:
    """Why Fluent can't put a text together. Only its own errors never show a value."""
    said = [str(error) for error in errors if isinstance(error, FluentFormatError)]
    if not said:
        return "can't be put together from the values it is given"
    return said[0].replace("Unknown external: ", "it is given no value for $")
