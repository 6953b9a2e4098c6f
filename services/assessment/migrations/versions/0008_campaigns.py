"""Campaigns over everything, who is left out of them, their stages, and directives with their tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LEVELS = "'province', 'prefecture', 'county', 'township', 'grassroots'"
REASONS = "reason_code IN ('emergency', 'reorganisation', 'no_service_to_residents', 'covered_elsewhere')"


def upgrade() -> None:
    op.alter_column("campaigns", "unit_id", nullable=True)
    op.create_table(
        "exclusions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("with_subtree", sa.Boolean(), nullable=False),
        sa.Column("reason_code", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("excluded_by", sa.Uuid(), nullable=False),
        sa.Column("excluded_at", MOMENT, nullable=False),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(REASONS, name="exclusions_reason_known"),
        sa.CheckConstraint("(lifted_at IS NULL) = (lift_reason IS NULL)", name="exclusions_lifted_for_a_reason"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_exclusions_campaign_id_id", "exclusions", ["campaign_id", "id"])
    op.create_index("ix_exclusions_unit_id", "exclusions", ["unit_id"])
    op.create_index(
        "exclusions_standing_once",
        "exclusions",
        ["campaign_id", "unit_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    _stages()
    _directives()


def _stages() -> None:
    op.create_table(
        "stages",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("entry", postgresql.JSONB(), nullable=False),
        sa.Column("exit", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.PrimaryKeyConstraint("campaign_id", "number"),
        sa.UniqueConstraint("campaign_id", "code", name="stages_code_once"),
    )
    op.create_table(
        "roll_outs",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.PrimaryKeyConstraint("campaign_id"),
    )
    op.create_table(
        "standings",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("entered_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(f"level IN ({LEVELS})", name="standings_level"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("campaign_id", "unit_id"),
    )
    op.create_index("ix_standings_unit_id", "standings", ["unit_id"])
    op.create_index("standings_by_stage", "standings", ["campaign_id", "number", "unit_id"])
    op.create_index("standings_due", "standings", ["campaign_id", "due_at"], postgresql_where=sa.text("NOT settled"))
    op.create_table(
        "stage_moves",
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("campaign_id", "unit_id", "number"),
    )
    op.create_index("ix_stage_moves_unit_id", "stage_moves", ["unit_id"])


def _directives() -> None:
    op.create_table(
        "directives",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("levels", postgresql.JSONB(), nullable=True),
        sa.Column("acknowledge_by", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("issued_at", MOMENT, nullable=False),
        sa.Column("cascaded_to", sa.Uuid(), nullable=True),
        sa.Column("cascaded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("directives_cascading", "directives", ["id"], postgresql_where=sa.text("NOT cascaded"))
    op.create_index("directives_unit", "directives", ["unit_id", "id"])
    op.create_index("ix_directives_campaign_id", "directives", ["campaign_id"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("directive_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(length=32), nullable=False),
        sa.Column("above_unit_id", sa.Uuid(), nullable=True),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("acknowledge_by", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("acknowledged_by", sa.Uuid(), nullable=True),
        sa.Column("acknowledged_at", MOMENT, nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(), nullable=False),
        sa.Column("sent_back_by", sa.Uuid(), nullable=True),
        sa.Column("sent_back_at", MOMENT, nullable=True),
        sa.Column("sent_back_reason", sa.Text(), nullable=True),
        sa.Column("overdue_at", MOMENT, nullable=True),
        sa.Column("escalated_to", sa.Uuid(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('issued', 'acknowledged', 'done')", name="tasks_state"),
        sa.CheckConstraint(f"level IN ({LEVELS})", name="tasks_level"),
        sa.CheckConstraint("state <> 'done' OR report IS NOT NULL", name="tasks_done_with_a_report"),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("directive_id", "unit_id", name="tasks_once"),
    )
    op.create_index("tasks_unit", "tasks", ["unit_id", "id"])
    op.create_index("tasks_late", "tasks", ["overdue_at"], postgresql_where=sa.text("overdue_at IS NOT NULL"))
    op.create_table(
        "task_steps",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("to_unit_id", sa.Uuid(), nullable=False),
        sa.Column("escalated_at", MOMENT, nullable=False),
        sa.CheckConstraint("cause IN ('acknowledgement', 'work')", name="task_steps_cause"),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"]),
        sa.PrimaryKeyConstraint("task_id", "step"),
    )
    op.create_table(
        "task_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("directive_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["directive_id"], ["directives.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_task_notes_unit_id", "task_notes", ["unit_id"])
    op.create_index("task_notes_directive", "task_notes", ["directive_id", "unit_id", "id"])


def downgrade() -> None:
    for table in ("task_notes", "task_steps", "tasks", "directives"):
        op.drop_table(table)
    for table in ("stage_moves", "standings", "roll_outs", "stages"):
        op.drop_table(table)
    op.drop_table("exclusions")
    op.execute("DELETE FROM campaigns WHERE unit_id IS NULL")
    op.alter_column("campaigns", "unit_id", nullable=False)
