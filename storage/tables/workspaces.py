"""Where the app is installed. Nothing here belongs to a member."""

from sqlalchemy import Column, String, Table, Text

from storage.tables.base import UtcTime, metadata

installations = Table(
    "installations",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("workspace", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    # Its tokens, encrypted; nothing where the token is a setting, or once it has ended.
    Column("sealed", Text),
    Column("installed_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    # What the platform says of it.
    Column("ended_because", String(64)),
    # Until then somebody is renewing its tokens: what they are renewed with works once.
    Column("renewing_until", UtcTime),
)

# What an installation that somebody has begun is known by again. Only what it makes is kept.
oauth_states = Table(
    "oauth_states",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires_at", UtcTime, nullable=False),
)
