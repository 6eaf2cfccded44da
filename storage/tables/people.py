"""Communities, people, where they belong, and what they agreed to."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from storage.tables.base import Id, UtcTime, metadata, row_id, to_row

communities = Table(
    "communities",
    metadata,
    row_id(),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("access", String(16), nullable=False, server_default="open"),
    # Its framing: what it cares to change, what it is unsure of, and the cycles that matter to it.
    Column("difference", Text),
    Column("uncertainties", Text),
    Column("cycles", JSON(none_as_null=True)),
    # How often its members are asked for a story at most, and when they are left alone.
    Column("prompts_every", Integer, nullable=False, server_default="28"),  # days
    Column("quiet", String(16), nullable=False, server_default="21:00-08:00"),
    Column("days_off", String(32)),  # "5 6", Monday is 0
)

# Where a community meets: a Telegram group, a Slack channel or a whole workspace.
places = Table(
    "places",
    metadata,
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False, index=True),
    Column("platform", String(32), nullable=False),
    Column("place", String(255), nullable=False),
    UniqueConstraint("platform", "place"),
)

# Whoever was forgotten stays as an empty row, so that counts stay true.
members = Table(
    "members",
    metadata,
    row_id(),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("timezone", String(64)),
    # The community they speak in now, of those they belong to. No key: SQLite adds none to a table.
    Column("community_id", Id),
    # What a command asked them last: a typed answer is one to that.
    Column("question_id", Id),
    Column("forgotten_at", UtcTime),
)

addresses = Table(
    "addresses",
    metadata,
    row_id(),
    Column("member_id", Id, to_row("members"), nullable=False, index=True),
    Column("platform", String(32), nullable=False),
    Column("user", String(255), nullable=False),
    Column("deactivated_at", UtcTime),
    # Since when nothing sent there arrives; until they write again.
    Column("unreachable_at", UtcTime),
    # What the platform told of them, and when: name, timezone, language.
    Column("profile", JSON(none_as_null=True)),
    Column("profile_at", UtcTime),
    UniqueConstraint("platform", "user"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("community_id", Id, to_row("communities"), primary_key=True),
    Column("member_id", Id, to_row("members"), primary_key=True, index=True),
    Column("role", String(16), nullable=False),
    Column("joined_at", UtcTime, nullable=False),
    Column("hears_of_stories", Boolean, nullable=False, server_default=false()),
    # When the next weekly digest goes to this organizer; none without.
    Column("digest_at", UtcTime),
)

# The token itself is kept by nobody: only what it makes.
invites = Table(
    "invites",
    metadata,
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("made_by", Id, to_row("members", ondelete="SET NULL")),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("most_uses", Integer),
    Column("uses", Integer, nullable=False),
    Column("revoked_at", UtcTime),
)

# One-time codes by which a second address becomes that of the same person.
link_codes = Table(
    "link_codes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("member_id", Id, to_row("members"), nullable=False, index=True),
    Column("expires_at", UtcTime, nullable=False),
)

# Codes and invites that were none, so that guessing is noticed and slowed.
guesses = Table(
    "guesses",
    metadata,
    row_id(),
    Column("platform", String(32), nullable=False),
    Column("user", String(255), nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("ix_guesses_of", "platform", "user", "at"),
)

# One row for each time that somebody agreed, so that the history of a consent is kept.
consents = Table(
    "consents",
    metadata,
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False),
    Column("member_id", Id, to_row("members"), nullable=False),
    Column("flow", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(35), nullable=False),
    Column("agreed_at", UtcTime, nullable=False),
    Index("ix_consents_of", "member_id", "community_id", "flow"),
)
