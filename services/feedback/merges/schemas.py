"""What goes in and out of the merge routes."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import State
from shared.types import In, Line, Out


class MergeIn(In):
    into_case_id: UUID = Field(description="The case that this one is answered with; your unit must owe both.")
    reason: Line


class UnmergeIn(In):
    reason: Line


class MergedOut(Out):
    """A case that is answered with another."""

    id: UUID
    unit_id: UUID
    state: State
    title: str
    endorsement_count: int
    opened_at: datetime
