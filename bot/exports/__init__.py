"""The formats that stories are exported in. One file a format, one line here."""

from bot.exports.export import Export, Format, Which
from bot.exports.stories_json import JSON

EXPORTS: tuple[Format, ...] = (JSON,)


def find(name: str) -> Format | None:
    return next((f for f in EXPORTS if f.name == name), None)


__all__ = ["EXPORTS", "Export", "Format", "Which", "find"]
