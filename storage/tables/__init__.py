"""The tables. Times are UTC; words stand where the comment says so and nowhere else."""

from storage.tables.base import UtcTime, metadata
from storage.tables.interviews import (
    answers,
    check_backs,
    conversations,
    definitions,
    evidence,
)
from storage.tables.people import (
    addresses,
    communities,
    consents,
    guesses,
    invites,
    link_codes,
    members,
    memberships,
    places,
)
from storage.tables.prompts import (
    deliveries,
    prompting,
    rounds,
    schedules,
    watches,
)
from storage.tables.records import (
    audit,
    erasures,
)
from storage.tables.stories import (
    gaps,
    indicators,
    links,
    permissions,
    steps,
    stories,
    story_audiences,
    story_indicators,
)
from storage.tables.transport import (
    inbox,
    outbox,
    questions,
)
from storage.tables.workspaces import (
    installations,
    oauth_states,
)

__all__ = [
    "UtcTime",
    "addresses",
    "answers",
    "audit",
    "check_backs",
    "communities",
    "consents",
    "conversations",
    "definitions",
    "deliveries",
    "erasures",
    "evidence",
    "gaps",
    "guesses",
    "inbox",
    "indicators",
    "installations",
    "invites",
    "link_codes",
    "links",
    "members",
    "memberships",
    "metadata",
    "oauth_states",
    "outbox",
    "permissions",
    "places",
    "prompting",
    "questions",
    "rounds",
    "schedules",
    "steps",
    "stories",
    "story_audiences",
    "story_indicators",
    "watches",
]
