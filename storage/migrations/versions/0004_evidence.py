"""On which platform a file is to be fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("evidence", sa.Column("platform", sa.String(length=32), nullable=True))
    # Of what was sent before, as far as that is known.
    op.execute(
        "UPDATE evidence SET platform = (SELECT stories.platform FROM stories"
        " WHERE stories.conversation_id = evidence.conversation_id)"
    )
