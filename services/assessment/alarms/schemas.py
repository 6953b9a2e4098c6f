"""Alarms as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from services.assessment.alarms.rules import AlarmDecision
from shared.types import In, Line, Out


class AlarmDecisionIn(In):
    reason: Line = Field(description="The unit and those above it read it.")


class AlarmOut(Out):
    id: UUID
    unit_id: UUID
    first_day: date
    last_day: date
    closings: int = Field(description="Cases that were answered or rejected on its fullest day. Days are those of UTC.")
    busiest: int = Field(
        description="The same of the busiest day of the four weeks before, those of open and upheld alarms left out."
    )
    rule: str
    raised_at: datetime
    decision: AlarmDecision | None = Field(description="Null until somebody above has decided.")
    decision_reason: str | None
    decided_by_unit_id: UUID | None = Field(description="Null for whoever oversees everything.")
    decided_at: datetime | None


class UnitAlarms(Out):
    """How often a unit was suspected, and what came of it. Open is not guilty."""

    unit_id: UUID
    open: int
    cleared: int
    upheld: int
