"""A definition made into a state machine. The only place that knows `transitions`.

One machine is shared by all conversations of a definition; a throw-away cursor carries the state
of one of them through one trigger.
"""

import re
from dataclasses import dataclass
from typing import Any

from transitions import Machine, MachineError
from transitions.extensions import GraphMachine

from flows.definition import ANSWER, FlowDefinition, Kind
from flows.errors import UnknownChoice


@dataclass(slots=True)
class Cursor:
    state: str
    later: bool = False


class StepMachine:
    """Where an answer or a choice leads from a step."""

    def __init__(self, definition: FlowDefinition) -> None:
        self._machine = Machine(
            model=None,
            states=list(definition.steps),
            transitions=_transitions(definition),
            initial=None,
            auto_transitions=False,
        )
        self._known: dict[tuple[str, str, bool], str] = {}

    def next(self, step: str, trigger: str, *, later: bool = False) -> str:
        """The step that follows; raises UnknownChoice where `trigger` leads nowhere from `step`.

        `later` says that the story is to be asked about again: some choices then lead elsewhere.
        """
        way = step, trigger, later
        if way not in self._known:  # the same each time, and there are few of them
            self._known[way] = self._triggered(step, trigger, later=later)
        return self._known[way]

    def _triggered(self, step: str, trigger: str, *, later: bool) -> str:
        cursor = Cursor(step, later)
        event = self._machine.events.get(trigger)
        if event is None:
            raise UnknownChoice(step, trigger)
        try:
            event.trigger(cursor)
        except MachineError:
            raise UnknownChoice(step, trigger) from None
        return cursor.state


def _transitions(definition: FlowDefinition) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for step in definition.steps.values():
        ways = [(ANSWER, step.to, None), *((c.name, c.to, c.to_if_later) for c in step.choices)]
        for trigger, to, to_if_later in ways:
            if to_if_later is not None:
                later = {"source": step.name, "dest": to_if_later, "conditions": "later"}
                found.append({"trigger": trigger, **later})
            if to is not None:
                found.append({"trigger": trigger, "source": step.name, "dest": to})
    return found


def diagram(definition: FlowDefinition) -> str:
    """The interview as a Mermaid state diagram."""
    drawn = GraphMachine(
        model=type("Drawn", (), {})(),  # the drawing needs a model, and it is thrown away
        states=[{"name": s.name, "final": s.kind is Kind.END} for s in definition.steps.values()],
        transitions=_transitions(definition),
        initial=next(iter(definition.steps)),
        auto_transitions=False,
        graph_engine="mermaid",
        title=f"{definition.name} {definition.version}",
        show_conditions=True,
    )
    return "\n".join(map(_without_hyphens, str(drawn.get_graph().draw(None)).splitlines()))


def _without_hyphens(line: str) -> str:
    # Mermaid takes no hyphen in the id of a state; its quoted name and a label keep theirs.
    if not line.startswith(" "):  # the heading
        return line
    ends, colon, label = line.partition(":")
    quoted = re.split(r'(".*?")', ends)
    ids = (q if q.startswith('"') else re.sub(r"(?<=\w)-(?=\w)", "_", q) for q in quoted)
    return "".join(ids) + colon + label
