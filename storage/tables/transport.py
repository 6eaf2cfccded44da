"""What arrived and what waits to be sent."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, false, text

from storage.tables.base import Id, UtcTime, metadata, row_id, to_row

# Words: `payload`, only of an input that failed, and of a command until it is answered.
inbox = Table(
    "inbox",
    metadata,
    Column("key", String(255), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("fault", String(128)),
    Column("payload", JSON(none_as_null=True)),
    # Whose it is, as long as the payload is kept.
    Column("platform", String(32)),
    Column("user", String(255)),
    Index("ix_inbox_received_at", "received_at"),
)

# What a command asked somebody: whether to forget all, which community is meant.
questions = Table(
    "questions",
    metadata,
    row_id(),
    Column("member_id", Id, to_row("members"), nullable=False, index=True),
    Column("community_id", Id, to_row("communities")),
    Column("command", String(32), nullable=False),
    Column("values", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
)

# Words: `body`, until it is sent or has failed.
outbox = Table(
    "outbox",
    metadata,
    row_id(),
    Column("platform", String(32), nullable=False),
    Column("user", String(255), nullable=False),
    Column("conversation_id", Id, to_row("conversations")),
    Column("asks", String(128)),
    Column("body", JSON(none_as_null=True)),
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("message_id", String(255)),
    # A group, with `/` and a topic of it behind; without it the person's own chat.
    Column("place", String(255)),
    # 0 a reply to somebody, 1 what is said to many.
    Column("priority", Integer, nullable=False, server_default="0"),
    # To be shown in place of the question that is open.
    Column("in_place", Boolean, nullable=False, server_default=false()),
    # There are buttons below it still.
    Column("has_buttons", Boolean, nullable=False, server_default=false()),
    Column("failed_at", UtcTime),
    # What was shared there, so that it can be brought up to date: "summary main march".
    Column("subject", String(255)),
    # The share of a round that this is, until when it may be sent, and that it was being sent.
    Column("delivery_id", Id),
    Column("expires_at", UtcTime),
    Column("attempted_at", UtcTime),
    # What a platform says of it, never words of anybody.
    Column("fault", String(255)),
    Index(
        "ix_outbox_waiting",
        "platform",
        "user",
        "id",
        sqlite_where=text("sent_at IS NULL AND failed_at IS NULL"),
        postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
    ),
    Index(
        "ix_outbox_buttons",
        "platform",
        "user",
        sqlite_where=text("has_buttons = 1"),
        postgresql_where=text("has_buttons"),
    ),
    Index("ix_outbox_of", "conversation_id"),
    Index(
        "ix_outbox_failed",
        "failed_at",
        sqlite_where=text("failed_at IS NOT NULL"),
        postgresql_where=text("failed_at IS NOT NULL"),
    ),
)
