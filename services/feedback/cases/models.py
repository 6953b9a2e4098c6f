"""Tables of cases: the work that a unit owes, its clocks, who was told, and what was done."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index
from sqlmodel import Field

from services.feedback.cases.rules import Channel, Protection, State
from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.events.feedback import CaseSource, ClockKind
from shared.types import enum_check

ZERO = {"server_default": "0"}
RUNNING = "met_at IS NULL AND breached_at IS NULL AND paused_at IS NULL AND stopped_at IS NULL"


class Case(FeedbackTable, table=True):
    """`owner_id` is the speaker's account where there is one; it never leaves. `body` is null where the words are elsewhere.

    `judge_until` is set while an answer waits for its judgement.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(enum_check("state", State), name="cases_state"),
        CheckConstraint(enum_check("source", CaseSource), name="cases_source"),
        CheckConstraint(enum_check("channel", Channel), name="cases_channel"),
        CheckConstraint(enum_check("protection", Protection), name="cases_protection"),
        CheckConstraint("protection <> 'anonymous' OR owner_id IS NULL", name="cases_anonymous_has_no_owner"),
        CheckConstraint("score BETWEEN 1 AND 5", name="cases_score"),
        Index("cases_by_unit", "unit_id", "id"),
        Index("cases_by_owner", "owner_id", "id", postgresql_where="owner_id IS NOT NULL"),
        Index("cases_by_finding", "finding_id", unique=True, postgresql_where="finding_id IS NOT NULL"),
        Index("cases_by_state", "state", "id"),
        Index("cases_unjudged", "judge_until", postgresql_where="judge_until IS NOT NULL"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    state: State = Field(sa_type=text_of(State))
    source: CaseSource = Field(sa_type=text_of(CaseSource))
    channel: Channel = Field(sa_type=text_of(Channel))
    protection: Protection = Field(sa_type=text_of(Protection))
    category: str | None
    title: str
    body: str | None
    owner_id: UUID | None
    opinion_id: UUID | None = None
    finding_id: UUID | None = None
    visit_id: UUID | None = None
    sponsor_id: UUID | None = None
    policy_version: str
    opened_at: datetime = Field(sa_type=UTC_TIME)
    updated_at: datetime = Field(sa_type=UTC_TIME)
    judge_until: datetime | None = Field(default=None, sa_type=UTC_TIME)
    reopenable_until: datetime | None = Field(default=None, sa_type=UTC_TIME)
    reopened_count: int = Field(default=0, sa_column_kwargs=ZERO)
    judgement_count: int = Field(default=0, sa_column_kwargs=ZERO)
    refused_count: int = Field(default=0, sa_column_kwargs=ZERO)
    message_count: int = Field(default=0, sa_column_kwargs=ZERO)
    outcome: str | None = None
    resolved: bool | None = None
    satisfied: bool | None = None
    score: int | None = None


class CaseExclusion(FeedbackTable, table=True):
    """A unit that the case is about: neither it nor any unit below it may see the case."""

    __tablename__ = "case_exclusions"

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    unit_id: UUID = Field(primary_key=True)


class CaseClock(FeedbackTable, table=True):
    """One deadline; a reopened case gets new ones, in the `round` of its reopening.

    It runs until it is met or breached, or stopped by the end of the case. While it is paused it does not run out: when it goes
    on, `due_at` has moved by as long as it stood still.
    """

    __tablename__ = "case_clocks"
    __table_args__ = (
        CheckConstraint(enum_check("kind", ClockKind), name="case_clocks_kind"),
        Index("case_clocks_running", "due_at", postgresql_where=RUNNING),
    )

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    kind: ClockKind = Field(primary_key=True, sa_type=text_of(ClockKind))
    round: int = Field(primary_key=True, default=0, sa_column_kwargs=ZERO)
    started_at: datetime = Field(sa_type=UTC_TIME)
    due_at: datetime = Field(sa_type=UTC_TIME)
    paused_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    paused_total_s: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=ZERO)
    met_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    breached_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
    stopped_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class EscalationStep(FeedbackTable, table=True):
    """A breach made the case visible to `unit_id`; responsibility stays with the case's own unit."""

    __tablename__ = "escalation_steps"
    __table_args__ = (Index("escalation_steps_by_unit", "unit_id", "case_id"),)

    case_id: UUID = Field(primary_key=True, foreign_key="cases.id")
    step: int = Field(primary_key=True)
    unit_id: UUID
    kind: ClockKind = Field(sa_type=text_of(ClockKind))
    notified_at: datetime = Field(sa_type=UTC_TIME)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UTC_TIME)


class CaseHistory(FeedbackTable, table=True):
    """Append-only: every act on a case, with the rule that allowed it. A speaker's account is never here."""

    __tablename__ = "case_history"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])
    case_id: UUID = Field(foreign_key="cases.id", index=True)
    at: datetime = Field(sa_type=UTC_TIME)
    verb: str
    by_role: str
    by_unit_id: UUID | None
    from_state: State = Field(sa_type=text_of(State))
    to_state: State = Field(sa_type=text_of(State))
    reason: str | None
    rule: str
