"""Activities by templates, and consultations as needs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEEDS = "'case', 'topic', 'finding'"
RECORD = "officials, residents, official_turns, resident_turns, one_sided, recorded_at, recorded_by"


def upgrade() -> None:
    _allow_needs(f"{NEEDS}, 'consultation'")
    _create_activities()


def downgrade() -> None:
    for table in ("activity_needs", "activities", "activity_templates"):
        op.drop_table(table)
    _allow_needs(NEEDS)


def _allow_needs(kinds: str) -> None:
    op.drop_constraint("visit_plans_need_kind", "visit_plans", type_="check")
    op.create_check_constraint("visit_plans_need_kind", "visit_plans", f"need_kind IN ({kinds})")


def _create_activities() -> None:
    op.create_table(
        "activity_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("levels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("title_zh", sa.String(), nullable=False),
        sa.Column("target_group", sa.String(), nullable=False),
        sa.Column("indicator", sa.String(), nullable=False),
        sa.Column("unit_of_measure", sa.String(), nullable=False),
        sa.Column("least_participants", sa.Integer(), nullable=False),
        sa.Column("most_participants", sa.Integer(), nullable=False),
        sa.Column("needs_place", sa.Boolean(), nullable=False),
        sa.Column("least_days_notice", sa.Integer(), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('open_day', 'forum', 'study', 'service')", name="activity_templates_kind"),
        sa.CheckConstraint("most_participants >= least_participants", name="activity_templates_participants"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code", "version", name="activity_templates_code_version"),
    )
    op.create_table(
        "activities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(), nullable=True),
        sa.Column("target_group", sa.String(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("officials", sa.Integer(), nullable=True),
        sa.Column("residents", sa.Integer(), nullable=True),
        sa.Column("official_turns", sa.Integer(), nullable=True),
        sa.Column("resident_turns", sa.Integer(), nullable=True),
        sa.Column("one_sided", sa.Boolean(), nullable=True),
        sa.Column("measured", sa.Float(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'held', 'cancelled')", name="activities_state"),
        sa.CheckConstraint("ends_at > starts_at", name="activities_span"),
        sa.CheckConstraint("(state = 'held') = (recorded_at IS NOT NULL)", name="activities_recorded"),
        sa.CheckConstraint("(state = 'cancelled') = (reason IS NOT NULL)", name="activities_reason"),
        sa.CheckConstraint(f"num_nonnulls({RECORD}) IN (0, 7)", name="activities_record_whole"),
        sa.ForeignKeyConstraint(["template_id"], ["activity_templates.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_activities_template_id"), "activities", ["template_id"])
    op.create_index("activities_unit", "activities", ["unit_id", "id"])
    op.create_index("activities_unlinked", "activities", ["unit_id", "id"], postgresql_where=sa.text("NOT linked"))
    op.create_table(
        "activity_needs",
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('case', 'topic', 'finding', 'consultation')", name="activity_needs_kind"),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"]),
        sa.PrimaryKeyConstraint("activity_id", "kind", "ref"),
    )
