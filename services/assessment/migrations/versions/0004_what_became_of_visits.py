"""What became of visits: missed, cancelled, refused, and whether they count."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit_evidence", sa.Column("outcome", sa.String(), nullable=True))
    for fact in ("missed_at", "cancelled_at", "counted_at"):
        op.add_column("visit_evidence", sa.Column(fact, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for column in ("counted_at", "cancelled_at", "missed_at", "outcome"):
        op.drop_column("visit_evidence", column)
