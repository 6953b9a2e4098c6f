"""Evidence: what the other services told about each case, each answer to it, each visit, each promise and each
retaliation, one row each. Ids, numbers and times only.

Facts are projections of other services' events and may arrive in any order, so all but the ids may be missing.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, Index
from sqlmodel import Field

from services.assessment.tables import AssessmentTable

MOMENT = DateTime(timezone=True)


class CaseEvidence(AssessmentTable, table=True):
    """`unit_id` owes the case since its hand-over of the number `owner`: 0 when it was opened, -1 while neither was heard of. The
    verdict is the newest one, `judgement` its number; `reopened_judgement` is the number of the newest verdict that a reopening
    has overruled.
    """

    __tablename__ = "case_evidence"

    case_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(index=True)
    owner: int
    opened_at: datetime | None = Field(None, sa_type=MOMENT)
    acknowledged_at: datetime | None = Field(None, sa_type=MOMENT)
    first_answered_at: datetime | None = Field(None, sa_type=MOMENT)
    first_answer_in_time: bool | None = None
    first_answer_breached_at: datetime | None = Field(None, sa_type=MOMENT)
    breached_at: datetime | None = Field(None, sa_type=MOMENT)
    escalated_at: datetime | None = Field(None, sa_type=MOMENT)
    judgement: int | None = None
    verdict_at: datetime | None = Field(None, sa_type=MOMENT)
    resolved: bool | None = None
    satisfied: bool | None = None
    reopened_judgement: int | None = None
    reopened_at: datetime | None = Field(None, sa_type=MOMENT)


class AnswerEvidence(AssessmentTable, table=True):
    """What became of a case that `unit_id` answered, and so called resolved: one row for each unit that did, whoever owes the
    case now. The verdict is the newest one on this unit, `judgement` its number; `confirmed_judgement` is the first one that said
    "resolved"; `lapsed_at`, when the case was last closed because nobody judged; `reopened_judgement`, the newest verdict on this
    unit that a reopening has overruled.
    """

    __tablename__ = "answer_evidence"
    __table_args__ = (Index("ix_answer_evidence_unit_id_answered_at", "unit_id", "answered_at"),)

    case_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(primary_key=True)
    answered_at: datetime | None = Field(None, sa_type=MOMENT)
    judgement: int | None = None
    judged_at: datetime | None = Field(None, sa_type=MOMENT)
    resolved: bool | None = None
    confirmed_judgement: int | None = None
    confirmed_at: datetime | None = Field(None, sa_type=MOMENT)
    lapsed_at: datetime | None = Field(None, sa_type=MOMENT)
    reopened_judgement: int | None = None


class VisitEvidence(AssessmentTable, table=True):
    """`outcome` is what was recorded last; `counted_at`, since when it counts, because something was learned or done."""

    __tablename__ = "visit_evidence"

    visit_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(index=True)
    unit_since: datetime = Field(sa_type=MOMENT)
    planned_for: datetime | None = Field(None, sa_type=MOMENT)
    recorded_at: datetime | None = Field(None, sa_type=MOMENT)
    occurred_at: datetime | None = Field(None, sa_type=MOMENT)
    findings: int | None = None
    outcome: str | None = None
    missed_at: datetime | None = Field(None, sa_type=MOMENT)
    cancelled_at: datetime | None = Field(None, sa_type=MOMENT)
    counted_at: datetime | None = Field(None, sa_type=MOMENT)


class PromiseEvidence(AssessmentTable, table=True):
    """What became of a promise that was made on a visit of `unit_id`. `in_time`: it was kept by the end of `due_on`."""

    __tablename__ = "promise_evidence"
    __table_args__ = (Index("ix_promise_evidence_unit_id_due_on", "unit_id", "due_on"),)

    promise_id: UUID = Field(primary_key=True)
    unit_id: UUID
    due_on: date | None = None
    kept_at: datetime | None = Field(None, sa_type=MOMENT)
    in_time: bool | None = None
    broken_at: datetime | None = Field(None, sa_type=MOMENT)
    withdrawn_at: datetime | None = Field(None, sa_type=MOMENT)


class RetaliationEvidence(AssessmentTable, table=True):
    """A report of retaliation by `unit_id` that was found true. Of the others nothing is kept: they count for nothing."""

    __tablename__ = "retaliation_evidence"
    __table_args__ = (Index("ix_retaliation_evidence_unit_id_decided_at", "unit_id", "decided_at"),)

    report_id: UUID = Field(primary_key=True)
    unit_id: UUID
    decided_at: datetime = Field(sa_type=MOMENT)
