"""Findings as they come in and go out."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.visits.findings.rules import CaseState
from shared.types import Body, Code, In, Line, Out


class FindingDraft(In):
    title: Line
    body: Body
    category: Code


class FindingOut(Out):
    id: UUID
    visit_id: UUID
    unit_id: UUID
    title: str
    body: str
    category: str
    sponsor_id: UUID = Field(description="The account of who sees it through: the visitor, or who has the visitor's post now.")
    reported_at: datetime
    case_id: UUID | None = Field(description="The case that feedback opened; null for a moment after the record.")
    case_state: CaseState | None
