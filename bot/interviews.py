"""The interviews that can be held: the current ones, and every version that somebody began."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from config.definitions import Definitions, read_flow
from config.texts import Texts
from flows.asking import Asker, Interview, Names
from flows.definition import FlowDefinition
from flows.engine import Engine
from flows.framework import Framework
from flows.messages import Wording
from flows.probes import Rules

STORY = "story"
"""The flow that `tell` begins."""

Spelling = Callable[[str], str]
"""How a platform writes a command: `withdraw` -> `/withdraw`."""


@dataclass(slots=True)
class Interviews:
    """Definitions, texts and rules, and the interviews made of them once."""

    definitions: Definitions
    texts: Texts
    _held: dict[tuple[str, int], Interview] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for definition in self.definitions.flows.values():
            self._hold(definition)

    def remember(self, sources: Iterable[tuple[str, int, str]]) -> None:
        """Definitions of earlier versions, as (name, version, source)."""
        for name, version, source in sources:
            if (name, version) not in self._held:
                self._hold(read_flow(source, path=_stored(name, version)))

    def path(self, definition: FlowDefinition) -> str:
        """Where a definition is written, for people to find it."""
        if self.definitions.flows.get(definition.name) == definition:
            return self.definitions.paths[definition.name]
        return _stored(definition.name, definition.version)

    @property
    def current(self) -> FlowDefinition:
        return self.definitions.flows[STORY]

    @property
    def framework(self) -> Framework:
        return self.definitions.framework

    def definition(self, name: str, version: int) -> FlowDefinition:
        return self._held[name, version].definition

    def held(self) -> tuple[FlowDefinition, ...]:
        """Every definition that a conversation may stand in."""
        return tuple(interview.definition for interview in self._held.values())

    def engine(
        self,
        name: str,
        version: int,
        *,
        wording: Wording,
        names: Names,
        few_tellers: bool = False,
    ) -> Engine:
        """The engine for one person's turn in a flow of this version."""
        asker = Asker(self._held[name, version], wording, names, few_tellers)
        return Engine(asker, self.rules(wording.language))

    def rules(self, language: str) -> Rules:
        """How a language is read; as the language it is a variety of, where that is known."""
        rules = self.definitions.rules
        base = language.partition("-")[0]
        return rules.get(language) or rules.get(base) or Rules(language=language)

    def _hold(self, definition: FlowDefinition) -> None:
        self._held[definition.name, definition.version] = Interview(
            definition, self.definitions.framework
        )


def _stored(name: str, version: int) -> str:
    return f"the stored flow {name}, version {version}"
