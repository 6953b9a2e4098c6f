"""Grades that two sign, and the register of what was decided about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


STANDS = "state IN ('published', 'under_objection', 'confirmed', 'corrected', 'expired')"
REFUSE = """
CREATE FUNCTION refuse_to_change_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions are only ever added to';
END
$$
"""
TRIGGER = """
CREATE TRIGGER decisions_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_decisions()
"""


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.Text(), nullable=True),
        sa.Column("actor_unit_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "actor_role IS NULL OR actor_role IN ('anonymous', 'resident', 'official', 'lead', 'inspector', 'admin')",
            name="decisions_actor_role",
        ),
        sa.CheckConstraint("(actor_id IS NULL) = (actor_role IS NULL)", name="decisions_actor_whole"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_decisions_kind_id", "decisions", ["kind", "id"])
    op.create_index("ix_decisions_public", "decisions", ["id"], postgresql_where=sa.text("public"))
    op.create_index("ix_decisions_subject_id_id", "decisions", ["subject_id", "id"])
    op.create_index("ix_decisions_unit_id_id", "decisions", ["unit_id", "id"])
    op.create_table(
        "grade_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("at_end", sa.Boolean(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("grade_runs_at_end", "grade_runs", ["campaign_id"], unique=True, postgresql_where=sa.text("at_end"))
    op.create_index("grade_runs_unfinished", "grade_runs", ["id"], postgresql_where=sa.text("finished_at IS NULL"))
    op.create_index("ix_grade_runs_campaign_id", "grade_runs", ["campaign_id"])
    op.create_index(op.f("ix_grade_runs_unit_id"), "grade_runs", ["unit_id"])
    op.create_table(
        "grades",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("standard_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("composite", sa.Text(), nullable=True),
        sa.Column("evidence", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("corrections", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("objectable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_told", sa.Boolean(), nullable=False),
        sa.CheckConstraint("(state IN ('proposed', 'signed')) = (published_at IS NULL)", name="grades_published_whole"),
        sa.CheckConstraint("cause IN ('campaign', 'correction', 'reassessment')", name="grades_cause"),
        sa.CheckConstraint(
            "state IN ('proposed', 'signed', 'published', 'under_objection', 'confirmed', 'corrected', 'superseded', 'expired')",
            name="grades_state",
        ),
        sa.CheckConstraint("value IN ('not_graded', 'unqualified', 'qualified', 'excellent')", name="grades_value"),
        sa.CheckConstraint("(published_at IS NULL) = (objectable_until IS NULL)", name="grades_objectable_whole"),
        sa.CheckConstraint("(published_at IS NULL) = (valid_until IS NULL)", name="grades_valid_whole"),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
        ),
        sa.ForeignKeyConstraint(
            ["standard_id"],
            ["standards.id"],
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"],
            ["grades.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "grades_lasting", "grades", ["valid_until"], postgresql_where=sa.text("state IN ('published', 'confirmed', 'corrected')")
    )
    op.create_index(
        "grades_of_campaign", "grades", ["campaign_id", "unit_id"], unique=True, postgresql_where=sa.text("cause = 'campaign'")
    )
    op.create_index("grades_open_to_objection", "grades", ["objectable_until"], postgresql_where=sa.text("state = 'published'"))
    op.create_index(
        "grades_owing_plan",
        "grades",
        ["plan_due_at"],
        postgresql_where=sa.text(f"plan_due_at IS NOT NULL AND NOT plan_told AND {STANDS}"),
    )
    op.create_index(
        "grades_public",
        "grades",
        ["id"],
        postgresql_where=sa.text(STANDS),
    )
    op.create_index(
        "grades_standing",
        "grades",
        ["unit_id"],
        unique=True,
        postgresql_where=sa.text(STANDS),
    )
    op.create_index("grades_to_be_signed", "grades", ["id"], postgresql_where=sa.text("state IN ('proposed', 'signed')"))
    op.create_index("ix_grades_campaign_id_id", "grades", ["campaign_id", "id"])
    op.create_index(op.f("ix_grades_standard_id"), "grades", ["standard_id"])
    op.create_index(op.f("ix_grades_supersedes_id"), "grades", ["supersedes_id"])
    op.create_index("ix_grades_unit_id_id", "grades", ["unit_id", "id"])
    op.create_table(
        "grade_signatures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grade_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('anonymous', 'resident', 'official', 'lead', 'inspector', 'admin')", name="grade_signatures_role"
        ),
        sa.ForeignKeyConstraint(
            ["grade_id"],
            ["grades.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("grade_id", "account_id", name="grade_signatures_once"),
    )
    op.create_table(
        "objections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grade_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("grounds", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("criteria", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_overdue", sa.Boolean(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("reviewer_unit_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("new_grade_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="objections_decided_whole"),
        sa.CheckConstraint("(state = 'upheld') = (new_grade_id IS NOT NULL)", name="objections_upheld_whole"),
        sa.CheckConstraint(
            "grounds IN ('counted_wrongly', 'not_our_duty', 'standard_misapplied', 'conflict_of_interest')",
            name="objections_grounds",
        ),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name="objections_state"),
        sa.ForeignKeyConstraint(
            ["grade_id"],
            ["grades.id"],
        ),
        sa.ForeignKeyConstraint(
            ["new_grade_id"],
            ["grades.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_objections_new_grade_id"), "objections", ["new_grade_id"])
    op.create_index("ix_objections_unit_id_id", "objections", ["unit_id", "id"])
    op.create_index("objections_of_grade", "objections", ["grade_id"], unique=True)
    op.create_index(
        "objections_waiting", "objections", ["review_due_at"], postgresql_where=sa.text("state = 'open' AND NOT told_overdue")
    )
    op.create_table(
        "upgrade_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("grade_id", sa.Uuid(), nullable=False),
        sa.Column("aim", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("gaps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_unit_id", sa.Uuid(), nullable=True),
        sa.Column("returned_reason", sa.Text(), nullable=True),
        sa.Column("reassessed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("new_grade_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(state = 'reassessed') = (new_grade_id IS NOT NULL)", name="upgrade_plans_reassessed_whole"),
        sa.CheckConstraint(
            "accepted_at IS NOT NULL OR NOT state IN ('accepted', 'reassessed')", name="upgrade_plans_accepted_whole"
        ),
        sa.CheckConstraint("aim IN ('qualified', 'excellent')", name="upgrade_plans_aim"),
        sa.CheckConstraint("state IN ('submitted', 'accepted', 'returned', 'reassessed')", name="upgrade_plans_state"),
        sa.ForeignKeyConstraint(
            ["grade_id"],
            ["grades.id"],
        ),
        sa.ForeignKeyConstraint(
            ["new_grade_id"],
            ["grades.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["units.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_upgrade_plans_grade_id"), "upgrade_plans", ["grade_id"])
    op.create_index(op.f("ix_upgrade_plans_new_grade_id"), "upgrade_plans", ["new_grade_id"])
    op.create_index("ix_upgrade_plans_unit_id_id", "upgrade_plans", ["unit_id", "id"])
    op.create_index(
        "upgrade_plans_open",
        "upgrade_plans",
        ["unit_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('submitted', 'accepted')"),
    )
    op.create_index(
        "upgrade_plans_public",
        "upgrade_plans",
        ["unit_id", "id"],
        postgresql_where=sa.text("state IN ('accepted', 'reassessed')"),
    )
    op.create_table(
        "upgrade_actions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("gap", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_ids", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(done_at IS NULL) = (evidence_ids = '[]')", name="upgrade_actions_done_with_evidence"),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["upgrade_plans.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_upgrade_actions_plan_id"), "upgrade_actions", ["plan_id"])
    op.execute(REFUSE)
    op.execute(TRIGGER)


def downgrade() -> None:
    op.drop_table("upgrade_actions")
    op.drop_table("upgrade_plans")
    op.drop_table("objections")
    op.drop_table("grade_signatures")
    op.drop_table("grades")
    op.drop_table("grade_runs")
    op.drop_table("decisions")
    op.execute("DROP FUNCTION refuse_to_change_decisions()")
