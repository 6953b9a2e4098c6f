"""Supplements to case policies, practice policies, and both as every service knows them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("known_policy_supplements", "known_practice_policies"):
        op.create_table(
            table,
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("content", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
    op.create_table(
        "policy_supplements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_role", sa.Text(), nullable=False),
        sa.Column("by_unit_id", sa.Uuid(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "channel IS NULL OR channel IN ('thought', 'emotional', 'public_sentiment', 'public_opinion')",
            name="policy_supplements_channel_known",
        ),
        sa.CheckConstraint("effective_from >= registered_at", name="policy_supplements_rewrite_no_history"),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "version", name="policy_supplements_code_version"),
    )
    op.create_table(
        "practice_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("practice", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rules", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "practice IN ('visit_rhythm', 'inspection_rhythm', 'grade_terms')", name="practice_policies_practice_known"
        ),
        sa.CheckConstraint(
            "level IS NULL OR level IN ('province', 'prefecture', 'county', 'township', 'grassroots')",
            name="practice_policies_level_known",
        ),
        sa.CheckConstraint("effective_from >= registered_at", name="practice_policies_rewrite_no_history"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "version", name="practice_policies_code_version"),
    )
    op.create_table(
        "clock_evidence",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledgement_breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution_breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IS NULL OR channel IN ('thought', 'emotional', 'public_sentiment', 'public_opinion')",
            name="clock_evidence_channel_known",
        ),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.execute("INSERT INTO clock_evidence (case_id, opened_at) SELECT case_id, opened_at FROM case_evidence")
    op.create_index("ix_clock_evidence_opened_at_case_id", "clock_evidence", ["opened_at", "case_id"])
    op.create_index("ix_policy_supplements_unit_id_id", "policy_supplements", ["unit_id", "id"])


def downgrade() -> None:
    op.drop_table("clock_evidence")
    op.drop_table("practice_policies")
    op.drop_table("policy_supplements")
    op.drop_table("known_practice_policies")
    op.drop_table("known_policy_supplements")
