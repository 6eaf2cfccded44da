"""Interviews as written, every version that was ever used."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from flows.definition import FlowDefinition
from storage.dialects import insert_or_keep
from storage.errors import DefinitionChanged
from storage.tables import definitions

_ADD = insert_or_keep(definitions)


class StoredDefinitions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def unknown(self, current: Iterable[FlowDefinition]) -> list[FlowDefinition]:
        """Those that were not stored yet; raises DefinitionChanged for one stored otherwise."""
        digests = {
            (row.name, row.version): row.digest
            for row in self._connection.execute(
                select(definitions.c.name, definitions.c.version, definitions.c.digest)
            )
        }
        found = list(current)
        for definition in found:
            digest = digests.get((definition.name, definition.version), definition.digest)
            if digest != definition.digest:
                raise DefinitionChanged(definition.name, definition.version)
        return [d for d in found if (d.name, d.version) not in digests]

    def store(self, new: Iterable[FlowDefinition], *, now: datetime) -> None:
        """Keep those that are not stored; raises DefinitionChanged as `unknown` does."""
        # Another process that starts now may store them meanwhile: then its rows stay, and
        # whether they say the same is asked afterwards.
        found = list(new)
        for definition in found:
            values = {
                "name": definition.name,
                "version": definition.version,
                "digest": definition.digest,
                "source": definition.source,
                "stored_at": now,
            }
            self._connection.execute(_ADD[self._connection.dialect.name], values)
        self.unknown(found)

    def sources(self) -> list[tuple[str, int, str]]:
        """(name, version, source) of every stored definition."""
        rows = self._connection.execute(
            select(definitions.c.name, definitions.c.version, definitions.c.source)
        )
        return [(row.name, row.version, row.source) for row in rows]
