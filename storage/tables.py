"""The tables. Times are UTC; words stand where the comment says so and nowhere else."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class UtcTime(TypeDecorator[datetime]):
    """A point in time; without a zone in SQLite, which keeps none, and always UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the key is spelled INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True)


def _to(table: str, **how: Any) -> ForeignKey:
    return ForeignKey(f"{table}.id", ondelete="CASCADE", **how)


# ---- people and where they belong ----

communities = Table(
    "communities",
    metadata,
    _id(),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

members = Table(
    "members",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    _id(),
    Column("member_id", Id, _to("members"), nullable=False, index=True),
    Column("platform", String(32), nullable=False),
    Column("user", String(255), nullable=False),
    UniqueConstraint("platform", "user"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("community_id", Id, _to("communities"), primary_key=True),
    Column("member_id", Id, _to("members"), primary_key=True, index=True),
    Column("role", String(16), nullable=False),
    Column("joined_at", UtcTime, nullable=False),
)

# One row for each time that somebody agreed, so that the history of a consent is kept.
consents = Table(
    "consents",
    metadata,
    _id(),
    Column("community_id", Id, _to("communities"), nullable=False),
    Column("member_id", Id, _to("members"), nullable=False),
    Column("flow", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(35), nullable=False),
    Column("agreed_at", UtcTime, nullable=False),
    Index("ix_consents_of", "member_id", "community_id", "flow"),
)

# ---- interviews ----

definitions = Table(
    "definitions",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("stored_at", UtcTime, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    _id(),
    Column("community_id", Id, _to("communities"), nullable=False),
    Column("member_id", Id, _to("members"), nullable=False),
    Column("ref", String(16), nullable=False, unique=True),
    Column("flow", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("place", String(128), nullable=False),
    Column("trail", JSON, nullable=False),
    Column("aside", String(64)),
    Column("revision", Integer, nullable=False),
    Column("shown_example", Boolean, nullable=False),
    Column("audience", JSON, nullable=False),
    Column("attribution", String(16), nullable=False),
    Column("anchor_activity", Text),
    Column("anchor_date", String(32)),
    Column("anchor_link", Text),
    Column("origin", String(16), nullable=False),
    Column("has_begun", Boolean, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("turned_at", UtcTime, nullable=False),
    Column("delivered_at", UtcTime),
    Column("active_seconds", Integer, nullable=False),
    Column("submitted_at", UtcTime),
    Index(
        "uq_conversations_active",
        "member_id",
        "community_id",
        unique=True,
        sqlite_where=text("status = 'active'"),
        postgresql_where=text("status = 'active'"),
    ),
    Index("ix_conversations_of", "member_id", "community_id", "turned_at"),
    Index("ix_conversations_begun", "community_id", "started_at"),
)

# Words: what was said, in every wording.
answers = Table(
    "answers",
    metadata,
    Column("conversation_id", Id, _to("conversations"), primary_key=True),
    Column("step", String(64), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("place", String(128), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("asked", Text, nullable=False),
    Column("said_at", UtcTime, nullable=False),
    Column("text", Text),
    Column("choice", String(64)),
    Column("how", String(16), nullable=False),
    Column("message_id", String(255)),
    Column("standing", String(16), nullable=False),
    Column("ended_in", Integer),
)

# Words: captions and file names.
evidence = Table(
    "evidence",
    metadata,
    _id(),
    Column("conversation_id", Id, _to("conversations"), nullable=False, index=True),
    Column("step", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("file_id", Text, nullable=False),
    Column("name", Text),
    Column("mime_type", String(255)),
    Column("size", BigInteger),
    Column("caption", Text),
    Column("message_id", String(255)),
)

check_backs = Table(
    "check_backs",
    metadata,
    _id(),
    Column("conversation_id", Id, _to("conversations"), nullable=False, unique=True),
    Column("entry", String(64), nullable=False),
    Column("due_at", UtcTime, nullable=False, index=True),
)

# ---- stories ----

stories = Table(
    "stories",
    metadata,
    _id(),
    Column("conversation_id", Id, _to("conversations"), nullable=False, unique=True),
    Column("community_id", Id, _to("communities"), nullable=False),
    Column("member_id", Id, _to("members"), nullable=False, index=True),
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
    Column("pseudonym", Text),
    Column("consent_version", Integer, nullable=False),
    Column("platform", String(32), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("submitted_at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
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
    Column("story_id", Id, _to("stories"), primary_key=True),
    Column("audience", String(16), primary_key=True),
)

# Words: the story as it was sent.
steps = Table(
    "steps",
    metadata,
    _id(),
    Column("story_id", Id, _to("stories"), nullable=False),
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
    _id(),
    Column("story_id", Id, _to("stories"), nullable=False, index=True),
    Column("origin_id", Id, _to("steps"), index=True),
    Column("target_id", Id, _to("steps"), index=True),
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
    Column("story_id", Id, _to("stories"), primary_key=True),
    Column("gap", String(32), primary_key=True),
    Column("order", Integer, nullable=False),
)

indicators = Table(
    "indicators",
    metadata,
    _id(),
    Column("community_id", Id, _to("communities"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("cycle", String(32)),
    Column("unit", Text),
)

story_indicators = Table(
    "story_indicators",
    metadata,
    Column("story_id", Id, _to("stories"), primary_key=True),
    Column("indicator_id", Id, _to("indicators"), primary_key=True, index=True),
)

# ---- what arrived and what waits to be sent ----

# Words: `payload`, only of an input that failed, and of a command until it is answered.
inbox = Table(
    "inbox",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("fault", String(128)),
    Column("payload", JSON(none_as_null=True)),
)

# Words: `body`, until it is sent.
outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("platform", String(32), nullable=False),
    Column("user", String(255), nullable=False),
    Column("conversation_id", Id, _to("conversations")),
    Column("asks", String(128)),
    Column("body", JSON(none_as_null=True)),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("message_id", String(255)),
    Index(
        "ix_outbox_waiting",
        "platform",
        "user",
        "id",
        sqlite_where=text("sent_at IS NULL"),
        postgresql_where=text("sent_at IS NULL"),
    ),
    Index("ix_outbox_of", "conversation_id"),
)
