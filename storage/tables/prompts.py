"""Prompts: when members are asked for a story, and who was asked in which round."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint, text

from storage.tables.base import Id, UtcTime, metadata, row_id, to_row

# What a round asks, and whom: of a schedule, and of each round that comes of it.
_ASKS = (
    ("audience", JSON, False),
    ("anchor_activity", Text, True),
    ("anchor_date", String(32), True),
    ("anchor_link", Text, True),
    ("nudge_days", Integer, True),
    ("window_hours", Integer, False),
)


def _asks() -> list[Column[object]]:
    return [Column(name, kind, nullable=nullable) for name, kind, nullable in _ASKS]


schedules = Table(
    "schedules",
    metadata,
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False, index=True),
    # Who asks; their name stands in the prompt.
    Column("made_by", Id, to_row("members", ondelete="SET NULL")),
    Column("made_at", UtcTime, nullable=False),
    # As its coordinator wrote it; shown in lists.
    Column("phrase", Text, nullable=False),
    Column("rule", Text, nullable=False),  # RFC 5545, without DTSTART
    Column("at", String(5), nullable=False),  # "10:00", by the clock of whoever is asked
    Column("zone", String(64), nullable=False),
    Column("since", String(10), nullable=False),  # what its intervals count from
    *_asks(),
    Column("status", String(16), nullable=False),
    # One more with each change, so that two people at once do not undo each other's.
    Column("revision", Integer, nullable=False),
    # The day of its next round, and when that begins: where it is that hour first.
    Column("next_day", String(10)),
    Column("opens_at", UtcTime, index=True),
)

rounds = Table(
    "rounds",
    metadata,
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False),
    Column("schedule_id", Id, to_row("schedules", ondelete="SET NULL")),
    Column("asked_by", Id, to_row("members", ondelete="SET NULL")),
    Column("day", String(10), nullable=False),
    Column("at", String(5)),  # none: as soon as each may be written to
    Column("zone", String(64), nullable=False),
    *_asks(),
    Column("status", String(16), nullable=False),
    Column("planned_to", Id),  # the last member that was looked at
    Column("made_at", UtcTime, nullable=False),
    UniqueConstraint("schedule_id", "day"),
    Index("ix_rounds_of", "community_id", "made_at"),
    Index("ix_rounds_status", "status"),
)

# The ledger: one row for each member of a round, also of those who are left out.
deliveries = Table(
    "deliveries",
    metadata,
    row_id(),
    Column("round_id", Id, to_row("rounds"), nullable=False),
    Column("member_id", Id, to_row("members"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(16)),  # why somebody was left out
    Column("due_at", UtcTime),
    Column("until", UtcTime),
    Column("sent_at", UtcTime),
    Column("repeated_at", UtcTime),  # perhaps sent before that too
    Column("opened_at", UtcTime),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("snoozed_at", UtcTime),
    # When it was decided about a reminder, and from when on it may come.
    Column("nudged_at", UtcTime),
    Column("nudge_from", UtcTime),
    Column("conversation_id", Id, to_row("conversations", ondelete="SET NULL"), index=True),
    UniqueConstraint("round_id", "member_id"),
    Index(
        "ix_deliveries_due",
        "due_at",
        sqlite_where=text("status = 'planned'"),
        postgresql_where=text("status = 'planned'"),
    ),
    Index("ix_deliveries_of", "member_id", "sent_at"),
)

# How somebody wants to be asked; without a row, as everybody is.
prompting = Table(
    "prompting",
    metadata,
    Column("member_id", Id, to_row("members"), primary_key=True),
    Column("snoozed_until", UtcTime),
    Column("stopped_at", UtcTime),
    Column("every_days", Integer),
    Column("quiet", String(16)),  # "21:00-08:00"
    Column("days_off", String(32)),  # "5 6", Monday is 0
    Column("answered_at", UtcTime),  # when they last answered, or wrote of themselves
    Column("checked_at", UtcTime),  # when they were last asked how something went on
)

# Where numbers of rounds are shown that are kept up to date.
watches = Table(
    "watches",
    metadata,
    row_id(),
    Column("community_id", Id, to_row("communities"), nullable=False),
    Column("platform", String(32), nullable=False),
    Column("user", String(255), nullable=False),
    Column("shown", String(64), nullable=False),  # a digest of what is shown
    Column("until", UtcTime, nullable=False),
    UniqueConstraint("community_id", "platform", "user"),
)
