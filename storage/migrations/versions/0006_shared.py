"""What was shared in a channel, and what a platform tells of a person."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("subject", sa.String(length=255), nullable=True))
    op.add_column("addresses", sa.Column("profile", sa.JSON(), nullable=True))
    op.add_column("addresses", sa.Column("profile_at", sa.DateTime(timezone=True), nullable=True))
