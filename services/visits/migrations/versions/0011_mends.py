"""Conflicts of phones are settled."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sync_conflicts", sa.Column("choice", sa.String(length=32), nullable=True))
    op.add_column("sync_conflicts", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint("sync_conflicts_choice", "sync_conflicts", "choice IN ('theirs', 'both')")
    op.create_check_constraint("sync_conflicts_settled", "sync_conflicts", "(choice IS NULL) = (settled_at IS NULL)")


def downgrade() -> None:
    for constraint in ("sync_conflicts_settled", "sync_conflicts_choice"):
        op.drop_constraint(constraint, "sync_conflicts")
    for column in ("settled_at", "choice"):
        op.drop_column("sync_conflicts", column)
