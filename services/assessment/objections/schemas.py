"""Objections as they come in and go out."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.assessment.objections.models import Objection
from services.assessment.objections.rules import Grounds, ObjectionState, Outcome, is_overdue
from shared.types import Body, Code, In, Line, Out

MOST = 200


class ObjectionIn(In):
    grounds: Grounds
    text: Body = Field(description="What is wrong. Names and contacts of residents do not belong here.")
    criteria: Annotated[tuple[Code, ...], Field(max_length=MOST)] = ()
    evidence_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST, description="Cases or visits that show it.")] = ()


class CorrectionIn(In):
    criterion: Code
    case_ids: Annotated[tuple[UUID, ...], Field(max_length=MOST)] = Field(
        (), description="Cases that are not to count for it; without any it is counted anew, with what was heard since."
    )
    reason: Line


class DecisionIn(In):
    outcome: Outcome
    reason: Line = Field(description="Published with the decision.")
    corrections: Annotated[tuple[CorrectionIn, ...], Field(max_length=MOST)] = ()


class ObjectionOut(Out):
    id: UUID
    grade_id: UUID
    unit_id: UUID
    grounds: Grounds
    text: str
    criteria: list[str]
    evidence_ids: list[UUID]
    state: ObjectionState
    raised_at: datetime
    raised_by: UUID | None = Field(description="The account, for inspectors and administrators only.")
    review_due_at: datetime
    overdue: bool
    reviewer_id: UUID | None = Field(description="The account, for inspectors and administrators only.")
    reviewer_unit_id: UUID | None
    reason: str | None
    decided_at: datetime | None
    new_grade_id: UUID | None = Field(description="The corrected grade, which two have to sign before it stands.")

    @classmethod
    def of(cls, objection: Objection, now: datetime, *, named: bool) -> Self:
        hidden = {} if named else {"raised_by": None, "reviewer_id": None}
        overdue = is_overdue(ObjectionState(objection.state), objection.review_due_at, now)
        return cls.model_validate({**objection.model_dump(), **hidden, "overdue": overdue})
