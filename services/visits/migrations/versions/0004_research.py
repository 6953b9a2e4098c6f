"""Activities by templates, consultations as needs, and research with what is owed of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NEEDS = "'case', 'topic', 'finding'"
RECORD = "officials, residents, official_turns, resident_turns, one_sided, recorded_at, recorded_by"
TABLES = (
    "research_duties",
    "research_follow_ups",
    "research_recommendations",
    "research_evidence",
    "research_results",
    "research_field_days",
    "research_links",
    "research_projects",
    "activity_needs",
    "activities",
    "activity_templates",
)


def upgrade() -> None:
    _allow_needs(f"{NEEDS}, 'consultation'")
    _create_activities()
    _create_research()


def downgrade() -> None:
    for table in TABLES:
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


def _create_research() -> None:
    op.create_table(
        "research_projects",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("population", sa.String(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("leader_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=False),
        sa.Column("quota_visits", sa.Integer(), nullable=False),
        sa.Column("quota_hours", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'running', 'reported', 'answered', 'followed_up', 'stopped')", name="research_projects_state"
        ),
        sa.CheckConstraint("method IN ('interviews', 'survey', 'visits', 'documents', 'mixed')", name="research_projects_method"),
        sa.CheckConstraint("starts_on <= ends_on AND ends_on < follow_up_on", name="research_projects_dates"),
        sa.CheckConstraint("(state = 'stopped') = (stop_reason IS NOT NULL)", name="research_projects_stopped"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("research_projects_unit", "research_projects", ["unit_id", "id"])
    op.create_index("research_projects_leader", "research_projects", ["leader_id", "id"])
    op.create_index("research_projects_public", "research_projects", ["id"], postgresql_where=sa.text("published_at IS NOT NULL"))
    op.create_table(
        "research_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("ref_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('case', 'visit', 'finding')", name="research_links_kind"),
        sa.ForeignKeyConstraint(["project_id"], ["research_projects.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("project_id", "kind", "ref_id", name="research_links_once"),
    )
    op.create_table(
        "research_field_days",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["research_projects.id"]),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"]),
        sa.PrimaryKeyConstraint("project_id", "day"),
    )
    op.create_index(op.f("ix_research_field_days_visit_id"), "research_field_days", ["visit_id"])
    op.create_table(
        "research_results",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["research_projects.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_research_results_project_id"), "research_results", ["project_id"])
    op.create_table(
        "research_evidence",
        sa.Column("result_id", sa.Uuid(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["result_id"], ["research_results.id"]),
        sa.ForeignKeyConstraint(["link_id"], ["research_links.id"]),
        sa.PrimaryKeyConstraint("result_id", "link_id"),
    )
    op.create_index(op.f("ix_research_evidence_link_id"), "research_evidence", ["link_id"])
    op.create_table(
        "research_recommendations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("addressed_to", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("adopted", sa.Boolean(), nullable=True),
        sa.Column("by_when", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(adopted IS TRUE) = (by_when IS NOT NULL)", name="research_recommendations_adopted"),
        sa.CheckConstraint("(adopted IS FALSE) = (reason IS NOT NULL)", name="research_recommendations_declined"),
        sa.CheckConstraint(
            "num_nonnulls(adopted, answered_by, answered_at) IN (0, 3)", name="research_recommendations_answered_whole"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["research_projects.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_research_recommendations_project_id"), "research_recommendations", ["project_id"])
    op.create_index("research_recommendations_addressed", "research_recommendations", ["addressed_to", "project_id"])
    op.create_table(
        "research_follow_ups",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("indicator", sa.String(), nullable=False),
        sa.Column("before", sa.Float(), nullable=False),
        sa.Column("after", sa.Float(), nullable=False),
        sa.Column("unit_of_measure", sa.String(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["research_projects.id"]),
        sa.PrimaryKeyConstraint("project_id"),
    )
    op.create_table(
        "research_duties",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("projects", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "year"),
    )
