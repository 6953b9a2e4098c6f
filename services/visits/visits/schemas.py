"""Visits as they come in and go out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.visits.contacts.schemas import ContactShown
from services.visits.findings.schemas import FindingDraft, FindingOut
from services.visits.visits.rules import Outcome, VisitState
from shared.types import In, Line, Moment, Out

MOST_FINDINGS = 50


class VisitRecord(In):
    outcome: Outcome
    occurred_at: Moment = Field(description="When it happened; the server keeps apart when it was entered.")
    reason: Line | None = Field(None, description="Needed for `cancelled`.")
    findings: Annotated[list[FindingDraft], Field(max_length=MOST_FINDINGS)] = Field(
        default=[], description="Difficulties found; each is reported and becomes a case."
    )


class VisitBrief(Out):
    id: UUID
    state: VisitState
    window_starts_at: datetime
    window_ends_at: datetime


class VisitOut(VisitBrief):
    plan_id: UUID
    unit_id: UUID
    assignee_id: UUID
    post_id: UUID | None
    contact_id: UUID | None
    contact: ContactShown | None = Field(description="Who is visited, as long as the visit is to be made; for leads always.")
    purpose: str
    place: str
    population: str | None
    occurred_at: datetime | None
    recorded_at: datetime | None
    recorded_by: UUID | None
    late: bool = Field(description="Made or entered after its window: honest, and counted apart.")
    reason: str | None


class VisitDetail(VisitOut):
    findings: list[FindingOut]
