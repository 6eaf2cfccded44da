"""Interviews under way: what was asked and answered."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)

from storage.tables.base import Id, UtcTime, metadata, row_id, to_row

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
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False),
    Column("member_id", Id, to_row("members"), nullable=False),
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
    Column("pseudonym", Text),  # words
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
    # The bot asked for it, and nothing was answered yet.
    Column("prompted", Boolean, nullable=False, server_default=false()),
    Column("reminded_at", UtcTime),  # when its teller was asked whether to go on
    Column("expiry_told_at", UtcTime),  # when its teller was told that it will expire
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
    Column("conversation_id", Id, to_row("conversations"), primary_key=True),
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
    row_id(),
    Column("conversation_id", Id, to_row("conversations"), nullable=False, index=True),
    Column("step", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("file_id", Text, nullable=False),
    Column("name", Text),
    Column("mime_type", String(255)),
    Column("size", BigInteger),
    Column("caption", Text),
    Column("message_id", String(255)),
    Column("platform", String(32)),
)

check_backs = Table(
    "check_backs",
    metadata,
    row_id(),
    Column("conversation_id", Id, to_row("conversations"), nullable=False, unique=True),
    Column("entry", String(64), nullable=False),
    Column("due_at", UtcTime, nullable=False, index=True),
    Column("asked_at", UtcTime),
    Column("held_until", UtcTime),  # not to be looked at before: its teller is left alone now
)
