"""What a visit brings: answers, promises, cases served, whether it counts, and what residents say of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SAMPLED = sa.text("state IN ('done', 'done_late', 'refused_by_resident')")
COUNT_FINDINGS = """
    UPDATE visits SET counted_at = recorded_at, counted_by = 'finding'
    WHERE state IN ('done', 'done_late') AND EXISTS (SELECT FROM findings WHERE findings.visit_id = visits.id)
"""
"""What visits found before they were counted counts too; nobody is told of it anew."""


def upgrade() -> None:
    _extend_visits()
    _create_templates()
    _create_promises()
    _create_cases()
    _create_confirmations()
    _create_call_backs()


def _extend_visits() -> None:
    op.add_column("visit_plans", sa.Column("template_code", sa.String(), nullable=True))
    for column in (
        sa.Column("template_code", sa.String(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("need_case_id", sa.Uuid(), nullable=True),
        sa.Column("answers", JSONB(), nullable=True),
        sa.Column("present", sa.String(length=32), nullable=True),
        sa.Column("counted_at", MOMENT, nullable=True),
        sa.Column("counted_by", sa.String(length=32), nullable=True),
    ):
        op.add_column("visits", column)
    op.create_check_constraint("visits_present", "visits", "present IN ('none', 'one', 'few', 'some', 'many')")
    op.create_check_constraint("visits_counted_by", "visits", "counted_by IN ('finding', 'case', 'answer', 'confirmation')")
    op.create_check_constraint("visits_counted", "visits", "(counted_at IS NULL) = (counted_by IS NULL)")
    op.create_index("visits_sampled", "visits", ["unit_id", "occurred_at"], postgresql_where=SAMPLED)
    op.execute(COUNT_FINDINGS)


def _create_templates() -> None:
    op.create_table(
        "visit_templates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title_en", sa.String(), nullable=False),
        sa.Column("title_zh", sa.String(), nullable=False),
        sa.Column("questions", JSONB(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    op.create_index("visit_templates_code", "visit_templates", ["code", "unit_id", "version"], unique=True)


def _create_promises() -> None:
    op.create_table(
        "promises",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("post_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("broken_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('open', 'kept', 'withdrawn')", name="promises_state"),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"]),
        sa.ForeignKeyConstraint(["post_id"], ["posts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_promises_visit_id"), "promises", ["visit_id"])
    op.create_index("promises_unit", "promises", ["unit_id", "id"])
    op.create_index("promises_owner", "promises", ["owner_id", "id"])
    op.create_index(op.f("ix_promises_post_id"), "promises", ["post_id"])
    op.create_index("promises_to_break", "promises", ["due_on"], postgresql_where=sa.text("state = 'open' AND broken_at IS NULL"))


def _create_cases() -> None:
    op.create_table(
        "known_cases",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("lapsed_at", MOMENT, nullable=True),
        sa.Column("reopened_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("case_id"),
    )
    op.create_table(
        "served_cases",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["known_cases.case_id"]),
        sa.PrimaryKeyConstraint("visit_id", "case_id"),
    )
    op.create_index(op.f("ix_served_cases_case_id"), "served_cases", ["case_id"])


def _create_confirmations() -> None:
    op.create_table(
        "confirmations",
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(), nullable=False),
        sa.Column("took_place", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"]),
        sa.PrimaryKeyConstraint("visit_id"),
        sa.UniqueConstraint("lookup"),
    )
    op.create_index("confirmations_disputed", "confirmations", ["visit_id"], postgresql_where=sa.text("took_place IS FALSE"))
    op.create_table(
        "visit_ratings",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name="visit_ratings_score"),
        sa.PrimaryKeyConstraint("unit_id", "month", "score"),
    )


def _create_call_backs() -> None:
    op.create_table(
        "call_backs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("drawn_by", sa.Uuid(), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("call_backs_unit", "call_backs", ["unit_id", "id"])
    op.create_table(
        "call_back_visits",
        sa.Column("call_back_id", sa.Uuid(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "result IN ('took_place', 'did_not_take_place', 'not_reached', 'declined')", name="call_back_visits_result"
        ),
        sa.ForeignKeyConstraint(["call_back_id"], ["call_backs.id"]),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"]),
        sa.PrimaryKeyConstraint("call_back_id", "visit_id"),
    )
    op.create_index(op.f("ix_call_back_visits_visit_id"), "call_back_visits", ["visit_id"])


def downgrade() -> None:
    for table in (
        "call_back_visits",
        "call_backs",
        "visit_ratings",
        "confirmations",
        "served_cases",
        "known_cases",
        "promises",
        "visit_templates",
    ):
        op.drop_table(table)
    op.drop_index("visits_sampled", table_name="visits", postgresql_where=SAMPLED)
    for constraint in ("visits_counted", "visits_counted_by", "visits_present"):
        op.drop_constraint(constraint, "visits", type_="check")
    for column in (
        "counted_by",
        "counted_at",
        "present",
        "answers",
        "need_case_id",
        "template_version",
        "template_code",
    ):
        op.drop_column("visits", column)
    op.drop_column("visit_plans", "template_code")
