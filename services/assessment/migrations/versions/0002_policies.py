"""Case policies and working calendars; a case counts for the unit of its newest hand-over."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("known_policies", "known_working_calendars"):
        op.create_table(
            table,
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("content", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
    op.create_table(
        "policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IS NULL OR channel IN ('thought', 'emotional', 'public_sentiment', 'public_opinion')",
            name="policies_channel_known",
        ),
        sa.CheckConstraint(
            "level IS NULL OR level IN ('province', 'prefecture', 'county', 'township', 'grassroots')",
            name="policies_level_known",
        ),
        sa.CheckConstraint("effective_from >= registered_at", name="policies_rewrite_no_history"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "version", name="policies_code_version"),
    )
    op.create_index("ix_policies_channel_id", "policies", ["channel", "id"])
    op.create_index("ix_policies_level_id", "policies", ["level", "id"])
    op.create_table(
        "working_calendars",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("weekly", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("holidays", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("working_dates", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "version", name="working_calendars_code_version"),
    )
    op.add_column("case_evidence", sa.Column("owner", sa.Integer(), nullable=True))
    op.execute("UPDATE case_evidence SET owner = CASE WHEN opened_at IS NULL THEN -1 ELSE 0 END")
    op.alter_column("case_evidence", "owner", nullable=False)
    op.drop_column("case_evidence", "unit_since")


def downgrade() -> None:
    op.add_column("case_evidence", sa.Column("unit_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE case_evidence SET unit_since = coalesce(opened_at, 'epoch')")
    op.alter_column("case_evidence", "unit_since", nullable=False)
    op.drop_column("case_evidence", "owner")
    for table in ("working_calendars", "policies", "known_working_calendars", "known_policies"):
        op.drop_table(table)
