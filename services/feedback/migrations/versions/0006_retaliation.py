"""The watch against retaliation: check-ins, reports, and who reads them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watch_check_ins",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("safe", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("case_id", "day", "safe"),
    )
    op.create_table(
        "retaliation_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("accused", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("substantiated", sa.Boolean(), nullable=True),
        sa.Column("retaliating_unit_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('reported', 'acknowledged', 'decided')", name="retaliation_reports_state"),
        sa.CheckConstraint("(state = 'decided') = (decided_at IS NOT NULL)", name="retaliation_reports_decided_whole"),
        sa.CheckConstraint(
            "coalesce(substantiated, false) = (retaliating_unit_id IS NOT NULL)",
            name="retaliation_reports_unit_if_found",
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("retaliation_reports_by_case", "retaliation_reports", ["case_id", "id"])
    op.create_index(
        "retaliation_reports_undecided", "retaliation_reports", ["case_id"], unique=True, postgresql_where="decided_at IS NULL"
    )
    op.create_index("retaliation_reports_due", "retaliation_reports", ["next_at"], postgresql_where="next_at IS NOT NULL")
    op.create_table(
        "retaliation_readers",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["retaliation_reports.id"]),
        sa.PrimaryKeyConstraint("report_id", "number"),
    )
    op.create_index("retaliation_readers_by_unit", "retaliation_readers", ["unit_id", "report_id"])


def downgrade() -> None:
    for table in ("retaliation_readers", "retaliation_reports", "watch_check_ins"):
        op.drop_table(table)
