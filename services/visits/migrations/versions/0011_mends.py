"""Conflicts of phones are settled, what nobody needs is forgotten, and requests for visits come back."""

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
    op.create_index("visit_departures_old", "visit_departures", ["changed"])
    op.create_index("synced_items_old", "synced_items", ["synced_at"])
    op.create_table(
        "sync_marks",
        sa.Column("changed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgotten", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("changed"),
    )
    op.add_column("visit_requests", sa.Column("came_back_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("visit_proposals_old", "visit_proposals", ["created_at"], postgresql_where=sa.text("state = 'proposed'"))


def downgrade() -> None:
    op.drop_index("visit_proposals_old", table_name="visit_proposals")
    op.drop_column("visit_requests", "came_back_at")
    op.drop_table("sync_marks")
    op.drop_index("synced_items_old", table_name="synced_items")
    op.drop_index("visit_departures_old", table_name="visit_departures")
    for constraint in ("sync_conflicts_settled", "sync_conflicts_choice"):
        op.drop_constraint(constraint, "sync_conflicts")
    for column in ("settled_at", "choice"):
        op.drop_column("sync_conflicts", column)
