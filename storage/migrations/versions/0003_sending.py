"""Where a reply is to be shown, how urgent it is, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "addresses", sa.Column("unreachable_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("outbox", sa.Column("place", sa.String(length=255), nullable=True))
    op.add_column("outbox", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    for name in ("in_place", "has_buttons"):
        op.add_column(
            "outbox", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    op.add_column("outbox", sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox", sa.Column("fault", sa.String(length=255), nullable=True))
    op.drop_index("ix_outbox_waiting", table_name="outbox")
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["platform", "user", "id"],
        sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_buttons",
        "outbox",
        ["platform", "user"],
        sqlite_where=sa.text("has_buttons = 1"),
        postgresql_where=sa.text("has_buttons"),
    )
