"""Who did what, and what was erased. Never a member's words."""

from sqlalchemy import JSON, Column, Index, String, Table

from storage.tables.base import Id, UtcTime, metadata, row_id, to_row

# `actor` names who did it where that is no member: the program's own commands.
audit = Table(
    "audit",
    metadata,
    row_id(),
    Column("at", UtcTime, nullable=False, index=True),
    Column("community_id", Id, to_row("communities", ondelete="SET NULL"), index=True),
    Column("member_id", Id, to_row("members", ondelete="SET NULL")),
    Column("actor", String(32), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject_id", Id, to_row("members", ondelete="SET NULL")),
    Column("ref", String(16)),
    Column("details", JSON, nullable=False),
)

# What was erased, so that a backup of before is cleaned of it again.
erasures = Table(
    "erasures",
    metadata,
    row_id(),
    Column("kind", String(16), nullable=False),
    Column("of", Id, nullable=False),
    Column("erased_at", UtcTime, nullable=False),
    Index("ix_erasures_of", "kind", "of"),
)
