"""Retaliation that was found true."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retaliation_evidence",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_retaliation_evidence_unit_id_decided_at", "retaliation_evidence", ["unit_id", "decided_at"])


def downgrade() -> None:
    op.drop_table("retaliation_evidence")
