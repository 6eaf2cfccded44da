"""Stories as they were sent."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from storage.tables.base import Id, UtcTime, metadata, row_id, to_row

stories = Table(
    "stories",
    metadata,
    row_id(),
    Column("conversation_id", Id, to_row("conversations"), nullable=False, unique=True),
    Column("community_id", Id, to_row("communities"), nullable=False),
    Column("member_id", Id, to_row("members"), nullable=False, index=True),
    Column("ref", String(16), nullable=False, unique=True),
    Column("flow", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("origin", String(16), nullable=False),
    Column("anchor_activity", Text),
    Column("anchor_date", String(32)),
    Column("anchor_link", Text),
    Column("title", Text, nullable=False),  # words
    Column("language", String(35), nullable=False),
    Column("status", String(16), nullable=False),
    Column("attribution", String(16), nullable=False),
    Column("pseudonym", Text),  # words
    Column("consent_version", Integer, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("submitted_at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
    Column("erased_at", UtcTime),
    Column("hidden_at", UtcTime),
    Column("hidden_because", Text),  # an organizer's words
    Column("duration_seconds", Integer, nullable=False),
    Column("worth_it", String(16)),
    Column("reach", String(32), nullable=False),
    Column("stop", String(32)),
    Column("revision", Integer, nullable=False),
    Index("ix_stories_of", "community_id", "submitted_at"),
)

story_audiences = Table(
    "story_audiences",
    metadata,
    Column("story_id", Id, to_row("stories"), primary_key=True),
    Column("audience", String(16), primary_key=True),
)

# Words: the story as it was sent.
steps = Table(
    "steps",
    metadata,
    row_id(),
    Column("story_id", Id, to_row("stories"), nullable=False),
    Column("order", Integer, nullable=False),
    Column("part", String(64), nullable=False),
    Column("cycle", String(32)),
    Column("dimension", String(16)),
    Column("asked", Text, nullable=False),
    Column("prompted", String(16), nullable=False),
    Column("cycle_from", String(16), nullable=False),
    Column("actor", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("status", String(16), nullable=False),
    Column("choice", String(64)),
    Column("would_help", Text),
    Column("date", String(32)),
    Column("revisions", Integer, nullable=False),
    UniqueConstraint("story_id", "order"),
)

# Words. A link names steps by their rows, so that it may lead to a step of another story.
links = Table(
    "links",
    metadata,
    row_id(),
    Column("story_id", Id, to_row("stories"), nullable=False, index=True),
    Column("origin_id", Id, to_row("steps"), index=True),
    Column("target_id", Id, to_row("steps"), index=True),
    Column("kind", String(16), nullable=False),
    Column("because", Text),
    Column("other_causes", Text),
    Column("counterfactual", String(32)),
    Column("counterfactual_text", Text),
    Column("contribution", String(32)),
    Column("contribution_text", Text),
)

gaps = Table(
    "gaps",
    metadata,
    Column("story_id", Id, to_row("stories"), primary_key=True),
    Column("gap", String(32), primary_key=True),
    Column("order", Integer, nullable=False),
)

indicators = Table(
    "indicators",
    metadata,
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("cycle", String(32)),
    Column("unit", Text),
)

story_indicators = Table(
    "story_indicators",
    metadata,
    Column("story_id", Id, to_row("stories"), primary_key=True),
    Column("indicator_id", Id, to_row("indicators"), primary_key=True, index=True),
)

# Words: what an organizer wants to use of a story, where, and what its teller says to that.
permissions = Table(
    "permissions",
    metadata,
    row_id(),
    Column("story_id", Id, to_row("stories"), nullable=False),
    Column("use", Text, nullable=False),
    Column("quotation", Text, nullable=False),
    Column("asked_by", Id, to_row("members", ondelete="SET NULL")),
    Column("asked_at", UtcTime, nullable=False),
    Column("answer", String(16)),
    Column("answered_at", UtcTime),
    UniqueConstraint("story_id", "use"),
)
