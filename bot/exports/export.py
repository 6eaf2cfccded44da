"""What an export is made of, and what a format is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from flows.framework import Audience
from flows.summary import Counts
from storage.story_reads import StoryRead


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The stories that `reader` may see, with the counts of all. `stories` is read once."""

    community: str
    reader: Audience
    since: date | None
    until: date | None
    exported_at: datetime
    counts: Counts
    stories: Iterable[StoryRead]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format by its name; `write` gives the text piece by piece."""

    name: str
    write: Callable[[Export], Iterator[str]]
    schema: Callable[[], str] | None = None
