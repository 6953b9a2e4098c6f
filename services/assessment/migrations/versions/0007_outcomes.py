"""Whether what officials call resolved is confirmed, what changed for people, who closes in bulk, and what comes first."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

TAKE_OVER = """
INSERT INTO answer_evidence (case_id, unit_id, answered_at, judgement, judged_at, resolved, confirmed_judgement, confirmed_at,
    reopened_judgement)
SELECT case_id, unit_id, first_answered_at, judgement, verdict_at, resolved,
    CASE WHEN resolved THEN judgement END, CASE WHEN resolved THEN verdict_at END, reopened_judgement
FROM case_evidence WHERE first_answered_at IS NOT NULL OR judgement IS NOT NULL
"""
"""What was told before, as far as it was kept: for the unit that owes the case."""


def upgrade() -> None:
    op.create_table(
        "answer_evidence",
        sa.Column("case_id", sa.Uuid(), primary_key=True),
        sa.Column("unit_id", sa.Uuid(), primary_key=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("judgement", sa.Integer(), nullable=True),
        sa.Column("judged_at", MOMENT, nullable=True),
        sa.Column("resolved", sa.Boolean(), nullable=True),
        sa.Column("confirmed_judgement", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("lapsed_at", MOMENT, nullable=True),
        sa.Column("reopened_judgement", sa.Integer(), nullable=True),
    )
    op.create_index("ix_answer_evidence_unit_id_answered_at", "answer_evidence", ["unit_id", "answered_at"])
    op.execute(TAKE_OVER)
    _make_outcomes()
    _make_alarms()
    _make_call_backs()
    _make_priorities()


def _make_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("unit_id", sa.Uuid(), sa.ForeignKey("units.id"), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), sa.ForeignKey("campaigns.id"), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("title", "indicator", "unit_of_measure", "better")),
        sa.Column("baseline", sa.Float(), nullable=False),
        sa.Column("baseline_on", sa.Date(), nullable=False),
        sa.Column("baseline_evidence", JSONB(), nullable=False),
        sa.Column("target", sa.Float(), nullable=False),
        sa.Column("target_on", sa.Date(), nullable=False),
        sa.Column("beneficiaries", sa.Text(), nullable=False),
        sa.Column("needs", JSONB(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.Column("reached_at", MOMENT, nullable=True),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.Column("noticed", sa.Integer(), nullable=False),
        sa.CheckConstraint("better IN ('higher', 'lower')", name="outcomes_better"),
        sa.CheckConstraint("CASE better WHEN 'higher' THEN target > baseline ELSE target < baseline END", name="outcomes_course"),
        sa.CheckConstraint("baseline_on < target_on", name="outcomes_dates"),
        sa.CheckConstraint("noticed BETWEEN 0 AND said", name="outcomes_voices"),
    )
    op.create_index("ix_outcomes_campaign_id", "outcomes", ["campaign_id"])
    op.create_index("ix_outcomes_unit_id_id", "outcomes", ["unit_id", "id"])
    op.create_index("ix_outcomes_unit_id_target_on", "outcomes", ["unit_id", "target_on"])
    op.create_index("ix_outcomes_public", "outcomes", ["id"], postgresql_where=sa.text("published_at IS NOT NULL"))
    op.create_table(
        "outcome_measurements",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("outcome_id", sa.Uuid(), sa.ForeignKey("outcomes.id"), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("evidence", JSONB(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
    )
    newest = ["outcome_id", "measured_on", "recorded_at", "id"]
    op.create_index("ix_outcome_measurements_newest", "outcome_measurements", newest)
    op.create_table(
        "outcome_voices",
        sa.Column("outcome_id", sa.Uuid(), sa.ForeignKey("outcomes.id"), primary_key=True),
        sa.Column("pseudonym", sa.LargeBinary(), primary_key=True),
        sa.Column("noticed", sa.Boolean(), nullable=False),
    )


def _make_alarms() -> None:
    op.create_table(
        "closings",
        sa.Column("unit_id", sa.Uuid(), primary_key=True),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), primary_key=True),
        sa.Column("looked", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_closings_unseen", "closings", ["day", "unit_id"], postgresql_where=sa.text("NOT looked"))
    op.create_table(
        "alarms",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("closings", sa.Integer(), nullable=False),
        sa.Column("busiest", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("raised_at", MOMENT, nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by_unit_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint("decision IN ('cleared', 'upheld')", name="alarms_decision"),
        sa.CheckConstraint(
            "num_nonnulls(decision, decision_reason, decided_by, decided_at) IN (0, 4)", name="alarms_decided_whole"
        ),
        sa.CheckConstraint("first_day <= last_day", name="alarms_days"),
        sa.UniqueConstraint("unit_id", "first_day", name="alarms_once"),
    )
    op.create_index("ix_alarms_unit_id_id", "alarms", ["unit_id", "id"])


def _make_call_backs() -> None:
    op.create_table(
        "case_call_backs",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("seed", sa.Text(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("drawn_by", sa.Uuid(), nullable=False),
        sa.Column("drawn_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.UniqueConstraint("unit_id", "month", name="case_call_backs_once"),
    )
    op.create_index("ix_case_call_backs_unit_id_finished_at", "case_call_backs", ["unit_id", "finished_at"])
    op.create_table(
        "called_cases",
        sa.Column("call_back_id", sa.Uuid(), sa.ForeignKey("case_call_backs.id"), primary_key=True),
        sa.Column("case_id", sa.Uuid(), primary_key=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("found", sa.Text(), nullable=True),
        sa.CheckConstraint("found IN ('confirmed', 'not_confirmed', 'not_reached')", name="called_cases_found"),
    )


def _make_priorities() -> None:
    op.create_table(
        "priorities",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("unit_id", sa.Uuid(), sa.ForeignKey("units.id"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.Column("registered_at", MOMENT, nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.UniqueConstraint("unit_id", "code", "since", name="priorities_once"),
        sa.CheckConstraint("until >= since", name="priorities_span"),
    )
    op.create_index("ix_priorities_unit_id_id", "priorities", ["unit_id", "id"])
    op.create_table(
        "priority_tags",
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("work_id", sa.Uuid(), primary_key=True),
        sa.Column("priority_id", sa.Uuid(), sa.ForeignKey("priorities.id"), nullable=False),
        sa.Column("tagged_by", sa.Uuid(), nullable=False),
        sa.Column("tagged_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('case', 'visit', 'activity', 'outcome', 'campaign')", name="priority_tags_kind"),
    )
    op.create_index("ix_priority_tags_priority_id", "priority_tags", ["priority_id"])
    op.create_table(
        "known_activities",
        sa.Column("activity_id", sa.Uuid(), primary_key=True),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
    )
    op.create_index("ix_known_activities_unit_id_held_at", "known_activities", ["unit_id", "held_at"])


def downgrade() -> None:
    for table in (
        "known_activities",
        "priority_tags",
        "priorities",
        "called_cases",
        "case_call_backs",
        "alarms",
        "closings",
        "outcome_voices",
        "outcome_measurements",
        "outcomes",
    ):
        op.drop_table(table)
    op.drop_table("answer_evidence")
