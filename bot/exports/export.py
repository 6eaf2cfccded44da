"""What an export is made of, and what a format is."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from flows.framework import Audience
from flows.summary import Counts
from storage.story_reads import StoryRead

Which = tuple[str, int, int]
"""A file by its story's reference, the order of its step, and its place there, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The stories that `reader` may see, with the counts of all. `stories` is read once.

    `files` names the files that were fetched.
    """

    community: str
    reader: Audience
    since: date | None
    until: date | None
    exported_at: datetime
    counts: Counts
    stories: Iterable[StoryRead]
    files: Mapping[Which, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format by its name; `write` gives the text piece by piece."""

    name: str
    write: Callable[[Export], Iterator[str]]
    schema: Callable[[], str] | None = None
